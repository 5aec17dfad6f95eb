//! The translator: names and events first, then passes over the whole document until no type changes any more.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    ImportError, Imported, Note, Position,
    draft::{Draft, DraftKind, DraftState, DraftSymbol},
    ecma::{Js, Statement},
    names::{self, Names},
};
use super::{
    read::{Chart, Code, Content, ContentKind, Kind as StateKind},
    types::{Kind, Slot, Types},
};
use crate::model::names::{pascal, snake};

/// How often the document is gone through; each pass but the last has learnt something about a type.
const PASSES: usize = 40;
/// How many values a name that stands for an event or a target may take.
pub(super) const VALUES: usize = 32;

/// What W3C calls the event of something that cannot be evaluated.
pub(super) const EXECUTION: &str = "error.execution";
/// What W3C calls the event of something that cannot be delivered.
pub(super) const COMMUNICATION: &str = "error.communication";

#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) slot: Slot,
    pub(super) optional: bool,
    /// Read in this pass; in the one before.
    pub(super) reads: bool,
    pub(super) read: bool,
    /// A parameter of the machine: whoever starts it may set it.
    pub(super) param: bool,
    /// Every text that it can hold, where all are written out.
    pub(super) texts: Option<BTreeSet<String>>,
}

#[derive(Debug, Default)]
pub(super) struct EventRow {
    pub(super) original: String,
    pub(super) name: String,
    /// Nothing outside sends it.
    pub(super) internal: bool,
    /// Only raised for errors that are certain; declared when there is one.
    pub(super) error: bool,
    pub(super) fields: BTreeMap<String, FieldRow>,
    /// Places that send it, in this pass.
    pub(super) sites: usize,
    /// Whether something raises it; whether something sends it, or it may come from outside.
    pub(super) raised: bool,
    pub(super) sent: bool,
}

#[derive(Debug, Default)]
pub(super) struct FieldRow {
    pub(super) name: String,
    pub(super) slot: Option<Slot>,
    pub(super) optional: bool,
    /// Places that give it, in this pass, and whether one of them may give nothing.
    pub(super) given: usize,
    pub(super) maybe: bool,
    pub(super) reads: bool,
}

impl EventRow {
    /// The type of a field; it is declared by being used.
    pub(super) fn field(&mut self, name: &str, types: &mut Types) -> Slot {
        if !self.fields.contains_key(name) {
            let mut taken = Names::new(snake);
            for field in self.fields.values() {
                taken.take(&field.name);
            }
            let spelt = taken.claim(&names::identifier(name, "f"));
            self.fields
                .insert(name.to_owned(), FieldRow { name: spelt, optional: true, ..FieldRow::default() });
        }
        match self.fields.get_mut(name) {
            Some(field) => *field.slot.get_or_insert_with(|| types.fresh(Kind::Unknown)),
            None => types.fresh(Kind::Unknown),
        }
    }
}

#[derive(Debug)]
pub(super) struct ChildRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) machine: String,
    /// Names of its parameters as the document spells them, and the types.
    pub(super) params: BTreeMap<String, (String, Option<Kind>)>,
    pub(super) state: usize,
    pub(super) invoke: usize,
    pub(super) events: BTreeMap<String, String>,
}

pub(super) struct Translator<'a> {
    pub(super) chart: &'a Chart,
    pub(super) draft: Draft,
    /// Index in the draft of each state of the chart, and the other way round.
    pub(super) ids: BTreeMap<&'a str, usize>,
    pub(super) variables: BTreeMap<String, Variable>,
    pub(super) events: Vec<EventRow>,
    pub(super) children: Vec<ChildRow>,
    /// Messages to whoever runs the document; none where that is another document.
    pub(super) outputs: Option<Vec<EventRow>>,
    /// Ids of messages that something cancels, and their names.
    pub(super) messages: BTreeMap<String, String>,
    pub(super) results: BTreeMap<usize, (Slot, Option<String>)>,
    pub(super) results_read: BTreeSet<usize>,
    pub(super) types: Types,
    pub(super) functions: BTreeMap<String, &'a [Statement]>,
    pub(super) unknown_scripts: bool,
    pub(super) notes: Vec<Note>,
    pub(super) defaults: &'a BTreeSet<String>,
    pub(super) filled_in: BTreeSet<String>,
    /// Something can go wrong when the machine runs.
    pub(super) may_fault: bool,
    pub(super) faults: bool,
    /// Events of errors that are certain: declared when first needed.
    pub(super) errors: BTreeSet<&'static str>,
    /// A number for each thing that needs a name of its own, in order.
    pub(super) counter: usize,
    variable_names: Names,
}

