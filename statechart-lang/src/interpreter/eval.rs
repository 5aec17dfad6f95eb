//! Expressions: total evaluation, left to right; a result or a [`Fault`], never a panic.

use std::cmp::Ordering;

use super::{Fault, Value, World, state_set::StateSet};
use crate::model::{BinaryOp, EventId, Expr, ExprKind, Literal, Machine, TEXT_LIMIT, UnaryOp};

/// An event with the values of its fields.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Occurrence {
    /// Which event.
    pub(super) event: EventId,
    /// One value a field.
    pub(super) args: Vec<Value>,
}

/// What a microstep is about: what `event` stands for in its guards and actions.
#[derive(Debug, Clone, Copy)]
pub(super) enum Current<'a> {
    /// Nothing: eventless transitions, timers, everything that happens on entry.
    Nothing,
    /// An event of Σ or a raised one.
    Event(&'a Occurrence),
    /// The completion of a state or child, with what it returned.
    Done(Option<&'a Value>),
    /// A fault.
    Fault(Fault),
}

/// What an expression can see.
pub(super) struct Scope<'a, W> {
    pub(super) machine: &'a Machine,
    pub(super) context: &'a [Value],
    pub(super) data: &'a [Option<Value>],
    pub(super) bindings: &'a [Value],
    pub(super) configuration: &'a StateSet,
    pub(super) current: Current<'a>,
    pub(super) now_us: i64,
    pub(super) world: &'a mut W,
}

impl<W: World> Scope<'_, W> {
    /// Evaluates an expression.
    ///
    /// A checked model holds no ill-typed expression; where one would be met the result is `none`, so
    /// that evaluation is total whatever it is given.
    pub(super) fn eval(&mut self, expr: &Expr) -> Result<Value, Fault> {
        // Most expressions hold one operator at most.
        let Some(first) = first_operand(expr) else { return self.leaf(expr) };
        if first_operand(first).is_none() {
            let value = self.leaf(first)?;
            return self.apply(expr, value);
        }
        // Chains such as `a + b + c + …` nest to the left and may be long: their first operands are
        // walked down in a loop, so that the stack grows with brackets only.
        let mut pending = Vec::new();
        let mut inner = expr;
        while let Some(first) = first_operand(inner) {
            pending.push(inner);
            inner = first;
        }
        let mut value = self.leaf(inner)?;
        while let Some(outer) = pending.pop() {
            value = self.apply(outer, value)?;
        }
        Ok(value)
    }

    /// An expression without a first operand.
    fn leaf(&mut self, expr: &Expr) -> Result<Value, Fault> {
        Ok(match &expr.kind {
            ExprKind::Literal(literal) => constant(literal),
            ExprKind::Variable(index) => self.context.get(*index).cloned().unwrap_or(Value::None),
            ExprKind::Local(local) => self.data.get(*local).cloned().flatten().unwrap_or(Value::None),
            ExprKind::Binding(binding) => self.bindings.get(*binding).cloned().unwrap_or(Value::None),
            ExprKind::Field { of, .. } => self.field(of),
            ExprKind::Result => match self.current {
                Current::Done(result) => result.cloned().unwrap_or(Value::None),
                _ => Value::None,
            },
            ExprKind::FaultKind => match self.current {
                Current::Fault(fault) => Value::Text(fault.kind().to_owned()),
                _ => Value::None,
            },
            ExprKind::EventName => Value::Text(self.event_name()),
            ExprKind::Now => Value::Time(self.now_us),
            ExprKind::In(state) => Value::Bool(self.configuration.contains(*state)),
            ExprKind::List(items) => Value::List(self.all(items)?),
            ExprKind::Guard(index, args) => self.extern_guard(*index, args)?,
            _ => Value::None,
        })
    }

    /// The rest of an expression whose first operand has this value.
    fn apply(&mut self, expr: &Expr, first: Value) -> Result<Value, Fault> {
        match &expr.kind {
            ExprKind::Unary(op, _) => unary(*op, first),
            ExprKind::Binary(op, _, right) => self.binary(*op, first, right),
            ExprKind::Default(_, otherwise) if first == Value::None => self.eval(otherwise),
            ExprKind::IsNone(_) => Ok(Value::Bool(first == Value::None)),
            ExprKind::Index(_, index) => Ok(item(&first, &self.eval(index)?)),
            ExprKind::Len(_) => Ok(length(&first)),
            // The checker has proved that there is a value.
            ExprKind::Unwrap(_) if first == Value::None => Err(Fault::NoValue),
            // `Wrap` and `Unwrap`: a `T?` that holds a `T` is represented by that `T`.
            _ => Ok(first),
        }
    }

    /// Evaluates expressions in order, up to the first fault.
    pub(super) fn all(&mut self, exprs: &[Expr]) -> Result<Vec<Value>, Fault> {
        exprs.iter().map(|expr| self.eval(expr)).collect()
    }

    fn field(&self, of: &[(EventId, usize)]) -> Value {
        let Current::Event(current) = self.current else { return Value::None };
        let position = of.iter().find(|(event, _)| *event == current.event);
        position.and_then(|(_, position)| current.args.get(*position).cloned()).unwrap_or(Value::None)
    }

    fn event_name(&self) -> String {
        match self.current {
            Current::Nothing => String::new(),
            Current::Event(current) => {
                let event = self.machine.events.get(current.event);
                event.map_or_else(String::new, |event| event.symbol.name.clone())
            }
            Current::Done(_) => "done".to_owned(),
            Current::Fault(_) => "fault".to_owned(),
        }
    }

    fn extern_guard(&mut self, index: usize, args: &[Expr]) -> Result<Value, Fault> {
        let args = self.all(args)?;
        let Some(guard) = self.machine.guards.get(index) else { return Ok(Value::Bool(false)) };
        Ok(Value::Bool(self.world.guard(&guard.name, &args)))
    }

    fn binary(&mut self, op: BinaryOp, left: Value, right: &Expr) -> Result<Value, Fault> {
        match op {
            BinaryOp::Or if left.is_true() => return Ok(left),
            BinaryOp::And if !left.is_true() => return Ok(left),
            BinaryOp::Or | BinaryOp::And => return self.eval(right),
            _ => {}
        }
        let right = self.eval(right)?;
        let ordering =
            |wanted: fn(Ordering) -> bool| Ok(Value::Bool(compare(&left, &right).is_some_and(wanted)));
        match op {
            BinaryOp::Equal => Ok(Value::Bool(left == right)),
            BinaryOp::NotEqual => Ok(Value::Bool(left != right)),
            BinaryOp::Less => ordering(Ordering::is_lt),
            BinaryOp::LessEqual => ordering(Ordering::is_le),
            BinaryOp::Greater => ordering(Ordering::is_gt),
            BinaryOp::GreaterEqual => ordering(Ordering::is_ge),
            _ => arithmetic(op, left, right),
        }
    }
}

