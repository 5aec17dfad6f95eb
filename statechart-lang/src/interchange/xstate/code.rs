//! What a configuration names: guards and actors; and the values that stand in it.

use super::super::{
    Position,
    draft::{DraftKind, Item, place},
    json::{Json, Kind},
    names,
};
use super::{Importer, expr};

/// Types of literals: the type, and the literal.
type Typed = (String, String);

/// A value that is written out.
pub(super) fn literal(json: &Json) -> Option<Typed> {
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
pub(super) fn kind_of(json: &Json) -> Option<&str> {
    let name = json.text().or_else(|| json.get("type").and_then(Json::text))?;
    Some(name.strip_prefix("xstate.").unwrap_or(name))
}

impl Importer<'_> {
    /// Literal entries of an object, as fields; nested objects are flattened.
    pub(super) fn literals(&mut self, json: Option<&Json>, what: &str) -> Vec<(String, String, String)> {
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
    pub(super) fn call(
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
        match found {
            Some(0) => "true".to_owned(),
            Some(found) => format!("in({})", place(found)),
            None => {
                self.lost(at, "`stateIn` of a state that is not found; the transition is never taken");
                "false".to_owned()
            }
        }
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
