//! A machine as the configuration of an XState machine.

use serde_json::{Map, Number, Value, json};

use super::{Exported, Notes, common_notes};
use crate::model::{
    Action, ActionKind, Activity, BinaryOp, Expr, ExprKind, Field, Invoked, Literal, Machine, Model, Place,
    Receiver, StateId, StateKind, Transition, Trigger, UnaryOp,
};

pub(super) fn export(_model: &Model, machine: &Machine) -> Exported {
    let mut notes = Notes::default();
    common_notes(machine, &mut notes);
    if !machine.locals.is_empty() {
        notes.lost("data of states and parameters of the machine");
    }
    let mut out = Out { machine, notes: &mut notes };
    let mut root = Members::default();
    root.text("id", &machine.name);
    if !machine.doc.is_empty() {
        root.text("description", &machine.doc);
    }
    if !machine.context.is_empty() {
        let mut context = Members::default();
        for variable in &machine.context {
            let value = out.value(&variable.initial).unwrap_or(Value::Null);
            context.raw(&variable.name, &value.to_string());
        }
        root.object("context", context);
    }
    out.inside(0, &mut root);
    let mut text = String::new();
    root.write(0, &mut text);
    text.push('\n');
    Exported { text, notes: notes.0 }
}

/// Values under keys, in the order of the keys.
type Keyed = Vec<(String, Vec<Members>)>;

/// An object in the order in which it was built: the order of states is part of the meaning.
#[derive(Default)]
struct Members(Vec<(String, Member)>);

enum Member {
    /// JSON on one line.
    Raw(String),
    Object(Members),
    List(Vec<Members>),
}

impl Members {
    fn raw(&mut self, name: &str, json: &str) {
        self.0.push((name.to_owned(), Member::Raw(json.to_owned())));
    }

    fn text(&mut self, name: &str, text: &str) {
        self.raw(name, &Value::from(text).to_string());
    }

    fn object(&mut self, name: &str, members: Self) {
        self.0.push((name.to_owned(), Member::Object(members)));
    }

    fn values(&mut self, name: &str, values: Vec<Value>) {
        match values.as_slice() {
            [] => {}
            [one] => self.raw(name, &one.to_string()),
            _ => self.raw(name, &Value::from(values).to_string()),
        }
    }

    fn write(&self, depth: usize, out: &mut String) {
        if self.0.is_empty() {
            out.push_str("{}");
            return;
        }
        let indent = "  ".repeat(depth + 1);
        out.push_str("{\n");
        for (number, (name, member)) in self.0.iter().enumerate() {
            if number > 0 {
                out.push_str(",\n");
            }
            out.push_str(&format!("{indent}{}: ", Value::from(name.as_str())));
            match member {
                Member::Raw(json) => out.push_str(json),
                Member::Object(members) => members.write(depth + 1, out),
                Member::List(items) => {
                    out.push_str("[\n");
                    for (number, item) in items.iter().enumerate() {
                        if number > 0 {
                            out.push_str(",\n");
                        }
                        out.push_str(&format!("{indent}  "));
                        item.write(depth + 2, out);
                    }
                    out.push_str(&format!("\n{indent}]"));
                }
            }
        }
        out.push_str(&format!("\n{}}}", "  ".repeat(depth)));
    }
}

struct Out<'a> {
    machine: &'a Machine,
    notes: &'a mut Notes,
}

