//! Names first: states, variables, messages, events.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    draft::{Draft, DraftKind, DraftState},
    ecma::{Js, Statement, returned},
    names::{self, Names},
};
use super::{
    chart::{COMMUNICATION, EXECUTION, EventRow, FieldRow, Translator, VALUES, Variable},
    document::{Code, ContentKind, DoneData, Kind as StateKind},
    types::Kind,
    walk::{every_assignment, every_content, every_js, generated_id, is_event_name, sees_event, stem},
};
use crate::model::names::{pascal, snake};

impl<'a> Translator<'a> {
    pub(super) fn declare(&mut self, more: &[String], params: &BTreeSet<String>) {
        let chart = self.chart;
        let mut paths = Draft::paths();
        self.draft.states.push(DraftState { name: self.draft.name.clone(), ..DraftState::default() });
        self.ids.insert(&chart.states[0].id, 0);
        for (index, state) in chart.states.iter().enumerate().skip(1) {
            let kind = match state.kind {
                // Without children it is a state like any other.
                StateKind::Parallel
                    if !chart.states.iter().skip(1).any(|child| {
                        child.parent == index && !matches!(child.kind, StateKind::History { .. })
                    }) =>
                {
                    DraftKind::State
                }
                StateKind::State => DraftKind::State,
                StateKind::Parallel => DraftKind::Parallel,
                StateKind::Final => DraftKind::Final,
                StateKind::History { deep } => DraftKind::History { deep },
            };
            let wanted = if state.id.is_empty() { format!("s{index}") } else { state.id.clone() };
            let row = DraftState {
                kind,
                accept: state.accept,
                label: state.label.clone(),
                ..DraftState::default()
            };
            let at = self.draft.add(state.parent, &wanted, &mut paths, row);
            if !state.id.is_empty() && self.ids.insert(&state.id, at).is_some() {
                self.lost(state.at, format!("the id `{}` is given twice", state.id));
            }
        }
        self.first_child = self.draft.children(0).first().copied();
        self.scripts();
        self.declare_variables(params);
        self.declare_results();
        self.declare_messages();
        self.declare_events(more);
    }

    /// Variables for what final states return, where that is more than one value under one name.
    fn declare_results(&mut self) {
        let mut finals: BTreeMap<usize, Vec<BTreeSet<&str>>> = BTreeMap::new();
        for state in self.chart.states.iter().filter(|state| state.kind == StateKind::Final) {
            let keys = match &state.donedata {
                Some(DoneData { content: Some(_), .. }) => BTreeSet::from([""]),
                Some(data) => data.params.iter().map(|param| param.name.as_str()).collect(),
                None => BTreeSet::new(),
            };
            finals.entry(state.parent).or_default().push(keys);
        }
        for (parent, rows) in finals {
            let is_plain = rows.iter().all(|keys| keys.len() < 2 && Some(keys) == rows.first());
            let keys: BTreeSet<&str> = rows.iter().flatten().copied().collect();
            if is_plain || keys.is_empty() {
                continue;
            }
            if parent == 0 {
                self.returns_several = true;
                continue;
            }
            let id = self.original(parent);
            let id = if id.is_empty() { format!("s{parent}") } else { id.to_owned() };
            for key in keys {
                // No name of ECMAScript has a point.
                let name = format!("done.state.{id}.{key}");
                let wanted = if key.is_empty() { format!("{id}_result") } else { format!("{id}_{key}") };
                let variable = Variable {
                    name: self.variable_names.claim(&names::identifier(&wanted, "v")),
                    slot: self.types.fresh(Kind::Unknown),
                    optional: false,
                    maybe: false,
                    empty: rows.iter().any(|keys| !keys.contains(key)),
                    reads: false,
                    read: true,
                    param: false,
                    texts: None,
                };
                self.variables.insert(name.clone(), variable);
                self.done_data.entry(parent).or_default().insert(key.to_owned(), name);
            }
        }
    }

