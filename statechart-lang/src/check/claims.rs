//! What a spec says about itself: limits, examples, properties, migrations.

use super::{migration, near, resolve::resolve_active, scope::Scope, types};
use crate::{
    Code, Diagnostic,
    model::{Example, Limits, Literal, Machine, Migration, Property, PropertyKind, Sign, Type},
    source::joined,
    syntax::ast::{self, ExprKind, MemberKind},
    table::ByName,
};

/// `limits { internal: 32 }`.
pub(super) fn limits(ast: &ast::Machine, machine: &mut Machine, diagnostics: &mut Vec<Diagnostic>) {
    const NAMES: [&str; 4] = ["internal", "deferred", "microsteps", "undo"];
    let mut seen = ByName::default();
    let lists = ast.members.iter().filter_map(|member| match &member.kind {
        MemberKind::Limits(list) => Some(list),
        _ => None,
    });
    for (name, value) in lists.flatten() {
        if let Some(first) = seen.insert(&name.text, name.span) {
            diagnostics.push(
                Diagnostic::new(Code::Duplicate, name.span, format!("limit `{}` is set twice", name.text))
                    .label("set again here")
                    .also(first, "set first here")
                    .help("remove one of them"),
            );
            continue;
        }
        let place = match name.text.as_str() {
            "internal" => &mut machine.limits.internal,
            "deferred" => &mut machine.limits.deferred,
            "microsteps" => &mut machine.limits.microsteps,
            "undo" => &mut machine.limits.undo,
            _ => {
                let help = near(&name.text, NAMES, diagnostics.len())
                    .unwrap_or_else(|| format!("the limits are {}", joined(&NAMES, ", ")));
                diagnostics.push(
                    Diagnostic::new(Code::BadLimit, name.span, format!("unknown limit `{}`", name.text))
                        .help(help),
                );
                continue;
            }
        };
        let ExprKind::Literal(Literal::Int(number)) = value.kind else { continue };
        match u32::try_from(number).ok().filter(|number| (1..=Limits::LARGEST).contains(number)) {
            Some(number) => *place = number,
            None => diagnostics.push(
                Diagnostic::new(Code::BadLimit, value.span, format!("`{}` cannot be {number}", name.text))
                    .help(format!("choose a number from 1 to {}", Limits::LARGEST)),
            ),
        }
    }
}

/// Examples, properties and migrations of a machine whose states are known.
pub(super) fn claims(
    ast: &ast::Machine,
    machine: &mut Machine,
    inside: &dyn Fn(usize) -> Scope,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut names = ByName::default();
    for member in &ast.members {
        match &member.kind {
            MemberKind::Example { word, states } => {
                let states =
                    states.iter().filter_map(|path| resolve_active(path, 0, machine, diagnostics)).collect();
                machine.examples.push(Example { word: word.text.clone(), states, span: word.span });
            }
            MemberKind::Property(property) => {
                if let Some(first) = names.insert(&property.name.text, property.name.span) {
                    diagnostics.push(
                        Diagnostic::new(
                            Code::Duplicate,
                            property.name.span,
                            format!("property \"{}\" is declared twice", property.name.text),
                        )
                        .label("declared again here")
                        .also(first, "declared first here")
                        .help("rename or remove one of them"),
                    );
                }
                if let Some(kind) = kind(&property.kind, machine, inside, diagnostics) {
                    let name = property.name.text.clone();
                    machine.properties.push(Property { name, kind, span: member.span });
                }
            }
            MemberKind::Migrate { from, moved } => {
                let migration = migration::migration(from, moved, machine, diagnostics);
                machine.migrations.push(Migration { span: member.span, ..migration });
            }
            _ => {}
        }
    }
}

fn kind(
    kind: &ast::PropertyKind,
    machine: &Machine,
    inside: &dyn Fn(usize) -> Scope,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<PropertyKind> {
    Some(match kind {
        ast::PropertyKind::CanReach { from, to } => {
            let from = resolve_active(from, 0, machine, diagnostics);
            let to = resolve_active(to, 0, machine, diagnostics);
            PropertyKind::CanReach { from: from?, to: to? }
        }
        ast::PropertyKind::LeadsTo { first, then } => {
            // What comes in is looked for among the events first, what follows among the outputs.
            let first = signs(first, true, machine, diagnostics);
            let then = signs(then, false, machine, diagnostics);
            PropertyKind::LeadsTo { first, then }
        }
        ast::PropertyKind::Never { first, before } => {
            let first = sign(first, true, machine, diagnostics);
            let before = sign(before, true, machine, diagnostics);
            PropertyKind::Never { first: first?, before: before? }
        }
        ast::PropertyKind::Invariant { state, holds } => {
            let state = match state {
                Some(path) => Some(resolve_active(path, 0, machine, diagnostics)?),
                None => None,
            };
            let scope = inside(state.unwrap_or(0));
            let holds = types::typed(holds, Some(&Type::Bool), &scope, machine, diagnostics);
            PropertyKind::Invariant { state, holds }
        }
    })
}

fn signs(
    names: &[ast::Name],
    events_first: bool,
    machine: &Machine,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Sign> {
    names.iter().filter_map(|name| sign(name, events_first, machine, diagnostics)).collect()
}

/// An event or an output; where both have the name, the one that the place suggests.
fn sign(
    name: &ast::Name,
    events_first: bool,
    machine: &Machine,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Sign> {
    let event = machine.index.events.get(&name.text).map(|at| Sign::Event(*at));
    let output = machine.index.outputs.get(&name.text).map(|at| Sign::Output(*at));
    let found = if events_first { event.or(output) } else { output.or(event) };
    if found.is_none() {
        let known = machine.index.events.keys().chain(machine.index.outputs.keys()).map(String::as_str);
        let help = near(&name.text, known, diagnostics.len())
            .unwrap_or_else(|| format!("declare it: `input {{ {0} }}` or `output {{ {0} }}`", name.text));
        diagnostics.push(
            Diagnostic::new(
                Code::UnknownEvent,
                name.span,
                format!("undeclared event or output `{}`", name.text),
            )
            .help(help),
        );
    }
    found
}
