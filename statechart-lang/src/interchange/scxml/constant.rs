//! What expressions are for certain: values written out, names of the processor's own, and variables whose value the
//! block at hand, or the whole document, leaves no doubt about.

use std::collections::BTreeMap;

use super::super::ecma::{Js, Statement};
use super::{
    chart::Translator,
    document::{Content, ContentKind},
    expr::Scope,
    walk::{every_assignment, generated_id},
};

/// What `_sessionid` is.
pub(super) const SESSION: &str = "session";
/// Where messages to a session of one's own go.
pub(super) const OWN_PLACE: &str = "#_scxml_session";
/// How messages travel.
pub(super) const PROCESSOR: &str = "http://www.w3.org/TR/scxml/#SCXMLEventProcessor";

/// Whether a type of message or processor is SCXML's own.
pub(super) fn is_scxml(kind: &str) -> bool {
    matches!(
        kind.trim_end_matches('/'),
        "" | "scxml" | "http://www.w3.org/TR/scxml/#SCXMLEventProcessor" | "http://www.w3.org/TR/scxml"
    )
}

impl Translator<'_> {
    /// A text that does not depend on where it is asked for, or that the way of an event allows only once.
    pub(super) fn own_text(&self, js: &Js) -> Option<String> {
        match (js, js.path().as_deref()) {
            (Js::Text(text), _) => Some(text.clone()),
            (_, Some(["_sessionid"])) => Some(SESSION.to_owned()),
            (_, Some(["_name"])) => Some(self.chart.name.clone()),
            (_, Some(["_ioprocessors", kind, "location"])) if is_scxml(kind) => Some(OWN_PLACE.to_owned()),
            (_, Some(["_event", "origin"])) if self.children.is_empty() && self.parent.is_none() => {
                Some(OWN_PLACE.to_owned())
            }
            (_, Some(["_event", "origintype"])) => Some(PROCESSOR.to_owned()),
            _ => None,
        }
    }

    /// The value of an expression, where it is certain.
    pub(super) fn fold(&self, js: &Js, scope: &Scope) -> Option<Js> {
        if js.is_literal() {
            return Some(js.clone());
        }
        match js {
            Js::Name(name) if !name.starts_with('_') => self.known.get(name).cloned(),
            Js::Binary("+", left, right) => match (self.fold(left, scope)?, self.fold(right, scope)?) {
                (Js::Text(left), Js::Text(right)) => Some(Js::Text(left + &right)),
                (Js::Number(left, true), Js::Number(right, true)) => Some(Js::Number(left + right, true)),
                _ => None,
            },
            Js::Choice(condition, then, otherwise) => {
                let is_true = match self.fold(condition, scope)? {
                    Js::Bool(value) => value,
                    Js::Text(text) => !text.is_empty(),
                    Js::Number(value, _) => value != 0.0,
                    Js::Null | Js::Undefined => false,
                    _ => return None,
                };
                self.fold(if is_true { then } else { otherwise }, scope)
            }
            _ => {
                let path = js.path()?;
                match path.as_slice() {
                    ["_event", "name"] => self.event_name(scope.current).map(Js::Text),
                    ["_event", part] => {
                        self.way(part, scope.current).map(|text| text.map_or(Js::Undefined, Js::Text))
                    }
                    _ => self.own_text(js).map(Js::Text),
                }
            }
        }
    }

    /// Values of variables when a state is entered that is entered once, before anything else happens.
    pub(super) fn first_values(&self, state: usize) -> Option<BTreeMap<String, Js>> {
        let chart = self.chart;
        let row = chart.states.get(state)?;
        // What is cheap to see comes first: only one state needs the way through the whole document.
        let is_first = match chart.states[0].initial.as_slice() {
            [] => self.first_child == Some(state),
            [id] => *id == row.id,
            _ => false,
        };
        if row.parent != 0
            || !is_first
            || !chart.scripts.is_empty()
            || !chart.states[0].initial_content.is_empty()
        {
            return None;
        }
        let inside = |id: &String| {
            self.ids
                .get(id.as_str())
                .is_none_or(|target| *target == state || self.draft.is_below(*target, state))
        };
        let is_target = chart.states.iter().enumerate().any(|(at, other)| {
            let is_outside = at != state && !self.draft.is_below(at, state);
            other.transitions.iter().any(|transition| {
                transition.targets.iter().any(|id| *id == row.id || is_outside && inside(id))
            }) || is_outside && at != 0 && other.initial.iter().any(inside)
        });
        if is_target {
            return None;
        }
        let mut values = self.constants.clone();
        for data in chart.data.iter().filter(|data| data.state == 0 || !chart.late) {
            let is_param = self.variables.get(&data.id).is_none_or(|variable| variable.param);
            if let Some(Ok(value)) = data.value.as_ref().map(|code| &code.js)
                && !is_param
                && let Some(value) =
                    if value.is_literal() { Some(value.clone()) } else { self.own_text(value).map(Js::Text) }
            {
                values.insert(data.id.clone(), value);
            }
        }
        Some(values)
    }

    /// Forgets what a part of a block that may or may not be run, or be run several times, assigns to.
    pub(super) fn forget(&mut self, contents: &[Content]) {
        for content in contents {
            let mut names: Vec<String> = Vec::new();
            match &content.kind {
                ContentKind::Assign(place, _) => {
                    names.extend(place.js.iter().filter_map(|js| js.path().map(|path| path[0].to_owned())));
                }
                ContentKind::Send(send) => {
                    names.extend(send.idlocation.as_ref().map(|code| code.text.clone()))
                }
                ContentKind::If(arms) => arms.iter().for_each(|(_, body)| self.forget(body)),
                ContentKind::Foreach { item, index, body, .. } => {
                    names.push(item.clone());
                    names.extend(index.clone());
                    self.forget(body);
                }
                ContentKind::Script(Ok(statements)) => self.forget_statements(statements),
                ContentKind::Script(Err(_)) => {
                    self.known.clear();
                    self.given_here.clear();
                }
                ContentKind::Raise(_)
                | ContentKind::Cancel(_)
                | ContentKind::Log(..)
                | ContentKind::Unknown(_) => {}
            }
            for name in names {
                self.known.remove(&name);
                if let Some(variable) = self.variables.get(&name) {
                    self.given_here.remove(&variable.name);
                }
            }
        }
    }

    /// The same for a script. A procedure may assign to anything.
    pub(super) fn forget_statements(&mut self, statements: &[Statement]) {
        let is_call =
            |statement: &Statement| !matches!(statement, Statement::Assign(..) | Statement::Declare(_));
        if statements.iter().any(is_call) {
            self.known.clone_from(&self.constants);
            self.given_here.clear();
        }
        every_assignment(statements, &mut |place, _| {
            if let Js::Name(name) = place {
                self.known.remove(name);
                if let Some(variable) = self.variables.get(name) {
                    self.given_here.remove(&variable.name);
                }
            }
        });
    }

    /// The id of a message: what the document says, else one of its own where a place wants to be told.
    pub(super) fn message_id(send: &super::document::Send, at: super::super::Position) -> Option<String> {
        send.id.clone().or_else(|| send.idlocation.is_some().then(|| generated_id(at)))
    }
}
