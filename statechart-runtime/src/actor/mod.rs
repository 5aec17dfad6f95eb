//! Machines as actors on Tokio.
//!
//! ```text
//! Handle ──tell, ask──▶ mailbox (bounded) ─┐
//! services ──items────▶ mailbox            ├─▶ actor loop ──▶ Chart::step ──▶ Effects (the actor's shell)
//! services ──result, one each──────────────┤                                   │ outputs, peers, timers, services
//! timers, sends with a delay ──────────────┘                                   └ inspection events, states, path
//! ```
//!
//! One task runs one machine. [`spawn`] starts it, [`supervise`] also starts it anew when it fails;
//! both give a [`Handle`]. Nothing that waits is unbounded: the mailbox, the events that a machine
//! sends to itself, the sends with a delay and the waiting asks have limits in [`Options`], timers and
//! services have at most one entry each per declaration in the spec, as children have.
//!
//! A child machine is an actor of its own, `parent.child` by name. It gets what its parent sends it, has no peers
//! but what its own machine starts, and is gone with its parent or with the state that runs it. It keeps its parent
//! from ending as unreachable.
//!
//! Delivery: events of one sender arrive in the order sent. The result of a service comes after every
//! item that it reported before, is never dropped for want of room, and is never delivered once the
//! service's state has been left.

mod ask;
mod children;
mod error;
mod handle;
mod inspect;
#[cfg(feature = "journal")]
mod journal;
mod life;
mod mailbox;
mod options;
mod perform;
mod reference;
mod services;
mod shared;
mod shell;
mod shutdown;
#[cfg(feature = "snapshot")]
mod snapshots;
mod supervise;
mod timers;

#[cfg(test)]
mod tests;

pub use error::{AskError, StopReason, TellError, Undelivered};
pub use handle::Handle;
pub use inspect::{Inspection, Inspector, Record};
#[cfg(feature = "journal")]
pub use journal::{JOURNAL_BYTES, Journal, Journaled};
pub use options::{Clock, Options, Peers, ServicePanic};
pub use reference::ActorRef;
pub use services::Reporter;
pub use shared::{Snapshot, Status};
pub use shutdown::{Shutdown, shutdown_all};
#[cfg(feature = "snapshot")]
pub use snapshots::{NoSnapshot, resume};
pub use supervise::RestartPolicy;

/// A machine that can run as an actor. Implemented for every machine that fits; there is nothing to write.
pub use crate::chart::Independent as Actor;

/// Starts a machine as an actor. It is not started anew should it fail.
///
/// # Panics
/// Outside a Tokio runtime whose timers are enabled.
pub fn spawn<C: Actor>(machine: C, options: Options<C>) -> Handle<C> {
    life::launch(Some(machine), None, options)
}

/// Starts the machine that `make` builds, and starts a fresh one whenever it fails, within the limits
/// of the policy. The handle, the mailbox and the events waiting in it outlive a restart; timers,
/// services, waiting asks, deferred events and the event that made the machine fail do not.
///
/// # Panics
/// Outside a Tokio runtime whose timers are enabled.
pub fn supervise<C: Actor>(
    make: impl FnMut() -> C + Send + 'static,
    options: Options<C>,
    policy: RestartPolicy,
) -> Handle<C> {
    life::launch(None, Some((Box::new(make), policy)), options)
}
