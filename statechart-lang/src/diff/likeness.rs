//! How alike two states are, when their names are not.

use std::collections::BTreeSet;

use super::Pairing;
use crate::diagnostic::distance;
use crate::model::{Machine, StateId};

/// In percent: weighted over what both states, or one of them, say anything about.
pub(super) fn of_states(old: &Machine, new: &Machine, pairing: &Pairing, a: StateId, b: StateId) -> u32 {
    let (Some(before), Some(after)) = (old.states.get(a), new.states.get(b)) else { return 0 };
    let mut score = Score::default();
    score.add(40, overlap(&outgoing(old, a, |id| pairing.new_of(id)), &outgoing(new, b, Some)));
    score.add(20, overlap(&incoming(old, a, |id| pairing.new_of(id)), &incoming(new, b, Some)));
    score.add(15, overlap(&contents(old, a), &contents(new, b)));
    score.add(10, overlap(&children(old, a), &children(new, b)));
    score.add(20, Some(name_likeness(&before.name, &after.name)));
    let same_parent = pairing.new_of(before.parent) == Some(after.parent);
    score.add(10, Some(if same_parent { 100 } else { 0 }));
    score.add(10, Some(if before.kind == after.kind { 100 } else { 0 }));
    score.percent()
}

/// 100 for equal names, 0 for names without anything in common.
pub(super) fn name_likeness(a: &str, b: &str) -> u32 {
    let longest = a.len().max(b.len()).max(1);
    let apart = distance(a, b).min(longest);
    ((longest - apart) * 100 / longest) as u32
}

/// A weighted mean of percentages.
#[derive(Default)]
struct Score {
    sum: u32,
    weights: u32,
}

impl Score {
    /// Nothing is no evidence either way.
    fn add(&mut self, weight: u32, percent: Option<u32>) {
        if let Some(percent) = percent {
            self.sum += weight * percent;
            self.weights += weight;
        }
    }

    fn percent(&self) -> u32 {
        self.sum.checked_div(self.weights).unwrap_or(0)
    }
}

/// What both have of what either has, in percent; nothing when neither has anything.
fn overlap(a: &BTreeSet<String>, b: &BTreeSet<String>) -> Option<u32> {
    let all = a.union(b).count();
    let common = a.intersection(b).count();
    (common * 100).checked_div(all).map(|percent| percent as u32)
}

/// Where the transitions of a state lead; targets that have no pair yet count by their name.
fn outgoing(
    machine: &Machine,
    state: StateId,
    to_new: impl Fn(StateId) -> Option<StateId>,
) -> BTreeSet<String> {
    let own = machine.states.get(state).map(|row| row.transitions.as_slice()).unwrap_or_default();
    let spelt = own.iter().filter_map(|&id| machine.transitions.get(id)).map(|transition| {
        let targets: Vec<String> = transition
            .targets
            .iter()
            .map(|&target| if target == state { "self".to_owned() } else { known(machine, target, &to_new) })
            .collect();
        format!("{} -> {}", transition.pattern, targets.join(", "))
    });
    spelt.collect()
}

/// From where transitions lead to a state.
fn incoming(
    machine: &Machine,
    state: StateId,
    to_new: impl Fn(StateId) -> Option<StateId>,
) -> BTreeSet<String> {
    let leading = machine.transitions.iter().filter(|transition| transition.targets.contains(&state));
    let others = leading.filter(|transition| transition.source != state);
    others
        .map(|transition| format!("{} {}", known(machine, transition.source, &to_new), transition.pattern))
        .collect()
}

fn known(machine: &Machine, state: StateId, to_new: &impl Fn(StateId) -> Option<StateId>) -> String {
    match to_new(state) {
        Some(id) => id.to_string(),
        None => machine.states.get(state).map_or_else(String::new, |row| row.name.clone()),
    }
}

fn contents(machine: &Machine, state: StateId) -> BTreeSet<String> {
    let Some(row) = machine.states.get(state) else { return BTreeSet::new() };
    let actions = row.entry.iter().chain(&row.exit).map(|action| action.text.clone());
    let activities = row.activities.iter().map(|&id| format!("do {}", machine.runs(id)));
    let events = row.defer.iter().filter_map(|&event| machine.events.get(event));
    let deferred = events.map(|event| format!("defer {}", event.symbol.name));
    actions.chain(activities).chain(deferred).collect()
}

fn children(machine: &Machine, state: StateId) -> BTreeSet<String> {
    let own = machine.states.get(state).map(|row| row.children.as_slice()).unwrap_or_default();
    own.iter().filter_map(|&child| Some(machine.states.get(child)?.name.clone())).collect()
}
