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
mod configuration;
mod core;
mod effects;
pub mod engine;
mod quiet;
#[cfg(feature = "alloc")]
mod record;
mod ring;
mod select;
mod steps;
mod tables;
#[cfg(all(test, feature = "alloc"))]
pub(crate) mod tests;

pub use bits::Bits;
pub use configuration::{Configuration, Leaf, Nesting};
pub use core::{Core, Pending, Shape};
pub use effects::{Effects, Outcome};
pub use quiet::Quiet;
#[cfg(feature = "alloc")]
pub use record::{Effect, Recorder, Step};
pub use ring::{Cells, Queue, Ring};
pub use tables::{Kind, State, Tables, Transition, Trigger};

#[doc(hidden)]
pub use crate::recorded_steps;
use crate::value::{Duration, Fault};

/// What a step may be asked to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Input<E> {
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
}

/// A statechart compiled to Rust: implemented by the code that `statechart!` generates.
///
/// The hooks (`guard`, `run`, `delay`, `call`) are leaf functions without control flow of the chart;
/// [`engine`] decides when each is called. `step` and `start` are what users of a machine call.
pub trait Chart: Sized {
    /// Queue sizes and the event type.
    type Shape: Shape<Event = Self::Event>;
    /// Σ and the internal events.
    type Event: Clone + ::core::fmt::Debug;
    /// Γ, the output alphabet.
    type Output: Clone + ::core::fmt::Debug;
    /// What `send` delivers: one variant a peer, and one for the machine itself.
    type Message: Clone + ::core::fmt::Debug;
    /// A call of an extern service, its arguments evaluated.
    type Call: Clone + ::core::fmt::Debug;
    /// A call of an extern action, its arguments evaluated.
    type Action: Clone + ::core::fmt::Debug;
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
    /// The guard of a transition; a fault counts as false and is raised.
    ///
    /// # Errors
    /// The fault that evaluating the guard met.
    fn guard(&self, transition: u16, event: Option<&Self::Event>) -> Result<bool, Fault>;
    /// Runs a block of actions.
    ///
    /// # Errors
    /// The fault that aborted the block; earlier effects of the block stand.
    fn run<F: Effects<Self>>(
        &mut self,
        fx: &mut F,
        block: Block,
        event: Option<&Self::Event>,
    ) -> Result<(), Fault>;
    /// How long the timer runs, evaluated when it is armed.
    ///
    /// # Errors
    /// The fault that evaluating the expression met.
    fn delay(&self, timer: u16) -> Result<Duration, Fault>;
    /// The call that an activity makes, its arguments evaluated when it starts.
    ///
    /// # Errors
    /// The fault that evaluating an argument met.
    fn call(&self, activity: u16) -> Result<Self::Call, Fault>;
    /// Performs an extern action.
    fn act(externs: &mut Self::Externs, action: Self::Action);
    /// The event that `send self` delivers, or the message for its peer.
    ///
    /// # Errors
    /// The message itself when it is meant for a peer.
    fn to_self(message: Self::Message) -> Result<Self::Event, Self::Message>;
    /// The context as text, `name: value` in declaration order, for people and inspection events.
    fn describe_context(&self, out: &mut dyn ::core::fmt::Write) -> ::core::fmt::Result;

    /// Enters the initial configuration. Call it once, before the first [`Chart::step`].
    fn start<F: Effects<Self>>(&mut self, fx: &mut F) {
        engine::start(self, fx);
    }

    /// Runs one macrostep to completion, then the deferred events that it set free.
    fn step<F: Effects<Self>>(&mut self, fx: &mut F, input: Input<Self::Event>) -> Outcome {
        match input {
            Input::Event(event) => self.event(fx, event),
            other => engine::step(self, fx, other),
        }
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
