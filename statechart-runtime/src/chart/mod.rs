//! The synchronous half of the runtime: what a generated machine is, and how one step of it runs.
//!
//! ```text
//! generated module ──implements──▶ Chart (tables, guards, action blocks)
//!        input ──▶ engine::step ──▶ Effects   (the step's only window on the world)
//! ```
//!
//! A generated machine holds its configuration, context and queues; [`engine`] walks the static
//! [`Tables`] by the W3C SCXML algorithm (Appendix D) and calls back into the machine for guards and
//! action blocks. Nothing is allocated, nothing is dispatched dynamically: every function is generic
//! over the chart and over the [`Effects`] it reports to.

mod bits;
mod children;
mod complete;
mod configuration;
mod core;
mod effects;
pub mod engine;
mod enter;
mod exit;
mod quiet;
#[cfg(feature = "alloc")]
mod record;
mod ring;
mod select;
mod steps;
mod tables;
#[cfg(all(test, feature = "alloc"))]
pub(crate) mod tests;
mod turns;

pub use bits::Bits;
pub use children::{Children, Host, Independent, Link, Upward};
pub use configuration::{Configuration, Leaf, Nesting, Set};
pub use core::{Core, Cue, Internal, Pending, Recorded, Shape, Undo, Undoing};
pub use effects::{Effects, Outcome};
#[cfg(feature = "snapshot")]
pub(crate) use engine::FINISHED;
pub use quiet::Quiet;
#[cfg(feature = "alloc")]
pub use record::{Effect, Recorder, Step};
pub use ring::{Cells, Queue, Ring};
pub use tables::{Activity, Kind, State, Tables, Transition, Trigger};
pub use turns::TURN_LIMIT;

#[doc(hidden)]
pub use crate::recorded_steps;
use crate::value::{Duration, Fault};

/// What a step may be asked to do. `R` is [`Chart::Returned`], `()` where nothing returns anything.
#[derive(Debug, Clone, PartialEq)]
pub enum Input<E, R = ()> {
    /// An event from outside.
    Event(E),
    /// An event that a running activity reports. Dropped when the activity has been cancelled or
    /// started anew since.
    Report {
        /// Index into [`Tables::activities`].
        activity: u16,
        /// The generation that [`Effects::start`] was called with.
        generation: u32,
        /// What it reports.
        event: E,
        /// Whether the activity ends with this event; `false` for an item of a stream.
        last: bool,
    },
    /// A timer that [`Effects::arm`] armed has elapsed. Dropped when disarmed or armed anew since.
    Elapsed {
        /// Index into [`Tables::timers`].
        timer: u16,
        /// The generation that [`Effects::arm`] was called with.
        generation: u32,
    },
    /// A fault that performing an effect met after the step that asked for it: an undelivered message.
    Fault(Fault),
    /// A child machine is done. Dropped when it has been stopped or started anew since.
    ChildDone {
        /// Index into [`Tables::children`].
        child: u16,
        /// The generation that [`Effects::spawn`] was called with.
        generation: u32,
        /// What it returned, as the parent sees it.
        result: Option<R>,
    },
    /// A child machine failed and will not complete: a fault. Dropped when stopped or started anew since.
    ChildFailed {
        /// Index into [`Tables::children`].
        child: u16,
        /// The generation that [`Effects::spawn`] was called with.
        generation: u32,
    },
}

/// A block of actions in a spec; the generated machine runs it in document order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// The actions of the transition with this index.
    Transition(u16),
    /// The `entry` list of the state with this index.
    Entry(u16),
    /// The `exit` list of the state with this index.
    Exit(u16),
    /// What belongs to the default targets of the compound or history state with this index: values for their
    /// parameters, then actions (W3C: initial content, default history content).
    Initial(u16),
}

/// [`Cue`] of a chart.
pub type CueOf<'a, C> = Cue<'a, <C as Chart>::Event, <C as Chart>::Returned>;

/// Room for all of a chart's states.
pub type SetOf<C> = <<C as Chart>::Shape as Shape>::Set;

/// Whom a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    /// The machine itself.
    Itself,
    /// A peer.
    Peer,
    /// A child: index into [`Tables::children`].
    Child(u16),
}

/// A statechart compiled to Rust: implemented by the code that `statechart!` generates.
///
/// The hooks are leaf functions without control flow of the chart; [`engine`] decides when each is called.
/// `step` and `start` are what users of a machine call.
pub trait Chart: Sized {
    /// Queue sizes and the event type.
    type Shape: Shape<Event = Self::Event, Returned = Self::Returned>;
    /// Σ and the internal events.
    type Event: Clone + ::core::fmt::Debug;
    /// Γ, the output alphabet.
    type Output: Clone + ::core::fmt::Debug;
    /// What `send` delivers: one variant a peer, one a child, and one for the machine itself.
    type Message: Clone + ::core::fmt::Debug;
    /// A call of an extern service, its arguments evaluated.
    type Call: Clone + ::core::fmt::Debug;
    /// A call of an extern action, its arguments evaluated.
    type Action: Clone + ::core::fmt::Debug;
    /// What final states and child machines return: one variant for each that does; `()` where none does.
    type Returned: Clone + ::core::fmt::Debug;
    /// A child machine to start, its arguments evaluated; `()` where there is none.
    type Spawn: Clone + ::core::fmt::Debug;
    /// The user's implementation of the spec's extern guards, actions and services.
    type Externs;