/// What is evaluated first in an expression.
fn first_operand(expr: &Expr) -> Option<&Expr> {
    match &expr.kind {
        ExprKind::Unary(_, first)
        | ExprKind::Binary(_, first, _)
        | ExprKind::Default(first, _)
        | ExprKind::IsNone(first)
        | ExprKind::Wrap(first)
        | ExprKind::Unwrap(first)
        | ExprKind::Index(first, _)
        | ExprKind::Len(first) => Some(first),
        _ => None,
    }
}

fn constant(literal: &Literal) -> Value {
    match literal {
        Literal::Int(value) => Value::Int(*value),
        Literal::Float(value) => Value::Float(*value),
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Text(text) => Value::Text(text.clone()),
        Literal::Duration(span_us) => Value::Duration(*span_us),
    }
}

fn unary(op: UnaryOp, value: Value) -> Result<Value, Fault> {
    match (op, value) {
        (UnaryOp::Not, Value::Bool(value)) => Ok(Value::Bool(!value)),
        (UnaryOp::Negate, Value::Int(value)) => value.checked_neg().map(Value::Int).ok_or(Fault::Overflow),
        (UnaryOp::Negate, Value::Duration(span)) => {
            span.checked_neg().map(Value::Duration).ok_or(Fault::Overflow)
        }
        (UnaryOp::Negate, Value::Float(value)) => Ok(Value::Float(-value)),
        _ => Ok(Value::None),
    }
}

