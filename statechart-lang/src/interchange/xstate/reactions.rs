//! What a state holds besides other states, and what it reacts to.

use std::collections::BTreeSet;

use super::super::{
    Position,
    draft::{Atom, DraftKind, DraftTransition, Item, On},
    json::{Json, Kind},
};
use super::{Current, Importer, expr};

/// What a state may hold that this importer knows.
const KNOWN: &[&str] = &[
    "$schema",
    "actions",
    "actors",
    "after",
    "always",
    "context",
    "delays",
    "description",
    "entry",
    "exit",
    "guards",
    "history",
    "id",
    "initial",
    "internal",
    "invoke",
    "key",
    "meta",
    "on",
    "onDone",
    "onEntry",
    "onError",
    "onExit",
    "order",
    "output",
    "predictableActionArguments",
    "preserveActionOrder",
    "schemas",
    "states",
    "tags",
    "target",
    "transitions",
    "tsTypes",
    "type",
    "types",
    "version",
];
/// What a state may hold that means something in XState and cannot be carried over.
const LOST: &[&str] = &["activities", "delimiter", "parallel", "strict"];

impl Importer<'_> {
    /// Declares every event of the document, in the order in which they appear.
    pub(super) fn declare_events(&mut self, more: &[String]) {
        for index in 0..self.nodes.len() {
            let json = self.nodes[index].json;
            for (descriptor, _) in json.get("on").map(Json::items).unwrap_or_default() {
                if !descriptor.is_empty() && !descriptor.contains('*') && self.completed(descriptor).is_none()
                {
                    self.event(descriptor);
                }
            }
        }
        for event in more {
            self.event(event);
        }
        // Wildcards match what is raised as well, so that must be known before any is resolved.
        if let Some(root) = self.nodes.first() {
            sends(root.json, &mut self.sends);
        }
        let raised: Vec<String> =
            self.sends.iter().filter_map(|send| event_of(send)).map(str::to_owned).collect();
        for event in raised {
            self.event(&event);
        }
        // So are the ends of what is invoked.
        for index in 0..self.nodes.len() {
            let json = self.nodes[index].json;
            let invocations = json.get("invoke").map(Json::several).unwrap_or_default();
            for (number, invoke) in invocations.iter().enumerate() {
                let id = self.invocation_id(index, number, invoke);
                self.event(&format!("xstate.done.actor.{id}"));
                self.event(&format!("xstate.error.actor.{id}"));
            }
        }
    }

    /// Everything that a state holds besides other states.
    pub(super) fn fill(&mut self, state: usize) {
        let json = self.nodes[state].json;
        let kind = self.draft.states[state].kind;
        for (key, value) in json.items() {
            let is_known = KNOWN.contains(&key.as_str()) || (key == "data" && kind == DraftKind::Final);
            if LOST.contains(&key.as_str()) {
                self.lost(value.at, format!("`{key}`"));
            } else if !is_known {
                self.detail(value.at, format!("`{key}` is not known"));
            }
        }
        if let DraftKind::History { .. } = kind {
            let targets = self.places(state, json.get("target"), true);
            self.draft.states[state].items.push(Item::Initial(targets, Vec::new()));
            return;
        }
        let children = self.draft.children(state);
        if kind == DraftKind::State && !children.is_empty() {
            self.initial(state, json, children[0]);
        }
        for (keyword, key, old) in [("entry", "entry", "onEntry"), ("exit", "exit", "onExit")] {
            let notes = self.notes.len();
            let actions = self.actions(json.get(key).or_else(|| json.get(old)));
            self.push(state, notes, Some(Item::Actions(keyword, actions)));
        }
        if kind == DraftKind::Final {
            let notes = self.notes.len();
            let line = self.output(state, json).map(Item::Line);
            self.push(state, notes, line);
            return;
        }
        for (number, invoke) in json.get("invoke").map(Json::several).unwrap_or_default().iter().enumerate() {
            let notes = self.notes.len();
            self.invoke(state, number, invoke);
            self.push(state, notes, None);
        }
        self.reactions(state, json);
    }

    fn initial(&mut self, state: usize, json: &Json, first: usize) {
        let notes = self.notes.len();
        let (mut targets, mut actions) = (Vec::new(), Vec::new());
        match json.get("initial") {
            Some(initial) => {
                let target = if matches!(initial.kind, Kind::Object(_)) {
                    initial.get("target")
                } else {
                    Some(initial)
                };
                targets = self.places(state, target, false);
                actions = self.actions(initial.get("actions"));
            }
            None => self.lost(json.at, "the state has no `initial`: its first state is taken"),
        }
        if targets.is_empty() {
            targets.push(first);
        }
        self.push(state, notes, Some(Item::Initial(targets, actions)));
    }

    /// States by name; for a history state relative to its parent.
    fn places(&mut self, state: usize, json: Option<&Json>, sibling: bool) -> Vec<usize> {
        let mut found = Vec::new();
        for target in json.map(Json::several).unwrap_or_default() {
            let Some(text) = target.text() else { continue };
            let place = if sibling {
                self.target(state, text, target.at)
            } else {
                self.inner_target(state, text, target.at)
            };
            found.extend(place);
        }
        found
    }

    /// Adds what a part of a state is, behind comments about what is missing from it.
    pub(super) fn push(&mut self, state: usize, notes: usize, item: Option<Item>) {
        let comments: Vec<Item> = self
            .notes
            .get(notes..)
            .unwrap_or_default()
            .iter()
            .filter(|note| note.lost)
            .map(|note| Item::Comment(note.text.clone()))
            .collect();
        self.draft.states[state].items.extend(comments.into_iter().chain(item));
    }

    fn reactions(&mut self, state: usize, json: &Json) {
        // The longest descriptor that matches an event is asked first.
        let mut descriptors: Vec<&(String, Json)> =
            json.get("on").map(Json::items).unwrap_or_default().iter().collect();
        descriptors.sort_by_key(|(descriptor, _)| std::cmp::Reverse(descriptor.len()));
        // Those without a wildcard keep their order, which nothing depends on.
        let (plain, wild): (Vec<_>, Vec<_>) =
            descriptors.into_iter().partition(|(name, _)| !name.contains('*'));
        let mut plain = plain;
        plain.sort_by_key(|(_, value)| value.at);
        // An event that is named has what stands under its name, and nothing that stands under a wildcard.
        let mut named: BTreeSet<String> = plain.iter().map(|(name, _)| name.clone()).collect();
        for (number, invoke) in json.get("invoke").map(Json::several).unwrap_or_default().iter().enumerate() {
            let id = self.invocation_id(state, number, invoke);
            for (key, event) in [("onDone", "done"), ("onError", "error")] {
                if invoke.get(key).is_some() {
                    named.insert(format!("xstate.{event}.actor.{id}"));
                }
            }
        }
        for (descriptor, value) in plain.into_iter().chain(wild) {
            if descriptor.is_empty() {
                self.several(state, value, &On::Always);
                continue;
            }
            if let Some(done) = self.completed(descriptor) {
                if self.draft.can_complete(done) {
                    self.several(state, value, &On::Any(vec![Atom::Done(done)]));
                } else {
                    self.detail(value.at, format!("`{descriptor}`: the state never completes"));
                }
                continue;
            }
            let is_wild = descriptor.contains('*');
            let atoms: Vec<Atom> = self
                .events
                .iter()
                .filter(|(original, _)| {
                    is_match(descriptor, original) && !(is_wild && named.contains(original))
                })
                .map(|(_, name)| Atom::Event(name.clone()))
                .collect();
            if atoms.is_empty() {
                let text = format!(
                    "`{descriptor}` is for events that the document does not mention: there are none"
                );
                self.detail(value.at, text);
            } else {
                self.several(state, value, &On::Any(atoms));
            }
        }
        for (number, invoke) in json.get("invoke").map(Json::several).unwrap_or_default().iter().enumerate() {
            let id = self.invocation_id(state, number, invoke);
            for (key, event) in [("onDone", "done"), ("onError", "error")] {
                if let Some(value) = invoke.get(key) {
                    let name = self.event(&format!("xstate.{event}.actor.{id}"));
                    self.several(state, value, &On::Any(vec![Atom::Event(name)]));
                }
            }
        }
        if let Some(value) = json.get("onDone") {
            if self.draft.can_complete(state) {
                self.several(state, value, &On::Any(vec![Atom::Done(state)]));
            } else {
                self.detail(value.at, "`onDone` of a state that never completes");
            }
        }
        if let Some(value) = json.get("always") {
            self.several(state, value, &On::Always);
        }
        for (delay, value) in json.get("after").map(Json::items).unwrap_or_default() {
            let notes = self.notes.len();
            let span = self.named_delay(delay, value.at);
            self.push(state, notes, None);
            self.timers(state, value, &span);
        }
    }

    /// What a timer sets off: one transition at most, the first that may be taken.
    fn timers(&mut self, state: usize, json: &Json, span: &str) {
        let on = On::After(span.to_owned());
        let rows = json.several();
        // A timer for each is the same where whatever is taken leaves the state.
        let leaves = |row: &Json| row.text().is_some() || row.get("target").is_some();
        let first = rows.split_last().map_or(&[][..], |(_, first)| first);
        if first.iter().all(leaves) && first.len() < 2 && !first.iter().any(|row| self.stays(state, row)) {
            return self.several(state, json, &on);
        }
        let name = self.timer_event(state, span, json.at);
        let timer = DraftTransition {
            on,
            actions: vec![format!("raise {}", super::super::names::symbol(&name))],
            ..DraftTransition::default()
        };
        self.push(state, self.notes.len(), Some(Item::Transition(timer)));
        self.several(state, json, &On::Any(vec![Atom::Event(name)]));
    }

    /// Whether a transition may go to a state inside its own without leaving that.
    fn stays(&self, state: usize, json: &Json) -> bool {
        let target = if json.text().is_some() { Some(json) } else { json.get("target") };
        let texts = target.map(Json::several).unwrap_or_default().iter().filter_map(Json::text);
        let own = self.nodes[state].path.last();
        texts.into_iter().any(|text| text.starts_with(['.', '#']) || own.is_some_and(|own| own == text))
    }

    /// The event by which a timer of a state makes itself heard.
    pub(super) fn timer_event(&mut self, state: usize, span: &str, at: Position) -> String {
        let path = self.nodes[state].path.join(".");
        self.event(&format!("xstate.after.{span}.{}.{path}", at.line))
    }

    /// One transition or a list of them; an empty one forbids the event.
    fn several(&mut self, state: usize, json: &Json, on: &On) {
        if matches!(&json.kind, Kind::Null) || matches!(&json.kind, Kind::List(items) if items.is_empty()) {
            if matches!(on, On::Any(_)) {
                let transition = DraftTransition { on: on.clone(), ..DraftTransition::default() };
                self.push(state, self.notes.len(), Some(Item::Transition(transition)));
            }
            return;
        }
        // What asks which event it is, is written for each.
        let each: Vec<On> = match on {
            On::Any(atoms) if atoms.len() > 1 && asks_for_event(json) => {
                atoms.iter().map(|atom| On::Any(vec![atom.clone()])).collect()
            }
            on => vec![on.clone()],
        };
        for on in &each {
            self.current = self.current_of(on);
            for transition in json.several() {
                self.transition(state, transition, on);
            }
        }
        self.current = Current::Nothing;
    }

    /// The state whose end an event tells.
    fn completed(&self, event: &str) -> Option<usize> {
        let id = event.strip_prefix("xstate.done.state.").or_else(|| event.strip_prefix("done.state."))?;
        self.ids.get(id).copied()
    }

    fn current_of(&mut self, on: &On) -> Current {
        match on {
            On::Any(atoms) => match atoms.as_slice() {
                [Atom::Event(name)] => {
                    let original = self.events.iter().find(|(_, spelt)| spelt == name);
                    original.map_or(Current::Nothing, |(original, _)| Current::Event(original.clone()))
                }
                [Atom::Done(state)] => {
                    let state = *state;
                    Current::Done(self.returned(state))
                }
                _ => Current::Nothing,
            },
            _ => Current::Nothing,
        }
    }
}

