//! The translator: names and events first, then passes over the whole document until no type changes any more.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use super::super::{
    Imported, Note, Position,
    draft::{Draft, DraftSymbol},
    ecma::{Js, Statement},
    names::{self, Names},
};
use super::{
    call::WRITTEN_LIMIT,
    document::Chart,
    family::{ChildRow, Parent, Results},
    prelude::Preludes,
    types::{Kind, Shape, Slot, Types},
};
use crate::model::names::snake;

/// How often the document is gone through; each pass but the last has learnt something about a type.
const PASSES: usize = 40;
/// How many values a name that stands for an event or a target may take.
pub(super) const VALUES: usize = 32;

/// What W3C calls the event of something that cannot be evaluated.
pub(super) const EXECUTION: &str = "error.execution";
/// What W3C calls the event of something that cannot be delivered.
pub(super) const COMMUNICATION: &str = "error.communication";

#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) slot: Slot,
    pub(super) optional: bool,
    /// Given nothing, or what may be nothing, somewhere in this pass; it has no value to begin with.
    pub(super) maybe: bool,
    pub(super) empty: bool,
    /// Read in this pass; in the one before.
    pub(super) reads: bool,
    pub(super) read: bool,
    /// A parameter of the machine: whoever starts it may set it.
    pub(super) param: bool,
    /// Every text that it can hold, where all are written out.
    pub(super) texts: Option<BTreeSet<String>>,
}

#[derive(Debug, Default)]
pub(super) struct EventRow {
    pub(super) original: String,
    pub(super) name: String,
    /// Nothing outside sends it.
    pub(super) internal: bool,
    /// Only raised for errors that are certain; declared when there is one.
    pub(super) error: bool,
    pub(super) fields: BTreeMap<String, FieldRow>,
    /// Places that send it, in this pass.
    pub(super) sites: usize,
    /// Whether something raises it; whether something sends it, or it may come from outside.
    pub(super) raised: bool,
    pub(super) sent: bool,
    /// Children that send it, and how many places of theirs do.
    pub(super) from: Vec<usize>,
    pub(super) child_sites: usize,
}

#[derive(Debug, Default)]
pub(super) struct FieldRow {
    pub(super) name: String,
    pub(super) slot: Option<Slot>,
    pub(super) optional: bool,
    /// Places that give it, in this pass, and whether one of them may give nothing.
    pub(super) given: usize,
    pub(super) maybe: bool,
    pub(super) reads: bool,
    /// Which of the fields it is, in the order in which they are declared.
    pub(super) number: usize,
    /// The same of places in children.
    pub(super) child_given: usize,
    pub(super) child_maybe: bool,
}

impl EventRow {
    /// Its fields, without `data` where that was only asked for before anything was known of what it consists of.
    pub(super) fn carried(&self) -> impl Iterator<Item = (&String, &FieldRow)> {
        let is_several = self.fields.len() > 1;
        self.fields
            .iter()
            .filter(move |(name, field)| *name != "data" || !is_several || field.reads || field.given > 0)
    }

    /// The type of a field; it is declared by being used.
    pub(super) fn field(&mut self, name: &str, types: &mut Types) -> Slot {
        if !self.fields.contains_key(name) {
            let mut taken = Names::new(snake);
            for field in self.fields.values() {
                taken.take(&field.name);
            }
            let spelt = taken.claim(&names::identifier(name, "f"));
            let number = self.fields.len();
            let row = FieldRow { name: spelt, optional: true, number, ..FieldRow::default() };
            self.fields.insert(name.to_owned(), row);
        }
        match self.fields.get_mut(name) {
            Some(field) => *field.slot.get_or_insert_with(|| types.fresh(Kind::Unknown)),
            None => types.fresh(Kind::Unknown),
        }
    }
}

/// What earlier rounds have found out.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Hints {
    /// Expressions that the checker wants a default for.
    pub(super) defaults: BTreeSet<String>,
    /// Types that the receiver of a message wants: machine that sends, event, field.
    pub(super) fields: BTreeMap<(String, String, String), Shape>,
    /// Types that parameters are given: machine that is started, parameter.
    pub(super) params: BTreeMap<(String, String), Shape>,
}

