//! One pass over the document: data, states, transitions.

use super::super::{
    draft::{Atom, DraftKind, DraftTransition, Item, On},
    ecma::Bad,
};
use super::{
    chart::{COMMUNICATION, EXECUTION, Translator},
    content::FAULTY,
    document::{Code, Content, ContentKind, DoneData, Transition},
    expr::{Current, Scope},
    walk::{every_js, matches, sees_event, stem},
};

impl Translator<'_> {
    pub(super) fn pass(&mut self) {
        let chart = self.chart;
        if let Some(model) = &chart.datamodel {
            self.lost(chart.at, format!("the data model `{model}`: expressions are read as ECMAScript"));
        }
        let mut start = Vec::new();
        for data in &chart.data {
            self.data(data, &mut start);
        }
        for script in &chart.scripts {
            // A script that only declares functions does nothing by itself.
            start.extend(self.block(std::slice::from_ref(script), &Scope::default()));
        }
        self.collect_preludes();
        for index in 0..chart.states.len() {
            let start = if index == 0 { std::mem::take(&mut start) } else { Vec::new() };
            self.state(index, start);
        }
        self.preludes_of_the_rest();
        self.created();
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

    fn state(&mut self, index: usize, start: Vec<String>) {
        self.at_state = index;
        let state = &self.chart.states[index];
        let kind = self.draft.states[index].kind;
        let scope = Scope { later: true, ..Scope::default() };
        let leaving = Scope::default();
        let children = self.draft.children(index);
        let is_compound = kind == DraftKind::State && !children.is_empty();
        let notes = self.notes.len();
        if is_compound || matches!(kind, DraftKind::History { .. }) {
            let mut targets = self.targets(&state.initial, state.at);
            if targets.is_empty() && is_compound {
                targets.extend(children.first());
            }
            let mut actions = start;
            actions.extend(self.block(&state.initial_content, &scope));
            self.push(index, notes, Some(Item::Initial(targets, actions)));
        }
        if matches!(kind, DraftKind::History { .. }) {
            return;
        }
        let late: Vec<String> = self.late(index, &scope);
        self.push(index, notes, Some(Item::Actions("entry", late)));
        let mut known = self.first_values(index);
        for (keyword, blocks, scope) in [("entry", &state.entry, &scope), ("exit", &state.exit, &leaving)] {
            for block in blocks {
                let notes = self.notes.len();
                self.opening = known.take();
                let actions = self.block(block, scope);
                known = (keyword == "entry").then(|| self.known.clone());
                self.push(index, notes, Some(Item::Actions(keyword, actions)));
            }
            known = None;
        }
        self.known.clone_from(&self.constants);
        for (number, invoke) in state.invokes.iter().enumerate() {
            self.invoke(index, number, invoke, &scope);
        }
        if kind != DraftKind::Final {
            for transition in &state.transitions {
                self.transition(index, transition);
            }
        }
        if kind == DraftKind::Final {
            let nothing = DoneData { params: Vec::new(), content: None };
            self.returned(index, state.donedata.as_ref().unwrap_or(&nothing), &scope);
        }
    }

    fn targets(&mut self, ids: &[String], at: super::super::Position) -> Vec<usize> {
        let mut targets = Vec::new();
        for id in ids {
            match self.ids.get(id.as_str()) {
                Some(target) => targets.push(*target),
                None => self.lost(at, format!("the target `{id}`: no state has this id")),
            }
        }
        targets
    }

    /// What the descriptors of a transition match in this document. `*` matches what the machine says to itself, too.
    fn atoms(&self, descriptors: &[String]) -> Vec<Atom> {
        let mut atoms = Vec::new();
        for descriptor in descriptors {
            for event in &self.events {
                let exists = !event.error || self.errors.contains(event.original.as_str());
                if exists && matches(descriptor, &event.original) {
                    atoms.push(Atom::Event(event.original.clone()));
                }
            }
            // The names of states are made only where one may be meant.
            let is_done = matches!(stem(descriptor).split('.').next(), Some("" | "done"));
            for state in (1..self.draft.states.len()).filter(|_| is_done) {
                let id = self.original(state);
                if !id.is_empty()
                    && matches(descriptor, &format!("done.state.{id}"))
                    && self.draft.can_complete(state)
                {
                    atoms.push(Atom::Done(state));
                }
            }
            for child in self.children.iter().filter(|child| child.ends && !child.stillborn) {
                if matches(descriptor, &format!("done.invoke.{}", child.id)) {
                    atoms.push(Atom::DoneChild(child.name.clone()));
                }
            }
            let named = stem(descriptor).split('.').next() == Some("error");
            let execution = matches(descriptor, EXECUTION) && (named || self.faults);
            let communication = matches(descriptor, COMMUNICATION) && self.tells_children;
            if execution || communication {
                atoms.push(Atom::Fault);
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        atoms.retain(|atom| seen.insert(atom.clone()));
        atoms
    }

    fn current(&self, atom: &Atom) -> Current {
        match atom {
            Atom::Event(name) => self.event_named(name).map_or(Current::Nothing, Current::Event),
            Atom::Done(state) => Current::Done(*state),
            Atom::DoneChild(name) => self
                .children
                .iter()
                .position(|child| child.name == *name)
                .map_or(Current::Nothing, Current::Child),
            Atom::Fault => Current::Fault,
        }
    }

    /// The same with names as the language has them.
    fn spelt_atom(&self, atom: &Atom) -> Atom {
        match atom {
            Atom::Event(name) => {
                let event = self.event_named(name).map_or(name, |event| &self.events[event].name);
                Atom::Event(event.clone())
            }
            other => other.clone(),
        }
    }

    fn transition(&mut self, state: usize, transition: &Transition) {
        let notes = self.notes.len();
        let targets = self.targets(&transition.targets, transition.at);
        if targets.len() < transition.targets.len() {
            self.push(state, notes, None);
            return;
        }
        if transition.events.is_empty() {
            self.react(state, transition, On::Always, Current::Nothing, &targets);
            return;
        }
        let atoms = self.atoms(&transition.events);
        if atoms.is_empty() && transition.events.iter().any(|descriptor| stem(descriptor).is_empty()) {
            self.detail(
                transition.at,
                "`*` is for events that the document does not mention: there are none",
            );
        }
        self.late_ends(state, transition, &atoms);
        let apart = uses_event(transition, self.functions_see_event)
            || self.event_variable.is_some()
            || atoms.iter().any(|atom| self.has_prelude(atom) || *atom == Atom::Fault && self.tells_children);
        if apart {
            for atom in &atoms {
                let (on, current) = (On::Any(vec![self.spelt_atom(atom)]), self.current(atom));
                self.react(state, transition, on, current, &targets);
            }
        } else if !atoms.is_empty() {
            let on = On::Any(atoms.iter().map(|atom| self.spelt_atom(atom)).collect());
            self.react(state, transition, on, Current::Nothing, &targets);
        }
    }

    fn react(&mut self, state: usize, transition: &Transition, on: On, current: Current, targets: &[usize]) {
        let notes = self.notes.len();
        self.here = transition.at;
        let scope = Scope { current, later: false, ..Scope::default() };
        let prelude = self.prelude(state, current, targets, transition.internal);
        self.known.clone_from(&self.constants);
        let mut guard = None;
        if let Some(code) = &transition.cond {
            let js = code.js.as_ref().map_err(Clone::clone).map(|js| prelude.applied(js));
            match js.and_then(|js| self.truth(&js, &scope)) {
                Ok(out) if out.is(true) => {}
                Ok(out) if out.is(false) => return,
                Ok(out) => guard = Some(out.text),
                Err(Bad::Invalid(why)) => {
                    // W3C 3.13: it counts as false, and the error is raised each time it is asked.
                    self.detail(code.at, format!("always an error: {why}"));
                    self.may_fault = true;
                    guard = Some(FAULTY.to_owned());
                }
                Err(Bad::Unknown(why)) => {
                    self.lost(
                        code.at,
                        format!("the condition `{}`: {why}; the transition is never taken", code.text),
                    );
                    guard = Some("false".to_owned());
                }
            }
        }
        if current == Current::Fault && self.tells_children {
            guard = self.which_fault(transition, guard);
        }
        let inner = Scope { later: matches!(on, On::Always), ..scope.clone() };
        let mut actions = self.prelude_actions(&prelude, transition.at, &scope);
        if let (Some(variable), Some(name)) = (&self.event_variable, self.event_name(current)) {
            actions.push(format!("{variable} := {}", super::super::names::text(&name)));
        }
        actions.extend(self.block(&transition.content, &inner));
        let inside = state != 0
            && !targets.is_empty()
            && self.draft.states[state].kind == DraftKind::State
            && targets.iter().all(|target| self.draft.is_below(*target, state));
        let mut internal = transition.internal && inside;
        if internal && matches!(on, On::Always) {
            let row = &self.chart.states[state];
            let quiet = row.entry.is_empty() && row.exit.is_empty() && row.invokes.is_empty();
            if !quiet {
                self.lost(
                    transition.at,
                    "an internal transition without an event: its state is left and entered again",
                );
            }
            internal = false;
        }
        let itself = state != 0 && targets == [state];
        let transition = DraftTransition {
            on,
            guard,
            targets: targets.to_vec(),
            itself,
            internal,
            actions,
            doc: Vec::new(),
        };
        self.push(state, notes, Some(Item::Transition(transition)));
    }
}

impl Translator<'_> {
    /// Notes a transition that waits for the end of children in a state where none of them can run: the language
    /// forgets a child when the state that runs it is left, W3C may still have its event in the queue.
    fn late_ends(&mut self, state: usize, transition: &Transition, atoms: &[Atom]) {
        let is_named = transition.events.iter().any(|descriptor| stem(descriptor).starts_with("done.invoke"));
        let mut children = atoms.iter().filter_map(|atom| match atom {
            Atom::DoneChild(name) => self.children.iter().find(|child| child.name == *name),
            _ => None,
        });
        let is_late = |at: usize| {
            let on_way = |inner: usize, outer: usize| inner == outer || self.draft.is_below(inner, outer);
            let beside = (0..self.draft.states.len()).any(|other| {
                self.draft.states[other].kind == DraftKind::Parallel
                    && on_way(state, other)
                    && on_way(at, other)
            });
            !on_way(state, at) && !on_way(at, state) && !beside
        };
        let mut found = children.by_ref().map(|child| is_late(child.state)).peekable();
        if is_named && found.peek().is_some() && found.all(|late| late) {
            self.lost(
                transition.at,
                "the end of a child whose state has been left by then: here it is not heard of any more",
            );
        }
    }

    /// With children, a fault is a message that did not arrive, or something that could not be evaluated.
    fn which_fault(&self, transition: &Transition, guard: Option<String>) -> Option<String> {
        let of = |name: &str| transition.events.iter().any(|descriptor| matches(descriptor, name));
        let kind = match (of(EXECUTION), of(COMMUNICATION)) {
            (true, true) => return guard,
            (true, false) => "event.kind != \"undelivered\"",
            _ => "event.kind == \"undelivered\"",
        };
        Some(guard.map_or_else(|| kind.to_owned(), |guard| format!("{kind} and ({guard})")))
    }
}

/// Whether what a transition does depends on which event it is. `calls`: functions of the document look at it.
fn uses_event(transition: &Transition, calls: bool) -> bool {
    let found = |code: &Code| code.js.as_ref().is_ok_and(|js| sees_event(js, calls));
    transition.cond.as_ref().is_some_and(found) || contents_use_event(&transition.content, calls)
}

fn contents_use_event(list: &[Content], calls: bool) -> bool {
    let found = |code: &Code| code.js.as_ref().is_ok_and(|js| sees_event(js, calls));
    list.iter().any(|content| match &content.kind {
        ContentKind::Assign(place, value) => found(place) || found(value),
        ContentKind::Send(send) => {
            let parts = [&send.event, &send.target, &send.delay, &send.kind, &send.content];
            parts.into_iter().flatten().chain(send.params.iter().map(|param| &param.value)).any(found)
        }
        ContentKind::Cancel(id) => found(id),
        ContentKind::Log(_, code) => code.as_ref().is_some_and(found),
        ContentKind::If(arms) => arms.iter().any(|(condition, body)| {
            condition.as_ref().is_some_and(found) || contents_use_event(body, calls)
        }),
        ContentKind::Foreach { array, body, .. } => found(array) || contents_use_event(body, calls),
        ContentKind::Script(Ok(statements)) => {
            let mut sees = false;
            every_js(statements, &mut |js| sees |= sees_event(js, calls));
            sees
        }
        ContentKind::Script(Err(_)) | ContentKind::Raise(_) | ContentKind::Unknown(_) => false,
    })
}