    /// Only messages that something cancels need a name: one for each place that sends them, since messages of one
    /// id may be under way together.
    fn declare_messages(&mut self) {
        let (mut sent, mut cancelled) = (Vec::new(), BTreeSet::new());
        every_content(self.chart, &mut |content| match &content.kind {
            ContentKind::Send(send) if send.delay.is_some() => {
                let generated = send.idlocation.is_some().then(|| generated_id(content.at));
                sent.extend(send.id.clone().or(generated).map(|id| (id, content.at)));
            }
            ContentKind::Cancel(Code { js: Ok(js), .. }) => {
                cancelled.extend(self.values(js).unwrap_or_default());
            }
            _ => {}
        });
        let mut spelt = Names::new(snake);
        for (id, at) in sent.into_iter().filter(|(id, _)| cancelled.contains(id)) {
            let name = spelt.claim(&names::identifier(&id, "m"));
            self.messages.entry(id).or_default().push((at, name));
        }
    }

    fn scripts(&mut self) {
        let chart = self.chart;
        for script in &chart.scripts {
            match &script.kind {
                ContentKind::Script(Ok(statements)) => {
                    for statement in statements {
                        if let Statement::Assign(Js::Name(name), Js::Function(params, body)) = statement {
                            self.lambdas.insert(name.clone(), (params.clone(), (**body).clone()));
                        }
                        let Statement::Function(name, params, body) = statement else { continue };
                        self.functions.insert(name.clone(), (params, body));
                        if let Some(value) = returned(body) {
                            self.lambdas.insert(name.clone(), (params.clone(), value));
                        }
                    }
                }
                ContentKind::Script(Err(_)) => self.unknown_scripts = true,
                _ => {}
            }
        }
        let mut unknown = false;
        every_content(chart, &mut |content| {
            unknown |= matches!(&content.kind, ContentKind::Script(Err(_)));
        });
        self.unknown_scripts |= unknown;
        for data in &chart.data {
            if let Some(Code { js: Ok(Js::Function(params, body)), .. }) = &data.value {
                self.lambdas.insert(data.id.clone(), (params.clone(), (**body).clone()));
            }
        }
        // What is assigned to is no function for ever.
        let (mut assigned, mut functions) = (BTreeSet::new(), BTreeSet::new());
        every_content(chart, &mut |content| match &content.kind {
            ContentKind::Assign(Code { js: Ok(Js::Name(name)), .. }, _) => {
                assigned.insert(name.clone());
            }
            ContentKind::Script(Ok(statements)) => every_assignment(statements, &mut |place, value| {
                if let Js::Name(name) = place {
                    let is_function =
                        matches!(value, Some(Js::Function(..))) && functions.insert(name.clone());
                    if !is_function {
                        assigned.insert(name.clone());
                    }
                }
            }),
            _ => {}
        });
        self.lambdas.retain(|name, _| !assigned.contains(name));
        let mut sees = self.lambdas.values().any(|(_, body)| sees_event(body, false));
        for (_, body) in self.functions.values() {
            every_js(body, &mut |js| sees |= sees_event(js, false));
        }
        self.functions_see_event = sees;
    }

