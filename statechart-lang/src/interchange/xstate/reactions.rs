//! Transitions. XState leaves a state only when it must or is told to (`reenter`), and knows domains that are
//! parallel; the language follows W3C. Where both cannot mean the same, that is noted.

use super::super::{
    Position,
    draft::{Atom, DraftKind, DraftTransition, Item, On},
    json::{Json, Kind},
};
use super::Importer;

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
    "invoke",
    "key",
    "meta",
    "on",
    "onDone",
    "onError",
    "order",
    "output",
    "predictableActionArguments",
    "preserveActionOrder",
    "schemas",
    "states",
    "tags",
    "target",
    "tsTypes",
    "type",
    "types",
    "version",
];

impl Importer<'_> {
    /// Declares every event of the document, in the order in which they appear.
    pub(super) fn declare_events(&mut self, more: &[String]) {
        for index in 0..self.nodes.len() {
            let json = self.nodes[index].json;
            for (descriptor, _) in json.get("on").map(Json::items).unwrap_or_default() {
                if !descriptor.is_empty() && !descriptor.contains('*') {
                    self.event(descriptor);
                }
            }
        }
        for event in more {
            self.event(event);
        }
        // Wildcards match what is raised as well, so that must be known before any is resolved.
        let mut raised = Vec::new();
        if let Some(root) = self.nodes.first() {
            raised_events(root.json, &mut raised);
        }
        for event in raised {
            self.event(&event);
        }
    }

    /// Everything that a state holds besides other states.
    pub(super) fn fill(&mut self, state: usize) {
        let json = self.nodes[state].json;
        for (key, value) in json.items() {
            if !KNOWN.contains(&key.as_str()) {
                self.detail(value.at, format!("`{key}` is not known"));
            }
        }
        let kind = self.draft.states[state].kind;
        if let DraftKind::History { .. } = kind {
            let targets = self.places(state, json.get("target"), true);
            self.draft.states[state].items.push(Item::Initial(targets, Vec::new()));
            return;
        }
        let children = self.draft.children(state);
        if kind == DraftKind::State && !children.is_empty() {
            self.initial(state, json, children[0]);
        }
        for (keyword, key) in [("entry", "entry"), ("exit", "exit")] {
            let notes = self.notes.len();
            let actions = self.actions(json.get(key));
            self.push(state, notes, Some(Item::Actions(keyword, actions)));
        }
        if kind == DraftKind::Final {
            let notes = self.notes.len();
            let line = self.output(json).map(Item::Line);
            self.push(state, notes, line);
            return;
        }
        if let Some(output) = json.get("output").filter(|_| state == 0) {
            self.lost(output.at, "the output of the machine: let its final states return it");
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
    fn push(&mut self, state: usize, notes: usize, item: Option<Item>) {
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
        for (descriptor, value) in plain.into_iter().chain(wild) {
            if descriptor.is_empty() {
                self.several(state, value, &On::Always);
                continue;
            }
            let atoms: Vec<Atom> = self
                .events
                .iter()
                .filter(|(original, _)| is_match(descriptor, original))
                .map(|(_, name)| Atom::Event(name.clone()))
                .collect();
            if !atoms.is_empty() {
                self.several(state, value, &On::Any(atoms));
            }
        }
        for (number, invoke) in json.get("invoke").map(Json::several).unwrap_or_default().iter().enumerate() {
            let id = match invoke.get("id").and_then(Json::text) {
                Some(id) => id.to_owned(),
                None => format!("{number}.{}.{}", self.machine_id, self.nodes[state].path.join(".")),
            };
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
            self.several(state, value, &On::After(span));
        }
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
        for transition in json.several() {
            self.transition(state, transition, on);
        }
    }

    fn transition(&mut self, state: usize, json: &Json, on: &On) {
        let notes = self.notes.len();
        let target = if json.text().is_some() { Some(json) } else { json.get("target") };
        let mut targets = Vec::new();
        for target in target.map(Json::several).unwrap_or_default() {
            match target.text().map(str::to_owned) {
                Some(text) => match self.target(state, &text, target.at) {
                    Some(target) => targets.push(target),
                    None => return self.push(state, notes, None),
                },
                None => self.lost(target.at, "a target that is no text"),
            }
        }
        let guard = json.get("guard").or_else(|| json.get("cond")).map(|guard| self.guard(guard).0);
        let actions = self.actions(json.get("actions"));
        let reenter = json.get("reenter").is_some_and(|value| value.kind == Kind::Bool(true))
            || json.get("internal").is_some_and(|value| value.kind == Kind::Bool(false));
        let doc = json
            .get("description")
            .and_then(Json::text)
            .map_or(Vec::new(), |text| vec![text.replace('\n', " ")]);
        let mut transition =
            DraftTransition { on: on.clone(), guard, targets, actions, doc, ..DraftTransition::default() };
        self.settle(state, &mut transition, reenter, json.at);
        if transition.internal && matches!(transition.on, On::After(_)) {
            self.by_event(state, transition, json.at, notes);
            return;
        }
        self.push(state, notes, Some(Item::Transition(transition)));
    }

    /// Decides what is left and entered: XState's getTransitionDomain in terms of W3C's.
    fn settle(&mut self, state: usize, transition: &mut DraftTransition, reenter: bool, at: Position) {
        let targets = transition.targets.clone();
        if targets.is_empty() {
            return;
        }
        let kind = self.draft.states[state].kind;
        let inside = |target: usize| target == state || self.draft.is_below(target, state);
        if !reenter && targets.iter().all(|target| inside(*target)) {
            if state == 0 && !targets.contains(&0) {
                return;
            }
            if targets == [state] {
                let children = self.draft.children(state);
                match kind {
                    // It stays where it is; only actions run.
                    _ if children.is_empty() => transition.targets.clear(),
                    DraftKind::State => {
                        transition.targets = self.initial_targets(state);
                        transition.internal = state != 0;
                    }
                    _ => self.quietly(state, transition, at),
                }
            } else if kind == DraftKind::State {
                transition.internal = true;
            } else {
                self.quietly(state, transition, at);
            }
            if transition.internal && matches!(transition.on, On::Always) {
                transition.internal = false;
                self.quietly(state, transition, at);
            }
            return;
        }
        if state == 0 && targets.contains(&0) {
            self.lost(at, "the whole machine entered again");
            transition.targets = self.initial_targets(0);
            return;
        }
        transition.itself = targets == [state];
        // W3C's domain is never parallel, XState's may be.
        let mut domain = state;
        while domain != 0 {
            domain = self.draft.states[domain].parent;
            if targets.iter().all(|target| self.draft.is_below(*target, domain)) {
                break;
            }
        }
        if domain != 0 && self.draft.states[domain].kind == DraftKind::Parallel {
            let path = self.draft.path(domain).unwrap_or_default();
            self.lost(
                at,
                format!(
                    "XState stays in `{path}` and its other regions; here all of it is left and entered again"
                ),
            );
        }
    }

    /// What leaves the state where XState would not: the same if nothing happens on the way.
    fn quietly(&mut self, state: usize, transition: &mut DraftTransition, at: Position) {
        transition.itself = transition.targets == [state];
        let json = self.nodes[state].json;
        let loud = ["entry", "exit", "after", "invoke"].iter().any(|key| json.get(key).is_some());
        if loud {
            let path = self.draft.path(state).unwrap_or_default();
            self.lost(at, format!("XState does not leave `{path}` here; this leaves it and enters it again"));
        }
    }

    fn initial_targets(&self, state: usize) -> Vec<usize> {
        let found = self.draft.states[state].items.iter().find_map(|item| match item {
            Item::Initial(targets, _) => Some(targets.clone()),
            _ => None,
        });
        found.unwrap_or_default()
    }

    /// A timer whose state is not left: it raises an event, which an internal transition takes.
    fn by_event(&mut self, state: usize, transition: DraftTransition, at: Position, notes: usize) {
        let On::After(span) = &transition.on else { return };
        let path = self.nodes[state].path.join(".");
        let name = self.event(&format!("xstate.after.{span}.{}.{path}", at.line));
        let symbol = super::super::names::symbol(&name);
        let timer = DraftTransition {
            on: On::After(span.clone()),
            guard: transition.guard.clone(),
            actions: vec![format!("raise {symbol}")],
            ..DraftTransition::default()
        };
        self.push(state, notes, Some(Item::Transition(timer)));
        let rest = DraftTransition { on: On::Any(vec![Atom::Event(name)]), guard: None, ..transition };
        self.push(state, self.notes.len(), Some(Item::Transition(rest)));
    }
}

/// Whether an event descriptor matches an event: by name, by its first tokens, or every one.
fn is_match(descriptor: &str, event: &str) -> bool {
    match descriptor.strip_suffix(".*") {
        Some(stem) => event == stem || event.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.')),
        None => descriptor == "*" || descriptor == event,
    }
}

/// Names of events that actions raise.
fn raised_events(json: &Json, out: &mut Vec<String>) {
    match &json.kind {
        Kind::Object(items) => {
            let kind = json.get("type").and_then(Json::text).unwrap_or_default();
            if matches!(kind, "raise" | "xstate.raise" | "send" | "xstate.send") {
                let params = json.get("params").unwrap_or(json);
                if let Some(event) = json.get("event").or_else(|| params.get("event")) {
                    out.extend(
                        event.text().or_else(|| event.get("type").and_then(Json::text)).map(str::to_owned),
                    );
                }
            }
            items.iter().for_each(|(_, item)| raised_events(item, out));
        }
        Kind::List(items) => items.iter().for_each(|item| raised_events(item, out)),
        _ => {}
    }
}
