//! What other machines need to know of one: how it is started, what it is sent, what it returns.

use super::{args, children::can_complete, data};
use crate::model::{Expr, Field, Machine, Symbol, Type};

/// A machine as others see it.
pub(super) struct Known {
    pub(super) name: String,
    /// The events that others may send.
    pub(super) inputs: Vec<Symbol>,
    pub(super) params: Vec<Field>,
    /// What stands for each parameter that is left out.
    pub(super) defaults: Vec<Option<Expr>>,
    pub(super) result: Option<Type>,
    /// Whether it can end.
    pub(super) completes: bool,
}

impl Known {
    /// What is known once its alphabets are declared.
    pub(super) fn declared(machine: &Machine) -> Self {
        let mut inputs = Vec::new();
        for event in &machine.events {
            if !event.internal {
                inputs.push(event.symbol.clone());
            }
        }
        let name = machine.name.clone();
        Self { name, inputs, params: Vec::new(), defaults: Vec::new(), result: None, completes: false }
    }

    /// Adds what is known once it has states.
    pub(super) fn complete(&mut self, machine: &Machine) {
        let params = data::params(0, machine);
        self.params = args::fields(&params, machine);
        for id in params {
            self.defaults.push(machine.locals[id].initial.clone());
        }
        self.result.clone_from(&machine.result);
        self.completes = can_complete(machine, 0);
    }
}
