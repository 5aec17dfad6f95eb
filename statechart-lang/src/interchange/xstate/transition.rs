//! One transition: its targets, and what it leaves on the way. XState leaves a state only when it must or is told to
//! (`reenter`), and knows domains that are parallel; the language follows W3C. Where both cannot mean the same, that is
//! noted.

use super::super::{
    Position,
    draft::{DraftKind, DraftTransition, Item, On},
    json::{Json, Kind},
};
use super::{Importer, code::kind_of};

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
            if key == "meta" {
                self.detail(value.at, "`meta`, which says nothing of what the machine does");
            }
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
        if matches!(transition.on, On::Always) && self.loops(state, &transition, json) {
            return self.push(state, notes, None);
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
        if targets.contains(&0) && (state != 0 || reenter) {
            self.lost(at, "the whole machine entered again");
            transition.targets = self.initial_targets(0);
            return;
        }
        if state == 0 && reenter {
            if self.shows(0) {
                self.lost(
                    at,
                    "XState leaves and enters the whole machine here (`reenter`); this only its states",
                );
            }
            return;
        }
        if !reenter && targets.iter().all(|target| inside(*target)) {
            if state == 0 {
                if targets.contains(&0) {
                    transition.targets = self.initial_targets(0);
                }
                return;
            }
            if targets == [state] && self.draft.children(state).is_empty() {
                // It stays where it is; only actions run.
                transition.targets.clear();
            } else if kind == DraftKind::State && !matches!(transition.on, On::Always) {
                if targets == [state] {
                    transition.targets = self.initial_targets(state);
                }
                transition.internal = true;
            } else {
                if targets == [state] && kind == DraftKind::State {
                    transition.targets = self.initial_targets(state);
                } else {
                    transition.itself = targets == [state];
                }
                self.stays_in(state, at);
            }
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
        if self.draft.states[domain].kind == DraftKind::Parallel {
            self.stays_in(domain, at);
        }
    }

    /// XState stays in a state that this leaves and enters again, with all parallel states around it: the same if
    /// nothing of that shows.
    fn stays_in(&mut self, domain: usize, at: Position) {
        let mut shown: Vec<usize> = Vec::new();
        let mut inner = domain;
        while inner != 0 {
            if self.shows(inner) {
                shown.push(inner);
            }
            let parent = self.draft.states[inner].parent;
            if self.draft.states[parent].kind != DraftKind::Parallel {
                break;
            }
            // A region beside it begins again.
            let beside = self.draft.children(parent).into_iter().filter(|region| *region != inner);
            shown.extend(
                beside.filter(|region| self.shows(*region) || !self.draft.children(*region).is_empty()),
            );
            inner = parent;
        }
        if domain == 0 || shown.is_empty() {
            return;
        }
        let path = |state: usize| format!("`{}`", self.draft.path(state).unwrap_or_default());
        let left: Vec<String> = shown.iter().map(|state| path(*state)).collect();
        let text = format!(
            "XState stays in {} here; this leaves and enters {} again",
            path(domain),
            left.join(", ")
        );
        self.lost(at, text);
    }

    /// Whether it shows that a state is left and entered again.
    fn shows(&self, state: usize) -> bool {
        let json = self.nodes[state].json;
        let acts = ["entry", "exit", "onEntry", "onExit", "after", "invoke"]
            .iter()
            .any(|key| json.get(key).is_some_and(|value| !value.several().is_empty()));
        acts || (1..self.nodes.len()).any(|child| {
            self.nodes[child].parent == state
                && matches!(self.draft.states[child].kind, DraftKind::History { .. })
        })
    }

    fn initial_targets(&self, state: usize) -> Vec<usize> {
        let found = self.draft.states[state].items.iter().find_map(|item| match item {
            Item::Initial(targets, _) => Some(targets.clone()),
            _ => None,
        });
        // Regions are entered together.
        found.unwrap_or_else(|| self.draft.children(state).into_iter().take(1).collect())
    }

    /// What XState does once for each event, since it changes nothing that XState looks at; W3C does it for ever.
    fn loops(&mut self, state: usize, transition: &DraftTransition, json: &Json) -> bool {
        let assigns = json
            .get("actions")
            .is_some_and(|actions| actions.several().iter().any(|action| kind_of(action) == Some("assign")));
        let inside = |target: &usize| *target == state || self.draft.is_below(*target, state);
        let comes_back = transition.guard.is_none() && transition.targets.iter().all(inside);
        if assigns || !(transition.targets.is_empty() && !transition.itself || comes_back) {
            return false;
        }
        self.lost(
            json.at,
            "an `always` that stays where it is: XState takes it once for each event, here it would never end",
        );
        true
    }
}
