//! Three levels of states whose every action counts: `specs/tiers.sc` and its twins.

mod flattened;
mod nested;
mod ours;
#[cfg(feature = "peers")]
mod statig;

use crate::{
    subject::{Subject, subjects},
    word::Word,
};

/// The words.
const WORDS: &[(&str, Word)] = &[
    ("cross", Word::Cycle(&[0])),
    ("bubble", Word::Cycle(&[1])),
    ("random", Word::Random { events: 2 }),
    ("leap", Word::Cycle(&[0, 2])),
];

/// What the actions count.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    exits: i64,
    moves: i64,
    entries: i64,
}

impl Counts {
    /// With the number of the leaf, in document order.
    fn digest(self, leaf: u64) -> u64 {
        [self.exits, self.moves, self.entries]
            .into_iter()
            .fold(leaf, |digest, count| digest.wrapping_mul(1_000_003).wrapping_add(count.unsigned_abs()))
    }
}

/// The events, for the twins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Cross,
    Bubble,
    Leap,
}

const EVENTS: &[Event] = &[Event::Cross, Event::Bubble, Event::Leap];

/// Every implementation with every word; ours first.
#[must_use]
pub fn all(length: usize) -> Vec<Subject> {
    #[cfg_attr(not(feature = "peers"), allow(unused_mut))]
    let mut all = vec![
        subjects::<ours::Machine>("tiers", "ours", WORDS, length),
        subjects::<nested::Machine>("tiers", "hand-written nested enums", WORDS, length),
        subjects::<flattened::Machine>("tiers", "hand-written flattened match", WORDS, length),
    ];
    #[cfg(feature = "peers")]
    all.push(subjects::<statig::Machine>("tiers", "statig", WORDS, length));
    all.into_iter().flatten().collect()
}
