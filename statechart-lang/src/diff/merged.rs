//! Two versions as one machine, for drawing: the new one with what the old one had besides.

use std::collections::BTreeMap;

use super::Pairing;
use crate::diagram::{Highlight, Hue};
use crate::model::{Machine, State, StateId, StateKind, Transition, TransitionId, Trigger};
use crate::table::ByName;

/// Where a state of the merged machine comes from.
#[derive(Debug, Clone, Copy)]
enum Origin {
    New(StateId),
    /// Only the old version has it.
    Old(StateId),
}

/// The merged machine and its colours. It can be drawn, not run.
pub(super) fn merge(old: &Machine, new: &Machine, pairing: &Pairing) -> (Machine, Highlight) {
    let mut order = Vec::new();
    place(old, new, pairing, 0, &mut order);
    let mut layout = Layout { of_new: BTreeMap::new(), of_old: BTreeMap::new() };
    for (id, origin) in order.iter().enumerate() {
        match origin {
            Origin::New(state) => layout.of_new.insert(*state, id),
            Origin::Old(state) => layout.of_old.insert(*state, id),
        };
    }
    for pair in &pairing.states {
        if let Some(&id) = layout.of_new.get(&pair.new) {
            layout.of_old.insert(pair.old, id);
        }
    }
    let mut machine = new.clone();
    machine.label = "added is green, removed is red, changed is orange".to_owned();
    machine.named = ByName::default();
    let mut marks = Highlight::default();
    machine.transitions = transitions(old, new, pairing, &layout, &mut marks);
    machine.states = order.iter().map(|origin| layout.state(old, new, *origin)).collect();
    link(&mut machine);
    mark_states(&mut marks, pairing, &order, &machine);
    for timer in &mut machine.timers {
        timer.state = layout.new_id(timer.state);
    }
    for activity in &mut machine.activities {
        activity.state = layout.new_id(activity.state);
    }
    for local in &mut machine.locals {
        local.state = layout.new_id(local.state);
    }
    (machine, marks)
}

/// A state of the new version, what is in it, and what the old version had in it besides.
fn place(old: &Machine, new: &Machine, pairing: &Pairing, state: StateId, order: &mut Vec<Origin>) {
    order.push(Origin::New(state));
    let below = new.states.iter().enumerate().filter(|(id, row)| *id > 0 && row.parent == state);
    for (child, _) in below {
        place(old, new, pairing, child, order);
    }
    if let Some(before) = pairing.old_of(state) {
        place_removed(old, pairing, before, order);
    }
}

fn place_removed(old: &Machine, pairing: &Pairing, parent: StateId, order: &mut Vec<Origin>) {
    let below = old.states.iter().enumerate().filter(|(id, row)| *id > 0 && row.parent == parent);
    for (child, _) in below.filter(|(id, _)| pairing.new_of(*id).is_none()) {
        order.push(Origin::Old(child));
        place_removed(old, pairing, child, order);
    }
}

/// Where the states of either version are in the merged one.
struct Layout {
    of_new: BTreeMap<StateId, StateId>,
    of_old: BTreeMap<StateId, StateId>,
}

impl Layout {
    fn new_id(&self, state: StateId) -> StateId {
        self.of_new.get(&state).copied().unwrap_or(0)
    }

    fn old_id(&self, state: StateId) -> StateId {
        self.of_old.get(&state).copied().unwrap_or(0)
    }

    fn state(&self, old: &Machine, new: &Machine, origin: Origin) -> State {
        match origin {
            Origin::New(id) => {
                let mut state = new.states.get(id).cloned().unwrap_or_default();
                state.parent = self.new_id(state.parent);
                state.initial = state.initial.iter().map(|&target| self.new_id(target)).collect();
                state
            }
            Origin::Old(id) => {
                let mut state = old.states.get(id).cloned().unwrap_or_default();
                state.parent = self.old_id(state.parent);
                state.initial = state.initial.iter().map(|&target| self.old_id(target)).collect();
                // Another state may have this path by now.
                state.path = format!("{} (removed)", state.path);
                state.timers.clear();
                state.activities.clear();
                let kept =
                    state.defer.iter().filter_map(|&event| new.event(&old.events.get(event)?.symbol.name));
                state.defer = kept.collect();
                state
            }
        }
    }
}

