//! What may be written at a place.

use std::collections::BTreeSet;

use super::{
    Analysis, DeclarationId, Kind,
    describe::KEYWORDS,
    place::{self, Wanted},
    rename::is_name,
    repair::Without,
    scopes::{Names, Scope},
    walk,
};
use crate::{FileId, Loader};

/// What a completion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CompletionKind {
    /// A name of the specification.
    Name(Kind),
    /// A word of the language.
    Keyword,
    /// A type, function or field of the language.
    BuiltIn,
}

/// One proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What is shown and searched.
    pub label: String,
    /// What is written.
    pub insert: String,
    /// What it is.
    pub kind: CompletionKind,
    /// The declaration on one line, or what a keyword does.
    pub detail: String,
    /// Documentation comment.
    pub doc: String,
}

const TOP: &[&str] = &["import", "machine", "strict", "nondeterministic", "fragment", "system"];
const MACHINE: &[&str] = &[
    "input",
    "internal",
    "output",
    "context",
    "extern",
    "peer",
    "limits",
    "use",
    "example",
    "property",
    "invariant",
    "never",
    "migrate",
];
const STATE: &[&str] = &[
    "initial", "state", "accept", "parallel", "final", "history", "deep", "entry", "exit", "on", "always",
    "after", "do", "defer", "context", "internal", "use",
];
const PARALLEL: &[&str] = &[
    "region", "history", "deep", "entry", "exit", "on", "always", "after", "do", "defer", "context",
    "internal", "use",
];
const FINAL: &[&str] = &["entry", "exit", "return", "use"];
const ACTIONS: &[&str] =
    &["emit", "raise", "send", "cancel", "spawn", "stop", "log", "if", "for", "compensate", "commit"];
const VALUES: &[&str] = &["none", "true", "false", "now", "not", "in"];
const TYPES: &[(&str, &str)] = &[
    ("Int", "64 bits, signed"),
    ("Float", "64 bits, finite"),
    ("Bool", "true or false"),
    ("Text", "a string"),
    ("Time", "a point in time, in microseconds"),
    ("Duration", "a span of time: `30s`, `500ms`"),
];
const LIMITS: &[(&str, &str)] = &[
    ("internal", "events raised and not yet read"),
    ("deferred", "events kept for later"),
    ("microsteps", "transitions of one step"),
    ("undo", "actions that `compensate` may take back"),
];

/// What may be written at an offset of a file, a word that is begun there left aside: the editor filters.
#[must_use]
pub fn completions(path: &str, loader: &dyn Loader, offset: u32) -> Vec<Completion> {
    let Ok(text) = loader.load(path) else { return Vec::new() };
    let Some(before) = text.get(..offset as usize) else { return Vec::new() };
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let before = before.trim_end_matches(word);
    let Some(place) = place::read(before) else { return Vec::new() };
    // The item that is being written would hide what follows it.
    let start = place.item.unwrap_or(before.len());
    let rest = text.get(before.len()..).unwrap_or("");
    let end = before.len() + place::rest_of_item(rest);
    let analysis = Analysis::new(path, &Without { loader, path, start, end });
    let mut list = List { analysis: &analysis, found: Vec::new() };
    let (scope, state) = analysis.scope_at(FileId(0), before.len() as u32);
    list.fill(&place.wanted, scope, state);
    if matches!(place.wanted, Wanted::Value { .. }) {
        for name in &place.bindings {
            list.push(name, name, CompletionKind::Name(Kind::Binding), "of this `for`", "");
        }
    }
    let mut seen = BTreeSet::new();
    list.found.retain(|found| seen.insert((found.label.clone(), found.kind)));
    list.found
}

impl Analysis {
    /// The machine around an offset, and the innermost state there.
    fn scope_at(&self, file: FileId, offset: u32) -> (Option<&Scope>, usize) {
        let here = |span: crate::Span| span.file == file && (span.start..=span.end).contains(&offset);
        // A fragment's states stand in the machines that use it.
        for scope in &self.scopes {
            let inner = scope.states.iter().enumerate().rev().find(|(_, state)| here(state.span));
            if let Some((state, _)) = inner {
                return (Some(scope), state);
            }
        }
        (None, 0)
    }
}

