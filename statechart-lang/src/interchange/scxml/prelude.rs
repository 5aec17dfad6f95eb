//! What happens with an event before any transition looks at it: `<finalize>`, and forwarding to children.
//!
//! The language has no place for it, so that each transition on such an event does it first, and one at the end of
//! the root does it where nothing else reacts. Its guards see what `<finalize>` is about to assign.

use std::collections::BTreeMap;

use super::super::{
    Position,
    draft::{Atom, DraftKind, DraftTransition, Item, On},
    ecma::Js,
    names,
};
use super::{
    chart::Translator,
    content::arguments,
    document::{Code, Content, ContentKind, Invoke},
    expr::{Current, Scope},
};

/// What children want done with events.
#[derive(Debug, Default)]
pub(super) struct Preludes {
    /// Assignments, by child.
    finalize: BTreeMap<usize, Vec<(String, Js)>>,
    /// Children that get every event from outside.
    forward: Vec<usize>,
}

/// What goes before one transition.
#[derive(Debug, Default)]
pub(super) struct Prelude {
    assigned: Vec<(String, Js)>,
    sent: Vec<String>,
}

impl Prelude {
    /// An expression as it is after the assignments.
    pub(super) fn applied(&self, js: &Js) -> Js {
        if self.assigned.is_empty() {
            return js.clone();
        }
        let values: BTreeMap<&str, &Js> =
            self.assigned.iter().map(|(name, value)| (name.as_str(), value)).collect();
        js.with(&values)
    }
}

