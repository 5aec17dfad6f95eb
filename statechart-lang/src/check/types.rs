//! Typing of expressions. Conversions that the language makes by itself become explicit here.

mod names;
mod operators;

use super::{
    SUGGESTIONS, data, near,
    resolve::resolve_active,
    scope::{Cue, Fact, Scope},
};
use crate::{
    Code, Diagnostic, Span,
    model::{BinaryOp, Expr, ExprKind, Literal, Machine, Type, UnaryOp},
    syntax::ast,
};

/// Types an expression, converted to the wanted type where there is one.
pub(super) fn typed(
    ast: &ast::Expr,
    want: Option<&Type>,
    scope: &Scope,
    machine: &Machine,
    diagnostics: &mut Vec<Diagnostic>,
) -> Expr {
    Typing { scope: scope.clone(), machine, diagnostics }.wanted(ast, want)
}

/// Types something that is read as a value: a narrowed optional is unwrapped.
pub(super) fn operand(
    ast: &ast::Expr,
    scope: &Scope,
    machine: &Machine,
    diagnostics: &mut Vec<Diagnostic>,
) -> Expr {
    Typing { scope: scope.clone(), machine, diagnostics }.operand(ast)
}

/// Everything that a plain name can mean somewhere, for "did you mean".
pub(super) fn names<'a>(scope: &Scope, machine: &'a Machine) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    scope.bindings.iter().for_each(|id| names.push(&machine.bindings[*id].name));
    let mut state = scope.state;
    while let Some(row) = machine.states.get(state) {
        row.locals.iter().for_each(|id| names.push(&machine.locals[*id].name));
        if state == 0 {
            break;
        }
        state = row.parent;
    }
    machine.context.iter().for_each(|variable| names.push(&variable.name));
    names
}

struct Typing<'a> {
    scope: Scope,
    machine: &'a Machine,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Typing<'_> {
    fn wanted(&mut self, ast: &ast::Expr, want: Option<&Type>) -> Expr {
        let expr = self.infer(ast, want);
        match want {
            Some(want) => self.convert(expr, want),
            None => expr,
        }
    }

    /// `T` to `T?`, a narrowed `T?` to `T`; anything else must be equal.
    fn convert(&mut self, mut expr: Expr, want: &Type) -> Expr {
        if expr.ty == *want || matches!(expr.kind, ExprKind::Error) || *want == Type::Unknown {
            return expr;
        }
        if let Type::Optional(inner) = want {
            if matches!(expr.kind, ExprKind::None) {
                expr.ty = want.clone();
                return expr;
            }
            if expr.ty == **inner {
                let span = expr.span;
                return Expr { kind: ExprKind::Wrap(Box::new(expr)), ty: want.clone(), span };
            }
        }
        if let (Type::List(_), ExprKind::List(items)) = (want, &expr.kind)
            && items.is_empty()
        {
            expr.ty = want.clone();
            return expr;
        }
        if expr.ty == Type::Optional(Box::new(want.clone())) {
            return self.unwrap(expr);
        }
        let found = expr.ty.to_string();
        let mut diagnostic =
            Diagnostic::new(Code::Mismatch, expr.span, format!("expected {want}, found {found}"))
                .label(format!("this is {}", article(&found)));
        match (want, &expr.ty) {
            (Type::Float, Type::Int) => diagnostic = diagnostic.help("a Float has a point: `1.0`"),
            (Type::Duration, Type::Int) => {
                diagnostic = diagnostic.help("a Duration has a unit: `5s`, or `1s * n`")
            }
            _ => {}
        }
        self.report(diagnostic);
        error(expr.span)
    }

    /// A `T?` read as `T`: only where it is known to hold a value.
    fn unwrap(&mut self, expr: Expr) -> Expr {
        let Type::Optional(inner) = expr.ty.clone() else { return expr };
        let span = expr.span;
        if fact(&expr).is_some_and(|fact| self.scope.facts.contains(&fact)) {
            return Expr { kind: ExprKind::Unwrap(Box::new(expr)), ty: *inner, span };
        }
        let mut diagnostic = Diagnostic::new(
            Code::MaybeNone,
            span,
            format!("this may be none: its type is {}?", inner),
        )
        .label("may be none here")
        .help(
            "test `!= none` in the guard, give a default with `??`, or assign it on every way into the state",
        );
        if let ExprKind::Variable(at) = expr.kind
            && let Some((edge, why)) = self.scope.blame.of(self.scope.state, at)
        {
            diagnostic = diagnostic.also(edge, why);
        }
        self.report(diagnostic);
        error(span)
    }

    /// An operand: a narrowed optional reads as its value.
    fn operand(&mut self, ast: &ast::Expr) -> Expr {
        let expr = self.infer(ast, None);
        if matches!(expr.ty, Type::Optional(_)) { self.unwrap(expr) } else { expr }
    }

    fn infer(&mut self, ast: &ast::Expr, want: Option<&Type>) -> Expr {
        let span = ast.span;
        let make = |kind, ty| Expr { kind, ty, span };
        match &ast.kind {
            ast::ExprKind::Error => error(span),
            ast::ExprKind::Literal(literal) => {
                let ty = match literal {
                    Literal::Int(_) => Type::Int,
                    Literal::Float(_) => Type::Float,
                    Literal::Bool(_) => Type::Bool,
                    Literal::Text(_) => Type::Text,
                    Literal::Duration(_) => Type::Duration,
                };
                make(ExprKind::Literal(literal.clone()), ty)
            }
            ast::ExprKind::None => make(ExprKind::None, Type::Unknown),
            ast::ExprKind::Now => self.not_constant(span).unwrap_or_else(|| make(ExprKind::Now, Type::Time)),
            ast::ExprKind::In(path) => {
                if let Some(error) = self.not_constant(span) {
                    return error;
                }
                match resolve_active(path, self.scope.state, self.machine, self.diagnostics) {
                    Some(state) => make(ExprKind::In(state), Type::Bool),
                    None => error(span),
                }
            }
            ast::ExprKind::Event(field) => self.event(field, span),
            ast::ExprKind::Reference(name) => self.reference(name, span),
            ast::ExprKind::Call(name, args) => self.call(name, args, span),
            ast::ExprKind::Unary(operator, inner) => self.unary(*operator, inner, span),
            ast::ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right, span),
            ast::ExprKind::Default(left, right) => {
                let left = self.infer(left, want);
                let Type::Optional(inner) = left.ty.clone() else {
                    if !matches!(left.kind, ExprKind::Error) {
                        self.report(
                            Diagnostic::new(
                                Code::Mismatch,
                                left.span,
                                format!("`??` after {}, which is never none", article(&left.ty.to_string())),
                            )
                            .help("remove `??` and what follows it"),
                        );
                    }
                    return error(span);
                };
                // `a ?? b` is a T where b is, else still a T?.
                let right = self.infer(right, Some(&inner));
                let ty = if matches!(right.ty, Type::Optional(_)) || matches!(right.kind, ExprKind::None) {
                    left.ty.clone()
                } else {
                    *inner
                };
                let right = self.convert(right, &ty);
                make(ExprKind::Default(Box::new(left), Box::new(right)), ty)
            }
            ast::ExprKind::List(items) => {
                let want = match want {
                    Some(Type::Optional(inner)) => Some(&**inner),
                    other => other,
                };
                let want = match want {
                    Some(Type::List(item)) => Some((**item).clone()),
                    _ => None,
                };
                let mut typed: Vec<Expr> = Vec::with_capacity(items.len());
                for item in items {
                    let ty = want.clone().or_else(|| typed.first().map(|first| first.ty.clone()));
                    typed.push(self.wanted(item, ty.as_ref()));
                }
                let item =
                    want.or_else(|| typed.first().map(|first| first.ty.clone())).unwrap_or(Type::Unknown);
                if item == Type::Unknown && typed.iter().all(|item| !matches!(item.kind, ExprKind::Error)) {
                    self.report(
                        Diagnostic::new(Code::Mismatch, span, "the type of this list's items is not known here")
                            .help("put it where a list of known type is wanted: on the right of `:=`, `==` or `??`, or in an argument"),
                    );
                    return error(span);
                }
                make(ExprKind::List(typed), Type::List(Box::new(item)))
            }
            ast::ExprKind::Index(list, index) => {
                let list = self.operand(list);
                let index = self.wanted(index, Some(&Type::Int));
                match list.ty.clone() {
                    // `T?` once: an item that is none reads like one that is not there.
                    Type::List(item) => {
                        let ty =
                            if matches!(*item, Type::Optional(_)) { *item } else { Type::Optional(item) };
                        make(ExprKind::Index(Box::new(list), Box::new(index)), ty)
                    }
                    _ => self.mismatch(&list, "a list", span),
                }
            }
        }
    }

    fn mismatch(&mut self, expr: &Expr, wanted: &str, span: Span) -> Expr {
        if !matches!(expr.kind, ExprKind::Error) {
            let found = expr.ty.to_string();
            self.report(
                Diagnostic::new(Code::Mismatch, expr.span, format!("expected {wanted}, found {found}"))
                    .label(format!("this is {}", article(&found))),
            );
        }
        error(span)
    }

    fn not_constant(&mut self, span: Span) -> Option<Expr> {
        self.scope.constant.then(|| {
            self.report(
                Diagnostic::new(Code::NotConstant, span, "a variable starts with a constant")
                    .help("write a literal, and assign the value in an `entry` or transition"),
            );
            error(span)
        })
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}

