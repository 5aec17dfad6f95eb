//! [`EntrySet`]: what a microstep enters (W3C: computeEntrySet, addDescendantStatesToEnter,
//! addAncestorStatesToEnter).

use std::collections::BTreeMap;

use super::{select::outward, state_set::StateSet};
use crate::model::{Machine, StateId, StateKind};

/// What history states have recorded (W3C historyValue).
pub(super) type History = BTreeMap<StateId, Vec<StateId>>;

/// What is entered, and which default content runs on the way.
#[derive(Debug, Default)]
pub(super) struct EntrySet {
    /// W3C statesToEnter.
    pub(super) states: StateSet,
    /// W3C statesForDefaultEntry: their `initial` was followed.
    pub(super) by_default: StateSet,
    /// W3C defaultHistoryContent: for the parent of a history state that had nothing stored, that history state.
    pub(super) default_history: BTreeMap<StateId, StateId>,
    /// History states whose default targets were followed: once each, so that a circle of them ends.
    followed: StateSet,
}

impl EntrySet {
    /// W3C computeEntrySet, for one transition.
    pub(super) fn add_targets(
        &mut self,
        machine: &Machine,
        history: &History,
        targets: &[StateId],
        domain: StateId,
    ) {
        for &target in targets {
            self.add_descendants(machine, history, target);
        }
        for &target in targets {
            self.add_ancestors(machine, history, target, domain);
        }
    }

    /// W3C addDescendantStatesToEnter: a state with what is entered in it by default; for a history state what was
    /// active when its parent was left, else its default targets.
    pub(super) fn add_descendants(&mut self, machine: &Machine, history: &History, state: StateId) {
        let Some(row) = machine.states.get(state) else { return };
        if machine.is_history(state) {
            return self.add_history(machine, history, state);
        }
        self.states.insert(state);
        match row.kind {
            StateKind::Compound => {
                self.by_default.insert(state);
                self.add_targets(machine, history, &row.initial, state);
            }
            StateKind::Parallel => self.add_regions(machine, history, state),
            StateKind::Atomic | StateKind::Final | StateKind::History { .. } => {}
        }
    }

    fn add_history(&mut self, machine: &Machine, history: &History, state: StateId) {
        let Some(row) = machine.states.get(state) else { return };
        let parent = row.parent;
        if let Some(stored) = history.get(&state) {
            for &restored in stored {
                self.add_descendants(machine, history, restored);
            }
            for &restored in stored {
                self.add_ancestors(machine, history, restored, parent);
            }
            return;
        }
        if self.followed.insert(state) {
            self.default_history.insert(parent, state);
            self.add_targets(machine, history, default_targets(machine, state), parent);
        }
    }

    /// W3C addAncestorStatesToEnter: everything between the state and the domain, without either; regions
    /// beside the way are entered by default.
    fn add_ancestors(&mut self, machine: &Machine, history: &History, state: StateId, domain: StateId) {
        for ancestor in outward(machine, state).skip(1).take_while(|&ancestor| ancestor != domain) {
            self.states.insert(ancestor);
            if machine.states.get(ancestor).is_some_and(|row| row.kind == StateKind::Parallel) {
                self.add_regions(machine, history, ancestor);
            }
        }
        // A root of regions is its own `<parallel>`: left by a transition of one region, all are entered again.
        if domain == 0 && machine.states.first().is_some_and(|root| root.kind == StateKind::Parallel) {
            self.add_regions(machine, history, 0);
        }
    }

    /// Default-enters the children of a parallel state in which nothing is entered yet.
    fn add_regions(&mut self, machine: &Machine, history: &History, parallel: StateId) {
        let Some(row) = machine.states.get(parallel) else { return };
        for &region in &row.children {
            let last = machine.states.get(region).map_or(region, |row| row.last);
            if !self.states.any_within(region + 1, last) {
                self.add_descendants(machine, history, region);
            }
        }
    }
}

/// Where a history state leads on the first visit: where its parent would be entered by default, unless it says.
fn default_targets(machine: &Machine, history: StateId) -> &[StateId] {
    let Some(row) = machine.states.get(history) else { return &[] };
    if !row.initial.is_empty() {
        return &row.initial;
    }
    let Some(parent) = machine.states.get(row.parent) else { return &[] };
    if parent.kind == StateKind::Parallel { &parent.children } else { &parent.initial }
}
