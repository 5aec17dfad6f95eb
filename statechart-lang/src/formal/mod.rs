//! Finite automata over the symbols of specs: the formal half of a statechart.
//!
//! ```text
//! chart ──abstraction──▶ Nfa ──determinize──▶ Dfa ──minimize──▶ Dfa
//!                                              │
//!                 words, counts, regular expression, product, complement, comparison
//! ```
//!
//! Everything is deterministic: states are numbered in the order in which a breadth-first search from the start
//! finds them, symbols in the order of the alphabet, and so is every answer. What can grow exponentially stops at
//! a limit that the error names.
//!
//! | module | what it holds |
//! |---|---|
//! | `abstraction` | from a chart to an automaton, and what is left out on the way (feature `interpreter`) |
//! | `choice` | both edges where a `nondeterministic` machine has two (feature `interpreter`) |
//! | `dfa` | [`Dfa`]: complete deterministic automata, product, complement |
//! | `nfa` | [`Nfa`] and the subset construction |
//! | `minimize` | Hopcroft's partition refinement |
//! | `compare` | equivalence and inclusion, with the shortest word that tells two apart |
//! | `words` | shortest words, enumeration, counting |
//! | `regex`, `eliminate` | regular expressions, and how an automaton becomes one |
//! | `reading` | [`Reading`]: which automaton a chart stands for, and its limits (feature `interpreter`) |
//! | `show` | tables and Graphviz |

#[cfg(feature = "interpreter")]
mod abstraction;
#[cfg(all(test, feature = "interpreter"))]
mod abstraction_tests;
#[cfg(feature = "interpreter")]
mod choice;
mod compare;
mod dfa;
mod eliminate;
mod minimize;
mod nfa;
#[cfg(feature = "interpreter")]
mod reading;
mod regex;
#[cfg(test)]
mod regex_tests;
mod show;
#[cfg(test)]
mod tests;
mod words;

#[cfg(feature = "interpreter")]
pub use abstraction::{Abstraction, alphabet, automaton};
pub use compare::Difference;
pub use dfa::{Alphabet, Dfa, Operation, StateIndex};
pub use eliminate::REGEX_DEPTH;
pub use nfa::Nfa;
#[cfg(feature = "interpreter")]
pub use reading::{Read, Reading, WAITING_DEFAULT};
pub use regex::Regex;
pub use words::{COUNT_WORK, LOOK_AHEAD, Words};

use std::fmt;

/// Most states of an automaton that an operation makes, unless the caller says otherwise.
pub const STATE_LIMIT: usize = 2_000_000;

/// Why an operation stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormalError {
    /// The result would be larger than the limit.
    TooLarge {
        /// What was being made.
        what: &'static str,
        /// The limit that it met.
        limit: usize,
    },
    /// The answer would take more than a limit of its own.
    Stopped {
        /// What was being made.
        what: &'static str,
        /// The limit that it met, with its unit.
        limit: String,
        /// What to do about it.
        help: &'static str,
    },
    /// The two automata do not read the same symbols.
    Alphabets {
        /// Symbols of the first alone.
        only_left: Vec<String>,
        /// Symbols of the second alone.
        only_right: Vec<String>,
    },
    /// A symbol that the alphabet does not have.
    Symbol(String),
}

impl fmt::Display for FormalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { what, limit } => {
                write!(f, "{what} has more than {limit} states; raise the limit, or take a smaller machine")
            }
            Self::Stopped { what, limit, help } => write!(f, "{what} needs more than {limit}; {help}"),
            Self::Alphabets { only_left, only_right } => write!(
                f,
                "the alphabets differ: only the first has {{{}}}, only the second {{{}}}; join them first",
                only_left.join(", "),
                only_right.join(", ")
            ),
            Self::Symbol(name) => write!(f, "`{name}` is no symbol of the alphabet"),
        }
    }
}

impl std::error::Error for FormalError {}
