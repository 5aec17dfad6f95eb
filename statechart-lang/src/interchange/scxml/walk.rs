//! Ways through a document, and names of events.

use super::super::{
    Position,
    ecma::{Js, Statement},
};
use super::document::{Chart, Content, ContentKind};

/// The id of a message whose place wants to be told one.
pub(super) fn generated_id(at: Position) -> String {
    format!("send.{}.{}", at.line, at.column)
}

/// An event descriptor without what is always implied.
pub(super) fn stem(descriptor: &str) -> &str {
    let name = descriptor.strip_suffix('*').unwrap_or(descriptor);
    name.strip_suffix('.').unwrap_or(name)
}

/// W3C nameMatch: whole tokens, from the front.
pub(super) fn matches(descriptor: &str, name: &str) -> bool {
    let stem = stem(descriptor);
    stem.is_empty() || name == stem || name.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.'))
}

pub(super) fn is_event_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('*') && !name.contains(char::is_whitespace)
}

/// Calls `visit` with each element of executable content of a chart.
pub(super) fn every_content<'c>(chart: &'c Chart, visit: &mut dyn FnMut(&'c Content)) {
    fn each<'c>(contents: &'c [Content], visit: &mut dyn FnMut(&'c Content)) {
        for content in contents {
            visit(content);
            match &content.kind {
                ContentKind::If(arms) => arms.iter().for_each(|(_, body)| each(body, visit)),
                ContentKind::Foreach { body, .. } => each(body, visit),
                _ => {}
            }
        }
    }
    each(&chart.scripts, visit);
    for state in &chart.states {
        each(&state.initial_content, visit);
        state.entry.iter().chain(&state.exit).for_each(|block| each(block, visit));
        state.transitions.iter().for_each(|transition| each(&transition.content, visit));
        state.invokes.iter().filter_map(|invoke| invoke.finalize.as_ref()).for_each(|list| each(list, visit));
    }
}

/// Calls `visit` with each place that statements assign to.
pub(super) fn every_assignment(statements: &[Statement], visit: &mut dyn FnMut(&Js, Option<&Js>)) {
    for statement in statements {
        match statement {
            Statement::Assign(place, value) => visit(place, Some(value)),
            Statement::Declare(_) | Statement::Run(_) | Statement::Return(_) => {}
            Statement::If(_, then, otherwise) => {
                every_assignment(then, visit);
                every_assignment(otherwise, visit);
            }
            Statement::Function(_, _, body) => every_assignment(body, visit),
        }
    }
}

/// Calls `visit` with each expression of statements, not with those inside it.
pub(super) fn every_js(statements: &[Statement], visit: &mut dyn FnMut(&Js)) {
    for statement in statements {
        match statement {
            Statement::Assign(place, value) => {
                visit(place);
                visit(value);
            }
            Statement::Run(js) => visit(js),
            Statement::Return(js) => js.iter().for_each(&mut *visit),
            Statement::If(condition, then, otherwise) => {
                visit(condition);
                every_js(then, visit);
                every_js(otherwise, visit);
            }
            Statement::Function(_, _, body) => every_js(body, visit),
            Statement::Declare(_) => {}
        }
    }
}

/// Whether an expression looks at `_event`, or calls what may.
pub(super) fn sees_event(js: &Js, calls: bool) -> bool {
    let mut found = false;
    js.walk(&mut |js| {
        found |= matches!(js, Js::Name(name) if name == "_event") || calls && matches!(js, Js::Call(..));
    });
    found
}