pub(super) struct Translator<'a> {
    pub(super) chart: &'a Chart,
    pub(super) draft: Draft,
    /// Index in the draft of each state of the chart, and the other way round.
    pub(super) ids: BTreeMap<&'a str, usize>,
    pub(super) variables: BTreeMap<String, Variable>,
    pub(super) events: Vec<EventRow>,
    pub(super) children: Vec<ChildRow>,
    /// Messages to whoever runs the document; none where that is another document.
    pub(super) outputs: Option<Vec<EventRow>>,
    /// Who invoked this document, and what is sent there.
    pub(super) parent: Option<Parent>,
    pub(super) upward: Vec<EventRow>,
    /// Ids of messages that something cancels: where each is sent, and its name there.
    pub(super) messages: BTreeMap<String, Vec<(Position, String)>>,
    pub(super) results: Results,
    pub(super) results_read: BTreeSet<usize>,
    /// Where final states of a state return several things, or not all the same: the variables that hold them, by
    /// state and key; the key of `<content>` is empty.
    pub(super) done_data: BTreeMap<usize, BTreeMap<String, String>>,
    /// The same of the whole document, which cannot be carried over.
    pub(super) returns_several: bool,
    pub(super) types: Types,
    /// Procedures of scripts, and functions that only compute.
    pub(super) functions: BTreeMap<String, (&'a [String], &'a [Statement])>,
    pub(super) lambdas: BTreeMap<String, (Vec<String>, Js)>,
    /// How many functions are being written out, one inside the other.
    pub(super) calling: usize,
    /// How much may still be written out in this pass.
    pub(super) writable: Cell<usize>,
    /// Functions of scripts that look at `_event`.
    pub(super) functions_see_event: bool,
    /// The first state below the root.
    pub(super) first_child: Option<usize>,
    /// Variables that never change; what is known of variables in the block at hand, and at the start of the next.
    pub(super) constants: BTreeMap<String, Js>,
    pub(super) known: BTreeMap<String, Js>,
    pub(super) opening: Option<BTreeMap<String, Js>>,
    /// Variables that hold a value because the block at hand has given them one, as they are spelt.
    pub(super) given_here: BTreeSet<String>,
    /// What children want done with events before anything else.
    pub(super) preludes: Preludes,
    /// Whether it sends to children, which may not run then.
    pub(super) tells_children: bool,
    /// The state at hand.
    pub(super) at_state: usize,
    /// The variable that holds the name of the last event, and whether something reads it.
    pub(super) event_variable: Option<String>,
    pub(super) unknown_scripts: bool,
    pub(super) notes: Vec<Note>,
    pub(super) hints: &'a Hints,
    /// What the next round should know of parameters.
    pub(super) given_params: BTreeMap<(String, String), Shape>,
    pub(super) filled_in: BTreeMap<String, Position>,
    /// Where what is being translated stands.
    pub(super) here: Position,
    /// Something can go wrong when the machine runs.
    pub(super) may_fault: bool,
    pub(super) faults: bool,
    /// Events of errors that are certain: declared when first needed.
    pub(super) errors: BTreeSet<&'static str>,
    /// A number for each thing that needs a name of its own, in order.
    pub(super) counter: usize,
    pub(super) variable_names: Names,
}

