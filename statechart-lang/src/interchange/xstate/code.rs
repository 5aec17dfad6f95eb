//! What a configuration names: guards, actions, actors; and the values that stand in it.

use super::super::{
    Position,
    draft::{DraftKind, Item},
    json::{Json, Kind},
    names,
};
use super::{Importer, expr};

/// Types of literals: the type, and the literal.
type Typed = (String, String);

/// A value that is written out.
fn literal(json: &Json) -> Option<Typed> {
    Some(match &json.kind {
        Kind::Null => ("Text?".to_owned(), "none".to_owned()),
        Kind::Bool(value) => ("Bool".to_owned(), value.to_string()),
        Kind::Text(text) => ("Text".to_owned(), names::text(text)),
        Kind::Number(number) => match number.as_i64() {
            Some(value) => ("Int".to_owned(), value.to_string()),
            None => ("Float".to_owned(), float(number.as_f64()?)?),
        },
        Kind::List(items) => {
            let items: Vec<Typed> = items.iter().map(literal).collect::<Option<_>>()?;
            let ty = items.first().map_or("Text", |(ty, _)| ty.as_str()).to_owned();
            if ty.ends_with('?') || items.iter().any(|(other, _)| *other != ty) {
                return None;
            }
            let texts: Vec<&str> = items.iter().map(|(_, text)| text.as_str()).collect();
            (format!("[{ty}]"), format!("[{}]", texts.join(", ")))
        }
        Kind::Object(_) => return None,
    })
}

/// The type of the first value that the document assigns to a variable, where it is written out.
fn assigned(json: &Json, name: &str) -> Option<String> {
    let items = json.several();
    if items.len() != 1 || matches!(json.kind, Kind::List(_)) {
        return items.iter().find_map(|item| assigned(item, name));
    }
    let here = (kind_of(json) == Some("assign")).then(|| {
        let params = json.get("params").unwrap_or(json);
        json.get("assignment").or_else(|| params.get("assignment"))?.get(name).and_then(literal)
    });
    match here.flatten() {
        Some((ty, _)) if !ty.ends_with('?') => Some(ty),
        _ => json.items().iter().find_map(|(_, item)| assigned(item, name)),
    }
}

fn float(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let text = format!("{value:?}");
    Some(match text.split_once('e') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0e{exponent}"),
        _ => text,
    })
}

/// `xstate.raise` and `raise` are one.
fn kind_of(json: &Json) -> Option<&str> {
    let name = json.text().or_else(|| json.get("type").and_then(Json::text))?;
    Some(name.strip_prefix("xstate.").unwrap_or(name))
}

