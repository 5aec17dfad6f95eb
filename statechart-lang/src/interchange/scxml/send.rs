//! Messages: to the machine itself, to the one that invoked it, to children, and to whoever runs the document.

use super::super::{
    Position,
    ecma::{Bad, Js},
    names,
};
use super::{
    chart::{COMMUNICATION, EventRow, Translator},
    constant::is_scxml,
    content::{arguments, js},
    document::{Code, Param, Send},
    event::told,
    expr::{COMPARE, Scope, invalid, unknown},
    types::{Kind, Types},
};

/// Where a message goes.
#[derive(Debug, Clone)]
enum To {
    Itself,
    Internal,
    /// Whoever runs the document.
    Outside,
    /// The machine that invoked this one.
    Parent,
    /// Index into the children.
    Child(usize),
    /// Nowhere: W3C `error.communication`.
    Nobody,
    /// To what is no target, or in no way that there is.
    Wrong(String),
}

/// Rows of what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    Events,
    Outputs,
    Upward,
}

/// What a name may stand for, each with the condition under which it does.
#[derive(Debug, Default)]
pub(super) struct Alternatives {
    /// The variable that tells them apart; none where there is one.
    pub(super) by: Option<String>,
    pub(super) values: Vec<String>,
}

impl Alternatives {
    fn one(value: String) -> Self {
        Self { by: None, values: vec![value] }
    }

    /// The actions of the only value, or a choice between those of several.
    pub(super) fn choose(&self, actions: Vec<Vec<String>>, out: &mut Vec<String>) {
        let Some(by) = &self.by else {
            out.extend(actions.into_iter().flatten());
            return;
        };
        let arms = self.values.iter().zip(actions).filter(|(_, actions)| !actions.is_empty());
        let arms: Vec<String> = arms
            .map(|(value, actions)| format!("if {by} == {} {{ {} }}", names::text(value), actions.join(", ")))
            .collect();
        if !arms.is_empty() {
            out.push(arms.join(" else "));
        }
    }
}

/// A delay: as the language spells it, or why it is none.
type Delay = Result<String, String>;