fn error(span: Span) -> Expr {
    Expr { kind: ExprKind::Error, ty: Type::Unknown, span }
}

/// What an expression says about optionals when it has the given truth value.
pub(super) fn facts(expr: &Expr, truth: bool) -> Vec<Fact> {
    match &expr.kind {
        ExprKind::IsNone(inner) if !truth => fact(inner).into_iter().collect(),
        ExprKind::Unary(UnaryOp::Not, inner) => facts(inner, !truth),
        ExprKind::Binary(BinaryOp::And, left, right) if truth => {
            facts(left, true).into_iter().chain(facts(right, true)).collect()
        }
        ExprKind::Binary(BinaryOp::Or, left, right) if !truth => {
            facts(left, false).into_iter().chain(facts(right, false)).collect()
        }
        _ => Vec::new(),
    }
}

/// The fact that an expression holds a value, where it is one that facts are kept about.
pub(super) fn fact(expr: &Expr) -> Option<Fact> {
    match &expr.kind {
        ExprKind::Variable(at) => Some(Fact::Variable(*at)),
        ExprKind::Local(id) => Some(Fact::Local(*id)),
        ExprKind::Binding(id) => Some(Fact::Binding(*id)),
        ExprKind::Result => Some(Fact::Result),
        ExprKind::Field { name, .. } => Some(Fact::Field(name.clone())),
        _ => None,
    }
}

/// The extern type that a value holds, if any: such values are moved, not compared.
fn extern_in(ty: &Type) -> Option<String> {
    match ty {
        Type::Extern(name) => Some(name.clone()),
        Type::Optional(inner) | Type::List(inner) => extern_in(inner),
        _ => None,
    }
}

fn article(ty: &str) -> String {
    let vowel = ty.starts_with(['A', 'E', 'I', 'O', 'U', 'a', 'e', 'i', 'o', 'u']);
    format!("{} {ty}", if vowel { "an" } else { "a" })
}