    fn declare_variables(&mut self, params: &BTreeSet<String>) {
        let chart = self.chart;
        let mut texts: BTreeMap<String, Option<BTreeSet<String>>> = BTreeMap::new();
        let mut sites: BTreeMap<String, usize> = BTreeMap::new();
        let mut assigned = |place: &Js, value: Option<&Js>| {
            let Js::Name(name) = place else { return };
            let known = texts.entry(name.clone()).or_insert_with(|| Some(BTreeSet::new()));
            sites.entry(name.clone()).and_modify(|sites| *sites += 1).or_insert(1_usize);
            match (value.and_then(|value| self.written_texts(value, name)), known.as_mut()) {
                (Some(texts), Some(known)) => known.extend(texts),
                _ => *known = None,
            }
        };
        let mut created: Vec<(String, bool)> = Vec::new();
        for data in &chart.data {
            if let Some(code) = &data.value {
                assigned(&Js::Name(data.id.clone()), code.js.as_ref().ok());
            }
            created.push((data.id.clone(), true));
        }
        let mut made: Vec<String> = Vec::new();
        every_content(chart, &mut |content| match &content.kind {
            ContentKind::Assign(place, value) => {
                if let Ok(place) = &place.js {
                    assigned(place, value.js.as_ref().ok());
                }
            }
            ContentKind::Send(send) => {
                if let Some(code) = &send.idlocation
                    && let Ok(place) = &code.js
                {
                    assigned(place, Some(&Js::Text(generated_id(content.at))));
                }
            }
            ContentKind::Foreach { item, index, .. } => {
                for name in [Some(item), index.as_ref()].into_iter().flatten() {
                    assigned(&Js::Name(name.clone()), None);
                    made.push(name.clone());
                }
            }
            ContentKind::Script(Ok(statements)) => {
                every_assignment(statements, &mut |place, value| {
                    assigned(place, value);
                    if let Js::Name(name) = place {
                        made.push(name.clone());
                    }
                });
            }
            _ => {}
        });
        for (state, row) in chart.states.iter().enumerate() {
            for (number, invoke) in row.invokes.iter().enumerate() {
                let Some(place) = &invoke.idlocation else { continue };
                let child = self.children.iter().find(|child| child.state == state && child.invoke == number);
                let id = child.map(|child| Js::Text(child.id.clone()));
                assigned(&Js::Name(place.clone()), id.as_ref());
            }
            // An empty <finalize> assigns to the places that the invocation names.
            let updated =
                row.invokes.iter().filter(|invoke| invoke.finalize.as_ref().is_some_and(Vec::is_empty));
            for param in updated.flat_map(|invoke| &invoke.params).filter(|param| param.is_place) {
                if let Ok(place) = &param.value.js {
                    assigned(place, None);
                }
            }
        }
        created.extend(made.into_iter().map(|name| (name, false)));
        for (name, declared) in created {
            // What cannot be a name is an error where it is used.
            if self.variables.contains_key(&name)
                || self.lambdas.contains_key(&name)
                || name.is_empty()
                || name.starts_with("_")
                || !name.chars().all(|c| c == '_' || c == '$' || c.is_alphanumeric())
            {
                continue;
            }
            let spelt = self.variable_names.claim(&names::identifier(&name, "v"));
            let texts = texts
                .get(&name)
                .cloned()
                .flatten()
                .filter(|texts| !texts.is_empty() && texts.len() <= VALUES);
            let slot = self.types.fresh(Kind::Unknown);
            let param = declared && params.contains(&name);
            if param && let Some(hint) = self.hints.params.get(&(self.draft.name.clone(), name.clone())) {
                let hint = self.types.of(hint);
                self.types.join(slot, hint);
            }
            let texts = if param { None } else { texts };
            let value = chart.data.iter().find(|data| data.id == name && (data.state == 0 || !chart.late));
            if let Some(Ok(value)) = value.and_then(|data| data.value.as_ref()).map(|code| &code.js)
                && value.is_literal()
                && !param
                && sites.get(&name) == Some(&1)
                && !self.unknown_scripts
            {
                self.constants.insert(name.clone(), value.clone());
            }
            self.variables.insert(
                name,
                Variable {
                    name: spelt,
                    slot,
                    optional: false,
                    maybe: false,
                    empty: false,
                    reads: false,
                    read: true,
                    param,
                    texts,
                },
            );
        }
    }

    /// Every text that an expression can be which a variable is assigned, where all are written out.
    fn written_texts(&self, js: &Js, variable: &str) -> Option<BTreeSet<String>> {
        match js {
            Js::Name(name) if name == variable => Some(BTreeSet::new()),
            Js::Choice(_, then, otherwise) => {
                let mut texts = self.written_texts(then, variable)?;
                texts.extend(self.written_texts(otherwise, variable)?);
                Some(texts)
            }
            _ => self.own_text(js).map(|text| BTreeSet::from([text])),
        }
    }