impl Translator<'_> {
    /// The texts that a piece of code can be.
    pub(super) fn alternatives(&mut self, code: &Code, scope: &Scope) -> Result<Alternatives, Bad> {
        let js = js(code)?;
        match self.fold(js, scope) {
            Some(Js::Text(text)) => return Ok(Alternatives::one(text)),
            Some(Js::Undefined | Js::Null) => return invalid(format!("`{}` is undefined", code.text)),
            Some(Js::Number(value, true)) => return Ok(Alternatives::one(format!("{value}"))),
            _ => {}
        }
        let Some(values) = self.values(js) else {
            self.value(js, scope)?;
            return unknown(format!("`{}`, whose values are not all written out", code.text));
        };
        let values: Vec<String> = values.into_iter().collect();
        let by = match (values.len(), js) {
            (1, Js::Name(name)) if self.variables.get(name).is_some_and(|variable| variable.optional) => {
                Some(self.value(js, scope)?.text)
            }
            (1, _) => None,
            (_, Js::Name(_)) => Some(self.value(js, scope)?.text),
            _ => return unknown(format!("`{}`, which is computed", code.text)),
        };
        Ok(Alternatives { by, values })
    }

    /// Whether a message is for somebody else.
    pub(super) fn goes_elsewhere(&self, send: &Send) -> bool {
        let Some(target) = send.target.as_ref().and_then(|code| code.js.as_ref().ok()) else { return false };
        // What may be anything may be this machine.
        let Some(values) = self.values(target) else { return false };
        !values.iter().any(|value| matches!(value.as_str(), "#_internal" | "#_scxml_session" | ""))
    }

    /// The child of an id: where several states have one, that of the innermost state around.
    fn child_of(&self, id: &str) -> Option<Result<usize, String>> {
        let all: Vec<usize> = (0..self.children.len())
            .filter(|at| self.children[*at].id == id && !self.children[*at].stillborn)
            .collect();
        match all.as_slice() {
            [] => None,
            [one] => Some(Ok(*one)),
            several => {
                let around = several.iter().copied().filter(|at| {
                    let state = self.children[*at].state;
                    state == self.at_state || self.draft.is_below(self.at_state, state)
                });
                let innermost = around.max_by_key(|at| self.children[*at].state);
                Some(
                    innermost.ok_or_else(|| {
                        format!("several states invoke a `{id}`: which is meant is not known")
                    }),
                )
            }
        }
    }

    fn receiver(&self, target: &str) -> Result<To, Bad> {
        Ok(match target {
            "" | "#_scxml_session" => To::Itself,
            "#_internal" => To::Internal,
            "#_parent" if self.parent.is_some() => To::Parent,
            "#_parent" => To::Outside,
            other => match other.strip_prefix("#_") {
                Some(id) => match self.child_of(id) {
                    Some(Ok(child)) => To::Child(child),
                    Some(Err(why)) => return unknown(why),
                    None => To::Nobody,
                },
                None if other.contains("://") => return unknown(format!("a message to `{other}`")),
                None => To::Wrong(format!("`{other}` is no target")),
            },
        })
    }

    pub(super) fn send(
        &mut self,
        send: &Send,
        at: Position,
        scope: &Scope,
        out: &mut Vec<String>,
    ) -> Result<(), Bad> {
        if let Some(place) = &send.idlocation {
            let (place, id) = (self.place(place)?, Self::message_id(send, at).unwrap_or_default());
            self.assign_js(&place, &Js::Text(id), at, scope, out)?;
        }
        let kinds = match &send.kind {
            Some(code) => self.alternatives(code, scope)?,
            None => Alternatives::one(String::new()),
        };
        let targets = match &send.target {
            // W3C 6.2.4: without a type that is known, the target means nothing.
            Some(_) if kinds.by.is_none() && kinds.values.iter().any(|kind| kind.contains("BasicHTTP")) => {
                return unknown("a message by HTTP");
            }
            Some(code) => self.alternatives(code, scope)?,
            None => Alternatives::one(String::new()),
        };
        let Some(event) = &send.event else { return unknown("a message without an event") };
        let events = self.alternatives(event, scope)?;
        let (delays, delayed_by) = self.delays(send, at, scope)?;
        let computed = [&kinds.by, &targets.by, &events.by, &delayed_by.by];
        if computed.into_iter().flatten().count() > 1 {
            return unknown("a message of which more than one thing is computed");
        }
        let by = if delayed_by.by.is_some() {
            delayed_by
        } else {
            let one = [&kinds, &targets, &events].into_iter().find(|one| one.by.is_some()).unwrap_or(&events);
            Alternatives { by: one.by.clone(), values: one.values.clone() }
        };
        let mut actions = Vec::new();
        for kind in &kinds.values {
            for target in &targets.values {
                for event in &events.values {
                    for delay in &delays {
                        let to = self.way_of(kind, target, delay)?;
                        let mut list = Vec::new();
                        if let To::Wrong(why) = &to {
                            if by.by.is_none() {
                                return invalid(why.clone());
                            }
                            self.fail(at, why, true, &mut list);
                        } else {
                            let delay = delay.as_deref().unwrap_or_default();
                            list.extend(self.message(&to, event, delay, send, at, scope)?);
                        }
                        actions.push(list);
                    }
                }
            }
        }
        by.choose(actions, out);
        Ok(())
    }

    fn way_of(&self, kind: &str, target: &str, delay: &Delay) -> Result<To, Bad> {
        if kind.contains("BasicHTTP") || kind == "basichttp" {
            return unknown("a message by HTTP");
        }
        if !is_scxml(kind) {
            return Ok(To::Wrong(format!("messages of type `{kind}` are not supported")));
        }
        match delay {
            Err(why) => Ok(To::Wrong(why.clone())),
            Ok(delay) => match self.receiver(target)? {
                To::Internal if !delay.is_empty() => {
                    Ok(To::Wrong("a message to `#_internal` cannot be delayed".to_owned()))
                }
                to => Ok(to),
            },
        }
    }

    /// One message as an action; none where its receiver would not understand it.
    fn message(
        &mut self,
        to: &To,
        name: &str,
        delay: &str,
        send: &Send,
        at: Position,
        scope: &Scope,
    ) -> Result<Option<String>, Bad> {
        let after = if delay.is_empty() { String::new() } else { format!(" delay {delay}") };
        let named = Self::message_id(send, at);
        let id = named.as_ref().and_then(|id| self.messages.get(id)).filter(|_| !delay.is_empty());
        let id = id.and_then(|rows| rows.iter().find(|(place, _)| *place == at));
        let id = id.map_or(String::new(), |(_, name)| format!(" as {name}"));
        Ok(match to {
            To::Wrong(why) => return invalid(why.clone()),
            To::Nobody => {
                self.errors.insert(COMMUNICATION);
                Some(self.raise_error(COMMUNICATION, named.as_deref()))
            }
            To::Child(child) => {
                self.tells_children = true;
                let row = &self.children[*child];
                let (child_name, event) = (row.name.clone(), row.events.get(name).cloned());
                let Some((event, fields)) = event else { return Ok(None) };
                let mut args = Vec::new();
                for (name, value) in given(send)? {
                    // What the child never reads, it does not miss.
                    let Some((field, shape)) = fields.get(&name) else { continue };
                    let Some(shape) = shape else {
                        return unknown(format!("the data `{name}` of a message"));
                    };
                    let (slot, found) = (self.types.of(shape), self.infer(&value, scope));
                    let joined =
                        self.types.join(slot, found) && self.types.shape(slot).as_ref() == Some(shape);
                    let kind = self.types.kind(slot);
                    let value = self.spelt(&value, scope, kind)?;
                    if !joined {
                        return unknown(format!(
                            "the data `{name}` of a message, which has another type in the child"
                        ));
                    }
                    args.push(format!("{field}: {}", value.text));
                }
                let args = arguments(&args);
                Some(format!("send {child_name} {}{args}{after}{id}", names::symbol(&event)))
            }
            To::Outside if !delay.is_empty() => return unknown("an output that is delayed"),
            To::Outside => {
                let output = self.declared(Rows::Outputs, name);
                let args = self.arguments(output, Rows::Outputs, send, scope)?;
                let spelt =
                    self.outputs.as_ref().and_then(|rows| rows.get(output)).map_or("", |row| &row.name);
                Some(format!("emit {}{}", names::symbol(spelt), arguments(&args)))
            }
            To::Parent => {
                let row = self.declared(Rows::Upward, name);
                let args = self.arguments(row, Rows::Upward, send, scope)?;
                let peer = self.parent.as_ref().map_or("", |parent| &parent.peer);
                let spelt = self.upward.get(row).map_or("", |row| &row.name);
                Some(format!("send {peer} {}{}{after}{id}", names::symbol(spelt), arguments(&args)))
            }
            To::Itself | To::Internal => {
                let Some(event) = self.event_named(name) else { return invalid("the event has no name") };
                let mut args = self.arguments(event, Rows::Events, send, scope)?;
                let kind = if matches!(to, To::Internal) { "internal" } else { "external" };
                args.extend(self.tell(event, named.as_deref(), Some(kind)));
                let (symbol, args) = (names::symbol(&self.events[event].name), arguments(&args));
                Some(match to {
                    To::Internal => format!("raise {symbol}{args}"),
                    _ => format!("send self {symbol}{args}{after}{id}"),
                })
            }
        })
    }

    /// Every delay that a message may have, and what tells several apart.
    fn delays(
        &mut self,
        send: &Send,
        at: Position,
        scope: &Scope,
    ) -> Result<(Vec<Delay>, Alternatives), Bad> {
        let Some(code) = &send.delay else { return Ok((vec![Ok(String::new())], Alternatives::default())) };
        let value = js(code)?;
        if self.fold(value, scope).is_none() && self.values(value).is_none() {
            if let Some(delay) = self.delay_with_unit(value, scope)? {
                return Ok((vec![Ok(delay)], Alternatives::default()));
            }
            let out = self.value(value, scope)?;
            return match out.kind {
                Kind::Int if !out.optional => {
                    self.may_fault = true;
                    Ok((vec![Ok(format!("(1ms * {})", out.within(COMPARE + 5)))], Alternatives::default()))
                }
                _ => unknown(format!("the delay `{}`", code.text)),
            };
        }
        let found = self.alternatives(code, scope)?;
        let delay = |value: &String| match delay_us(value) {
            Some(0) => Ok(String::new()),
            Some(us) => Ok(names::duration(us)),
            None => Err(format!("`{value}` is no delay")),
        };
        for value in &found.values {
            if !value.ends_with('s') && delay_us(value).is_some_and(|us| us > 0) {
                self.detail(at, format!("the delay `{value}` has no unit: it is taken for milliseconds"));
            }
        }
        Ok((found.values.iter().map(delay).collect(), found))
    }

    /// `n + 's'`, `n + 'ms'` of a whole number, and `n / 1000 + 'ms'`, as our own export has it.
    fn delay_with_unit(&mut self, js: &Js, scope: &Scope) -> Result<Option<String>, Bad> {
        let Js::Binary("+", number, unit) = js else { return Ok(None) };
        let Js::Text(unit) = &**unit else { return Ok(None) };
        let (number, unit) = match (&**number, unit.trim()) {
            (Js::Binary("/", number, by), "ms") if matches!(**by, Js::Number(by, true) if by == 1_000.0) => {
                (&**number, "1us")
            }
            (number, "ms") => (number, "1ms"),
            (number, "s") => (number, "1s"),
            _ => return Ok(None),
        };
        let out = self.value(number, scope)?;
        if out.kind != Kind::Int || out.optional {
            return Ok(None);
        }
        self.may_fault = true;
        Ok(Some(format!("({unit} * {})", out.within(COMPARE + 5))))
    }

    /// Index of what is sent to others; it is declared by being used.
    fn declared(&mut self, rows: Rows, original: &str) -> usize {
        let rows = match rows {
            Rows::Upward => &mut self.upward,
            _ => self.outputs.get_or_insert_with(Vec::new),
        };
        if let Some(known) = rows.iter().position(|row| row.original == original) {
            return known;
        }
        let mut spelt = names::Names::new(crate::model::names::pascal);
        for row in rows.iter() {
            spelt.take(&row.name);
        }
        let name = spelt.claim(&names::quotable(original));
        rows.push(EventRow { original: original.to_owned(), name, ..EventRow::default() });
        rows.len() - 1
    }

    /// An event or output, and the types.
    fn row(&mut self, at: usize, rows: Rows) -> Option<(&mut EventRow, &mut Types)> {
        let rows = match rows {
            Rows::Events => &mut self.events,
            Rows::Outputs => self.outputs.as_mut()?,
            Rows::Upward => &mut self.upward,
        };
        rows.get_mut(at).map(|row| (row, &mut self.types))
    }

    /// The data of a message, in the order in which it is given.
    fn arguments(
        &mut self,
        event: usize,
        rows: Rows,
        send: &Send,
        scope: &Scope,
    ) -> Result<Vec<String>, Bad> {
        if let Some((row, _)) = self.row(event, rows) {
            row.sites += 1;
        }
        let mut args = Vec::new();
        for (name, value) in given(send)? {
            let hint = if rows == Rows::Upward {
                let event = self.upward.get(event).map(|row| row.original.clone()).unwrap_or_default();
                self.hints.fields.get(&(self.draft.name.clone(), event, name.clone())).cloned()
            } else {
                None
            };
            let Some((row, types)) = self.row(event, rows) else { continue };
            let slot = row.field(&name, types);
            if let Some(hint) = hint {
                let hint = types.of(&hint);
                types.join(slot, hint);
            }
            let found = self.infer(&value, scope);
            if !self.types.join(slot, found) {
                return unknown(format!("the data `{name}` of a message hold values of different types"));
            }
            let kind = self.types.kind(slot);
            let out = self.spelt(&value, scope, kind)?;
            let Some((row, _)) = self.row(event, rows) else { continue };
            let Some(field) = row.fields.get_mut(&name) else { continue };
            field.given += 1;
            field.maybe |= out.optional;
            if out.text != "none" {
                args.push(format!("{}: {}", field.name, out.text));
            }
        }
        Ok(args)
    }

    /// What an event is told about its way, where something asks for it.
    pub(super) fn tell(&mut self, event: usize, id: Option<&str>, kind: Option<&str>) -> Vec<String> {
        let Some(row) = self.events.get_mut(event) else { return Vec::new() };
        let mut args = Vec::new();
        for (part, value) in [("sendid", id), ("type", kind)] {
            let (Some(field), Some(value)) = (row.fields.get_mut(&told(part)), value) else { continue };
            field.given += 1;
            args.push(format!("{}: {}", field.name, names::text(value)));
        }
        args
    }
}

