//! Executable content as lists of actions.
//!
//! What is certain to be an error in ECMAScript is raised as the event that W3C names, and ends its block as W3C
//! says: "an error aborts only its own block" (section 4.3).

use super::super::{
    Position,
    ecma::{Bad, Js},
    names,
};
use super::{
    chart::{EXECUTION, Translator},
    document::{Code, Content, ContentKind},
    expr::{SUM, Scope, invalid, is_default, unknown},
    types::{Kind, Slot},
};

/// An expression that cannot be evaluated: it faults wherever it is asked.
pub(super) const FAULTY: &str = "1 / 0 == 0";

pub(super) fn js(code: &Code) -> Result<&Js, Bad> {
    code.js.as_ref().map_err(Clone::clone)
}

impl Translator<'_> {
    /// A block of content. An error in a nested one, in an `if` or `foreach`, aborts what is around it, too.
    pub(super) fn block(&mut self, contents: &[Content], scope: &Scope) -> Vec<String> {
        self.known = self.opening.take().unwrap_or_else(|| self.constants.clone());
        self.given_here.clear();
        self.contents(contents, scope, false)
    }

    /// Contents of a block, or of a part of one.
    fn contents(&mut self, contents: &[Content], scope: &Scope, nested: bool) -> Vec<String> {
        let mut out = Vec::new();
        for (number, content) in contents.iter().enumerate() {
            self.here = content.at;
            if contents.get(number + 1).is_some_and(|next| self.is_replaced(content, next)) {
                continue;
            }
            match self.content(content, scope, &mut out) {
                Ok(()) => {}
                Err(Bad::Unknown(what)) => {
                    // What a variable holds by then is known all the same.
                    if !matches!(&content.kind, ContentKind::Assign(Code { js: Ok(Js::Name(_)), .. }, _)) {
                        self.forget(std::slice::from_ref(content));
                    }
                    self.lost(content.at, what);
                }
                Err(Bad::Invalid(why)) => {
                    let id = match &content.kind {
                        ContentKind::Send(send) => Self::message_id(send, content.at),
                        _ => None,
                    };
                    self.fail_with(content.at, &why, id.as_deref(), nested, &mut out);
                    break;
                }
            }
        }
        out
    }

    /// Whether a message is cancelled only to be sent anew, which the language does in one.
    fn is_replaced(&self, cancel: &Content, next: &Content) -> bool {
        let (ContentKind::Cancel(code), ContentKind::Send(send)) = (&cancel.kind, &next.kind) else {
            return false;
        };
        let (Ok(Js::Text(cancelled)), Some(id)) = (&code.js, Self::message_id(send, next.at)) else {
            return false;
        };
        let at_once = |name: &Js| matches!(name, Js::Text(text) if super::send::delay_us(text) == Some(0));
        let is_delayed =
            send.delay.as_ref().and_then(|delay| delay.js.as_ref().ok()).is_some_and(|js| !at_once(js));
        *cancelled == id && is_delayed && self.messages.get(&id).is_some_and(|sites| sites.len() == 1)
    }

    /// Raises what is certain to be an error.
    pub(super) fn fail(&mut self, at: Position, why: &str, nested: bool, out: &mut Vec<String>) {
        self.fail_with(at, why, None, nested, out);
    }

    /// The same for a message, whose id the error tells.
    fn fail_with(&mut self, at: Position, why: &str, id: Option<&str>, nested: bool, out: &mut Vec<String>) {
        self.detail(at, format!("always an error: {why}"));
        if nested {
            self.may_fault = true;
            out.push(format!("if {FAULTY} {{ }}"));
        } else {
            self.errors.insert(EXECUTION);
            out.push(self.raise_error(EXECUTION, id));
        }
    }

    pub(super) fn raise_error(&mut self, name: &str, id: Option<&str>) -> String {
        let Some(event) = self.event_named(name) else { return format!("raise {}", names::symbol(name)) };
        self.events[event].sites += 1;
        let told = self.tell(event, id, None);
        format!("raise {}{}", names::symbol(&self.events[event].name), arguments(&told))
    }

    fn content(&mut self, content: &Content, scope: &Scope, out: &mut Vec<String>) -> Result<(), Bad> {
        match &content.kind {
            ContentKind::Unknown(what) => unknown(format!("{what} is not known")),
            ContentKind::Raise(name) => {
                let Some(event) = self.event_named(name) else { return invalid("the event has no name") };
                self.events[event].sites += 1;
                let told = self.tell(event, None, Some("internal"));
                out.push(format!("raise {}{}", names::symbol(&self.events[event].name), arguments(&told)));
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
                let actions = ids.values.iter().map(|id| {
                    let names = self.messages.get(id).map(Vec::as_slice).unwrap_or_default();
                    names.iter().map(|(_, name)| format!("cancel {name}")).collect()
                });
                let actions: Vec<Vec<String>> = actions.collect();
                ids.choose(actions, out);
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
                    let instead = if label.is_empty() { "its code stands there" } else { "it is left out" };
                    self.detail(at, format!("only text is logged, and `{}` is none: {instead}", code.text));
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
    pub(super) fn place(&self, place: &Code) -> Result<String, Bad> {
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
            None if matches!(js, Js::Index(..) | Js::Member(..)) => {
                unknown(format!("an assignment to `{}`, a part of a value", place.text))
            }
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

    pub(super) fn assign_js(
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
        let folded = self.fold(value, scope);
        if let Js::Choice(condition, then, otherwise) = value
            && !is_default(condition, then)
        {
            let condition = self.truth(condition, scope)?;
            let (mut a, mut b) = (Vec::new(), Vec::new());
            let before = (self.known.clone(), self.given_here.clone());
            self.assign_js(name, then, at, scope, &mut a)?;
            let given = self.given_here.contains(&spelt);
            (self.known, self.given_here) = before;
            self.assign_js(name, otherwise, at, scope, &mut b)?;
            if !given {
                self.given_here.remove(&spelt);
            }
            self.holds(name, folded);
            out.push(format!("if {} {{ {} }} else {{ {} }}", condition.text, a.join(", "), b.join(", ")));
            return Ok(());
        }
        let done = self.assign_value(name, value, at, scope, out, (slot, spelt, read), folded.is_some());
        // What is known of it is known as well where it is not carried over.
        self.holds(name, folded);
        done
    }

    /// What a variable holds from now on, where that is certain.
    fn holds(&mut self, name: &str, value: Option<Js>) {
        match value {
            Some(value) => self.known.insert(name.to_owned(), value),
            None => self.known.remove(name),
        };
    }

    #[allow(clippy::too_many_arguments)] // The parts of one assignment.
    fn assign_value(
        &mut self,
        name: &str,
        value: &Js,
        at: Position,
        scope: &Scope,
        out: &mut Vec<String>,
        (slot, spelt, read): (Slot, String, bool),
        is_certain: bool,
    ) -> Result<(), Bad> {
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
                    (variable.optional, variable.maybe) = (true, true);
                }
                if out_of.optional {
                    self.given_here.remove(&spelt);
                } else {
                    self.given_here.insert(spelt.clone());
                }
                out.push(format!("{spelt} := {}", out_of.text));
                Ok(())
            }
            // Nothing but a log reads it, and nothing can go wrong: nobody will miss it.
            Ok(_) | Err(Bad::Unknown(_)) if !read && is_certain => {
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
        let (known, given) = (self.known.clone(), self.given_here.clone());
        for (condition, body) in arms {
            self.known.clone_from(&known);
            self.given_here.clone_from(&given);
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
                        let raised = self.raise_error(EXECUTION, None);
                        out.push(raised);
                        continue;
                    }
                    Err(bad) => return Err(bad),
                },
            };
            let last = condition.is_none();
            let actions = self.contents(body, scope, !(last && text.is_empty()));
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
        (self.known, self.given_here) = (known, given);
        arms.iter().for_each(|(_, body)| self.forget(body));
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
        let number = loop {
            self.counter += 1;
            let own = [format!("item_{}", self.counter), format!("at_{}", self.counter)];
            if !self.variables.values().any(|variable| own.contains(&variable.name)) {
                break self.counter;
            }
        };
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
        // The body may be run again after itself.
        self.known.retain(|name, _| !names_of_loop(item, index).contains(&name.as_str()));
        let given = self.given_here.clone();
        let before = self.known.clone();
        self.forget(body);
        self.given_here.clone_from(&given);
        actions.extend(self.contents(body, scope, true));
        for taken in given.difference(&self.given_here.clone()) {
            let here = self.here;
            self.filled_in.entry(taken.clone()).or_insert(here);
        }
        self.known = before;
        self.forget(body);
        let list = if list.optional && self.hints.defaults.contains(&list.text) {
            format!("{} ?? []", list.text)
        } else {
            list.text
        };
        out.push(format!("for {} in {list} {{ {} }}", names.join(", "), actions.join(", ")));
        Ok(())
    }
}

/// Arguments of an event, in parentheses where there are any.
pub(super) fn arguments(list: &[String]) -> String {
    if list.is_empty() { String::new() } else { format!("({})", list.join(", ")) }
}

fn names_of_loop<'n>(item: &'n str, index: Option<&'n str>) -> Vec<&'n str> {
    [Some(item), index].into_iter().flatten().collect()
}
