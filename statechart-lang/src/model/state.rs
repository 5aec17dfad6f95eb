//! States and transitions, and what is armed or started while a state is active.

use super::{Action, ActivityId, ChildId, EventId, Expr, LocalId, StateId, Tag, TimerId, TransitionId, Type};
use crate::Span;

/// What a state is.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub enum StateKind {
    /// Has no children.
    #[default]
    Atomic,
    /// Exactly one child is active.
    Compound,
    /// Every child is active.
    Parallel,
    /// Entering it completes the parent.
    Final,
    /// A pseudo-state, never active: a target that stands for what was active in the parent when that was left.
    /// Its `initial` are the default targets, its `initial_actions` and `initial_passes` go with them.
    History {
        /// Whether it restores the leaves, not only the parent's children.
        deep: bool,
    },
}

/// A state; the root is the machine itself.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Default)]
pub struct State {
    /// As the spec spells it.
    pub name: String,
    /// Names from below the root, joined by dots; equal to `name` for the root.
    pub path: String,
    /// What people read; the name where the spec gives no label.
    pub label: String,
    /// Documentation comment.
    pub doc: String,
    /// `#tag("text")`.
    pub tags: Vec<Tag>,
    /// What it is.
    pub kind: StateKind,
    /// Declared as `region`.
    pub region: bool,
    /// Marked `accept`.
    pub accept: bool,
    /// The parent; the root is its own.
    pub parent: StateId,
    /// Its children, in document order, without history states.
    pub children: Vec<StateId>,
    /// Its history states, in document order.
    pub histories: Vec<StateId>,
    /// Its last descendant; itself when it has none.
    pub last: StateId,
    /// Default targets, of compound and history states.
    pub initial: Vec<StateId>,
    /// Run when the default targets are taken, after the state's entry, before theirs (W3C: initial content).
    pub initial_actions: Vec<Action>,
    /// Values for parameters of the default targets.
    pub initial_passes: Vec<Pass>,
    /// Its parameters, then its fields: indices into [`Machine::locals`].
    pub locals: Vec<LocalId>,
    /// What a final state returns, as data of the `done` that it raises.
    pub returns: Option<Expr>,
    /// The type of `event.result` on its `done`: what all its final states return.
    pub result: Option<Type>,
    /// Actions on entry.
    pub entry: Vec<Action>,
    /// Actions on exit.
    pub exit: Vec<Action>,
    /// Transitions that it declares, in document order.
    pub transitions: Vec<TransitionId>,
    /// Events that it defers.
    pub defer: Vec<EventId>,
    /// Its `after` timers.
    pub timers: Vec<TimerId>,
    /// Its `do` activities.
    pub activities: Vec<ActivityId>,
    /// The header of its declaration.
    pub span: Span,
}

impl State {
    /// Whether the state has the tag.
    #[must_use]
    pub fn has_tag(&self, name: &str) -> bool {
        self.tags.iter().any(|tag| tag.name == name)
    }
}

/// What sets off a transition.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Trigger {
    /// Nothing: `always`.
    #[default]
    Always,
    /// Any of these events; wildcards are resolved to what they match.
    Events(Vec<EventId>),
    /// The timer elapses.
    Timer(TimerId),
    /// The state completes.
    Done(StateId),
    /// The child machine completes.
    ChildDone(ChildId),
    /// A fault was raised.
    Fault,
}

impl Trigger {
    /// Each thing that sets the transition off.
    pub(crate) fn causes(&self) -> Vec<Cause> {
        vec![match self {
            Self::Always => Cause::Always,
            Self::Events(events) => return events.iter().map(|event| Cause::Event(*event)).collect(),
            Self::Timer(timer) => Cause::Timer(*timer),
            Self::Done(state) => Cause::Done(*state),
            Self::ChildDone(child) => Cause::ChildDone(*child),
            Self::Fault => Cause::Fault,
        }]
    }
}

/// One thing that sets transitions off: a [`Trigger`], each event for itself.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    Always,
    Event(EventId),
    Timer(TimerId),
    Done(StateId),
    ChildDone(ChildId),
    Fault,
}

impl Cause {
    /// A number that no other cause has, as a key.
    pub(crate) fn number(self) -> usize {
        match self {
            Self::Always => 0,
            Self::Fault => 1,
            Self::Event(event) => 4 * event + 2,
            Self::Timer(timer) => 4 * timer + 3,
            Self::Done(state) => 4 * state + 4,
            Self::ChildDone(child) => 4 * child + 5,
        }
    }
}

/// A transition.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Default)]
pub struct Transition {
    /// The state that declares it.
    pub source: StateId,
    /// What sets it off.
    pub trigger: Trigger,
    /// The trigger as the spec spells it: `A | B`, `after 30s`, `always`, `done`.
    pub pattern: String,
    /// The guard.
    pub guard: Option<Expr>,
    /// The guard as the spec spells it, without brackets.
    pub guard_text: Option<String>,
    /// Where it goes; empty for a targetless one. A target may be a history state.
    pub targets: Vec<StateId>,
    /// Values for parameters of its targets. They are evaluated with the guard, before anything is left: a fault
    /// means that the transition is not enabled.
    pub passes: Vec<Pass>,
    /// Declared `internal on`: children of the source are exited, the source is not.
    pub internal: bool,
    /// The innermost state that stays active when it is taken (W3C: transition domain).
    pub domain: StateId,
    /// A bare `on E`: the event is ignored on purpose.
    pub ignore: bool,
    /// What it does.
    pub actions: Vec<Action>,
    /// Documentation comment.
    pub doc: String,
    /// `#continuous` and the like, for diagrams.
    pub tags: Vec<Tag>,
    /// The whole transition.
    pub span: Span,
    /// Its line, from 1.
    pub line: u32,
}

/// An `after`.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Timer {
    /// The state that owns it.
    pub state: StateId,
    /// How long it runs.
    pub after: Expr,
    /// The transitions that it sets off.
    pub transition: TransitionId,
}

/// Values for the parameters of a state, in their order, defaults filled in.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Pass {
    /// The state.
    pub state: StateId,
    /// One for each of its parameters.
    pub args: Vec<Expr>,
}

/// What a `do` runs.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Invoked {
    /// Index into [`Machine::services`].
    Service(usize),
    /// A machine: index into [`Machine::children`].
    Child(ChildId),
}

impl Invoked {
    /// The service, where it is one.
    #[must_use]
    pub fn service(self) -> Option<usize> {
        match self {
            Self::Service(service) => Some(service),
            Self::Child(_) => None,
        }
    }
}

/// A `do`.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Activity {
    /// The state that owns it.
    pub state: StateId,
    /// What it runs.
    pub runs: Invoked,
    /// Evaluated once, when it starts.
    pub args: Vec<Expr>,
    /// Where it stands.
    pub span: Span,
}
