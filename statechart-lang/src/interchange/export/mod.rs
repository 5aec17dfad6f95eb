//! Machines in the forms of other systems.

mod ecmascript;
mod scxml;
mod xml;
mod xstate;

pub(super) use scxml::NAMESPACE;

use std::collections::BTreeSet;

use super::{Note, Position};
use crate::{
    check::entry::entry,
    model::{LocalId, Machine, Model, StateId, Transition, Type},
};

/// A machine in another system's form.
#[derive(Debug, Clone, Default)]
pub struct Exported {
    /// The document.
    pub text: String,
    /// What the format cannot say. Notes have no place: what they are about is named.
    pub notes: Vec<Note>,
}

/// A machine as an SCXML document (ECMAScript data model); machines that it runs stand inside it.
///
/// Outputs become messages to the parent session, `after` becomes a delayed message that leaving the state cancels,
/// data of states become variables.
#[must_use]
pub fn scxml(model: &Model, machine: &Machine) -> Exported {
    scxml::export(model, machine)
}

/// A machine as the configuration of an XState machine (version 5), as JSON.
///
/// A configuration holds no code: guards and actions that are expressions here are named by their text, for
/// JavaScript to implement.
#[must_use]
pub fn xstate(model: &Model, machine: &Machine) -> Exported {
    xstate::export(model, machine)
}

/// What was found on the way; each thing once.
#[derive(Debug, Default)]
struct Notes(Vec<Note>);

impl Notes {
    fn add(&mut self, lost: bool, text: String) {
        let note = Note { at: Position::default(), lost, text };
        if !self.0.contains(&note) {
            self.0.push(note);
        }
    }

    fn lost(&mut self, text: impl Into<String>) {
        self.add(true, text.into());
    }

    fn detail(&mut self, text: impl Into<String>) {
        self.add(false, text.into());
    }
}

/// What neither format has a word for.
fn common_notes(machine: &Machine, notes: &mut Notes) {
    if machine.strict {
        notes.lost("`strict`: an event that nothing handles is dropped without a word");
    }
    if machine.nondeterministic {
        notes.lost("`nondeterministic`: the first transition in document order is taken");
    }
    for state in machine.states.iter().filter(|state| !state.defer.is_empty()) {
        let names: Vec<&str> = state
            .defer
            .iter()
            .filter_map(|event| machine.events.get(*event))
            .map(|event| event.symbol.name.as_str())
            .collect();
        notes.lost(format!("`defer {}` of `{}`: the events are dropped", names.join(" | "), state.path));
    }
    if !machine.examples.is_empty() || !machine.properties.is_empty() || !machine.migrations.is_empty() {
        notes.detail("examples, properties and migrations");
    }
    if machine.limits != crate::model::Limits::default() {
        notes.detail("`limits`");
    }
}

/// Parameters with defaults of the states that a transition may enter, where it passes them nothing. States that it
/// leaves are among them; what stands in those until they are entered again, nobody reads.
fn defaulted(machine: &Machine, transition: &Transition) -> Vec<LocalId> {
    if transition.targets.is_empty() {
        return Vec::new();
    }
    let entered = entry(machine, transition.domain, &transition.targets);
    let mut states: BTreeSet<StateId> = entered.states.all().into_iter().collect();
    for history in entered.histories.all() {
        let around = machine.states.get(history).map_or(0, |row| row.parent);
        states.extend((1..machine.states.len()).filter(|state| machine.is_descendant(*state, around)));
    }
    states.retain(|state| transition.passes.iter().all(|pass| pass.state != *state));
    let locals = states.iter().filter_map(|state| machine.states.get(*state)).flat_map(|row| &row.locals);
    let has_default =
        |id: &LocalId| machine.locals.get(*id).is_some_and(|local| local.param && local.initial.is_some());
    locals.copied().filter(has_default).collect()
}

/// A value to begin with.
fn zero(ty: &Type) -> &'static str {
    match ty {
        Type::Int | Type::Float | Type::Time | Type::Duration => "0",
        Type::Bool => "false",
        Type::Text => "''",
        Type::List(_) => "[]",
        Type::Optional(_) | Type::Extern(_) | Type::Unknown => "null",
    }
}
