//! The virtual clock: timers and messages to the machine itself, fired in order of their time, then of
//! their arming. Delayed messages to others wait here as well, so that they can be cancelled and kept in snapshots;
//! who performs the effects delivers them.

use super::{
    Cause, FIRING_LIMIT, Input, Interpreter, MESSAGE_LIMIT, StepReport, Value, World,
    report::{Signal, signal_of},
};
use crate::model::{Receiver, SendId, TimerId};

/// What the passing of time did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Advance {
    /// One report for each timer and message, in the order in which they fired.
    pub steps: Vec<StepReport>,
    /// Whether [`FIRING_LIMIT`] cut it short: a machine that keeps setting itself off at once. The
    /// clock then stands at the last firing.
    pub limit_reached: bool,
}

/// A message under way.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Posted {
    pub(super) to: Receiver,
    /// Index into the receiver's events.
    pub(super) event: usize,
    pub(super) args: Vec<Value>,
    pub(super) id: Option<SendId>,
}

/// Something that will happen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Due {
    pub(super) time_us: i64,
    /// Order of arming; settles ties.
    sequence: u64,
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    Timer { timer: TimerId, generation: u32 },
    Message(Posted),
}

impl Due {
    /// Whether the machine itself sees it.
    fn is_own(&self) -> bool {
        match &self.what {
            What::Timer { .. } => true,
            What::Message(message) => message.to == Receiver::Itself,
        }
    }
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

    /// Keeps a message until it is due; one of the same name is replaced. `false` when [`MESSAGE_LIMIT`] are under
    /// way. A message to somebody else that has no delay is under way already.
    pub(super) fn post(&mut self, message: Posted, delay_us: Option<i64>) -> bool {
        if let Some(id) = message.id {
            self.cancel(id);
        }
        if message.to != Receiver::Itself && delay_us.is_none() {
            return true;
        }
        let is_message = |due: &&Due| matches!(due.what, What::Message(_));
        // What has left for others by now makes room.
        self.agenda.retain(|due| due.is_own() || due.time_us > self.time_us);
        if self.agenda.iter().filter(is_message).count() >= MESSAGE_LIMIT {
            return false;
        }
        self.push(delay_us.unwrap_or(0), What::Message(message));
        true
    }

    /// Forgets the message of that name.
    pub(super) fn cancel(&mut self, id: SendId) {
        self.agenda.retain(|due| !matches!(&due.what, What::Message(message) if message.id == Some(id)));
    }

    /// Forgets everything: delayed messages die with their machine.
    pub(super) fn clear(&mut self) {
        self.agenda.clear();
    }

    /// Forgets messages; timers stay.
    fn forget_messages(&mut self) {
        self.agenda.retain(|due| matches!(due.what, What::Timer { .. }));
    }

    /// What waits for its time, in the order in which it will happen. What has left for others is no part of it.
    pub(super) fn waiting(&self) -> Vec<&Due> {
        let mut waiting: Vec<&Due> =
            self.agenda.iter().filter(|due| due.is_own() || due.time_us > self.time_us).collect();
        waiting.sort_by_key(|due| (due.time_us, due.sequence));
        waiting
    }

    /// Takes the next thing that the machine itself sees and that is due by then.
    fn next(&mut self, until_us: i64) -> Option<Due> {
        let due = self.agenda.iter().enumerate().filter(|(_, due)| due.is_own() && due.time_us <= until_us);
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
            What::Timer { timer, generation } => self.step(Input::Elapsed { timer, generation }),
            What::Message(message) => {
                let input = Input::Event { event: message.event, args: message.args };
                self.step_because(Cause::Message, input)
            }
        }
    }

    /// What waits for its time, in the order in which it will fire: when, in microseconds, and what.
    #[must_use]
    pub fn agenda(&self) -> Vec<(i64, String)> {
        let text = |due: &Due| match &due.what {
            What::Timer { timer, .. } => self.timer_text(*timer),
            What::Message(message) => {
                let (to, signal) = self.addressed(message);
                format!("{}: {signal}", to.as_deref().unwrap_or("self"))
            }
        };
        self.clock.waiting().into_iter().map(|due| (due.time_us, text(due))).collect()
    }

    /// Forgets what is under way, for who delivers it in another way.
    pub(super) fn forget_messages(&mut self) {
        self.clock.forget_messages();
    }

    /// When the next timer or message to the machine itself is due, in microseconds since 1970 UTC.
    #[must_use]
    pub fn next_due_us(&self) -> Option<i64> {
        self.clock.waiting().into_iter().find(|due| due.is_own()).map(|due| due.time_us)
    }

    /// Who gets a message, `None` for the machine itself, and what it says.
    pub(super) fn addressed(&self, message: &Posted) -> (Option<String>, Signal) {
        let (name, events) = match message.to {
            Receiver::Itself => return (None, self.signal(message.event, &message.args)),
            Receiver::Peer(peer) => {
                self.machine.peers.get(peer).map(|peer| (peer.name.clone(), &peer.events)).unzip()
            }
            Receiver::Child(child) => {
                self.machine.children.get(child).map(|child| (child.name.clone(), &child.events)).unzip()
            }
        };
        let symbol = events.and_then(|events| events.get(message.event));
        let signal = symbol
            .map_or_else(Signal::default, |symbol| signal_of(&symbol.name, &symbol.fields, &message.args));
        (Some(name.unwrap_or_default()), signal)
    }
}
