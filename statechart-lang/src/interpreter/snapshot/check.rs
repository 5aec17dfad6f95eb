//! Whether what a snapshot says is a state that the machine could be in.

use std::collections::BTreeMap;

use super::SnapshotError;
use crate::{
    interpreter::state_set::StateSet,
    model::{Machine, StateId, StateKind},
};

/// States by path.
pub(super) struct Paths<'m> {
    machine: &'m Machine,
    by_path: BTreeMap<&'m str, StateId>,
}

impl<'m> Paths<'m> {
    pub(super) fn new(machine: &'m Machine) -> Self {
        // The root is left out: its path is the machine's name, which a state may have as well.
        let states = machine.states.iter().enumerate().skip(1);
        Self { machine, by_path: states.map(|(id, state)| (state.path.as_str(), id)).collect() }
    }

    pub(super) fn find(&self, path: &str) -> Option<StateId> {
        self.by_path.get(path).copied()
    }

    /// The state with this path, which has to be there.
    pub(super) fn state(&self, path: &str, at: &str) -> Result<StateId, SnapshotError> {
        self.find(path)
            .ok_or_else(|| SnapshotError::at(at, format!("`{}` has no state `{path}`", self.machine.name)))
    }

    /// The active states, which have to be a legal configuration (W3C): the root, one child of each active compound
    /// state, all of a parallel one, the parent of each. None at all before the start.
    pub(super) fn configuration(&self, paths: &[String]) -> Result<StateSet, SnapshotError> {
        let mut active = StateSet::default();
        if paths.is_empty() {
            return Ok(active);
        }
        active.insert(0);
        for (at, path) in paths.iter().enumerate() {
            let at = format!("states[{at}]");
            let state = self.state(path, &at)?;
            if self.machine.is_history(state) {
                return Err(SnapshotError::at(
                    at,
                    format!("`{path}` is a history state, which is never active"),
                ));
            }
            if !active.insert(state) {
                return Err(SnapshotError::at(at, format!("`{path}` is listed twice")));
            }
        }
        for state in active.iter() {
            let row = self.machine.states.get(state);
            let orphan = row.filter(|row| !active.contains(row.parent));
            let orphan = orphan.map(|row| format!("`{}` is active without the state around it", row.path));
            if let Some(reason) = orphan.or_else(|| amiss(self.machine, &active, state)) {
                return Err(SnapshotError::at("states", reason));
            }
        }
        Ok(active)
    }

    /// What a history state has recorded: the children, or the leaves, of a legal configuration below its parent.
    pub(super) fn recorded(
        &self,
        history: StateId,
        stored: &[String],
        at: &str,
    ) -> Result<Vec<StateId>, SnapshotError> {
        let machine = self.machine;
        let row = machine.states.get(history);
        let (Some(parent), Some(StateKind::History { deep })) =
            (row.map(|row| row.parent), row.map(|row| row.kind))
        else {
            return Err(SnapshotError::at(at, "this is no history state"));
        };
        let mut inside = StateSet::default();
        inside.insert(parent);
        let mut states = Vec::with_capacity(stored.len());
        for path in stored {
            let state = self.state(path, at)?;
            let is_meant = machine.states.get(state).is_some_and(|row| {
                if deep {
                    matches!(row.kind, StateKind::Atomic | StateKind::Final)
                } else {
                    row.parent == parent && !machine.is_history(state)
                }
            });
            if !is_meant || !machine.is_descendant(state, parent) {
                return Err(SnapshotError::at(at, format!("it cannot have recorded `{path}`")));
            }
            let mut around = state;
            while around != parent {
                inside.insert(around);
                around = machine.states.get(around).map_or(parent, |row| row.parent);
            }
            states.push(state);
        }
        let below: Vec<StateId> = if deep { inside.iter().collect() } else { vec![parent] };
        if let Some(reason) = below.into_iter().find_map(|state| amiss(machine, &inside, state)) {
            return Err(SnapshotError::at(at, reason));
        }
        states.sort_unstable();
        if states.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            return Err(SnapshotError::at(at, "a state is listed twice"));
        }
        Ok(states)
    }
}

/// What is wrong with the children of a state in a configuration.
fn amiss(machine: &Machine, active: &StateSet, state: StateId) -> Option<String> {
    let row = machine.states.get(state)?;
    let children = row.children.iter().filter(|&&child| active.contains(child)).count();
    let wanted = match row.kind {
        StateKind::Compound => 1,
        StateKind::Parallel => row.children.len(),
        StateKind::Atomic | StateKind::Final | StateKind::History { .. } => 0,
    };
    (children != wanted)
        .then(|| format!("`{}` has {children} active children, and {wanted} are wanted", row.path))
}
