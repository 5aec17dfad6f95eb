//! Initial values of the context: what they compute is computed here, so that no machine starts with a fault.

use crate::{
    Code, Diagnostic,
    model::{BinaryOp, Expr, ExprKind, Literal, TEXT_LIMIT, Type, UnaryOp},
};

/// A number or a text, or anything else, which has no operator that can fail.
#[derive(Clone, Copy)]
enum Known {
    Whole(i64),
    Real(f64),
    /// Of so many bytes.
    Text(usize),
    Other,
}

/// Whether a constant can be computed.
///
/// # Errors
/// Where it overflows or divides by zero, or is more than arithmetic on literals.
pub(super) fn evaluate(expr: &Expr) -> Result<(), Box<Diagnostic>> {
    known(expr).map(|_| ())
}

fn known(expr: &Expr) -> Result<Known, Box<Diagnostic>> {
    Ok(match &expr.kind {
        ExprKind::Literal(Literal::Int(value) | Literal::Duration(value)) => Known::Whole(*value),
        ExprKind::Literal(Literal::Float(value)) => Known::Real(*value),
        ExprKind::Literal(Literal::Text(text)) => Known::Text(text.len()),
        ExprKind::Unary(operator, inner) => match (operator, known(inner)?) {
            (UnaryOp::Negate, Known::Whole(value)) => {
                Known::Whole(value.checked_neg().ok_or_else(|| faulty(expr))?)
            }
            (UnaryOp::Negate, Known::Real(value)) => Known::Real(-value),
            _ => Known::Other,
        },
        ExprKind::Binary(operator, left, right) => {
            let (left, right) = (known(left)?, known(right)?);
            binary(expr, *operator, left, right)?
        }
        ExprKind::Wrap(inner) | ExprKind::Unwrap(inner) => known(inner)?,
        ExprKind::List(items) => {
            for item in items {
                known(item)?;
            }
            Known::Other
        }
        ExprKind::Index(..) | ExprKind::Default(..) | ExprKind::Len(_) => {
            return Err(Box::new(
                Diagnostic::new(
                    Code::NotConstant,
                    expr.span,
                    "a variable starts with a literal or arithmetic on literals",
                )
                .help("write the value itself"),
            ));
        }
        _ => Known::Other,
    })
}

fn binary(expr: &Expr, operator: BinaryOp, left: Known, right: Known) -> Result<Known, Box<Diagnostic>> {
    use BinaryOp::{Add, Divide, Modulo, Multiply, Subtract};
    let fail = || faulty(expr);
    Ok(match (operator, left, right) {
        (Add | Subtract | Multiply | Divide | Modulo, Known::Whole(a), Known::Whole(b)) => {
            let result = match operator {
                Add => a.checked_add(b),
                Subtract => a.checked_sub(b),
                Multiply => a.checked_mul(b),
                Divide => a.checked_div(b),
                _ => a.checked_rem(b),
            };
            Known::Whole(result.ok_or_else(fail)?)
        }
        (Add | Subtract | Multiply | Divide | Modulo, Known::Real(a), Known::Real(b)) => {
            let result = match operator {
                Add => a + b,
                Subtract => a - b,
                Multiply => a * b,
                Divide => a / b,
                _ => a % b,
            };
            Known::Real(Some(result).filter(|result| result.is_finite()).ok_or_else(fail)?)
        }
        (Add, Known::Text(a), Known::Text(b)) => {
            Known::Text(Some(a + b).filter(|length| *length <= TEXT_LIMIT).ok_or_else(fail)?)
        }
        _ => Known::Other,
    })
}

fn faulty(expr: &Expr) -> Box<Diagnostic> {
    let ty = match &expr.ty {
        Type::Optional(inner) => inner.to_string(),
        ty => ty.to_string(),
    };
    Box::new(
        Diagnostic::new(Code::BadLiteral, expr.span, format!("this has no value that fits {ty}"))
            .help("it divides by zero, leaves the range of its type or joins more text than 1 MiB: write another initial value"),
    )
}
