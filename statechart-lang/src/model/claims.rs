//! What a spec says about itself besides its behaviour: bounds, examples, properties, migrations.

use super::{EventId, Expr, Place, StateId};
use crate::Span;

/// Bounds of a machine's queues and loops; excess is a fault. Both engines share them.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Events that wait in the internal queue.
    pub internal: u32,
    /// Events that are deferred.
    pub deferred: u32,
    /// Turns of one macrostep.
    pub microsteps: u32,
    /// Actions that wait to be compensated.
    pub undo: u32,
}

impl Limits {
    /// The largest value that a spec may declare for any of them.
    pub const LARGEST: u32 = 65_536;
}

impl Default for Limits {
    fn default() -> Self {
        Self { internal: 16, deferred: 64, microsteps: 1_000, undo: 64 }
    }
}

/// Most turns that the `for`s of one macrostep may take together.
pub const TURN_LIMIT: u32 = 1_000_000;

/// A word and the states that it must lead to.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Example {
    /// The word, in the form of a `.words` file.
    pub word: String,
    /// Each of them must be active afterwards.
    pub states: Vec<StateId>,
    /// Where the word stands.
    pub span: Span,
}

/// A symbol of Σ or Γ.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// An event.
    Event(EventId),
    /// Index into [`super::Machine::outputs`].
    Output(usize),
}

/// A named claim, for the verifier.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Property {
    /// What people call it.
    pub name: String,
    /// What it claims.
    pub kind: PropertyKind,
    /// The whole declaration.
    pub span: Span,
}

/// What a property claims.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub enum PropertyKind {
    /// `from a can reach b`: from every configuration with the first, some word leads to the second.
    CanReach {
        /// Where it starts.
        from: StateId,
        /// Where it must be able to get.
        to: StateId,
    },
    /// `A leads to B | C`: whenever one of the first occurs, one of the second occurs at some later time.
    LeadsTo {
        /// Any of these.
        first: Vec<Sign>,
        /// Then one of these.
        then: Vec<Sign>,
    },
    /// `in s implies e`, or `e` everywhere.
    Invariant {
        /// Where it must hold; everywhere without.
        state: Option<StateId>,
        /// What must hold.
        holds: Expr,
    },
    /// `never A before B`.
    Never {
        /// This does not occur
        first: Sign,
        /// until this has.
        before: Sign,
    },
}

/// Who gets an event, and its name.
pub type Addressed = (String, String);

/// How snapshots of an earlier version are read.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Migration {
    /// The fingerprint of that version.
    pub from: String,
    /// Path of a state there, state here; nothing where what is in it is dropped, as in all that follows.
    pub states: Vec<(String, Option<StateId>)>,
    /// Name of a variable or parameter of the machine there, or `path.name` of data of a state, and where its value goes.
    pub values: Vec<(String, Option<Place>)>,
    /// Who gets an event there (`self`, a peer, a child) and its name, and the same here.
    pub events: Vec<(Addressed, Option<Addressed>)>,
    /// Names of children.
    pub children: Vec<(String, Option<String>)>,
    /// Names of peers.
    pub peers: Vec<(String, Option<String>)>,
    /// Names of delayed messages.
    pub messages: Vec<(String, Option<String>)>,
    /// Undos, as the specs spell them.
    pub undos: Vec<(String, Option<String>)>,
    /// The whole declaration.
    pub span: Span,
}
