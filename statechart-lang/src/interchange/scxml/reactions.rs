//! One pass over the document: data, states, transitions.

use super::super::{
    draft::{Atom, DraftKind, DraftTransition, Item, On},
    ecma::{Bad, Js},
};
use super::{
    chart::{COMMUNICATION, EXECUTION, Translator, matches, stem},
    content::FAULTY,
    expr::{Current, Scope},
    read::{Content, ContentKind, Data, DoneData, Invoke, Transition},
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
            start.extend(self.block(std::slice::from_ref(script), &Scope::default(), false));
        }
        for index in 0..chart.states.len() {
            let start = if index == 0 { std::mem::take(&mut start) } else { Vec::new() };
            self.state(index, start);
        }
        self.created();
    }

    fn data(&mut self, data: &Data, start: &mut Vec<String>) {
        let late = self.chart.late && data.state != 0;
        let scope = Scope::default();
        let Some(variable) = self.variables.get(&data.id) else {
            if data.id.starts_with('_') || data.id.is_empty() {
                self.lost(data.at, format!("`{}` as the name of a variable", data.id));
            }
            return;
        };
        let (slot, spelt, param, read) =
            (variable.slot, variable.name.clone(), variable.param, variable.read);
        let mut initial = None;
        let mut optional = false;
        match data.value.as_ref().map(|code| &code.js) {
            None => optional = true,
            Some(Ok(Js::Undefined | Js::Null)) => optional = true,
            Some(Ok(js)) => {
                let found = self.infer(js, &scope);
                if self.types.join(slot, found) {
                    let kind = self.types.kind(slot);
                    let constant = js.is_literal() && !late;
                    match self.spelt(js, &scope, kind) {
                        Ok(out) if constant => initial = Some(out.text),
                        Ok(_) if late => optional = true,
                        Ok(out) => {
                            optional = out.optional;
                            start.push(format!("{spelt} := {}", out.text));
                        }
                        Err(Bad::Invalid(why)) => {
                            optional = true;
                            self.fail(data.at, &why, false, start);
                        }
                        Err(Bad::Unknown(_)) if !read && js.is_literal() => {
                            self.detail(
                                data.at,
                                format!("`{}` is never read: its value is left out", data.id),
                            );
                        }
                        Err(Bad::Unknown(why)) => {
                            self.lost(data.at, format!("the value of `{}`: {why}", data.id))
                        }
                    }
                } else {
                    self.lost(data.at, format!("`{}` holds values of different types", data.id));
                }
            }
            Some(Err(Bad::Invalid(why))) => {
                optional = true;
                let why = why.clone();
                self.fail(data.at, &why, false, start);
            }
            Some(Err(Bad::Unknown(why))) if read => {
                self.lost(data.at, format!("the value of `{}`: {why}", data.id));
            }
            Some(Err(Bad::Unknown(_))) => {
                self.detail(data.at, format!("`{}` is never read: its value is left out", data.id));
            }
        }
        let Some(variable) = self.variables.get_mut(&data.id) else { return };
        variable.optional |= optional && !param;
        let Some(ty) = self.types.spell(slot) else {
            return;
        };
        let mark = if variable.optional { "?" } else { "" };
        let initial = initial
            .unwrap_or_else(|| if variable.optional { "none" } else { self.types.zero(slot) }.to_owned());
        let line = format!("{spelt}: {ty}{mark} = {initial}");
        if param { self.draft.params.push(line) } else { self.draft.context.push(line) }
    }

    /// Variables that a script or a loop creates.
    fn created(&mut self) {
        let mut lines = Vec::new();
        for (name, variable) in &mut self.variables {
            if self.chart.data.iter().any(|data| data.id == *name) {
                continue;
            }
            variable.optional = true;
            if let Some(ty) = self.types.spell(variable.slot) {
                lines.push(format!("{}: {ty}? = none", variable.name));
            }
        }
        self.draft.context.extend(lines);
        if self.chart.late {
            for data in self.chart.data.iter().filter(|data| data.state != 0) {
                if let Some(variable) = self.variables.get(&data.id) {
                    self.draft.context.push(format!("{}_is_bound: Bool = false", variable.name));
                }
            }
        }
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

    fn state(&mut self, index: usize, start: Vec<String>) {
        let state = &self.chart.states[index];
        let kind = self.draft.states[index].kind;
        let scope = Scope::default();
        let children = self.draft.children(index);
        let is_compound = kind == DraftKind::State && !children.is_empty();
        let notes = self.notes.len();
        if is_compound || matches!(kind, DraftKind::History { .. }) {
            let mut targets = self.targets(&state.initial, state.at);
            if targets.is_empty() && is_compound {
                targets.extend(children.first());
            }
            let mut actions = start;
            actions.extend(self.block(&state.initial_content, &scope, false));
            self.push(index, notes, Some(Item::Initial(targets, actions)));
        }
        if matches!(kind, DraftKind::History { .. }) {
            return;
        }
        let late: Vec<String> = self.late(index, &scope);
        self.push(index, notes, Some(Item::Actions("entry", late)));
        for (keyword, blocks) in [("entry", &state.entry), ("exit", &state.exit)] {
            for block in blocks {
                let notes = self.notes.len();
                let actions = self.block(block, &scope, false);
                self.push(index, notes, Some(Item::Actions(keyword, actions)));
            }
        }
        for (number, invoke) in state.invokes.iter().enumerate() {
            self.invoke(index, number, invoke, &scope);
        }
        if kind != DraftKind::Final {
            for transition in &state.transitions {
                self.transition(index, transition);
            }
        }
        if let Some(data) = state.donedata.as_ref().filter(|_| kind == DraftKind::Final) {
            self.returned(index, data, &scope);
        }
    }

    /// W3C 5.3: with late binding, a state's data get their values when it is entered for the first time.
    fn late(&mut self, index: usize, scope: &Scope) -> Vec<String> {
        let chart = self.chart;
        let mut actions = Vec::new();
        for data in chart.data.iter().filter(|data| chart.late && index != 0 && data.state == index) {
            let Some(flag) =
                self.variables.get(&data.id).map(|variable| format!("{}_is_bound", variable.name))
            else {
                continue;
            };
            let mut inner = vec![format!("{flag} := true")];
            if let Some(code) = &data.value
                && let Err(bad) = self.assign(&data.id, code, scope, &mut inner)
            {
                match bad {
                    Bad::Unknown(why) => self.lost(data.at, why),
                    Bad::Invalid(why) => self.fail(data.at, &why, true, &mut inner),
                }
            }
            actions.push(format!("if not {flag} {{ {} }}", inner.join(", ")));
        }
        actions
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

    fn invoke(&mut self, state: usize, number: usize, invoke: &Invoke, scope: &Scope) {
        let notes = self.notes.len();
        let found = self.children.iter().position(|child| child.state == state && child.invoke == number);
        let (Ok(_), Some(child)) = (&invoke.child, found) else {
            let why = invoke.child.as_ref().err().map_or("", String::as_str);
            self.lost(invoke.at, format!("<invoke>: {why}"));
            self.push(state, notes, None);
            return;
        };
        if invoke.autoforward {
            self.lost(invoke.at, "events are not forwarded to a child by themselves");
        }
        if invoke.finalize {
            self.lost(invoke.at, "<finalize>");
        }
        let (name, machine, id) = (
            self.children[child].name.clone(),
            self.children[child].machine.clone(),
            self.children[child].id.clone(),
        );
        let mut args = Vec::new();
        for param in &invoke.params {
            let Some((spelt, kind)) = self.children[child].params.get(&param.name).cloned() else { continue };
            let value = param.value.js.as_ref().map_err(Clone::clone);
            match value.and_then(|js| self.spelt(js, scope, kind.unwrap_or(super::types::Kind::Unknown))) {
                Ok(out) if !out.optional && Some(out.kind) == kind => {
                    args.push(format!("{spelt}: {}", out.text))
                }
                Ok(_) => self.lost(invoke.at, format!("`{}` has another type in the child", param.name)),
                Err(Bad::Unknown(why) | Bad::Invalid(why)) => {
                    self.lost(invoke.at, format!("`{}`: {why}", param.name))
                }
            }
        }
        let args = if args.is_empty() { String::new() } else { format!("({})", args.join(", ")) };
        self.push(state, notes, Some(Item::Line(format!("do {machine}{args} as {name}"))));
        if let Some(place) = &invoke.idlocation {
            let code = super::read::Code { text: id.clone(), js: Ok(Js::Text(id)), at: invoke.at };
            let mut actions = Vec::new();
            match self.assign(place, &code, scope, &mut actions) {
                Ok(()) => {}
                Err(Bad::Unknown(why)) => self.lost(invoke.at, why),
                Err(Bad::Invalid(why)) => self.fail(invoke.at, &why, false, &mut actions),
            }
            self.push(state, notes, Some(Item::Actions("entry", actions)));
        }
    }

    /// W3C 5.7: what a final state returns.
    fn returned(&mut self, state: usize, data: &DoneData, scope: &Scope) {
        let parent = self.draft.states[state].parent;
        let notes = self.notes.len();
        let (key, code) = match (&data.content, data.params.as_slice()) {
            (Some(code), _) => (None, code),
            (None, [param]) => (Some(param.name.clone()), &param.value),
            (None, []) => return,
            (None, several) => {
                if self.results_read.contains(&parent) {
                    let names: Vec<&str> = several.iter().map(|param| param.name.as_str()).collect();
                    self.lost(
                        self.chart.states[state].at,
                        format!("a final state returns one value, not {}", names.join(", ")),
                    );
                    self.push(state, notes, None);
                }
                return;
            }
        };
        let js = match code.js.as_ref() {
            Ok(js) => js,
            Err(Bad::Invalid(why)) => {
                let mut actions = Vec::new();
                self.fail(code.at, why, false, &mut actions);
                self.push(state, notes, Some(Item::Actions("entry", actions)));
                return;
            }
            Err(Bad::Unknown(why)) => {
                self.lost(code.at, why.clone());
                self.push(state, notes, None);
                return;
            }
        };
        let slot = self.infer(js, scope);
        let known = self.results.entry(parent).or_insert((slot, key)).0;
        let joined = self.types.join(known, slot);
        let kind = self.types.kind(known);
        match self.spelt(js, scope, kind) {
            Ok(out) if joined && !out.optional => {
                self.push(state, notes, Some(Item::Line(format!("return {}", out.text))));
            }
            Err(Bad::Invalid(why)) => {
                // W3C 5.7: the error is raised, and the data stay empty.
                self.results.remove(&parent);
                let mut actions = Vec::new();
                self.fail(code.at, &why, false, &mut actions);
                self.push(state, notes, Some(Item::Actions("entry", actions)));
            }
            Ok(_) => {
                self.lost(
                    code.at,
                    "the final states return values of different types, or may return nothing",
                );
                self.push(state, notes, None);
            }
            Err(Bad::Unknown(why)) => {
                self.lost(code.at, why);
                self.push(state, notes, None);
            }
        }
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
            for state in 1..self.draft.states.len() {
                let id = self.original(state);
                if !id.is_empty()
                    && matches(descriptor, &format!("done.state.{id}"))
                    && self.draft.can_complete(state)
                {
                    atoms.push(Atom::Done(state));
                }
            }
            for child in &self.children {
                if matches(descriptor, &format!("done.invoke.{}", child.id)) {
                    atoms.push(Atom::DoneChild(child.name.clone()));
                }
            }
            let named = stem(descriptor).split('.').next() == Some("error");
            if matches(descriptor, EXECUTION) && (named || self.faults) {
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
        if transition.events.iter().any(|event| stem(event) == COMMUNICATION) && !self.children.is_empty() {
            self.detail(
                transition.at,
                "`error.communication` is only raised for targets that are known to be unreachable",
            );
        }
        let atoms = self.atoms(&transition.events);
        if uses_event(transition) {
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
        let scope = Scope { current, ..Scope::default() };
        let mut guard = None;
        if let Some(code) = &transition.cond {
            match code.js.as_ref().map_err(Clone::clone).and_then(|js| self.truth(js, &scope)) {
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
        let actions = self.block(&transition.content, &scope, false);
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

/// Whether what a transition does depends on which event it is.
fn uses_event(transition: &Transition) -> bool {
    fn code(js: &Js, found: &mut bool) {
        js.walk(&mut |js| *found |= *js == Js::Name("_event".to_owned()));
    }
    fn contents(list: &[Content], found: &mut bool) {
        for content in list {
            match &content.kind {
                ContentKind::Assign(_, value) => value.js.iter().for_each(|js| code(js, found)),
                ContentKind::Send(send) => {
                    let parts = [&send.event, &send.target, &send.delay, &send.kind, &send.content];
                    for part in
                        parts.into_iter().flatten().chain(send.params.iter().map(|param| &param.value))
                    {
                        part.js.iter().for_each(|js| code(js, found));
                    }
                }
                ContentKind::Cancel(id) => id.js.iter().for_each(|js| code(js, found)),
                ContentKind::If(arms) => {
                    for (condition, body) in arms {
                        condition.iter().for_each(|part| part.js.iter().for_each(|js| code(js, found)));
                        contents(body, found);
                    }
                }
                ContentKind::Foreach { array, body, .. } => {
                    array.js.iter().for_each(|js| code(js, found));
                    contents(body, found);
                }
                ContentKind::Script(Ok(_) | Err(_))
                | ContentKind::Raise(_)
                | ContentKind::Log(..)
                | ContentKind::Unknown(_) => {}
            }
        }
    }
    let mut found = false;
    if let Some(cond) = &transition.cond {
        cond.js.iter().for_each(|js| code(js, &mut found));
    }
    contents(&transition.content, &mut found);
    found
}
