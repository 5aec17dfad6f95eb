//! What was added, removed, changed and moved, in words.

use super::pairing::{How, Pairing, Spelt};
use crate::diagram::label::expression;
use crate::model::{
    Action, ExternFn, Field, Machine, PropertyKind, Service, Sign, State, StateId, StateKind, Symbol, Tag,
    TransitionId,
};

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it is about.
    pub area: Area,
    /// What happened.
    pub kind: Kind,
    /// What it happened to: a name, a path, a transition.
    pub what: String,
    /// What exactly differs, one a line: `guard: none → x > 1`.
    pub details: Vec<String>,
}

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// The machine itself: its name, strictness, limits.
    Machine,
    /// Σ and the internal events.
    Event,
    /// Γ.
    Output,
    /// Variables of the context.
    Context,
    /// Extern types, guards, actions, services; peers and child machines.
    Extern,
    /// States.
    State,
    /// Transitions.
    Transition,
    /// Examples and properties.
    Claim,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only the new version has it.
    Added,
    /// Only the old version has it.
    Removed,
    /// Both have it, and it differs.
    Changed,
    /// The same state at another place.
    Moved,
    /// Probably the same state under another name.
    Renamed,
}

/// Everything that differs. Notes in the pairing which states and transitions do.
pub(super) fn changes(old: &Machine, new: &Machine, pairing: &mut Pairing) -> Vec<Change> {
    let mut list = List(Vec::new());
    machine(&mut list, old, new);
    events(&mut list, old, new);
    symbols(&mut list, Area::Output, &old.outputs, &new.outputs);
    context(&mut list, old, new);
    externs(&mut list, old, new);
    states(&mut list, old, new, pairing);
    transitions(&mut list, old, new, pairing);
    claims(&mut list, old, new);
    list.0
}

struct List(Vec<Change>);

impl List {
    fn push(&mut self, area: Area, kind: Kind, what: impl Into<String>, details: Vec<String>) {
        self.0.push(Change { area, kind, what: what.into(), details });
    }

    /// Rows of both versions by name: what each says, as details of a change.
    fn named(
        &mut self,
        area: Area,
        old: &[(String, Vec<(String, String)>)],
        new: &[(String, Vec<(String, String)>)],
    ) {
        for (name, before) in old {
            match new.iter().find(|(other, _)| other == name) {
                None => self.push(area, Kind::Removed, name, Vec::new()),
                Some((_, after)) => {
                    let details = differences(before, after);
                    if !details.is_empty() {
                        self.push(area, Kind::Changed, name, details);
                    }
                }
            }
        }
        for (name, _) in new.iter().filter(|(name, _)| !old.iter().any(|(other, _)| other == name)) {
            self.push(area, Kind::Added, name, Vec::new());
        }
    }
}

