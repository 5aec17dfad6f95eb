//! Systems: actors that speak to each other.

use super::{Expr, Field, Tag};
use crate::Span;

/// Actors composed into a system: wiring for diagrams and checks.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct System {
    /// As the spec spells it.
    pub name: String,
    /// Documentation comment.
    pub doc: String,
    /// What people read.
    pub label: String,
    /// The actors, in document order.
    pub actors: Vec<Actor>,
    /// Outside parties: name, label.
    pub externals: Vec<External>,
    /// Who tells whom what.
    pub wires: Vec<Wire>,
    /// Where it is declared.
    pub span: Span,
}

/// An actor of a system.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Actor {
    /// As the spec spells it.
    pub name: String,
    /// The machine that it runs.
    pub machine: String,
    /// Values for the machine's parameters, in order: constants, or the family's value as `Binding(0)`.
    pub args: Vec<Expr>,
    /// The parameter of a family: one actor for each value.
    pub family: Option<Field>,
}

/// An outside party of a system.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct External {
    /// As the spec spells it.
    pub name: String,
    /// What people read.
    pub label: String,
}

/// An edge of a system.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Wire {
    /// Name of an actor or external.
    pub from: String,
    /// Name of an actor or external.
    pub to: String,
    /// Events of the receiver that travel on it.
    pub messages: Vec<String>,
    /// What people read, where no event travels.
    pub label: Option<String>,
    /// `#continuous` and the like.
    pub tags: Vec<Tag>,
}
