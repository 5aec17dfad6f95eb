//! Which state and which transition of the old version is which of the new one.
//!
//! States are paired from the outside in: by name below the same parent, then by a name that only one state on either
//! side still has (it was moved), then by likeness (it was renamed: a guess). After a guess the names below are tried
//! again. Transitions are paired within paired states: equal ones first, then what differs least.

use std::collections::{BTreeMap, BTreeSet};

use super::likeness;
use crate::diagram::label::expression;
use crate::model::{Machine, StateId, TransitionId};

/// Most states of either version that are left for guesses; more are said to be added and removed.
const GUESS_LIMIT: usize = 64;
/// What a guess needs, in percent.
const LEAST_LIKENESS: u32 = 50;

/// Which is which.
#[derive(Debug, Clone, Default)]
pub struct Pairing {
    /// Paired states, in the old version's document order; the roots first.
    pub states: Vec<StatePair>,
    /// Paired transitions: old, new; in the old version's document order.
    pub transitions: Vec<(TransitionId, TransitionId)>,
    /// States of the new version whose own content differs.
    pub changed_states: BTreeSet<StateId>,
    /// Transitions of the new version that differ from their pair.
    pub changed_transitions: BTreeSet<TransitionId>,
    forth: BTreeMap<StateId, StateId>,
    back: BTreeMap<StateId, StateId>,
    /// Transitions of the new version that have a pair.
    kept: BTreeSet<TransitionId>,
}

/// A state of the old version and what it is in the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatePair {
    /// In the old version.
    pub old: StateId,
    /// In the new version.
    pub new: StateId,
    /// How that is known.
    pub how: How,
}

/// How it is known that two states are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The same name below the same state.
    Same,
    /// The same name elsewhere, where only one state has it.
    Moved,
    /// Another name: so many percent alike.
    Guessed(u32),
}

impl Pairing {
    pub(super) fn new(old: &Machine, new: &Machine) -> Self {
        let mut pairing = Self::default();
        pairing.pair(0, 0, How::Same);
        loop {
            pairing.pair_below(old, new);
            if !pairing.pair_moved(old, new) && !pairing.pair_guessed(old, new) {
                break;
            }
        }
        pairing.states.sort_by_key(|pair| pair.old);
        let pairs = pairing.states.clone();
        for pair in pairs {
            pairing.pair_transitions(old, new, pair);
        }
        pairing.transitions.sort_unstable();
        pairing.kept = pairing.transitions.iter().map(|(_, new)| *new).collect();
        pairing
    }

    /// What a state of the old version is in the new one.
    #[must_use]
    pub fn new_of(&self, old: StateId) -> Option<StateId> {
        self.forth.get(&old).copied()
    }

    /// What a state of the new version was in the old one.
    #[must_use]
    pub fn old_of(&self, new: StateId) -> Option<StateId> {
        self.back.get(&new).copied()
    }

    /// A state of the old version with its pair.
    #[must_use]
    pub fn state_pair(&self, old: StateId) -> Option<&StatePair> {
        let at = self.states.binary_search_by_key(&old, |pair| pair.old).ok()?;
        self.states.get(at)
    }

    /// What a transition of the old version is in the new one.
    #[must_use]
    pub fn new_transition(&self, old: TransitionId) -> Option<TransitionId> {
        let at = self.transitions.binary_search_by_key(&old, |(before, _)| *before).ok()?;
        self.transitions.get(at).map(|(_, new)| *new)
    }

    /// Whether the old version has a pair of this transition of the new one.
    #[must_use]
    pub fn has_old_transition(&self, new: TransitionId) -> bool {
        self.kept.contains(&new)
    }

    fn pair(&mut self, old: StateId, new: StateId, how: How) {
        self.states.push(StatePair { old, new, how });
        self.forth.insert(old, new);
        self.back.insert(new, old);
    }

    /// Parents come before children, so one pass reaches everything below.
    fn pair_below(&mut self, old: &Machine, new: &Machine) {
        let mut below: BTreeMap<(StateId, &str), StateId> = BTreeMap::new();
        for id in unpaired(new, &self.back) {
            if let Some(state) = new.states.get(id) {
                below.insert((state.parent, &state.name), id);
            }
        }
        for id in unpaired(old, &self.forth) {
            let Some(state) = old.states.get(id) else { continue };
            let place = self.new_of(state.parent).map(|parent| (parent, state.name.as_str()));
            if let Some(found) = place.and_then(|place| below.remove(&place)) {
                self.pair(id, found, How::Same);
            }
        }
    }

    /// Names that only one unpaired state on either side has. Whether any was found.
    fn pair_moved(&mut self, old: &Machine, new: &Machine) -> bool {
        let (before, after) = (lone_names(old, &self.forth), lone_names(new, &self.back));
        let found: Vec<(StateId, StateId)> =
            before.iter().filter_map(|(name, &old)| Some((old, *after.get(name)?))).collect();
        for &(old, new) in &found {
            self.pair(old, new, How::Moved);
        }
        !found.is_empty()
    }

