//! What a state holds besides other states, and what it reacts to.

use super::super::{
    draft::{Atom, DraftKind, Item, On},
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
        self.declare_timers();
        let raises = !self.sends.is_empty();
        let falls = self.nodes.iter().any(|node| {
            node.json.get("always").is_some() || node.json.get("on").is_some_and(|on| on.get("").is_some())
        });
        self.moves_between = raises || falls;
    }

    /// Everything that a state holds besides other states.
    pub(super) fn fill(&mut self, state: usize) {
        let json = self.nodes[state].json;
        let kind = self.draft.states[state].kind;
        for (key, value) in json.items() {
            let is_known = KNOWN.contains(&key.as_str()) || (key == "data" && kind == DraftKind::Final);
            if key == "meta" {
                self.detail(value.at, "`meta`, which says nothing of what the machine does");
            }
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
        if state == 0
            && kind == DraftKind::Parallel
            && let Some(output) = json.get("output")
        {
            self.lost(output.at, "the output of a machine of regions");
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
        let (mut wild, plain): (Vec<_>, Vec<_>) = json
            .get("on")
            .map(Json::items)
            .unwrap_or_default()
            .iter()
            .partition(|(descriptor, _)| descriptor.contains('*'));
        for (descriptor, value) in plain {
            if descriptor.is_empty() {
                self.several(state, value, &On::Always);
            } else if let Some(done) = self.completed(descriptor) {
                if self.draft.can_complete(done) {
                    self.several(state, value, &On::Any(vec![Atom::Done(done)]));
                } else {
                    self.detail(value.at, format!("`{descriptor}`: the state never completes"));
                }
            } else {
                let name = self.event(descriptor);
                self.several(state, value, &On::Any(vec![Atom::Event(name)]));
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
            self.timers(state, value, delay);
        }
        // The name of an event is asked before any wildcard, and of those the longest before others.
        wild.sort_by_key(|(descriptor, _)| std::cmp::Reverse(descriptor.len()));
        for (descriptor, value) in wild {
            let atoms = self.matching(state, descriptor);
            if atoms.is_empty() {
                let text = format!(
                    "`{descriptor}` is for events that the document does not mention: there are none"
                );
                self.detail(value.at, text);
            } else {
                self.several(state, value, &On::Any(atoms));
            }
        }
    }

    /// What a wildcard of a state stands for: events by name, ends of states, and of those only such as can come
    /// while the state is active.
    fn matching(&self, state: usize, descriptor: &str) -> Vec<Atom> {
        let events = self.events.iter().filter(|(original, _)| is_match(descriptor, original));
        let mut atoms: Vec<Atom> = events.map(|(_, name)| Atom::Event(name.clone())).collect();
        for done in 1..self.nodes.len() {
            if (self.draft.are_together(state, done) || self.moves_between)
                && self.draft.can_complete(done)
                && is_match(descriptor, &format!("xstate.done.state.{}", self.id(done)))
            {
                atoms.push(Atom::Done(done));
            }
        }
        atoms
    }

    /// The id of a state, as the names of events hold it.
    pub(super) fn id(&self, state: usize) -> String {
        let node = &self.nodes[state];
        node.json.get("id").and_then(Json::text).map_or_else(
            || {
                let path = std::iter::once(&self.machine_id).chain(&node.path);
                path.map(String::as_str).collect::<Vec<_>>().join(".")
            },
            str::to_owned,
        )
    }

    /// One transition or a list of them; an empty list says nothing, an empty object forbids the event.
    pub(super) fn several(&mut self, state: usize, json: &Json, on: &On) {
        if json.kind == Kind::Null {
            if matches!(on, On::Any(_)) {
                let notes = self.notes.len();
                self.lost(json.at, "`null`, which XState refuses: `{}` forbids the event, `[]` says nothing");
                self.push(state, notes, None);
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
pub(super) fn is_match(descriptor: &str, event: &str) -> bool {
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