impl Importer<'_> {
    /// Literal entries of an object, as fields; nested objects are flattened.
    fn literals(&mut self, json: Option<&Json>, what: &str) -> Vec<(String, String, String)> {
        let mut found = Vec::new();
        let Some(json) = json else { return found };
        let mut open: Vec<(String, &Json)> = vec![(String::new(), json)];
        let mut taken = names::Names::new(crate::model::names::snake);
        while let Some((prefix, json)) = open.pop() {
            match (&json.kind, literal(json)) {
                (Kind::Object(items), _) => {
                    let prefix = if prefix.is_empty() { prefix } else { format!("{prefix}_") };
                    open.extend(items.iter().rev().map(|(name, value)| (format!("{prefix}{name}"), value)));
                }
                (Kind::Text(code), _) if expr::is_expression(code) => {
                    let name = taken
                        .claim(&names::identifier(if prefix.is_empty() { "value" } else { &prefix }, "f"));
                    match self.evaluated(code) {
                        Some((ty, text)) => found.push((name, ty, text)),
                        None => self.lost(json.at, format!("{what}: `{code}` is computed")),
                    }
                }
                (_, Some((ty, text))) => {
                    let name = taken
                        .claim(&names::identifier(if prefix.is_empty() { "value" } else { &prefix }, "f"));
                    found.push((name, ty, text));
                }
                (_, None) => {
                    self.lost(json.at, format!("`{prefix}` of {what} is no value that the language can hold"))
                }
            }
        }
        found
    }

    pub(super) fn context(&mut self, json: &Json) {
        let Some(context) = json.get("context") else { return };
        if !matches!(context.kind, Kind::Object(_)) {
            self.lost(context.at, "the context is no object");
            return;
        }
        for (name, value) in context.items() {
            let written = match (&value.kind, self.nodes.first()) {
                // What it will hold says of what type it is.
                (Kind::Null, Some(root)) => {
                    let ty = assigned(root.json, name).unwrap_or_else(|| "Text".to_owned());
                    Some((format!("{ty}?"), "none".to_owned()))
                }
                _ => literal(value),
            };
            match written {
                Some((ty, text)) => {
                    let spelt = self.variable_names.claim(&names::identifier(name, "v"));
                    self.draft.context.push(format!("{spelt}: {ty} = {text}"));
                    self.variables.insert(name.clone(), (spelt, ty));
                }
                None if matches!(value.kind, Kind::Object(_)) => {
                    for (inner, ty, text) in self.literals(Some(value), &format!("`{name}`")) {
                        let spelt =
                            self.variable_names.claim(&names::identifier(&format!("{name}_{inner}"), "v"));
                        self.draft.context.push(format!("{spelt}: {ty} = {text}"));
                        let key = value.items().iter().find(|(key, _)| names::identifier(key, "f") == inner);
                        if let Some((key, _)) = key {
                            self.variables.insert(format!("{name}.{key}"), (spelt, ty));
                        }
                    }
                }
                None => self.lost(value.at, format!("the initial value of `{name}`")),
            }
        }
    }

    /// An extern, declared when it is first used; one of the same name with other parameters is another one.
    fn declare(&mut self, kind: &'static str, name: &str, params: &[(String, String)], rest: &str) -> String {
        let key = (kind, format!("{name}{rest}"), params.to_vec());
        if let Some(known) = self.externs.get(&key) {
            return known.clone();
        }
        let spelt = self.extern_names.claim(&names::identifier(name, "x"));
        let list: Vec<String> = params.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
        let list = if list.is_empty() && kind != "service" {
            String::new()
        } else {
            format!("({})", list.join(", "))
        };
        self.extern_lines.push(format!("{kind} {spelt}{list}{rest}"));
        self.externs.insert(key, spelt.clone());
        spelt
    }

    /// `name` or `name(a, b)`.
    fn call(
        &mut self,
        kind: &'static str,
        name: &str,
        values: &[(String, String, String)],
        rest: &str,
    ) -> String {
        let params: Vec<(String, String)> =
            values.iter().map(|(name, ty, _)| (name.clone(), ty.clone())).collect();
        let spelt = self.declare(kind, name, &params, rest);
        if values.is_empty() {
            return if kind == "service" { format!("{spelt}()") } else { spelt };
        }
        let args: Vec<&str> = values.iter().map(|(_, _, text)| text.as_str()).collect();
        format!("{spelt}({})", args.join(", "))
    }

    /// A guard, and whether it must stand in parentheses next to an operator.
    pub(super) fn guard(&mut self, json: &Json) -> (String, bool) {
        let Some(kind) = kind_of(json) else {
            self.lost(json.at, "a guard without a type; the transition is never taken");
            return ("false".to_owned(), false);
        };
        let inner = json.get("guards").or_else(|| json.get("children")).or_else(|| json.get("guard"));
        match (kind, inner) {
            ("and" | "or", Some(guards)) => {
                let parts: Vec<String> = guards
                    .several()
                    .iter()
                    .map(|guard| match self.guard(guard) {
                        (text, true) => format!("({text})"),
                        (text, false) => text,
                    })
                    .collect();
                if parts.is_empty() {
                    return ((kind == "and").to_string(), false);
                }
                let several = parts.len() > 1;
                (parts.join(&format!(" {kind} ")), several)
            }
            ("not", Some(guard)) => match guard.several().first() {
                Some(first) => {
                    let (text, several) = self.guard(first);
                    (if several { format!("not ({text})") } else { format!("not {text}") }, false)
                }
                None => ("true".to_owned(), false),
            },
            ("stateIn", _) => {
                let at = json.get("params").unwrap_or(json);
                let state =
                    ["stateId", "state", "stateValue", "value"].iter().find_map(|key| at.get(key)?.text());
                (self.in_state(state, json.at), false)
            }
            (name, _) if expr::is_expression(name) => match self.condition(name) {
                Some(text) => (text, true),
                None => {
                    self.lost(json.at, format!("the guard `{name}`; the transition is never taken"));
                    ("false".to_owned(), false)
                }
            },
            (name, _) => {
                let values = self.literals(json.get("params"), &format!("the guard `{name}`"));
                (self.call("guard", name, &values, ""), false)
            }
        }
    }

    /// `in(state)` of a state by its id or by its path below the root.
    pub(super) fn in_state(&mut self, state: Option<&str>, at: Position) -> String {
        let found = state.and_then(|state| {
            if state.starts_with('#') { self.target(0, state, at) } else { self.inner_target(0, state, at) }
        });
        match found.and_then(|found| self.draft.path(found)) {
            Some(path) => format!("in({path})"),
            None => {
                self.lost(at, "`stateIn` of a state that is not found; the transition is never taken");
                "false".to_owned()
            }
        }
    }

    /// A list of actions.
    pub(super) fn actions(&mut self, json: Option<&Json>) -> Vec<String> {
        let mut out = Vec::new();
        for action in json.map(Json::several).unwrap_or_default() {
            self.action(action, &mut out);
        }
        out
    }

    fn action(&mut self, json: &Json, out: &mut Vec<String>) {
        let Some(kind) = kind_of(json).map(str::to_owned) else {
            self.lost(json.at, "an action without a type");
            return;
        };
        let params = json.get("params").unwrap_or(json);
        let part = |names: &[&str]| names.iter().find_map(|name| json.get(name).or_else(|| params.get(name)));
        let built_in = json.text().is_none();
        match kind.as_str() {
            "raise" | "send" | "sendSelf" if built_in && part(&["event"]).is_some() => {
                let Some((event, args)) = part(&["event"]).and_then(|event| self.message(event)) else {
                    return;
                };
                let symbol = names::symbol(&self.event(&event));
                let delay = self.delay(part(&["delay"]));
                let id = part(&["id"]).and_then(Json::text).map(str::to_owned);
                out.push(match delay {
                    None => format!("raise {symbol}{args}"),
                    Some(delay) => {
                        let id = id.map_or(String::new(), |id| format!(" as {}", self.message_name(&id)));
                        format!("send self {symbol}{args} delay {delay}{id}")
                    }
                });
            }
            "sendTo" | "sendParent" | "forwardTo" | "respond" if built_in => {
                let to = match kind.as_str() {
                    "sendTo" => part(&["to", "actorRef", "targetId"]).and_then(Json::text).map(str::to_owned),
                    _ => Some("parent".to_owned()),
                };
                let message = part(&["event"]).and_then(|event| self.message(event));
                if let Some(delay) = part(&["delay"]) {
                    self.lost(delay.at, format!("the delay of `{kind}`: an output is not held back"));
                }
                match (to, message) {
                    (Some(to), Some((event, args))) => {
                        self.detail(
                            json.at,
                            format!("a message to `{to}` is an output: whoever runs the machine delivers it"),
                        );
                        self.emit(&format!("{to}.{event}"), &event, &args, out);
                    }
                    _ => self.lost(json.at, format!("`{kind}`")),
                }
            }
            "emit" if built_in => {
                if let Some((event, args)) = part(&["event"]).and_then(|event| self.message(event)) {
                    self.emit(&event, &event, &args, out);
                }
            }
            "log" if built_in => {
                let label = part(&["label"]).and_then(Json::text).unwrap_or_default();
                let value = part(&["value", "expr"]).and_then(Json::text).unwrap_or_default();
                if expr::is_expression(value) {
                    match self.evaluated(value) {
                        Some((ty, text)) if ty == "Text" => {
                            let label = format!("{label}: ");
                            out.push(match label.as_str() {
                                ": " => format!("log {text}"),
                                label => format!("log {} + ({text})", names::text(label)),
                            });
                            return;
                        }
                        _ => self.detail(json.at, format!("only text is logged: `{value}` is not computed")),
                    }
                }
                let text = [label, value]
                    .iter()
                    .filter(|text| !text.is_empty())
                    .copied()
                    .collect::<Vec<_>>()
                    .join(": ");
                out.push(format!("log {}", names::text(&text)));
            }
            "cancel" if built_in => match part(&["sendId", "id"]).and_then(Json::text).map(str::to_owned) {
                Some(id) if self.messages.contains_key(&id) || self.is_sent(&id) => {
                    let name = self.message_name(&id);
                    out.push(format!("cancel {name}"));
                }
                Some(id) => {
                    self.detail(json.at, format!("nothing is sent as `{id}`: there is nothing to cancel"))
                }
                None => self.lost(json.at, "`cancel` without an id"),
            },
            "assign" if built_in => self.assign(json, part(&["assignment", "assignments"]), out),
            "stop" | "stopChild" | "spawn" | "spawnChild" | "enqueueActions" | "pure" | "choose"
                if built_in =>
            {
                self.lost(json.at, format!("`{kind}`"));
            }
            name => {
                let values = self.literals(json.get("params"), &format!("the action `{name}`"));
                out.push(self.call("action", name, &values, ""));
            }
        }
    }

    fn assign(&mut self, json: &Json, assignment: Option<&Json>, out: &mut Vec<String>) {
        let Some(assignment) = assignment.filter(|assignment| !assignment.items().is_empty()) else {
            self.lost(json.at, "`assign` by a function");
            return;
        };
        for (name, value) in assignment.items() {
            let Some((spelt, ty)) = self.variables.get(name).cloned() else {
                self.lost(value.at, format!("`{name}` is assigned and not in the context"));
                continue;
            };
            match literal(value) {
                // Literals are what they say; a text may be code, which only JavaScript can tell.
                Some(_) if value.text().is_some_and(expr::is_expression) => {
                    match value.text().and_then(|text| self.computed(text, &ty)) {
                        Some(text) => out.push(format!("{spelt} := {text}")),
                        None => self.lost(value.at, format!("what `{name}` is assigned")),
                    }
                }
                Some((found, text)) if found == ty || (found == "Text?" && ty.ends_with('?')) => {
                    out.push(format!("{spelt} := {text}"));
                }
                Some((found, text)) if ty == format!("{found}?") => out.push(format!("{spelt} := {text}")),
                _ => match value.text().and_then(|text| self.computed(text, &ty)) {
                    Some(text) => out.push(format!("{spelt} := {text}")),
                    None => self.lost(value.at, format!("`{name}` is assigned a value that is no {ty}")),
                },
            }
        }
    }

    fn emit(&mut self, name: &str, event: &str, args: &str, out: &mut Vec<String>) {
        let spelt = names::quotable(name);
        if !self.outputs.iter().any(|(known, _)| *known == spelt) {
            self.outputs.push((spelt.clone(), event.to_owned()));
        }
        out.push(format!("emit {}{args}", names::symbol(&spelt)));
    }

    /// An event as an object or a name: its type, and its data as arguments.
    fn message(&mut self, json: &Json) -> Option<(String, String)> {
        let Some(name) = json.text().or_else(|| json.get("type").and_then(Json::text)) else {
            self.lost(json.at, "an event that is computed");
            return None;
        };
        let data = Json {
            at: json.at,
            kind: Kind::Object(json.items().iter().filter(|(key, _)| key != "type").cloned().collect()),
        };
        let values = self.literals(Some(&data), &format!("the event `{name}`"));
        let mut args = Vec::new();
        for (field, ty, text) in values {
            let known = self.fields.entry(name.to_owned()).or_default();
            let ty = ty.trim_end_matches('?').to_owned();
            match known.iter().find(|(other, _)| *other == field) {
                Some((_, other)) if *other != ty && text != "none" => {
                    self.lost(json.at, format!("`{field}` of `{name}` holds values of different types"));
                    continue;
                }
                Some(_) => {}
                None => known.push((field.clone(), ty)),
            }
            if text != "none" {
                args.push(format!("{field}: {text}"));
            }
        }
        let args = if args.is_empty() { String::new() } else { format!("({})", args.join(", ")) };
        Some((name.to_owned(), args))
    }

    fn message_name(&mut self, id: &str) -> String {
        if let Some(name) = self.messages.get(id) {
            return name.clone();
        }
        let name = self.message_names.claim(&names::identifier(id, "m"));
        self.messages.insert(id.to_owned(), name.clone());
        name
    }

    /// Whether some action sends a message under this id.
    fn is_sent(&self, id: &str) -> bool {
        fn within(json: &Json, id: &str) -> bool {
            match &json.kind {
                Kind::Object(items) => {
                    let sends = kind_of(json).is_some_and(|kind| matches!(kind, "raise" | "send"))
                        && json.get("delay").is_some()
                        && json.get("id").and_then(Json::text) == Some(id);
                    sends || items.iter().any(|(_, item)| within(item, id))
                }
                Kind::List(items) => items.iter().any(|item| within(item, id)),
                _ => false,
            }
        }
        self.nodes.first().is_some_and(|root| within(root.json, id))
    }

    /// A delay as the language spells it: milliseconds, or a name.
    fn delay(&mut self, json: Option<&Json>) -> Option<String> {
        let json = json?;
        match &json.kind {
            Kind::Number(number) => Some(self.milliseconds(number.as_f64()?, json.at)),
            Kind::Text(name) => Some(self.named_delay(name, json.at)),
            _ => {
                self.lost(json.at, "a delay that is computed");
                None
            }
        }
    }

    fn milliseconds(&mut self, ms: f64, at: Position) -> String {
        let us = (ms * 1_000.0).round();
        #[allow(clippy::cast_possible_truncation)] // Within the range that is tested.
        if (0.0..9.0e18).contains(&us) {
            names::duration(us as i64)
        } else {
            self.lost(at, format!("the delay {ms}"));
            "0s".to_owned()
        }
    }

    /// A delay by number or name; a name becomes a variable, since JavaScript knows how long it is.
    pub(super) fn named_delay(&mut self, name: &str, at: Position) -> String {
        if let Ok(ms) = name.trim().parse::<f64>() {
            return self.milliseconds(ms, at);
        }
        if let Some(known) = self.delays.get(name) {
            return format!("({known})");
        }
        let known = self.nodes.first().and_then(|root| root.json.get("delays")?.get(name));
        if let Some(Json { kind: Kind::Number(number), at }) = known
            && let Some(ms) = number.as_f64()
        {
            let at = *at;
            return self.milliseconds(ms, at);
        }
        let spelt = self.variable_names.claim(&names::identifier(name, "d"));
        self.lost(at, format!("how long the delay `{name}` is: `{spelt}` is 1s until you say otherwise"));
        self.draft.context.push(format!("{spelt}: Duration = 1s"));
        self.delays.insert(name.to_owned(), spelt.clone());
        format!("({spelt})")
    }

    /// `invoke`: a service whose outcomes are events.
    pub(super) fn invoke(&mut self, state: usize, number: usize, json: &Json) {
        let src = json.get("src").and_then(|src| src.text().or_else(|| src.get("type").and_then(Json::text)));
        let Some(src) = src.map(str::to_owned) else {
            self.lost(json.at, "an invocation without a named source");
            return;
        };
        let id = self.invocation_id(state, number, json);
        let values = self.literals(json.get("input"), &format!("the input of `{src}`"));
        let done = names::symbol(&self.event(&format!("xstate.done.actor.{id}")));
        let failed = names::symbol(&self.event(&format!("xstate.error.actor.{id}")));
        let service = self.call("service", &src, &values, &format!(" -> {done} ! {failed}"));
        self.draft.states[state].items.push(Item::Line(format!("do {service}")));
        if let Some(snapshot) = json.get("onSnapshot") {
            self.lost(snapshot.at, "`onSnapshot`");
        }
    }

    /// The value that a final state hands on.
    pub(super) fn output(&mut self, state: usize, json: &Json) -> Option<String> {
        let parent = self.nodes[state].parent;
        let root = self.nodes.first().and_then(|root| root.json.get("output")).filter(|_| parent == 0);
        let output = root.or_else(|| json.get("output")).or_else(|| json.get("data"))?;
        // Who hears of it: `onDone`, or whoever runs the machine where that says what it returns.
        let is_heard = match parent {
            0 => root.is_some(),
            _ => self.nodes[parent].json.get("onDone").is_some_and(super::reactions::asks_for_event),
        };
        match self.output_value(output) {
            Some((_, text)) => Some(format!("return {text}")),
            None => {
                let text = "an output that is no plain value";
                if is_heard {
                    self.lost(output.at, text)
                } else {
                    self.detail(output.at, text)
                }
                None
            }
        }
    }

    /// The type and text of an output: code, or a plain value.
    fn output_value(&mut self, output: &Json) -> Option<(String, String)> {
        match output.text().filter(|text| expr::is_expression(text)) {
            Some(code) => self.evaluated(code),
            None => literal(output),
        }
    }

    /// The type of what a state returns: its final states must agree on one.
    pub(super) fn returned(&mut self, state: usize) -> Option<String> {
        let mut types = Vec::new();
        for child in self.draft.children(state) {
            if self.draft.states[child].kind == DraftKind::Final {
                let json = self.nodes[child].json;
                let output = json.get("output").or_else(|| json.get("data"))?;
                types.push(self.output_value(output)?.0);
            }
        }
        let first = types.first()?.clone();
        (!first.ends_with('?') && types.iter().all(|ty| *ty == first)).then_some(first)
    }

    /// The id of an invocation.
    pub(super) fn invocation_id(&self, state: usize, number: usize, json: &Json) -> String {
        match json.get("id").and_then(Json::text) {
            Some(id) => id.to_owned(),
            None => {
                let path =
                    std::iter::once(self.machine_id.clone()).chain(self.nodes[state].path.iter().cloned());
                format!("{number}.{}", path.collect::<Vec<_>>().join("."))
            }
        }
    }
}