/// The data that a message is given: names, and expressions.
fn given(send: &Send) -> Result<Vec<(String, Js)>, Bad> {
    let mut given: Vec<(String, Js)> = Vec::new();
    for Param { name, value, .. } in &send.params {
        given.push((name.clone(), js(value)?.clone()));
    }
    if let Some(code) = &send.content {
        match js(code)? {
            Js::Object(items) => given.extend(items.iter().cloned()),
            value => given.push(("data".to_owned(), value.clone())),
        }
    }
    Ok(given)
}

/// A delay as CSS2 spells it: `10ms`, `.5s`; a plain number is milliseconds.
pub(super) fn delay_us(text: &str) -> Option<i64> {
    let text = text.trim();
    let (number, unit) = match text {
        _ if text.ends_with("ms") => (text.strip_suffix("ms")?, 1_000.0),
        _ if text.ends_with('s') => (text.strip_suffix('s')?, 1_000_000.0),
        _ => (text, 1_000.0),
    };
    let number: f64 = number.trim().parse().ok()?;
    let us = (number * unit).round();
    #[allow(clippy::cast_possible_truncation)] // Within the range that is tested.
    (0.0..9.0e18).contains(&us).then_some(us as i64)
}

#[cfg(test)]
mod tests {
    use super::delay_us;

    #[test]
    fn delays_are_those_of_css() {
        for (text, us) in [
            ("10ms", Some(10_000)),
            (".5s", Some(500_000)),
            ("1s", Some(1_000_000)),
            ("7", Some(7_000)),
            ("soon", None),
            ("-1s", None),
        ] {
            assert_eq!(delay_us(text), us, "{text}");
        }
    }
}
