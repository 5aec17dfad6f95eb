//! From an automaton to a regular expression: its states are taken away one by one.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::{Dfa, FormalError, Regex, StateIndex};

/// Deepest nesting of an expression: what reads it goes down into it.
pub const REGEX_DEPTH: usize = 500;
/// Most symbols and operators that are written on the way to an expression, over all.
const WORK_LIMIT: usize = 20_000_000;

/// An edge's expression with its size and nesting.
#[derive(Clone)]
struct Part {
    regex: Rc<Regex>,
    size: usize,
    depth: usize,
}

impl From<Rc<Regex>> for Part {
    fn from(regex: Rc<Regex>) -> Self {
        let (size, depth) = regex.measure();
        Self { regex, size, depth }
    }
}

/// The edges between the states that are left.
struct Graph {
    edges: BTreeMap<(StateIndex, StateIndex), Part>,
    /// Where edges of each state come from and lead to, loops left out.
    before: Vec<BTreeSet<StateIndex>>,
    after: Vec<BTreeSet<StateIndex>>,
    /// What the edges have together.
    size: usize,
    /// What was written so far.
    work: usize,
    limit: usize,
}

impl Dfa {
    /// A regular expression of the language: the states are taken away one by one, those with the fewest and
    /// shortest ways through them first.
    ///
    /// # Errors
    /// [`FormalError::Stopped`] where it has more symbols and operators than `limit` (it may have 4ⁿ), is nested
    /// deeper than [`REGEX_DEPTH`], or takes too much work to find.
    pub fn regex(&self, limit: usize) -> Result<Rc<Regex>, FormalError> {
        let dfa = self.minimize();
        let count = dfa.len() as StateIndex;
        let (start, end) = (count, count + 1);
        let mut graph = Graph {
            edges: BTreeMap::new(),
            before: vec![BTreeSet::new(); dfa.len() + 2],
            after: vec![BTreeSet::new(); dfa.len() + 2],
            size: 0,
            work: 0,
            limit,
        };
        // What no accepting state can be reached from is no part of any word.
        let dead = dfa.dead();
        let lives = |state: StateIndex| !dead.get(state as usize).copied().unwrap_or(true);
        graph.add(start, 0, Rc::new(Regex::Empty))?;
        for state in (0..count).filter(|state| lives(*state)) {
            for symbol in 0..dfa.alphabet.len() {
                let to = dfa.step(state, symbol);
                if lives(to) {
                    graph.add(state, to, Rc::new(Regex::Symbol(symbol)))?;
                }
            }
            if dfa.is_accepting(state) {
                graph.add(state, end, Rc::new(Regex::Empty))?;
            }
        }
        let mut weights: Vec<usize> = (0..count).map(|state| graph.weight(state)).collect();
        let mut queue: BTreeSet<(usize, StateIndex)> = weights.iter().copied().zip(0..count).collect();
        while let Some((_, state)) = queue.pop_first() {
            let touched = graph.take_away(state)?;
            for other in touched.into_iter().filter(|other| *other < count) {
                let Some(weight) = weights.get_mut(other as usize) else { continue };
                if queue.remove(&(*weight, other)) {
                    *weight = graph.weight(other);
                    queue.insert((*weight, other));
                }
            }
        }
        Ok(graph.edges.remove(&(start, end)).map_or_else(|| Rc::new(Regex::Void), |part| part.regex))
    }
}

impl Graph {
    /// Adds a way between two states.
    fn add(&mut self, from: StateIndex, to: StateIndex, way: Rc<Regex>) -> Result<(), FormalError> {
        let old = self.edges.get(&(from, to));
        let old_size = old.map_or(0, |old| old.size);
        let part = Part::from(old.map_or_else(|| way.clone(), |old| old.regex.or(&way)));
        self.size = self.size.saturating_sub(old_size).saturating_add(part.size);
        self.work = self.work.saturating_add(part.size);
        let stopped = |limit: String| {
            Err(FormalError::Stopped {
                what: "the regular expression",
                limit,
                help: "raise the limit, or take a smaller machine",
            })
        };
        if part.depth > REGEX_DEPTH {
            return stopped(format!("{REGEX_DEPTH} levels of nesting"));
        }
        if self.size > self.limit {
            return stopped(format!("{} symbols and operators", self.limit));
        }
        if self.work > WORK_LIMIT {
            return stopped(format!("{WORK_LIMIT} symbols and operators on the way to it"));
        }
        self.edges.insert((from, to), part);
        if from != to {
            if let Some(after) = self.after.get_mut(from as usize) {
                after.insert(to);
            }
            if let Some(before) = self.before.get_mut(to as usize) {
                before.insert(from);
            }
        }
        Ok(())
    }

    /// Takes a state away: every way through it becomes an edge. Returns the states whose edges have changed.
    fn take_away(&mut self, state: StateIndex) -> Result<BTreeSet<StateIndex>, FormalError> {
        let take = |sets: &mut Vec<BTreeSet<StateIndex>>| {
            sets.get_mut(state as usize).map(std::mem::take).unwrap_or_default()
        };
        let (before, after) = (take(&mut self.before), take(&mut self.after));
        let own = self.remove(state, state).map_or_else(|| Rc::new(Regex::Empty), |own| own.regex.star());
        let heads: Vec<(StateIndex, Part)> =
            before.iter().filter_map(|&from| Some((from, self.remove(from, state)?))).collect();
        let tails: Vec<(StateIndex, Part)> =
            after.iter().filter_map(|&to| Some((to, self.remove(state, to)?))).collect();
        for (from, head) in &heads {
            let head = head.regex.then(&own);
            for (to, tail) in &tails {
                self.add(*from, *to, head.then(&tail.regex))?;
            }
        }
        Ok(before.into_iter().chain(after).collect())
    }

    fn remove(&mut self, from: StateIndex, to: StateIndex) -> Option<Part> {
        if from != to {
            if let Some(after) = self.after.get_mut(from as usize) {
                after.remove(&to);
            }
            if let Some(before) = self.before.get_mut(to as usize) {
                before.remove(&from);
            }
        }
        let part = self.edges.remove(&(from, to))?;
        self.size = self.size.saturating_sub(part.size);
        Some(part)
    }

    /// How much taking a state away adds: the ways through it, by their length.
    fn weight(&self, state: StateIndex) -> usize {
        let size = |from, to| self.edges.get(&(from, to)).map_or(0, |part| part.size);
        let of = |sets: &Vec<BTreeSet<StateIndex>>| sets.get(state as usize).cloned().unwrap_or_default();
        let (before, after) = (of(&self.before), of(&self.after));
        let heads: usize = before.iter().map(|&from| size(from, state)).sum();
        let tails: usize = after.iter().map(|&to| size(state, to)).sum();
        let ways = before.len().saturating_mul(after.len());
        heads
            .saturating_mul(after.len())
            .saturating_add(tails.saturating_mul(before.len()))
            .saturating_add(size(state, state).saturating_mul(ways))
    }
}
