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

#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) imports: Vec<Name>,
    pub(crate) machines: Vec<Machine>,
    pub(crate) systems: Vec<System>,
}

#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) name: Name,
    pub(crate) doc: String,
    pub(crate) label: Option<String>,
    pub(crate) tags: Vec<crate::model::Tag>,
    pub(crate) strict: bool,
    pub(crate) nondeterministic: bool,
    pub(crate) members: Vec<Member>,
}

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) doc: String,
    pub(crate) kind: MemberKind,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) enum MemberKind {
    Input(Vec<Symbol>),
    Internals(Vec<Symbol>),
    Output(Vec<Symbol>),
    Context(Vec<Variable>),
    Externs(Vec<Extern>),
    Peer { name: Name, machine: Name },
    Initial(Vec<Path>),
    State(State),
    Entry(Vec<Action>),
    Exit(Vec<Action>),
    Transition(Transition),
    Do { service: Name, args: Vec<Arg> },
    Defer(Vec<Alternative>),
}

#[derive(Debug)]
pub(crate) struct Symbol {
    pub(crate) name: Name,
    pub(crate) doc: String,
    pub(crate) fields: Vec<Field>,
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: Name,
    pub(crate) ty: Type,
}

#[derive(Debug)]
pub(crate) struct Type {
    pub(crate) kind: TypeKind,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) enum TypeKind {
    Named(String),
    List(Box<Type>),
    Optional(Box<Type>),
}

#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: Name,
    pub(crate) doc: String,
    pub(crate) ty: Type,
    pub(crate) initial: Expr,
}

#[derive(Debug)]
pub(crate) enum Extern {
    Type(Name),
    Guard(ExternFn),
    Action(ExternFn),
    Service { function: ExternFn, streams: Vec<Name>, successes: Vec<Name>, failures: Vec<Name> },
}

#[derive(Debug)]
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

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) keyword: StateKeyword,
    pub(crate) accept: bool,
    pub(crate) name: Name,
    pub(crate) label: Option<String>,
    pub(crate) tags: Vec<crate::model::Tag>,
    pub(crate) members: Vec<Member>,
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

#[derive(Debug)]
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

#[derive(Debug)]
pub(crate) enum Trigger {
    On(Vec<Alternative>),
    Always,
    After(Expr),
}

#[derive(Debug)]
pub(crate) struct Alternative {
    pub(crate) kind: AlternativeKind,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) enum AlternativeKind {
    Any,
    Prefix(String),
    Symbol(String),
    Done(Option<Path>),
    Fault,
}

#[derive(Debug)]
pub(crate) enum Target {
    Itself(Span),
    States(Vec<Path>),
}

#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) kind: ActionKind,
    pub(crate) text: String,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) enum ActionKind {
    Assign { variable: Name, value: Expr },
    Emit { output: Name, args: Vec<Arg> },
    Raise { event: Name, args: Vec<Arg> },
    Send { peer: Option<Name>, event: Name, args: Vec<Arg>, delay: Option<Expr> },
    Log(Expr),
    Call { action: Name, args: Vec<Arg> },
}

#[derive(Debug)]
pub(crate) struct Arg {
    pub(crate) name: Option<Name>,
    pub(crate) value: Expr,
}

#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) span: Span,
}

#[derive(Debug)]
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

#[derive(Debug)]
pub(crate) struct System {
    pub(crate) name: Name,
    pub(crate) doc: String,
    pub(crate) label: Option<String>,
    pub(crate) items: Vec<SystemItem>,
}

#[derive(Debug)]
pub(crate) enum SystemItem {
    Actor { name: Name, family: Option<Field>, machine: Name },
    External { name: Name, label: Option<String> },
    Wire { from: Name, to: Name, label: Option<String>, tags: Vec<crate::model::Tag>, messages: Vec<Name> },
}