impl Translator<'_> {
    /// Goes through the invocations before the states.
    pub(super) fn collect_preludes(&mut self) {
        self.preludes = Preludes::default();
        for at in 0..self.children.len() {
            let (state, number) = (self.children[at].state, self.children[at].invoke);
            let Some(invoke) = self.chart.states.get(state).and_then(|row| row.invokes.get(number)) else {
                continue;
            };
            if invoke.autoforward && !self.is_beside_others(state) {
                self.preludes.forward.push(at);
            }
            if let Some(assigned) = self.finalized(at, invoke) {
                self.preludes.finalize.insert(at, assigned);
            }
        }
    }

    /// Notes what of an invocation is not carried over.
    pub(super) fn prepare(&mut self, child: usize, invoke: &Invoke) {
        if invoke.autoforward && !self.preludes.forward.contains(&child) {
            self.lost(invoke.at, "events are not forwarded to a child that runs beside parallel states");
        }
        if invoke.finalize.is_some() && !self.preludes.finalize.contains_key(&child) {
            self.lost(
                invoke.at,
                "a <finalize> that does more than assign parts of its event, or whose events others send as well",
            );
        }
    }

    /// Whether several transitions may react to one event while a state is active.
    fn is_beside_others(&self, state: usize) -> bool {
        (0..self.draft.states.len()).any(|other| {
            self.draft.states[other].kind == DraftKind::Parallel
                && (other == state || self.draft.is_below(state, other) || self.draft.is_below(other, state))
        })
    }

    /// The assignments of a `<finalize>`, where they can be done in front of every transition.
    fn finalized(&self, child: usize, invoke: &Invoke) -> Option<Vec<(String, Js)>> {
        let contents = invoke.finalize.as_ref()?;
        let mut assigned: Vec<(String, Js)> = Vec::new();
        if contents.is_empty() {
            // W3C 6.5: the places named in the invocation get what the event says under their names.
            for param in invoke.params.iter().filter(|param| param.is_place) {
                let Ok(Js::Name(place)) = &param.value.js else { return None };
                let data = Js::Member(Box::new(Js::Name("_event".to_owned())), "data".to_owned());
                assigned.push((place.clone(), Js::Member(Box::new(data), param.name.clone())));
            }
        }
        for content in contents {
            match content {
                Content { kind: ContentKind::Assign(Code { js: Ok(Js::Name(name)), .. }, value), .. } => {
                    let mut plain = true;
                    let js = value.js.as_ref().ok()?;
                    js.walk(&mut |js| plain &= !matches!(js, Js::Name(name) if name != "_event"));
                    if !plain || !self.variables.contains_key(name) {
                        return None;
                    }
                    assigned.push((name.clone(), js.clone()));
                }
                Content { kind: ContentKind::Log(..), .. } => {}
                _ => return None,
            }
        }
        let is_alone = self.events.iter().all(|event| {
            !event.from.contains(&child)
                || event.from.iter().all(|from| *from == child) && !event.raised && !event.sent
        });
        is_alone.then_some(assigned)
    }

    /// Whether something goes before a transition on an event.
    pub(super) fn has_prelude(&self, atom: &Atom) -> bool {
        let Atom::Event(name) = atom else { return false };
        let Some(event) = self.event_named(name).map(|event| &self.events[event]) else { return false };
        event.from.iter().any(|child| self.preludes.finalize.contains_key(child))
            || self.preludes.forward.iter().any(|child| self.children[*child].events.contains_key(name))
    }

    /// What goes before a transition.
    pub(super) fn prelude(
        &mut self,
        state: usize,
        current: Current,
        targets: &[usize],
        internal: bool,
    ) -> Prelude {
        let Current::Event(event) = current else { return Prelude::default() };
        let row = &self.events[event];
        let mut prelude = Prelude::default();
        for child in &row.from {
            prelude.assigned.extend(self.preludes.finalize.get(child).cloned().unwrap_or_default());
        }
        // What the machine raises stays inside.
        if row.raised && !row.sent && row.from.is_empty() {
            return prelude;
        }
        let mut sent = Vec::new();
        for child in &self.preludes.forward {
            let child = &self.children[*child];
            let place = child.state;
            let stays = targets.is_empty()
                || targets.iter().all(|target| self.draft.is_below(*target, place))
                    && (self.draft.is_below(state, place) || internal && state == place);
            let Some((name, fields)) = child.events.get(&row.original).filter(|_| stays) else { continue };
            let args: Vec<String> = row
                .carried()
                .filter_map(|(original, field)| {
                    let (name, _) = fields.get(original)?;
                    Some(format!("{name}: event.{}", field.name))
                })
                .collect();
            let send = format!("send {} {}{}", child.name, names::symbol(name), arguments(&args));
            let always = state == place || self.draft.is_below(state, place);
            sent.push(if always {
                send
            } else {
                format!("if in({}) {{ {send} }}", self.draft.path(place).unwrap_or_default())
            });
        }
        self.tells_children |= !sent.is_empty();
        prelude.sent = sent;
        prelude
    }

    /// The same as actions.
    pub(super) fn prelude_actions(&mut self, prelude: &Prelude, at: Position, scope: &Scope) -> Vec<String> {
        let mut actions = prelude.sent.clone();
        for (name, value) in &prelude.assigned {
            let code = Code { text: String::new(), js: Ok(value.clone()), at };
            if self.assign(name, &code, scope, &mut actions).is_err() {
                self.lost(at, format!("<finalize>: what `{name}` is assigned"));
            }
        }
        actions
    }

    /// Does it where no transition reacts.
    pub(super) fn preludes_of_the_rest(&mut self) {
        self.at_state = 0;
        for event in 0..self.events.len() {
            let (original, spelt) = (self.events[event].original.clone(), self.events[event].name.clone());
            if !self.has_prelude(&Atom::Event(original)) {
                continue;
            }
            let (current, notes) = (Current::Event(event), self.notes.len());
            let prelude = self.prelude(0, current, &[], false);
            let scope = Scope { current, ..Scope::default() };
            let actions = self.prelude_actions(&prelude, self.chart.at, &scope);
            if actions.is_empty() {
                continue;
            }
            let on = On::Any(vec![Atom::Event(spelt)]);
            let transition = DraftTransition { on, actions, ..DraftTransition::default() };
            self.push(0, notes, Some(Item::Transition(transition)));
        }
    }
}
