//! Snapshots: a running machine as JSON, between two macrosteps, and back.
//!
//! ```text
//! Interpreter ──snapshot──▶ Snapshot ◀──serde──▶ JSON ◀──serde──▶ the same of a compiled machine
//!      ▲                        │
//!      └── restore ◀── check ◀──┴── migrate ◀── a `migrate from "…"` of the spec, where the fingerprints differ
//! ```
//!
//! The JSON is what this and machines compiled to Rust agree on. Its parts, where the field's name does not say it:
//!
//! - Names, not numbers, wherever there are any: paths of states, names of variables, events, peers, children and
//!   messages. Data of a state are named `path.name`, parameters of the machine `Machine.name`. Timers, activities
//!   and undos have no names: they are numbered in document order.
//! - An Int, Time or Duration is a whole number (the latter two in microseconds), `none` is null, a value of an extern
//!   type is what serde makes of it; the interpreter's tokens are texts, and JSON of another kind becomes a token
//!   that holds it.
//! - `states` are the active states without the root, in document order; none before the start.
//! - Timers keep their remaining time and their generation, which says in which order they were armed; of a timer
//!   and a message that are due at the same time the timer comes first. A service that runs is started again, under a new
//!   generation, which what it had reported and is still deferred takes over. Delayed messages are sent again with the
//!   rest of their delay.
//! - A child keeps its generation. Who runs the children fills in and reads their snapshots; null stands for one that
//!   nobody took.
//!
//! Reading trusts nothing: every name, number, type and configuration is checked, so that what was restored is a
//! state that the machine could be in, or there is an error that says what is wrong and where.

mod check;
mod error;
mod migrate;
mod restore;
mod take;
mod value;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use error::SnapshotError;
pub(in crate::interpreter) use migrate::child_now;

/// The number of the form that is described here.
pub const SNAPSHOT_FORMAT: u32 = 1;
/// Largest JSON text that is read as a snapshot.
pub const SNAPSHOT_BYTES: usize = 16 << 20;

/// A value as JSON.
pub type Json = serde_json::Value;

/// A machine between two macrosteps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// [`SNAPSHOT_FORMAT`].
    pub format: u32,
    /// The machine's name.
    pub machine: String,
    /// The machine's [`fingerprint`](crate::model::Machine::fingerprint).
    pub fingerprint: String,
    /// The lines of the machine's [`shape`](crate::model::Machine::shape), so that differences can be named.
    pub shape: Vec<String>,
    /// The clock, in microseconds since 1970 UTC.
    pub time_us: i64,
    /// Whether the machine has ended.
    pub done: bool,
    /// The last generation that was given out.
    pub generation: u32,
    /// Paths of the active states, without the root, in document order.
    pub states: Vec<String>,
    /// The extended state, by name.
    pub context: BTreeMap<String, Json>,
    /// Data of active states and parameters of the machine, by path and name.
    pub data: BTreeMap<String, Json>,
    /// What history states have recorded, by path.
    pub history: BTreeMap<String, Vec<String>>,
    /// Deferred events, the oldest first.
    pub deferred: Vec<SavedEvent>,
    /// Messages under way that have a delay or are for the machine itself, in the order in which they are due.
    pub messages: Vec<SavedMessage>,
    /// Armed timers.
    pub timers: Vec<SavedTimer>,
    /// Activities of active states that were started: services that run or have reported, and children.
    pub activities: Vec<SavedActivity>,
    /// Child machines that run.
    pub children: Vec<SavedChild>,
    /// What `compensate` would run, the oldest first.
    pub undo: Vec<SavedUndo>,
    /// What the machine returned, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Json>,
}

/// A deferred event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedEvent {
    /// Its name.
    pub event: String,
    /// Its fields.
    pub fields: BTreeMap<String, Json>,
    /// The activity that reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<usize>,
    /// The generation of that activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
}

/// A message under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedMessage {
    /// `self`, or the name of a peer or child.
    pub to: String,
    /// The event's name.
    pub event: String,
    /// The event's fields.
    pub fields: BTreeMap<String, Json>,
    /// When it is due, in microseconds from now.
    pub due_in_us: i64,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// An armed timer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedTimer {
    /// Position among the machine's `after`s.
    pub index: usize,
    /// Its generation.
    pub generation: u32,
    /// What is left of it, in microseconds.
    pub remaining_us: i64,
}

/// An activity that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedActivity {
    /// Position among the machine's `do`s.
    pub index: usize,
    /// Its generation.
    pub generation: u32,
    /// Whether it has ended.
    pub finished: bool,
}

/// A child machine that runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedChild {
    /// Its name.
    pub id: String,
    /// Its generation.
    pub generation: u32,
    /// Its own snapshot, where somebody took it.
    pub snapshot: Option<Box<Snapshot>>,
}

/// An action that waits to be compensated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedUndo {
    /// Position among the machine's `undo`s.
    pub index: usize,
    /// Its arguments, as they were evaluated.
    pub args: Vec<Json>,
}

impl Snapshot {
    /// The snapshot as JSON, two spaces a level.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Names are texts and values have no other keys, so there is nothing that JSON could not say.
        serde_json::to_string_pretty(self).map_or_else(|_| String::new(), |text| text + "\n")
    }

    /// Reads JSON. What it says is checked when it is restored.
    ///
    /// # Errors
    /// When the text is larger than [`SNAPSHOT_BYTES`] or no snapshot.
    pub fn from_json(text: &str) -> Result<Self, SnapshotError> {
        if text.len() > SNAPSHOT_BYTES {
            return Err(SnapshotError::TooLarge { bytes: text.len() });
        }
        serde_json::from_str(text).map_err(|error| SnapshotError::Syntax { reason: error.to_string() })
    }
}
