//! What is legal and probably not meant.

use std::collections::BTreeSet;

use super::entry::entry;
use crate::{
    Code, Diagnostic,
    model::{Cause, Invoked, Machine, StateId, StateKind, Trigger},
    table::ById,
};

/// Runs every lint on a sound machine.
pub(super) fn lint(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    unreachable(machine, diagnostics);
    unhandled_outcomes(machine, diagnostics);
    no_way_out(machine, diagnostics);
    livelock(machine, diagnostics);
    restored(machine, diagnostics);
}

/// States that some sequence of events can make active, guards taken as true.
fn reachable(machine: &Machine) -> BTreeSet<StateId> {
    let mut reached = BTreeSet::new();
    let mut fresh: Vec<StateId> = entry(machine, 0, &[0]).states.all();
    while let Some(state) = fresh.pop() {
        if !reached.insert(state) {
            continue;
        }
        for id in &machine.states[state].transitions {
            let transition = &machine.transitions[*id];
            if !transition.targets.is_empty() {
                fresh.extend(entry(machine, transition.domain, &transition.targets).states.all());
            }
        }
    }
    reached
}

fn unreachable(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    let reached = reachable(machine);
    for (id, state) in machine.states.iter().enumerate() {
        // The outermost unreachable state says it all.
        if !reached.contains(&id) && reached.contains(&state.parent) && !machine.is_history(id) {
            diagnostics.push(
                Diagnostic::new(
                    Code::Unreachable,
                    state.span,
                    format!("state `{}` is never entered", state.name),
                )
                .label("no transition leads here")
                .help("add a transition to it, or remove it"),
            );
        }
    }
}

/// Which states react to a cause or defer it, ascending, by its number.
type Reacting = ById<Vec<StateId>>;

fn reacting(machine: &Machine) -> Reacting {
    let mut reacting = Reacting::default();
    for (id, state) in machine.states.iter().enumerate() {
        let deferred = state.defer.iter().map(|event| Cause::Event(*event));
        let causes = state.transitions.iter().flat_map(|id| machine.transitions[*id].trigger.causes());
        for cause in deferred.chain(causes) {
            let states = reacting.or_insert(cause.number(), Vec::new());
            if states.last() != Some(&id) {
                states.push(id);
            }
        }
    }
    reacting
}

/// Whether something is handled while a state is active: inside it, around it, or in a region beside it.
fn handled(machine: &Machine, reacting: &Reacting, state: StateId, cause: Cause) -> bool {
    let Some(states) = reacting.get(&cause.number()) else { return false };
    let inside = |state: StateId| {
        let begin = states.partition_point(|known| *known < state);
        states.get(begin).is_some_and(|known| *known <= machine.states[state].last)
    };
    if inside(state) {
        return true;
    }
    let mut at = state;
    while at != 0 {
        at = machine.states[at].parent;
        let beside = machine.states[at].kind == StateKind::Parallel && inside(at);
        if beside || states.binary_search(&at).is_ok() {
            return true;
        }
    }
    false
}

fn unhandled_outcomes(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    let reacting = reacting(machine);
    for activity in &machine.activities {
        let state = &machine.states[activity.state].name;
        let service = match activity.runs {
            Invoked::Service(service) => &machine.services[service],
            Invoked::Child(child) => {
                // A child that returns something is run for it.
                let known = &machine.children[child];
                if known.result.is_some()
                    && !handled(machine, &reacting, activity.state, Cause::ChildDone(child))
                {
                    diagnostics.push(
                        Diagnostic::new(
                            Code::Unhandled,
                            activity.span,
                            format!("`{state}` does not handle the end of `{}`", known.name),
                        )
                        .help(format!(
                            "add `on done({0}) -> …`, or a bare `on done({0})` to ignore it",
                            known.name
                        )),
                    );
                }
                continue;
            }
        };
        let missing: Vec<&str> = service
            .outcomes()
            .chain(service.streams.iter().copied())
            .filter(|event| !handled(machine, &reacting, activity.state, Cause::Event(*event)))
            .map(|event| machine.events[event].symbol.name.as_str())
            .collect();
        if !missing.is_empty() {
            diagnostics.push(
                Diagnostic::new(
                    Code::Unhandled,
                    activity.span,
                    format!(
                        "`{state}` does not handle {} of `{}`",
                        missing.join(", "),
                        service.function.name
                    ),
                )
                .also(service.function.span, "declared here")
                .help(format!(
                    "add `on {} -> …`, or a bare `on {}` to ignore it",
                    missing.join(" | "),
                    missing[0]
                )),
            );
        }
    }
}

