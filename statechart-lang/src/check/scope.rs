//! What an expression may refer to, depending on where it stands.

use std::collections::BTreeSet;

use crate::model::{EventId, StateId};

/// An optional that is known not to be none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fact {
    /// A variable of the context.
    Variable(usize),
    /// A field of the current event.
    Field(String),
}

/// The surroundings of an expression.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// Only literals are allowed: the initial of a context variable.
    pub(super) constant: bool,
    /// Events that may be current; empty where there is none.
    pub(super) events: Vec<EventId>,
    /// The pattern has a wildcard: only `event.name` is visible.
    pub(super) wildcard: bool,
    /// The state from which names are resolved.
    pub(super) state: StateId,
    /// Optionals that hold a value here.
    pub(super) facts: BTreeSet<Fact>,
}

impl Scope {
    pub(super) fn constant() -> Self {
        Self { constant: true, ..Self::default() }
    }
}
