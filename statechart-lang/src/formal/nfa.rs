//! Nondeterministic automata with ε-edges, and the subset construction.

use std::collections::{BTreeMap, BTreeSet};

use super::{Alphabet, Dfa, FormalError, StateIndex};

/// A nondeterministic automaton ⟨Σ, Q, I, Δ, F⟩ with ε-edges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nfa {
    alphabet: Alphabet,
    initial: BTreeSet<StateIndex>,
    accepting: Vec<bool>,
    /// Edges of each state: symbol and target, ascending.
    edges: Vec<BTreeSet<(usize, StateIndex)>>,
    epsilon: Vec<BTreeSet<StateIndex>>,
}

impl Nfa {
    /// Without states.
    #[must_use]
    pub fn new(alphabet: Alphabet) -> Self {
        Self {
            alphabet,
            initial: BTreeSet::new(),
            accepting: Vec::new(),
            edges: Vec::new(),
            epsilon: Vec::new(),
        }
    }

    /// Adds a state and returns its number.
    pub fn state(&mut self, accepting: bool) -> StateIndex {
        self.accepting.push(accepting);
        self.edges.push(BTreeSet::new());
        self.epsilon.push(BTreeSet::new());
        (self.accepting.len() - 1) as StateIndex
    }

    /// Makes a state initial.
    pub fn start(&mut self, state: StateIndex) {
        self.initial.insert(state);
    }

    /// Adds an edge; a state that was not added is left out.
    pub fn edge(&mut self, from: StateIndex, symbol: usize, to: StateIndex) {
        if symbol < self.alphabet.len()
            && (to as usize) < self.accepting.len()
            && let Some(edges) = self.edges.get_mut(from as usize)
        {
            edges.insert((symbol, to));
        }
    }

    /// Adds an edge that reads nothing.
    pub fn epsilon(&mut self, from: StateIndex, to: StateIndex) {
        if (to as usize) < self.accepting.len()
            && let Some(edges) = self.epsilon.get_mut(from as usize)
        {
            edges.insert(to);
        }
    }

    /// How many states it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.accepting.len()
    }

    /// Whether it has no states, and so accepts nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accepting.is_empty()
    }

    /// Its symbols.
    #[must_use]
    pub fn alphabet(&self) -> &Alphabet {
        &self.alphabet
    }

    /// Everything that ε-edges lead to.
    fn closure(&self, states: impl IntoIterator<Item = StateIndex>) -> Vec<StateIndex> {
        let mut set: BTreeSet<StateIndex> = BTreeSet::new();
        let mut open: Vec<StateIndex> = states.into_iter().collect();
        while let Some(state) = open.pop() {
            if set.insert(state) {
                open.extend(self.epsilon.get(state as usize).into_iter().flatten());
            }
        }
        set.into_iter().collect()
    }

    /// The subset construction: a state for each set of states that some word leads to.
    ///
    /// # Errors
    /// [`FormalError::TooLarge`]: there may be 2ⁿ sets.
    pub fn determinize(&self, limit: usize) -> Result<Dfa, FormalError> {
        let start = self.closure(self.initial.iter().copied());
        let mut found: BTreeMap<Vec<StateIndex>, StateIndex> = BTreeMap::from([(start.clone(), 0)]);
        let mut queue = vec![start];
        let (mut next, mut accepting) = (Vec::new(), Vec::new());
        let mut at = 0;
        while let Some(set) = queue.get(at).cloned() {
            at += 1;
            let accepts = |state: &StateIndex| self.accepting.get(*state as usize).copied().unwrap_or(false);
            accepting.push(set.iter().any(accepts));
            let mut targets: Vec<BTreeSet<StateIndex>> = vec![BTreeSet::new(); self.alphabet.len()];
            for &(symbol, to) in set.iter().filter_map(|state| self.edges.get(*state as usize)).flatten() {
                if let Some(set) = targets.get_mut(symbol) {
                    set.insert(to);
                }
            }
            for target in targets {
                let target = self.closure(target);
                let fresh = queue.len() as StateIndex;
                let index = *found.entry(target.clone()).or_insert(fresh);
                if index == fresh {
                    if queue.len() >= limit {
                        return Err(FormalError::TooLarge { what: "the deterministic automaton", limit });
                    }
                    queue.push(target);
                }
                next.push(index);
            }
        }
        Ok(Dfa { alphabet: self.alphabet.clone(), accepting, next })
    }
}

impl From<&Dfa> for Nfa {
    fn from(dfa: &Dfa) -> Self {
        let mut nfa = Self::new(dfa.alphabet.clone());
        for state in 0..dfa.len() as StateIndex {
            nfa.state(dfa.is_accepting(state));
        }
        nfa.start(0);
        for state in 0..dfa.len() as StateIndex {
            for symbol in 0..dfa.alphabet.len() {
                nfa.edge(state, symbol, dfa.step(state, symbol));
            }
        }
        nfa
    }
}
