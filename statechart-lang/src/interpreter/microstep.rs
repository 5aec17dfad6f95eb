//! One microstep: exits, transition bodies, entries (W3C: microstep, exitStates, executeTransitionContent,
//! enterStates, computeEntrySet), and what actions do.

use std::collections::BTreeSet;

use super::{
    Effect, Fault, INTERNAL_LIMIT, Interpreter, Value, World, engine::Internal, eval::Occurrence,
    report::Signal, select,
};
use crate::model::{
    Action, ActionKind, ActivityId, Expr, Field, Machine, Place, Receiver, StateId, StateKind, TimerId,
    TransitionId,
};

impl<W: World> Interpreter<'_, W> {
    /// W3C microstep: all exits, then all transition bodies, then all entries.
    pub(super) fn microstep(&mut self, enabled: &[TransitionId], event: Option<&Occurrence>) {
        let machine = self.machine;
        self.exit_states(enabled, event);
        for &id in enabled {
            self.report.transitions.push(id);
            if let Some(transition) = machine.transitions.get(id) {
                self.run_block(&transition.actions, event);
            }
        }
        self.enter_states(&entry_set(machine, enabled));
    }

    /// W3C exitStates: children first, in reverse document order; a state leaves the configuration only
    /// after its own exit list.
    fn exit_states(&mut self, enabled: &[TransitionId], event: Option<&Occurrence>) {
        let machine = self.machine;
        let leaving: BTreeSet<StateId> = enabled.iter().flat_map(|&id| self.exit_set(id)).collect();
        for &state in leaving.iter().rev() {
            if let Some(row) = machine.states.get(state) {
                self.run_block(&row.exit, event);
                for &timer in &row.timers {
                    self.disarm(timer);
                }
                for &activity in &row.activities {
                    self.stop(activity);
                }
            }
            self.entered.retain(|&entered| entered != state);
            self.configuration.remove(&state);
            self.report.exited.push(state);
        }
    }

    /// W3C enterStates: parents first, in document order. A state's timers are armed when its entry list
    /// has run; its activities wait for the end of the macrostep.
    pub(super) fn enter_states(&mut self, entry: &BTreeSet<StateId>) {
        let machine = self.machine;
        for &state in entry {
            let Some(row) = machine.states.get(state) else { continue };
            if !self.configuration.insert(state) {
                continue;
            }
            self.report.entered.push(state);
            self.run_block(&row.entry, None);
            for &timer in &row.timers {
                self.arm(timer);
            }
            if !row.activities.is_empty() {
                self.entered.push(state);
            }
            if row.kind == StateKind::Final {
                self.complete(row.parent);
            }
        }
    }

    /// The last part of W3C enterStates: a final state completes its parent, which may complete the
    /// parallel state that the parent is a region of. Completing the root ends the machine.
    fn complete(&mut self, parent: StateId) {
        if parent == 0 {
            return self.end();
        }
        self.raise_done(parent);
        let grandparent = self.machine.states.get(parent).map_or(0, |row| row.parent);
        let is_parallel =
            self.machine.states.get(grandparent).is_some_and(|row| row.kind == StateKind::Parallel);
        if is_parallel && self.is_in_final_state(grandparent) {
            if grandparent == 0 {
                self.end();
            } else {
                self.raise_done(grandparent);
            }
        }
    }

    /// W3C isInFinalState.
    fn is_in_final_state(&self, state: StateId) -> bool {
        let Some(row) = self.machine.states.get(state) else { return false };
        let is_active_final = |child: &StateId| {
            self.configuration.contains(child)
                && self.machine.states.get(*child).is_some_and(|row| row.kind == StateKind::Final)
        };
        match row.kind {
            StateKind::Compound => row.children.iter().any(is_active_final),
            StateKind::Parallel => row.children.iter().all(|&child| self.is_in_final_state(child)),
            StateKind::Atomic | StateKind::Final | StateKind::History { .. } => false,
        }
    }

    /// A machine that is done runs nothing more: its timers and activities end, its messages are void.
    fn end(&mut self) {
        self.done = true;
        for timer in 0..self.machine.timers.len() {
            self.disarm(timer);
        }
        for activity in 0..self.machine.activities.len() {
            self.stop(activity);
        }
        self.entered.clear();
        self.clock.clear();
    }

    fn arm(&mut self, timer: TimerId) {
        let Some(row) = self.machine.timers.get(timer) else { return };
        match self.scope(None).eval(&row.after) {
            Ok(value) => {
                let after_us = if let Value::Duration(span_us) = value { span_us } else { 0 };
                let generation = self.next_generation();
                self.timers.insert(timer, generation);
                self.clock.arm(timer, generation, after_us);
                self.report.effects.push(Effect::Arm { timer, generation, after_us });
            }
            Err(fault) => self.raise_fault(fault),
        }
    }

    fn disarm(&mut self, timer: TimerId) {
        if self.timers.remove(&timer).is_some() {
            self.clock.disarm(timer);
            self.report.effects.push(Effect::Disarm { timer });
        }
    }

    fn stop(&mut self, activity: ActivityId) {
        self.finished.remove(&activity);
        if self.activities.remove(&activity).is_some() {
            let service = self.service_name(activity);
            self.report.effects.push(Effect::Stop { activity, service });
        }
    }

    /// Runs an action list. A fault aborts the list and is raised; what was done before stands.
    fn run_block(&mut self, actions: &[Action], event: Option<&Occurrence>) {
        for action in actions {
            if let Err(fault) = self.run_action(&action.kind, event) {
                self.raise_fault(fault);
                return;
            }
        }
    }

    fn run_action(&mut self, action: &ActionKind, event: Option<&Occurrence>) -> Result<(), Fault> {
        let machine = self.machine;
        match action {
            ActionKind::Assign { place: Place::Variable(variable), value } => {
                let value = self.scope(event).eval(value)?;
                if let Some(place) = self.context.get_mut(*variable) {
                    *place = value;
                }
            }
            ActionKind::Emit { output, args } => {
                let args = self.scope(event).all(args)?;
                if let Some(symbol) = machine.outputs.get(*output) {
                    let signal = signal_of(&symbol.name, &symbol.fields, &args);
                    self.report.outputs.push(signal.clone());
                    self.report.effects.push(Effect::Emit(signal));
                }
            }
            ActionKind::Raise { event: raised, args } => {
                let occurrence = Occurrence { event: *raised, args: self.scope(event).all(args)? };
                if self.internal.len() >= INTERNAL_LIMIT {
                    return Err(Fault::QueueFull { limit: INTERNAL_LIMIT as u32 });
                }
                self.report.effects.push(Effect::Raise(self.signal(&occurrence)));
                self.internal.push_back(Internal::Event(occurrence));
            }
            ActionKind::Send { to, event: sent, args, delay, .. } => {
                let peer = match to {
                    Receiver::Peer(peer) => Some(*peer),
                    _ => None,
                };
                self.send(peer, *sent, args, delay.as_ref(), event)?;
            }
            ActionKind::Call { action, args } => {
                let args = self.scope(event).all(args)?;
                let name =
                    machine.actions.get(*action).map_or_else(String::new, |action| action.name.clone());
                self.report.effects.push(Effect::Act { name, args });
            }
            ActionKind::Log(text) => {
                let line = match self.scope(event).eval(text)? {
                    Value::Text(text) => text,
                    other => other.to_string(),
                };
                self.report.effects.push(Effect::Log(line));
            }
            _ => {}
        }
        Ok(())
    }

    /// `send`: to a peer it is an effect; to the machine itself it also joins the agenda, behind
    /// everything that the macrostep still does.
    fn send(
        &mut self,
        peer: Option<usize>,
        sent: usize,
        args: &[Expr],
        delay: Option<&Expr>,
        event: Option<&Occurrence>,
    ) -> Result<(), Fault> {
        let machine = self.machine;
        let args = self.scope(event).all(args)?;
        let delay_us = match delay {
            Some(delay) => match self.scope(event).eval(delay)? {
                Value::Duration(span_us) => Some(span_us),
                _ => None,
            },
            None => None,
        };
        let (peer, message) = if let Some(index) = peer {
            let Some(row) = machine.peers.get(index) else { return Ok(()) };
            let Some(symbol) = row.events.get(sent) else { return Ok(()) };
            (Some(row.name.clone()), signal_of(&symbol.name, &symbol.fields, &args))
        } else {
            let message = Occurrence { event: sent, args };
            let signal = self.signal(&message);
            if !self.clock.send(message, delay_us.unwrap_or(0)) {
                return Err(Fault::Undelivered);
            }
            (None, signal)
        };
        self.report.effects.push(Effect::Send { peer, message, delay_us });
        Ok(())
    }
}

