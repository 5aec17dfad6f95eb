//! A machine as an SCXML document.

use super::{
    super::names::{Names, duration, identifier},
    Exported, Notes, common_notes,
    ecmascript::Writer,
    xml::Xml,
    zero,
};
use crate::model::{
    Action, ActionKind, Expr, ExprKind, Invoked, Literal, LocalId, Machine, Model, Pass, Place, Receiver,
    StateId, StateKind, Transition, Trigger,
};

/// Attributes of ours on elements of SCXML; other processors ignore them.
pub(in super::super) const NAMESPACE: &str = "urn:statechart";
/// How deep machines may stand in machines.
const DEPTH_LIMIT: usize = 8;

/// Names in the document.
pub(super) struct Ids {
    states: Vec<String>,
    events: Vec<String>,
    variables: Vec<String>,
    locals: Vec<String>,
    bindings: Vec<String>,
}

fn at(names: &[String], index: usize) -> String {
    names.get(index).cloned().unwrap_or_default()
}

impl Ids {
    pub(super) fn state(&self, state: StateId) -> &str {
        self.states.get(state).map_or("", String::as_str)
    }

    pub(super) fn variable(&self, variable: usize) -> String {
        at(&self.variables, variable)
    }

    pub(super) fn local(&self, local: LocalId) -> String {
        at(&self.locals, local)
    }

    pub(super) fn binding(&self, binding: usize) -> String {
        at(&self.bindings, binding)
    }

    fn new(machine: &Machine) -> Self {
        let states = machine
            .states
            .iter()
            .map(|state| {
                let unique = machine.states.iter().filter(|other| other.name == state.name).count() == 1;
                if unique { state.name.clone() } else { state.path.clone() }
            })
            .collect();
        let mut variables = Names::new(str::to_owned);
        let mut claim = |name: &str| variables.claim(&identifier(name, "v"));
        Self {
            states,
            variables: machine.context.iter().map(|variable| claim(&variable.name)).collect(),
            locals: machine
                .locals
                .iter()
                .map(|local| {
                    let state = machine.states.get(local.state).filter(|_| local.state != 0);
                    claim(&state.map_or(local.name.clone(), |state| format!("{}_{}", state.name, local.name)))
                })
                .collect(),
            bindings: machine.bindings.iter().map(|binding| claim(&binding.name)).collect(),
            events: event_names(machine.events.iter().map(|event| event.symbol.name.as_str())),
        }
    }
}

/// Event names without white space, none of which is the first tokens of another: SCXML would match both.
pub(super) fn event_names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let names: Vec<&str> = names.collect();
    let mut taken = Names::new(str::to_owned);
    names
        .iter()
        .map(|name| {
            let covered =
                names.iter().any(|other| name.strip_prefix(other).is_some_and(|rest| rest.starts_with('.')));
            let first = name.split('.').next().unwrap_or_default();
            let mut spelt: String = name
                .chars()
                .map(|c| if c.is_whitespace() || c == '*' || (c == '.' && covered) { '_' } else { c })
                .collect();
            if matches!(first, "error" | "done") {
                spelt = format!("event_{}", spelt.replace('.', "_"));
            }
            taken.claim(&spelt)
        })
        .collect()
}

pub(super) fn export(model: &Model, machine: &Machine) -> Exported {
    let mut xml = Xml::default();
    xml.text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut notes = Notes::default();
    write(model, machine, 0, &mut xml, &mut notes);
    Exported { text: xml.text, notes: notes.0 }
}

fn write(model: &Model, machine: &Machine, depth: usize, xml: &mut Xml, notes: &mut Notes) {
    let ids = Ids::new(machine);
    common_notes(machine, notes);
    for (event, spelt) in machine.events.iter().zip(&ids.events) {
        if event.symbol.name != *spelt {
            notes.detail(format!("the event `{}` is called `{spelt}`", event.symbol.name));
        }
    }
    let mut out = Out { model, machine, ids: &ids, xml, notes, depth };
    out.machine();
}

