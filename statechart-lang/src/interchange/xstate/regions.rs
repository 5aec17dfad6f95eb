//! XState asks a state only when nothing in any of its regions has a transition for the event; W3C, and so the
//! language, asks it for each region that has none. The difference is said as a guard.

use super::super::draft::{Atom, Draft, DraftKind, DraftTransition, Item, On, place};

/// One thing that a state reacts to.
struct Row {
    state: usize,
    atom: Atom,
    guard: Option<String>,
    /// Nothing is left: W3C takes it beside others.
    stays: bool,
}

/// Guards what a state does with an event by what its regions do with it.
pub(super) fn ask_first(draft: &mut Draft) {
    if draft.states.iter().all(|state| state.kind != DraftKind::Parallel) {
        return;
    }
    let rows = rows(draft);
    for state in 0..draft.states.len() {
        let items = std::mem::take(&mut draft.states[state].items);
        let mut changed = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Item::Transition(DraftTransition { on: On::Any(ref atoms), .. }) => {
                    let Item::Transition(transition) = &item else { continue };
                    for (atoms, idle) in groups(draft, &rows, state, transition, atoms) {
                        // What was imported before says it already.
                        let is_said = matches!((&transition.guard, &idle), (Some(guard), Some(idle))
                            if guard == idle || guard.ends_with(&format!(" and {idle}")));
                        let idle = idle.filter(|_| !is_said);
                        let guard = match idle {
                            Some(_) => both(transition.guard.as_deref().map(operand), idle),
                            None => transition.guard.clone(),
                        };
                        let on = On::Any(atoms);
                        changed.push(Item::Transition(DraftTransition { on, guard, ..transition.clone() }));
                    }
                }
                item => changed.push(item),
            }
        }
        draft.states[state].items = changed;
    }
}

fn rows(draft: &Draft) -> Vec<Row> {
    let mut rows = Vec::new();
    for (state, row) in draft.states.iter().enumerate() {
        for item in &row.items {
            let Item::Transition(transition) = item else { continue };
            let On::Any(atoms) = &transition.on else { continue };
            let stays = stays(transition);
            rows.extend(atoms.iter().map(|atom| Row {
                state,
                atom: atom.clone(),
                guard: transition.guard.clone(),
                stays,
            }));
        }
    }
    rows
}

fn stays(transition: &DraftTransition) -> bool {
    transition.targets.is_empty() && !transition.itself
}

/// The atoms of a transition, together where the same must hold for them; and what must hold.
fn groups(
    draft: &Draft,
    rows: &[Row],
    state: usize,
    transition: &DraftTransition,
    atoms: &[Atom],
) -> Vec<(Vec<Atom>, Option<String>)> {
    let mut groups: Vec<(Vec<Atom>, Option<String>)> = Vec::new();
    for atom in atoms {
        let idle = idle(draft, rows, state, atom, stays(transition));
        // Fields are those of one event.
        let alone = idle.as_ref().is_some_and(|idle| idle.contains("event."));
        match groups.iter_mut().find(|(_, known)| *known == idle && !alone) {
            Some((atoms, _)) => atoms.push(atom.clone()),
            None => groups.push((vec![atom.clone()], idle)),
        }
    }
    groups
}

/// That nothing in the regions of a state takes an event; none where W3C comes to the same. Of two transitions that
/// both leave something, the inner one wins there as well.
fn idle(draft: &Draft, rows: &[Row], state: usize, atom: &Atom, stays: bool) -> Option<String> {
    let inner: Vec<&Row> = rows
        .iter()
        .filter(|row| row.atom == *atom && (stays || row.stays) && is_in_region(draft, row.state, state))
        .collect();
    let always: Vec<usize> = inner.iter().filter(|row| row.guard.is_none()).map(|row| row.state).collect();
    let mut parts: Vec<String> = Vec::new();
    for row in inner {
        let covered = always.iter().any(|known| draft.is_below(row.state, *known))
            || (row.guard.is_some() && always.contains(&row.state));
        if covered {
            continue;
        }
        let inside = format!("in({})", place(row.state));
        let part = match &row.guard {
            Some(guard) => format!("{inside} and {}", operand(guard)),
            None => inside,
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    match parts.as_slice() {
        [] => None,
        [one] if !one.contains(' ') => Some(format!("not {one}")),
        parts => Some(format!("not ({})", parts.join(" or "))),
    }
}

/// Whether a state is inside a region of `outer`, or of a parallel state in it.
fn is_in_region(draft: &Draft, state: usize, outer: usize) -> bool {
    let mut at = state;
    while at != outer && at != 0 {
        at = draft.states[at].parent;
        if draft.states[at].kind == DraftKind::Parallel {
            return at == outer || draft.is_below(at, outer);
        }
    }
    false
}

/// Two conditions as one, each of which may stand beside `and`.
fn both(first: Option<String>, second: Option<String>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(format!("{first} and {second}")),
        (first, second) => first.or(second),
    }
}

/// A guard that may stand beside `and`.
fn operand(guard: &str) -> String {
    let loose = ["or ", "if ", "implies "].iter().any(|word| guard.contains(word));
    if loose { format!("({guard})") } else { guard.to_owned() }
}
