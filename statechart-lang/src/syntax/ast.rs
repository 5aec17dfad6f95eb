//! What a file says, before anything is resolved: names with spans, in document order.

use crate::{
    Span,
    model::{BinaryOp, UnaryOp},
};

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) span: Span,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct File {
    pub(crate) imports: Vec<Name>,
    pub(crate) machines: Vec<Machine>,
    pub(crate) fragments: Vec<Fragment>,
    pub(crate) systems: Vec<System>,
}

#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) name: Name,
    pub(crate) doc: String,
    pub(crate) params: Vec<DataParam>,
    pub(crate) label: Option<String>,
    pub(crate) tags: Vec<crate::model::Tag>,
    pub(crate) strict: bool,
    pub(crate) nondeterministic: bool,
    pub(crate) members: Vec<Member>,
}

/// Members that machines and states take over with `use`.
#[derive(Debug, Clone)]
pub(crate) struct Fragment {
    pub(crate) name: Name,
    pub(crate) members: Vec<Member>,
}

/// A parameter of a machine or state.
#[derive(Debug, Clone)]
pub(crate) struct DataParam {
    pub(crate) name: Name,
    pub(crate) ty: Type,
    pub(crate) default: Option<Expr>,
}

#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) doc: String,
    pub(crate) kind: MemberKind,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) enum MemberKind {
    Input(Vec<Symbol>),
    Internals(Vec<Symbol>),
    Output(Vec<Symbol>),
    Context(Vec<Variable>),
    Externs(Vec<Extern>),
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
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
pub(crate) struct Property {
    pub(crate) name: Name,
    pub(crate) kind: PropertyKind,
}

#[derive(Debug, Clone)]
pub(crate) enum PropertyKind {
    CanReach { from: Path, to: Path },
    LeadsTo { first: Vec<Name>, then: Vec<Name> },
    Invariant { state: Option<Path>, holds: Expr },
    Never { first: Name, before: Name },
}

/// `old.path -> new.path`, `context old -> new`, `event OLD -> none`, ….
#[derive(Debug, Clone)]
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

#[derive(Debug, Clone)]
pub(crate) struct Symbol {
    pub(crate) name: Name,
    pub(crate) doc: String,
    pub(crate) fields: Vec<Field>,
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: Name,
    pub(crate) ty: Type,
}

#[derive(Debug, Clone)]
pub(crate) struct Type {
    pub(crate) kind: TypeKind,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) enum TypeKind {
    Named(String),
    List(Box<Type>),
    Optional(Box<Type>),
}

#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) name: Name,
    pub(crate) doc: String,
    pub(crate) ty: Type,
    pub(crate) initial: Expr,
}

#[derive(Debug, Clone)]
pub(crate) enum Extern {
    Type(Name),
    Guard(ExternFn),
    Action(ExternFn),
    Service { function: ExternFn, streams: Vec<Name>, successes: Vec<Name>, failures: Vec<Name> },
}

#[derive(Debug, Clone)]
pub(crate) struct ExternFn {
    pub(crate) name: Name,
    pub(crate) doc: String,
    pub(crate) params: Vec<(Option<Name>, Type)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateKeyword {
    State,
    Parallel,
    Region,
    Final,
}

#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) keyword: StateKeyword,
    pub(crate) accept: bool,
    pub(crate) name: Name,
    pub(crate) params: Vec<DataParam>,
    pub(crate) label: Option<String>,
    pub(crate) tags: Vec<crate::model::Tag>,
    pub(crate) members: Vec<Member>,
}

/// A state to go to, with the values of its parameters.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) path: Path,
    pub(crate) args: Vec<Arg>,
}

#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) names: Vec<Name>,
    pub(crate) span: Span,
}

impl Path {
    pub(crate) fn text(&self) -> String {
        self.names.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join(".")
    }
}

#[derive(Debug, Clone)]
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

#[derive(Debug, Clone)]
pub(crate) enum Trigger {
    On(Vec<Alternative>),
    Always,
    After(Expr),
}

#[derive(Debug, Clone)]
pub(crate) struct Alternative {
    pub(crate) kind: AlternativeKind,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) enum AlternativeKind {
    Any,
    Prefix(String),
    Symbol(String),
    Done(Option<Path>),
    Fault,
}

#[derive(Debug, Clone)]
pub(crate) enum Target {
    Itself { span: Span, args: Vec<Arg> },
    States(Vec<Place>),
}

#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub(crate) kind: ActionKind,
    /// What `compensate` runs.
    pub(crate) undo: Option<Box<Action>>,
    pub(crate) text: String,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
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

#[derive(Debug, Clone)]
pub(crate) struct Arg {
    pub(crate) name: Option<Name>,
    pub(crate) value: Expr,
}

#[derive(Debug, Clone)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
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

#[derive(Debug, Clone)]
pub(crate) struct System {
    pub(crate) name: Name,
    pub(crate) doc: String,
    pub(crate) label: Option<String>,
    pub(crate) items: Vec<SystemItem>,
}

#[derive(Debug, Clone)]
pub(crate) enum SystemItem {
    Actor { name: Name, family: Option<Field>, machine: Name, args: Vec<Arg> },
    External { name: Name, label: Option<String> },
    Wire { from: Name, to: Name, label: Option<String>, tags: Vec<crate::model::Tag>, messages: Vec<Name> },
}