/// The order of two values of one type; Texts by their bytes.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(a), Value::Int(b))
        | (Value::Time(a), Value::Time(b))
        | (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// `+ - * / %`, by the types that they are defined on.
fn arithmetic(op: BinaryOp, left: Value, right: Value) -> Result<Value, Fault> {
    use BinaryOp::{Add, Divide, Multiply, Subtract};
    match (op, left, right) {
        (Add, Value::Text(a), Value::Text(b)) if a.len() + b.len() > TEXT_LIMIT => Err(Fault::TextTooLong),
        (Add, Value::Text(a), Value::Text(b)) => Ok(Value::Text(a + &b)),
        (op, Value::Int(a), Value::Int(b)) => whole(op, a, b).map(Value::Int),
        (op, Value::Float(a), Value::Float(b)) => real(op, a, b).map(Value::Float),
        (op, Value::Duration(a), Value::Duration(b)) => whole(op, a, b).map(Value::Duration),
        (op @ (Add | Subtract), Value::Time(a), Value::Duration(b)) => whole(op, a, b).map(Value::Time),
        (Add, Value::Duration(a), Value::Time(b)) => whole(Add, a, b).map(Value::Time),
        (Subtract, Value::Time(a), Value::Time(b)) => whole(Subtract, a, b).map(Value::Duration),
        (op @ (Multiply | Divide), Value::Duration(a), Value::Int(b)) => whole(op, a, b).map(Value::Duration),
        (Multiply, Value::Int(a), Value::Duration(b)) => whole(Multiply, a, b).map(Value::Duration),
        _ => Ok(Value::None),
    }
}

/// On 64 bits: `/` truncates towards zero, the sign of `%` follows the dividend.
fn whole(op: BinaryOp, a: i64, b: i64) -> Result<i64, Fault> {
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide | BinaryOp::Modulo if b == 0 => return Err(Fault::DivisionByZero),
        BinaryOp::Divide => a.checked_div(b),
        BinaryOp::Modulo => a.checked_rem(b),
        _ => None,
    };
    result.ok_or(Fault::Overflow)
}

fn real(op: BinaryOp, a: f64, b: f64) -> Result<f64, Fault> {
    let result = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide | BinaryOp::Modulo if b == 0.0 => return Err(Fault::DivisionByZero),
        BinaryOp::Divide => a / b,
        BinaryOp::Modulo => a % b,
        _ => f64::NAN,
    };
    if result.is_finite() { Ok(result) } else { Err(Fault::NonFinite) }
}

/// `list[index]`: none when the index is outside the list.
fn item(list: &Value, index: &Value) -> Value {
    let (Value::List(items), Value::Int(index)) = (list, index) else { return Value::None };
    usize::try_from(*index).ok().and_then(|index| items.get(index)).cloned().unwrap_or(Value::None)
}

/// `len`: characters of a text, items of a list.
fn length(value: &Value) -> Value {
    let count = match value {
        Value::Text(text) => text.chars().count(),
        Value::List(items) => items.len(),
        _ => 0,
    };
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn arithmetic_is_total() {
        use BinaryOp::{Add, Divide, Modulo, Multiply, Subtract};
        let int = Value::Int;
        let rows = [
            (int(7), Divide, int(-2), Ok(int(-3))),
            (int(-7), Modulo, int(2), Ok(int(-1))),
            (int(i64::MAX), Add, int(1), Err(Fault::Overflow)),
            (int(i64::MIN), Divide, int(-1), Err(Fault::Overflow)),
            (int(i64::MIN), Modulo, int(-1), Err(Fault::Overflow)),
            (int(1), Divide, int(0), Err(Fault::DivisionByZero)),
            (Value::Float(1.0), Modulo, Value::Float(0.0), Err(Fault::DivisionByZero)),
            (Value::Float(1e308), Multiply, Value::Float(10.0), Err(Fault::NonFinite)),
            (Value::Time(10), Subtract, Value::Time(4), Ok(Value::Duration(6))),
            (Value::Time(10), Add, Value::Duration(4), Ok(Value::Time(14))),
            (Value::Duration(6), Divide, int(4), Ok(Value::Duration(1))),
            (Value::Text("a".into()), Add, Value::Text("b".into()), Ok(Value::Text("ab".into()))),
        ];
        let half = || Value::Text("é".repeat(TEXT_LIMIT / 4));
        let whole = arithmetic(Add, half(), half());
        assert!(matches!(&whole, Ok(Value::Text(text)) if text.len() == TEXT_LIMIT));
        assert_eq!(arithmetic(Add, whole.unwrap(), Value::Text("x".into())), Err(Fault::TextTooLong));
        for (left, op, right, wanted) in rows {
            assert_eq!(arithmetic(op, left.clone(), right.clone()), wanted, "{left} {} {right}", op.symbol());
        }
        assert_eq!(unary(UnaryOp::Negate, int(i64::MIN)), Err(Fault::Overflow));
    }

    #[test]
    fn indexing_outside_is_none() {
        let list = Value::List(vec![Value::Int(1)]);
        assert_eq!(item(&list, &Value::Int(0)), Value::Int(1));
        assert_eq!(item(&list, &Value::Int(-1)), Value::None);
        assert_eq!(item(&list, &Value::Int(1)), Value::None);
        assert_eq!(length(&Value::Text("aé".into())), Value::Int(2));
    }
}
