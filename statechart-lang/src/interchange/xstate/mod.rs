//! XState configurations (version 5, as JSON) to the language.
//!
//! What a configuration names and JavaScript implements (guards, actions, actors) becomes `extern`.
//!
//! | part | what it does |
//! |---|---|
//! | `tree` | states, their ids, and what a target means |
//! | `code` | guards, invocations, context |
//! | `actions` | actions, messages, delays |
//! | `expr` | expressions on the context, where they stand as text |
//! | `reactions` | what a state reacts to |
//! | `regions` | what a parallel state does only when its regions do nothing |
//! | `timers` | what happens after a time |
//! | `transition` | one transition, with the domains of XState |

mod actions;
mod code;
mod expr;
mod reactions;
mod regions;
mod timers;
mod transition;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ImportError, ImportOptions, Imported, Note, Position,
    draft::{Draft, DraftSymbol},
    erroneous,
    json::Json,
    machine_name,
    names::{self, Names},
    verdict,
};
use crate::model::names::{pascal, snake};

/// How deep states may nest; the language allows 64 brackets.
const DEPTH_LIMIT: usize = 48;

pub(super) fn import(text: &str, options: &ImportOptions<'_>) -> Result<Imported, ImportError> {
    let mut twice = Vec::new();
    let json = Json::parse(text, &mut twice)?;
    if json.get("states").is_none_or(|states| states.items().is_empty()) {
        return Err(ImportError::at(json.at, "the document has no `states`: it is no XState configuration"));
    }
    let id = json.get("id").and_then(Json::text).unwrap_or_default();
    let name = machine_name(id, options.path);
    let mut importer = Importer::new(&name, id);
    importer.state(&json, None, "", 0)?;
    for (at, key) in twice {
        importer.detail(at, format!("`{key}` stands twice in one object: the last counts"));
    }
    importer.declare_events(options.events);
    importer.context(&json);
    for index in 0..importer.nodes.len() {
        importer.fill(index);
    }
    Ok(importer.finish(&name))
}

/// A state of the configuration; its index is that of the draft.
struct Node<'a> {
    json: &'a Json,
    /// Keys from below the root.
    path: Vec<String>,
    parent: usize,
}

/// What `event` is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Current {
    #[default]
    Nothing,
    /// An event as the document spells it.
    Event(String),
    /// A state has completed: the type of what it returns.
    Done(Option<String>),
}

/// Kind of an extern, its name, and the names and types of its parameters.
type Signature = (&'static str, String, Vec<(String, String)>);

struct Importer<'a> {
    draft: Draft,
    nodes: Vec<Node<'a>>,
    /// Ids as `#id` refers to them.
    ids: BTreeMap<String, usize>,
    machine_id: String,
    paths: Names,
    /// Events as the document spells them, in the order in which they appear, and as the language does.
    events: Vec<(String, String)>,
    event_names: Names,
    /// Events by which timers make themselves heard, as in `events`.
    timer_events: BTreeSet<String>,
    /// Whether a state can be left between the end of a state and the event that tells it.
    moves_between: bool,
    /// Fields of events that the document sends: `name: Type`.
    fields: BTreeMap<String, Vec<(String, String)>>,
    /// The objects with which the document sends its own events.
    sends: Vec<&'a Json>,
    /// Fields of events that expressions read: event, field.
    read_fields: BTreeSet<(String, String)>,
    /// What expressions at hand may ask `event` for.
    current: Current,
    /// Outputs, and the events whose fields they have.
    outputs: Vec<(String, String)>,
    /// Kind of extern, name and signature in the document; its name here.
    externs: BTreeMap<Signature, String>,
    extern_lines: Vec<String>,
    extern_names: Names,
    /// Services of each invocation: where it stands, and its outcomes.
    delays: BTreeMap<String, String>,
    variables: BTreeMap<String, (String, String)>,
    variable_names: Names,
    messages: BTreeMap<String, String>,
    message_names: Names,
    notes: Vec<Note>,
}