struct Out<'a> {
    model: &'a Model,
    machine: &'a Machine,
    ids: &'a Ids,
    xml: &'a mut Xml,
    notes: &'a mut Notes,
    depth: usize,
}

type Attributes<'n> = Vec<(&'n str, String)>;

impl Out<'_> {
    fn expr(&mut self, expr: &Expr) -> String {
        Writer { machine: self.machine, ids: self.ids, notes: self.notes }.expr(expr)
    }

    fn machine(&mut self) {
        let machine = self.machine;
        let mut attributes: Attributes<'_> = vec![
            ("xmlns", "http://www.w3.org/2005/07/scxml".to_owned()),
            ("xmlns:sc", NAMESPACE.to_owned()),
            ("version", "1.0".to_owned()),
            ("datamodel", "ecmascript".to_owned()),
            ("name", machine.name.clone()),
        ];
        let internal: Vec<String> = machine
            .events
            .iter()
            .zip(&self.ids.events)
            .filter(|(event, _)| event.internal)
            .map(|(_, name)| name.clone())
            .collect();
        if !internal.is_empty() {
            attributes.push(("sc:internal", internal.join(" ")));
        }
        let root = &machine.states[0];
        let plain = root.initial_actions.is_empty() && root.initial_passes.is_empty();
        let parallel = root.kind == StateKind::Parallel;
        if plain && !parallel {
            attributes.push(("initial", self.targets(&root.initial)));
        }
        self.xml.open("scxml", &attributes);
        if !machine.doc.is_empty() {
            self.xml.comment(&machine.doc);
        }
        self.data();
        if !plain && !parallel {
            // <initial> has no place in <scxml>; a state around everything has.
            self.notes.detail("the initial content of the machine runs in a state around all others");
        }
        let around = self.needs_state_around();
        if around {
            let name = if parallel { "parallel" } else { "state" };
            self.xml.open(name, &[("id", machine.name.clone())]);
        }
        self.inside(0);
        if around {
            // What ends the machine here ends only that state there.
            let end = format!("{}_end", machine.name);
            self.xml.empty(
                "transition",
                &[("event", format!("done.state.{}", machine.name)), ("target", end.clone())],
            );
            self.xml.close();
            self.xml.empty("final", &[("id", end)]);
        }
        self.xml.close();
    }

    fn data(&mut self) {
        let machine = self.machine;
        if machine.context.is_empty() && machine.locals.is_empty() {
            return;
        }
        self.xml.open("datamodel", &[]);
        for (index, variable) in machine.context.iter().enumerate() {
            let value = self.expr(&variable.initial);
            self.xml.empty("data", &[("id", self.ids.variable(index)), ("expr", value)]);
        }
        for (index, local) in machine.locals.iter().enumerate() {
            let value = match &local.initial {
                Some(initial) => self.expr(initial),
                None => zero(&local.ty).to_owned(),
            };
            if local.state != 0 {
                self.notes.detail(format!(
                    "`{}` of `{}` is a variable of the whole machine",
                    local.name,
                    machine.states.get(local.state).map_or("", |state| state.path.as_str())
                ));
            }
            self.xml.empty("data", &[("id", self.ids.local(index)), ("expr", value)]);
        }
        self.xml.close();
    }

    fn targets(&self, targets: &[StateId]) -> String {
        targets.iter().map(|target| self.ids.state(*target)).collect::<Vec<_>>().join(" ")
    }

    fn state(&mut self, id: StateId) {
        let state = &self.machine.states[id];
        let mut attributes: Attributes<'_> = vec![("id", self.ids.state(id).to_owned())];
        let name = match state.kind {
            StateKind::Parallel => "parallel",
            StateKind::Final => "final",
            StateKind::History { deep } => {
                attributes.push(("type", if deep { "deep" } else { "shallow" }.to_owned()));
                "history"
            }
            StateKind::Atomic | StateKind::Compound => "state",
        };
        if state.accept {
            attributes.push(("sc:accept", "true".to_owned()));
        }
        if state.label != state.name {
            attributes.push(("sc:label", state.label.clone()));
        }
        self.xml.open(name, &attributes);
        if !state.doc.is_empty() {
            self.xml.comment(&state.doc);
        }
        self.inside(id);
        self.xml.close();
    }

    /// What stands between a state's tags.
    fn inside(&mut self, id: StateId) {
        let state = &self.machine.states[id];
        let is_history = matches!(state.kind, StateKind::History { .. });
        if is_history || (state.kind == StateKind::Compound && (id != 0 || self.needs_state_around())) {
            let targets =
                if state.initial.is_empty() { self.default_of(state.parent) } else { state.initial.clone() };
            let target = self.targets(&targets);
            if !is_history {
                self.xml.open("initial", &[]);
            }
            self.xml.open("transition", &[("target", target)]);
            self.passes(&state.initial_passes);
            self.actions(&state.initial_actions);
            self.xml.close();
            if !is_history {
                self.xml.close();
            }
        }
        if is_history {
            return;
        }
        self.entry_and_exit(id);
        for activity in &state.activities {
            self.activity(*activity);
        }
        let bare = !self.needs_state_around();
        if id != 0 || !bare {
            for transition in &state.transitions {
                if let Some(transition) = self.machine.transitions.get(*transition) {
                    self.transition(transition);
                }
            }
        }
        if bare && id != 0 && state.parent == 0 && state.kind != StateKind::Final {
            // <scxml> has no transitions: each of its states has them, behind its own. The domain is the same.
            for transition in &self.machine.states[0].transitions {
                if let Some(transition) = self.machine.transitions.get(*transition) {
                    self.transition(transition);
                }
            }
        }
        if let Some(result) = &state.returns {
            let result = self.expr(result);
            self.xml.open("donedata", &[]);
            self.xml.empty("content", &[("expr", result)]);
            self.xml.close();
        }
        let mut inner: Vec<StateId> = state.children.iter().chain(&state.histories).copied().collect();
        inner.sort_unstable();
        for child in inner {
            self.state(child);
        }
    }

    /// <scxml> holds states and data only; a machine that does more needs a state around everything.
    fn needs_state_around(&self) -> bool {
        let root = &self.machine.states[0];
        root.kind == StateKind::Parallel
            || !root.initial_actions.is_empty()
            || !root.initial_passes.is_empty()
            || !root.entry.is_empty()
            || !root.exit.is_empty()
            || !root.timers.is_empty()
            || !root.activities.is_empty()
    }

    fn default_of(&self, parent: StateId) -> Vec<StateId> {
        match self.machine.states.get(parent) {
            Some(parent) if parent.kind == StateKind::Parallel => parent.children.clone(),
            Some(parent) => parent.initial.clone(),
            None => Vec::new(),
        }
    }

    fn entry_and_exit(&mut self, id: StateId) {
        let state = &self.machine.states[id];
        let fields: Vec<LocalId> = state
            .locals
            .iter()
            .copied()
            .filter(|local| self.machine.locals.get(*local).is_some_and(|local| !local.param))
            .collect();
        if !fields.is_empty() || !state.entry.is_empty() || !state.timers.is_empty() {
            self.xml.open("onentry", &[]);
            for local in fields {
                if let Some(initial) = self.machine.locals.get(local).and_then(|local| local.initial.as_ref())
                {
                    let value = self.expr(initial);
                    self.assign(self.ids.local(local), value);
                }
            }
            self.actions(&state.entry);
            for timer in &state.timers {
                let Some(after) = self.machine.timers.get(*timer).map(|timer| &timer.after) else { continue };
                let name = self.timer(*timer);
                let delay = self.delay(after);
                self.xml.empty("send", &[("event", name.clone()), ("id", name), delay]);
            }
            self.xml.close();
        }
        let params: Vec<LocalId> = state
            .locals
            .iter()
            .copied()
            .filter(|local| {
                id != 0
                    && self
                        .machine
                        .locals
                        .get(*local)
                        .is_some_and(|local| local.param && local.initial.is_some())
            })
            .collect();
        if !state.exit.is_empty() || !state.timers.is_empty() || !params.is_empty() {
            self.xml.open("onexit", &[]);
            self.actions(&state.exit);
            for timer in &state.timers {
                let name = self.timer(*timer);
                self.xml.empty("cancel", &[("sendid", name)]);
            }
            for local in params {
                // Whoever enters it next without a value gets the default.
                if let Some(initial) = self.machine.locals.get(local).and_then(|local| local.initial.as_ref())
                {
                    let value = self.expr(initial);
                    self.assign(self.ids.local(local), value);
                }
            }
            self.xml.close();
        }
    }

    fn timer(&self, timer: usize) -> String {
        format!("after_{}", timer + 1)
    }

    fn delay<'n>(&mut self, delay: &Expr) -> (&'n str, String) {
        if let ExprKind::Literal(Literal::Duration(us)) = delay.kind {
            let spelt = duration(us);
            // SCXML knows seconds and milliseconds.
            if us % 1_000_000 == 0 {
                return ("delay", format!("{}s", us / 1_000_000));
            }
            if us % 1_000 == 0 {
                return ("delay", spelt);
            }
            #[allow(clippy::cast_precision_loss)] // A span of microseconds.
            return ("delay", format!("{}ms", us as f64 / 1_000.0));
        }
        let text = self.expr(delay);
        ("delayexpr", format!("({text}) / 1000 + 'ms'"))
    }

    fn activity(&mut self, id: usize) {
        let Some(activity) = self.machine.activities.get(id) else { return };
        let name = self.machine.runs(id).to_owned();
        match activity.runs {
            Invoked::Service(service) => {
                self.notes.lost(format!(
                    "the service `{name}`: whoever runs the document must know it and send its outcomes"
                ));
                self.xml.open(
                    "invoke",
                    &[("type", format!("{NAMESPACE}:service")), ("id", name.clone()), ("src", name)],
                );
                let params: Vec<String> = self.machine.services.get(service).map_or(Vec::new(), |service| {
                    let named = service.function.params.iter().enumerate();
                    named
                        .map(|(at, (name, _))| name.clone().unwrap_or_else(|| format!("argument{}", at + 1)))
                        .collect()
                });
                for (name, arg) in params.into_iter().zip(&activity.args) {
                    let value = self.expr(arg);
                    self.xml.empty("param", &[("name", name), ("expr", value)]);
                }
                self.xml.close();
            }
            Invoked::Child(child) => {
                let Some(child) = self.machine.children.get(child) else { return };
                self.xml.open("invoke", &[("type", "scxml".to_owned()), ("id", name)]);
                for (field, arg) in child.params.iter().zip(&activity.args) {
                    let value = self.expr(arg);
                    self.xml.empty("param", &[("name", field.name.clone()), ("expr", value)]);
                }
                match self.model.machine(&child.machine) {
                    Some(machine) if self.depth < DEPTH_LIMIT => {
                        self.xml.open("content", &[]);
                        write(self.model, machine, self.depth + 1, self.xml, self.notes);
                        self.xml.close();
                    }
                    _ => self.notes.lost(format!("the machine `{}` inside this one", child.machine)),
                }
                self.xml.close();
            }
        }
    }

    fn transition(&mut self, transition: &Transition) {
        let mut attributes: Attributes<'_> = Vec::new();
        let event = match &transition.trigger {
            Trigger::Always => None,
            Trigger::Events(events) => {
                Some(events.iter().map(|event| at(&self.ids.events, *event)).collect::<Vec<_>>().join(" "))
            }
            Trigger::Timer(timer) => Some(self.timer(*timer)),
            Trigger::Done(0) => Some(format!("done.state.{}", self.machine.name)),
            Trigger::Done(state) => Some(format!("done.state.{}", self.ids.state(*state))),
            Trigger::ChildDone(child) => Some(format!(
                "done.invoke.{}",
                self.machine.children.get(*child).map_or("", |child| &child.name)
            )),
            Trigger::Fault => {
                self.notes.detail("`on fault` hears every error: what is one differs between the two");
                Some("error".to_owned())
            }
        };
        // An empty list of events would mean no event at all.
        if event.as_ref().is_some_and(String::is_empty) {
            return;
        }
        attributes.extend(event.map(|event| ("event", event)));
        if let Some(guard) = &transition.guard {
            let guard = self.expr(guard);
            attributes.push(("cond", guard));
        }
        if !transition.targets.is_empty() {
            attributes.push(("target", self.targets(&transition.targets)));
        }
        if transition.internal {
            attributes.push(("type", "internal".to_owned()));
        }
        self.xml.open("transition", &attributes);
        if !transition.passes.is_empty() && !self.machine.states[transition.source].exit.is_empty() {
            self.notes.detail("values that a transition passes are computed after the exit actions");
        }
        self.passes(&transition.passes);
        self.actions(&transition.actions);
        self.xml.close();
    }

    fn passes(&mut self, passes: &[Pass]) {
        for pass in passes {
            let locals: Vec<LocalId> = self.machine.states.get(pass.state).map_or(Vec::new(), |state| {
                let is_param =
                    |local: &&LocalId| self.machine.locals.get(**local).is_some_and(|local| local.param);
                state.locals.iter().filter(is_param).copied().collect()
            });
            for (local, arg) in locals.into_iter().zip(&pass.args) {
                let value = self.expr(arg);
                self.assign(self.ids.local(local), value);
            }
        }
    }

    fn assign(&mut self, location: String, value: String) {
        self.xml.empty("assign", &[("location", location), ("expr", value)]);
    }

    fn actions(&mut self, actions: &[Action]) {
        for action in actions {
            self.action(action);
        }
    }

    fn message(&mut self, attributes: &[(&str, String)], fields: &[(String, &Expr)]) {
        let given: Vec<(String, String)> = fields
            .iter()
            .filter(|(_, value)| !matches!(value.kind, ExprKind::None))
            .map(|(name, value)| (name.clone(), self.expr(value)))
            .collect();
        if given.is_empty() {
            self.xml.empty("send", attributes);
            return;
        }
        self.xml.open("send", attributes);
        for (name, value) in given {
            self.xml.empty("param", &[("name", name), ("expr", value)]);
        }
        self.xml.close();
    }

    fn action(&mut self, action: &Action) {
        let machine = self.machine;
        let named = |fields: &[crate::model::Field], args: &'_ [Expr]| -> Vec<String> {
            fields.iter().take(args.len()).map(|field| field.name.clone()).collect()
        };
        match &action.kind {
            ActionKind::Assign { place, value } => {
                let location = match place {
                    Place::Variable(variable) => self.ids.variable(*variable),
                    Place::Local(local) => self.ids.local(*local),
                };
                let value = self.expr(value);
                self.assign(location, value);
            }
            ActionKind::Emit { output, args } => {
                let Some(symbol) = machine.outputs.get(*output) else { return };
                self.notes.detail("outputs are messages to the session that runs this one");
                let fields = named(&symbol.fields, args).into_iter().zip(args).collect::<Vec<_>>();
                let event = symbol.name.replace(char::is_whitespace, "_");
                self.message(&[("event", event), ("target", "#_parent".to_owned())], &fields);
            }
            ActionKind::Raise { event, args } => {
                let Some(row) = machine.events.get(*event) else { return };
                let name = at(&self.ids.events, *event);
                if args.iter().all(|arg| matches!(arg.kind, ExprKind::None)) {
                    self.xml.empty("raise", &[("event", name)]);
                } else {
                    let fields = named(&row.symbol.fields, args).into_iter().zip(args).collect::<Vec<_>>();
                    self.message(&[("event", name), ("target", "#_internal".to_owned())], &fields);
                }
            }
            ActionKind::Send { to, event, args, delay, id } => {
                self.send(*to, *event, args, delay.as_ref(), *id)
            }
            ActionKind::Cancel(id) => {
                let name = machine.sends.get(*id).map_or("", |send| send.name.as_str());
                self.xml.empty("cancel", &[("sendid", name.to_owned())]);
            }
            ActionKind::Spawn { .. } | ActionKind::Stop(_) => {
                self.lost_action(action);
            }
            ActionKind::If { arms, otherwise } => {
                let mut arms = arms.iter();
                let Some((condition, body)) = arms.next() else { return };
                let condition = self.expr(condition);
                self.xml.open("if", &[("cond", condition)]);
                self.actions(body);
                for (condition, body) in arms {
                    let condition = self.expr(condition);
                    self.xml.empty("elseif", &[("cond", condition)]);
                    self.actions(body);
                }
                if !otherwise.is_empty() {
                    self.xml.empty("else", &[]);
                    self.actions(otherwise);
                }
                self.xml.close();
            }
            ActionKind::For { item, index, list, body } => {
                let list = self.expr(list);
                let mut attributes: Attributes<'_> = vec![("array", list), ("item", self.ids.binding(*item))];
                attributes.extend(index.map(|index| ("index", self.ids.binding(index))));
                self.xml.open("foreach", &attributes);
                self.actions(body);
                self.xml.close();
            }
            ActionKind::Push { .. } | ActionKind::Compensate | ActionKind::Commit => self.lost_action(action),
            ActionKind::Call { action, args } => {
                let name = machine.actions.get(*action).map_or("", |action| action.name.as_str()).to_owned();
                self.notes.detail(format!("the function `{name}` must be there: it is extern"));
                let args: Vec<String> = args.iter().map(|arg| self.expr(arg)).collect();
                self.xml.with_text("script", &format!("{name}({});", args.join(", ")));
            }
            ActionKind::Log(text) => {
                let text = self.expr(text);
                self.xml.empty("log", &[("expr", text)]);
            }
        }
    }

    fn lost_action(&mut self, action: &Action) {
        self.notes.lost(format!("`{}`", action.text));
        self.xml.comment(&format!("not carried over: {}", action.text));
    }

    fn send(&mut self, to: Receiver, event: usize, args: &[Expr], delay: Option<&Expr>, id: Option<usize>) {
        let machine = self.machine;
        let mut attributes: Attributes<'_> = Vec::new();
        let symbol = match to {
            Receiver::Itself => {
                attributes.push(("event", at(&self.ids.events, event)));
                machine.events.get(event).map(|event| &event.symbol)
            }
            Receiver::Peer(peer) => {
                let Some(peer) = machine.peers.get(peer) else { return };
                self.notes.detail(format!("the peer `{}` is the session of that id", peer.name));
                let names = event_names(peer.events.iter().map(|symbol| symbol.name.as_str()));
                attributes.push(("event", at(&names, event)));
                attributes.push(("target", format!("#_scxml_{}", peer.name)));
                peer.events.get(event)
            }
            Receiver::Child(child) => {
                let Some(child) = machine.children.get(child) else { return };
                let names = event_names(child.events.iter().map(|symbol| symbol.name.as_str()));
                attributes.push(("event", at(&names, event)));
                attributes.push(("target", format!("#_{}", child.name)));
                child.events.get(event)
            }
        };
        if let Some(delay) = delay {
            let delay = self.delay(delay);
            attributes.push(delay);
        }
        if let Some(id) = id.and_then(|id| machine.sends.get(id)) {
            self.notes.detail(format!("a second message as `{}` does not replace the first", id.name));
            attributes.push(("id", id.name.clone()));
        }
        let names: Vec<String> = symbol
            .map_or(Vec::new(), |symbol| symbol.fields.iter().map(|field| field.name.clone()).collect());
        let fields: Vec<(String, &Expr)> = names.into_iter().zip(args).collect();
        self.message(&attributes, &fields);
    }
}
