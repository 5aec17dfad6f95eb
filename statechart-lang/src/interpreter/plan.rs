//! [`Plan`]: what is looked up at every step, worked out once for a machine.

use super::{
    select::{Cue, domain},
    state_set::StateSet,
};
use crate::model::{Machine, StateId, StateKind, TransitionId, Trigger};

/// A machine's tables. Clones of an interpreter share them.
#[derive(Debug)]
pub(super) struct Plan {
    /// For each state its transitions by cue, those of one cue in document order.
    reactions: Vec<Vec<(Cue, TransitionId)>>,
    /// For each transition its domain; `None` for a targetless one.
    domains: Vec<Option<StateId>>,
    /// States without children: atomic and final ones.
    leaves: StateSet,
    /// States with an `always`.
    eventless: StateSet,
    /// States that some `on done` names.
    awaited: StateSet,
    /// How many these are.
    completions: usize,
}

impl Plan {
    pub(super) fn new(machine: &Machine) -> Self {
        let mut leaves = StateSet::default();
        let mut eventless = StateSet::default();
        let mut awaited = StateSet::default();
        let mut reactions: Vec<Vec<(Cue, TransitionId)>> = Vec::with_capacity(machine.states.len());
        for (id, state) in machine.states.iter().enumerate() {
            if matches!(state.kind, StateKind::Atomic | StateKind::Final) {
                leaves.insert(id);
            }
            let mut by_cue = Vec::new();
            for &transition in &state.transitions {
                let Some(row) = machine.transitions.get(transition) else { continue };
                match &row.trigger {
                    Trigger::Always => _ = eventless.insert(id),
                    Trigger::Done(state) => _ = awaited.insert(*state),
                    _ => {}
                }
                by_cue.extend(row.trigger.causes().into_iter().map(|cue| (cue, transition)));
            }
            // Stable, so that transitions of one cue stay in document order.
            by_cue.sort_by_key(|(cue, _)| *cue);
            reactions.push(by_cue);
        }
        let domains = machine.transitions.iter().map(|transition| domain(machine, transition)).collect();
        let completions = awaited.iter().count();
        Self { reactions, domains, leaves, eventless, awaited, completions }
    }

    /// The transitions of a state that the cue sets off, in document order.
    pub(super) fn reactions(&self, state: StateId, cue: Cue) -> &[(Cue, TransitionId)] {
        let all = self.reactions.get(state).map_or(&[][..], Vec::as_slice);
        let start = all.partition_point(|(other, _)| *other < cue);
        let rest = all.get(start..).unwrap_or_default();
        let count = rest.iter().take_while(|(other, _)| *other == cue).count();
        rest.get(..count).unwrap_or_default()
    }

    /// W3C getTransitionDomain, as a table.
    pub(super) fn domain(&self, transition: TransitionId) -> Option<StateId> {
        self.domains.get(transition).copied().flatten()
    }

    /// States without children.
    pub(super) fn leaves(&self) -> &StateSet {
        &self.leaves
    }

    /// States with an `always`.
    pub(super) fn eventless(&self) -> &StateSet {
        &self.eventless
    }

    /// States that some `on done` names.
    pub(super) fn awaited(&self) -> &StateSet {
        &self.awaited
    }

    /// How many states some `on done` names.
    pub(super) fn completions(&self) -> usize {
        self.completions
    }
}
