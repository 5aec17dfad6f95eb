//! The words of a language: the shortest, all in order, how many.

use super::{Dfa, FormalError, StateIndex};

/// Most steps that counting words takes: symbols, times states, times the length.
pub const COUNT_WORK: u64 = 200_000_000;
/// Most cells of the table that words in order are found by: one a state and length.
pub const LOOK_AHEAD: usize = 64_000_000;

impl Dfa {
    /// For each state, how many symbols at least lead to an accepting one.
    pub(super) fn distances(&self) -> Vec<Option<u32>> {
        let symbols = self.alphabet.len();
        let mut before: Vec<Vec<StateIndex>> = vec![Vec::new(); self.len()];
        for state in 0..self.len() as StateIndex {
            for symbol in 0..symbols {
                if let Some(list) = before.get_mut(self.step(state, symbol) as usize) {
                    list.push(state);
                }
            }
        }
        let mut distance: Vec<Option<u32>> =
            self.accepting.iter().map(|accepts| accepts.then_some(0)).collect();
        let mut queue: Vec<StateIndex> =
            (0..self.len() as StateIndex).filter(|state| self.is_accepting(*state)).collect();
        let mut at = 0;
        while let Some(&state) = queue.get(at) {
            at += 1;
            let Some(steps) = distance.get(state as usize).copied().flatten() else { continue };
            for &from in before.get(state as usize).into_iter().flatten() {
                if let Some(place) = distance.get_mut(from as usize).filter(|place| place.is_none()) {
                    *place = Some(steps + 1);
                    queue.push(from);
                }
            }
        }
        distance
    }

    /// Whether no word is accepted.
    #[must_use]
    pub fn is_void(&self) -> bool {
        self.distances().first().copied().flatten().is_none()
    }

    /// Whether only finitely many words are accepted: no cycle lies on the way to an accepting state.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        let alive: Vec<bool> = self.distances().iter().map(Option::is_some).collect();
        let lives = |state: StateIndex| alive.get(state as usize).copied().unwrap_or(false);
        // Kahn: what is left when states without a living predecessor are taken away is a cycle.
        let mut incoming = vec![0usize; self.len()];
        let edges = |state: StateIndex| {
            (0..self.alphabet.len()).map(move |symbol| self.step(state, symbol)).filter(|to| lives(*to))
        };
        let states = || (0..self.len() as StateIndex).filter(|state| lives(*state));
        for to in states().flat_map(edges) {
            incoming[to as usize] += 1;
        }
        let mut free: Vec<StateIndex> = states().filter(|state| incoming[*state as usize] == 0).collect();
        let mut taken = 0;
        while let Some(state) = free.pop() {
            taken += 1;
            for to in edges(state) {
                incoming[to as usize] -= 1;
                if incoming[to as usize] == 0 {
                    free.push(to);
                }
            }
        }
        taken == states().count()
    }

    /// The accepted words, shorter ones first, those of one length in the order of the alphabet. It ends where the
    /// language does.
    #[must_use]
    pub fn words(&self) -> Words<'_> {
        Words {
            dfa: self,
            longest: self.is_finite().then(|| self.len() as u32),
            ends: vec![self.accepting.clone()],
            length: (!self.is_void()).then_some(0),
            path: Vec::new(),
            fresh: true,
            stopped: None,
        }
    }

    /// How many words of exactly this many symbols are accepted.
    ///
    /// # Errors
    /// [`FormalError::Stopped`] where there are 2¹²⁸ or more, or where counting takes more than [`COUNT_WORK`] steps.
    pub fn count(&self, length: u32) -> Result<u128, FormalError> {
        let work = (self.next.len() as u64).checked_mul(u64::from(length));
        if work.is_none_or(|work| work > COUNT_WORK) {
            return Err(FormalError::Stopped {
                what: "counting the words",
                limit: format!("{COUNT_WORK} steps (symbols, times states, times the length)"),
                help: "ask for shorter words, or take a smaller machine",
            });
        }
        let many = || FormalError::Stopped {
            what: "the number of words",
            limit: "128 bits".to_owned(),
            help: "ask for shorter words",
        };
        let mut ways = vec![0u128; self.len()];
        if let Some(first) = ways.first_mut() {
            *first = 1;
        }
        // What leads nowhere is not counted, so that its number cannot overflow.
        let lives: Vec<bool> = self.distances().iter().map(Option::is_some).collect();
        for _ in 0..length {
            let mut after = vec![0u128; self.len()];
            for (state, &count) in ways.iter().enumerate().filter(|(_, count)| **count > 0) {
                for symbol in 0..self.alphabet.len() {
                    let to = self.step(state as StateIndex, symbol) as usize;
                    let Some(place) = after.get_mut(to).filter(|_| lives.get(to) == Some(&true)) else {
                        continue;
                    };
                    *place = place.checked_add(count).ok_or_else(many)?;
                }
            }
            ways = after;
        }
        let accepting = ways.iter().enumerate().filter(|(state, _)| self.is_accepting(*state as StateIndex));
        accepting.map(|(_, count)| *count).try_fold(0u128, u128::checked_add).ok_or_else(many)
    }
}