    /// The chart's structure, in document order.
    const TABLES: &'static Tables;

    /// The event's index into [`Tables::events`].
    fn tag(event: &Self::Event) -> u16;
    /// The part of the machine that the engine works on.
    fn core(&self) -> &Core<Self::Shape>;
    /// The part of the machine that the engine works on.
    fn core_mut(&mut self) -> &mut Core<Self::Shape>;
    /// The user's externs.
    fn externs_mut(&mut self) -> &mut Self::Externs;
    /// The guard of a transition, and whether its passes can be evaluated; a fault counts as false and is raised.
    ///
    /// # Errors
    /// The fault that evaluating them met.
    fn guard(&self, _transition: u16, _cue: CueOf<'_, Self>) -> Result<bool, Fault> {
        Ok(true)
    }
    /// Evaluates the parameters that a transition sets, before anything is left; [`Chart::enter_data`] takes them.
    /// What faults is zero, and the fault is raised; a pure guard has seen to it that nothing does.
    fn pass<F: Effects<Self>>(&mut self, _fx: &mut F, _transition: u16, _cue: CueOf<'_, Self>) {}
    /// Runs a block of actions.
    ///
    /// # Errors
    /// The fault that aborted the block; earlier effects of the block stand.
    fn run<F: Effects<Self>>(
        &mut self,
        _fx: &mut F,
        _block: Block,
        _cue: CueOf<'_, Self>,
    ) -> Result<(), Fault> {
        Ok(())
    }
    /// Makes the data of a state that is being entered: parameters as passed or by default, then fields. What
    /// faults is zero, and the fault is raised.
    fn enter_data<F: Effects<Self>>(&mut self, _fx: &mut F, _state: u16) {}
    /// Forgets the data of a state that has been left.
    fn leave_data(&mut self, _state: u16) {}
    /// What a final state returns. A fault is raised, and the value is the zero of its type.
    fn returned<F: Effects<Self>>(&mut self, _fx: &mut F, _state: u16) -> Option<Self::Returned> {
        None
    }
    /// How long the timer runs, evaluated when it is armed.
    ///
    /// # Errors
    /// The fault that evaluating the expression met.
    fn delay(&self, _timer: u16) -> Result<Duration, Fault> {
        Ok(Duration(0))
    }
    /// The call that an activity makes, its arguments evaluated when it starts.
    ///
    /// # Errors
    /// The fault that evaluating an argument met.
    fn call(&self, _activity: u16) -> Result<Self::Call, Fault> {
        Err(Fault::Undelivered)
    }
    /// The child machine that an activity runs, its arguments evaluated when it starts.
    ///
    /// # Errors
    /// The fault that evaluating an argument met.
    fn child(&self, _activity: u16) -> Result<Self::Spawn, Fault> {
        Err(Fault::Child)
    }
    /// How many turns the `for`s of the macrostep have taken; `None` where the spec has no `for`.
    fn turns(&mut self) -> Option<&mut u32> {
        None
    }
    /// Performs an extern action.
    fn act(externs: &mut Self::Externs, action: Self::Action);
    /// The event that `send self` delivers, or the message for its peer or child.
    ///
    /// # Errors
    /// The message itself when it is not meant for the machine itself.
    fn to_self(message: Self::Message) -> Result<Self::Event, Self::Message>;
    /// Whom a message is for.
    fn receiver(message: &Self::Message) -> Receiver;
    /// Context and data as text, `name: value` in declaration order, for people and inspection events.
    fn describe_context(&self, _out: &mut dyn ::core::fmt::Write) -> ::core::fmt::Result {
        Ok(())
    }

    /// Enters the initial configuration. Call it once, before the first [`Chart::step`].
    fn start<F: Effects<Self>>(&mut self, fx: &mut F) {
        engine::start(self, fx);
    }

    /// Runs one macrostep to completion, then the deferred events that it set free.
    fn step<F: Effects<Self>>(&mut self, fx: &mut F, input: Input<Self::Event, Self::Returned>) -> Outcome {
        match input {
            Input::Event(event) => self.event(fx, event),
            other => engine::step(self, fx, other),
        }
    }

    /// Stops the machine from outside: every active state is left, inner ones first, with its exit actions. What
    /// these raise or send to the machine itself is lost; then nothing runs any more, and the machine is done without
    /// a result. W3C: exitInterpreter, of an invocation that is cancelled (6.4.3).
    fn halt<F: Effects<Self>>(&mut self, fx: &mut F) {
        engine::halt(self, fx);
    }

    /// The step for an event from outside: what most steps are. Generated machines resolve here what is
    /// known when they are compiled, and leave the rest to the engine.
    fn event<F: Effects<Self>>(&mut self, fx: &mut F, event: Self::Event) -> Outcome {
        engine::step(self, fx, Input::Event(event))
    }
}

/// The asynchronous side of a chart: its services as futures.
pub trait Services: Chart {
    /// Runs a service. The future resolves to the event that reports its result.
    fn invoke<R: Report<Self::Event>>(
        &mut self,
        call: Self::Call,
        report: R,
    ) -> impl Future<Output = Self::Event> + Send + 'static;
}

/// The way back from a streaming service to its machine.
pub trait Report<E>: Clone + Send + Sync + 'static {
    /// Reports an event, waiting while the mailbox is full. `false` when the machine has gone.
    fn report(&self, event: E) -> impl Future<Output = bool> + Send;
}
