//! A machine as the configuration of an XState machine.

mod actions;
mod members;
mod reactions;

use members::Members;
use serde_json::{Map, Number, Value, json};

use super::{super::names::Names, Exported, Notes, common_notes};
use crate::model::{
    Activity, Expr, ExprKind, Invoked, Literal, LocalId, Machine, Model, Pass, StateId, StateKind,
    Transition, Type, UnaryOp,
};

pub(super) fn export(_model: &Model, machine: &Machine) -> Exported {
    let mut notes = Notes::default();
    common_notes(machine, &mut notes);
    for param in machine.params() {
        notes.lost(format!("the parameter `{}`: whoever starts the machine cannot set it", param.name));
    }
    let locals = local_names(machine);
    let mut out = Out { machine, locals: &locals, notes: &mut notes };
    let mut root = Members::default();
    root.text("id", &machine.name);
    if !machine.doc.is_empty() {
        root.text("description", &machine.doc);
    }
    if !machine.context.is_empty() || !machine.locals.is_empty() {
        let mut context = Members::default();
        for variable in &machine.context {
            let value = out.value(&variable.initial).unwrap_or(Value::Null);
            context.raw(&variable.name, &value.to_string());
        }
        out.data(&mut context);
        root.object("context", context);
    }
    out.inside(0, &mut root);
    let mut text = String::new();
    root.write(0, &mut text);
    text.push('\n');
    Exported { text, notes: notes.0 }
}

struct Out<'a> {
    machine: &'a Machine,
    /// Data of states, as the context calls them.
    locals: &'a [String],
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
        let mut entry = self.fields(id);
        entry.extend(self.actions(&state.entry));
        out.values("entry", entry);
        let exit = self.actions(&state.exit);
        out.values("exit", exit);
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
        let mut actions = self.passes(&state.initial_passes);
        actions.extend(self.actions(&state.initial_actions));
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

    /// Data of states as variables of the context.
    fn data(&mut self, context: &mut Members) {
        for (local, name) in self.machine.locals.iter().zip(self.locals) {
            let initial = local.initial.as_ref().and_then(|initial| self.value(initial));
            let value = initial.unwrap_or_else(|| zero(&local.ty));
            context.raw(name, &value.to_string());
            if local.state != 0 {
                self.notes.detail(format!(
                    "`{}` of `{}` is `{name}` of the context",
                    local.name,
                    self.path(local.state)
                ));
            }
        }
    }

    fn path(&self, state: StateId) -> &str {
        self.machine.states.get(state).map_or("", |state| state.path.as_str())
    }

    /// What gives the fields of a state their values anew when it is entered.
    fn fields(&mut self, id: StateId) -> Vec<Value> {
        let machine = self.machine;
        let locals = machine.states[id].locals.iter().filter_map(|id| Some((*id, machine.locals.get(*id)?)));
        let fields = locals.filter(|(_, local)| !local.param);
        fields.filter_map(|(id, local)| self.set(id, local.initial.as_ref()?)).collect()
    }

    /// What gives parameters their defaults where a transition passes nothing.
    fn defaults(&mut self, transition: &Transition) -> Vec<Value> {
        let machine = self.machine;
        let locals = super::defaulted(machine, transition).into_iter();
        let locals = locals.filter_map(|id| Some((id, machine.locals.get(id)?.initial.as_ref()?)));
        locals.filter_map(|(id, initial)| self.set(id, initial)).collect()
    }

    fn set(&mut self, local: LocalId, value: &Expr) -> Option<Value> {
        let name = self.locals.get(local).cloned().unwrap_or_default();
        let found = self.value(value);
        if found.is_none() {
            let path = self.machine.locals.get(local).map_or("", |local| self.path(local.state)).to_owned();
            self.notes.lost(format!(
                "the value that `{name}` gets when `{path}` is entered is computed: assign it there"
            ));
        }
        found.map(|value| json!({ "type": "xstate.assign", "assignment": { name: value } }))
    }

    /// Values that a transition passes to the states that it enters.
    fn passes(&mut self, passes: &[Pass]) -> Vec<Value> {
        let mut values = Vec::new();
        for pass in passes {
            let locals = self.machine.states.get(pass.state).map_or(Vec::new(), |state| state.locals.clone());
            let params = locals
                .into_iter()
                .filter(|local| self.machine.locals.get(*local).is_some_and(|local| local.param));
            for (local, arg) in params.zip(&pass.args) {
                values.extend(self.set(local, arg));
            }
        }
        values
    }
}

/// Names of data of states beside those of the context: with that of their state in front.
fn local_names(machine: &Machine) -> Vec<String> {
    let mut taken = Names::new(str::to_owned);
    for variable in &machine.context {
        taken.take(&variable.name);
    }
    let name = |local: &crate::model::Local| match machine.states.get(local.state) {
        Some(state) if local.state != 0 => format!("{}_{}", state.name, local.name),
        _ => local.name.clone(),
    };
    machine.locals.iter().map(|local| taken.claim(&name(local))).collect()
}

fn zero(ty: &Type) -> Value {
    match ty {
        Type::Int | Type::Time | Type::Duration => Value::from(0),
        Type::Float => Value::from(0.0),
        Type::Bool => Value::from(false),
        Type::Text => Value::from(""),
        Type::List(_) => Value::Array(Vec::new()),
        Type::Optional(_) | Type::Extern(_) | Type::Unknown => Value::Null,
    }
}
