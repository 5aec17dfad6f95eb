//! Which edges run against the flow, so that a picture begins at the initial state.
//!
//! Graphviz breaks cycles itself, but a frame counts as one thing for it and comes first, wherever the
//! flow enters it. So cycles through frames are broken here: among the children of each state, a walk in
//! document order from the initial one finds the edges that lead back to where the walk came from.

use std::collections::{BTreeMap, BTreeSet};

use super::label;
use crate::model::{Machine, StateId, TransitionId};

/// An edge: a transition and one of its targets.
pub(super) type Edge = (TransitionId, StateId);

/// From each child, in document order: the sibling that an edge leads to, and the edge.
type Steps = BTreeMap<StateId, Vec<(StateId, Edge)>>;

/// The edges that close a cycle among siblings.
pub(super) fn backward(machine: &Machine) -> BTreeSet<Edge> {
    // For all levels at once: they share no state.
    let mut steps = Steps::new();
    for (id, transition) in label::edges(machine) {
        for target in &transition.targets {
            if let Some((from, to)) = siblings(machine, transition.source, *target) {
                steps.entry(from).or_default().push((to, (id, *target)));
            }
        }
    }
    let mut back = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for (id, parent) in machine.states.iter().enumerate() {
        let first =
            parent.initial.iter().filter_map(|target| siblings(machine, id, *target).map(|(_, child)| child));
        let starts: Vec<StateId> = first.chain(parent.children.iter().copied()).collect();
        for start in starts {
            walk(start, &steps, &mut seen, &mut back);
        }
    }
    back
}

/// One depth-first walk; every edge is looked at once.
fn walk(start: StateId, steps: &Steps, seen: &mut BTreeSet<StateId>, back: &mut BTreeSet<Edge>) {
    if !seen.insert(start) {
        return;
    }
    let mut path = vec![(start, 0)];
    while let Some((at, next)) = path.last_mut() {
        let step = steps.get(at).and_then(|list| list.get(*next)).copied();
        *next += 1;
        match step {
            None => {
                path.pop();
            }
            Some((to, _)) if seen.insert(to) => path.push((to, 0)),
            Some((to, edge)) => {
                if path.iter().any(|(state, _)| *state == to) {
                    back.insert(edge);
                }
            }
        }
    }
}

/// The ancestors of two states that are siblings; for a state and its own descendant, the state and the
/// child on the way. `None` when the way leads nowhere or upwards.
fn siblings(machine: &Machine, from: StateId, to: StateId) -> Option<(StateId, StateId)> {
    let (from, to) = (label::ancestry(machine, from), label::ancestry(machine, to));
    let shared = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let below = to.get(shared).copied()?;
    Some((from.get(shared).or_else(|| from.last()).copied()?, below))
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn the_flow_begins_at_the_initial_state() {
        let machine = sample::nested();
        let back: Vec<String> = backward(&machine)
            .iter()
            .map(|(id, target)| {
                let row = &machine.transitions[*id];
                format!(
                    "{} {} {}",
                    machine.states[row.source].name, row.pattern, machine.states[*target].name
                )
            })
            .collect();
        assert_eq!(
            back,
            ["live CLOSED disconnected", "busy done waiting", "error RESET work", "error after 30s off"]
        );
    }
}
