//! Typed expressions. Implicit conversions are explicit here, so that both engines only execute.

use std::fmt;

use super::{BindingId, EventId, LocalId, StateId};
use crate::Span;

/// Most bytes of a text that a spec joins with `+`. Doubling one in a loop would use up the memory otherwise.
pub const TEXT_LIMIT: usize = 1 << 20;

/// Longer than the name of any kind of fault.
const FAULT_KIND_BYTES: usize = 64;

/// The type of a value.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, PartialEq, Eq)]
pub enum Type {
    /// 64 bits, signed.
    Int,
    /// 64 bits, finite.
    Float,
    /// `true` or `false`.
    Bool,
    /// A string.
    Text,
    /// Microseconds since 1970.
    Time,
    /// Microseconds.
    Duration,
    /// `T?`.
    Optional(Box<Type>),
    /// `[T]`.
    List(Box<Type>),
    /// An extern Rust type, by name.
    Extern(String),
    /// The type of `none` before it meets a `T?`, and of an expression that was rejected.
    Unknown,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int => f.write_str("Int"),
            Self::Float => f.write_str("Float"),
            Self::Bool => f.write_str("Bool"),
            Self::Text => f.write_str("Text"),
            Self::Time => f.write_str("Time"),
            Self::Duration => f.write_str("Duration"),
            Self::Optional(inner) => write!(f, "{inner}?"),
            Self::List(inner) => write!(f, "[{inner}]"),
            Self::Extern(name) => f.write_str(name),
            Self::Unknown => f.write_str("none"),
        }
    }
}

/// An expression with its type.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Expr {
    /// What it computes.
    pub kind: ExprKind,
    /// Its type.
    pub ty: Type,
    /// Where it stands.
    pub span: Span,
}

/// What an expression computes. Evaluation is left to right; `and`, `or`, `??` stop early.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub enum ExprKind {
    /// A constant.
    Literal(Literal),
    /// `none`.
    None,
    /// A variable of the context.
    Variable(usize),
    /// Data of a state that is active wherever the expression stands.
    Local(LocalId),
    /// What a `for` binds.
    Binding(BindingId),
    /// `event.result`: what the completed state or child returned.
    Result,
    /// `event.kind` of a fault, as text: `overflow`, `queue_full`, ….
    FaultKind,
    /// `event.field`: for each event that may be current, the field's position.
    Field {
        /// The field's name.
        name: String,
        /// Event and position of the field in it.
        of: Vec<(EventId, usize)>,
    },
    /// `event.name`: the current event's name as text.
    EventName,
    /// The time at which the macrostep began.
    Now,
    /// `in(state)`.
    In(StateId),
    /// `not x`, `-x`.
    Unary(UnaryOp, Box<Expr>),
    /// `a op b`.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `a ?? b`.
    Default(Box<Expr>, Box<Expr>),
    /// `a == none`.
    IsNone(Box<Expr>),
    /// A `T` where a `T?` is wanted.
    Wrap(Box<Expr>),
    /// A `T?` that is known not to be none here.
    Unwrap(Box<Expr>),
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `list[index]`, of type `T?`.
    Index(Box<Expr>, Box<Expr>),
    /// `len(text)` or `len(list)`.
    Len(Box<Expr>),
    /// An extern guard: index into `Machine::guards`.
    Guard(usize, Vec<Expr>),
    /// What was rejected; only in models that have errors.
    Error,
}

impl Expr {
    /// Whether evaluating it may fault: by arithmetic, by joining texts. That an [`ExprKind::Unwrap`] holds a value is
    /// proved.
    #[must_use]
    pub fn can_fault(&self) -> bool {
        self.any(Self::is_partial)
    }

    /// Whether the operator itself has no result for some operands.
    pub(crate) fn is_partial(&self) -> bool {
        match &self.kind {
            ExprKind::Unary(UnaryOp::Negate, inner) => inner.ty != Type::Float,
            ExprKind::Binary(BinaryOp::Add, left, _) if left.ty == Type::Text => {
                self.text_bytes().is_none_or(|bytes| bytes > TEXT_LIMIT)
            }
            ExprKind::Binary(operator, ..) => matches!(
                operator,
                BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo
            ),
            _ => false,
        }
    }

    /// How long a text is at most, where that is known beforehand.
    fn text_bytes(&self) -> Option<usize> {
        match &self.kind {
            ExprKind::Literal(Literal::Text(text)) => Some(text.len()),
            ExprKind::FaultKind => Some(FAULT_KIND_BYTES),
            ExprKind::Binary(BinaryOp::Add, left, right) => {
                left.text_bytes()?.checked_add(right.text_bytes()?)
            }
            _ => None,
        }
    }

    /// Whether this holds for the expression or anything that it is computed from.
    pub(crate) fn any(&self, holds: impl Fn(&Self) -> bool) -> bool {
        // Chains of operators may be long: no recursion.
        let mut open = vec![self];
        while let Some(expr) = open.pop() {
            if holds(expr) {
                return true;
            }
            open.extend(expr.operands());
        }
        false
    }

    /// What it is computed from, in the order of evaluation.
    #[must_use]
    pub fn operands(&self) -> Vec<&Self> {
        match &self.kind {
            ExprKind::Unary(_, first)
            | ExprKind::IsNone(first)
            | ExprKind::Wrap(first)
            | ExprKind::Unwrap(first)
            | ExprKind::Len(first) => vec![first],
            ExprKind::Binary(_, first, second)
            | ExprKind::Default(first, second)
            | ExprKind::Index(first, second) => vec![first, second],
            ExprKind::List(items) | ExprKind::Guard(_, items) => items.iter().collect(),
            ExprKind::Literal(_)
            | ExprKind::None
            | ExprKind::Variable(_)
            | ExprKind::Local(_)
            | ExprKind::Binding(_)
            | ExprKind::Result
            | ExprKind::FaultKind
            | ExprKind::Field { .. }
            | ExprKind::EventName
            | ExprKind::Now
            | ExprKind::In(_)
            | ExprKind::Error => Vec::new(),
        }
    }

    /// The same, to be changed.
    pub(crate) fn operands_mut(&mut self) -> Vec<&mut Self> {
        match &mut self.kind {
            ExprKind::Unary(_, inner)
            | ExprKind::IsNone(inner)
            | ExprKind::Wrap(inner)
            | ExprKind::Unwrap(inner)
            | ExprKind::Len(inner) => vec![inner],
            ExprKind::Binary(_, left, right)
            | ExprKind::Default(left, right)
            | ExprKind::Index(left, right) => vec![left, right],
            ExprKind::List(items) | ExprKind::Guard(_, items) => items.iter_mut().collect(),
            _ => Vec::new(),
        }
    }
}

/// A constant.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, PartialEq)]
pub enum Literal {
    /// `42`.
    Int(i64),
    /// `4.2`.
    Float(f64),
    /// `true`.
    Bool(bool),
    /// `"text"`, escapes resolved.
    Text(String),
    /// `30s`, in microseconds.
    Duration(i64),
}

/// An operator with one operand.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    /// `not`.
    Not,
    /// `-`.
    Negate,
}

/// An operator with two operands.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    /// `or`.
    Or,
    /// `and`.
    And,
    /// `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterEqual,
    /// `+`; also joins two texts.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `%`.
    Modulo,
}

impl BinaryOp {
    /// The operator as a spec spells it.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}