/// Translates a chart and the charts that it invokes.
pub(super) fn translate(
    chart: &Chart,
    name: &str,
    more: &[String],
    defaults: &BTreeSet<String>,
) -> Result<Imported, ImportError> {
    let mut machines = Names::new(snake);
    machines.take(name);
    let mut drafts = Vec::new();
    let mut imported = machine(chart, name, more, &BTreeSet::new(), defaults, &mut machines, &mut drafts, 0)?;
    for draft in drafts.iter().rev() {
        if !imported.text.is_empty() {
            imported.text.push('\n');
        }
        draft.write(&mut imported.text);
    }
    imported.machine = name.to_owned();
    Ok(imported)
}

/// Translates one chart; its draft goes to the end, after those of its children.
#[expect(
    clippy::too_many_arguments,
    reason = "one recursion over invoked documents; a struct would only rename them"
)]
fn machine(
    chart: &Chart,
    name: &str,
    more: &[String],
    params: &BTreeSet<String>,
    defaults: &BTreeSet<String>,
    machines: &mut Names,
    drafts: &mut Vec<Draft>,
    depth: usize,
) -> Result<Imported, ImportError> {
    if chart.states.len() < 2 {
        return Err(ImportError::at(chart.at, "the document has no states"));
    }
    let mut notes = Vec::new();
    let mut children = Vec::new();
    let mut child_names = Names::new(snake);
    for (state, row) in chart.states.iter().enumerate() {
        for (invoke, found) in row.invokes.iter().enumerate() {
            let Ok(child) = &found.child else { continue };
            let id = found.id.clone().unwrap_or_else(|| format!("{}.{}", row.id, invoke + 1));
            let wanted = if child.name.is_empty() { &id } else { &child.name };
            let machine_name = machines.claim(&names::identifier(&format!("{name}{}", pascal(wanted)), "M"));
            let given: BTreeSet<String> = found.params.iter().map(|param| param.name.clone()).collect();
            let inner = machine(child, &machine_name, &[], &given, defaults, machines, drafts, depth + 1)?;
            notes.extend(inner.notes);
            let typed = drafts.last().map(|draft| draft.params.clone()).unwrap_or_default();
            let params = given
                .iter()
                .filter_map(|name| {
                    let spelt = names::identifier(name, "v");
                    let line = typed.iter().find(|line| line.starts_with(&format!("{spelt}:")))?;
                    let kind = match line.split([':', '=']).nth(1).map(str::trim) {
                        Some("Int") => Some(Kind::Int),
                        Some("Float") => Some(Kind::Float),
                        Some("Bool") => Some(Kind::Bool),
                        Some("Text") => Some(Kind::Text),
                        _ => None,
                    };
                    Some((name.clone(), (spelt, kind)))
                })
                .collect();
            children.push(ChildRow {
                name: child_names.claim(&names::identifier(&id, "c")),
                id,
                machine: machine_name,
                params,
                state,
                invoke,
                events: inner.events,
            });
        }
    }
    let mut translator = Translator::new(chart, name, children, defaults, depth == 0);
    translator.declare(more, params);
    translator.notes = notes;
    translator.run(more);
    let (draft, mut imported) = translator.finish();
    imported.notes.sort();
    drafts.push(draft);
    Ok(imported)
}

