//! Complete deterministic automata.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::FormalError;
use crate::model::names;

/// A state of an automaton.
pub type StateIndex = u32;

/// Names of the symbols, in order; a symbol is its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alphabet(Arc<[String]>);

impl Alphabet {
    /// The distinct names in the order given.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut seen = BTreeSet::new();
        let names = names.into_iter().map(Into::into).filter(|name: &String| seen.insert(name.clone()));
        Self(names.collect())
    }

    /// How many symbols it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// A symbol as a word holds it: in quotes where it is neither an identifier nor the completion of a child.
    #[must_use]
    pub fn spelt(&self, symbol: usize) -> String {
        let name = self.0.get(symbol).map_or("", String::as_str);
        let child = name.strip_prefix("done(").and_then(|rest| rest.strip_suffix(')'));
        if child.is_some_and(names::is_bare) { name.to_owned() } else { names::symbol(name) }
    }

    /// The position of a name.
    ///
    /// # Errors
    /// [`FormalError::Symbol`] where the alphabet does not have it.
    pub fn symbol(&self, name: &str) -> Result<usize, FormalError> {
        self.0.iter().position(|known| known == name).ok_or_else(|| FormalError::Symbol(name.to_owned()))
    }

    /// The symbols of both, the first's first.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        Self::new(self.0.iter().chain(other.0.iter()).cloned())
    }
}

/// How the product of two automata accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Words of both.
    Intersection,
    /// Words of either.
    Union,
    /// Words of the first alone.
    Difference,
    /// Words of exactly one.
    SymmetricDifference,
}

impl Operation {
    fn accepts(self, left: bool, right: bool) -> bool {
        match self {
            Self::Intersection => left && right,
            Self::Union => left || right,
            Self::Difference => left && !right,
            Self::SymmetricDifference => left != right,
        }
    }
}

/// A complete deterministic automaton ⟨Σ, Q, q₀, δ, F⟩; state 0 is the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dfa {
    pub(super) alphabet: Alphabet,
    pub(super) accepting: Vec<bool>,
    /// δ, one row of `alphabet.len()` cells a state.
    pub(super) next: Vec<StateIndex>,
}

impl Dfa {
    /// From rows of δ, one cell a symbol; state 0 is the start. A cell or row that is missing goes to a sink.
    #[must_use]
    pub fn new(alphabet: Alphabet, rows: &[Vec<Option<StateIndex>>], accepting: &[bool]) -> Self {
        let sink = rows.len() as StateIndex;
        let cell = |row: &Vec<Option<StateIndex>>, symbol: usize| {
            row.get(symbol).copied().flatten().filter(|&to| to < sink).unwrap_or(sink)
        };
        let mut next: Vec<StateIndex> = Vec::with_capacity((rows.len() + 1) * alphabet.len());
        for row in rows {
            next.extend((0..alphabet.len()).map(|symbol| cell(row, symbol)));
        }
        next.extend((0..alphabet.len()).map(|_| sink));
        let mut accepts: Vec<bool> = accepting.iter().copied().take(rows.len()).collect();
        accepts.resize(rows.len() + 1, false);
        Self { alphabet, accepting: accepts, next }.reachable()
    }

    /// Its symbols.
    #[must_use]
    pub fn alphabet(&self) -> &Alphabet {
        &self.alphabet
    }