/// Accepted words in order: [`Dfa::words`].
#[derive(Debug, Clone)]
pub struct Words<'a> {
    dfa: &'a Dfa,
    /// For each number of symbols, from which states a word of exactly that many is accepted: a branch that cannot
    /// end in time is never entered.
    ends: Vec<Vec<bool>>,
    /// The length being gone through; `None` when there is no more.
    length: Option<u32>,
    /// No word is longer than this, where the language is finite.
    longest: Option<u32>,
    /// Symbols chosen so far, each with the state before it.
    path: Vec<(StateIndex, usize)>,
    /// Nothing of this length has been tried yet.
    fresh: bool,
    /// Why there may be more words than were given.
    stopped: Option<FormalError>,
}

impl Words<'_> {
    /// Why the words ended before the language did, where they did: longer ones would take more than [`LOOK_AHEAD`].
    #[must_use]
    pub fn stopped(&self) -> Option<&FormalError> {
        self.stopped.as_ref()
    }

    /// Whether a word of exactly `left` more symbols is accepted from the state.
    fn can_end(&self, state: StateIndex, left: usize) -> bool {
        self.ends.get(left).and_then(|ends| ends.get(state as usize)).copied().unwrap_or(false)
    }

    /// Learns where words of one more symbol can begin.
    fn look_ahead(&mut self) {
        let Some(last) = self.ends.last() else { return };
        let ends = |state: StateIndex| last.get(state as usize).copied().unwrap_or(false);
        let symbols = self.dfa.alphabet.len();
        let row = (0..self.dfa.len() as StateIndex)
            .map(|state| (0..symbols).any(|symbol| ends(self.dfa.step(state, symbol))))
            .collect();
        self.ends.push(row);
    }

    /// The next word of the current length, depth first in the order of the alphabet.
    fn next_of_length(&mut self, length: u32) -> bool {
        let symbols = self.dfa.alphabet.len();
        let mut symbol = 0;
        let mut state;
        if self.fresh {
            self.fresh = false;
            if !self.can_end(0, length as usize) {
                return false;
            }
            state = 0;
        } else {
            let Some((before, last)) = self.path.pop() else { return false };
            (state, symbol) = (before, last + 1);
        }
        loop {
            if self.path.len() as u32 == length {
                if self.dfa.is_accepting(state) {
                    return true;
                }
                let Some((before, last)) = self.path.pop() else { return false };
                (state, symbol) = (before, last + 1);
                continue;
            }
            let left = (length as usize).saturating_sub(self.path.len() + 1);
            match (symbol..symbols).find(|symbol| self.can_end(self.dfa.step(state, *symbol), left)) {
                Some(found) => {
                    self.path.push((state, found));
                    state = self.dfa.step(state, found);
                    symbol = 0;
                }
                None => {
                    let Some((before, last)) = self.path.pop() else { return false };
                    (state, symbol) = (before, last + 1);
                }
            }
        }
    }
}

impl Iterator for Words<'_> {
    type Item = Vec<usize>;

    fn next(&mut self) -> Option<Vec<usize>> {
        loop {
            let length = self.length?;
            if self.longest.is_some_and(|longest| length > longest) {
                self.length = None;
                return None;
            }
            if self.next_of_length(length) {
                return Some(self.path.iter().map(|(_, symbol)| *symbol).collect());
            }
            self.length = length.checked_add(1);
            if self.ends.len().saturating_add(1).saturating_mul(self.dfa.len()) > LOOK_AHEAD
                && self.longest.is_none_or(|longest| length < longest)
            {
                self.stopped = Some(FormalError::Stopped {
                    what: "finding longer words",
                    limit: format!("{LOOK_AHEAD} cells of memory (states, times the length)"),
                    help: "ask for shorter words, or take a smaller machine",
                });
                self.length = None;
                return None;
            }
            self.look_ahead();
            self.path.clear();
            self.fresh = true;
        }
    }
}
