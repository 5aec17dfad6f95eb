//! `statechart intersect`, `union`, `product`, `complement`, `determinize`, `minimize`: automata made of automata.

use clap::Args;
use statechart_lang::formal::Operation;

use super::{Format, Made, Pair, Reading, show};
use crate::Outcome;
use crate::error::Error;

/// How two languages are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// The words of both, as a minimal automaton.
    Intersect,
    /// The words of either, as a minimal automaton.
    Union,
    /// The words of both, with every pair of states that one word leads to.
    Product,
}

/// Two machines whose languages are combined.
#[derive(Debug, Args)]
pub(crate) struct Two {
    /// The first specification, or SPEC#MACHINE.
    left: String,
    /// The second one.
    right: String,
    /// How the automaton is shown.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    reading: Reading,
}

impl Two {
    pub(crate) fn run(self, pairing: Pairing) -> Result<Outcome, Error> {
        let Pair { left, right, caption } = match self.reading.pair(&self.left, &self.right)? {
            Ok(pair) => pair,
            Err(outcome) => return Ok(outcome),
        };
        let operation = if pairing == Pairing::Union { Operation::Union } else { Operation::Intersection };
        let made = left
            .product(&right, operation, self.reading.limit)
            .map_err(|why| Error::Formal { path: self.left.clone(), why })?;
        let made = if pairing == Pairing::Product { made } else { made.minimize() };
        show(self.format, &Made { dfa: made, caption }, &self.left)
    }
}

/// What is made of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Single {
    /// The words that it does not hold.
    Complement,
    /// A deterministic automaton, as the subset construction makes it.
    Determinize,
    /// The smallest deterministic automaton.
    Minimize,
}

/// A machine of whose language something is made.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The specification, or SPEC#MACHINE.
    spec: String,
    /// How the automaton is shown.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    reading: Reading,
}

impl One {
    pub(crate) fn run(self, single: Single) -> Result<Outcome, Error> {
        let Made { dfa, caption } = match self.reading.deterministic(&self.spec)? {
            Ok(made) => made,
            Err(outcome) => return Ok(outcome),
        };
        let made = match single {
            Single::Complement => dfa.complement().minimize(),
            Single::Determinize => dfa,
            Single::Minimize => dfa.minimize(),
        };
        show(self.format, &Made { dfa: made, caption }, &self.spec)
    }
}