    /// How many states it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.accepting.len()
    }

    /// Never true: there is a start state.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accepting.is_empty()
    }

    /// Whether the state is in F.
    #[must_use]
    pub fn is_accepting(&self, state: StateIndex) -> bool {
        self.accepting.get(state as usize).copied().unwrap_or(false)
    }

    /// δ(q, σ); a symbol outside Σ stays.
    #[must_use]
    pub fn step(&self, state: StateIndex, symbol: usize) -> StateIndex {
        if symbol >= self.alphabet.len() {
            return state;
        }
        self.next.get(state as usize * self.alphabet.len() + symbol).copied().unwrap_or(state)
    }

    /// δ̄(q₀, w), symbol by symbol.
    pub fn run(&self, word: impl IntoIterator<Item = usize>) -> StateIndex {
        word.into_iter().fold(0, |state, symbol| self.step(state, symbol))
    }

    /// Whether the word is in the language.
    pub fn accepts(&self, word: impl IntoIterator<Item = usize>) -> bool {
        self.is_accepting(self.run(word))
    }

    /// The words that this one does not accept.
    #[must_use]
    pub fn complement(&self) -> Self {
        let accepting = self.accepting.iter().map(|accepts| !accepts).collect();
        Self { accepting, ..self.clone() }
    }

    /// The same language over more symbols: a word with one of the new symbols is rejected.
    #[must_use]
    pub fn over(&self, alphabet: &Alphabet) -> Self {
        if *alphabet == self.alphabet {
            return self.clone();
        }
        let old: Vec<Option<usize>> =
            alphabet.names().iter().map(|name| self.alphabet.symbol(name).ok()).collect();
        let rows: Vec<Vec<Option<StateIndex>>> = (0..self.len() as StateIndex)
            .map(|state| old.iter().map(|symbol| symbol.map(|symbol| self.step(state, symbol))).collect())
            .collect();
        Self::new(alphabet.clone(), &rows, &self.accepting)
    }

    /// The product: pairs of states that one word leads to.
    ///
    /// # Errors
    /// [`FormalError::Alphabets`] where the two read different symbols; [`FormalError::TooLarge`].
    pub fn product(&self, other: &Self, operation: Operation, limit: usize) -> Result<Self, FormalError> {
        same_alphabet(self, other)?;
        let mut found: BTreeMap<(StateIndex, StateIndex), StateIndex> = BTreeMap::from([((0, 0), 0)]);
        let mut queue = vec![(0, 0)];
        let (mut next, mut accepting) = (Vec::new(), Vec::new());
        let mut at = 0;
        while let Some(&(left, right)) = queue.get(at) {
            at += 1;
            accepting.push(operation.accepts(self.is_accepting(left), other.is_accepting(right)));
            for symbol in 0..self.alphabet.len() {
                let pair = (self.step(left, symbol), other.step(right, symbol));
                let fresh = queue.len() as StateIndex;
                let index = *found.entry(pair).or_insert(fresh);
                if index == fresh {
                    if queue.len() >= limit {
                        return Err(FormalError::TooLarge { what: "the product", limit });
                    }
                    queue.push(pair);
                }
                next.push(index);
            }
        }
        Ok(Self { alphabet: self.alphabet.clone(), accepting, next })
    }

    /// Without the states that no word leads to, numbered breadth first.
    #[must_use]
    pub(super) fn reachable(&self) -> Self {
        let symbols = self.alphabet.len();
        let mut number = vec![StateIndex::MAX; self.len()];
        let mut order: Vec<StateIndex> = vec![0];
        if let Some(first) = number.first_mut() {
            *first = 0;
        }
        let mut at = 0;
        while let Some(&state) = order.get(at) {
            at += 1;
            for symbol in 0..symbols {
                let to = self.step(state, symbol);
                if let Some(place) = number.get_mut(to as usize).filter(|place| **place == StateIndex::MAX) {
                    *place = order.len() as StateIndex;
                    order.push(to);
                }
            }
        }
        let renumbered = |to: StateIndex| number.get(to as usize).copied().unwrap_or(0);
        let next = order
            .iter()
            .flat_map(|&state| (0..symbols).map(move |symbol| (state, symbol)))
            .map(|(state, symbol)| renumbered(self.step(state, symbol)))
            .collect();
        let accepting = order.iter().map(|&state| self.is_accepting(state)).collect();
        Self { alphabet: self.alphabet.clone(), accepting, next }
    }
}

/// An error that names the symbols that only one of the two reads.
pub(super) fn same_alphabet(left: &Dfa, right: &Dfa) -> Result<(), FormalError> {
    if left.alphabet == right.alphabet {
        return Ok(());
    }
    let only = |one: &Alphabet, other: &Alphabet| {
        one.names().iter().filter(|name| other.symbol(name).is_err()).cloned().collect()
    };
    Err(FormalError::Alphabets {
        only_left: only(&left.alphabet, &right.alphabet),
        only_right: only(&right.alphabet, &left.alphabet),
    })
}
