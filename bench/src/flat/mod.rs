//! The Producer with one level of states: `specs/flat.sc` and its twins.

mod hand;
mod ours;
#[cfg(feature = "peers")]
mod rust_fsm;
#[cfg(feature = "peers")]
mod smlang;
#[cfg(feature = "peers")]
mod statig;

use crate::{
    subject::{Subject, subjects},
    word::Word,
};

/// The words. The cycle takes a transition with every event, and every transition once.
const WORDS: &[(&str, Word)] = &[
    ("random", Word::Random { events: 7 }),
    ("cyclic", Word::Cycle(&[0, 1, 0, 2, 1, 0, 2, 2, 6, 3, 4, 3, 5, 4, 3, 5, 5, 6])),
];

/// Every implementation with every word; ours first.
#[must_use]
pub fn all(length: usize) -> Vec<Subject> {
    #[cfg_attr(not(feature = "peers"), allow(unused_mut))]
    let mut all = vec![
        subjects::<ours::Machine>("flat", "ours", WORDS, length),
        subjects::<hand::Machine>("flat", "hand-written match", WORDS, length),
    ];
    #[cfg(feature = "peers")]
    all.extend([
        subjects::<statig::Machine>("flat", "statig", WORDS, length),
        subjects::<smlang::Machine>("flat", "smlang", WORDS, length),
        subjects::<rust_fsm::Machine>("flat", "rust-fsm", WORDS, length),
    ]);
    all.into_iter().flatten().collect()
}
