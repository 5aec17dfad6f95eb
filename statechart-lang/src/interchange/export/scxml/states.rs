//! States, transitions and what states run.

use super::{super::super::names::duration, Attributes, DEPTH_LIMIT, NAMESPACE, Out, ids::at, write};
use crate::model::{Expr, ExprKind, Invoked, Literal, LocalId, StateId, StateKind, Transition, Trigger};

impl Out<'_> {
    pub(super) fn targets(&self, targets: &[StateId]) -> String {
        targets.iter().map(|target| self.ids.state(*target)).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn state(&mut self, id: StateId) {
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
    pub(super) fn inside(&mut self, id: StateId) {
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
    pub(super) fn needs_state_around(&self) -> bool {
        let root = &self.machine.states[0];
        root.kind == StateKind::Parallel
            || !root.initial_actions.is_empty()
            || !root.initial_passes.is_empty()
            || !root.entry.is_empty()
            || !root.exit.is_empty()
            || !root.timers.is_empty()
            || !root.activities.is_empty()
    }

    pub(super) fn default_of(&self, parent: StateId) -> Vec<StateId> {
        match self.machine.states.get(parent) {
            Some(parent) if parent.kind == StateKind::Parallel => parent.children.clone(),
            Some(parent) => parent.initial.clone(),
            None => Vec::new(),
        }
    }

    pub(super) fn entry_and_exit(&mut self, id: StateId) {
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
        if !state.exit.is_empty() || !state.timers.is_empty() {
            self.xml.open("onexit", &[]);
            self.actions(&state.exit);
            for timer in &state.timers {
                let name = self.timer(*timer);
                self.xml.empty("cancel", &[("sendid", name)]);
            }
            self.xml.close();
        }
    }

    pub(super) fn timer(&self, timer: usize) -> String {
        format!("after_{}", timer + 1)
    }

    pub(super) fn delay<'n>(&mut self, delay: &Expr) -> (&'n str, String) {
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

    pub(super) fn activity(&mut self, id: usize) {
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
                        write(
                            self.model,
                            machine,
                            Some(&self.machine.name),
                            self.depth + 1,
                            self.xml,
                            self.notes,
                        );
                        self.xml.close();
                    }
                    _ => self.notes.lost(format!("the machine `{}` inside this one", child.machine)),
                }
                self.xml.close();
            }
        }
    }

    pub(super) fn transition(&mut self, transition: &Transition) {
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
        self.content(transition);
        self.xml.close();
    }

    pub(super) fn assign(&mut self, location: String, value: String) {
        self.xml.empty("assign", &[("location", location), ("expr", value)]);
    }
}