/// Whether an event descriptor matches an event: by name, by its first tokens, or every one.
fn is_match(descriptor: &str, event: &str) -> bool {
    match descriptor.strip_suffix(".*") {
        Some(stem) => event == stem || event.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.')),
        None => descriptor == "*" || descriptor == event,
    }
}

/// The name of the event that is sent.
pub(super) fn event_of(send: &Json) -> Option<&str> {
    send.text().or_else(|| send.get("type").and_then(Json::text))
}

/// The objects with which a document sends its events.
fn sends<'j>(json: &'j Json, out: &mut Vec<&'j Json>) {
    match &json.kind {
        Kind::Object(items) => {
            let kind = json.get("type").and_then(Json::text).unwrap_or_default();
            if matches!(kind, "raise" | "xstate.raise" | "send" | "xstate.send") {
                out.extend(json.get("event").or_else(|| json.get("params")?.get("event")));
            }
            items.iter().for_each(|(_, item)| sends(item, out));
        }
        Kind::List(items) => items.iter().for_each(|item| sends(item, out)),
        _ => {}
    }
}

/// Whether an expression in it asks for `event`.
pub(super) fn asks_for_event(json: &Json) -> bool {
    match &json.kind {
        Kind::Object(items) => items.iter().any(|(_, item)| asks_for_event(item)),
        Kind::List(items) => items.iter().any(asks_for_event),
        Kind::Text(text) => expr::is_expression(text) && text.contains("event."),
        _ => false,
    }
}