impl<'a> Translator<'a> {
    fn new(
        chart: &'a Chart,
        name: &str,
        children: Vec<ChildRow>,
        defaults: &'a BTreeSet<String>,
        outermost: bool,
    ) -> Self {
        let label = (!chart.name.is_empty() && chart.name != name).then(|| chart.name.clone());
        let draft = Draft { name: name.to_owned(), label, ..Draft::default() };
        Self {
            chart,
            draft,
            ids: BTreeMap::new(),
            variables: BTreeMap::new(),
            events: Vec::new(),
            children,
            outputs: outermost.then(Vec::new),
            messages: BTreeMap::new(),
            results: BTreeMap::new(),
            results_read: BTreeSet::new(),
            types: Types::default(),
            functions: BTreeMap::new(),
            unknown_scripts: false,
            notes: Vec::new(),
            defaults,
            filled_in: BTreeSet::new(),
            may_fault: false,
            faults: false,
            errors: BTreeSet::new(),
            counter: 0,
            variable_names: Names::new(snake),
        }
    }

    /// A behaviour that is not carried over.
    pub(super) fn lost(&mut self, at: Position, text: impl Into<String>) {
        self.notes.push(Note { at, lost: true, text: text.into() });
    }

    /// Something that is not carried over and that changes nothing.
    pub(super) fn detail(&mut self, at: Position, text: impl Into<String>) {
        self.notes.push(Note { at, lost: false, text: text.into() });
    }

