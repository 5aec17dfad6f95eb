//! Operators: what they take and give.

use super::{Typing, article, error, extern_in, facts};
use crate::{
    Code, Diagnostic, Span,
    model::{BinaryOp, Expr, ExprKind, Type, UnaryOp},
    syntax::ast,
};

impl Typing<'_> {
    pub(super) fn unary(&mut self, operator: UnaryOp, inner: &ast::Expr, span: Span) -> Expr {
        let inner = match operator {
            UnaryOp::Not => {
                let inner = self.wanted(inner, Some(&Type::Bool));
                if matches!(inner.kind, ExprKind::Error) {
                    return error(span);
                }
                inner
            }
            UnaryOp::Negate => {
                let inner = self.operand(inner);
                if !matches!(inner.ty, Type::Int | Type::Float | Type::Duration) {
                    return self.mismatch(&inner, "a number", span);
                }
                inner
            }
        };
        let ty = inner.ty.clone();
        Expr { kind: ExprKind::Unary(operator, Box::new(inner)), ty, span }
    }

    pub(super) fn binary(
        &mut self,
        operator: BinaryOp,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Expr {
        let make = |kind, ty| Expr { kind, ty, span };
        match operator {
            BinaryOp::And | BinaryOp::Or => {
                let left = self.wanted(left, Some(&Type::Bool));
                // What the left side says about optionals holds when the right side is evaluated.
                let before = self.scope.facts.clone();
                self.scope.facts.extend(facts(&left, operator == BinaryOp::And));
                let right = self.wanted(right, Some(&Type::Bool));
                self.scope.facts = before;
                make(ExprKind::Binary(operator, Box::new(left), Box::new(right)), Type::Bool)
            }
            BinaryOp::Equal | BinaryOp::NotEqual => self.equality(operator, left, right, span),
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
                let left = self.operand(left);
                if !matches!(left.ty, Type::Int | Type::Float | Type::Text | Type::Time | Type::Duration) {
                    return self.mismatch(&left, "something with an order", span);
                }
                let right = self.wanted(right, Some(&left.ty));
                make(ExprKind::Binary(operator, Box::new(left), Box::new(right)), Type::Bool)
            }
            _ => {
                let (left, right) = (self.operand(left), self.operand(right));
                if matches!(left.kind, ExprKind::Error) || matches!(right.kind, ExprKind::Error) {
                    return error(span);
                }
                match arithmetic(operator, &left.ty, &right.ty) {
                    Some(ty) => make(ExprKind::Binary(operator, Box::new(left), Box::new(right)), ty),
                    None => {
                        self.report(
                            Diagnostic::new(
                                Code::Mismatch,
                                span,
                                format!("`{}` does not take {} and {}", operator.symbol(), left.ty, right.ty),
                            )
                            .help("both sides are Int or both Float; Duration, Time and Text have some operators of their own"),
                        );
                        error(span)
                    }
                }
            }
        }
    }

    pub(super) fn equality(
        &mut self,
        operator: BinaryOp,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Expr {
        let (left, right) = match (&left.kind, &right.kind) {
            (_, ast::ExprKind::None) => (left, None),
            (ast::ExprKind::None, _) => (right, None),
            _ => (left, Some(right)),
        };
        let left = self.infer(left, None);
        let make = |kind| Expr { kind, ty: Type::Bool, span };
        let Some(right) = right else {
            if !matches!(left.ty, Type::Optional(_)) && !matches!(left.kind, ExprKind::Error) {
                self.report(
                    Diagnostic::new(
                        Code::Mismatch,
                        left.span,
                        format!("{} is never none", article(&left.ty.to_string())),
                    )
                    .help(format!("remove the test, or declare it as `{}?`", left.ty)),
                );
            }
            let is_none = make(ExprKind::IsNone(Box::new(left)));
            return match operator {
                BinaryOp::Equal => is_none,
                _ => make(ExprKind::Unary(UnaryOp::Not, Box::new(is_none))),
            };
        };
        if let Some(name) = extern_in(&left.ty) {
            self.report(
                Diagnostic::new(
                    Code::Mismatch,
                    span,
                    format!("values of the extern type {name} cannot be compared"),
                )
                .help("declare an extern guard that compares them"),
            );
            return error(span);
        }
        let mut left = left;
        let mut right = self.infer(right, Some(&left.ty));
        // A T beside a T? is compared as a T?.
        if right.ty == Type::Optional(Box::new(left.ty.clone())) {
            let ty = right.ty.clone();
            left = self.convert(left, &ty);
        } else {
            let ty = left.ty.clone();
            right = self.convert(right, &ty);
        }
        make(ExprKind::Binary(operator, Box::new(left), Box::new(right)))
    }
}

/// The result type of an arithmetic operator, where it has one.
fn arithmetic(operator: BinaryOp, left: &Type, right: &Type) -> Option<Type> {
    use BinaryOp::{Add, Divide, Modulo, Multiply, Subtract};
    Some(match (operator, left, right) {
        (Add | Subtract | Multiply | Divide | Modulo, Type::Int, Type::Int) => Type::Int,
        (Add | Subtract | Multiply | Divide | Modulo, Type::Float, Type::Float) => Type::Float,
        (Add, Type::Text, Type::Text) => Type::Text,
        (Add | Subtract, Type::Time, Type::Duration) => Type::Time,
        (Subtract, Type::Time, Type::Time) => Type::Duration,
        (Add | Subtract, Type::Duration, Type::Duration) => Type::Duration,
        (Multiply | Divide, Type::Duration, Type::Int) => Type::Duration,
        _ => return None,
    })
}
