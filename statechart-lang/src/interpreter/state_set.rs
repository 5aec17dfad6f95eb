//! [`StateSet`]: a set of states, a bit each.

use crate::model::StateId;

/// How many states a word holds.
const WIDTH: usize = u64::BITS as usize;

/// A set of states in document order. Descendants of a state are a range of it, which is cut out a word at a time.
#[derive(Debug, Clone, Default)]
pub(super) struct StateSet {
    words: Vec<u64>,
}

impl StateSet {
    /// Adds a state; whether it is new.
    pub(super) fn insert(&mut self, state: StateId) -> bool {
        let (word, bit) = place(state);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let Some(word) = self.words.get_mut(word) else { return false };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Takes a state out; whether it was in.
    pub(super) fn remove(&mut self, state: StateId) -> bool {
        let (word, bit) = place(state);
        let Some(word) = self.words.get_mut(word) else { return false };
        let was_in = *word & bit != 0;
        *word &= !bit;
        was_in
    }

    pub(super) fn contains(&self, state: StateId) -> bool {
        let (word, bit) = place(state);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// The first state that is not before the given one.
    pub(super) fn next_from(&self, state: StateId) -> Option<StateId> {
        let (first, bit) = place(state);
        // The bit and all above it.
        let mut mask = !(bit - 1);
        for (at, word) in self.words.iter().enumerate().skip(first) {
            let rest = word & mask;
            if rest != 0 {
                return Some(at * WIDTH + rest.trailing_zeros() as usize);
            }
            mask = u64::MAX;
        }
        None
    }

    /// In document order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = StateId> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| Bits(word).map(move |bit| at * WIDTH + bit))
    }

    /// The states from the first to the last given one, both included.
    pub(super) fn within(&self, first: StateId, last: StateId) -> Self {
        let mut out = Self::default();
        if first > last {
            return out;
        }
        let end = (last / WIDTH + 1).min(self.words.len());
        out.words.extend((0..end).filter_map(|at| Some(self.words.get(at)? & mask(at, first, last))));
        out
    }

    /// Whether any state from the first to the last given one is in.
    pub(super) fn any_within(&self, first: StateId, last: StateId) -> bool {
        self.next_from(first).is_some_and(|state| state <= last)
    }

    /// Whether the two have a state in common.
    pub(super) fn intersects(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(a, b)| a & b != 0)
    }

    /// Adds every state of the other set.
    pub(super) fn extend(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }
}

fn place(state: StateId) -> (usize, u64) {
    (state / WIDTH, 1 << (state % WIDTH))
}

/// The bits of a word that lie between two states.
fn mask(at: usize, first: StateId, last: StateId) -> u64 {
    let low = at * WIDTH;
    let from = first.saturating_sub(low).min(WIDTH);
    let to = (last + 1).saturating_sub(low).min(WIDTH);
    below(to) & !below(from)
}

/// The lowest bits of a word.
fn below(count: usize) -> u64 {
    if count >= WIDTH { u64::MAX } else { (1 << count) - 1 }
}

/// The positions of a word's bits.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let lowest = (self.0 != 0).then(|| self.0.trailing_zeros() as usize)?;
        self.0 &= self.0 - 1;
        Some(lowest)
    }
}

impl DoubleEndedIterator for Bits {
    fn next_back(&mut self) -> Option<usize> {
        let highest = (self.0 != 0).then(|| WIDTH - 1 - self.0.leading_zeros() as usize)?;
        self.0 &= !(1 << highest);
        Some(highest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(states: &[StateId]) -> StateSet {
        let mut set = StateSet::default();
        states.iter().for_each(|&state| assert!(set.insert(state)));
        set
    }

    #[test]
    fn states_come_in_document_order() {
        let states = [0, 1, 63, 64, 65, 127, 128, 300];
        let mut all = set(&states);
        assert_eq!(all.iter().collect::<Vec<_>>(), states);
        let mut backwards: Vec<StateId> = all.iter().rev().collect();
        backwards.reverse();
        assert_eq!(backwards, states);
        assert!(!all.insert(64) && all.remove(64) && !all.remove(64) && !all.remove(5_000));
        assert!(!all.contains(64) && all.contains(65) && !all.contains(5_000));
        assert_eq!(all.next_from(64), Some(65));
        assert_eq!(all.next_from(301), None);
    }

    #[test]
    fn ranges_are_cut_out() {
        let all = set(&[0, 1, 63, 64, 65, 127, 128, 300]);
        for (first, last) in [(0, 0), (1, 63), (1, 64), (2, 62), (64, 127), (65, 300), (0, 1_000), (5, 4)] {
            let wanted: Vec<StateId> = all.iter().filter(|state| (first..=last).contains(state)).collect();
            assert_eq!(all.within(first, last).iter().collect::<Vec<_>>(), wanted, "{first}..={last}");
            assert_eq!(all.any_within(first, last), !wanted.is_empty(), "{first}..={last}");
        }
        assert!(set(&[1, 200]).intersects(&set(&[200])) && !set(&[1]).intersects(&set(&[2, 200])));
        let mut small = set(&[1]);
        small.extend(&set(&[200]));
        assert_eq!(small.iter().collect::<Vec<_>>(), [1, 200]);
    }
}
