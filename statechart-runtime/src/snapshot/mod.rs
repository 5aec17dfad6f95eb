//! Snapshots: a running machine as JSON, between two macrosteps, and back. Feature `snapshot`.
//!
//! ```text
//! machine ──take──▶ Snapshot ◀──serde──▶ JSON ◀──serde──▶ the same of an interpreted machine
//!    ▲                  │
//!    └─ resume ◀─ revive ◀─ prepare: check the version, or migrate it
//! ```
//!
//! `statechart!("x.sc", snapshot)` generates [`Restorable`], `Machine::snapshot` and `Machine::restore`. Extern types of
//! the spec then need serde's two traits. The JSON is what this and the interpreter agree on:
//!
//! - Names, not numbers, wherever there are any: paths of states, names of variables, events, peers, children and
//!   messages. Data of a state are named `path.name`, parameters of the machine `Machine.name`. Timers, activities
//!   and undos have no names: they are numbered in document order.
//! - An Int, Time or Duration is a whole number (the latter two in microseconds), `none` is null.
//! - `states` are the active states without the root, in document order; none before the start.
//! - Timers keep their remaining time and their generation, which says in which order they were armed. A service
//!   that runs is started again, under a new generation. Delayed messages are sent again with the rest of their delay.
//! - A machine does not hold what has left it: whoever performs its effects adds the messages under way
//!   ([`message`]) and the snapshots of its children, and reads the latter with [`Restorable::relaunch`].
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
pub(crate) use migrate::child_now;
pub use restore::{Pending, Prepared, prepare, resume, revive};
pub use take::{Persist, SaveWaiting, message, own, take};
pub use value::{arg, count, find, get, load, missing, no_event, only, or_zero, put, read, write};

use crate::chart::{Chart, Host, Independent, Link, Shape};
use crate::value::Time;

/// The number of the form that is described here.
pub const SNAPSHOT_FORMAT: u32 = 1;
/// Largest JSON text that is read as a snapshot.
pub const SNAPSHOT_BYTES: usize = 16 << 20;

/// A value as JSON.
pub type Json = serde_json::Value;

/// Named values as JSON.
pub type Fields = BTreeMap<String, Json>;

/// Most messages that a snapshot may hold.
pub const MESSAGE_LIMIT: usize = 1_024;

/// What a generated machine knows about its snapshots.
#[derive(Debug)]
pub struct About {
    /// Its version, as far as snapshots are concerned: 16 hexadecimal digits.
    pub fingerprint: &'static str,
    /// What the fingerprint depends on, line by line.
    pub shape: &'static [&'static str],
    /// Variables of the context, in order of declaration.
    pub variables: &'static [&'static str],
    /// Parameters of the machine and data of states, in order of declaration: the state, and `path.name`.
    pub data: &'static [(u16, &'static str)],
    /// How earlier versions are read.
    pub migrations: &'static [Migration],
}

/// How snapshots of an earlier version are read.
#[derive(Debug)]
pub struct Migration {
    /// The fingerprint of that version.
    pub from: &'static str,
    /// Path of a state there, state here; nothing where what is in it is dropped, as in all that follows.
    pub states: &'static [(&'static str, Option<u16>)],
    /// Name of a variable or parameter of the machine there, or `path.name` of data of a state, and where its value goes.
    pub values: &'static [(&'static str, Option<Place>)],
    /// Who gets an event there (`self`, a peer, a child) and its name, and the same here.
    pub events: &'static [(Addressed, Option<Addressed>)],
    /// Names of children.
    pub children: &'static [Renamed],
    /// Names of peers.
    pub peers: &'static [Renamed],
    /// Names of delayed messages.
    pub messages: &'static [Renamed],
    /// Undos, as the specs spell them.
    pub undos: &'static [Renamed],
}

/// Who gets an event, and its name.
pub type Addressed = (&'static str, &'static str);

/// An old name, and the new one.
pub type Renamed = (&'static str, Option<&'static str>);