impl Out<'_> {
    fn id(&self, state: StateId) -> String {
        match self.machine.states.get(state) {
            Some(row) if state != 0 => format!("{}.{}", self.machine.name, row.path),
            _ => self.machine.name.clone(),
        }
    }

    /// A literal as JSON.
    fn value(&self, expr: &Expr) -> Option<Value> {
        Some(match &expr.kind {
            ExprKind::Literal(Literal::Int(value)) => Value::from(*value),
            ExprKind::Literal(Literal::Duration(us)) => Value::from(*us),
            ExprKind::Literal(Literal::Float(value)) => Value::Number(Number::from_f64(*value)?),
            ExprKind::Literal(Literal::Bool(value)) => Value::from(*value),
            ExprKind::Literal(Literal::Text(text)) => Value::from(text.as_str()),
            ExprKind::None => Value::Null,
            ExprKind::Wrap(inner) | ExprKind::Unwrap(inner) => self.value(inner)?,
            ExprKind::Unary(UnaryOp::Negate, inner) => match self.value(inner)? {
                Value::Number(number) => match number.as_i64() {
                    Some(value) => Value::from(value.checked_neg()?),
                    None => Value::Number(Number::from_f64(-number.as_f64()?)?),
                },
                _ => return None,
            },
            ExprKind::List(items) => {
                items.iter().map(|item| self.value(item)).collect::<Option<Vec<Value>>>()?.into()
            }
            _ => return None,
        })
    }

    /// Arguments by name; none where one of them is computed.
    fn params<'e>(
        &self,
        names: impl Iterator<Item = String>,
        args: impl Iterator<Item = &'e Expr>,
    ) -> Option<Map<String, Value>> {
        let mut params = Map::new();
        for (name, arg) in names.zip(args) {
            if !matches!(arg.kind, ExprKind::None) {
                params.insert(name, self.value(arg)?);
            }
        }
        Some(params)
    }

    fn inside(&mut self, id: StateId, out: &mut Members) {
        let state = &self.machine.states[id];
        match state.kind {
            StateKind::Parallel => out.text("type", "parallel"),
            StateKind::Final => out.text("type", "final"),
            StateKind::History { deep } => {
                out.text("type", "history");
                out.text("history", if deep { "deep" } else { "shallow" });
                let targets: Vec<Value> =
                    state.initial.iter().map(|target| format!("#{}", self.id(*target)).into()).collect();
                out.values("target", targets);
                if !state.initial_actions.is_empty() {
                    self.notes.lost(format!("actions of the history state `{}`", state.path));
                }
                return;
            }
            StateKind::Atomic | StateKind::Compound => {}
        }
        if id != 0 && !state.doc.is_empty() {
            out.text("description", &state.doc);
        }
        let mut tags: Vec<Value> = state.tags.iter().map(|tag| tag.name.as_str().into()).collect();
        if state.accept {
            tags.push("accept".into());
        }
        if !tags.is_empty() {
            out.raw("tags", &Value::from(tags).to_string());
        }
        if state.kind == StateKind::Compound {
            self.initial(id, out);
        }
        for (name, actions) in [("entry", &state.entry), ("exit", &state.exit)] {
            let values = self.actions(actions);
            out.values(name, values);
        }
        let invokes: Vec<Value> = state
            .activities
            .iter()
            .filter_map(|activity| Some(self.activity(*activity, self.machine.activities.get(*activity)?)))
            .collect();
        out.values("invoke", invokes);
        self.reactions(id, out);
        if let Some(result) = &state.returns {
            match self.value(result) {
                Some(value) => out.raw("output", &value.to_string()),
                None => self.notes.lost(format!("what `{}` returns is computed", state.path)),
            }
        }
        let mut inner: Vec<StateId> = state.children.iter().chain(&state.histories).copied().collect();
        inner.sort_unstable();
        if !inner.is_empty() {
            let mut states = Members::default();
            for child in inner {
                let mut members = Members::default();
                self.inside(child, &mut members);
                states.object(&self.machine.states[child].name, members);
            }
            out.object("states", states);
        }
    }

    fn initial(&mut self, id: StateId, out: &mut Members) {
        let state = &self.machine.states[id];
        let targets: Vec<Value> = state
            .initial
            .iter()
            .map(|target| {
                let row = &self.machine.states[*target];
                if row.parent == id {
                    row.name.as_str().into()
                } else {
                    format!("#{}", self.id(*target)).into()
                }
            })
            .collect();
        let actions = self.actions(&state.initial_actions);
        match (targets.as_slice(), actions.is_empty()) {
            ([one], true) => out.raw("initial", &one.to_string()),
            _ => {
                let target = if let [one] = targets.as_slice() { one.clone() } else { Value::from(targets) };
                let mut initial = Map::new();
                initial.insert("target".to_owned(), target);
                if !actions.is_empty() {
                    initial.insert("actions".to_owned(), actions.into());
                }
                out.raw("initial", &Value::Object(initial).to_string());
            }
        }
    }

    fn activity(&mut self, id: usize, activity: &Activity) -> Value {
        let name = self.machine.runs(id).to_owned();
        let (src, params): (String, Vec<String>) = match activity.runs {
            Invoked::Service(service) => {
                self.notes.lost(format!(
                    "the service `{name}`: its actor must send the events that it reports with"
                ));
                let params = self.machine.services.get(service).map_or(Vec::new(), |service| {
                    let named = service.function.params.iter().enumerate();
                    named
                        .map(|(at, (name, _))| name.clone().unwrap_or_else(|| format!("argument{}", at + 1)))
                        .collect()
                });
                (name.clone(), params)
            }
            Invoked::Child(child) => match self.machine.children.get(child) {
                Some(child) => {
                    self.notes.lost(format!("the machine `{}` is an actor of that name", child.machine));
                    (child.machine.clone(), child.params.iter().map(|field| field.name.clone()).collect())
                }
                None => (name.clone(), Vec::new()),
            },
        };
        let mut value = json!({ "src": src, "id": name });
        match self.params(params.into_iter(), activity.args.iter()) {
            Some(params) if params.is_empty() => {}
            Some(params) => value["input"] = Value::Object(params),
            None => self.notes.lost(format!("the input of `{src}` is computed")),
        }
        value
    }

    fn reactions(&mut self, id: StateId, out: &mut Members) {
        let (mut on, mut after): (Keyed, Keyed) = Default::default();
        let (mut done, mut always) = (Vec::new(), Vec::new());
        let put = |list: &mut Keyed, key: String, members: Members| match list
            .iter_mut()
            .find(|(known, _)| *known == key)
        {
            Some((_, several)) => several.push(members),
            None => list.push((key, vec![members])),
        };
        let transitions = self.machine.states[id].transitions.clone();
        for transition in transitions {
            let Some(transition) = self.machine.transitions.get(transition) else { continue };
            match &transition.trigger {
                Trigger::Always => always.push(self.transition(transition)),
                Trigger::Events(events) => {
                    for event in events {
                        let Some(event) = self.machine.events.get(*event) else { continue };
                        let members = self.transition(transition);
                        put(&mut on, event.symbol.name.clone(), members);
                    }
                }
                Trigger::Timer(timer) => {
                    let Some(timer) = self.machine.timers.get(*timer) else { continue };
                    let key = match timer.after.kind {
                        #[allow(clippy::cast_precision_loss)] // A span of microseconds.
                        ExprKind::Literal(Literal::Duration(us)) if us % 1_000 != 0 => {
                            (us as f64 / 1_000.0).to_string()
                        }
                        ExprKind::Literal(Literal::Duration(us)) => (us / 1_000).to_string(),
                        _ => {
                            let name = transition.pattern.trim_start_matches("after").trim().to_owned();
                            self.notes.lost(format!(
                                "the delay `{name}` is computed: implement it under that name"
                            ));
                            name
                        }
                    };
                    let members = self.transition(transition);
                    put(&mut after, key, members);
                }
                Trigger::Done(state) if *state == id => done.push(self.transition(transition)),
                Trigger::Done(state) => {
                    let members = self.transition(transition);
                    put(&mut on, format!("xstate.done.state.{}", self.id(*state)), members);
                }
                Trigger::ChildDone(child) => {
                    let name = self.machine.children.get(*child).map_or("", |child| child.name.as_str());
                    let members = self.transition(transition);
                    put(&mut on, format!("xstate.done.actor.{name}"), members);
                }
                Trigger::Fault => self.notes.lost("`on fault`: XState stops at an error"),
            }
        }
        for (name, list) in [("on", on), ("after", after)] {
            if !list.is_empty() {
                let mut members = Members::default();
                for (key, several) in list {
                    members.0.push((key, one_or_several(several)));
                }
                out.object(name, members);
            }
        }
        for (name, list) in [("onDone", done), ("always", always)] {
            if !list.is_empty() {
                out.0.push((name.to_owned(), one_or_several(list)));
            }
        }
    }

    fn transition(&mut self, transition: &Transition) -> Members {
        let mut out = Members::default();
        let targets: Vec<Value> =
            transition.targets.iter().map(|target| format!("#{}", self.id(*target)).into()).collect();
        out.values("target", targets);
        if let Some(guard) = &transition.guard {
            let guard = self.guard(guard, transition.guard_text.as_deref().unwrap_or_default());
            out.raw("guard", &guard.to_string());
        }
        let actions = self.actions(&transition.actions);
        out.values("actions", actions);
        if !transition.doc.is_empty() {
            out.text("description", &transition.doc);
        }
        if !transition.passes.is_empty() {
            self.notes.lost("values that transitions pass");
        }
        if transition.targets.is_empty() || transition.internal {
            return out;
        }
        let inside = |target: &StateId| {
            *target == transition.source || self.machine.is_descendant(*target, transition.source)
        };
        if transition.targets.iter().all(inside) && transition.source != 0 {
            out.raw("reenter", "true");
        }
        // W3C's domain is never parallel, XState's may be.
        let mut domain = self.machine.states[transition.source].parent;
        while domain != 0
            && !transition.targets.iter().all(|target| self.machine.is_descendant(*target, domain))
        {
            domain = self.machine.states[domain].parent;
        }
        if domain != transition.domain && transition.source != 0 {
            self.notes.lost(format!(
                "a transition of `{}` leaves all of `{}` here and stays in it in XState",
                self.machine.states[transition.source].path, self.machine.states[domain].path
            ));
        }
        out
    }

    /// A guard: what JavaScript must implement by name, the rest as objects.
    fn guard(&mut self, guard: &Expr, text: &str) -> Value {
        match &guard.kind {
            ExprKind::Binary(operator @ (BinaryOp::And | BinaryOp::Or), left, right)
                if self.is_plain(left) && self.is_plain(right) =>
            {
                let name = if *operator == BinaryOp::And { "and" } else { "or" };
                let guards = vec![self.guard(left, ""), self.guard(right, "")];
                json!({ "type": name, "guards": guards })
            }
            ExprKind::Unary(UnaryOp::Not, inner) if self.is_plain(inner) => {
                json!({ "type": "not", "guards": [self.guard(inner, "")] })
            }
            ExprKind::In(state) => {
                json!({ "type": "stateIn", "params": { "stateId": format!("#{}", self.id(*state)) } })
            }
            ExprKind::Guard(guard, args) if self.is_named_guard(args) => {
                let Some(function) = self.machine.guards.get(*guard) else { return Value::Null };
                let names = function.params.iter().enumerate();
                let names = names
                    .map(|(at, (name, _))| name.clone().unwrap_or_else(|| format!("argument{}", at + 1)));
                match self.params(names, args.iter()) {
                    Some(params) if !params.is_empty() => json!({ "type": function.name, "params": params }),
                    _ => function.name.as_str().into(),
                }
            }
            _ => {
                self.notes.lost(format!("the guard `{text}` is an expression: implement it under that name"));
                text.into()
            }
        }
    }

    fn is_named_guard(&self, args: &[Expr]) -> bool {
        args.iter().all(|arg| self.value(arg).is_some())
    }

    /// Whether a guard can be said without an expression.
    fn is_plain(&self, guard: &Expr) -> bool {
        match &guard.kind {
            ExprKind::Binary(BinaryOp::And | BinaryOp::Or, left, right) => {
                self.is_plain(left) && self.is_plain(right)
            }
            ExprKind::Unary(UnaryOp::Not, inner) => self.is_plain(inner),
            ExprKind::In(_) => true,
            ExprKind::Guard(_, args) => self.is_named_guard(args),
            _ => false,
        }
    }

    fn actions(&mut self, actions: &[Action]) -> Vec<Value> {
        actions.iter().map(|action| self.action(action)).collect()
    }

    /// An event with literal data.
    fn event(&self, name: &str, fields: &[Field], args: &[Expr]) -> Option<Value> {
        let params = self.params(fields.iter().map(|field| field.name.clone()), args.iter())?;
        let mut event = Map::new();
        event.insert("type".to_owned(), name.into());
        event.extend(params);
        Some(Value::Object(event))
    }

    fn action(&mut self, action: &Action) -> Value {
        let said = match &action.kind {
            ActionKind::Assign { place: Place::Variable(variable), value } => {
                let name = self.machine.context.get(*variable).map_or("", |variable| variable.name.as_str());
                self.value(value)
                    .map(|value| json!({ "type": "xstate.assign", "assignment": { name: value } }))
            }
            ActionKind::Emit { output, args } => self.machine.outputs.get(*output).and_then(|symbol| {
                let event = self.event(&symbol.name, &symbol.fields, args)?;
                Some(json!({ "type": "xstate.emit", "event": event }))
            }),
            ActionKind::Raise { event, args } => self.machine.events.get(*event).and_then(|event| {
                let event = self.event(&event.symbol.name, &event.symbol.fields, args)?;
                Some(json!({ "type": "xstate.raise", "event": event }))
            }),
            ActionKind::Send { to: Receiver::Itself, event, args, delay, id } => {
                self.machine.events.get(*event).and_then(|event| {
                    let event = self.event(&event.symbol.name, &event.symbol.fields, args)?;
                    let mut value = json!({ "type": "xstate.raise", "event": event });
                    match delay.as_ref().map(|delay| &delay.kind) {
                        #[allow(clippy::cast_precision_loss)] // A span of microseconds.
                        Some(ExprKind::Literal(Literal::Duration(us))) => {
                            value["delay"] = if us % 1_000 == 0 {
                                Value::from(us / 1_000)
                            } else {
                                Value::from(*us as f64 / 1_000.0)
                            };
                        }
                        Some(_) => return None,
                        // Behind what is raised: a delay of nothing.
                        None => value["delay"] = Value::from(0),
                    }
                    if let Some(id) = id.and_then(|id| self.machine.sends.get(id)) {
                        value["id"] = id.name.as_str().into();
                    }
                    Some(value)
                })
            }
            ActionKind::Send { to: Receiver::Peer(peer), event, args, delay: None, .. } => {
                self.machine.peers.get(*peer).and_then(|peer| {
                    let symbol = peer.events.get(*event)?;
                    let event = self.event(&symbol.name, &symbol.fields, args)?;
                    Some(json!({ "type": "xstate.sendTo", "to": peer.name, "event": event }))
                })
            }
            ActionKind::Send { to: Receiver::Child(child), event, args, delay: None, .. } => {
                self.machine.children.get(*child).and_then(|child| {
                    let symbol = child.events.get(*event)?;
                    let event = self.event(&symbol.name, &symbol.fields, args)?;
                    Some(json!({ "type": "xstate.sendTo", "to": child.name, "event": event }))
                })
            }
            ActionKind::Cancel(id) => self
                .machine
                .sends
                .get(*id)
                .map(|send| json!({ "type": "xstate.cancel", "sendId": send.name })),
            ActionKind::Call { action, args } => self.machine.actions.get(*action).and_then(|function| {
                let names = function.params.iter().enumerate();
                let names = names
                    .map(|(at, (name, _))| name.clone().unwrap_or_else(|| format!("argument{}", at + 1)));
                let params = self.params(names, args.iter())?;
                Some(if params.is_empty() {
                    json!({ "type": function.name })
                } else {
                    json!({ "type": function.name, "params": params })
                })
            }),
            ActionKind::Log(text) => {
                self.value(text).map(|value| json!({ "type": "xstate.log", "value": value }))
            }
            _ => None,
        };
        said.unwrap_or_else(|| {
            self.notes
                .lost(format!("the action `{}` is computed: implement it under that name", action.text));
            json!({ "type": action.text })
        })
    }
}

fn one_or_several(mut list: Vec<Members>) -> Member {
    if list.len() == 1
        && let Some(one) = list.pop()
    {
        return Member::Object(one);
    }
    Member::List(list)
}
