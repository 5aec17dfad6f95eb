//! One transition: its targets, and what it leaves on the way. XState leaves a state only when it must or is told to
//! (`reenter`), and knows domains that are parallel; the language follows W3C. Where both cannot mean the same, that is
//! noted.

use super::super::{
    Position,
    draft::{Atom, DraftKind, DraftTransition, Item, On},
    json::{Json, Kind},
};
use super::Importer;

/// What a transition may hold.
const OF_TRANSITION: &[&str] = &[
    "actions",
    "cond",
    "delay",
    "description",
    "event",
    "eventType",
    "guard",
    "in",
    "internal",
    "meta",
    "order",
    "reenter",
    "source",
    "target",
];

impl Importer<'_> {
    pub(super) fn transition(&mut self, state: usize, json: &Json, on: &On) {
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
        for (key, value) in json.items() {
            if !OF_TRANSITION.contains(&key.as_str()) {
                self.detail(value.at, format!("`{key}` is not known"));
            }
        }
        let mut guard = json.get("guard").or_else(|| json.get("cond")).map(|guard| self.guard(guard));
        if let Some(state) = json.get("in") {
            let inside = self.in_state(state.text(), state.at);
            guard = Some(match guard {
                None => (inside, false),
                Some((text, true)) => (format!("({text}) and {inside}"), true),
                Some((text, false)) => (format!("{text} and {inside}"), true),
            });
        }
        let guard = guard.map(|(text, _)| text);
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
        let loud = ["entry", "exit", "onEntry", "onExit", "after", "invoke"]
            .iter()
            .any(|key| self.nodes[domain].json.get(key).is_some_and(|value| !value.several().is_empty()));
        if domain != 0 && loud && self.draft.states[domain].kind == DraftKind::Parallel {
            let path = self.draft.path(domain).unwrap_or_default();
            self.lost(
                at,
                format!(
                    "XState stays in `{path}` and enters its regions again; here it is left and entered as well"
                ),
            );
        }
    }

    /// What leaves the state where XState would not: the same if nothing happens on the way.
    fn quietly(&mut self, state: usize, transition: &mut DraftTransition, at: Position) {
        transition.itself = transition.targets == [state];
        let json = self.nodes[state].json;
        let loud = ["entry", "exit", "onEntry", "onExit", "after", "invoke"]
            .iter()
            .any(|key| json.get(key).is_some_and(|value| !value.several().is_empty()));
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
        let span = span.clone();
        let name = self.timer_event(state, &span, at);
        let symbol = super::super::names::symbol(&name);
        let timer = DraftTransition {
            on: On::After(span),
            guard: transition.guard.clone(),
            actions: vec![format!("raise {symbol}")],
            ..DraftTransition::default()
        };
        self.push(state, notes, Some(Item::Transition(timer)));
        let rest = DraftTransition { on: On::Any(vec![Atom::Event(name)]), guard: None, ..transition };
        self.push(state, self.notes.len(), Some(Item::Transition(rest)));
    }
}
