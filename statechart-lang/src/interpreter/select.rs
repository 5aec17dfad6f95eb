//! Which transitions a configuration takes (W3C: selectTransitions, selectEventlessTransitions,
//! removeConflictingTransitions, computeExitSet, getTransitionDomain, findLCCA), and deferral.

use std::collections::BTreeMap;

use super::{
    Fault, GuardValue, Interpreter, Preemption, World, engine::Detail, eval::Current, state_set::StateSet,
};
use crate::model::{Machine, StateId, StateKind, Transition, TransitionId};

/// What transitions are looked up by. Steps have causes of another kind.
pub(super) use crate::model::Cause as Cue;

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

/// What has been found out on the way to a [`Disposition`].
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Whether transitions are enabled.
    pub(super) answers: BTreeMap<TransitionId, Result<bool, Fault>>,
    /// The one that is taken, in states where several are.
    pub(super) chosen: BTreeMap<StateId, TransitionId>,
}

impl<W: World> Interpreter<'_, W> {
    /// W3C selectTransitions, extended: walking outward from each active leaf, the first enabled
    /// transition or `defer` wins, and in one state a transition beats a `defer`. If any region takes a
    /// transition the event is consumed, else any `defer` keeps it, else any bare `on` settles it. Only an event from
    /// outside `may_wait`; for one that was raised inside, no `defer` counts.
    pub(super) fn select(&mut self, cue: Cue, current: Current<'_>, may_wait: bool) -> Disposition {
        let machine = self.machine;
        // Nothing active waits for nothing: what most turns of a macrostep find.
        if cue == Cue::Always && !self.configuration.intersects(self.plan.eventless()) {
            return Disposition::Nothing;
        }
        let plan = std::sync::Arc::clone(&self.plan);
        let mut asked = Asked::default();
        let mut fault = None;
        let mut enabled: Vec<TransitionId> = Vec::new();
        let (mut deferred, mut ignored) = (false, false);
        let mut next_leaf = self.leaf_from(0);
        while let Some(leaf) = next_leaf {
            next_leaf = self.leaf_from(leaf + 1);
            'outward: for state in outward(machine, leaf) {
                let mut holding: Vec<TransitionId> = Vec::new();
                for &(_, id) in plan.reactions(state, cue) {
                    let Some(transition) = machine.transitions.get(id) else { continue };
                    let answer = self.ask(id, transition, current, &mut asked.answers);
                    fault = answer.err().or(fault);
                    if answer == Ok(true) {
                        holding.push(id);
                        if !machine.nondeterministic {
                            break;
                        }
                    }
                }
                if let Some(id) = self.choose(state, &holding, &mut asked.chosen) {
                    if machine.transitions.get(id).is_some_and(|transition| transition.ignore) {
                        ignored = true;
                    } else if !enabled.contains(&id) {
                        enabled.push(id);
                    }
                    break 'outward;
                }
                if let Cue::Event(event) = cue
                    && may_wait
                    && machine.states.get(state).is_some_and(|row| row.defer.contains(&event))
                {
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
        if self.detail == Detail::Explained {
            let preempted = self.report.preempted.split_off(preempted_before);
            self.explain(cue, current, may_wait, &asked, &preempted, &disposition);
            self.report.preempted.extend(preempted);
        }
        disposition
    }

    /// Of the transitions of a state that hold the one to take: the first, or, of a nondeterministic machine, the one that
    /// the way through the word says. A state around several leaves chooses once.
    fn choose(
        &mut self,
        state: StateId,
        holding: &[TransitionId],
        chosen: &mut BTreeMap<StateId, TransitionId>,
    ) -> Option<TransitionId> {
        let [first, _, ..] = holding else { return holding.first().copied() };
        if let Some(known) = chosen.get(&state) {
            return Some(*known);
        }
        let number = self.choices.as_mut().map_or(0, |choices| choices.take(holding.len()));
        let id = *holding.get(number).unwrap_or(first);
        chosen.insert(state, id);
        Some(id)
    }

    /// The first active leaf that is not before the given state.
    fn leaf_from(&self, state: StateId) -> Option<StateId> {
        let mut next = self.configuration.next_from(state);
        while let Some(state) = next.filter(|&state| !self.plan.leaves().contains(state)) {
            next = self.configuration.next_from(state + 1);
        }
        next
    }

    /// Whether a transition is enabled. An ancestor of several leaves is asked once: guards are pure.
    fn ask(
        &mut self,
        id: TransitionId,
        transition: &Transition,
        current: Current<'_>,
        asked: &mut BTreeMap<TransitionId, Result<bool, Fault>>,
    ) -> Result<bool, Fault> {
        if transition.guard.is_none() && transition.passes.is_empty() && self.detail != Detail::Explained {
            return Ok(true);
        }
        if let Some(answer) = asked.get(&id) {
            return *answer;
        }
        let answer = self.condition(id, transition, current);
        asked.insert(id, answer);
        answer
    }

    /// W3C conditionMatch; the values that it passes to its targets are part of the condition, so that a fault in
    /// them is met before anything is left.
    fn condition(
        &mut self,
        id: TransitionId,
        transition: &Transition,
        current: Current<'_>,
    ) -> Result<bool, Fault> {
        if let Some(guard) = &transition.guard {
            let value = self.scope(current).eval(guard).map(|value| value.is_true());
            if self.tells() {
                let text = transition.guard_text.clone().unwrap_or_default();
                self.report.guards.push(GuardValue { transition: id, text, value });
            }
            if value != Ok(true) {
                return value;
            }
        }
        for pass in &transition.passes {
            self.scope(current).all(&pass.args)?;
        }
        Ok(true)
    }

    /// W3C removeConflictingTransitions: two conflict when their exit sets intersect; then the one with
    /// the inner source preempts the other, else the one selected first stays.
    fn remove_conflicting(&mut self, enabled: Vec<TransitionId>) -> Vec<TransitionId> {
        if enabled.len() < 2 {
            return enabled;
        }
        let mut filtered: Vec<TransitionId> = Vec::new();
        for first in enabled {
            let mut lost_to = None;
            let mut removed = Vec::new();
            for &second in &filtered {
                if !self.exits_meet(first, second) {
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
                self.note_preempted(first, by);
                continue;
            }
            for loser in removed {
                self.note_preempted(loser, first);
                filtered.retain(|&kept| kept != loser);
            }
            filtered.push(first);
        }
        filtered
    }

    fn note_preempted(&mut self, transition: TransitionId, by: TransitionId) {
        if self.tells() {
            self.report.preempted.push(Preemption { transition, by });
        }
    }

    pub(super) fn source(&self, id: TransitionId) -> StateId {
        self.machine.transitions.get(id).map_or(0, |transition| transition.source)
    }

    /// Whether the exit sets of two transitions have a state in common. They are ranges of the configuration, so they
    /// need not be written out: among thousands of regions there are millions of pairs.
    fn exits_meet(&self, first: TransitionId, second: TransitionId) -> bool {
        let (Some(first), Some(second)) = (self.plan.domain(first), self.plan.domain(second)) else {
            return false;
        };
        let last = |domain: StateId| self.machine.states.get(domain).map_or(domain, |row| row.last);
        let to = last(first).min(last(second));
        self.configuration.next_from(first.max(second) + 1).is_some_and(|state| state <= to)
    }

    /// W3C computeExitSet for one transition: the active states below its domain; none when it has no
    /// target.
    pub(super) fn exit_set(&self, id: TransitionId) -> StateSet {
        let Some(domain) = self.plan.domain(id) else { return StateSet::default() };
        let last = self.machine.states.get(domain).map_or(domain, |row| row.last);
        self.configuration.within(domain + 1, last)
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
/// A history state as a target stands for what will be restored (W3C getEffectiveTargetStates), all of which lies
/// below its parent, as the history state itself does; so the answer does not depend on what is stored.
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
