//! A draft of `migrate from "…" { … }`.

use super::likeness::name_likeness;
use super::{How, Pairing};
use crate::model::{Machine, Variable};

/// What a renamed variable needs, in percent.
const LEAST_LIKENESS: u32 = 50;

/// What the new version has to say, or nothing when a snapshot depends on nothing that differs. Comments say what is left
/// to decide.
pub(super) fn draft(old: &Machine, new: &Machine, pairing: &Pairing) -> Option<String> {
    let fingerprint = old.fingerprint();
    if fingerprint == new.fingerprint() {
        return None;
    }
    let mut lines = Vec::new();
    for pair in pairing.states.iter().filter(|pair| pair.old > 0) {
        let (Some(before), Some(after)) = (old.states.get(pair.old), new.states.get(pair.new)) else {
            continue;
        };
        if before.path != after.path {
            let doubt = match pair.how {
                How::Guessed(percent) => format!("  // a guess: {percent} % alike"),
                How::Same | How::Moved => String::new(),
            };
            lines.push(format!("{} -> {}{doubt}", before.path, after.path));
        }
    }
    for (id, state) in old.states.iter().enumerate().filter(|(id, _)| pairing.new_of(*id).is_none()) {
        if id > 0 && !old.is_history(id) {
            lines.push(format!(
                "// {} is gone: say where a snapshot in it goes on, or it is refused",
                state.path
            ));
        }
    }
    variables(old, new, &mut lines);
    let body: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    Some(format!("migrate from \"{fingerprint}\" {{\n{body}}}\n"))
}

fn variables(old: &Machine, new: &Machine, lines: &mut Vec<String>) {
    let missing =
        |machine: &Machine, name: &str| !machine.context.iter().any(|variable| variable.name == name);
    let mut fresh: Vec<&Variable> =
        new.context.iter().filter(|variable| missing(old, &variable.name)).collect();
    let mut gone: Vec<&Variable> =
        old.context.iter().filter(|variable| missing(new, &variable.name)).collect();
    gone.retain(|variable| {
        let Some((index, doubt)) = renamed(variable, &gone_of_type(old, new, variable), &fresh) else {
            return true;
        };
        let now = fresh.remove(index);
        lines.push(format!("context {} -> {}  // a guess: {doubt}", variable.name, now.name));
        false
    });
    lines.extend(gone.iter().map(|variable| format!("// the value of {} is dropped", variable.name)));
    lines.extend(fresh.iter().map(|variable| format!("// {} begins with its initial value", variable.name)));
    for variable in &old.context {
        let now = new.context.iter().find(|other| other.name == variable.name);
        if let Some(now) = now.filter(|now| now.ty != variable.ty) {
            lines.push(format!(
                "// {} was {} and is {}: its value has to be of that type, or the snapshot is refused",
                variable.name, variable.ty, now.ty
            ));
        }
    }
}

/// Variables of that type which only the old version has.
fn gone_of_type<'m>(old: &'m Machine, new: &Machine, variable: &Variable) -> Vec<&'m Variable> {
    let is_gone = |other: &&Variable| {
        other.ty == variable.ty && !new.context.iter().any(|variable| variable.name == other.name)
    };
    old.context.iter().filter(is_gone).collect()
}

/// Which of the new variables this one probably is, and why: its name is alike, or it is the only one of its type.
fn renamed(variable: &Variable, gone: &[&Variable], fresh: &[&Variable]) -> Option<(usize, String)> {
    let of_type: Vec<usize> = (0..fresh.len())
        .filter(|&index| fresh.get(index).is_some_and(|other| other.ty == variable.ty))
        .collect();
    let alike = |index: usize| fresh.get(index).map_or(0, |other| name_likeness(&variable.name, &other.name));
    let best = of_type.iter().copied().max_by_key(|&index| (alike(index), usize::MAX - index))?;
    if alike(best) >= LEAST_LIKENESS {
        return Some((best, format!("{} % alike", alike(best))));
    }
    (of_type.len() == 1 && gone.len() == 1)
        .then(|| (best, format!("the only new one of type {}", variable.ty)))
}