/// A symbol's name and the values of its fields.
pub(super) fn signal_of(name: &str, fields: &[Field], args: &[Value]) -> Signal {
    let fields = fields.iter().zip(args).map(|(field, value)| (field.name.clone(), value.clone())).collect();
    Signal { name: name.to_owned(), fields }
}

/// W3C computeEntrySet.
fn entry_set(machine: &Machine, enabled: &[TransitionId]) -> BTreeSet<StateId> {
    let mut entry = BTreeSet::new();
    for transition in enabled.iter().filter_map(|&id| machine.transitions.get(id)) {
        let Some(domain) = select::domain(machine, transition) else { continue };
        for &target in &transition.targets {
            add_descendants(machine, target, &mut entry);
        }
        for &target in &transition.targets {
            add_ancestors(machine, target, domain, &mut entry);
        }
    }
    entry
}

/// W3C addDescendantStatesToEnter: a state with what is entered in it by default.
pub(super) fn add_descendants(machine: &Machine, state: StateId, entry: &mut BTreeSet<StateId>) {
    entry.insert(state);
    let Some(row) = machine.states.get(state) else { return };
    match row.kind {
        StateKind::Compound => {
            for &target in &row.initial {
                add_descendants(machine, target, entry);
            }
            for &target in &row.initial {
                add_ancestors(machine, target, state, entry);
            }
        }
        StateKind::Parallel => add_regions(machine, state, entry),
        StateKind::Atomic | StateKind::Final | StateKind::History { .. } => {}
    }
}

/// W3C addAncestorStatesToEnter: everything between the state and the domain, without either; regions
/// beside the way are entered by default.
fn add_ancestors(machine: &Machine, state: StateId, domain: StateId, entry: &mut BTreeSet<StateId>) {
    for ancestor in select::outward(machine, state).skip(1).take_while(|&ancestor| ancestor != domain) {
        entry.insert(ancestor);
        if machine.states.get(ancestor).is_some_and(|row| row.kind == StateKind::Parallel) {
            add_regions(machine, ancestor, entry);
        }
    }
}

/// Default-enters the children of a parallel state in which nothing is entered yet.
fn add_regions(machine: &Machine, parallel: StateId, entry: &mut BTreeSet<StateId>) {
    let Some(row) = machine.states.get(parallel) else { return };
    for &region in &row.children {
        if !entry.iter().any(|&state| machine.is_descendant(state, region)) {
            add_descendants(machine, region, entry);
        }
    }
}