/// Children, histories, ends and transitions follow from the parents and sources.
fn link(machine: &mut Machine) {
    let parents: Vec<StateId> = machine.states.iter().map(|state| state.parent).collect();
    for (id, state) in machine.states.iter_mut().enumerate() {
        state.children.clear();
        state.histories.clear();
        state.last = id;
        state.transitions.clear();
    }
    for (id, transition) in machine.transitions.iter().enumerate() {
        if let Some(state) = machine.states.get_mut(transition.source) {
            state.transitions.push(id);
        }
    }
    for (id, &parent) in parents.iter().enumerate().skip(1).rev() {
        let Some((last, is_history)) =
            machine.states.get(id).map(|row| (row.last, matches!(row.kind, StateKind::History { .. })))
        else {
            continue;
        };
        let Some(row) = machine.states.get_mut(parent) else { continue };
        row.last = row.last.max(last);
        if is_history {
            row.histories.insert(0, id);
        } else {
            row.children.insert(0, id);
            if row.kind == StateKind::Atomic {
                // It had children once; they are drawn in it.
                row.kind = StateKind::Compound;
            }
        }
    }
}

fn transitions(
    old: &Machine,
    new: &Machine,
    pairing: &Pairing,
    layout: &Layout,
    marks: &mut Highlight,
) -> Vec<Transition> {
    let mut rows = Vec::new();
    for (id, transition) in new.transitions.iter().enumerate() {
        let mut row = transition.clone();
        row.source = layout.new_id(row.source);
        row.domain = layout.new_id(row.domain);
        row.targets = row.targets.iter().map(|&target| layout.new_id(target)).collect();
        if let Trigger::Done(state) = &mut row.trigger {
            *state = layout.new_id(*state);
        }
        if !pairing.has_old_transition(id) {
            marks.transitions.insert(rows.len(), Hue::Green.into());
        } else if pairing.changed_transitions.contains(&id) {
            marks.transitions.insert(rows.len(), Hue::Orange.into());
        }
        rows.push(row);
    }
    let is_gone = |id: &TransitionId| pairing.new_transition(*id).is_none();
    for (_, transition) in old.transitions.iter().enumerate().filter(|(id, _)| is_gone(id)) {
        let mut row = transition.clone();
        row.source = layout.old_id(row.source);
        row.domain = layout.old_id(row.domain);
        row.targets = row.targets.iter().map(|&target| layout.old_id(target)).collect();
        row.passes.clear();
        if row.trigger != Trigger::Always {
            // The pattern is what is drawn; the numbers are those of the old version.
            row.trigger = Trigger::Events(Vec::new());
        }
        marks.transitions.insert(rows.len(), Hue::Red.into());
        rows.push(row);
    }
    rows
}

fn mark_states(marks: &mut Highlight, pairing: &Pairing, order: &[Origin], machine: &Machine) {
    for (id, origin) in order.iter().enumerate() {
        let mark = match origin {
            Origin::Old(_) => Some(Hue::Red),
            Origin::New(state) if pairing.old_of(*state).is_none() => Some(Hue::Green),
            Origin::New(state) if pairing.changed_states.contains(state) => Some(Hue::Orange),
            Origin::New(_) => None,
        };
        if let Some(mark) = mark {
            marks.states.insert(id, mark.into());
        }
    }
    // What stays in its state is drawn as a line of the state's box, which has one colour.
    let stays =
        |id: &TransitionId| machine.transitions.get(*id).filter(|row| row.targets.is_empty() || row.ignore);
    for transition in marks.transitions.keys().filter_map(stays) {
        marks.states.entry(transition.source).or_insert(Hue::Orange.into());
    }
}
