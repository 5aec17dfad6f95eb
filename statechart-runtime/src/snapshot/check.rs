//! Whether what a snapshot says is a state that the machine could be in.

use std::collections::{BTreeMap, BTreeSet};

use super::SnapshotError;
use crate::chart::{Bits, Kind, Recorded, Tables};

/// States by path.
pub(super) struct Paths {
    tables: &'static Tables,
    by_path: BTreeMap<&'static str, u16>,
}

impl Paths {
    pub(super) fn new(tables: &'static Tables) -> Self {
        // The root is left out: its path is the machine's name, which a state may have as well.
        let states = (0_u16..).zip(tables.states).skip(1);
        Self { tables, by_path: states.map(|(id, state)| (state.name, id)).collect() }
    }

    pub(super) fn find(&self, path: &str) -> Option<u16> {
        self.by_path.get(path).copied()
    }

    /// The state with this path, which has to be there.
    pub(super) fn state(&self, path: &str, at: &str) -> Result<u16, SnapshotError> {
        self.find(path)
            .ok_or_else(|| SnapshotError::at(at, format!("`{}` has no state `{path}`", self.tables.name)))
    }

    /// The active states, which have to be a legal configuration (W3C): the root, one child of each active compound
    /// state, all of a parallel one, the parent of each. None at all before the start.
    pub(super) fn configuration(&self, paths: &[String]) -> Result<BTreeSet<u16>, SnapshotError> {
        let mut active = BTreeSet::new();
        if paths.is_empty() {
            return Ok(active);
        }
        active.insert(0);
        for (at, path) in paths.iter().enumerate() {
            let at = format!("states[{at}]");
            let state = self.state(path, &at)?;
            if self.tables.state(state).is_some_and(|row| matches!(row.kind, Kind::History { .. })) {
                return Err(SnapshotError::at(
                    at,
                    format!("`{path}` is a history state, which is never active"),
                ));
            }
            if !active.insert(state) {
                return Err(SnapshotError::at(at, format!("`{path}` is listed twice")));
            }
        }
        match active.iter().find_map(|&state| illegal(self.tables, &active, state)) {
            Some(reason) => Err(SnapshotError::at("states", reason)),
            None => Ok(active),
        }
    }

    /// What a history state has recorded: the children, or the leaves, of a legal configuration below its parent.
    pub(super) fn recorded(
        &self,
        history: u16,
        stored: &[String],
        at: &str,
    ) -> Result<Recorded, SnapshotError> {
        let tables = self.tables;
        let row = tables.state(history);
        let Some((parent, deep)) = row.and_then(|row| match row.kind {
            Kind::History { deep, .. } => Some((row.parent, deep)),
            _ => None,
        }) else {
            return Err(SnapshotError::at(at, "this is no history state"));
        };
        let last = tables.state(parent).map_or(parent, |row| row.last);
        let mut inside = BTreeSet::from([parent]);
        let mut states = Bits::default();
        for path in stored {
            let state = self.state(path, at)?;
            let is_meant = tables.state(state).is_some_and(|row| match row.kind {
                Kind::History { .. } => false,
                Kind::Atomic | Kind::Final if deep => true,
                _ => !deep && row.parent == parent,
            });
            if !is_meant || state <= parent || state > last {
                return Err(SnapshotError::at(at, format!("it cannot have recorded `{path}`")));
            }
            if states.contains(state) {
                return Err(SnapshotError::at(at, "a state is listed twice"));
            }
            let mut around = state;
            while around != parent {
                inside.insert(around);
                around = tables.state(around).map_or(parent, |row| row.parent);
            }
            states.insert(state);
        }
        let below: Vec<u16> = if deep { inside.iter().copied().collect() } else { vec![parent] };
        match below.into_iter().find_map(|state| illegal(tables, &inside, state)) {
            Some(reason) => Err(SnapshotError::at(at, reason)),
            None => Ok(Some(states)),
        }
    }
}

/// The states directly below a state, without histories.
pub(super) fn children(tables: &'static Tables, state: u16) -> impl Iterator<Item = u16> {
    let last = tables.state(state).map_or(state, |row| row.last);
    (state + 1..=last).filter(move |&child| {
        tables
            .state(child)
            .is_some_and(|row| row.parent == state && !matches!(row.kind, Kind::History { .. }))
    })
}

/// Whether a state is in a final state (W3C isInFinalState).
pub(super) fn is_final(tables: &'static Tables, active: &BTreeSet<u16>, state: u16) -> bool {
    match tables.state(state).map(|row| row.kind) {
        Some(Kind::Compound) => children(tables, state).any(|child| {
            active.contains(&child) && tables.state(child).is_some_and(|row| row.kind == Kind::Final)
        }),
        Some(Kind::Parallel) => children(tables, state).all(|child| is_final(tables, active, child)),
        _ => false,
    }
}

/// What is wrong with the state or its children in a configuration.
fn illegal(tables: &'static Tables, active: &BTreeSet<u16>, state: u16) -> Option<String> {
    let row = tables.state(state)?;
    let count = children(tables, state).filter(|child| active.contains(child)).count();
    let wanted = match row.kind {
        Kind::Compound => 1,
        Kind::Parallel => children(tables, state).count(),
        Kind::Atomic | Kind::Final | Kind::History { .. } => 0,
    };
    if count != wanted {
        return Some(format!("`{}` has {count} active children, and {wanted} are wanted", row.name));
    }
    (!active.contains(&row.parent)).then(|| format!("`{}` is active without the state around it", row.name))
}
