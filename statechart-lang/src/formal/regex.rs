//! Regular expressions: made, written, and turned into an automaton again.

use std::{fmt::Write as _, rc::Rc};

use super::{Alphabet, Nfa, StateIndex};
use crate::model::names;

/// A regular expression over the symbols of an alphabet. Parts are shared: taking states away uses them often.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Regex {
    /// No word.
    Void,
    /// The empty word, ε.
    Empty,
    /// One symbol, by position in the alphabet.
    Symbol(usize),
    /// One after the other.
    Sequence(Vec<Rc<Regex>>),
    /// Any of these, in ascending order.
    Either(Vec<Rc<Regex>>),
    /// Any number of times.
    Star(Rc<Regex>),
}

impl Regex {
    /// One after the other; ε and ∅ are worked in.
    pub(super) fn then(self: &Rc<Self>, next: &Rc<Self>) -> Rc<Self> {
        match (&**self, &**next) {
            (Self::Void, _) | (_, Self::Void) => Rc::new(Self::Void),
            (Self::Empty, _) => next.clone(),
            (_, Self::Empty) => self.clone(),
            _ => {
                let part = |regex: &Rc<Self>| match &**regex {
                    Self::Sequence(parts) => parts.clone(),
                    _ => vec![regex.clone()],
                };
                Rc::new(Self::Sequence([part(self), part(next)].concat()))
            }
        }
    }

    /// Either of them.
    pub(super) fn or(self: &Rc<Self>, other: &Rc<Self>) -> Rc<Self> {
        let part = |regex: &Rc<Self>| match &**regex {
            Self::Void => Vec::new(),
            Self::Either(parts) => parts.clone(),
            _ => vec![regex.clone()],
        };
        let mut parts = [part(self), part(other)].concat();
        parts.sort();
        parts.dedup();
        // ε is in every star.
        if parts.iter().any(|part| matches!(**part, Self::Star(_))) {
            parts.retain(|part| **part != Self::Empty);
        }
        match parts.len() {
            0 => Rc::new(Self::Void),
            1 => parts.swap_remove(0),
            _ => Rc::new(Self::Either(parts)),
        }
    }

    /// Any number of times.
    pub(super) fn star(self: &Rc<Self>) -> Rc<Self> {
        match &**self {
            Self::Void | Self::Empty => Rc::new(Self::Empty),
            Self::Star(_) => self.clone(),
            Self::Either(parts) if parts.iter().any(|part| **part == Self::Empty) => {
                let rest: Vec<_> = parts.iter().filter(|part| ***part != Self::Empty).cloned().collect();
                let rest = rest.iter().fold(Rc::new(Self::Void), |sum, part| sum.or(part));
                Rc::new(Self::Star(rest))
            }
            _ => Rc::new(Self::Star(self.clone())),
        }
    }

    /// How many symbols and operators it has, and how deep they are nested.
    pub(super) fn measure(&self) -> (usize, usize) {
        match self {
            Self::Void | Self::Empty | Self::Symbol(_) => (1, 1),
            Self::Sequence(parts) | Self::Either(parts) => parts
                .iter()
                .map(|part| part.measure())
                .fold((1, 1), |(size, depth), (more, deep)| (size.saturating_add(more), depth.max(1 + deep))),
            Self::Star(inner) => {
                let (size, depth) = inner.measure();
                (size.saturating_add(1), depth + 1)
            }
        }
    }

    /// With the names of symbols, a blank between them: `COIN (PUSH COIN)*`; `ε` is the empty word, `∅` no word. Names
    /// that are no identifiers stand in single quotes.
    #[must_use]
    pub fn text(&self, alphabet: &Alphabet) -> String {
        let mut out = String::new();
        self.write(&mut out, " ", &|symbol| {
            names::symbol(alphabet.names().get(symbol).map_or("", String::as_str))
        });
        out
    }

    /// As other regular expression engines read it, a character for each symbol.
    #[must_use]
    pub fn pattern(&self, characters: &[char]) -> String {
        let mut out = String::new();
        self.write(&mut out, "", &|symbol| characters.get(symbol).map_or_else(String::new, char::to_string));
        // ε never stands alone beside a symbol: it is written as `?`.
        out.replace('ε', "(?:)").replace('∅', "[^\\s\\S]")
    }

    fn write(&self, out: &mut String, between: &str, name: &impl Fn(usize) -> String) {
        match self {
            Self::Void => out.push('∅'),
            Self::Empty => out.push('ε'),
            Self::Symbol(symbol) => out.push_str(&name(*symbol)),
            Self::Sequence(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    if at > 0 {
                        out.push_str(between);
                    }
                    let open = matches!(**part, Self::Either(_));
                    part.grouped(out, between, name, open && !part.is_option());
                }
            }
            Self::Either(parts) => {
                // `ε | x` is `x?`.
                let rest: Vec<&Rc<Self>> = parts.iter().filter(|part| ***part != Self::Empty).collect();
                let optional = rest.len() < parts.len();
                let mut inner = String::new();
                for (at, part) in rest.iter().enumerate() {
                    if at > 0 {
                        inner.push('|');
                    }
                    part.write(&mut inner, between, name);
                }
                let single = rest.len() == 1 && rest.iter().all(|part| part.is_atom());
                match (optional, single) {
                    (false, _) => out.push_str(&inner),
                    (true, true) => {
                        let _ = write!(out, "{inner}?");
                    }
                    (true, false) => {
                        let _ = write!(out, "({inner})?");
                    }
                }
            }
            Self::Star(inner) => {
                inner.grouped(out, between, name, !inner.is_atom());
                out.push('*');
            }
        }
    }

    fn grouped(&self, out: &mut String, between: &str, name: &impl Fn(usize) -> String, group: bool) {
        if group {
            out.push('(');
        }
        self.write(out, between, name);
        if group {
            out.push(')');
        }
    }

    fn is_atom(&self) -> bool {
        matches!(self, Self::Void | Self::Empty | Self::Symbol(_))
    }

    fn is_option(&self) -> bool {
        matches!(self, Self::Either(parts) if parts.iter().any(|part| **part == Self::Empty))
    }

    /// Thompson's construction.
    #[must_use]
    pub fn nfa(&self, alphabet: &Alphabet) -> Nfa {
        let mut nfa = Nfa::new(alphabet.clone());
        let (start, end) = (nfa.state(false), nfa.state(true));
        nfa.start(start);
        self.build(&mut nfa, start, end);
        nfa
    }

    fn build(&self, nfa: &mut Nfa, from: StateIndex, to: StateIndex) {
        match self {
            Self::Void => {}
            Self::Empty => nfa.epsilon(from, to),
            Self::Symbol(symbol) => nfa.edge(from, *symbol, to),
            Self::Sequence(parts) => {
                let mut at = from;
                for (position, part) in parts.iter().enumerate() {
                    let next = if position + 1 == parts.len() { to } else { nfa.state(false) };
                    part.build(nfa, at, next);
                    at = next;
                }
            }
            Self::Either(parts) => parts.iter().for_each(|part| part.build(nfa, from, to)),
            Self::Star(inner) => {
                let hub = nfa.state(false);
                nfa.epsilon(from, hub);
                nfa.epsilon(hub, to);
                inner.build(nfa, hub, hub);
            }
        }
    }
}