impl<'a> Importer<'a> {
    fn new(name: &str, id: &str) -> Self {
        let label = (!id.is_empty() && id != name).then(|| id.to_owned());
        Self {
            draft: Draft { name: name.to_owned(), label, ..Draft::default() },
            nodes: Vec::new(),
            ids: BTreeMap::new(),
            machine_id: if id.is_empty() { "(machine)".to_owned() } else { id.to_owned() },
            paths: Draft::paths(),
            events: Vec::new(),
            event_names: Names::new(pascal),
            timer_events: BTreeSet::new(),
            moves_between: false,
            fields: BTreeMap::new(),
            sends: Vec::new(),
            read_fields: BTreeSet::new(),
            current: Current::Nothing,
            outputs: Vec::new(),
            externs: BTreeMap::new(),
            extern_lines: Vec::new(),
            extern_names: Names::new(snake),
            delays: BTreeMap::new(),
            variables: BTreeMap::new(),
            variable_names: Names::new(snake),
            messages: BTreeMap::new(),
            message_names: Names::new(snake),
            notes: Vec::new(),
        }
    }

    fn lost(&mut self, at: Position, text: impl Into<String>) {
        self.notes.push(Note::new(at, true, text));
    }

    fn detail(&mut self, at: Position, text: impl Into<String>) {
        self.notes.push(Note::new(at, false, text));
    }

    /// The name of an event in the language; it is declared by being mentioned.
    fn event(&mut self, original: &str) -> String {
        if let Some((_, name)) = self.events.iter().find(|(known, _)| known == original) {
            return name.clone();
        }
        let name = self.event_names.claim(&names::quotable(original));
        self.events.push((original.to_owned(), name.clone()));
        name
    }

    fn finish(mut self, name: &str) -> Imported {
        let mut imported = Imported { machine: name.to_owned(), ..Imported::default() };
        for (state, node) in self.nodes.iter().enumerate().skip(1) {
            let path = self.draft.path(state).unwrap_or_default();
            imported.states.insert(node.path.join("."), path.clone());
            if let Some(id) = node.json.get("id").and_then(Json::text) {
                imported.states.insert(id.to_owned(), path);
            }
        }
        for (original, name) in &self.events {
            let fields = self.fields.get(original).map_or(&[][..], Vec::as_slice);
            let fields = fields.iter().map(|(field, ty)| {
                let mark = if self.may_miss(original, field) { "?" } else { "" };
                format!("{field}: {ty}{mark}")
            });
            let symbol = DraftSymbol { name: name.clone(), fields: fields.collect(), doc: None };
            if self.timer_events.contains(original) {
                self.draft.internals.push(symbol);
                continue;
            }
            self.draft.inputs.push(symbol);
            imported.events.insert(original.clone(), name.clone());
        }
        for (name, event) in &self.outputs {
            self.draft.outputs.push(DraftSymbol {
                name: name.clone(),
                fields: self.fields.get(event).map_or(Vec::new(), |fields| spelt(fields, "?")),
                doc: None,
            });
        }
        self.draft.externs = std::mem::take(&mut self.extern_lines);
        self.draft.prune();
        regions::ask_first(&mut self.draft);
        let starts = self.draft.write(&mut imported.text);
        imported.notes = self.notes;
        imported.notes.extend(verdict(&imported.text).iter().map(|(diagnostic, _)| {
            let before = |(start, _): &&(usize, usize)| *start <= diagnostic.primary.span.start as usize;
            let state = starts.iter().rfind(before).map_or(0, |(_, state)| *state);
            erroneous(self.nodes.get(state).map(|node| node.json.at).unwrap_or_default(), diagnostic)
        }));
        imported.notes.sort();
        imported.notes.dedup();
        imported
    }
}

/// `name: Type`, each with a mark behind it.
fn spelt(fields: &[(String, String)], mark: &str) -> Vec<String> {
    fields.iter().map(|(name, ty)| format!("{name}: {ty}{mark}")).collect()
}
