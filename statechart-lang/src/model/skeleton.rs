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

impl Machine {
    /// Takes out everything that reacts; what is declared stays.
    pub(crate) fn forget_reactions(&mut self) {
        for state in &mut self.states {
            for actions in [&mut state.entry, &mut state.exit, &mut state.initial_actions] {
                actions.clear();
            }
            for ids in [&mut state.transitions, &mut state.defer, &mut state.timers, &mut state.activities] {
                ids.clear();
            }
            state.initial_passes.clear();
            state.returns = None;
        }
        self.transitions.clear();
        self.timers.clear();
        self.activities.clear();
        self.bindings.clear();
        self.undos.clear();
    }
}

fn strip(machine: &mut Machine) {
    machine.forget_reactions();
    machine.nondeterministic = false;
    machine.result = None;
    machine.examples.clear();
    machine.properties.clear();
    machine.migrations.clear();
    // Code beside it names the machine's parameters; those of states only the machine does.
    machine.locals.retain(|local| local.state == 0 && local.param);
    for local in &mut machine.locals {
        let (ty, span) = (local.ty.clone(), local.span);
        local.initial = local.initial.take().map(|_| Expr { kind: ExprKind::Error, ty, span });
    }
    for variable in &mut machine.context {
        let (ty, span) = (variable.ty.clone(), variable.span);
        variable.initial = Expr { kind: ExprKind::Error, ty, span };
    }
    let params = machine.locals.len();
    for (id, state) in machine.states.iter_mut().enumerate() {
        state.locals = if id == 0 { (0..params).collect() } else { Vec::new() };
        state.result = None;
    }
}
