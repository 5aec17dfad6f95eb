//! What leaves a step: [`Effects`], which performs it or writes it down.

use super::Chart;
use crate::value::{Duration, Fault, Text, Time};

/// A step's only window on the world. Statically dispatched; no list of effects is built unless the
/// implementation builds one.
pub trait Effects<C: Chart> {
    /// The time, read once a macrostep.
    fn now(&mut self) -> Time;
    /// `emit`: an output symbol.
    fn emit(&mut self, output: C::Output);
    /// `send`: a message for a peer, a child or the machine itself, after a delay or at once. A delayed one may
    /// have a name, an index into [`super::Tables::sends`]: it replaces the one of that name that is under way.
    fn send(&mut self, message: C::Message, delay: Option<Duration>, id: Option<u16>);
    /// `cancel`: forget the delayed message of that name, if one is under way.
    fn cancel(&mut self, id: u16);
    /// `spawn` and `do` of a machine: start a child. Report its end as [`super::Input::ChildDone`] or
    /// [`super::Input::ChildFailed`] with this generation. The one of that index that ran before was stopped.
    fn spawn(&mut self, child: u16, generation: u32, spawn: C::Spawn);
    /// Stop a running child.
    fn stop_child(&mut self, child: u16);
    /// `do`: start a service. Report its result as [`super::Input::Report`] with this generation.
    fn start(&mut self, activity: u16, generation: u32, call: C::Call);
    /// The state of a running activity was left: cancel it.
    fn stop(&mut self, activity: u16);
    /// `after`: report [`super::Input::Elapsed`] with this generation once the span has passed.
    fn arm(&mut self, timer: u16, generation: u32, after: Duration);
    /// The state of an armed timer was left.
    fn disarm(&mut self, timer: u16);
    /// An extern action. Performed at once by default.
    fn act(&mut self, externs: &mut C::Externs, action: C::Action) {
        C::act(externs, action);
    }
    /// `log`: a line for people.
    fn log(&mut self, text: Text);
    /// A fault was raised.
    fn fault(&mut self, fault: Fault);
    /// An event that nothing enables, defers or ignores.
    fn unhandled(&mut self, event: &C::Event);
    /// Whether [`Effects::took`], [`Effects::exited`] and [`Effects::entered`] do anything. Where they do not, a
    /// generated machine need not know which transition it takes.
    fn watches(&self) -> bool {
        true
    }
    /// A transition is being taken. For inspection.
    fn took(&mut self, _transition: u16) {}
    /// A state has been left. For inspection.
    fn exited(&mut self, _state: u16) {}
    /// A state has been entered. For inspection.
    fn entered(&mut self, _state: u16) {}
}

/// What became of the event of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// At least one transition was taken.
    Taken,
    /// A state declares that it ignores the event.
    Ignored,
    /// Kept for a state that wants it.
    Deferred,
    /// To be deferred, and lost: as many are already as may be, which is a fault.
    Dropped,
    /// Nothing enables, defers or ignores it. In a `strict` machine this is an error.
    Unhandled,
    /// It came from an activity or timer that has ended since.
    Stale,
    /// The machine is done.
    Done,
}
