//! What a file says, before anything is resolved: names with spans, in document order.
//!
//! Only names are ever copied: what several machines take over from one fragment they share.

use std::rc::Rc;

use crate::{
    Span,
    model::{BinaryOp, UnaryOp},
    source::joined,
};

/// A name and where it stands.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) span: Span,
}

#[derive(Default)]
pub(crate) struct File {
    pub(crate) imports: Vec<Name>,
    pub(crate) machines: Vec<Machine>,
    pub(crate) fragments: Vec<Fragment>,
    pub(crate) systems: Vec<System>,
}

pub(crate) struct Machine {
    pub(crate) name: Name,
    pub(crate) doc: String,
    pub(crate) params: Rc<[DataParam]>,
    pub(crate) label: Option<String>,
    pub(crate) tags: Vec<crate::model::Tag>,
    pub(crate) strict: bool,
    pub(crate) nondeterministic: bool,
    pub(crate) members: Vec<Rc<Member>>,
}

/// Members that machines and states take over with `use`.
pub(crate) struct Fragment {
    pub(crate) name: Name,
    pub(crate) members: Vec<Rc<Member>>,
}

/// A parameter of a machine or state.
pub(crate) struct DataParam {
    pub(crate) name: Name,
    pub(crate) ty: Type,
    pub(crate) default: Option<Expr>,
}

pub(crate) struct Member {
    pub(crate) doc: String,
    pub(crate) kind: MemberKind,
    pub(crate) span: Span,
}

pub(crate) enum MemberKind {
    Input(Vec<Rc<Symbol>>),
    Internals(Vec<Rc<Symbol>>),
    Output(Vec<Rc<Symbol>>),
    Context(Vec<Rc<Variable>>),
    Externs(Vec<Rc<Extern>>),
    Peer {
        name: Name,
        machine: Name,
    },
    /// `limits { internal: 32 }`.
    Limits(Vec<(Name, Expr)>),
    Initial {
        places: Vec<Place>,
        actions: Vec<Action>,
    },
    State(State),
    History(History),
    Entry(Vec<Action>),
    Exit(Vec<Action>),
    Transition(Transition),
    /// A service, or a machine that runs as `id`.
    Do {
        what: Name,
        args: Vec<Arg>,
        id: Option<Name>,
    },
    Defer(Vec<Alternative>),
    Return(Expr),
    Use(Name),
    Example {
        word: Name,
        states: Vec<Path>,
    },
    Property(Property),
    Migrate {
        from: Name,
        moved: Vec<Moved>,
    },
}

/// `history h -> default`.
pub(crate) struct History {
    pub(crate) deep: bool,
    pub(crate) name: Name,
    pub(crate) label: Option<String>,
    pub(crate) tags: Vec<crate::model::Tag>,
    /// Where it goes when nothing is stored; empty: the parent's own initial.
    pub(crate) places: Vec<Place>,
    pub(crate) actions: Vec<Action>,
}

/// What a spec claims about itself.
pub(crate) struct Property {
    pub(crate) name: Name,
    pub(crate) kind: PropertyKind,
}

pub(crate) enum PropertyKind {
    CanReach { from: Path, to: Path },
    LeadsTo { first: Vec<Name>, then: Vec<Name> },
    Invariant { state: Option<Path>, holds: Expr },
    Never { first: Name, before: Name },
}

/// `old.path -> new.path`, `context old -> new`, `event OLD -> none`, ….
pub(crate) struct Moved {
    pub(crate) kind: MovedKind,
    /// Of an undo: its text, as one name.
    pub(crate) from: Path,
    /// Nothing where it says `none`.
    pub(crate) to: Option<Path>,
}

/// What a snapshot holds by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MovedKind {
    State,
    Context,
    Event,
    Child,
    Peer,
    Message,
    Undo,
}

pub(crate) struct Symbol {
    pub(crate) name: Name,
    pub(crate) doc: String,
    pub(crate) fields: Vec<Field>,
}

pub(crate) struct Field {
    pub(crate) name: Name,
    pub(crate) ty: Type,
}

pub(crate) struct Type {
    pub(crate) kind: TypeKind,
    pub(crate) span: Span,
}

pub(crate) enum TypeKind {
    Named(String),
    List(Box<Type>),
    Optional(Box<Type>),
}

pub(crate) struct Variable {
    pub(crate) name: Name,
    pub(crate) doc: String,
    pub(crate) ty: Type,
    pub(crate) initial: Expr,
}