/// `what: before → after` for each aspect that differs.
fn differences(before: &[(String, String)], after: &[(String, String)]) -> Vec<String> {
    let mut details = Vec::new();
    for (aspect, old) in before {
        match after.iter().find(|(other, _)| other == aspect) {
            Some((_, new)) if new == old => {}
            Some((_, new)) => details.push(format!("{aspect}: {} → {}", or_none(old), or_none(new))),
            None => details.push(format!("{aspect}: {} → gone", or_none(old))),
        }
    }
    let fresh = after.iter().filter(|(aspect, _)| !before.iter().any(|(other, _)| other == aspect));
    details.extend(fresh.map(|(aspect, new)| format!("{aspect}: new, {}", or_none(new))));
    details
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

fn aspect(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

fn machine(list: &mut List, old: &Machine, new: &Machine) {
    let aspects = |machine: &Machine| {
        let limits = machine.limits;
        vec![
            aspect("name", &machine.name),
            aspect("label", &machine.label),
            aspect("strict", machine.strict),
            aspect("nondeterministic", machine.nondeterministic),
            aspect("tags", tags(&machine.tags)),
            aspect("limit of internal events", limits.internal),
            aspect("limit of deferred events", limits.deferred),
            aspect("limit of microsteps", limits.microsteps),
            aspect("limit of undos", limits.undo),
        ]
    };
    let details = differences(&aspects(old), &aspects(new));
    if !details.is_empty() {
        list.push(Area::Machine, Kind::Changed, &new.name, details);
    }
}

fn events(list: &mut List, old: &Machine, new: &Machine) {
    let rows = |machine: &Machine| {
        let row = |event: &crate::model::Event| {
            let mut aspects = fields(&event.symbol.fields);
            aspects.push(aspect("kind", if event.internal { "internal" } else { "input" }));
            (event.symbol.name.clone(), aspects)
        };
        machine.events.iter().map(row).collect::<Vec<_>>()
    };
    list.named(Area::Event, &rows(old), &rows(new));
}

fn symbols(list: &mut List, area: Area, old: &[Symbol], new: &[Symbol]) {
    let rows = |symbols: &[Symbol]| {
        symbols.iter().map(|symbol| (symbol.name.clone(), fields(&symbol.fields))).collect::<Vec<_>>()
    };
    list.named(area, &rows(old), &rows(new));
}

/// Fields by name, and their order.
fn fields(fields: &[Field]) -> Vec<(String, String)> {
    let mut aspects: Vec<(String, String)> =
        fields.iter().map(|field| (format!("field {}", field.name), field.ty.to_string())).collect();
    if fields.len() > 1 {
        let order: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        aspects.push(aspect("order of fields", order.join(", ")));
    }
    aspects
}

fn context(list: &mut List, old: &Machine, new: &Machine) {
    let rows = |machine: &Machine| {
        let variables = machine.context.iter().map(|variable| {
            let aspects =
                vec![aspect("type", &variable.ty), aspect("initial", expression(machine, &variable.initial))];
            (variable.name.clone(), aspects)
        });
        variables.collect::<Vec<_>>()
    };
    list.named(Area::Context, &rows(old), &rows(new));
}

fn externs(list: &mut List, old: &Machine, new: &Machine) {
    let rows = |machine: &Machine| {
        let mut rows = Vec::new();
        rows.extend(machine.types.iter().map(|ty| (format!("type {}", ty.name), Vec::new())));
        rows.extend(machine.guards.iter().map(|guard| (format!("guard {}", guard.name), signature(guard))));
        rows.extend(
            machine.actions.iter().map(|action| (format!("action {}", action.name), signature(action))),
        );
        rows.extend(machine.services.iter().map(|service| {
            (format!("service {}", service.function.name), service_aspects(machine, service))
        }));
        rows.extend(
            machine
                .peers
                .iter()
                .map(|peer| (format!("peer {}", peer.name), vec![aspect("machine", &peer.machine)])),
        );
        rows.extend(
            machine
                .children
                .iter()
                .map(|child| (format!("child {}", child.name), vec![aspect("machine", &child.machine)])),
        );
        rows
    };
    list.named(Area::Extern, &rows(old), &rows(new));
}

fn signature(function: &ExternFn) -> Vec<(String, String)> {
    let params: Vec<String> = function.params.iter().map(|(_, ty)| ty.to_string()).collect();
    vec![aspect("parameters", params.join(", "))]
}

fn service_aspects(machine: &Machine, service: &Service) -> Vec<(String, String)> {
    let names = |events: &[usize]| {
        let names = events.iter().filter_map(|&id| Some(machine.events.get(id)?.symbol.name.as_str()));
        names.collect::<Vec<_>>().join(" | ")
    };
    let mut aspects = signature(&service.function);
    aspects.push(aspect("streams", names(&service.streams)));
    aspects.push(aspect("success", names(&service.successes)));
    aspects.push(aspect("failure", names(&service.failures)));
    aspects
}

fn states(list: &mut List, old: &Machine, new: &Machine, pairing: &mut Pairing) {
    for (id, state) in old.states.iter().enumerate() {
        let Some(pair) = pairing.state_pair(id).copied() else {
            list.push(Area::State, Kind::Removed, &state.path, Vec::new());
            continue;
        };
        let Some(now) = new.states.get(pair.new) else { continue };
        let before = state_aspects(old, pair.old, new, &|id| pairing.new_of(id));
        let mut details = differences(&before, &state_aspects(new, pair.new, new, &Some));
        details.extend(reordered(new, pairing, state));
        let (kind, what) = match pair.how {
            How::Same => (Kind::Changed, now.path.clone()),
            How::Moved => (Kind::Moved, format!("{} → {}", state.path, now.path)),
            How::Guessed(percent) => {
                details.insert(0, format!("a guess: the two are {percent} % alike"));
                (Kind::Renamed, format!("{} → {}", state.path, now.path))
            }
        };
        if kind != Kind::Changed || !details.is_empty() {
            pairing.changed_states.insert(pair.new);
            list.push(Area::State, kind, what, details);
        }
    }
    for (id, state) in new.states.iter().enumerate().filter(|(id, _)| pairing.old_of(*id).is_none()) {
        let parent = new.states.get(state.parent).map_or("", |parent| parent.path.as_str());
        let details = if state.parent == 0 || id == 0 { Vec::new() } else { vec![format!("in {parent}")] };
        list.push(Area::State, Kind::Added, &state.path, details);
    }
}

/// What a state says, its places as states of the new version.
fn state_aspects(
    machine: &Machine,
    id: StateId,
    new: &Machine,
    to_new: &dyn Fn(StateId) -> Option<StateId>,
) -> Vec<(String, String)> {
    let Some(state) = machine.states.get(id) else { return Vec::new() };
    let kind = match state.kind {
        StateKind::Atomic => "atomic",
        StateKind::Compound => "compound",
        StateKind::Parallel => "parallel",
        StateKind::Final => "final",
        StateKind::History { deep: false } => "history",
        StateKind::History { deep: true } => "deep history",
    };
    let place = |&target: &StateId| match to_new(target).and_then(|id| new.states.get(id)) {
        Some(now) => now.path.clone(),
        None => format!("{} (gone)", path(machine, target)),
    };
    let initial: Vec<String> = state.initial.iter().map(place).collect();
    let deferred = state.defer.iter().filter_map(|&event| machine.events.get(event));
    let mut deferred: Vec<&str> = deferred.map(|event| event.symbol.name.as_str()).collect();
    deferred.sort_unstable();
    let activities = state.activities.iter().filter_map(|&activity| {
        let args = machine.activities.get(activity)?.args.iter().map(|arg| expression(machine, arg));
        Some(format!("{}({})", machine.runs(activity), args.collect::<Vec<_>>().join(", ")))
    });
    let mut aspects = vec![
        aspect("kind", kind),
        aspect("label", if id == 0 || state.label == state.name { "" } else { &state.label }),
        aspect("tags", if id == 0 { String::new() } else { tags(&state.tags) }),
        aspect("region", state.region),
        aspect("accept", state.accept),
        aspect("initial", initial.join(", ")),
        aspect("initial actions", actions(&state.initial_actions)),
        aspect("entry", actions(&state.entry)),
        aspect("exit", actions(&state.exit)),
        aspect("do", activities.collect::<Vec<_>>().join(", ")),
        aspect("defer", deferred.join(", ")),
        aspect("return", state.returns.as_ref().map_or_else(String::new, |value| expression(machine, value))),
    ];
    for local in machine.locals.iter().filter(|local| local.state == id) {
        let initial = local
            .initial
            .as_ref()
            .map_or_else(String::new, |value| format!(" = {}", expression(machine, value)));
        let kind = if local.param { "parameter" } else { "field" };
        aspects.push((format!("{kind} {}", local.name), format!("{}{initial}", local.ty)));
    }
    aspects
}

fn tags(tags: &[Tag]) -> String {
    let spelt = tags.iter().map(|tag| match &tag.text {
        Some(text) => format!("#{}({text:?})", tag.name),
        None => format!("#{}", tag.name),
    });
    spelt.collect::<Vec<_>>().join(" ")
}

fn actions(actions: &[Action]) -> String {
    actions.iter().map(|action| action.text.as_str()).collect::<Vec<_>>().join(", ")
}

/// Document order decides between transitions of one state, so it is worth telling when it differs.
fn reordered(new: &Machine, pairing: &Pairing, state: &State) -> Option<String> {
    let now: Vec<TransitionId> =
        state.transitions.iter().filter_map(|&id| pairing.new_transition(id)).collect();
    let late = now.windows(2).find_map(|pair| match pair {
        [first, second] if second < first => Some(*second),
        _ => None,
    })?;
    Some(format!(
        "order: `{}` comes earlier now; the first enabled transition wins",
        new.transition_text(late)
    ))
}

fn transitions(list: &mut List, old: &Machine, new: &Machine, pairing: &Pairing) {
    let text = |machine: &Machine, id: TransitionId| {
        let source = machine.transitions.get(id).and_then(|transition| machine.states.get(transition.source));
        format!("{}: {}", source.map_or("", |state| state.path.as_str()), machine.transition_text(id))
    };
    for id in 0..old.transitions.len() {
        match pairing.new_transition(id) {
            None => list.push(Area::Transition, Kind::Removed, text(old, id), Vec::new()),
            Some(now) if pairing.changed_transitions.contains(&now) => {
                let before = Spelt::of(old, id, &|state| pairing.new_of(state));
                let details = spelt_differences(new, &before, &Spelt::of(new, now, &Some));
                list.push(Area::Transition, Kind::Changed, text(new, now), details);
            }
            Some(_) => {}
        }
    }
    for id in 0..new.transitions.len() {
        if !pairing.has_old_transition(id) {
            list.push(Area::Transition, Kind::Added, text(new, id), Vec::new());
        }
    }
}

fn spelt_differences(new: &Machine, before: &Spelt, after: &Spelt) -> Vec<String> {
    let aspects = |spelt: &Spelt| {
        let places: Vec<String> = spelt
            .targets
            .iter()
            .map(|target| match target {
                Ok(id) => new.states.get(*id).map_or_else(String::new, |state| state.path.clone()),
                Err(gone) => format!("{gone} (gone)"),
            })
            .collect();
        vec![
            aspect("guard", spelt.guard.clone().unwrap_or_default()),
            aspect("target", places.join(", ")),
            aspect("arguments", spelt.args.join(", ")),
            aspect("actions", spelt.actions.join(", ")),
            aspect("internal", spelt.internal),
            aspect("ignores the event", spelt.ignore),
        ]
    };
    differences(&aspects(before), &aspects(after))
}

fn claims(list: &mut List, old: &Machine, new: &Machine) {
    let rows = |machine: &Machine| {
        let mut rows: Vec<(String, Vec<(String, String)>)> = Vec::new();
        for example in &machine.examples {
            let states: Vec<&str> = example.states.iter().map(|&id| path(machine, id)).collect();
            rows.push((format!("example {:?}", example.word), vec![aspect("leads to", states.join(", "))]));
        }
        rows.extend(machine.properties.iter().map(|property| {
            (format!("property {:?}", property.name), vec![aspect("claim", claim(machine, &property.kind))])
        }));
        rows
    };
    list.named(Area::Claim, &rows(old), &rows(new));
}

fn claim(machine: &Machine, kind: &PropertyKind) -> String {
    let name = |sign: &Sign| match sign {
        Sign::Event(id) => machine.events.get(*id).map_or("", |event| event.symbol.name.as_str()),
        Sign::Output(id) => machine.outputs.get(*id).map_or("", |output| output.name.as_str()),
    };
    let any = |signs: &[Sign]| signs.iter().map(name).collect::<Vec<_>>().join(" | ");
    match kind {
        PropertyKind::CanReach { from, to } => {
            format!("from {} can reach {}", path(machine, *from), path(machine, *to))
        }
        PropertyKind::LeadsTo { first, then } => format!("{} leads to {}", any(first), any(then)),
        PropertyKind::Invariant { state: Some(state), holds } => {
            format!("in {} implies {}", path(machine, *state), expression(machine, holds))
        }
        PropertyKind::Invariant { state: None, holds } => expression(machine, holds),
        PropertyKind::Never { first, before } => format!("{} before {}", name(first), name(before)),
    }
}

fn path(machine: &Machine, state: StateId) -> &str {
    machine.states.get(state).map_or("", |row| row.path.as_str())
}
