//! Tests of the interpreter on machines in a short notation; see [`chart`].

#![allow(clippy::unwrap_used, clippy::panic)]

mod chart;
mod compiled;
mod constructs;
mod deferral;
mod notation;
mod properties;
mod random;
mod semantics;
mod snapshots;
mod system;
mod time;
mod ways;
mod words;

use super::{Run, Word, run};
use crate::model::Machine;

/// Runs a word that is known to be one.
fn run_word(machine: &Machine, word: &str) -> Run {
    run(machine, &Word::parse(word, machine).unwrap_or_else(|error| panic!("{word}: {error}")))
}

/// The configurations of a run, and its output word.
fn trace(machine: &Machine, word: &str) -> (Vec<String>, String) {
    let run = run_word(machine, word);
    (run.states(), run.outputs().join(" "))
}
