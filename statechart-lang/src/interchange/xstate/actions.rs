//! Actions: XState's own, and those that a configuration names.

use super::super::{
    Position,
    json::{Json, Kind},
    names,
};
use super::{
    Importer,
    code::{kind_of, literal},
    expr,
};

impl Importer<'_> {
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
            name if json.get("type").and_then(Json::text).is_some_and(|text| text.starts_with("xstate.")) => {
                self.lost(json.at, format!("`xstate.{name}`, an action of XState's own"));
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
}
