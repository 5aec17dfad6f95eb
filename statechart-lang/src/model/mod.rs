//! The checked model: what a specification means, every name resolved, every expression typed.
//!
//! Everything is in document order and every cross reference is an index, so that whatever is made of
//! a model is made in one deterministic order. After checking: no unresolved name, no ill-typed
//! expression, no target outside its machine, no state without a way to decide what is active in it.

mod action;
mod claims;
mod expr;
// What a snapshot is of.
#[cfg(any(feature = "interpreter", feature = "snapshot"))]
mod fingerprint;
pub mod names;
mod skeleton;
mod state;
mod system;
#[cfg(feature = "interpreter")]
pub(crate) mod walk;

pub use action::{Action, ActionKind, Place, Receiver};
pub use claims::{Addressed, Example, Limits, Migration, Property, PropertyKind, Sign, TURN_LIMIT};
pub use expr::{BinaryOp, Expr, ExprKind, Literal, TEXT_LIMIT, Type, UnaryOp};
pub(crate) use state::Cause;
pub use state::{Activity, Invoked, Pass, State, StateKind, Timer, Transition, Trigger};
pub use system::{Actor, External, System, Wire};

use crate::{Span, source::joined, table::ByName};

/// Index into [`Machine::states`]; 0 is the root.
pub type StateId = usize;
/// Index into [`Machine::transitions`].
pub type TransitionId = usize;
/// Index into [`Machine::events`].
pub type EventId = usize;
/// Index into [`Machine::timers`].
pub type TimerId = usize;
/// Index into [`Machine::activities`].
pub type ActivityId = usize;
/// Index into [`Machine::locals`].
pub type LocalId = usize;
/// Index into [`Machine::children`].
pub type ChildId = usize;
/// Index into [`Machine::sends`].
pub type SendId = usize;
/// Index into [`Machine::bindings`].
pub type BindingId = usize;
/// Index into [`Machine::undos`].
pub type UndoId = usize;

/// A whole specification.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Default)]
pub struct Model {
    /// Machines of the main file first, then of its imports, each in document order.
    pub machines: Vec<Machine>,
    /// Systems of the main file, then of its imports.
    pub systems: Vec<System>,
}

impl Model {
    /// The machine with this name.
    #[must_use]
    pub fn machine(&self, name: &str) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.name == name)
    }

    /// The machines that the main file declares itself.
    pub fn own_machines(&self) -> impl Iterator<Item = &Machine> {
        self.machines.iter().filter(|machine| machine.span.file.0 == 0)
    }
}

/// One automaton ⟨Σ, Γ, Q, δ, λ⟩ with what makes it a statechart.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Default)]
pub struct Machine {
    /// As the spec spells it.
    pub name: String,
    /// Its documentation comment, without the slashes.
    pub doc: String,
    /// What people read; the name where the spec gives no label.
    pub label: String,
    /// `#tag("text")`.
    pub tags: Vec<Tag>,
    /// An unhandled event is an error.
    pub strict: bool,
    /// Two enabled edges may stay undecided; for diagrams and languages only.
    pub nondeterministic: bool,
    /// Σ first, then the internal events.
    pub events: Vec<Event>,
    /// Γ.
    pub outputs: Vec<Symbol>,
    /// The extended state.
    pub context: Vec<Variable>,
    /// Extern Rust types, by name.
    pub types: Vec<ExternType>,
    /// Extern guards.
    pub guards: Vec<ExternFn>,
    /// Extern actions.
    pub actions: Vec<ExternFn>,
    /// Extern services.
    pub services: Vec<Service>,
    /// Machines that `send` may address.
    pub peers: Vec<Peer>,
    /// Machines that it starts: `spawn Machine(…) as id` and `do Machine(…) as id`.
    pub children: Vec<Child>,
    /// Names of delayed messages, `send … as id`, in document order.
    pub sends: Vec<SendName>,
    /// Data of states and of the machine (its parameters): it lives as long as they do.
    pub locals: Vec<Local>,
    /// What `for` loops bind, each in its own place.
    pub bindings: Vec<Field>,
    /// What `compensate` may run.
    pub undos: Vec<Undo>,
    /// Bounds of queues and loops.
    pub limits: Limits,
    /// Words with the states that they must lead to.
    pub examples: Vec<Example>,
    /// What the spec claims about itself.
    pub properties: Vec<Property>,
    /// How snapshots of earlier versions are read.
    pub migrations: Vec<Migration>,
    /// The type of what the final states of the root return, if they do.
    pub result: Option<Type>,
    /// In document order; the root first, each state directly followed by its descendants.
    pub states: Vec<State>,
    /// In document order.
    pub transitions: Vec<Transition>,
    /// Every `after`, in document order.
    pub timers: Vec<Timer>,
    /// Every `do`, in document order.
    pub activities: Vec<Activity>,
    /// The whole declaration.
    pub span: Span,
    /// States by name, ascending, for the checker.
    pub(crate) named: ByName<Vec<StateId>>,
    /// Where the checker looks other names up.
    pub(crate) index: Index,
}

