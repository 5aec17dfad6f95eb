//! [`Input`]: what a step may be asked to do.

use super::{Fault, Value};
use crate::model::{ActivityId, ChildId, EventId, TimerId};

/// What a step may be asked to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// An event from outside. Missing arguments take the defaults of their types, spare ones are dropped.
    Event {
        /// Which event.
        event: EventId,
        /// The values of its fields, in order.
        args: Vec<Value>,
    },
    /// An event that a running activity reports. Stale when the activity has been cancelled or started
    /// anew since.
    Report {
        /// Which activity.
        activity: ActivityId,
        /// As given by [`Effect::Start`](super::Effect::Start).
        generation: u32,
        /// What it reports.
        event: EventId,
        /// The values of its fields, in order.
        args: Vec<Value>,
        /// Whether the activity ends with this event; `false` for an item of a stream.
        last: bool,
    },
    /// A timer elapsed, for callers with a clock of their own. Stale when disarmed or armed anew since.
    Elapsed {
        /// Which timer.
        timer: TimerId,
        /// As given by [`Effect::Arm`](super::Effect::Arm).
        generation: u32,
    },
    /// A child machine has reached a final state of its root. Stale when it has been stopped or started anew since.
    ChildDone {
        /// Which child.
        child: ChildId,
        /// As given by [`Effect::Spawn`](super::Effect::Spawn).
        generation: u32,
        /// What it returned.
        result: Option<Value>,
    },
    /// A child machine has failed: [`Fault::Child`]. Stale when it has been stopped or started anew since.
    ChildFailed {
        /// Which child.
        child: ChildId,
        /// As given by [`Effect::Spawn`](super::Effect::Spawn).
        generation: u32,
    },
    /// A fault from outside, such as [`Fault::Undelivered`].
    Fault(Fault),
}
