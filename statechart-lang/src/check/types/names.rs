//! What names and calls mean, and what `event` carries.

use super::{Cue, SUGGESTIONS, Typing, data, error, names, near};
use crate::{
    Code, Diagnostic, Span,
    model::{Expr, ExprKind, Type},
    source::joined,
    syntax::ast,
};

impl Typing<'_> {
    pub(super) fn event(&mut self, field: &ast::Name, span: Span) -> Expr {
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
        // Of the first event.
        let (mut events, mut fields): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        for id in &self.scope.events {
            let Some(event) = self.machine.events.get(*id) else { continue };
            if events.is_empty() {
                event.symbol.fields.iter().for_each(|field| fields.push(&field.name));
            }
            events.push(&event.symbol.name);
        }
        let (message, help) = if self.scope.wildcard {
            (
                "under a wildcard only `event.name` is visible".to_owned(),
                "name the events instead: `on A | B`".to_owned(),
            )
        } else if events.len() > 1 {
            (
                format!(
                    "`{}` is not a field of the same type in each of {}",
                    field.text,
                    joined(&events, ", ")
                ),
                "give each event its own `on`".to_owned(),
            )
        } else {
            let help = match crate::diagnostic::nearest(&field.text, fields.iter().copied()) {
                Some(near) => format!("did you mean `event.{near}`?"),
                None if fields.is_empty() => "declare it: `NAME(field: Type)`".to_owned(),
                None => format!("it has {}", joined(&fields, ", ")),
            };
            (format!("`{}` has no field `{}`", joined(&events, ", "), field.text), help)
        };
        self.report(Diagnostic::new(Code::NoField, field.span, message).help(help));
        error(span)
    }

    /// `event.result` of a completion.
    pub(super) fn completion(&mut self, field: &ast::Name, result: Option<Type>, span: Span) -> Expr {
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

    pub(super) fn no_field(&mut self, field: &ast::Name, what: &str, help: &str) -> Expr {
        self.report(
            Diagnostic::new(Code::NoField, field.span, format!("{what} has no `{}`", field.text)).help(help),
        );
        error(field.span)
    }

    /// A field that every current event has, with the same type.
    pub(super) fn field(&self, name: &str) -> Option<(Vec<(usize, usize)>, Type)> {
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

    pub(super) fn reference(&mut self, name: &ast::Name, span: Span) -> Expr {
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
        let mut known = names(&self.scope, self.machine);
        self.machine.guards.iter().for_each(|guard| known.push(&guard.name));
        let elsewhere = self.machine.locals.iter().find(|local| local.name == name.text);
        let later = self.scope.before.is_some_and(|before| {
            let own = self.machine.locals.get(before).map(|local| local.state);
            let behind = self.machine.locals.get(before..).unwrap_or_default();
            behind.iter().any(|local| local.name == name.text && Some(local.state) == own)
        });
        let help = if later {
            format!("`{}` is declared later: put it in front of what reads it", name.text)
        } else if self.field(&name.text).is_some() {
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

    pub(super) fn call(&mut self, name: &ast::Name, args: &[ast::Arg], span: Span) -> Expr {
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
            let mut known = vec!["len"];
            if self.diagnostics.len() <= SUGGESTIONS {
                self.machine.guards.iter().for_each(|guard| known.push(&guard.name));
            }
            let help = near(&name.text, known, self.diagnostics.len())
                .unwrap_or_else(|| format!("declare it: `extern {{ guard {}(…) }}`", name.text));
            self.report(
                Diagnostic::new(Code::UnknownExtern, name.span, format!("unknown guard `{}`", name.text))
                    .help(help),
            );
            return error(span);
        };
        let mut params = Vec::new();
        for (_, ty) in &self.machine.guards[at].params {
            params.push(ty.clone());
        }
        let args = self.positional(&name.text, args, &params, span);
        Expr { kind: ExprKind::Guard(at, args), ty: Type::Bool, span }
    }

    pub(super) fn positional(
        &mut self,
        what: &str,
        args: &[ast::Arg],
        params: &[Type],
        span: Span,
    ) -> Vec<Expr> {
        if args.len() != params.len() {
            let mut types = Vec::new();
            for ty in params {
                types.push(ty.to_string());
            }
            self.report(
                Diagnostic::new(
                    Code::Arguments,
                    span,
                    format!("`{what}` takes {}, {} given", crate::check::arguments(params.len()), args.len()),
                )
                .help(format!("it takes ({})", joined(&types, ", "))),
            );
        }
        let mut typed = Vec::new();
        for (arg, ty) in args.iter().zip(params) {
            typed.push(self.wanted(&arg.value, Some(ty)));
        }
        typed
    }
}
