//! Why a target is missing: what the search saw of it.

use std::collections::BTreeMap;

use super::{graph::Graph, target::Target, transition_name};
use crate::{
    interpreter::Claim,
    model::{Machine, TransitionId, Trigger},
};

/// One line for people.
pub(super) fn missing(machine: &Machine, graph: &Graph, target: Target) -> String {
    let why = match target {
        Target::State(_) => "no input that was tried leads to it".to_owned(),
        Target::Transition(id) => transition(machine, graph, id),
        Target::Guard(id, value) => guard(machine, graph, id, value),
        Target::Pair(first, second) => {
            let alone = [first, second].into_iter().find(|id| !is_met(graph, Target::Transition(*id)));
            match alone {
                Some(id) => format!("`{}` is never taken", transition_name(machine, id)),
                None => "the one was never the next that was taken after the other".to_owned(),
            }
        }
    };
    // The machine before its start is no situation.
    let situations = graph.nodes.len().saturating_sub(1);
    if graph.whole {
        format!("{why}, in all {situations} situations that the tried inputs lead to")
    } else {
        format!("{why}, in the {situations} situations that were looked at; there are more")
    }
}

fn is_met(graph: &Graph, target: Target) -> bool {
    graph.met.contains(&target)
}

/// The state that a transition leaves was never active, where that is so.
fn never_active(machine: &Machine, graph: &Graph, id: TransitionId) -> Option<String> {
    let source = machine.transitions.get(id)?.source;
    let row = machine.states.get(source)?;
    (source != 0 && !is_met(graph, Target::State(source)))
        .then(|| format!("its state `{}` was never active", row.path))
}

fn transition(machine: &Machine, graph: &Graph, id: TransitionId) -> String {
    if let Some(why) = never_active(machine, graph, id) {
        return why;
    }
    let seen = graph.seen.get(&id).cloned().unwrap_or_default();
    let trigger = machine.transitions.get(id).map(|row| &row.trigger);
    if seen.guard == [0, 0] && seen.lost_to.is_empty() && seen.preempted_by.is_empty() {
        return match trigger {
            Some(Trigger::Fault) => {
                "no input that was tried raises a fault; what a runtime reports, such as an \
                                     undelivered message, has no symbol in a word"
                    .to_owned()
            }
            _ => "its trigger never came while its state was active".to_owned(),
        };
    }
    let [no, yes] = seen.guard;
    if let Some(by) = most(&seen.preempted_by) {
        return format!("`{}` preempted it", transition_name(machine, by));
    }
    if no > 0 && yes == 0 {
        return format!("its guard was false each of the {no} times that it was asked");
    }
    match most(&seen.lost_to) {
        Some(Claim::Transition(by)) => format!("`{}` came first", transition_name(machine, by)),
        Some(Claim::Defer) => "a `defer` came first".to_owned(),
        None => "a value that it passes could not be computed".to_owned(),
    }
}

fn guard(machine: &Machine, graph: &Graph, id: TransitionId, value: bool) -> String {
    if let Some(why) = never_active(machine, graph, id) {
        return why;
    }
    let seen = graph.seen.get(&id).cloned().unwrap_or_default();
    let [no, yes] = seen.guard;
    if no + yes == 0 {
        return match most(&seen.lost_to) {
            Some(Claim::Transition(by)) => {
                format!("it was never asked: `{}` came first", transition_name(machine, by))
            }
            _ => "it was never asked".to_owned(),
        };
    }
    format!("it was {} each of the {} times that it was asked", !value, no + yes)
}

fn most<K: Ord + Copy>(counts: &BTreeMap<K, u64>) -> Option<K> {
    // The first of those that occur most often.
    let most = counts.values().max()?;
    counts.iter().find(|(_, count)| *count == most).map(|(key, _)| *key)
}
