//! Expressions of the language in ECMAScript.

use super::{Notes, scxml::Ids};
use crate::model::{BinaryOp, Expr, ExprKind, Literal, Machine, Type, UnaryOp};

/// An expression, and how tightly its outermost operator binds.
type Bound = (String, u8);

const DEFAULT: u8 = 1;
const OR: u8 = 2;
const AND: u8 = 3;
const EQUAL: u8 = 4;
const LESS: u8 = 5;
const SUM: u8 = 6;
const PRODUCT: u8 = 7;
const UNARY: u8 = 8;
const ATOM: u8 = 9;

pub(super) struct Writer<'a> {
    pub(super) machine: &'a Machine,
    pub(super) ids: &'a Ids,
    pub(super) notes: &'a mut Notes,
}

/// A text in single quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

impl Writer<'_> {
    pub(super) fn expr(&mut self, expr: &Expr) -> String {
        self.bound(expr).0
    }

    fn within(&mut self, expr: &Expr, power: u8) -> String {
        let (text, found) = self.bound(expr);
        if found < power { format!("({text})") } else { text }
    }

    fn bound(&mut self, expr: &Expr) -> Bound {
        let atom = |text: String| (text, ATOM);
        match &expr.kind {
            ExprKind::Literal(literal) => atom(match literal {
                Literal::Int(value) | Literal::Duration(value) => value.to_string(),
                Literal::Float(value) => format!("{value:?}"),
                Literal::Bool(value) => value.to_string(),
                Literal::Text(text) => quoted(text),
            }),
            ExprKind::None | ExprKind::Error => atom("null".to_owned()),
            ExprKind::Variable(variable) => atom(self.ids.variable(*variable)),
            ExprKind::Local(local) => atom(self.ids.local(*local)),
            ExprKind::Binding(binding) => atom(self.ids.binding(*binding)),
            ExprKind::Result => atom("_event.data".to_owned()),
            ExprKind::FaultKind => {
                self.notes.lost("`event.kind` of a fault: an error event does not say what went wrong");
                atom("''".to_owned())
            }
            ExprKind::Field { name, .. } => atom(format!("_event.data.{name}")),
            ExprKind::EventName => atom("_event.name".to_owned()),
            ExprKind::Now => {
                self.notes.detail("`now` is the wall clock, `Date.now()`");
                ("Date.now() * 1000".to_owned(), PRODUCT)
            }
            ExprKind::In(state) => atom(format!("In({})", quoted(self.ids.state(*state)))),
            ExprKind::Unary(UnaryOp::Not, inner) => (format!("!{}", self.within(inner, UNARY)), UNARY),
            ExprKind::Unary(UnaryOp::Negate, inner) => {
                // `--x` would be something else.
                let inner = self.within(inner, UNARY);
                let gap = if inner.starts_with('-') { " " } else { "" };
                (format!("-{gap}{inner}"), UNARY)
            }
            ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right, &expr.ty),
            ExprKind::Default(value, otherwise) => {
                // ECMAScript wants parentheses around `||` and `&&` beside it, not around another `??`.
                let value = match self.bound(value) {
                    (text, power) if power >= EQUAL || power == DEFAULT => text,
                    (text, _) => format!("({text})"),
                };
                let otherwise = self.within(otherwise, EQUAL);
                (format!("{value} ?? {otherwise}"), DEFAULT)
            }
            ExprKind::IsNone(inner) => (format!("{} == null", self.within(inner, LESS)), EQUAL),
            ExprKind::Wrap(inner) | ExprKind::Unwrap(inner) => self.bound(inner),
            ExprKind::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.expr(item)).collect();
                atom(format!("[{}]", items.join(", ")))
            }
            ExprKind::Index(list, index) => {
                let list = self.within(list, ATOM);
                atom(format!("{list}[{}]", self.expr(index)))
            }
            ExprKind::Len(inner) => atom(format!("{}.length", self.within(inner, ATOM))),
            ExprKind::Guard(guard, args) => {
                let name = self.machine.guards.get(*guard).map_or("", |guard| guard.name.as_str()).to_owned();
                self.notes.detail(format!("the function `{name}` must be there: it is extern"));
                let args: Vec<String> = args.iter().map(|arg| self.expr(arg)).collect();
                atom(format!("{name}({})", args.join(", ")))
            }
        }
    }

    fn binary(&mut self, operator: BinaryOp, left: &Expr, right: &Expr, ty: &Type) -> Bound {
        let (sign, power) = match operator {
            BinaryOp::Or => ("||", OR),
            BinaryOp::And => ("&&", AND),
            BinaryOp::Equal if matches!(left.ty, Type::Optional(_)) => ("==", EQUAL),
            BinaryOp::NotEqual if matches!(left.ty, Type::Optional(_)) => ("!=", EQUAL),
            BinaryOp::Equal => ("===", EQUAL),
            BinaryOp::NotEqual => ("!==", EQUAL),
            BinaryOp::Less => ("<", LESS),
            BinaryOp::LessEqual => ("<=", LESS),
            BinaryOp::Greater => (">", LESS),
            BinaryOp::GreaterEqual => (">=", LESS),
            BinaryOp::Add => ("+", SUM),
            BinaryOp::Subtract => ("-", SUM),
            BinaryOp::Multiply => ("*", PRODUCT),
            BinaryOp::Divide => ("/", PRODUCT),
            BinaryOp::Modulo => ("%", PRODUCT),
        };
        if matches!(operator, BinaryOp::Divide | BinaryOp::Modulo) {
            self.notes.lost("a division by zero is a fault here, and Infinity or NaN in ECMAScript");
        }
        if matches!(left.ty, Type::List(_)) && power == EQUAL {
            self.notes.lost("lists are compared item by item here, as objects in ECMAScript");
        }
        let text = format!("{} {sign} {}", self.within(left, power), self.within(right, power + 1));
        if operator == BinaryOp::Divide && *ty != Type::Float {
            return (format!("Math.trunc({text})"), ATOM);
        }
        (text, power)
    }
}
