//! What words cover of a machine, and short sets of words that cover it.
//!
//! ```text
//! Machine ──targets──▶ what there is to cover, by a criterion
//! runs ──Coverage────▶ how often each target was met ──marks──▶ a coloured diagram
//! Machine ──graph────▶ situations and steps between them, found by running the interpreter
//!              └─tour──▶ words: exact where the graph is small and whole, else greedy
//! ```
//!
//! A word that is proposed has been run: nothing is called covered that the interpreter did not do. What is not covered
//! is listed with what the search saw of it.

mod graph;
mod marks;
mod relevance;
mod target;
#[cfg(test)]
mod tests;
mod tour;
mod why;

pub use graph::SITUATION_LIMIT;
pub use target::{Criterion, Target, Whole, targets};
pub use tour::EXACT_LIMIT;

use std::collections::BTreeMap;

use crate::{
    interpreter::{Run, Word, run_explained},
    model::{Machine, TransitionId},
};

/// How often runs met each target of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    counts: BTreeMap<Target, u64>,
    /// How many words were run.
    pub words: usize,
}

impl Coverage {
    /// What some words cover.
    pub fn of<'w>(machine: &Machine, words: impl IntoIterator<Item = &'w Word>) -> Self {
        let mut coverage = Self::default();
        for word in words {
            coverage.add(machine, &run_explained(machine, word));
        }
        coverage
    }

    /// Adds a run. Only one that was explained shows which bare `on` settled an event.
    pub fn add(&mut self, machine: &Machine, run: &Run) {
        self.words += 1;
        let mut last = None;
        // Children and other actors are other machines.
        for row in run.rows.iter().filter(|row| row.path.is_empty()) {
            for target in target::met(machine, &row.report, &mut last) {
                *self.counts.entry(target).or_default() += 1;
            }
        }
    }

    /// How often a target was met.
    #[must_use]
    pub fn count(&self, target: Target) -> u64 {
        self.counts.get(&target).copied().unwrap_or(0)
    }

    /// How many of these targets were met.
    #[must_use]
    pub fn met(&self, targets: &[Target]) -> usize {
        targets.iter().filter(|target| self.count(**target) > 0).count()
    }
}

/// A target that no proposed word covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What is not covered.
    pub target: Target,
    /// What the search saw of it, for people.
    pub why: String,
}

/// How short a set of words is known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortness {
    /// No set of words over the tried inputs that covers as much has fewer symbols, and none with as many symbols has
    /// fewer words.
    Exact,
    /// Made greedily: each time the nearest target that is left. Every set that covers as much has at least so many
    /// symbols.
    AtLeast(usize),
}

/// A set of words that covers what the search could reach.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The criterion.
    pub criterion: Criterion,
    /// The words, as text.
    pub words: Vec<String>,
    /// How many symbols they have together, spans of time among them.
    pub symbols: usize,
    /// How short that is.
    pub shortness: Shortness,
    /// Every target of the criterion.
    pub targets: Vec<Target>,
    /// Those that are not covered.
    pub missing: Vec<Missing>,
    /// How many situations were looked at.
    pub situations: usize,
    /// Whether these are all that the tried inputs lead to.
    pub whole: bool,
}

/// Words that cover a machine by a criterion, found among at most `limit` situations ([`SITUATION_LIMIT`] is a good
/// one).
///
/// The inputs that are tried are the events that an active state speaks of, with values at which guards may turn and
/// with answers of extern guards, the passing of time up to the next timer, and the completion of running children. So
/// a target that is missing may still be reached by a payload that was not tried.
#[must_use]
pub fn cover(machine: &Machine, criterion: Criterion, limit: usize) -> Plan {
    let targets = targets(machine, criterion);
    let graph = graph::explore(machine, criterion, &targets, limit);
    let (texts, shortness) = tour::words(&graph);
    let mut words: Vec<Word> = Vec::new();
    for text in &texts {
        // The text is made of what the parser reads; one that it does not read would be missing below.
        words.extend(Word::parse(text, machine));
    }
    let coverage = Coverage::of(machine, &words);
    let missing = targets
        .iter()
        .filter(|target| coverage.count(**target) == 0)
        .map(|target| Missing { target: *target, why: why::missing(machine, &graph, *target) })
        .collect();
    Plan {
        criterion,
        symbols: words.iter().map(|word| word.items.len()).sum(),
        words: texts,
        shortness,
        targets,
        missing,
        situations: graph.nodes.len(),
        whole: graph.whole,
    }
}

/// A transition for people: `locked: COIN -> unlocked`.
#[must_use]
pub fn transition_name(machine: &Machine, id: TransitionId) -> String {
    let source = machine.transitions.get(id).and_then(|row| machine.states.get(row.source));
    let source = source.map_or("", |state| state.path.as_str());
    format!("{source}: {}", machine.transition_text(id))
}
