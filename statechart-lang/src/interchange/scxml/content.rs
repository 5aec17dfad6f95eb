//! Executable content as lists of actions.
//!
//! What is certain to be an error in ECMAScript is raised as the event that W3C names, and ends its block as W3C
//! says: "an error aborts only its own block" (section 4.3).

use super::super::{
    Position,
    ecma::{Bad, Js, Statement},
    names,
};
use super::{
    chart::{COMMUNICATION, EXECUTION, EventRow, Translator, generated_id},
    expr::{COMPARE, SUM, Scope, is_default},
    read::{Code, Content, ContentKind, Param, Send},
    types::{Kind, Types},
};

/// How deep functions may call each other.
const CALL_DEPTH: usize = 8;
/// An expression that cannot be evaluated: it faults wherever it is asked.
pub(super) const FAULTY: &str = "1 / 0 == 0";

/// Where a message goes.
enum To {
    Itself,
    Internal,
    /// Whoever runs the document.
    Outside,
    /// Index into the children.
    Child(usize),
    /// Nowhere: W3C `error.communication`.
    Nobody,
}

/// What a name may stand for, each with the condition under which it does.
struct Alternatives {
    /// The variable that tells them apart; none where there is one.
    by: Option<String>,
    values: Vec<String>,
}

fn unknown<T>(what: impl Into<String>) -> Result<T, Bad> {
    Err(Bad::Unknown(what.into()))
}

fn invalid<T>(what: impl Into<String>) -> Result<T, Bad> {
    Err(Bad::Invalid(what.into()))
}

fn js(code: &Code) -> Result<&Js, Bad> {
    code.js.as_ref().map_err(Clone::clone)
}

