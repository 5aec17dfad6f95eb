//! The virtual clock: timers and messages to the machine itself, fired in order of their time, then of
//! their arming.

use super::{
    Cause, FIRING_LIMIT, Interpreter, MESSAGE_LIMIT, StepReport, World, eval::Occurrence, report::Signal,
};
use crate::model::TimerId;

/// What the passing of time did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Advance {
    /// One report for each timer and message, in the order in which they fired.
    pub steps: Vec<StepReport>,
    /// Whether [`FIRING_LIMIT`] cut it short: a machine that keeps setting itself off at once. The
    /// clock then stands at the last firing.
    pub limit_reached: bool,
}

/// Something that will happen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Due {
    time_us: i64,
    /// Order of arming; settles ties.
    sequence: u64,
    what: What,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Timer { timer: TimerId, generation: u32 },
    Message(Occurrence),
}

/// What is due, and the time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Clock {
    pub(super) time_us: i64,
    agenda: Vec<Due>,
    sequence: u64,
}

impl Clock {
    fn push(&mut self, after_us: i64, what: What) {
        self.sequence += 1;
        // A span that runs backwards is over at once.
        let time_us = self.time_us.saturating_add(after_us.max(0));
        self.agenda.push(Due { time_us, sequence: self.sequence, what });
    }

    /// Arms a timer. Arming it again replaces it, so it is in the agenda at most once.
    pub(super) fn arm(&mut self, timer: TimerId, generation: u32, after_us: i64) {
        self.disarm(timer);
        self.push(after_us, What::Timer { timer, generation });
    }

    /// Takes a timer out of the agenda.
    pub(super) fn disarm(&mut self, timer: TimerId) {
        self.agenda.retain(|due| !matches!(due.what, What::Timer { timer: armed, .. } if armed == timer));
    }

    /// Sends the machine itself a message; `false` when [`MESSAGE_LIMIT`] are under way.
    pub(super) fn send(&mut self, message: Occurrence, delay_us: i64) -> bool {
        let under_way = self.agenda.iter().filter(|due| matches!(due.what, What::Message(_))).count();
        if under_way < MESSAGE_LIMIT {
            self.push(delay_us, What::Message(message));
        }
        under_way < MESSAGE_LIMIT
    }

    /// Forgets everything: delayed messages die with their machine.
    pub(super) fn clear(&mut self) {
        self.agenda.clear();
    }

    /// Takes the next thing that is due by then.
    fn next(&mut self, until_us: i64) -> Option<Due> {
        let due = self.agenda.iter().enumerate().filter(|(_, due)| due.time_us <= until_us);
        let (index, _) = due.min_by_key(|(_, due)| (due.time_us, due.sequence))?;
        Some(self.agenda.remove(index))
    }
}

impl<W: World> Interpreter<'_, W> {
    /// Moves the clock on by that many microseconds and fires what becomes due on the way, each at its
    /// own time. `advance(0)` delivers messages that the machine sent itself without delay.
    pub fn advance(&mut self, span_us: i64) -> Advance {
        let until_us = self.clock.time_us.saturating_add(span_us.max(0));
        let mut advance = Advance::default();
        while let Some(due) = self.clock.next(until_us) {
            advance.steps.push(self.fire(due));
            if advance.steps.len() == FIRING_LIMIT {
                advance.limit_reached = true;
                return advance;
            }
        }
        self.clock.time_us = until_us;
        advance
    }

    /// Moves the clock to the next timer or message and fires it; `None` when nothing is due ever.
    pub fn elapse(&mut self) -> Option<StepReport> {
        let due = self.clock.next(i64::MAX)?;
        Some(self.fire(due))
    }

    fn fire(&mut self, due: Due) -> StepReport {
        self.clock.time_us = self.clock.time_us.max(due.time_us);
        match due.what {
            What::Timer { timer, generation } => self.timer_step(timer, generation),
            What::Message(message) => self.event_step(Cause::Message, message, None),
        }
    }

    /// What waits for its time, in the order in which it will fire: when, in microseconds, and what.
    #[must_use]
    pub fn agenda(&self) -> Vec<(i64, String)> {
        let mut agenda: Vec<&Due> = self.clock.agenda.iter().collect();
        agenda.sort_by_key(|due| (due.time_us, due.sequence));
        agenda.into_iter().map(|due| (due.time_us, self.due_text(due))).collect()
    }

    fn due_text(&self, due: &Due) -> String {
        match &due.what {
            What::Timer { timer, .. } => self.timer_text(*timer),
            What::Message(message) => {
                let signal: Signal = self.signal(message);
                format!("self: {signal}")
            }
        }
    }
}
