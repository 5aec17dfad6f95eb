//! Which transitions a configuration takes (W3C: selectTransitions, selectEventlessTransitions,
//! removeConflictingTransitions, computeExitSet, getTransitionDomain, findLCCA), and deferral.

use std::collections::{BTreeMap, BTreeSet};

use super::{GuardValue, Interpreter, Preemption, World, eval::Occurrence};
use crate::model::{EventId, Machine, StateId, StateKind, TimerId, Transition, TransitionId, Trigger};

/// What transitions are looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    Always,
    Event(EventId),
    Timer(TimerId),
    Done(StateId),
    Fault,
}

impl Cue {
    pub(super) fn sets_off(self, trigger: &Trigger) -> bool {
        match (self, trigger) {
            (Self::Always, Trigger::Always) | (Self::Fault, Trigger::Fault) => true,
            (Self::Event(event), Trigger::Events(events)) => events.contains(&event),
            (Self::Timer(timer), Trigger::Timer(wanted)) => timer == *wanted,
            (Self::Done(state), Trigger::Done(wanted)) => state == *wanted,
            _ => false,
        }
    }
}

/// What the configuration makes of a cue.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Disposition {
    /// These transitions, in document order of the leaves that enable them.
    Take(Vec<TransitionId>),
    /// A bare `on E` settles it.
    Ignore,
    /// A `defer` keeps it.
    Defer,
    /// Nobody wants it.
    Nothing,
}

impl<W: World> Interpreter<'_, W> {
    /// W3C selectTransitions, extended: walking outward from each active leaf, the first enabled
    /// transition or `defer` wins, and in one state a transition beats a `defer`. If any region takes a
    /// transition the event is consumed, else any `defer` keeps it, else any bare `on` settles it.
    pub(super) fn select(&mut self, cue: Cue, event: Option<&Occurrence>) -> Disposition {
        let machine = self.machine;
        let mut asked = BTreeMap::new();
        let mut fault = None;
        let mut enabled: Vec<TransitionId> = Vec::new();
        let (mut deferred, mut ignored) = (false, false);
        for leaf in self.leaf_states() {
            'outward: for state in outward(machine, leaf) {
                let Some(row) = machine.states.get(state) else { break };
                for &id in &row.transitions {
                    let Some(transition) = machine.transitions.get(id) else { continue };
                    if !cue.sets_off(&transition.trigger) {
                        continue;
                    }
                    // An ancestor of several leaves is asked once: guards are pure.
                    let answer = *asked.entry(id).or_insert_with(|| self.guard(id, transition, event));
                    fault = answer.err().or(fault);
                    if answer != Ok(true) {
                        continue;
                    }
                    if transition.ignore {
                        ignored = true;
                    } else if !enabled.contains(&id) {
                        enabled.push(id);
                    }
                    break 'outward;
                }
                if matches!(cue, Cue::Event(event) if row.defer.contains(&event)) {
                    deferred = true;
                    break;
                }
            }
        }
        // A guard's fault is false, and a fault.
        if let Some(fault) = fault {
            self.raise_fault(fault);
        }
        let preempted_before = self.report.preempted.len();
        let enabled = self.remove_conflicting(enabled);
        let disposition = if !enabled.is_empty() {
            Disposition::Take(enabled)
        } else if deferred {
            Disposition::Defer
        } else if ignored {
            Disposition::Ignore
        } else {
            Disposition::Nothing
        };
        if self.explains {
            let preempted = self.report.preempted.split_off(preempted_before);
            self.explain(cue, event, &asked, &preempted, &disposition);
            self.report.preempted.extend(preempted);
        }
        disposition
    }

    /// W3C conditionMatch.
    fn guard(
        &mut self,
        id: TransitionId,
        transition: &Transition,
        event: Option<&Occurrence>,
    ) -> Result<bool, super::Fault> {
        let Some(guard) = &transition.guard else { return Ok(true) };
        let value = self.scope(event).eval(guard).map(|value| value.is_true());
        let text = transition.guard_text.clone().unwrap_or_default();
        self.report.guards.push(GuardValue { transition: id, text, value });
        value
    }

    /// W3C removeConflictingTransitions: two conflict when their exit sets intersect; then the one with
    /// the inner source preempts the other, else the one selected first stays.
    fn remove_conflicting(&mut self, enabled: Vec<TransitionId>) -> Vec<TransitionId> {
        let mut filtered: Vec<TransitionId> = Vec::new();
        for first in enabled {
            let mut lost_to = None;
            let mut removed = Vec::new();
            for &second in &filtered {
                if self.exit_set(first).is_disjoint(&self.exit_set(second)) {
                    continue;
                }
                if self.machine.is_descendant(self.source(first), self.source(second)) {
                    removed.push(second);
                } else {
                    lost_to = Some(second);
                    break;
                }
            }
            if let Some(by) = lost_to {
                self.report.preempted.push(Preemption { transition: first, by });
                continue;
            }
            for loser in removed {
                self.report.preempted.push(Preemption { transition: loser, by: first });
                filtered.retain(|&kept| kept != loser);
            }
            filtered.push(first);
        }
        filtered
    }

    pub(super) fn source(&self, id: TransitionId) -> StateId {
        self.machine.transitions.get(id).map_or(0, |transition| transition.source)
    }

    /// W3C computeExitSet for one transition: the active states below its domain; none when it has no
    /// target.
    pub(super) fn exit_set(&self, id: TransitionId) -> BTreeSet<StateId> {
        let Some(transition) = self.machine.transitions.get(id) else { return BTreeSet::new() };
        let Some(domain) = domain(self.machine, transition) else { return BTreeSet::new() };
        let below = |state: &StateId| self.machine.is_descendant(*state, domain);
        self.configuration.iter().copied().filter(below).collect()
    }
}

/// The state and its ancestors, the root last.
pub(super) fn outward(machine: &Machine, from: StateId) -> impl Iterator<Item = StateId> + '_ {
    std::iter::successors(Some(from), |&state| {
        let parent = machine.states.get(state)?.parent;
        // Parents come first in document order; anything else would not end.
        (parent < state).then_some(parent)
    })
}

/// W3C getTransitionDomain: the innermost state that stays active; `None` for a targetless transition.
///
/// The model holds the same answer, for code generation; it is worked out anew here so that a mistake
/// on either side shows as a difference between the engines.
pub(super) fn domain(machine: &Machine, transition: &Transition) -> Option<StateId> {
    if transition.targets.is_empty() {
        return None;
    }
    let source = transition.source;
    let is_compound = machine.states.get(source).is_some_and(|row| row.kind == StateKind::Compound);
    let all_inside = transition.targets.iter().all(|&target| machine.is_descendant(target, source));
    // The root has no proper ancestor: a targeted transition on it leaves all its children.
    if source == 0 || (transition.internal && is_compound && all_inside) {
        return Some(source);
    }
    Some(find_lcca(machine, source, &transition.targets))
}

/// W3C findLCCA: the innermost proper ancestor of the source that is compound or the root, never
/// parallel, and holds every target.
fn find_lcca(machine: &Machine, source: StateId, targets: &[StateId]) -> StateId {
    let holds_all = |ancestor: &StateId| {
        let is_compound = machine.states.get(*ancestor).is_some_and(|row| row.kind == StateKind::Compound);
        (is_compound || *ancestor == 0)
            && targets.iter().all(|&target| machine.is_descendant(target, *ancestor))
    };
    outward(machine, source).skip(1).find(holds_all).unwrap_or(0)
}