    /// The id of a state in the document.
    pub(super) fn original(&self, state: usize) -> &'a str {
        self.chart.states.get(state).map_or("", |state| state.id.as_str())
    }

    /// A state for `in(…)`, which is resolved from anywhere: by its whole path.
    pub(super) fn state_reference(&self, id: &str) -> String {
        self.ids.get(id).and_then(|state| self.draft.path(*state)).unwrap_or_default()
    }

    fn declare(&mut self, more: &[String], params: &BTreeSet<String>) {
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
        self.scripts();
        self.declare_variables(params);
        self.declare_messages();
        self.declare_events(more);
    }

    /// Only messages that something cancels need a name.
    fn declare_messages(&mut self) {
        let (mut sent, mut cancelled) = (BTreeSet::new(), BTreeSet::new());
        every_content(self.chart, &mut |content| match &content.kind {
            ContentKind::Send(send) if send.delay.is_some() => {
                let generated = send.idlocation.is_some().then(|| generated_id(content.at));
                sent.extend(send.id.clone().or(generated));
            }
            ContentKind::Cancel(Code { js: Ok(js), .. }) => {
                cancelled.extend(self.values(js).unwrap_or_default());
            }
            _ => {}
        });
        let mut spelt = Names::new(snake);
        for id in sent.intersection(&cancelled) {
            let name = spelt.claim(&names::identifier(id, "m"));
            self.messages.insert(id.clone(), name);
        }
    }

    fn scripts(&mut self) {
        let chart = self.chart;
        for script in &chart.scripts {
            match &script.kind {
                ContentKind::Script(Ok(statements)) => {
                    for statement in statements {
                        if let Statement::Function(name, params, body) = statement
                            && params.is_empty()
                        {
                            self.functions.insert(name.clone(), body);
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
    }

    fn declare_variables(&mut self, params: &BTreeSet<String>) {
        let chart = self.chart;
        let mut texts: BTreeMap<String, Option<BTreeSet<String>>> = BTreeMap::new();
        let mut assigned = |place: &Js, value: Option<&Js>| {
            let Js::Name(name) = place else { return };
            let known = texts.entry(name.clone()).or_insert_with(|| Some(BTreeSet::new()));
            match (value, known.as_mut()) {
                (Some(Js::Text(text)), Some(known)) => {
                    known.insert(text.clone());
                }
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
        for state in &chart.states {
            for place in state.invokes.iter().filter_map(|invoke| invoke.idlocation.as_ref()) {
                assigned(&Js::Name(place.clone()), None);
            }
        }
        created.extend(made.into_iter().map(|name| (name, false)));
        for (name, declared) in created {
            // What cannot be a name is an error where it is used.
            if self.variables.contains_key(&name)
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
            let texts = if param { None } else { texts };
            self.variables.insert(
                name,
                Variable { name: spelt, slot, optional: false, reads: false, read: true, param, texts },
            );
        }
    }

    fn declare_events(&mut self, more: &[String]) {
        let chart = self.chart;
        let mut originals: Vec<String> = Vec::new();
        let mut sent: BTreeSet<String> = more.iter().cloned().collect();
        for state in &chart.states {
            for transition in &state.transitions {
                for descriptor in &transition.events {
                    let name = stem(descriptor);
                    let first = name.split('.').next().unwrap_or_default();
                    if !name.is_empty() && !matches!(first, "done" | "error") {
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
                let internal = chart.internal.contains(&original) && !more.contains(&original);
                let (raised, sent) = (raised.contains(&original), posted.contains(&original));
                self.events.push(EventRow { original, name, internal, raised, sent, ..EventRow::default() });
            }
        }
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

    /// Passes over the document until nothing changes.
    fn run(&mut self, more: &[String]) {
        let kept = self.notes.clone();
        for pass in 0..PASSES {
            let before = self.knowledge();
            self.notes.clone_from(&kept);
            self.filled_in.clear();
            self.counter = 0;
            self.draft.context.clear();
            self.draft.params.clear();
            for state in &mut self.draft.states {
                state.items.clear();
            }
            for variable in self.variables.values_mut() {
                variable.read = variable.reads || pass == 0;
                variable.reads = false;
            }
            self.faults = self.may_fault;
            for event in self.events.iter_mut().chain(self.outputs.iter_mut().flatten()) {
                let outside = more.contains(&event.original);
                for field in event.fields.values_mut() {
                    field.optional =
                        field.maybe || pass == 0 || event.sites == 0 || field.given < event.sites;
                    (field.given, field.maybe, field.reads) = (0, false, false);
                }
                event.sites = usize::from(outside);
            }
            self.pass();
            if self.knowledge() == before && pass > 1 {
                break;
            }
        }
        for text in std::mem::take(&mut self.filled_in) {
            self.lost(
                self.chart.at,
                format!("`{text}` may be undefined where it is read; ECMAScript computes NaN then, this counts it as nothing"),
            );
        }
    }

    /// Everything that passes learn, to be compared.
    fn knowledge(&self) -> Vec<String> {
        let mut known: Vec<String> = self
            .variables
            .values()
            .map(|v| {
                format!("{} {:?} {} {} {}", v.name, self.types.spell(v.slot), v.optional, v.read, v.reads)
            })
            .collect();
        for event in self.events.iter().chain(self.outputs.iter().flatten()) {
            known.push(format!("{} {}", event.name, event.sites));
            for field in event.fields.values() {
                let ty = field.slot.and_then(|slot| self.types.spell(slot));
                known.push(format!(
                    "{} {ty:?} {} {} {}",
                    field.name, field.optional, field.given, field.maybe
                ));
            }
        }
        for (state, (slot, key)) in &self.results {
            known.push(format!("{state} {:?} {key:?}", self.types.spell(*slot)));
        }
        known.push(format!("{} {} {:?} {:?}", self.may_fault, self.faults, self.errors, self.results_read));
        known
    }

    fn finish(mut self) -> (Draft, Imported) {
        let mut imported = Imported { notes: std::mem::take(&mut self.notes), ..Imported::default() };
        for (id, state) in &self.ids {
            if let Some(path) = self.draft.path(*state) {
                imported.states.insert((*id).to_owned(), path);
            }
        }
        let outputs = self.outputs.take().unwrap_or_default();
        for (event, is_output) in
            self.events.iter().map(|event| (event, false)).chain(outputs.iter().map(|output| (output, true)))
        {
            if event.error && !self.errors.contains(event.original.as_str()) {
                continue;
            }
            if !is_output {
                imported.events.insert(event.original.clone(), event.name.clone());
            }
            let mut fields = Vec::new();
            for (original, field) in &event.fields {
                match field.slot.and_then(|slot| self.types.spell(slot)) {
                    Some(ty) => {
                        fields.push(format!("{}: {ty}{}", field.name, if field.optional { "?" } else { "" }));
                    }
                    None => imported.notes.push(Note {
                        at: self.chart.at,
                        lost: true,
                        text: format!("the field `{original}` of `{}` holds objects", event.original),
                    }),
                }
            }
            let symbol = DraftSymbol { name: event.name.clone(), fields, doc: None };
            if is_output {
                self.draft.outputs.push(symbol);
            } else if event.internal {
                self.draft.internals.push(symbol);
            } else {
                self.draft.inputs.push(symbol);
            }
        }
        self.draft.prune();
        (self.draft, imported)
    }

    /// The texts that an expression can have, where all are known.
    pub(super) fn values(&self, js: &Js) -> Option<BTreeSet<String>> {
        match js {
            Js::Text(text) => Some(BTreeSet::from([text.clone()])),
            Js::Name(name) => self.variables.get(name)?.texts.clone(),
            Js::Choice(_, then, otherwise) => {
                Some(self.values(then)?.into_iter().chain(self.values(otherwise)?).collect())
            }
            Js::Binary("+", left, right) => {
                let (left, right) = (self.values(left)?, self.values(right)?);
                let (mut left, mut right) = (left.into_iter(), right.into_iter());
                match (left.next(), left.next(), right.next(), right.next()) {
                    (Some(left), None, Some(right), None) => Some(BTreeSet::from([format!("{left}{right}")])),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The type of an event's field; it is declared by being used.
    pub(super) fn field(&mut self, event: usize, name: &str) -> Slot {
        match self.events.get_mut(event) {
            Some(row) => row.field(name, &mut self.types),
            None => self.types.fresh(Kind::Unknown),
        }
    }

    /// The type of what a state returns, and whether it returns that.
    pub(super) fn result(&mut self, state: usize, field: Option<&str>) -> (Slot, bool) {
        match self.results.get(&state) {
            Some((slot, key)) => (*slot, key.as_deref() == field),
            None => (self.types.fresh(Kind::Unknown), false),
        }
    }

    pub(super) fn event_named(&self, original: &str) -> Option<usize> {
        self.events.iter().position(|event| event.original == original)
    }
}

/// The id of a message whose place wants to be told one.
pub(super) fn generated_id(at: Position) -> String {
    format!("send.{}.{}", at.line, at.column)
}

/// An event descriptor without what is always implied.
pub(super) fn stem(descriptor: &str) -> &str {
    let name = descriptor.strip_suffix('*').unwrap_or(descriptor);
    name.strip_suffix('.').unwrap_or(name)
}

/// W3C nameMatch: whole tokens, from the front.
pub(super) fn matches(descriptor: &str, name: &str) -> bool {
    let stem = stem(descriptor);
    stem.is_empty() || name == stem || name.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.'))
}

pub(super) fn is_event_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('*') && !name.contains(char::is_whitespace)
}

/// Calls `visit` with each element of executable content of a chart.
fn every_content<'c>(chart: &'c Chart, visit: &mut dyn FnMut(&'c Content)) {
    fn each<'c>(contents: &'c [Content], visit: &mut dyn FnMut(&'c Content)) {
        for content in contents {
            visit(content);
            match &content.kind {
                ContentKind::If(arms) => arms.iter().for_each(|(_, body)| each(body, visit)),
                ContentKind::Foreach { body, .. } => each(body, visit),
                _ => {}
            }
        }
    }
    each(&chart.scripts, visit);
    for state in &chart.states {
        each(&state.initial_content, visit);
        state.entry.iter().chain(&state.exit).for_each(|block| each(block, visit));
        state.transitions.iter().for_each(|transition| each(&transition.content, visit));
    }
}

/// Calls `visit` with each place that statements assign to.
fn every_assignment(statements: &[Statement], visit: &mut dyn FnMut(&Js, Option<&Js>)) {
    for statement in statements {
        match statement {
            Statement::Assign(place, value) => visit(place, Some(value)),
            Statement::Declare(_) | Statement::Run(_) => {}
            Statement::If(_, then, otherwise) => {
                every_assignment(then, visit);
                every_assignment(otherwise, visit);
            }
            Statement::Function(_, _, body) => every_assignment(body, visit),
        }
    }
}