impl<'a> Translator<'a> {
    pub(super) fn new(
        chart: &'a Chart,
        name: &str,
        children: Vec<ChildRow>,
        hints: &'a Hints,
        parent: Option<Parent>,
    ) -> Self {
        let label = (!chart.name.is_empty() && chart.name != name).then(|| chart.name.clone());
        let draft = Draft { name: name.to_owned(), label, ..Draft::default() };
        Self {
            chart,
            draft,
            ids: BTreeMap::new(),
            variables: BTreeMap::new(),
            events: Vec::new(),
            children,
            outputs: parent.is_none().then(Vec::new),
            parent,
            upward: Vec::new(),
            messages: BTreeMap::new(),
            results: BTreeMap::new(),
            results_read: BTreeSet::new(),
            done_data: BTreeMap::new(),
            returns_several: false,
            types: Types::default(),
            functions: BTreeMap::new(),
            lambdas: BTreeMap::new(),
            calling: 0,
            writable: Cell::new(WRITTEN_LIMIT),
            functions_see_event: false,
            first_child: None,
            constants: BTreeMap::new(),
            known: BTreeMap::new(),
            opening: None,
            given_here: BTreeSet::new(),
            preludes: Preludes::default(),
            tells_children: false,
            at_state: 0,
            event_variable: None,
            unknown_scripts: false,
            notes: chart.notes.clone(),
            hints,
            given_params: BTreeMap::new(),
            filled_in: BTreeMap::new(),
            here: chart.at,
            may_fault: false,
            faults: false,
            errors: BTreeSet::new(),
            counter: 0,
            variable_names: Names::new(snake),
        }
    }

    /// A behaviour that is not carried over.
    pub(super) fn lost(&mut self, at: Position, text: impl Into<String>) {
        self.notes.push(Note::new(at, true, text));
    }

    /// Something that is not carried over and that changes nothing.
    pub(super) fn detail(&mut self, at: Position, text: impl Into<String>) {
        self.notes.push(Note::new(at, false, text));
    }

