//! Arguments to fields and parameters.

use super::{data, flow::Facts, known::Known, react::React, resolve, scope::Scope};
use crate::{
    Code, Diagnostic, Sources, Span,
    model::{Expr, ExprKind, Field, LocalId, Machine, Pass, State, StateId, Type},
    source::joined,
    syntax::ast,
};

/// What stands for a value that is left out: of its position, its field, the values before it, and the machine.
type LeftOut<'a> = &'a mut dyn FnMut(usize, &Field, &[Expr], &Machine) -> Option<Expr>;

impl React<'_> {
    /// Arguments to fields: by position, then by name; an optional field may be left out.
    pub(super) fn bind(
        &mut self,
        what: &str,
        args: &[ast::Arg],
        fields: &[Field],
        span: Span,
        scope: &Scope,
    ) -> Vec<Expr> {
        self.bind_or(what, args, fields, span, scope, &mut |_, field, _, _| {
            matches!(field.ty, Type::Optional(_)).then(|| Expr {
                kind: ExprKind::None,
                ty: field.ty.clone(),
                span,
            })
        })
    }

    /// The same, where what is left out may have a default.
    fn bind_or(
        &mut self,
        what: &str,
        args: &[ast::Arg],
        fields: &[Field],
        span: Span,
        scope: &Scope,
        default: LeftOut<'_>,
    ) -> Vec<Expr> {
        let mut bound: Vec<Option<Expr>> = Vec::new();
        fields.iter().for_each(|_| bound.push(None));
        let mut sound = true;
        for (at, arg) in args.iter().enumerate() {
            let position = match &arg.name {
                None => Some(at).filter(|at| *at < fields.len()),
                Some(name) => fields.iter().position(|field| field.name == name.text),
            };
            let Some(position) = position else {
                sound = false;
                let (span, message) = match &arg.name {
                    Some(name) => (name.span, format!("`{what}` has no field `{}`", name.text)),
                    None => (
                        arg.value.span,
                        format!("`{what}` takes {}, {} given", super::arguments(fields.len()), args.len()),
                    ),
                };
                let mut names = Vec::new();
                for field in fields {
                    names.push(format!("{}: {}", field.name, field.ty));
                }
                let help = if names.is_empty() {
                    "it takes none".to_owned()
                } else {
                    format!("it takes ({})", joined(&names, ", "))
                };
                self.report(Diagnostic::new(Code::Arguments, span, message).help(help));
                continue;
            };
            let typed = self.typed(&arg.value, &fields[position].ty, scope);
            if bound[position].replace(typed).is_some() {
                sound = false;
                self.report(
                    Diagnostic::new(
                        Code::Arguments,
                        arg.value.span,
                        format!("`{}` is given twice", fields[position].name),
                    )
                    .help("remove one of them; what has no name is taken in order"),
                );
            }
        }
        let mut missing = Vec::new();
        let mut values: Vec<Expr> = Vec::with_capacity(fields.len());
        for (at, (value, field)) in bound.into_iter().zip(fields).enumerate() {
            let given = if value.is_some() { value } else { default(at, field, &values, self.machine) };
            values.push(match given {
                Some(value) => value,
                None => {
                    missing.push(field.name.as_str());
                    Expr { kind: ExprKind::Error, ty: field.ty.clone(), span }
                }
            });
        }
        if sound && !missing.is_empty() {
            self.report(
                Diagnostic::new(Code::Arguments, span, format!("`{what}` lacks {}", joined(&missing, ", ")))
                    .help("give a value for each field, in order or as `name: value`"),
            );
        }
        values
    }

    /// Arguments to the parameters of another machine; their defaults are constants.
    pub(super) fn bind_machine(
        &mut self,
        name: &str,
        args: &[ast::Arg],
        span: Span,
        scope: &Scope,
    ) -> Vec<Expr> {
        let all = self.all;
        let Some(known) = all.iter().find(|machine| machine.name == name) else { return Vec::new() };
        self.bind_or(name, args, &known.params, span, scope, &mut |at, _, _, _| {
            known.defaults.get(at)?.clone()
        })
    }

    /// What the places of a target, an initial or a history pass to their states.
    pub(super) fn passes(&mut self, places: &[ast::Place], scope: &Scope) -> Vec<Pass> {
        let mut passes = Vec::new();
        for place in places.iter().filter(|place| !place.args.is_empty()) {
            // What is wrong with the path was said before.
            let Some(state) = resolve::resolve(&place.path, scope.state, self.machine, &mut Vec::new())
            else {
                continue;
            };
            passes.extend(self.pass(state, &place.path.text(), &place.args, place.path.span, scope));
        }
        passes
    }

    /// One value for each parameter of a state.
    pub(super) fn pass(
        &mut self,
        state: StateId,
        what: &str,
        args: &[ast::Arg],
        span: Span,
        scope: &Scope,
    ) -> Option<Pass> {
        let params = data::params(state, self.machine);
        if params.is_empty() {
            let label = if self.machine.is_history(state) {
                "a history passes nothing on"
            } else {
                "it has no parameters"
            };
            self.report(
                Diagnostic::new(Code::Arguments, span, format!("`{what}` takes no values"))
                    .label(label)
                    .help(format!("remove the parentheses, or declare `state {what}(name: Type)`")),
            );
            return None;
        }
        let fields = fields(&params, self.machine);
        let source = scope.state;
        let mut foreign: Vec<String> = Vec::new();
        let args = self.bind_or(what, args, &fields, span, scope, &mut |at, field, before, machine| {
            let param = *params.get(at)?;
            let default = data::default_seen_from(
                source,
                param,
                &data::Given { params: &params, values: before },
                machine,
            );
            if default.is_none() && machine.locals.get(param)?.initial.is_some() {
                foreign.push(field.name.clone());
                return Some(Expr { kind: ExprKind::Error, ty: field.ty.clone(), span });
            }
            default
        });
        if !foreign.is_empty() {
            self.report(
                Diagnostic::new(
                    Code::Arguments,
                    span,
                    format!("`{what}` needs a value for {}", joined(&foreign, ", ")),
                )
                .label("its default reads data of a state that is not active here")
                .help("give it as well, in order or as `name: value`"),
            );
        }
        Some(Pass { state, args })
    }
}

