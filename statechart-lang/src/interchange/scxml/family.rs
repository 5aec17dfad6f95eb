//! A document and the documents that it invokes. Those come first: what they send is what it may receive.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    ImportError, Imported, Position,
    draft::Draft,
    ecma::Js,
    names::{self, Names},
};
use super::{
    chart::{EventRow, Hints, Translator},
    document::{Chart, ContentKind, Send},
    types::{Shape, Slot},
    walk::every_content,
};
use crate::model::names::{pascal, snake};

/// What the final states of a state return: its type, and the key under which ECMAScript knows it.
pub(super) type Results = BTreeMap<usize, (Slot, Option<String>)>;

/// Where states begin in the text, and where they stand in the document.
pub(super) type Places = Vec<(usize, Position)>;

/// A field of an event: its name, and its type where there is one.
pub(super) type Field = (String, Option<Shape>);

/// The document that invoked this one.
#[derive(Debug, Clone)]
pub(super) struct Parent {
    pub(super) machine: String,
    /// What it is called here.
    pub(super) peer: String,
}

/// An invoked document, as the one that invokes it sees it.
#[derive(Debug)]
pub(super) struct ChildRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) machine: String,
    /// Names of its parameters as the document spells them, and the types.
    pub(super) params: BTreeMap<String, Field>,
    pub(super) state: usize,
    pub(super) invoke: usize,
    /// What it understands: names and fields as the document spells them, and as they are spelt here.
    pub(super) events: BTreeMap<String, (String, BTreeMap<String, Field>)>,
    pub(super) sends: Vec<SentRow>,
    pub(super) result: Option<(Option<String>, Shape)>,
    /// Its final states return several values, or not all the same.
    pub(super) returns_several: bool,
    /// It is never started: what it is to be given is certain to be an error.
    pub(super) stillborn: bool,
    /// It can be done.
    pub(super) ends: bool,
}

/// What a child sends to its parent.
#[derive(Debug)]
pub(super) struct SentRow {
    pub(super) original: String,
    pub(super) name: String,
    pub(super) sites: usize,
    pub(super) fields: Vec<SentField>,
}

#[derive(Debug)]
pub(super) struct SentField {
    pub(super) original: String,
    pub(super) name: String,
    pub(super) shape: Option<Shape>,
    pub(super) given: usize,
    pub(super) maybe: bool,
}

/// What all documents of a translation share.
struct Family<'a> {
    hints: &'a Hints,
    machines: Names,
    /// Each with the places of its states in the document.
    drafts: Vec<(Draft, Vec<Position>)>,
    /// What the next round should know.
    wanted: Hints,
}

/// A chart in its surroundings.
struct Member<'a> {
    chart: &'a Chart,
    name: &'a str,
    /// Events that come from outside.
    more: &'a [String],
    params: BTreeSet<String>,
    parent: Option<Parent>,
}

/// What becomes of a member.
struct Translated {
    imported: Imported,
    params: BTreeMap<String, Field>,
    events: BTreeMap<String, (String, BTreeMap<String, Field>)>,
    sends: Vec<SentRow>,
    result: Option<(Option<String>, Shape)>,
    returns_several: bool,
}

/// Translates a chart and the charts that it invokes. Also returns what the next round should know.
pub(super) fn translate(
    chart: &Chart,
    name: &str,
    more: &[String],
    hints: &Hints,
) -> Result<(Imported, Hints, Places), ImportError> {
    let mut family = Family { hints, machines: Names::new(snake), drafts: Vec::new(), wanted: hints.clone() };
    family.machines.take(name);
    let member = Member { chart, name, more, params: BTreeSet::new(), parent: None };
    let mut imported = family.member(&member)?.imported;
    let mut places = Places::new();
    for (draft, at) in family.drafts.iter().rev() {
        if !imported.text.is_empty() {
            imported.text.push('\n');
        }
        let starts = draft.write(&mut imported.text);
        places.extend(starts.into_iter().filter_map(|(start, state)| Some((start, *at.get(state)?))));
    }
    imported.machine = name.to_owned();
    Ok((imported, family.wanted, places))
}

