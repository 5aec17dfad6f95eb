//! [`Interpreter::situation`]: all that decides what a machine does from here on.

use std::fmt::Write as _;

use super::{
    Interpreter, World,
    clock::{Due, What},
};
use crate::model::ActivityId;

impl<W: World> Interpreter<'_, W> {
    /// All that decides what the machine does from here on, as a text: two machines of one specification that are in
    /// the same situation do the same with every word. Times count from now and generations are left out, so that a
    /// situation can come again; `with_clock` adds the time of day, for specifications that read it.
    ///
    /// It is meant for between two steps.
    #[must_use]
    pub fn situation(&self, with_clock: bool) -> String {
        self.situation_of(with_clock, &|_| true)
    }

    /// The same with these variables of the context only, for those who know that the others decide nothing.
    #[must_use]
    pub fn situation_of(&self, with_clock: bool, counts: &dyn Fn(usize) -> bool) -> String {
        // Named one by one, so that whoever adds a field decides whether it belongs here.
        let Self {
            machine: _,
            plan: _,
            // It answers from what the caller gives with each step.
            world: _,
            configuration,
            context,
            data,
            // Empty between two steps.
            staged: _,
            bindings: _,
            turns: _,
            history,
            internal,
            deferred,
            undo,
            entered: _,
            // Their generations; those of timers are in the agenda.
            timers: _,
            activities,
            children,
            finished,
            generation: _,
            clock,
            done,
            result,
            started,
            report: _,
            detail: _,
            origin: _,
            explanations_left: _,
            choices: _,
        } = self;
        let context: Vec<_> = context
            .iter()
            .enumerate()
            .filter(|(variable, _)| counts(*variable))
            .map(|(_, value)| value)
            .collect();
        let mut text = String::new();
        let states: Vec<usize> = configuration.iter().collect();
        // Writing to a string cannot fail.
        let _ = write!(text, "{states:?} {context:?} {data:?} {history:?} {internal:?} {undo:?} {result:?}");
        let _ = write!(text, " {done} {started} {:?} {:?}", activities.keys(), children.keys());
        let _ = write!(text, " {:?}", finished.keys());
        let current = |activity: ActivityId, generation: u32| {
            activities.get(&activity).or_else(|| finished.get(&activity)) == Some(&generation)
        };
        for waiting in deferred {
            // Whose origin has ended is dropped when it is looked at.
            let origin =
                waiting.origin.map(|(activity, generation)| (activity, current(activity, generation)));
            let _ = write!(text, " {:?} {origin:?}", waiting.event);
        }
        for due in clock.waiting() {
            let Due { time_us, what, .. } = due;
            let _ = match what {
                What::Timer { timer, .. } => write!(text, " {}:{timer}", time_us - clock.time_us),
                What::Message(message) => write!(text, " {}:{message:?}", time_us - clock.time_us),
            };
        }
        if with_clock {
            let _ = write!(text, " {}", clock.time_us);
        }
        text
    }
}
