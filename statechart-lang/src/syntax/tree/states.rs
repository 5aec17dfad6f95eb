//! States, histories and transitions.

use std::rc::Rc;

use pest::iterators::Pair;

use super::{Builder, below, first};
use crate::{
    Span,
    syntax::{
        ast::{
            Alternative, AlternativeKind, History, Name, Path, Place, State, StateKeyword, Target,
            Transition, Trigger,
        },
        grammar::Rule,
        text::{squeeze, trimmed, unquoted},
    },
};

impl Builder<'_> {
    pub(super) fn state(&mut self, keyword: StateKeyword, pair: Pair<'_, Rule>) -> State {
        let mut state = State {
            keyword,
            accept: false,
            name: Name { text: String::new(), span: self.span(&pair) },
            params: Rc::default(),
            label: None,
            tags: Vec::new(),
            members: Vec::new(),
        };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_accept => state.accept = true,
                Rule::ident => state.name = self.name(&part),
                Rule::data_params => state.params = self.data_params(part),
                Rule::string => state.label = Some(self.string(&part)),
                Rule::tag => state.tags.push(self.tag(part)),
                Rule::body => state.members = self.body(part),
                _ => {}
            }
        }
        state
    }

    pub(super) fn history(&mut self, pair: Pair<'_, Rule>) -> Option<History> {
        let (places, actions) = (self.places(pair.clone()), self.actions(pair.clone()));
        let (mut deep, mut name, mut label, mut tags) = (false, None, None, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_deep => deep = true,
                Rule::ident => name = Some(self.name(&part)),
                Rule::string => label = Some(self.string(&part)),
                Rule::tag => tags.push(self.tag(part)),
                _ => {}
            }
        }
        Some(History { deep, name: name?, label, tags, places, actions })
    }

    pub(super) fn transition(&mut self, pair: Pair<'_, Rule>) -> Option<Transition> {
        let whole = self.span(&pair);
        let rule = pair.as_rule();
        let mut transition = Transition {
            internal: false,
            trigger: Trigger::Always,
            pattern: "always".to_owned(),
            guard: None,
            target: None,
            tags: Vec::new(),
            actions: Vec::new(),
            head: whole,
        };
        let mut head = whole;
        for part in pair.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::kw_internal => transition.internal = true,
                Rule::pattern => {
                    transition.pattern = squeeze(part.as_str());
                    transition.trigger = Trigger::On(self.pattern(part));
                    head.end = span.end;
                }
                Rule::span_expr => {
                    transition.pattern = format!("after {}", squeeze(part.as_str()));
                    transition.trigger = Trigger::After(self.span_expr(part)?);
                    head.end = span.end;
                }
                Rule::kw_always => head.end = span.end,
                Rule::reaction => self.reaction(part, &mut transition, &mut head),
                _ => {}
            }
        }
        debug_assert!(matches!(rule, Rule::on | Rule::always | Rule::after));
        transition.head = trimmed(self.text, head);
        Some(transition)
    }

    pub(super) fn reaction(&mut self, pair: Pair<'_, Rule>, transition: &mut Transition, head: &mut Span) {
        for part in pair.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::guard => {
                    head.end = span.end;
                    transition.guard = part.into_inner().next().map(|expr| self.expr(expr));
                }
                Rule::target => {
                    transition.target = Some(if first(part.clone(), Rule::kw_self).is_some() {
                        let args = first(part, Rule::args).map(|args| self.args(args)).unwrap_or_default();
                        Target::Itself { span: trimmed(self.text, span), args }
                    } else {
                        Target::States(self.places(part))
                    });
                }
                Rule::tag => {
                    let tag = self.tag(part);
                    transition.tags.push(tag);
                }
                Rule::actions => transition.actions = self.action_list(part),
                _ => {}
            }
        }
    }

    pub(super) fn pattern(&mut self, pair: Pair<'_, Rule>) -> Vec<Alternative> {
        let mut alternatives = Vec::new();
        for alternative in below(pair, Rule::alternative) {
            let span = self.span(&alternative);
            let Some(inner) = alternative.into_inner().next() else { continue };
            let kind = match inner.as_rule() {
                Rule::any => AlternativeKind::Any,
                Rule::prefix => AlternativeKind::Prefix(inner.as_str().trim_end_matches('*').to_owned()),
                Rule::kw_fault => AlternativeKind::Fault,
                Rule::done => AlternativeKind::Done(first(inner, Rule::path).map(|path| self.path(path))),
                _ => AlternativeKind::Symbol(unquoted(inner.as_str())),
            };
            alternatives.push(Alternative { kind, span: trimmed(self.text, span) });
        }
        alternatives
    }

    /// The places directly below a pair.
    pub(super) fn places(&mut self, pair: Pair<'_, Rule>) -> Vec<Place> {
        let mut places = Vec::new();
        for place in below(pair, Rule::place) {
            let mut parts = place.into_inner();
            let Some(path) = parts.next() else { continue };
            let args = parts.next().map(|args| self.args(args)).unwrap_or_default();
            places.push(Place { path: self.path(path), args });
        }
        places
    }

    pub(in crate::syntax) fn paths(&mut self, pair: Pair<'_, Rule>) -> Vec<Path> {
        let mut paths = Vec::new();
        for path in below(pair, Rule::path) {
            paths.push(self.path(path));
        }
        paths
    }

    pub(in crate::syntax) fn path(&mut self, pair: Pair<'_, Rule>) -> Path {
        let span = self.span(&pair);
        Path { names: self.all_names(pair), span }
    }
}
