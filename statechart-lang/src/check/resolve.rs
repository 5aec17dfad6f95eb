//! States by name.

use super::{SUGGESTIONS, near};
use crate::{
    Code, Diagnostic,
    model::{Machine, StateId},
    source::joined,
    syntax::ast,
};

/// How many names a message lists.
const SHOWN: usize = 8;

/// A state by name or path, outward from the innermost scope.
pub(super) fn resolve(
    path: &ast::Path,
    from: StateId,
    machine: &Machine,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<StateId> {
    let first = path.names.first()?;
    let named = machine.named.get(&first.text).map_or(&[][..], Vec::as_slice);
    let mut scope = from;
    loop {
        // Descendants follow their ancestor, up to its last.
        let begin = named.partition_point(|id| *id <= scope);
        let end = named.partition_point(|id| *id <= machine.states[scope].last);
        let inside = named.get(begin..end).unwrap_or(&[]);
        // Whether it is one or several is all that matters.
        let mut direct = Vec::new();
        for id in inside {
            if machine.states[*id].parent == scope {
                direct.push(*id);
            }
            if direct.len() > 1 {
                break;
            }
        }
        match (inside, direct.as_slice()) {
            ([one], _) | (_, [one]) => return below(*one, path, machine, diagnostics),
            ([], _) if scope == 0 => break,
            ([], _) => scope = machine.states[scope].parent,
            // Declared twice, which is reported there.
            ([first, rest @ ..], _)
                if rest[..rest.len().min(SHOWN)]
                    .iter()
                    .all(|id| machine.states[*id].path == machine.states[*first].path) =>
            {
                return below(*first, path, machine, diagnostics);
            }
            (several, _) => {
                let mut paths = Vec::new();
                for id in &several[..several.len().min(SHOWN)] {
                    paths.push(format!("`{}`", machine.states[*id].path));
                }
                if several.len() > SHOWN {
                    paths.push(format!("{} others", several.len() - SHOWN));
                }
                diagnostics.push(
                    Diagnostic::new(
                        Code::Ambiguous,
                        path.span,
                        format!("`{}` names several states", path.text()),
                    )
                    .help(format!("write the path: {}", joined(&paths, " or "))),
                );
                return None;
            }
        }
    }
    unknown(first, machine, diagnostics);
    None
}

/// Follows the rest of a path downward.
fn below(
    start: StateId,
    path: &ast::Path,
    machine: &Machine,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<StateId> {
    let mut state = start;
    for name in path.names.get(1..).unwrap_or(&[]) {
        let row = &machine.states[state];
        let is_named = |child: &&StateId| machine.states[**child].name == name.text;
        let child = row.children.iter().find(is_named).or_else(|| row.histories.iter().find(is_named));
        match child {
            Some(child) => state = *child,
            None => {
                let mut inside: Vec<&str> = Vec::new();
                let looked_at = if diagnostics.len() > SUGGESTIONS { SHOWN } else { usize::MAX };
                for child in row.children.iter().take(looked_at) {
                    inside.push(&machine.states[*child].name);
                }
                let help = match near(&name.text, inside.iter().copied(), diagnostics.len()) {
                    Some(near) => near,
                    None if inside.is_empty() => "it has no states inside".to_owned(),
                    None => format!("it has {}", joined(&inside[..inside.len().min(SHOWN)], ", ")),
                };
                diagnostics.push(
                    Diagnostic::new(
                        Code::UnknownState,
                        name.span,
                        format!("`{}` has no state `{}`", machine.states[state].path, name.text),
                    )
                    .help(help),
                );
                return None;
            }
        }
    }
    Some(state)
}

fn unknown(name: &ast::Name, machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    let help = near(&name.text, machine.named.keys().map(String::as_str), diagnostics.len())
        .unwrap_or_else(|| format!("declare it: `state {}`", name.text));
    diagnostics.push(
        Diagnostic::new(Code::UnknownState, name.span, format!("unknown state `{}`", name.text)).help(help),
    );
}

/// A state that can be active: no history.
pub(super) fn resolve_active(
    path: &ast::Path,
    from: StateId,
    machine: &Machine,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<StateId> {
    let state = resolve(path, from, machine, diagnostics)?;
    if machine.is_history(state) {
        let parent = machine.states[state].parent;
        diagnostics.push(
            Diagnostic::new(
                Code::BadHistory,
                path.span,
                format!("history `{}` is never active", machine.states[state].path),
            )
            .label("it is only a target")
            .help(format!("name a state: `{}` is what it restores", machine.states[parent].path)),
        );
        return None;
    }
    Some(state)
}
