//! A model reduced to its declarations.

use super::{Expr, ExprKind, Machine, Model};

impl Model {
    /// The declarations of a model that has errors: alphabets, context, externs and states stay, everything that
    /// reacts or computes goes. What is generated from it compiles and does nothing.
    pub(crate) fn into_skeleton(mut self) -> Self {
        self.machines.iter_mut().for_each(strip);
        self.systems.clear();
        self
    }
}

fn strip(machine: &mut Machine) {
    machine.nondeterministic = false;
    machine.transitions.clear();
    machine.timers.clear();
    machine.activities.clear();
    for variable in &mut machine.context {
        let (ty, span) = (variable.ty.clone(), variable.span);
        variable.initial = Expr { kind: ExprKind::Error, ty, span };
    }
    for state in &mut machine.states {
        state.entry.clear();
        state.exit.clear();
        state.transitions.clear();
        state.defer.clear();
        state.timers.clear();
        state.activities.clear();
    }
}