/// Positions by name, of the first declaration where there are several.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Default)]
pub(crate) struct Index {
    pub(crate) events: ByName<EventId>,
    pub(crate) outputs: ByName<usize>,
    pub(crate) variables: ByName<usize>,
}

/// `#name` or `#name("text")`.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, PartialEq, Eq)]
pub struct Tag {
    /// Without the `#`.
    pub name: String,
    /// The text in parentheses.
    pub text: Option<String>,
}

/// A symbol with typed fields.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Symbol {
    /// As the spec spells it, without quotes.
    pub name: String,
    /// Documentation comment.
    pub doc: String,
    /// Its fields, in order.
    pub fields: Vec<Field>,
    /// Where it is declared.
    pub span: Span,
}

/// An event of Σ or an internal one.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Event {
    /// Name, documentation and fields.
    pub symbol: Symbol,
    /// Only `raise` sends it; it is outside Σ.
    pub internal: bool,
}

/// A typed name.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Field {
    /// As the spec spells it.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// A variable of the context.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Variable {
    /// As the spec spells it.
    pub name: String,
    /// Documentation comment.
    pub doc: String,
    /// Its type.
    pub ty: Type,
    /// Its value at the start.
    pub initial: Expr,
    /// Where it is declared.
    pub span: Span,
}

/// An extern Rust type: moved around, never looked into.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct ExternType {
    /// Its name in Rust.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
}

/// An extern guard or action.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct ExternFn {
    /// As the spec spells it.
    pub name: String,
    /// Documentation comment.
    pub doc: String,
    /// Parameter types; a name where the spec gives one.
    pub params: Vec<(Option<String>, Type)>,
    /// Where it is declared.
    pub span: Span,
}

/// An extern service: starts when its state is entered, reports with one of its outcomes.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Service {
    /// Name, documentation and parameters.
    pub function: ExternFn,
    /// Events that it may send before it completes.
    pub streams: Vec<EventId>,
    /// Events that report success.
    pub successes: Vec<EventId>,
    /// Events that report failure.
    pub failures: Vec<EventId>,
}

impl Service {
    /// Successes, then failures.
    pub fn outcomes(&self) -> impl Iterator<Item = EventId> + '_ {
        self.successes.iter().chain(&self.failures).copied()
    }
}

/// A machine that `send` may address.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Peer {
    /// As the spec spells it.
    pub name: String,
    /// The machine's name.
    pub machine: String,
    /// That machine's input alphabet.
    pub events: Vec<Symbol>,
    /// Where it is declared.
    pub span: Span,
}

/// A machine that another one starts.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Child {
    /// The `id` of `as id`; the machine's name in snake case where the spec gives none.
    pub name: String,
    /// The machine's name.
    pub machine: String,
    /// That machine's parameters, in order.
    pub params: Vec<Field>,
    /// That machine's input alphabet, for `send id EVENT`.
    pub events: Vec<Symbol>,
    /// What `done(id)` carries as `event.result`.
    pub result: Option<Type>,
    /// Where it is first named.
    pub span: Span,
}

