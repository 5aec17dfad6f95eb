//! Typing of expressions. Conversions that the language makes by itself become explicit here.

use super::{
    data, near,
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
pub(super) fn names<'a>(scope: &Scope, machine: &'a Machine) -> impl Iterator<Item = &'a str> + use<'a> {
    let mut names: Vec<&str> = Vec::new();
    names.extend(scope.bindings.iter().map(|id| machine.bindings[*id].name.as_str()));
    let mut state = scope.state;
    while let Some(row) = machine.states.get(state) {
        names.extend(row.locals.iter().map(|id| machine.locals[*id].name.as_str()));
        if state == 0 {
            break;
        }
        state = row.parent;
    }
    names.extend(machine.context.iter().map(|variable| variable.name.as_str()));
    names.into_iter()
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

    fn event(&mut self, field: &ast::Name, span: Span) -> Expr {
        if let Some(error) = self.not_constant(span) {
            return error;
        }
        match &self.scope.cue {
            Cue::None | Cue::Event => {}
            Cue::Unknown => return error(span),
            Cue::Done(result) => return self.completion(field, result.clone(), span),
            Cue::Fault => {
                return match field.text.as_str() {
                    "name" => Expr { kind: ExprKind::EventName, ty: Type::Text, span },
                    "kind" => Expr { kind: ExprKind::FaultKind, ty: Type::Text, span },
                    _ => self.no_field(field, "a fault", "it has `event.kind` and `event.name`"),
                };
            }
        }
        if self.scope.cue == Cue::None {
            self.report(
                Diagnostic::new(Code::NoEvent, span, "there is no event here")
                    .help("`event` stands only in the guard and actions of an `on`: store what you need in the context there"),
            );
            return error(span);
        }
        if field.text == "name" && (self.scope.wildcard || self.field("name").is_none()) {
            return Expr { kind: ExprKind::EventName, ty: Type::Text, span };
        }
        if let Some((of, ty)) = self.field(&field.text) {
            return Expr { kind: ExprKind::Field { name: field.text.clone(), of }, ty, span };
        }
        let events: Vec<&str> = self
            .scope
            .events
            .iter()
            .filter_map(|id| Some(self.machine.events.get(*id)?.symbol.name.as_str()))
            .collect();
        let fields = self
            .scope
            .events
            .first()
            .and_then(|id| self.machine.events.get(*id))
            .map(|event| event.symbol.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>())
            .unwrap_or_default();
        let (message, help) = if self.scope.wildcard {
            (
                "under a wildcard only `event.name` is visible".to_owned(),
                "name the events instead: `on A | B`".to_owned(),
            )
        } else if events.len() > 1 {
            (
                format!("`{}` is not a field of the same type in each of {}", field.text, events.join(", ")),
                "give each event its own `on`".to_owned(),
            )
        } else {
            let help = match crate::diagnostic::nearest(&field.text, fields.iter().copied()) {
                Some(near) => format!("did you mean `event.{near}`?"),
                None if fields.is_empty() => "declare it: `NAME(field: Type)`".to_owned(),
                None => format!("it has {}", fields.join(", ")),
            };
            (format!("`{}` has no field `{}`", events.join(", "), field.text), help)
        };
        self.report(Diagnostic::new(Code::NoField, field.span, message).help(help));
        error(span)
    }

    /// `event.result` of a completion.
    fn completion(&mut self, field: &ast::Name, result: Option<Type>, span: Span) -> Expr {
        match (field.text.as_str(), result) {
            ("name", _) => Expr { kind: ExprKind::EventName, ty: Type::Text, span },
            ("result", Some(ty)) => Expr { kind: ExprKind::Result, ty, span },
            ("result", None) => self.no_field(
                field,
                "this `done`",
                "write `return value` in every final state that leads here, all of one type",
            ),
            _ => self.no_field(field, "a `done`", "it has `event.result` and `event.name`"),
        }
    }

    fn no_field(&mut self, field: &ast::Name, what: &str, help: &str) -> Expr {
        self.report(
            Diagnostic::new(Code::NoField, field.span, format!("{what} has no `{}`", field.text)).help(help),
        );
        error(field.span)
    }

    /// A field that every current event has, with the same type.
    fn field(&self, name: &str) -> Option<(Vec<(usize, usize)>, Type)> {
        if self.scope.wildcard {
            return None;
        }
        let mut ty = None;
        let mut of = Vec::new();
        for &id in &self.scope.events {
            let fields = &self.machine.events.get(id)?.symbol.fields;
            let at = fields.iter().position(|field| field.name == name)?;
            let found = &fields.get(at)?.ty;
            if ty.get_or_insert_with(|| found.clone()) != found {
                return None;
            }
            of.push((id, at));
        }
        ty.map(|ty| (of, ty))
    }

    fn reference(&mut self, name: &ast::Name, span: Span) -> Expr {
        if let Some(error) = self.not_constant(span) {
            return error;
        }
        let bound = self.scope.bindings.iter().rev().find(|id| self.machine.bindings[**id].name == name.text);
        if let Some(&id) = bound {
            if self.machine.bindings[id].ty == Type::Unknown {
                return error(span);
            }
            return Expr { kind: ExprKind::Binding(id), ty: self.machine.bindings[id].ty.clone(), span };
        }
        if let Some(id) = data::local(&name.text, &self.scope, self.machine) {
            return Expr { kind: ExprKind::Local(id), ty: self.machine.locals[id].ty.clone(), span };
        }
        if let Some(&at) = self.machine.index.variables.get(&name.text) {
            return Expr { kind: ExprKind::Variable(at), ty: self.machine.context[at].ty.clone(), span };
        }
        if self.machine.guards.iter().any(|guard| guard.name == name.text) {
            return self.call(name, &[], span);
        }
        let known = names(&self.scope, self.machine)
            .chain(self.machine.guards.iter().map(|guard| guard.name.as_str()));
        let elsewhere = self.machine.locals.iter().find(|local| local.name == name.text);
        let help = if self.field(&name.text).is_some() {
            format!("write `event.{}`", name.text)
        } else if let Some(local) = elsewhere {
            let owner = self.machine.states.get(local.state).map_or("", |state| &state.path);
            format!(
                "it is data of `{owner}`, and read only while that is certainly active: pass it on, or keep it in the context"
            )
        } else {
            near(&name.text, known, self.diagnostics.len())
                .unwrap_or_else(|| format!("declare it: `context {{ {}: Int = 0 }}`", name.text))
        };
        self.report(
            Diagnostic::new(Code::UnknownVariable, name.span, format!("unknown variable `{}`", name.text))
                .help(help),
        );
        error(span)
    }

    fn call(&mut self, name: &ast::Name, args: &[ast::Arg], span: Span) -> Expr {
        if name.text == "len" {
            let [arg] = args else {
                self.report(
                    Diagnostic::new(Code::Arguments, span, "`len` takes one text or list")
                        .help("write `len(x)`"),
                );
                return error(span);
            };
            let arg = self.operand(&arg.value);
            return match arg.ty {
                Type::Text | Type::List(_) => {
                    Expr { kind: ExprKind::Len(Box::new(arg)), ty: Type::Int, span }
                }
                _ => self.mismatch(&arg, "a text or a list", span),
            };
        }
        if let Some(error) = self.not_constant(span) {
            return error;
        }
        let Some(at) = self.machine.guards.iter().position(|guard| guard.name == name.text) else {
            let known = self.machine.guards.iter().map(|guard| guard.name.as_str()).chain(["len"]);
            let help = near(&name.text, known, self.diagnostics.len())
                .unwrap_or_else(|| format!("declare it: `extern {{ guard {}(…) }}`", name.text));
            self.report(
                Diagnostic::new(Code::UnknownExtern, name.span, format!("unknown guard `{}`", name.text))
                    .help(help),
            );
            return error(span);
        };
        let params: Vec<Type> = self.machine.guards[at].params.iter().map(|(_, ty)| ty.clone()).collect();
        let args = self.positional(&name.text, args, &params, span);
        Expr { kind: ExprKind::Guard(at, args), ty: Type::Bool, span }
    }

    fn positional(&mut self, what: &str, args: &[ast::Arg], params: &[Type], span: Span) -> Vec<Expr> {
        if args.len() != params.len() {
            let types: Vec<String> = params.iter().map(ToString::to_string).collect();
            self.report(
                Diagnostic::new(
                    Code::Arguments,
                    span,
                    format!("`{what}` takes {}, {} given", super::arguments(params.len()), args.len()),
                )
                .help(format!("it takes ({})", types.join(", "))),
            );
        }
        args.iter().zip(params).map(|(arg, ty)| self.wanted(&arg.value, Some(ty))).collect()
    }

    fn unary(&mut self, operator: UnaryOp, inner: &ast::Expr, span: Span) -> Expr {
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

    fn binary(&mut self, operator: BinaryOp, left: &ast::Expr, right: &ast::Expr, span: Span) -> Expr {
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

    fn equality(&mut self, operator: BinaryOp, left: &ast::Expr, right: &ast::Expr, span: Span) -> Expr {
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