/// Where a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Index into [`About::variables`].
    Variable(u16),
    /// Index into [`About::data`].
    Data(u16),
}

/// A machine that can be written down and read. Generated; every hook is a leaf function.
pub trait Restorable: Chart {
    /// Names and versions.
    const ABOUT: &'static About;

    /// Writes the context.
    ///
    /// # Errors
    /// An extern value that serde cannot write.
    fn save_context(&self, out: &mut Fields) -> Result<(), SnapshotError>;
    /// Reads the context; what may miss keeps its initial.
    ///
    /// # Errors
    /// What is missing, or of another type.
    fn load_context(&mut self, from: &Fields, may_miss: bool) -> Result<(), SnapshotError>;
    /// Writes parameters of the machine and data of active states.
    ///
    /// # Errors
    /// An extern value that serde cannot write.
    fn save_data(&self, out: &mut Fields) -> Result<(), SnapshotError>;
    /// Reads the data of an active state; what may miss takes its initial.
    ///
    /// # Errors
    /// What is missing, or of another type.
    fn load_data(&mut self, state: u16, from: &Fields, may_miss: bool) -> Result<(), SnapshotError>;
    /// Writes the fields of an event.
    ///
    /// # Errors
    /// An extern value that serde cannot write.
    fn save_event(event: &Self::Event) -> Result<Fields, SnapshotError>;
    /// Reads the event with this tag.
    ///
    /// # Errors
    /// What is missing, to spare, or of another type.
    fn load_event(tag: u16, fields: &Fields, at: &str) -> Result<Self::Event, SnapshotError>;
    /// Writes a message: `self` or the name of its peer or child, the event's name, its fields.
    ///
    /// # Errors
    /// An extern value that serde cannot write.
    fn save_message(message: &Self::Message) -> Result<(&'static str, &'static str, Fields), SnapshotError>;
    /// Reads a message.
    ///
    /// # Errors
    /// An unknown receiver or event; what is missing, to spare, or of another type.
    fn load_message(to: &str, event: &str, fields: &Fields, at: &str)
    -> Result<Self::Message, SnapshotError>;
    /// Writes an undo: its index and arguments.
    ///
    /// # Errors
    /// An extern value that serde cannot write.
    fn save_undo(undo: &<Self::Shape as Shape>::Undo) -> Result<(u16, Vec<Json>), SnapshotError>;
    /// Reads an undo.
    ///
    /// # Errors
    /// An unknown one, or arguments that it does not take.
    fn load_undo(
        index: usize,
        args: &[Json],
        at: &str,
    ) -> Result<<Self::Shape as Shape>::Undo, SnapshotError>;
    /// Writes what the machine returned.
    ///
    /// # Errors
    /// An extern value that serde cannot write.
    fn save_result(result: &Self::Returned) -> Result<Option<Json>, SnapshotError>;
    /// Reads what the machine returned.
    ///
    /// # Errors
    /// A machine that returns nothing, or another type.
    fn load_result(result: &Json) -> Result<Self::Returned, SnapshotError>;
    /// Builds a child machine from its snapshot, and hands it to the host.
    ///
    /// # Errors
    /// What is wrong with the child's snapshot.
    fn relaunch<H: Reviver<Self>>(
        &mut self,
        child: u16,
        snapshot: &Snapshot,
        now: Time,
        host: &mut H,
    ) -> Result<(), SnapshotError>;
}

/// A host that also runs children that were restored.
pub trait Reviver<P: Chart>: Host<P> {
    /// Runs a child that goes on: [`resume`] takes the place of its start.
    fn revive<K: Independent + Restorable>(
        &mut self,
        child: u16,
        machine: K,
        pending: Pending,
        link: Link<P, K>,
    );
}

/// A machine between two macrosteps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// [`SNAPSHOT_FORMAT`].
    pub format: u32,
    /// The machine's name.
    pub machine: String,
    /// The machine's fingerprint, which its spec determines.
    pub fingerprint: String,
    /// What the fingerprint depends on, line by line, so that differences can be named.
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
