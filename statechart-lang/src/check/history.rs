//! Where history states go when nothing is stored.

use super::{
    resolve::resolve,
    states::{Places, report_conflicts},
};
use crate::{
    Code, Diagnostic,
    model::{Machine, StateId, StateKind},
};

/// Resolves the default targets of every history state; without any they are those of its parent.
pub(super) fn defaults(machine: &mut Machine, places: &Places<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for (&id, ast) in places.histories.iter() {
        let parent = machine.states[id].parent;
        let kind = machine.states[parent].kind;
        if !matches!(kind, StateKind::Compound | StateKind::Parallel) {
            let (name, outer) = (&machine.states[id].name, &machine.states[parent].name);
            diagnostics.push(
                Diagnostic::new(
                    Code::BadHistory,
                    ast.name.span,
                    format!("history `{name}` has nothing to restore"),
                )
                .label(format!("`{outer}` has no states inside"))
                .help("move it into the state whose inner states it restores, or remove it"),
            );
            continue;
        }
        let mut targets = Vec::new();
        for place in &ast.places {
            let Some(target) = resolve(&place.path, parent, machine, diagnostics) else { continue };
            if let Some(problem) = unfit(machine, parent, target) {
                diagnostics.push(
                    Diagnostic::new(Code::BadHistory, place.path.span, problem)
                        .help(format!("choose a state inside `{}`", machine.states[parent].path)),
                );
            } else {
                targets.push(target);
            }
        }
        if let (Some(first), Some(last)) = (ast.places.first(), ast.places.last()) {
            report_conflicts(&targets, first.path.span.to(last.path.span), machine, diagnostics);
        } else if kind == StateKind::Parallel {
            targets.clone_from(&machine.states[parent].children);
        } else if machine.states[parent].initial.contains(&id) {
            diagnostics.push(
                Diagnostic::new(
                    Code::BadHistory,
                    ast.name.span,
                    format!("history `{}` is the initial of its parent and has no default", ast.name.text),
                )
                .label("the first time nothing is stored")
                .help(format!("say where it goes then: `history {} -> state`", ast.name.text)),
            );
        } else {
            let initial = &machine.states[parent].initial;
            targets = initial.iter().copied().filter(|target| !machine.is_history(*target)).collect();
        }
        machine.states[id].initial = targets;
    }
}

fn unfit(machine: &Machine, parent: StateId, target: StateId) -> Option<String> {
    let row = &machine.states[target];
    if machine.is_history(target) {
        Some(format!("`{}` is a history itself", row.path))
    } else if !machine.is_descendant(target, parent) {
        Some(format!("`{}` is not inside `{}`", row.path, machine.states[parent].path))
    } else {
        None
    }
}