struct List<'a> {
    analysis: &'a Analysis,
    found: Vec<Completion>,
}

impl List<'_> {
    fn push(&mut self, label: &str, insert: &str, kind: CompletionKind, detail: &str, doc: &str) {
        let (label, insert) = (label.to_owned(), insert.to_owned());
        self.found.push(Completion { label, insert, kind, detail: detail.to_owned(), doc: doc.to_owned() });
    }

    fn words(&mut self, words: &[&str]) {
        for word in words {
            let detail = KEYWORDS.iter().find(|(known, _)| known == word).map_or("", |(_, text)| *text);
            self.push(word, word, CompletionKind::Keyword, detail, "");
        }
    }

    fn built_in(&mut self, rows: &[(&str, &str)]) {
        for (name, detail) in rows {
            self.push(name, name, CompletionKind::BuiltIn, detail, "");
        }
    }

    fn one(&mut self, id: DeclarationId) {
        let Some(known) = self.analysis.declarations.get(id) else { return };
        let bare = is_name(&known.name) || known.name.bytes().all(|byte| byte.is_ascii_digit());
        let insert = if bare { known.name.clone() } else { format!("'{}'", known.name) };
        self.push(&known.name, &insert, CompletionKind::Name(known.kind), &known.text, &known.doc);
    }

    fn names(&mut self, names: &Names) {
        names.values().for_each(|id| self.one(*id));
    }

    fn kind(&mut self, kind: Kind) {
        let declarations = self.analysis.declarations.iter().enumerate();
        let ids: Vec<DeclarationId> =
            declarations.filter(|(_, known)| known.kind == kind).map(|(id, _)| id).collect();
        ids.into_iter().for_each(|id| self.one(id));
    }

    fn fill(&mut self, wanted: &Wanted, scope: Option<&Scope>, state: usize) {
        match wanted {
            Wanted::Nothing => {}
            Wanted::Top => self.words(TOP),
            Wanted::Member(body) => match *body {
                "parallel" => self.words(PARALLEL),
                "final" => self.words(FINAL),
                "state" | "region" => self.words(STATE),
                _ => {
                    self.words(MACHINE);
                    self.words(STATE);
                    self.words(&["region"]);
                }
            },
            Wanted::ExternItem => self.words(&["type", "guard", "action", "service", "streams"]),
            Wanted::SystemItem => {
                self.words(&["actor", "external"]);
                self.kind(Kind::Actor);
                self.kind(Kind::External);
            }
            Wanted::Limit => self.built_in(LIMITS),
            Wanted::Parties => {
                self.kind(Kind::Actor);
                self.kind(Kind::External);
            }
            Wanted::PartyEvents(party) => self.party_events(party),
            Wanted::Machines => self.kind(Kind::Machine),
            Wanted::Fragments => self.kind(Kind::Fragment),
            Wanted::Types => {
                self.built_in(TYPES);
                if let Some(scope) = scope {
                    self.names(&scope.types);
                }
            }
            _ => {
                if let Some(scope) = scope {
                    self.fill_in(wanted, scope, state);
                }
            }
        }
    }

    /// What depends on the machine around.
    fn fill_in(&mut self, wanted: &Wanted, scope: &Scope, state: usize) {
        match wanted {
            Wanted::Pattern => {
                self.names(&scope.events);
                self.words(&["done", "fault"]);
            }
            Wanted::Events => self.names(&scope.events),
            Wanted::Outputs => self.names(&scope.outputs),
            Wanted::Symbols => {
                self.names(&scope.events);
                self.names(&scope.outputs);
                self.words(&["from"]);
            }
            Wanted::States => {
                scope.states.iter().skip(1).for_each(|node| self.one(node.id));
                self.words(&["self"]);
            }
            Wanted::Completing => {
                scope.states.iter().skip(1).for_each(|node| self.one(node.id));
                self.partners(scope, Kind::Child);
            }
            Wanted::Initial => self.children(scope, state),
            Wanted::Below(path) => {
                let names: Vec<&str> = path.iter().map(String::as_str).collect();
                let found = walk::resolve(scope, state, &names).filter(|found| found.len() == names.len());
                if let Some(last) = found.and_then(|found| found.last().copied()) {
                    self.children(scope, last);
                }
            }
            Wanted::Fields(pattern) => self.fields(scope, pattern),
            Wanted::Partners => {
                scope.partners.values().for_each(|(id, _)| self.one(*id));
                self.words(&["self"]);
            }
            Wanted::PartnerEvents(partner) => self.partner_events(scope, partner),
            Wanted::Children => self.partners(scope, Kind::Child),
            Wanted::Messages => self.names(&scope.messages),
            Wanted::Activity => {
                self.names(&scope.services);
                self.kind(Kind::Machine);
            }
            Wanted::Action => {
                self.words(ACTIONS);
                self.data(scope, state);
                self.names(&scope.actions);
            }
            Wanted::Value { event } => {
                self.data(scope, state);
                self.names(&scope.guards);
                self.words(VALUES);
                self.built_in(&[("len", "the length of a text or list")]);
                if *event {
                    self.words(&["event"]);
                }
            }
            Wanted::Variables => {
                if let Some(root) = scope.states.first() {
                    self.names(&root.data);
                }
            }
            _ => {}
        }
    }

    fn children(&mut self, scope: &Scope, state: usize) {
        let children = scope.states.get(state).map(|node| node.children.clone()).unwrap_or_default();
        for child in children {
            if let Some(node) = scope.states.get(child) {
                self.one(node.id);
            }
        }
    }

    fn partners(&mut self, scope: &Scope, kind: Kind) {
        for (id, _) in scope.partners.values() {
            if self.analysis.declarations.get(*id).is_some_and(|known| known.kind == kind) {
                self.one(*id);
            }
        }
    }

    fn inputs(&mut self, scope: &Scope) {
        for id in scope.events.values() {
            if self.analysis.declarations.get(*id).is_some_and(|known| known.kind == Kind::Event) {
                self.one(*id);
            }
        }
    }

    fn partner_events(&mut self, scope: &Scope, partner: &str) {
        if partner == "self" {
            self.names(&scope.events);
        } else if let Some((_, machine)) = scope.partners.get(partner)
            && let Some(other) = self.analysis.scope_of(&self.analysis.scopes, machine)
        {
            self.inputs(other);
        }
    }

    fn party_events(&mut self, party: &str) {
        let files =
            self.analysis.files.iter().flat_map(|file| &file.systems).flat_map(|system| &system.items);
        let machine = files.into_iter().find_map(|item| match item {
            crate::syntax::ast::SystemItem::Actor { name, machine, .. } if name.text == party => {
                Some(&machine.text)
            }
            _ => None,
        });
        let scope = machine.and_then(|machine| self.analysis.scope_of(&self.analysis.scopes, machine));
        if let Some(scope) = scope {
            self.inputs(scope);
        }
    }

    /// Data of the states around, and the context.
    fn data(&mut self, scope: &Scope, state: usize) {
        let mut around = state;
        while let Some(node) = scope.states.get(around) {
            self.names(&node.data);
            if around == 0 {
                break;
            }
            around = node.parent;
        }
    }

    /// The fields that all events of a pattern have.
    fn fields(&mut self, scope: &Scope, pattern: &[String]) {
        let events: Vec<DeclarationId> =
            pattern.iter().filter_map(|name| scope.events.get(name.as_str()).copied()).collect();
        if let Some(first) = events.first()
            && events.len() == pattern.len()
        {
            let analysis = self.analysis;
            for (id, known) in analysis.declarations.iter().enumerate() {
                let everywhere = || events.iter().all(|event| analysis.inside(*event, &known.name).is_some());
                if known.kind == Kind::Field && known.container == Some(*first) && everywhere() {
                    self.one(id);
                }
            }
        }
        let has = |word: &str| pattern.iter().any(|name| name == word);
        self.built_in(&[("name", "the event's name, as text")]);
        if has("fault") {
            self.built_in(&[("kind", "what failed, as text")]);
        }
        if has("done") {
            self.built_in(&[("result", "what the final state returned")]);
        }
    }
}
