//! One microstep (W3C: microstep, exitStates, executeTransitionContent, enterStates).

use super::{Effect, Interpreter, Value, World, entry_set::EntrySet, eval::Current, state_set::StateSet};
use crate::model::{ActivityId, Invoked, State, StateId, StateKind, TimerId, TransitionId};

impl<W: World> Interpreter<'_, W> {
    /// W3C microstep: all exits, then all transition bodies, then all entries. Values for states to enter are
    /// computed before, data of states that were left end between bodies and entries.
    pub(super) fn microstep(&mut self, enabled: &[TransitionId], current: Current<'_>) {
        let machine = self.machine;
        self.stage_passes(enabled, current);
        let left = self.exit_states(enabled, current);
        for &id in enabled {
            if self.tells() {
                self.report.transitions.push(id);
            }
            if let Some(transition) = machine.transitions.get(id) {
                self.run_block(&transition.actions, current);
            }
        }
        self.end_data(&left);
        let mut entry = EntrySet::default();
        for &id in enabled {
            if let (Some(domain), Some(transition)) = (self.plan.domain(id), machine.transitions.get(id)) {
                entry.add_targets(machine, &self.history, &transition.targets, domain);
            }
        }
        self.enter_states(&entry);
    }

    /// W3C exitStates: children first, in reverse document order; a state leaves the configuration only
    /// after its own exit list. Returns what was left.
    fn exit_states(&mut self, enabled: &[TransitionId], current: Current<'_>) -> StateSet {
        let mut leaving = StateSet::default();
        for &id in enabled {
            leaving.extend(&self.exit_set(id));
        }
        self.record_history(&leaving);
        self.leave(&leaving, current);
        leaving
    }

    /// Leaves states in reverse document order, each with its exit list, its timers and activities.
    pub(super) fn leave(&mut self, leaving: &StateSet, current: Current<'_>) {
        for state in leaving.iter().rev() {
            self.leave_one(state, current);
            if self.tells() {
                self.report.exited.push(state);
            }
        }
    }

    fn leave_one(&mut self, state: StateId, current: Current<'_>) {
        if let Some(row) = self.machine.states.get(state) {
            self.run_block(&row.exit, current);
            for &timer in &row.timers {
                self.disarm(timer);
            }
            for &activity in &row.activities {
                self.stop(activity);
            }
            if !row.activities.is_empty() {
                self.entered.retain(|&entered| entered != state);
            }
        }
        self.configuration.remove(state);
    }

    /// The part of W3C exitStates that comes before any exit list: each history state of each state that is left
    /// records the active children, a deep one the active leaves.
    fn record_history(&mut self, leaving: &StateSet) {
        let machine = self.machine;
        for state in leaving.iter() {
            let Some(row) = machine.states.get(state).filter(|row| !row.histories.is_empty()) else {
                continue;
            };
            let inside = self.configuration.within(state + 1, row.last);
            for &history in &row.histories {
                let is_deep = machine
                    .states
                    .get(history)
                    .is_some_and(|history| history.kind == StateKind::History { deep: true });
                let is_meant = |inner: &StateId| {
                    if is_deep {
                        self.plan.leaves().contains(*inner)
                    } else {
                        machine.states.get(*inner).is_some_and(|inner| inner.parent == state)
                    }
                };
                let stored = inside.iter().filter(is_meant).collect();
                self.history.insert(history, stored);
            }
        }
    }

    /// W3C enterStates: parents first, in document order. A state's data are set before its entry list; its timers
    /// are armed when that has run; then comes the content of the default entry and of a history state without a
    /// record. Activities wait for the end of the macrostep.
    pub(super) fn enter_states(&mut self, entry: &EntrySet) {
        let machine = self.machine;
        for state in entry.states.iter() {
            let Some(row) = machine.states.get(state) else { continue };
            if !self.configuration.insert(state) {
                continue;
            }
            if self.tells() {
                self.report.entered.push(state);
            }
            if state != 0 {
                self.enter_data(state);
            }
            self.run_block(&row.entry, Current::Nothing);
            for &timer in &row.timers {
                self.arm(timer);
            }
            if entry.by_default.contains(state) {
                self.default_content(row);
            }
            if let Some(history) = entry.default_history.get(&state).and_then(|&id| machine.states.get(id)) {
                self.default_content(history);
            }
            if !row.activities.is_empty() {
                self.entered.push(state);
            }
            if row.kind == StateKind::Final {
                self.complete(row);
            }
        }
        self.staged.clear();
    }

    /// W3C: the executable content of an `initial`, or of a history state's default transition.
    fn default_content(&mut self, row: &State) {
        self.stage_defaults(&row.initial_passes);
        self.run_block(&row.initial_actions, Current::Nothing);
    }

    /// The last part of W3C enterStates: a final state completes its parent, which may complete the
    /// parallel state that the parent is a region of. Completing the root ends the machine: it is done, and
    /// [`Interpreter::conclude`] follows behind the microstep.
    fn complete(&mut self, row: &State) {
        let result = row.returns.as_ref().map(|returns| {
            self.scope(Current::Nothing).eval(returns).unwrap_or_else(|fault| {
                self.raise_fault(fault);
                Value::default_of(&returns.ty, "result")
            })
        });
        let parent = row.parent;
        if parent == 0 {
            self.result = result;
            self.done = true;
            return;
        }
        self.raise_done(parent, result);
        let grandparent = self.machine.states.get(parent).map_or(0, |row| row.parent);
        let is_parallel =
            self.machine.states.get(grandparent).is_some_and(|row| row.kind == StateKind::Parallel);
        if is_parallel && self.is_in_final_state(grandparent) {
            if grandparent == 0 {
                self.done = true;
            } else {
                self.raise_done(grandparent, None);
            }
        }
    }

    /// W3C isInFinalState. History states are no children.
    pub(super) fn is_in_final_state(&self, state: StateId) -> bool {
        let Some(row) = self.machine.states.get(state) else { return false };
        let is_active_final = |child: &StateId| {
            self.configuration.contains(*child)
                && self.machine.states.get(*child).is_some_and(|row| row.kind == StateKind::Final)
        };
        match row.kind {
            StateKind::Compound => row.children.iter().any(is_active_final),
            StateKind::Parallel => row.children.iter().all(|&child| self.is_in_final_state(child)),
            StateKind::Atomic | StateKind::Final | StateKind::History { .. } => false,
        }
    }

    /// W3C exitInterpreter: the exit actions of everything active, inner states first, then the end. Where the machine
    /// has come to stays readable, so its states and their data are kept.
    pub(super) fn conclude(&mut self) {
        let active = self.configuration.clone();
        for state in active.iter().rev() {
            self.leave_one(state, Current::Nothing);
        }
        self.configuration = active;
        self.end();
    }

    /// A machine that is done runs nothing more: its timers, activities and children end, its messages and what it
    /// has raised or deferred are void.
    pub(super) fn end(&mut self) {
        self.done = true;
        for timer in 0..self.machine.timers.len() {
            self.disarm(timer);
        }
        for activity in 0..self.machine.activities.len() {
            self.stop(activity);
        }
        for child in 0..self.machine.children.len() {
            self.stop_child(child);
        }
        self.entered.clear();
        self.clock.clear();
        self.internal.clear();
        self.deferred.clear();
    }

    pub(super) fn arm(&mut self, timer: TimerId) {
        let Some(row) = self.machine.timers.get(timer) else { return };
        match self.scope(Current::Nothing).eval(&row.after) {
            Ok(value) => {
                let after_us = if let Value::Duration(span_us) = value { span_us } else { 0 };
                let generation = self.next_generation();
                self.timers.insert(timer, generation);
                self.clock.arm(timer, generation, after_us);
                self.tell(|_| Effect::Arm { timer, generation, after_us });
            }
            Err(fault) => self.raise_fault(fault),
        }
    }

    fn disarm(&mut self, timer: TimerId) {
        if self.timers.remove(&timer).is_some() {
            self.clock.disarm(timer);
            self.tell(|_| Effect::Disarm { timer });
        }
    }

    /// Cancels what a `do` runs. A child is stopped only if it is still the one that the `do` started.
    fn stop(&mut self, activity: ActivityId) {
        self.finished.remove(&activity);
        let Some(generation) = self.activities.remove(&activity) else { return };
        match self.machine.activities.get(activity).map(|row| row.runs) {
            Some(Invoked::Child(child)) => {
                if self.children.get(&child) == Some(&generation) {
                    self.stop_child(child);
                }
            }
            _ => self.tell(|this| {
                let service = this.machine.runs(activity).to_owned();
                Effect::Stop { activity, service }
            }),
        }
    }
}