    /// The id of a state in the document.
    pub(super) fn original(&self, state: usize) -> &'a str {
        self.chart.states.get(state).map_or("", |state| state.id.as_str())
    }

    /// A state for `in(…)`, which is resolved from anywhere: by its whole path.
    pub(super) fn state_reference(&self, id: &str) -> String {
        self.ids.get(id).and_then(|state| self.draft.path(*state)).unwrap_or_default()
    }

    /// Passes over the document until nothing changes.
    pub(super) fn run(&mut self, more: &[String]) {
        let kept = self.notes.clone();
        for pass in 0..PASSES {
            let before = self.knowledge();
            self.notes.clone_from(&kept);
            self.filled_in.clear();
            self.counter = 0;
            self.writable.set(WRITTEN_LIMIT);
            self.draft.context.clear();
            self.draft.params.clear();
            for state in &mut self.draft.states {
                state.items.clear();
            }
            for variable in self.variables.values_mut() {
                variable.read = variable.reads || pass == 0;
                variable.reads = false;
                // The first pass takes every event to come without data. The second forgets what followed from that.
                variable.optional = variable.empty || variable.maybe && pass > 1;
                variable.maybe = false;
            }
            self.faults = self.may_fault;
            let rows = self.events.iter_mut().chain(self.outputs.iter_mut().flatten());
            for event in rows.chain(&mut self.upward) {
                let outside = more.contains(&event.original);
                for field in event.fields.values_mut() {
                    let is_left_out = pass == 0 || event.sites == 0 || field.given < event.sites;
                    field.optional = is_left_out || field.maybe && pass > 1 || field.child_maybe;
                    (field.given, field.maybe, field.reads) = (field.child_given, field.child_maybe, false);
                }
                event.sites = usize::from(outside) + event.child_sites;
            }
            self.pass();
            if self.knowledge() == before && pass > 1 {
                break;
            }
        }
        self.sent_again();
        for (text, at) in std::mem::take(&mut self.filled_in) {
            self.lost(
                at,
                format!("`{text}` may be undefined where it is read; ECMAScript computes NaN then, this counts it as nothing"),
            );
        }
    }

    /// Everything that passes learn, to be compared.
    fn knowledge(&self) -> Vec<String> {
        let mut known: Vec<String> = self
            .variables
            .values()
            .map(|v| {
                format!("{} {:?} {} {} {}", v.name, self.types.spell(v.slot), v.optional, v.read, v.reads)
            })
            .collect();
        for event in self.events.iter().chain(self.outputs.iter().flatten()).chain(&self.upward) {
            known.push(format!("{} {}", event.name, event.sites));
            for field in event.fields.values() {
                let ty = field.slot.and_then(|slot| self.types.spell(slot));
                known.push(format!(
                    "{} {ty:?} {} {} {}",
                    field.name, field.optional, field.given, field.maybe
                ));
            }
        }
        known.extend(self.children.iter().map(|child| child.stillborn.to_string()));
        for (state, (slot, key)) in &self.results {
            known.push(format!("{state} {:?} {key:?}", self.types.spell(*slot)));
        }
        known.push(format!(
            "{} {} {} {:?} {:?} {:?}",
            self.may_fault,
            self.tells_children,
            self.faults,
            self.errors,
            self.results_read,
            self.event_variable
        ));
        known
    }

    pub(super) fn finish(mut self) -> (Draft, Imported) {
        let mut imported = Imported { notes: std::mem::take(&mut self.notes), ..Imported::default() };
        for (id, state) in &self.ids {
            if let Some(path) = self.draft.path(*state) {
                imported.states.insert((*id).to_owned(), path);
            }
        }
        if let Some(parent) = self.parent.as_ref().filter(|_| !self.upward.is_empty()) {
            self.draft.peers.push(format!("{}: {}", parent.peer, parent.machine));
        }
        let outputs = self.outputs.take().unwrap_or_default();
        for (event, is_output) in
            self.events.iter().map(|event| (event, false)).chain(outputs.iter().map(|output| (output, true)))
        {
            if event.error && !self.errors.contains(event.original.as_str()) {
                continue;
            }
            if !is_output {
                imported.events.insert(event.original.clone(), event.name.clone());
            }
            let mut fields = Vec::new();
            let mut carried: Vec<_> = event.carried().collect();
            if is_output {
                carried.sort_by_key(|(_, field)| field.number);
            }
            for (original, field) in carried {
                match field.slot.and_then(|slot| self.types.spell(slot)) {
                    Some(ty) => {
                        fields.push(format!("{}: {ty}{}", field.name, if field.optional { "?" } else { "" }));
                    }
                    None => {
                        let text =
                            format!("the field `{}` of `{}` holds objects", original.trim(), event.original);
                        imported.notes.push(Note::new(self.chart.at, true, text));
                    }
                }
            }
            let symbol = DraftSymbol { name: event.name.clone(), fields, doc: None };
            if is_output {
                self.draft.outputs.push(symbol);
            } else if event.internal {
                self.draft.internals.push(symbol);
            } else {
                self.draft.inputs.push(symbol);
            }
        }
        self.draft.prune();
        (self.draft, imported)
    }

    /// The texts that an expression can have, where all are known.
    pub(super) fn values(&self, js: &Js) -> Option<BTreeSet<String>> {
        match js {
            Js::Text(text) => Some(BTreeSet::from([text.clone()])),
            Js::Name(name) => self.variables.get(name)?.texts.clone(),
            Js::Choice(_, then, otherwise) => {
                Some(self.values(then)?.into_iter().chain(self.values(otherwise)?).collect())
            }
            Js::Binary("+", left, right) => {
                let (left, right) = (self.values(left)?, self.values(right)?);
                let (mut left, mut right) = (left.into_iter(), right.into_iter());
                match (left.next(), left.next(), right.next(), right.next()) {
                    (Some(left), None, Some(right), None) => Some(BTreeSet::from([format!("{left}{right}")])),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The type of an event's field; it is declared by being used.
    pub(super) fn field(&mut self, event: usize, name: &str) -> Slot {
        match self.events.get_mut(event) {
            Some(row) => row.field(name, &mut self.types),
            None => self.types.fresh(Kind::Unknown),
        }
    }

    /// The type of what a state returns, and whether it returns that.
    pub(super) fn result(&mut self, state: usize, field: Option<&str>) -> (Slot, bool) {
        if let Some(keys) = self.done_data.get(&state) {
            let variable = keys.get(field.unwrap_or_default()).and_then(|name| self.variables.get(name));
            return match variable {
                Some(variable) => (variable.slot, true),
                None => (self.types.fresh(Kind::Unknown), false),
            };
        }
        match self.results.get(&state) {
            Some((slot, key)) => (*slot, key.as_deref() == field),
            None => (self.types.fresh(Kind::Unknown), false),
        }
    }

    pub(super) fn event_named(&self, original: &str) -> Option<usize> {
        self.events.iter().position(|event| event.original == original)
    }
}