impl Translator<'_> {
    /// A block of content. A nested one stands in an `if` or `foreach`, whose surroundings an error aborts, too.
    pub(super) fn block(&mut self, contents: &[Content], scope: &Scope, nested: bool) -> Vec<String> {
        let mut out = Vec::new();
        for content in contents {
            match self.content(content, scope, &mut out) {
                Ok(()) => {}
                Err(Bad::Unknown(what)) => self.lost(content.at, what),
                Err(Bad::Invalid(why)) => {
                    self.fail(content.at, &why, nested, &mut out);
                    break;
                }
            }
        }
        out
    }

    /// Raises what is certain to be an error.
    pub(super) fn fail(&mut self, at: Position, why: &str, nested: bool, out: &mut Vec<String>) {
        self.detail(at, format!("always an error: {why}"));
        if nested {
            self.may_fault = true;
            out.push(format!("if {FAULTY} {{ }}"));
        } else {
            self.errors.insert(EXECUTION);
            out.push(self.raise_error(EXECUTION));
        }
    }

    fn raise_error(&mut self, name: &str) -> String {
        let spelt = self.event_named(name).map_or(name, |event| self.events[event].name.as_str());
        format!("raise {}", names::symbol(spelt))
    }

    fn content(&mut self, content: &Content, scope: &Scope, out: &mut Vec<String>) -> Result<(), Bad> {
        match &content.kind {
            ContentKind::Unknown(what) => unknown(format!("{what} is not known")),
            ContentKind::Raise(name) => {
                let Some(event) = self.event_named(name) else { return invalid("the event has no name") };
                self.events[event].sites += 1;
                out.push(format!("raise {}", names::symbol(&self.events[event].name)));
                Ok(())
            }
            ContentKind::Log(label, code) => {
                self.log(content.at, label.as_deref(), code.as_ref(), scope, out)
            }
            ContentKind::Assign(place, value) => {
                let name = self.place(place)?;
                self.assign(&name, value, scope, out)
            }
            ContentKind::If(arms) => self.choice(arms, scope, out),
            ContentKind::Foreach { array, item, index, body } => {
                self.each(array, item, index.as_deref(), body, scope, out)
            }
            ContentKind::Script(Ok(statements)) => self.statements(statements, content.at, scope, 0, out),
            ContentKind::Script(Err(why)) => Err(why.clone()),
            ContentKind::Cancel(id) => {
                let ids = self.alternatives(id, scope)?;
                let actions: Vec<Option<String>> =
                    ids.values.iter().map(|id| Some(format!("cancel {}", self.messages.get(id)?))).collect();
                push_choice(&ids, actions, out);
                Ok(())
            }
            ContentKind::Send(send) => self.send(send, content.at, scope, out),
        }
    }

    fn log(
        &mut self,
        at: Position,
        label: Option<&str>,
        code: Option<&Code>,
        scope: &Scope,
        out: &mut Vec<String>,
    ) -> Result<(), Bad> {
        let mut label = label.unwrap_or_default().to_owned();
        if let Some(code) = code.filter(|code| !code.text.is_empty()) {
            let scope = Scope { logged: true, ..scope.clone() };
            match js(code).and_then(|js| self.value(js, &scope)) {
                Ok(value) if value.kind == Kind::Text && !value.optional => {
                    let text = match (label.as_str(), value.text.as_str()) {
                        ("", text) => text.to_owned(),
                        (label, _) => {
                            format!("{} + {}", names::text(&format!("{label}: ")), value.within(SUM + 1))
                        }
                    };
                    out.push(format!("log {text}"));
                    return Ok(());
                }
                Err(Bad::Invalid(why)) => return invalid(why),
                Ok(_) | Err(Bad::Unknown(_)) => {
                    self.detail(at, format!("only text is logged: `{}` is left out", code.text));
                    if label.is_empty() {
                        label.clone_from(&code.text);
                    }
                }
            }
        }
        if !label.is_empty() {
            out.push(format!("log {}", names::text(&label)));
        }
        Ok(())
    }

    /// The variable that a location names.
    fn place(&self, place: &Code) -> Result<String, Bad> {
        let js = js(place)?;
        match js.path().as_deref() {
            Some(["_event" | "_name" | "_sessionid" | "_ioprocessors" | "_x", ..]) => {
                invalid(format!("`{}` cannot be assigned to", place.text))
            }
            Some([name]) if self.variables.contains_key(*name) => Ok((*name).to_owned()),
            Some([name, ..]) if !self.variables.contains_key(*name) => {
                if self.unknown_scripts {
                    return unknown(format!("`{name}`, which a script that is not carried over may declare"));
                }
                invalid(format!("`{name}` is not declared"))
            }
            Some(_) => unknown("an assignment to a part of an object"),
            None => invalid(format!("`{}` is no place", place.text)),
        }
    }

    pub(super) fn assign(
        &mut self,
        name: &str,
        value: &Code,
        scope: &Scope,
        out: &mut Vec<String>,
    ) -> Result<(), Bad> {
        self.assign_js(name, js(value)?, value.at, scope, out)
    }

    fn assign_js(
        &mut self,
        name: &str,
        value: &Js,
        at: Position,
        scope: &Scope,
        out: &mut Vec<String>,
    ) -> Result<(), Bad> {
        let Some(variable) = self.variables.get(name) else {
            return invalid(format!("`{name}` is not declared"));
        };
        let (slot, spelt, read) = (variable.slot, variable.name.clone(), variable.read);
        if let Js::Choice(condition, then, otherwise) = value
            && !is_default(condition, then)
        {
            let condition = self.truth(condition, scope)?;
            let (mut a, mut b) = (Vec::new(), Vec::new());
            self.assign_js(name, then, at, scope, &mut a)?;
            self.assign_js(name, otherwise, at, scope, &mut b)?;
            out.push(format!("if {} {{ {} }} else {{ {} }}", condition.text, a.join(", "), b.join(", ")));
            return Ok(());
        }
        let found = self.infer(value, scope);
        let joined = self.types.join(slot, found);
        let out_of = if joined {
            let kind = self.types.kind(slot);
            self.spelt(value, scope, kind)
        } else {
            unknown(format!("`{name}` holds values of different types"))
        };
        match out_of {
            Ok(out_of) if self.types.spell(slot).is_some() => {
                if out_of.optional
                    && let Some(variable) = self.variables.get_mut(name)
                {
                    variable.optional = true;
                }
                out.push(format!("{spelt} := {}", out_of.text));
                Ok(())
            }
            // Nothing but a log reads it, and nothing can go wrong: nobody will miss it.
            Ok(_) | Err(Bad::Unknown(_)) if !read && value.is_literal() => {
                self.detail(at, format!("`{name}` is never read: its value is left out"));
                Ok(())
            }
            Ok(_) => unknown(format!("`{name}` holds objects")),
            Err(bad) => Err(bad),
        }
    }

    fn choice(
        &mut self,
        arms: &[(Option<Code>, Vec<Content>)],
        scope: &Scope,
        out: &mut Vec<String>,
    ) -> Result<(), Bad> {
        let mut text = String::new();
        for (condition, body) in arms {
            let condition = match condition {
                None => None,
                Some(code) => match js(code).and_then(|js| self.truth(js, scope)) {
                    Ok(found) if found.is(false) => continue,
                    Ok(found) if found.is(true) => None,
                    Ok(found) => Some(found.text),
                    Err(Bad::Invalid(why)) => {
                        // W3C 5.9.1: it counts as false, and the error is raised; the block goes on.
                        self.detail(code.at, format!("always an error: {why}"));
                        self.errors.insert(EXECUTION);
                        out.push(self.raise_error(EXECUTION));
                        continue;
                    }
                    Err(bad) => return Err(bad),
                },
            };
            let last = condition.is_none();
            let actions = self.block(body, scope, !(last && text.is_empty()));
            match condition {
                None if text.is_empty() => {
                    out.extend(actions);
                    return Ok(());
                }
                None => text.push_str(&format!(" else {{ {} }}", actions.join(", "))),
                Some(condition) => {
                    if !text.is_empty() {
                        text.push_str(" else ");
                    }
                    text.push_str(&format!("if {condition} {{ {} }}", actions.join(", ")));
                }
            }
            if last {
                break;
            }
        }
        if !text.is_empty() {
            out.push(text);
        }
        Ok(())
    }

    fn each(
        &mut self,
        array: &Code,
        item: &str,
        index: Option<&str>,
        body: &[Content],
        scope: &Scope,
        out: &mut Vec<String>,
    ) -> Result<(), Bad> {
        let list = self.value(js(array)?, scope)?;
        let Kind::List(inner) = list.kind else {
            if list.kind == Kind::Unknown {
                return unknown("a `foreach` over what is not known to be a list");
            }
            return invalid(format!("`{}` is no list", array.text));
        };
        self.counter += 1;
        let number = self.counter;
        let mut names = vec![format!("item_{number}")];
        let mut actions = Vec::new();
        for (name, kind, spelt) in
            [(Some(item), None, format!("item_{number}")), (index, Some(Kind::Int), format!("at_{number}"))]
        {
            let Some(name) = name else { continue };
            let Some(variable) = self.variables.get(name) else {
                return invalid(format!("`{name}` is no name for a variable"));
            };
            let (slot, variable) = (variable.slot, variable.name.clone());
            let of = match kind {
                Some(kind) => self.types.fresh(kind),
                None => inner,
            };
            if !self.types.join(slot, of) || kind.is_some_and(|kind| self.types.kind(slot) != kind) {
                return unknown(format!("`{name}` holds values of different types"));
            }
            if kind.is_some() {
                names.push(spelt.clone());
            }
            actions.push(format!("{variable} := {spelt}"));
        }
        actions.extend(self.block(body, scope, true));
        let list = if list.optional && self.defaults.contains(&list.text) {
            format!("{} ?? []", list.text)
        } else {
            list.text
        };
        out.push(format!("for {} in {list} {{ {} }}", names.join(", "), actions.join(", ")));
        Ok(())
    }

    fn statements(
        &mut self,
        statements: &[Statement],
        at: Position,
        scope: &Scope,
        depth: usize,
        out: &mut Vec<String>,
    ) -> Result<(), Bad> {
        for statement in statements {
            match statement {
                Statement::Declare(_) | Statement::Function(..) => {}
                Statement::Assign(Js::Name(name), value) if !name.starts_with('_') => {
                    self.assign_js(name, value, at, scope, out)?;
                }
                Statement::Assign(..) => return unknown("an assignment to a part of an object"),
                Statement::Run(Js::Call(of, args)) => match &**of {
                    Js::Name(name) if args.is_empty() && depth < CALL_DEPTH => match self.functions.get(name)
                    {
                        Some(body) => {
                            let body = *body;
                            self.statements(body, at, scope, depth + 1, out)?;
                        }
                        None if self.unknown_scripts => return unknown(format!("a call of `{name}`")),
                        None => return invalid(format!("the function `{name}` is not declared")),
                    },
                    _ => return unknown("a call of a function"),
                },
                Statement::Run(value) => {
                    // Only what can go wrong with it matters.
                    self.value(value, scope)?;
                }
                Statement::If(condition, then, otherwise) => {
                    let condition = self.truth(condition, scope)?;
                    let (mut a, mut b) = (Vec::new(), Vec::new());
                    self.statements(then, at, scope, depth, &mut a)?;
                    self.statements(otherwise, at, scope, depth, &mut b)?;
                    let mut text = format!("if {} {{ {} }}", condition.text, a.join(", "));
                    if !b.is_empty() {
                        text.push_str(&format!(" else {{ {} }}", b.join(", ")));
                    }
                    out.push(text);
                }
            }
        }
        Ok(())
    }

    /// The texts that a piece of code can be.
    fn alternatives(&mut self, code: &Code, scope: &Scope) -> Result<Alternatives, Bad> {
        let js = js(code)?;
        let Some(values) = self.values(js) else {
            self.value(js, scope)?;
            return unknown(format!("`{}`, whose values are not all written out", code.text));
        };
        let values: Vec<String> = values.into_iter().collect();
        let by = match (values.len(), js) {
            (1, _) => None,
            (_, Js::Name(_)) => Some(self.value(js, scope)?.text),
            _ => return unknown(format!("`{}`, which is computed", code.text)),
        };
        Ok(Alternatives { by, values })
    }

    /// Whether a message is for somebody else.
    pub(super) fn goes_elsewhere(&self, send: &Send) -> bool {
        let Some(target) = send.target.as_ref().and_then(|code| code.js.as_ref().ok()) else { return false };
        let values = self.values(target).unwrap_or_default();
        !values.iter().any(|value| matches!(value.as_str(), "#_internal" | "#_scxml_session" | ""))
    }

    fn receiver(&mut self, send: &Send, scope: &Scope) -> Result<To, Bad> {
        if let Some(kind) = &send.kind {
            for kind in self.alternatives(kind, scope)?.values {
                let kind = kind.trim_end_matches('/');
                if kind.contains("BasicHTTP") || kind == "basichttp" {
                    return unknown("a message by HTTP");
                }
                if !matches!(
                    kind,
                    "" | "scxml"
                        | "http://www.w3.org/TR/scxml/#SCXMLEventProcessor"
                        | "http://www.w3.org/TR/scxml"
                ) {
                    return invalid(format!("messages of type `{kind}` are not supported"));
                }
            }
        }
        let Some(target) = &send.target else { return Ok(To::Itself) };
        let targets = self.alternatives(target, scope)?;
        let [target] = targets.values.as_slice() else {
            return unknown("a message with several possible targets");
        };
        Ok(match target.as_str() {
            "" | "#_scxml_session" => To::Itself,
            "#_internal" => To::Internal,
            "#_parent" if self.outputs.is_some() => To::Outside,
            "#_parent" => return unknown("a message to the machine that started this one"),
            other => match other.strip_prefix("#_") {
                Some(id) => match self.children.iter().position(|child| child.id == id) {
                    Some(child) => To::Child(child),
                    None => To::Nobody,
                },
                None if other.contains("://") => return unknown(format!("a message to `{other}`")),
                None => return invalid(format!("`{other}` is no target")),
            },
        })
    }

    fn send(&mut self, send: &Send, at: Position, scope: &Scope, out: &mut Vec<String>) -> Result<(), Bad> {
        let to = self.receiver(send, scope)?;
        if let Some(place) = &send.idlocation {
            let place = self.place(place)?;
            self.assign_js(&place, &Js::Text(generated_id(at)), at, scope, out)?;
        }
        let Some(event) = &send.event else { return unknown("a message without an event") };
        let events = self.alternatives(event, scope)?;
        let (delays, by) = self.delays(send, scope)?;
        if events.by.is_some() && by.is_some() {
            return unknown("a message whose event and delay are both computed");
        }
        let id = send.id.clone().or_else(|| send.idlocation.is_some().then(|| generated_id(at)));
        let id = id.and_then(|id| self.messages.get(&id).cloned());
        let mut actions = Vec::new();
        for name in &events.values {
            for delay in &delays {
                let delay_text = if delay.is_empty() { String::new() } else { format!(" delay {delay}") };
                let id = match &id {
                    Some(id) if !delay.is_empty() => format!(" as {id}"),
                    _ => String::new(),
                };
                actions.push(match &to {
                    To::Nobody => {
                        self.errors.insert(COMMUNICATION);
                        Some(self.raise_error(COMMUNICATION))
                    }
                    To::Child(child) => {
                        let row = &self.children[*child];
                        let (child, event) = (row.name.clone(), row.events.get(name).cloned());
                        if !send.params.is_empty() || send.content.is_some() {
                            self.lost(at, "the data of a message to a child");
                        }
                        event.map(|event| format!("send {child} {}{delay_text}{id}", names::symbol(&event)))
                    }
                    To::Outside if !delay.is_empty() => return unknown("an output that is delayed"),
                    To::Outside => {
                        let output = self.output(name);
                        let args =
                            self.arguments(output, true, &send.params, send.content.as_ref(), scope)?;
                        let spelt = self
                            .outputs
                            .as_ref()
                            .and_then(|rows| rows.get(output))
                            .map_or("", |row| &row.name);
                        Some(format!("emit {}{args}", names::symbol(spelt)))
                    }
                    To::Itself | To::Internal => {
                        let Some(event) = self.event_named(name) else {
                            return invalid("the event has no name");
                        };
                        let args =
                            self.arguments(event, false, &send.params, send.content.as_ref(), scope)?;
                        let symbol = names::symbol(&self.events[event].name);
                        Some(match to {
                            To::Internal => format!("raise {symbol}{args}"),
                            _ => format!("send self {symbol}{args}{delay_text}{id}"),
                        })
                    }
                });
            }
        }
        let alternatives = if by.is_some() {
            Alternatives {
                by: by.as_ref().map(|(by, _)| by.clone()),
                values: by.map(|(_, values)| values).unwrap_or_default(),
            }
        } else {
            events
        };
        push_choice(&alternatives, actions, out);
        Ok(())
    }

    /// Every delay that a message may have, as the language spells it, and what tells several apart.
    #[allow(clippy::type_complexity)] // A pair of a list and what it goes by.
    fn delays(
        &mut self,
        send: &Send,
        scope: &Scope,
    ) -> Result<(Vec<String>, Option<(String, Vec<String>)>), Bad> {
        let Some(code) = &send.delay else { return Ok((vec![String::new()], None)) };
        let value = js(code)?;
        if self.values(value).is_none() {
            let out = self.value(value, scope)?;
            return match out.kind {
                Kind::Int if !out.optional => {
                    self.may_fault = true;
                    Ok((vec![format!("(1ms * {})", out.within(COMPARE + 5))], None))
                }
                _ => unknown(format!("the delay `{}`", code.text)),
            };
        }
        let found = self.alternatives(code, scope)?;
        let mut delays = Vec::new();
        for value in &found.values {
            let us = delay_us(value).ok_or_else(|| Bad::Invalid(format!("`{value}` is no delay")))?;
            delays.push(if us == 0 { String::new() } else { names::duration(us) });
        }
        Ok((delays, found.by.map(|by| (by, found.values))))
    }

    /// Index of an output; it is declared by being used.
    fn output(&mut self, original: &str) -> usize {
        let rows = self.outputs.get_or_insert_with(Vec::new);
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
    fn row(&mut self, at: usize, is_output: bool) -> Option<(&mut EventRow, &mut Types)> {
        let rows = if is_output { self.outputs.as_mut()? } else { &mut self.events };
        rows.get_mut(at).map(|row| (row, &mut self.types))
    }

    /// The data of a message, in the order in which it is given.
    fn arguments(
        &mut self,
        event: usize,
        is_output: bool,
        params: &[Param],
        content: Option<&Code>,
        scope: &Scope,
    ) -> Result<String, Bad> {
        if let Some((row, _)) = self.row(event, is_output) {
            row.sites += 1;
        }
        let mut given: Vec<(&str, &Js)> = Vec::new();
        for param in params {
            given.push((&param.name, js(&param.value)?));
        }
        if let Some(code) = content {
            match js(code)? {
                Js::Object(items) => given.extend(items.iter().map(|(name, value)| (name.as_str(), value))),
                value => given.push(("data", value)),
            }
        }
        let mut args = Vec::new();
        for (name, value) in given {
            let Some((row, types)) = self.row(event, is_output) else { continue };
            let slot = row.field(name, types);
            let found = self.infer(value, scope);
            if !self.types.join(slot, found) {
                return unknown(format!("the data `{name}` of a message hold values of different types"));
            }
            let kind = self.types.kind(slot);
            let out = self.spelt(value, scope, kind)?;
            let Some((row, _)) = self.row(event, is_output) else { continue };
            let Some(field) = row.fields.get_mut(name) else { continue };
            field.given += 1;
            field.maybe |= out.optional;
            if out.text != "none" {
                args.push(format!("{}: {}", field.name, out.text));
            }
        }
        Ok(if args.is_empty() { String::new() } else { format!("({})", args.join(", ")) })
    }
}

/// One action, or a choice between several by the value of a variable.
fn push_choice(alternatives: &Alternatives, actions: Vec<Option<String>>, out: &mut Vec<String>) {
    let Some(by) = &alternatives.by else {
        out.extend(actions.into_iter().flatten());
        return;
    };
    let arms: Vec<String> = alternatives
        .values
        .iter()
        .zip(actions)
        .filter_map(|(value, action)| Some(format!("if {by} == {} {{ {} }}", names::text(value), action?)))
        .collect();
    if !arms.is_empty() {
        out.push(arms.join(" else "));
    }
}

/// A delay as CSS2 spells it: `10ms`, `.5s`; a plain number is milliseconds.
fn delay_us(text: &str) -> Option<i64> {
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