/// A name of delayed messages: at most one is under way, another replaces it, `cancel` forgets it.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct SendName {
    /// As the spec spells it.
    pub name: String,
    /// Where it is first given.
    pub span: Span,
}

/// Data of a state: a parameter, set by whoever enters it, or a field, set from its initial.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Local {
    /// As the spec spells it.
    pub name: String,
    /// Documentation comment.
    pub doc: String,
    /// Its type.
    pub ty: Type,
    /// The state that it belongs to; the root for parameters of the machine.
    pub state: StateId,
    /// A parameter; else a field.
    pub param: bool,
    /// The initial of a field; the default of a parameter that has one. It may refer to the context, to data
    /// of outer states and to what stands before it.
    pub initial: Option<Expr>,
    /// Where it is declared.
    pub span: Span,
}

/// What an `undo` runs: like an action whose arguments were evaluated when it was pushed.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Undo {
    /// What it does.
    pub kind: UndoKind,
    /// Types of its arguments, in order.
    pub args: Vec<Type>,
    /// As the spec spells it.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// See [`Undo`].
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, PartialEq, Eq)]
pub enum UndoKind {
    /// Index into [`Machine::actions`].
    Call(usize),
    /// Index into [`Machine::outputs`].
    Emit(usize),
    /// The event.
    Raise(EventId),
    /// Receiver, and event as in [`ActionKind::Send`]; at once.
    Send(Receiver, usize),
}

impl Machine {
    /// The state with this path or unique name.
    #[must_use]
    pub fn state(&self, path: &str) -> Option<StateId> {
        self.states.iter().position(|state| state.path == path).or_else(|| {
            let mut named = self.states.iter().enumerate().filter(|(_, state)| state.name == path);
            let first = named.next()?;
            named.next().is_none().then_some(first.0)
        })
    }

    /// The event with this name.
    #[must_use]
    pub fn event(&self, name: &str) -> Option<EventId> {
        self.events.iter().position(|event| event.symbol.name == name)
    }

    /// The name of what an activity runs: a service, or the id of a child machine.
    #[must_use]
    pub fn runs(&self, activity: ActivityId) -> &str {
        match self.activities.get(activity).map(|row| row.runs) {
            Some(Invoked::Service(service)) => {
                self.services.get(service).map_or("", |service| &service.function.name)
            }
            Some(Invoked::Child(child)) => self.children.get(child).map_or("", |child| &child.name),
            None => "",
        }
    }

    /// The machine's parameters: data of its root.
    pub fn params(&self) -> impl Iterator<Item = &Local> + '_ {
        self.locals.iter().filter(|local| local.state == 0 && local.param)
    }

    /// Whether the state is a history state.
    #[must_use]
    pub fn is_history(&self, state: StateId) -> bool {
        self.states.get(state).is_some_and(|row| matches!(row.kind, StateKind::History { .. }))
    }

    /// Whether `state` lies below `ancestor`.
    #[must_use]
    pub fn is_descendant(&self, state: StateId, ancestor: StateId) -> bool {
        state > ancestor && self.states.get(ancestor).is_some_and(|row| state <= row.last)
    }

    /// `EVENT [guard] -> target` for people.
    #[must_use]
    pub fn transition_text(&self, id: TransitionId) -> String {
        let Some(transition) = self.transitions.get(id) else { return String::new() };
        let mut text = transition.pattern.clone();
        if let Some(guard) = &transition.guard_text {
            text.push_str(&format!(" [{guard}]"));
        }
        let mut targets: Vec<&str> = Vec::new();
        for target in &transition.targets {
            targets.extend(self.states.get(*target).map(|state| state.name.as_str()));
        }
        if !targets.is_empty() {
            text.push_str(&format!(" -> {}", joined(&targets, ", ")));
        }
        text
    }
}