    /// The two unpaired states that are most alike, if they are alike enough. Whether any was found.
    fn pair_guessed(&mut self, old: &Machine, new: &Machine) -> bool {
        let (before, after) = (unpaired(old, &self.forth), unpaired(new, &self.back));
        if before.len() > GUESS_LIMIT || after.len() > GUESS_LIMIT {
            return false;
        }
        let mut best: Option<(u32, StateId, StateId)> = None;
        for &a in &before {
            for &b in &after {
                let percent = likeness::of_states(old, new, self, a, b);
                if percent >= LEAST_LIKENESS && best.is_none_or(|(most, ..)| percent > most) {
                    best = Some((percent, a, b));
                }
            }
        }
        if let Some((percent, a, b)) = best {
            self.pair(a, b, How::Guessed(percent));
        }
        best.is_some()
    }

    fn pair_transitions(&mut self, old: &Machine, new: &Machine, pair: StatePair) {
        let own = |machine: &Machine, state: StateId| {
            machine.states.get(state).map(|state| state.transitions.clone()).unwrap_or_default()
        };
        let mut before: Vec<(TransitionId, Spelt)> = own(old, pair.old)
            .into_iter()
            .map(|id| (id, Spelt::of(old, id, &|state| self.forth.get(&state).copied())))
            .collect();
        let mut after: Vec<(TransitionId, Spelt)> =
            own(new, pair.new).into_iter().map(|id| (id, Spelt::of(new, id, &Some))).collect();
        let rules: [fn(&Spelt, &Spelt) -> bool; 4] = [
            |a, b| a == b,
            |a, b| a.pattern == b.pattern && a.targets == b.targets && !a.targets.is_empty(),
            |a, b| a.pattern == b.pattern && a.guard == b.guard,
            |a, b| a.pattern == b.pattern,
        ];
        for (rank, alike) in rules.iter().enumerate() {
            before.retain(|(id, spelt)| {
                let Some(at) = after.iter().position(|(_, other)| alike(spelt, other)) else { return true };
                let (other, _) = after.remove(at);
                self.transitions.push((*id, other));
                if rank > 0 {
                    self.changed_transitions.insert(other);
                }
                false
            });
        }
    }
}

/// States that are not paired yet, in document order.
fn unpaired(machine: &Machine, paired: &BTreeMap<StateId, StateId>) -> Vec<StateId> {
    (0..machine.states.len()).filter(|id| !paired.contains_key(id)).collect()
}

/// Names of unpaired states that only one of them has.
fn lone_names<'m>(machine: &'m Machine, paired: &BTreeMap<StateId, StateId>) -> BTreeMap<&'m str, StateId> {
    let mut named: BTreeMap<&str, Vec<StateId>> = BTreeMap::new();
    for id in unpaired(machine, paired) {
        if let Some(state) = machine.states.get(id) {
            named.entry(&state.name).or_default().push(id);
        }
    }
    named
        .into_iter()
        .filter_map(|(name, ids)| Some((name, *ids.first().filter(|_| ids.len() == 1)?)))
        .collect()
}

/// A transition as its spec spells it, its targets as states of the new version.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spelt {
    pub(super) pattern: String,
    pub(super) guard: Option<String>,
    /// A state that is gone keeps its path.
    pub(super) targets: Vec<Result<StateId, String>>,
    pub(super) args: Vec<String>,
    pub(super) actions: Vec<String>,
    pub(super) internal: bool,
    pub(super) ignore: bool,
}

impl Spelt {
    pub(super) fn of(
        machine: &Machine,
        id: TransitionId,
        to_new: &dyn Fn(StateId) -> Option<StateId>,
    ) -> Self {
        let Some(transition) = machine.transitions.get(id) else { return Self::nothing() };
        let path =
            |state: StateId| machine.states.get(state).map_or_else(String::new, |row| row.path.clone());
        let args = transition.passes.iter().flat_map(|pass| &pass.args);
        Self {
            pattern: transition.pattern.clone(),
            guard: transition.guard_text.clone(),
            targets: transition
                .targets
                .iter()
                .map(|&target| to_new(target).ok_or_else(|| path(target)))
                .collect(),
            args: args.map(|arg| expression(machine, arg)).collect(),
            actions: transition.actions.iter().map(|action| action.text.clone()).collect(),
            internal: transition.internal,
            ignore: transition.ignore,
        }
    }

    fn nothing() -> Self {
        Self {
            pattern: String::new(),
            guard: None,
            targets: Vec::new(),
            args: Vec::new(),
            actions: Vec::new(),
            internal: false,
            ignore: false,
        }
    }
}
