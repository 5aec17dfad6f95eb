//! What sets a transition off: events and patterns of them, completion, faults.

use super::{children::can_complete, declare, react::React, resolve};
use crate::{
    Code, Diagnostic, Span,
    model::{EventId, StateId, Trigger},
    syntax::ast::{self, AlternativeKind},
    table::Ids,
};

impl React<'_> {
    /// The trigger of an `on`, and whether it has a wildcard.
    pub(super) fn pattern(&mut self, pattern: &[ast::Alternative]) -> Option<(Trigger, bool)> {
        let mut events = Vec::new();
        let mut wildcard = false;
        let mut other = None;
        let mut sound = true;
        for alternative in pattern {
            let before = events.len();
            match &alternative.kind {
                AlternativeKind::Any => {
                    wildcard = true;
                    for (id, event) in self.machine.events.iter().enumerate() {
                        if !event.internal {
                            events.push(id);
                        }
                    }
                }
                AlternativeKind::Prefix(prefix) => {
                    wildcard = true;
                    for (id, event) in self.machine.events.iter().enumerate() {
                        if event.symbol.name.starts_with(prefix) {
                            events.push(id);
                        }
                    }
                    if events.len() == before {
                        self.report(
                            Diagnostic::new(
                                Code::UnknownEvent,
                                alternative.span,
                                format!("no event starts with `{prefix}`"),
                            )
                            .help("declare one, or mend the prefix"),
                        );
                        sound = false;
                    }
                }
                AlternativeKind::Symbol(name) => {
                    let name = ast::Name { text: name.clone(), span: alternative.span };
                    match declare::event(&name, self.machine, self.diagnostics) {
                        Some(event) => events.push(event),
                        None => sound = false,
                    }
                }
                AlternativeKind::Fault => other = Some(Trigger::Fault),
                AlternativeKind::Done(path) => match self.completion(path.as_ref(), alternative.span) {
                    Some(trigger) => other = Some(trigger),
                    None => sound = false,
                },
            }
        }
        if other.is_some() && pattern.len() > 1 {
            let span = pattern.first().map_or(Span::default(), |first| first.span);
            self.report(
                Diagnostic::new(Code::Misplaced, span, "`done` and `fault` stand alone")
                    .help("give each its own `on`"),
            );
            return None;
        }
        if !sound {
            return None;
        }
        let mut seen = Ids::default();
        events.retain(|event| seen.insert(*event));
        Some((other.unwrap_or(Trigger::Events(events)), wildcard))
    }

    /// What a `defer` may name: events from outside. A prefix passes over internal ones, as `*` does.
    pub(super) fn outside_only(
        &mut self,
        pattern: &[ast::Alternative],
        mut events: Vec<EventId>,
        span: Span,
    ) -> Vec<EventId> {
        events.retain(|event| !self.machine.events[*event].internal);
        let mut refused: Vec<(String, Span)> = Vec::new();
        for alternative in pattern {
            if let AlternativeKind::Symbol(name) = &alternative.kind
                && self.machine.event(name).is_some_and(|id| self.machine.events[id].internal)
            {
                refused.push((format!("`{name}` is internal and cannot be deferred"), alternative.span));
            }
        }
        if events.is_empty() && refused.is_empty() {
            refused.push(("only internal events match, which cannot be deferred".to_owned(), span));
        }
        for (message, span) in refused {
            self.report(
                Diagnostic::new(Code::Misplaced, span, message)
                    .label("only events from outside are deferred")
                    .help(
                        "react to it here or in a state around; to keep an event, declare it under `input`",
                    ),
            );
        }
        events
    }

    /// `done`, `done(state)` or `done(child)`.
    fn completion(&mut self, path: Option<&ast::Path>, span: Span) -> Option<Trigger> {
        let Some(path) = path else {
            self.completes(self.state, span);
            return Some(Trigger::Done(self.state));
        };
        let child = match path.names.as_slice() {
            [name] => self.machine.children.iter().position(|child| child.name == name.text),
            _ => None,
        };
        let Some(child) = child else {
            let state = resolve::resolve_active(path, self.state, self.machine, self.diagnostics)?;
            self.completes(state, span);
            return Some(Trigger::Done(state));
        };
        if self.machine.named.contains(&self.machine.children[child].name) {
            let name = &self.machine.children[child].name;
            self.diagnostics.push(
                Diagnostic::new(Code::Ambiguous, path.span, format!("`{name}` is a state and a child"))
                    .also(self.machine.children[child].span, "the child")
                    .help("give the child another name: `as other`"),
            );
            return None;
        }
        let machine = &self.machine.children[child].machine;
        let known = self.all.iter().find(|known| known.name == *machine);
        if known.is_some_and(|known| !known.completes) {
            self.diagnostics.push(
                Diagnostic::new(Code::NeverDone, span, format!("machine `{machine}` never completes"))
                    .help("add a `final` state to it, in every region where it has regions"),
            );
        }
        Some(Trigger::ChildDone(child))
    }

    /// `done` needs a final state: inside a compound state, in every region of a parallel one.
    fn completes(&mut self, state: StateId, span: Span) {
        if !can_complete(self.machine, state) {
            let name = self.machine.states[state].name.clone();
            self.report(
                Diagnostic::new(Code::NeverDone, span, format!("`{name}` never completes"))
                    .help("add a `final` state inside it, in every region where it is parallel"),
            );
        }
    }
}