fn no_way_out(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    if machine.transitions.is_empty() {
        return;
    }
    for (id, state) in machine.states.iter().enumerate() {
        if state.kind != StateKind::Atomic || state.accept {
            continue;
        }
        let (mut at, mut reacts) = (id, false);
        loop {
            reacts |= !machine.states[at].transitions.is_empty() || machine.states[at].accept;
            if at == 0 || reacts {
                break;
            }
            at = machine.states[at].parent;
        }
        if !reacts {
            diagnostics.push(
                Diagnostic::new(
                    Code::NoWayOut,
                    state.span,
                    format!("nothing ever leaves state `{}`", state.name),
                )
                .help("add a transition, or say what it means: `final` or `accept state`"),
            );
        }
    }
}

/// Eventless transitions without a guard that lead back to where they began.
fn livelock(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    let eventless = |state: StateId| {
        machine.states[state]
            .transitions
            .iter()
            .map(|id| &machine.transitions[*id])
            .find(|transition| transition.trigger == Trigger::Always && transition.guard.is_none())
    };
    // Where the one of each state leads: to the innermost state behind it that has one as well.
    let next: Vec<Option<StateId>> = (0..machine.states.len())
        .map(|state| {
            let first = eventless(state)?;
            if first.targets.is_empty() {
                return Some(state);
            }
            let entered = entry(machine, first.domain, &first.targets).states;
            entered.all().into_iter().rev().find(|state| eventless(*state).is_some())
        })
        .collect();
    // Each state has one successor, so each walk ends in at most one circle.
    let mut walk_of = vec![usize::MAX; next.len()];
    let mut circling = BTreeSet::new();
    for start in 0..next.len() {
        let mut at = start;
        while walk_of[at] == usize::MAX {
            walk_of[at] = start;
            match next[at] {
                Some(after) => at = after,
                None => break,
            }
        }
        if walk_of[at] == start && next[at].is_some() {
            let first = at;
            loop {
                circling.insert(at);
                match next[at] {
                    Some(after) if after != first => at = after,
                    _ => break,
                }
            }
        }
    }
    for state in circling {
        let Some(first) = eventless(state) else { continue };
        diagnostics.push(
            Diagnostic::new(
                Code::Livelock,
                first.span,
                format!("`{}` runs eventless transitions for ever", machine.states[state].name),
            )
            .label("enabled again each time it has been taken")
            .help("add a guard that becomes false, or wait for an event"),
        );
    }
}

/// Histories restore which states were active; data of those starts anew.
fn restored(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    for (id, row) in machine.states.iter().enumerate() {
        for history in &row.histories {
            let deep = machine.states[*history].kind == StateKind::History { deep: true };
            let begin = machine.locals.partition_point(|local| local.state <= id);
            let mut inside = machine.locals.iter().skip(begin).take_while(|local| local.state <= row.last);
            let holder = inside.find(|local| local.param && (deep || row.children.contains(&local.state)));
            if let Some(local) = holder {
                let name = &machine.states[*history].name;
                diagnostics.push(
                    Diagnostic::new(
                        Code::Restored,
                        machine.states[*history].span,
                        format!(
                            "history `{name}` restores `{}` with the default of `{}`",
                            machine.states[local.state].path, local.name
                        ),
                    )
                    .label("it restores which state was active, not its data")
                    .also(local.span, "this value is lost")
                    .help("keep the value in the context, or go to the state with a value"),
                );
            }
        }
    }
}