/// Parameters as fields.
pub(super) fn fields(params: &[LocalId], machine: &Machine) -> Vec<Field> {
    let mut fields = Vec::new();
    for id in params {
        let local = &machine.locals[*id];
        fields.push(Field { name: local.name.clone(), ty: local.ty.clone() });
    }
    fields
}

/// Values for the parameters of an actor's machine: constants, or the value of its family.
pub(super) fn actor(
    name: &ast::Name,
    args: &[ast::Arg],
    family: Option<&Field>,
    machine: &Machine,
    known: &Known,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Expr> {
    // Nothing of the machine can be seen from outside; the family's value is all that has a name.
    let mut shell = Machine {
        name: machine.name.clone(),
        types: machine.types.clone(),
        states: vec![State::default()],
        bindings: family.into_iter().cloned().collect(),
        ..Machine::default()
    };
    let bindings = if family.is_some() { vec![0] } else { Vec::new() };
    let scope = Scope { bindings, ..Scope::default() };
    let (facts, sources) = (Facts::default(), Sources::default());
    let mut react = React::new(&mut shell, &[], &facts, &sources, diagnostics);
    let span = name.span;
    let values = react.bind_or(&name.text, args, &known.params, span, &scope, &mut |at, field, _, _| {
        if family.is_some_and(|family| family.name == field.name && family.ty == field.ty) {
            return Some(Expr { kind: ExprKind::Binding(0), ty: field.ty.clone(), span });
        }
        known.defaults.get(at)?.clone()
    });
    for value in values.iter().filter(|value| !is_constant(value)) {
        diagnostics.push(
            Diagnostic::new(Code::NotConstant, value.span, "an actor starts with constants")
                .help("write literals, or the name of the family's value"),
        );
    }
    values
}

fn is_constant(expr: &Expr) -> bool {
    !matches!(expr.kind, ExprKind::Now | ExprKind::In(_)) && expr.operands().into_iter().all(is_constant)
}
