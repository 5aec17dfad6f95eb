//! Regular expressions: from an automaton by taking its states away one by one, and back to an automaton.

use std::{collections::BTreeMap, fmt::Write as _, rc::Rc};

use super::{Alphabet, Dfa, FormalError, Nfa, StateIndex};

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
    fn then(self: &Rc<Self>, next: &Rc<Self>) -> Rc<Self> {
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
    fn or(self: &Rc<Self>, other: &Rc<Self>) -> Rc<Self> {
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
    fn star(self: &Rc<Self>) -> Rc<Self> {
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

    /// How many symbols and operators it has.
    fn size(&self) -> usize {
        match self {
            Self::Void | Self::Empty | Self::Symbol(_) => 1,
            Self::Sequence(parts) | Self::Either(parts) => {
                1 + parts.iter().map(|part| part.size()).fold(0, usize::saturating_add)
            }
            Self::Star(inner) => 1 + inner.size(),
        }
    }

    /// With the names of symbols, a blank between them: `COIN (PUSH COIN)*`; `ε` is the empty word, `∅` no word.
    #[must_use]
    pub fn text(&self, alphabet: &Alphabet) -> String {
        let mut out = String::new();
        self.write(&mut out, " ", &|symbol| alphabet.names().get(symbol).cloned().unwrap_or_default());
        out
    }

    /// As other regular expression engines read it, a character for each symbol.
    #[must_use]
    pub fn pattern(&self, characters: &[char]) -> String {
        let mut out = String::new();
        self.write(&mut out, "", &|symbol| characters.get(symbol).map_or_else(String::new, char::to_string));
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

impl Dfa {
    /// A regular expression of the language: the states are taken away one by one, those with the fewest and
    /// shortest ways through them first.
    ///
    /// # Errors
    /// [`FormalError::TooLarge`] where it has more symbols and operators than `limit`: it may have 4ⁿ.
    pub fn regex(&self, limit: usize) -> Result<Rc<Regex>, FormalError> {
        let dfa = self.minimize();
        let count = dfa.len() as StateIndex;
        let (start, end) = (count, count + 1);
        let mut edges: BTreeMap<(StateIndex, StateIndex), Rc<Regex>> = BTreeMap::new();
        let mut add = |from, to, regex: Rc<Regex>| {
            let sum = edges.get(&(from, to)).map_or_else(|| regex.clone(), |old| old.or(&regex));
            edges.insert((from, to), sum);
        };
        add(start, 0, Rc::new(Regex::Empty));
        for state in 0..count {
            for symbol in 0..dfa.alphabet.len() {
                add(state, dfa.step(state, symbol), Rc::new(Regex::Symbol(symbol)));
            }
            if dfa.is_accepting(state) {
                add(state, end, Rc::new(Regex::Empty));
            }
        }
        let mut left: Vec<StateIndex> = (0..count).collect();
        while let Some(at) = (0..left.len()).min_by_key(|at| weight(&edges, left[*at])) {
            let state = left.swap_remove(at);
            let own = edges.remove(&(state, state)).map_or_else(|| Rc::new(Regex::Empty), |own| own.star());
            let ways = |edges: &BTreeMap<(StateIndex, StateIndex), Rc<Regex>>, into: bool| {
                edges
                    .iter()
                    .filter(|((from, to), _)| if into { *to == state } else { *from == state })
                    .map(|((from, to), regex)| (if into { *from } else { *to }, regex.clone()))
                    .collect::<Vec<_>>()
            };
            let (before, after) = (ways(&edges, true), ways(&edges, false));
            edges.retain(|(from, to), _| *from != state && *to != state);
            for (from, head) in &before {
                for (to, tail) in &after {
                    let way = head.then(&own).then(tail);
                    let sum = edges.get(&(*from, *to)).map_or_else(|| way.clone(), |old| old.or(&way));
                    edges.insert((*from, *to), sum);
                }
            }
            if edges.values().map(|regex| regex.size()).fold(0, usize::saturating_add) > limit {
                return Err(FormalError::TooLarge { what: "the regular expression", limit });
            }
        }
        Ok(edges.remove(&(start, end)).unwrap_or_else(|| Rc::new(Regex::Void)))
    }
}

/// How much taking a state away adds: the ways through it, by their length.
fn weight(edges: &BTreeMap<(StateIndex, StateIndex), Rc<Regex>>, state: StateIndex) -> (usize, StateIndex) {
    let (mut before, mut after, mut own) = ((0usize, 0usize), (0usize, 0usize), 0usize);
    for ((from, to), regex) in edges {
        let size = regex.size();
        match (*from == state, *to == state) {
            (true, true) => own += size,
            (true, false) => after = (after.0 + 1, after.1 + size),
            (false, true) => before = (before.0 + 1, before.1 + size),
            (false, false) => {}
        }
    }
    (before.1 * after.0 + after.1 * before.0 + own * before.0 * after.0, state)
}