    fn declare_events(&mut self, more: &[String]) {
        let chart = self.chart;
        // What children send comes first: they have been translated, and know it by its name.
        let mut originals: Vec<String> = Vec::new();
        for sent in self.children.iter().flat_map(|child| &child.sends) {
            originals.push(sent.original.clone());
        }
        let from_children: BTreeSet<String> = originals.iter().cloned().collect();
        let mut sent: BTreeSet<String> = more.iter().cloned().collect();
        for state in &chart.states {
            for transition in &state.transitions {
                for descriptor in &transition.events {
                    let name = stem(descriptor);
                    let first = name.split('.').next().unwrap_or_default();
                    // `done` and `error` may be names of one's own; `error.*` asks for the processor's.
                    let is_own = !is_platform(name) && (name != first || name == descriptor);
                    if !name.is_empty() && (!matches!(first, "done" | "error") || is_own) {
                        sent.insert(name.to_owned());
                        originals.push(name.to_owned());
                    }
                }
            }
        }
        let mut found: Vec<String> = Vec::new();
        let (mut raised, mut posted) = (BTreeSet::new(), BTreeSet::new());
        every_content(chart, &mut |content| match &content.kind {
            ContentKind::Raise(name) => {
                raised.insert(name.clone());
                found.push(name.clone());
            }
            ContentKind::Send(send) => {
                if let Some(code) = &send.event
                    && let Ok(js) = &code.js
                    && !self.goes_elsewhere(send)
                {
                    let names = self.values(js).unwrap_or_default();
                    posted.extend(names.iter().cloned());
                    found.extend(names);
                }
            }
            _ => {}
        });
        posted.extend(more.iter().cloned());
        sent.extend(from_children.iter().cloned());
        sent.extend(found.iter().filter(|name| is_event_name(name)).cloned());
        originals.extend(more.iter().cloned());
        originals.extend(found.into_iter().filter(|name| is_event_name(name)));
        let mut spelt = Names::new(pascal);
        let mut seen = BTreeSet::new();
        for original in originals {
            let first = original.split('.').next().unwrap_or_default();
            if matches!(first, "done" | "error") && !sent.contains(&original) {
                continue;
            }
            if seen.insert(original.clone()) {
                let name = spelt.claim(&names::quotable(&original));
                let internal = chart.internal.contains(&original)
                    && !more.contains(&original)
                    && !from_children.contains(&original);
                let (raised, sent) = (raised.contains(&original), posted.contains(&original));
                self.events.push(EventRow { original, name, internal, raised, sent, ..EventRow::default() });
            }
        }
        self.declare_received();
        // An error that is certain is raised under its own name; whether one is shows in the first pass.
        for name in [EXECUTION, COMMUNICATION] {
            if !self.events.iter().any(|event| event.original == name) {
                let spelt = spelt.claim(name);
                self.events.push(EventRow {
                    original: name.to_owned(),
                    name: spelt,
                    internal: true,
                    error: true,
                    ..EventRow::default()
                });
            }
        }
    }
    /// Fields of what children send.
    fn declare_received(&mut self) {
        let mut misnamed = Vec::new();
        for (at, child) in self.children.iter().enumerate() {
            for sent in &child.sends {
                let Some(event) = self.events.iter_mut().find(|event| event.original == sent.original) else {
                    continue;
                };
                event.from.push(at);
                event.child_sites += sent.sites;
                let mut same = event.name == sent.name;
                for field in &sent.fields {
                    let slot = field.shape.as_ref().map(|shape| self.types.of(shape));
                    let row = event.fields.entry(field.original.clone()).or_insert_with(|| FieldRow {
                        name: field.name.clone(),
                        optional: true,
                        ..FieldRow::default()
                    });
                    same &= row.name == field.name;
                    match (row.slot, slot) {
                        (Some(known), Some(slot)) => same &= self.types.join(known, slot),
                        (None, Some(slot)) => row.slot = Some(slot),
                        // It holds objects; the child has said so.
                        (_, None) => {}
                    }
                    row.child_given += field.given;
                    row.child_maybe |= field.maybe;
                }
                if !same {
                    misnamed.push(sent.original.clone());
                }
            }
        }
        for original in misnamed {
            self.lost(
                self.chart.at,
                format!("`{original}` comes from several places, which give it different names or data"),
            );
        }
    }
}

/// Whether the processor itself may say so.
fn is_platform(name: &str) -> bool {
    ["done.state", "done.invoke", "error.execution", "error.communication", "error.platform"]
        .iter()
        .any(|known| name == *known || name.strip_prefix(known).is_some_and(|rest| rest.starts_with('.')))
}
