//! What expressions say of `_event`.

use super::super::{
    ecma::{Bad, Js},
    names,
};
use super::{
    chart::{EXECUTION, EventRow, FieldRow, Translator},
    constant::{OWN_PLACE, PROCESSOR},
    expr::{ATOM, COMPARE, Current, DEFAULT, OR, Out, Scope, invalid, unknown},
    types::{Kind, Shape, Slot},
};

impl Translator<'_> {
    /// What `_event.…` refers to.
    fn event_part(js: &Js) -> Option<(&str, Option<&str>)> {
        let path = js.path()?;
        match path.as_slice() {
            ["_event", part] => Some((part, None)),
            ["_event", "data", field] => Some(("data", Some(field))),
            _ => None,
        }
    }

    pub(super) fn member_slot(&mut self, js: &Js, scope: &Scope) -> Slot {
        match (Self::event_part(js), scope.current) {
            (Some(("data", None)), Current::Event(event)) if self.has_parts(event) => {
                self.types.fresh(Kind::Unknown)
            }
            (Some(("data", field)), Current::Event(event)) => self.field(event, field.unwrap_or("data")),
            (Some(("data", field)), Current::Done(state)) => self.result(state, field).0,
            (Some(("data", field)), Current::Child(child)) => match self.child_result(child, field) {
                Some(shape) => self.types.of(&shape),
                None => self.types.fresh(Kind::Unknown),
            },
            (Some((part @ ("sendid" | "type"), None)), Current::Event(event))
                if self.way(part, scope.current).is_none() =>
            {
                self.field(event, &told(part))
            }
            (Some(("name" | "type" | "origin" | "origintype" | "sendid" | "invokeid", None)), _) => {
                self.types.fresh(Kind::Text)
            }
            _ if self.own_text(js).is_some() => self.types.fresh(Kind::Text),
            _ => self.types.fresh(Kind::Unknown),
        }
    }

    pub(super) fn member(&mut self, js: &Js, scope: &Scope) -> Result<Out, Bad> {
        let Some((part, field)) = Self::event_part(js) else {
            if let Some(text) = self.own_text(js) {
                return Ok(Out::new(names::text(&text), ATOM, Kind::Text));
            }
            let root = js.path().map(|path| path[0].to_owned());
            return match root {
                Some(root)
                    if !self.variables.contains_key(&root)
                        && !root.starts_with('_')
                        && !self.unknown_scripts =>
                {
                    invalid(format!("`{root}` is not declared"))
                }
                _ => unknown("a part of an object"),
            };
        };
        match (part, scope.current) {
            ("name", Current::Nothing) if scope.later => {
                let name = self.last_event();
                Ok(Out { optional: true, ..Out::new(name, ATOM, Kind::Text) })
            }
            (_, Current::Nothing) => unknown(format!("`_event.{part}` where no event is being handled")),
            ("name", current) => match self.event_name(current) {
                Some(name) => Ok(Out::new(names::text(&name), ATOM, Kind::Text)),
                None => unknown("`_event.name`"),
            },
            ("data", Current::Event(event)) if field.is_none() && self.has_parts(event) => {
                unknown("`_event.data` as a whole")
            }
            ("data", Current::Event(event)) => {
                let field = field.unwrap_or("data");
                let slot = self.field(event, field);
                let kind = self.types.kind(slot);
                let row = &mut self.events[event].fields;
                let row = row.entry(field.to_owned()).or_default();
                row.reads |= !scope.logged;
                Ok(Out { optional: row.optional, ..Out::new(format!("event.{}", row.name), ATOM, kind) })
            }
            ("data", Current::Done(state)) => {
                if let Some(keys) = self.done_data.get(&state) {
                    return match keys.get(field.unwrap_or_default()).cloned() {
                        Some(variable) => self.name(&variable, scope, Kind::Unknown),
                        None => Ok(Out { optional: true, ..Out::new("none", ATOM, Kind::Unknown) }),
                    };
                }
                let (slot, known) = self.result(state, field);
                if !known {
                    return Ok(Out { optional: true, ..Out::new("none", ATOM, Kind::Unknown) });
                }
                self.results_read.insert(state);
                Ok(Out::new("event.result", ATOM, self.types.kind(slot)))
            }
            ("data", Current::Child(child))
                if self.children.get(child).is_some_and(|child| child.returns_several) =>
            {
                unknown("what a child returns, which is one value here")
            }
            ("data", Current::Child(child)) => match self.child_result(child, field) {
                Some(shape) => {
                    let slot = self.types.of(&shape);
                    Ok(Out::new("event.result", ATOM, self.types.kind(slot)))
                }
                None => Ok(Out { optional: true, ..Out::new("none", ATOM, Kind::Unknown) }),
            },
            _ => match self.way(part, scope.current) {
                Some(Some(text)) => Ok(Out::new(names::text(&text), ATOM, Kind::Text)),
                Some(None) => Ok(Out { optional: true, ..Out::new("none", ATOM, Kind::Unknown) }),
                None => self.told(part, scope.current),
            },
        }
    }

    /// Whether the data of an event are several things with names.
    fn has_parts(&self, event: usize) -> bool {
        self.events.get(event).is_some_and(|row| row.parts().next().is_some())
    }

    /// `_event.data` as a condition, where the data are several things: whether one of them is there.
    pub(super) fn has_data(&mut self, js: &Js, scope: &Scope) -> Option<Out> {
        let Current::Event(event) = scope.current else { return None };
        if Self::event_part(js) != Some(("data", None)) || !self.has_parts(event) {
            return None;
        }
        let row = self.events.get_mut(event)?;
        let always = row.parts().any(|(_, field)| !field.optional);
        if always {
            return Some(Out::constant(true));
        }
        let tests: Vec<String> =
            row.parts().map(|(_, field)| format!("event.{} != none", field.name)).collect();
        for (name, field) in &mut row.fields {
            field.reads |= is_part(name);
        }
        let power = if tests.len() > 1 { OR } else { COMPARE };
        Some(Out::bool(tests.join(" or "), power))
    }

    /// What a child returns under a key.
    fn child_result(&self, child: usize, field: Option<&str>) -> Option<Shape> {
        let (key, shape) = self.children.get(child)?.result.as_ref()?;
        (key.as_deref() == field).then(|| shape.clone())
    }

    /// The name of what is being handled.
    pub(super) fn event_name(&self, current: Current) -> Option<String> {
        Some(match current {
            Current::Nothing => return None,
            Current::Event(event) => self.events.get(event)?.original.clone(),
            Current::Done(state) => format!("done.state.{}", self.original(state)),
            Current::Child(child) => format!("done.invoke.{}", self.children.get(child)?.id),
            Current::Fault => EXECUTION.to_owned(),
        })
    }

    /// The variable that holds the name of the last event; it is there because something asks for it.
    fn last_event(&mut self) -> String {
        if self.event_variable.is_none() {
            self.event_variable = Some(self.variable_names.claim("last_event"));
        }
        self.event_variable.clone().unwrap_or_default()
    }

    /// Whether there is an event: `_event` as a condition.
    pub(super) fn is_event(&mut self, scope: &Scope) -> Result<Out, Bad> {
        match scope.current {
            Current::Nothing if scope.later => {
                let name = self.last_event();
                Ok(Out::bool(format!("{name} != none"), COMPARE))
            }
            Current::Nothing => unknown("`_event` where no event is being handled"),
            _ => Ok(Out::constant(true)),
        }
    }

    /// What an event is told about its way by those who send it.
    fn told(&mut self, part: &str, current: Current) -> Result<Out, Bad> {
        let (Current::Event(event), "sendid" | "type") = (current, part) else {
            return unknown(format!("`_event.{part}`"));
        };
        self.field(event, &told(part));
        let row = self.events.get_mut(event).and_then(|event| event.fields.get_mut(&told(part)));
        let Some(row) = row else { return unknown(format!("`_event.{part}`")) };
        row.reads = true;
        let out = Out { optional: row.optional, ..Out::new(format!("event.{}", row.name), ATOM, Kind::Text) };
        // What comes from outside is told nothing.
        Ok(match (part, out.optional) {
            ("type", true) => Out::new(format!("{} ?? \"external\"", out.text), DEFAULT, Kind::Text),
            _ => out,
        })
    }

    /// What an event says about its way (W3C 5.10.1), where there is one way that it can have come: a text, or
    /// nothing.
    pub(super) fn way(&self, part: &str, current: Current) -> Option<Option<String>> {
        let text = |text: &str| Some(Some(text.to_owned()));
        let row = match current {
            Current::Event(event) => self.events.get(event)?,
            Current::Fault => {
                return if part == "sendid" { (!self.faults).then_some(None) } else { from_processor(part) };
            }
            Current::Done(_) => {
                return matches!(part, "sendid" | "origin" | "origintype" | "invokeid").then_some(None);
            }
            Current::Child(child) => {
                let id = &self.children.get(child)?.id;
                return match part {
                    "invokeid" => text(id),
                    "origin" => text(&format!("#_{id}")),
                    "origintype" => text(PROCESSOR),
                    "type" => text("external"),
                    _ => Some(None),
                };
            }
            Current::Nothing => return None,
        };
        // Errors come from the processor itself.
        if row.error {
            return from_processor(part);
        }
        match (part, row.raised, row.sent, row.from.as_slice()) {
            ("type", true, false, []) => text("internal"),
            ("type", false, _, _) => text("external"),
            ("sendid", _, _, _) if !row.sent && row.from.is_empty() => Some(None),
            ("origin" | "origintype", true, false, []) => Some(None),
            ("origintype", false, _, _) => text(PROCESSOR),
            ("origin", false, true, []) => text(OWN_PLACE),
            ("origin", false, false, [child]) => text(&format!("#_{}", self.children.get(*child)?.id)),
            ("invokeid", _, _, []) => Some(None),
            ("invokeid", false, false, [child]) => text(&self.children.get(*child)?.id),
            _ => None,
        }
    }
}

impl EventRow {
    /// What is given under a name of its own.
    fn parts(&self) -> impl Iterator<Item = (&String, &FieldRow)> {
        self.fields.iter().filter(|(name, _)| is_part(name))
    }
}

/// Whether a key is the name of a part of the data.
fn is_part(key: &str) -> bool {
    key != "data" && !key.starts_with(' ')
}

/// The key of what an event is told about its way: no name of data has a space.
pub(super) fn told(part: &str) -> String {
    format!(" {part}")
}

/// What the processor's own events say about their way; the id of a message that went wrong is told.
fn from_processor(part: &str) -> Option<Option<String>> {
    match part {
        "type" => Some(Some("platform".to_owned())),
        "origin" | "origintype" | "invokeid" => Some(None),
        _ => None,
    }
}
