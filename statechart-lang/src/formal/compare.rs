//! Whether two languages are equal or one holds the other, and by which word they differ.

use std::collections::BTreeMap;

use super::{Dfa, FormalError, Operation, StateIndex, dfa::same_alphabet};

/// A shortest word that one of two automata accepts and the other does not; the first such word in the order of
/// the alphabet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its symbols, by position in the alphabet.
    pub word: Vec<usize>,
    /// Whether the first accepts it.
    pub left_accepts: bool,
}

impl Dfa {
    /// `None` where the languages are equal.
    ///
    /// # Errors
    /// [`FormalError::Alphabets`]; [`FormalError::TooLarge`] with more pairs of states than the limit.
    pub fn difference(&self, other: &Self, limit: usize) -> Result<Option<Difference>, FormalError> {
        self.search(other, Operation::SymmetricDifference, limit)
    }

    /// `None` where every word of this one is a word of the other; else the shortest that is not.
    ///
    /// # Errors
    /// As [`Dfa::difference`].
    pub fn excess(&self, other: &Self, limit: usize) -> Result<Option<Difference>, FormalError> {
        self.search(other, Operation::Difference, limit)
    }

    /// Breadth first through the pairs of states that one word leads to.
    fn search(
        &self,
        other: &Self,
        operation: Operation,
        limit: usize,
    ) -> Result<Option<Difference>, FormalError> {
        same_alphabet(self, other)?;
        // Each pair with the one before it and the symbol between.
        let mut pairs: Vec<((StateIndex, StateIndex), usize, usize)> = vec![((0, 0), 0, 0)];
        let mut found: BTreeMap<(StateIndex, StateIndex), ()> = BTreeMap::from([((0, 0), ())]);
        let mut at = 0;
        while let Some(&((left, right), _, _)) = pairs.get(at) {
            let (accepts, accepted) = (self.is_accepting(left), other.is_accepting(right));
            let differs = match operation {
                Operation::Difference => accepts && !accepted,
                _ => accepts != accepted,
            };
            if differs {
                return Ok(Some(Difference { word: path(&pairs, at), left_accepts: accepts }));
            }
            for symbol in 0..self.alphabet.len() {
                let pair = (self.step(left, symbol), other.step(right, symbol));
                if found.insert(pair, ()).is_none() {
                    if pairs.len() >= limit {
                        return Err(FormalError::TooLarge { what: "the comparison", limit });
                    }
                    pairs.push((pair, at, symbol));
                }
            }
            at += 1;
        }
        Ok(None)
    }
}

/// The symbols on the way to a pair.
fn path(pairs: &[((StateIndex, StateIndex), usize, usize)], mut at: usize) -> Vec<usize> {
    let mut word = Vec::new();
    while at != 0 {
        let Some(&(_, before, symbol)) = pairs.get(at) else { break };
        word.push(symbol);
        at = before;
    }
    word.reverse();
    word
}
