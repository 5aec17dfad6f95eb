//! What differs between two versions of a machine: in its text, in its behaviour, and for its snapshots.
//!
//! ```text
//! old, new ──pairing──▶ which state is which, which transition is which
//!                          ├─changes───▶ what was added, removed, changed, moved
//!                          ├─apart─────▶ the shortest word that tells them apart
//!                          ├─merged────▶ one picture of both, coloured
//!                          └─migration─▶ a draft of `migrate from "…" { … }`
//! ```
//!
//! That a state was renamed is a guess from its likeness, and is said to be one. The search for a word is bounded: when
//! it hits its limit it has proved nothing, and when it does not, it speaks of the inputs that it tried.

mod apart;
mod changes;
mod likeness;
mod merged;
mod migration;
mod pairing;
mod same;
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub use apart::{Search, Seen, Witness};
pub use changes::{Area, Change, Kind};
pub use pairing::{How, Pairing, StatePair};

use crate::diagram::Options;
use crate::model::Machine;

/// Most pairs of configurations that the search for a word looks at, unless it is told otherwise.
pub const PAIR_LIMIT: usize = 10_000;

/// Two versions of a machine and what differs.
#[derive(Debug)]
pub struct Diff<'m> {
    /// The old version.
    pub old: &'m Machine,
    /// The new version.
    pub new: &'m Machine,
    /// Which state and transition of the one is which of the other.
    pub pairing: Pairing,
    /// What was added, removed, changed and moved, by area, in document order.
    pub changes: Vec<Change>,
}

impl<'m> Diff<'m> {
    /// Compares two machines.
    #[must_use]
    pub fn new(old: &'m Machine, new: &'m Machine) -> Self {
        let mut pairing = Pairing::new(old, new);
        let changes = changes::changes(old, new, &mut pairing);
        Self { old, new, pairing, changes }
    }

    /// Looks for the shortest word that tells the two apart, in at most that many pairs of configurations.
    #[must_use]
    pub fn search(&self, pair_limit: usize) -> Search {
        apart::search(self.old, self.new, &self.pairing, pair_limit)
    }

    /// Both versions in one Graphviz `digraph`: added is green, removed is red, changed is orange.
    #[must_use]
    pub fn dot(&self, options: &Options) -> String {
        let (machine, highlight) = merged::merge(self.old, self.new, &self.pairing);
        let options = Options { highlight, ..options.clone() };
        crate::diagram::dot(&machine, &options)
    }

    /// A draft of what the new version has to say so that snapshots of the old one are read; nothing when a snapshot
    /// depends on nothing that differs.
    #[must_use]
    pub fn migration(&self) -> Option<String> {
        migration::draft(self.old, self.new, &self.pairing)
    }
}