impl Family<'_> {
    /// Translates one chart; its draft goes to the end, after those of its children.
    fn member(&mut self, member: &Member<'_>) -> Result<Translated, ImportError> {
        let Member { chart, name, more, .. } = *member;
        if chart.states.len() < 2 {
            return Err(ImportError::at(chart.at, "the document has no states"));
        }
        let mut notes = Vec::new();
        let mut children = Vec::new();
        let mut child_names = Names::new(snake);
        if let Some(parent) = &member.parent {
            child_names.take(&parent.peer);
        }
        for (state, row) in chart.states.iter().enumerate() {
            for (invoke, found) in row.invokes.iter().enumerate() {
                let Ok(child) = &found.child else { continue };
                let place = if row.id.is_empty() { format!("s{state}") } else { row.id.clone() };
                let id = found.id.clone().unwrap_or_else(|| format!("{place}.{}", invoke + 1));
                let wanted = if child.name.is_empty() { &id } else { &child.name };
                let machine = names::identifier(&format!("{name}{}", pascal(wanted)), "M");
                let machine = self.machines.claim(&machine);
                let mut sent = sent_down(chart, &id);
                if found.autoforward {
                    sent.extend(forwarded(chart, more));
                }
                let inner = Member {
                    chart: child,
                    name: &machine,
                    more: &sent,
                    params: found.params.iter().map(|param| param.name.clone()).collect(),
                    parent: Some(Parent { machine: name.to_owned(), peer: peer_name(child) }),
                };
                let inner = self.member(&inner)?;
                notes.extend(inner.imported.notes);
                children.push(ChildRow {
                    name: child_names.claim(&names::identifier(&id, "c")),
                    id,
                    machine,
                    params: inner.params,
                    state,
                    invoke,
                    events: inner.events,
                    sends: inner.sends,
                    result: inner.result,
                    returns_several: inner.returns_several,
                    stillborn: false,
                    ends: self.drafts.last().is_some_and(|(draft, _)| draft.can_complete(0)),
                });
            }
        }
        let mut translator = Translator::new(chart, name, children, self.hints, member.parent.clone());
        translator.declare(more, &member.params);
        translator.notes.extend(notes);
        translator.run(more);
        self.wanted.fields.extend(translator.wanted());
        self.wanted.params.append(&mut translator.given_params);
        let params = translator.parameters();
        let (events, sends) = (translator.understood(), translator.says());
        let result = translator
            .results
            .get(&0)
            .and_then(|(slot, key)| Some((key.clone(), translator.types.shape(*slot)?)));
        let returns_several = translator.returns_several;
        let (draft, mut imported) = translator.finish();
        imported.notes.sort();
        self.drafts.push((draft, chart.states.iter().map(|state| state.at).collect()));
        Ok(Translated { imported, params, events, sends, result, returns_several })
    }
}

/// What a child calls the machine that invoked it: a name that none of its own children has.
fn peer_name(child: &Chart) -> String {
    let taken =
        child.states.iter().flat_map(|state| &state.invokes).any(|invoke| {
            invoke.id.as_deref().is_some_and(|id| snake(&names::identifier(id, "c")) == "parent")
        });
    if taken { "invoker".to_owned() } else { "parent".to_owned() }
}

/// Events that a document sends to the child of an id.
fn sent_down(chart: &Chart, id: &str) -> Vec<String> {
    let target = format!("#_{id}");
    let mut names = Vec::new();
    every_content(chart, &mut |content| {
        if let ContentKind::Send(send) = &content.kind
            && is_text(send, |send| send.target.as_ref(), &target)
            && let Some(Ok(Js::Text(name))) = send.event.as_ref().map(|code| &code.js)
            && !names.contains(name)
        {
            names.push(name.clone());
        }
    });
    names
}

fn is_text<'s>(
    send: &'s Send,
    of: impl Fn(&'s Send) -> Option<&'s super::document::Code>,
    wanted: &str,
) -> bool {
    matches!(of(send).map(|code| &code.js), Some(Ok(Js::Text(text))) if text == wanted)
}

/// Events that a document may get from outside: what its transitions name, and what is known to come.
fn forwarded(chart: &Chart, more: &[String]) -> Vec<String> {
    let mut names: Vec<String> = more.to_vec();
    for transition in chart.states.iter().flat_map(|state| &state.transitions) {
        for descriptor in &transition.events {
            let name = super::walk::stem(descriptor);
            let first = name.split('.').next().unwrap_or_default();
            if !name.is_empty()
                && !matches!(first, "done" | "error")
                && !names.iter().any(|known| known == name)
            {
                names.push(name.to_owned());
            }
        }
    }
    names
}

impl Translator<'_> {
    /// Events and fields that another machine may send.
    fn understood(&self) -> BTreeMap<String, (String, BTreeMap<String, Field>)> {
        let fields = |event: &EventRow| {
            let of = |(original, field): (&String, &super::chart::FieldRow)| {
                let shape = field.slot.and_then(|slot| self.types.shape(slot));
                (original.clone(), (field.name.clone(), shape))
            };
            event.carried().map(of).collect()
        };
        let own = self.events.iter().filter(|event| !event.error && !event.internal);
        own.map(|event| (event.original.clone(), (event.name.clone(), fields(event)))).collect()
    }

    /// What whoever starts it may give it.
    fn parameters(&self) -> BTreeMap<String, Field> {
        let own = self.variables.iter().filter(|(_, variable)| variable.param);
        own.map(|(name, variable)| (name.clone(), (variable.name.clone(), self.types.shape(variable.slot))))
            .collect()
    }

    /// What it sends to the machine that invoked it.
    fn says(&self) -> Vec<SentRow> {
        let row = |event: &EventRow| SentRow {
            original: event.original.clone(),
            name: event.name.clone(),
            sites: event.sites,
            fields: event
                .fields
                .iter()
                .map(|(original, field)| SentField {
                    original: original.clone(),
                    name: field.name.clone(),
                    shape: field.slot.and_then(|slot| self.types.shape(slot)),
                    given: field.given,
                    maybe: field.maybe,
                })
                .collect(),
        };
        self.upward.iter().map(row).collect()
    }

    /// Types of what children send, where this machine has found out more than they know.
    fn wanted(&self) -> BTreeMap<(String, String, String), Shape> {
        let mut wanted = BTreeMap::new();
        for child in &self.children {
            for sent in &child.sends {
                let Some(event) = self.events.iter().find(|event| event.original == sent.original) else {
                    continue;
                };
                for field in &sent.fields {
                    let here = event.fields.get(&field.original).and_then(|row| self.types.shape(row.slot?));
                    if let Some(here) = here.filter(|here| field.shape.as_ref() != Some(here)) {
                        let key = (child.machine.clone(), sent.original.clone(), field.original.clone());
                        wanted.insert(key, here);
                    }
                }
            }
        }
        wanted
    }
}
