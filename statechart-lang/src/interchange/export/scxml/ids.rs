//! Names in the document.

use super::super::super::names::{Names, identifier};
use crate::model::{LocalId, Machine, StateId};

/// Names of everything.
pub(in super::super) struct Ids {
    pub(super) states: Vec<String>,
    pub(super) events: Vec<String>,
    variables: Vec<String>,
    locals: Vec<String>,
    bindings: Vec<String>,
    nexts: Vec<String>,
}

pub(super) fn at(names: &[String], index: usize) -> String {
    names.get(index).cloned().unwrap_or_default()
}

impl Ids {
    pub(in super::super) fn state(&self, state: StateId) -> &str {
        self.states.get(state).map_or("", String::as_str)
    }

    pub(in super::super) fn variable(&self, variable: usize) -> String {
        at(&self.variables, variable)
    }

    pub(in super::super) fn local(&self, local: LocalId) -> String {
        at(&self.locals, local)
    }

    /// Where the next value of a parameter waits.
    pub(super) fn next(&self, local: LocalId) -> String {
        at(&self.nexts, local)
    }

    pub(in super::super) fn binding(&self, binding: usize) -> String {
        at(&self.bindings, binding)
    }

    pub(super) fn new(machine: &Machine) -> Self {
        let states = machine
            .states
            .iter()
            .map(|state| {
                let unique = machine.states.iter().filter(|other| other.name == state.name).count() == 1;
                if unique { state.name.clone() } else { state.path.clone() }
            })
            .collect();
        let mut variables = Names::new(str::to_owned);
        let mut claim = |name: &str| variables.claim(&identifier(name, "v"));
        let context = machine.context.iter().map(|variable| claim(&variable.name)).collect();
        let locals: Vec<String> = machine
            .locals
            .iter()
            .map(|local| {
                let state = machine.states.get(local.state).filter(|_| local.state != 0);
                claim(&state.map_or(local.name.clone(), |state| format!("{}_{}", state.name, local.name)))
            })
            .collect();
        Self {
            states,
            variables: context,
            bindings: machine.bindings.iter().map(|binding| claim(&binding.name)).collect(),
            nexts: locals.iter().map(|name| claim(&format!("{name}_next"))).collect(),
            locals,
            events: event_names(machine.events.iter().map(|event| event.symbol.name.as_str())),
        }
    }
}

/// Event names without white space, none of which is the first tokens of another: SCXML would match both.
pub(super) fn event_names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let names: Vec<&str> = names.collect();
    let mut taken = Names::new(str::to_owned);
    names
        .iter()
        .map(|name| {
            let covered =
                names.iter().any(|other| name.strip_prefix(other).is_some_and(|rest| rest.starts_with('.')));
            let first = name.split('.').next().unwrap_or_default();
            let mut spelt: String = name
                .chars()
                .map(|c| if c.is_whitespace() || c == '*' || (c == '.' && covered) { '_' } else { c })
                .collect();
            if matches!(first, "error" | "done") {
                spelt = format!("event_{}", spelt.replace('.', "_"));
            }
            taken.claim(&spelt)
        })
        .collect()
}
