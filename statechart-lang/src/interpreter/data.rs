//! Data of states: set when a state is entered, gone when it is left and the transition's actions have run.

use super::{Fault, Interpreter, Value, World, eval::Current, state_set::StateSet};
use crate::model::{Local, LocalId, Pass, StateId, TransitionId};

impl<W: World> Interpreter<'_, W> {
    /// Computes the values that transitions pass to their targets, while everything that they read is still there.
    /// Guards are pure and so are these, so nothing here faults: the transition would not be enabled.
    pub(super) fn stage_passes(&mut self, enabled: &[TransitionId], current: Current<'_>) {
        let machine = self.machine;
        for transition in enabled.iter().filter_map(|&id| machine.transitions.get(id)) {
            for pass in &transition.passes {
                self.stage(pass, current);
            }
        }
    }

    /// Values for the default targets of a state, computed when its entry list has run.
    pub(super) fn stage_defaults(&mut self, passes: &[Pass]) {
        for pass in passes {
            self.stage(pass, Current::Nothing);
        }
    }

    fn stage(&mut self, pass: &Pass, current: Current<'_>) {
        let machine = self.machine;
        let Some(row) = machine.states.get(pass.state) else { return };
        for (&local, arg) in row.locals.iter().zip(&pass.args) {
            let value = self.scope(current).eval(arg);
            let value = self.or_zero(local, value);
            self.staged.push((local, value));
        }
    }

    /// Sets the data of a state that is being entered: parameters to what was passed, else to their defaults; then
    /// fields to their initials.
    pub(super) fn enter_data(&mut self, state: StateId) {
        let machine = self.machine;
        let Some(row) = machine.states.get(state) else { return };
        for &local in &row.locals {
            // The latest wins: an `initial` that the entry follows comes after the transition.
            let staged = self.staged.iter().rev().find(|(for_local, _)| *for_local == local);
            let value = match staged {
                Some((_, value)) => value.clone(),
                None => match machine.locals.get(local).and_then(|row| row.initial.as_ref()) {
                    Some(initial) => {
                        let value = self.scope(Current::Nothing).eval(initial);
                        self.or_zero(local, value)
                    }
                    None => zero(machine.locals.get(local)),
                },
            };
            if let Some(place) = self.data.get_mut(local) {
                *place = Some(value);
            }
        }
    }

    /// A fault is raised, and the type's zero value stands in.
    fn or_zero(&mut self, local: LocalId, value: Result<Value, Fault>) -> Value {
        value.unwrap_or_else(|fault| {
            self.raise_fault(fault);
            zero(self.machine.locals.get(local))
        })
    }

    /// Data end with their states.
    pub(super) fn end_data(&mut self, left: &StateSet) {
        let machine = self.machine;
        if machine.locals.is_empty() {
            return;
        }
        for row in left.iter().filter_map(|state| machine.states.get(state)) {
            for &local in &row.locals {
                if let Some(place) = self.data.get_mut(local) {
                    *place = None;
                }
            }
        }
    }
}

/// What a place holds when nobody says.
pub(super) fn zero(local: Option<&Local>) -> Value {
    local.map_or(Value::None, |local| Value::default_of(&local.ty, &local.name))
}