pub(crate) enum Extern {
    Type(Name),
    Guard(ExternFn),
    Action(ExternFn),
    Service { function: ExternFn, streams: Vec<Name>, successes: Vec<Name>, failures: Vec<Name> },
}

pub(crate) struct ExternFn {
    pub(crate) name: Name,
    pub(crate) doc: String,
    pub(crate) params: Vec<(Option<Name>, Type)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateKeyword {
    State,
    Parallel,
    Region,
    Final,
}

pub(crate) struct State {
    pub(crate) keyword: StateKeyword,
    pub(crate) accept: bool,
    pub(crate) name: Name,
    pub(crate) params: Rc<[DataParam]>,
    pub(crate) label: Option<String>,
    pub(crate) tags: Vec<crate::model::Tag>,
    pub(crate) members: Vec<Rc<Member>>,
}

/// A state to go to, with the values of its parameters.
pub(crate) struct Place {
    pub(crate) path: Path,
    pub(crate) args: Vec<Arg>,
}

#[derive(Clone)]
pub(crate) struct Path {
    pub(crate) names: Vec<Name>,
    pub(crate) span: Span,
}

impl Path {
    pub(crate) fn text(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        self.names.iter().for_each(|name| names.push(&name.text));
        joined(&names, ".")
    }
}

pub(crate) struct Transition {
    pub(crate) internal: bool,
    pub(crate) trigger: Trigger,
    /// As the spec spells the trigger.
    pub(crate) pattern: String,
    pub(crate) guard: Option<Expr>,
    pub(crate) target: Option<Target>,
    pub(crate) tags: Vec<crate::model::Tag>,
    pub(crate) actions: Vec<Action>,
    /// The trigger and its guard: what a diagnostic about the edge underlines.
    pub(crate) head: Span,
}

pub(crate) enum Trigger {
    On(Vec<Alternative>),
    Always,
    After(Expr),
}

pub(crate) struct Alternative {
    pub(crate) kind: AlternativeKind,
    pub(crate) span: Span,
}

pub(crate) enum AlternativeKind {
    Any,
    Prefix(String),
    Symbol(String),
    Done(Option<Path>),
    Fault,
}

pub(crate) enum Target {
    Itself { span: Span, args: Vec<Arg> },
    States(Vec<Place>),
}

pub(crate) struct Action {
    pub(crate) kind: ActionKind,
    /// What `compensate` runs.
    pub(crate) undo: Option<Box<Action>>,
    pub(crate) text: String,
    pub(crate) span: Span,
}

pub(crate) enum ActionKind {
    Assign {
        variable: Name,
        value: Expr,
    },
    Emit {
        output: Name,
        args: Vec<Arg>,
    },
    Raise {
        event: Name,
        args: Vec<Arg>,
    },
    Send {
        peer: Option<Name>,
        event: Name,
        args: Vec<Arg>,
        delay: Option<Expr>,
        id: Option<Name>,
    },
    Cancel(Name),
    Spawn {
        machine: Name,
        args: Vec<Arg>,
        id: Option<Name>,
    },
    Stop(Name),
    Log(Expr),
    Call {
        action: Name,
        args: Vec<Arg>,
    },
    /// `if … { … } else if … { … } else { … }`.
    If {
        arms: Vec<(Expr, Vec<Action>)>,
        otherwise: Vec<Action>,
    },
    /// `for item, index in list { … }`.
    For {
        item: Name,
        index: Option<Name>,
        list: Expr,
        body: Vec<Action>,
    },
    Compensate,
    Commit,
}

pub(crate) struct Arg {
    pub(crate) name: Option<Name>,
    pub(crate) value: Expr,
}

pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) span: Span,
}

pub(crate) enum ExprKind {
    Literal(crate::model::Literal),
    None,
    Now,
    In(Path),
    Event(Name),
    Reference(Name),
    Call(Name, Vec<Arg>),
    Unary(UnaryOp, Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    Default(Box<Expr>, Box<Expr>),
    List(Vec<Expr>),
    Index(Box<Expr>, Box<Expr>),
    /// A literal that does not fit; reported where it was found.
    Error,
}

pub(crate) struct System {
    pub(crate) name: Name,
    pub(crate) doc: String,
    pub(crate) label: Option<String>,
    pub(crate) items: Vec<SystemItem>,
}

pub(crate) enum SystemItem {
    Actor { name: Name, family: Option<Field>, machine: Name, args: Vec<Arg> },
    External { name: Name, label: Option<String> },
    Wire { from: Name, to: Name, label: Option<String>, tags: Vec<crate::model::Tag>, messages: Vec<Name> },
}
