//! What an expression may refer to, depending on where it stands.

use std::rc::Rc;

use super::{facts::FactSet, flow::Blame};
use crate::model::{BindingId, EventId, LocalId, StateId, Type};

/// An optional that is known not to be none.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fact {
    /// A variable of the context.
    Variable(usize),
    /// Data of a state.
    Local(LocalId),
    /// What a `for` binds.
    Binding(BindingId),
    /// A field of the current event.
    Field(String),
    /// `event.result`.
    Result,
}

/// What set a transition off, as far as `event` tells of it.
#[derive(Clone, Default, PartialEq)]
pub(super) enum Cue {
    /// Nothing that has data.
    #[default]
    None,
    /// One of [`Scope::events`].
    Event,
    /// A completion, with the type of its result.
    Done(Option<Type>),
    /// A fault.
    Fault,
    /// Something that was rejected: what is read of it is not looked at.
    Unknown,
}

/// The surroundings of an expression.
#[derive(Clone, Default)]
pub(super) struct Scope {
    /// Only literals are allowed: the initial of a context variable.
    pub(super) constant: bool,
    /// Whether there is an event, and what kind.
    pub(super) cue: Cue,
    /// Events that may be current; empty where there is none.
    pub(super) events: Vec<EventId>,
    /// The pattern has a wildcard: only `event.name` is visible.
    pub(super) wildcard: bool,
    /// The state from which names are resolved.
    pub(super) state: StateId,
    /// Inside the initial of this data: only what is declared before it is visible.
    pub(super) before: Option<LocalId>,
    /// What the `for`s around it bind, the innermost last.
    pub(super) bindings: Vec<BindingId>,
    /// How many these `for`s are.
    pub(super) loops: usize,
    /// Optionals that hold a value here.
    pub(super) facts: FactSet,
    /// Why others do not.
    pub(super) blame: Rc<Blame>,
}

impl Scope {
    pub(super) fn constant() -> Self {
        Self { constant: true, ..Self::default() }
    }
}
