//! [`Reading`]: which automaton a chart stands for, and where making it stops.

use super::{Abstraction, FormalError, Nfa, abstraction};
use crate::model::Machine;

/// Most events that wait in a configuration, deferred ones and messages of the machine to itself, unless it is told
/// otherwise: there is a configuration for each content of the queues, and with the 64 deferred events that a spec allows
/// there are more than can be counted.
pub const WAITING_DEFAULT: usize = 2;

/// How a chart is read as an automaton.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What is kept of the machine.
    pub abstraction: Abstraction,
    /// Most configurations.
    pub states: usize,
    /// Most events that wait, deferred or sent by the machine to itself. A word that makes more wait is left out.
    pub waiting: usize,
    /// As if the machine were `strict`: an event that nothing enables, defers or ignores is rejected.
    pub strict: bool,
}

/// An automaton, and what is to be said of it.
#[derive(Debug, Clone)]
pub struct Read {
    /// The automaton: a state a configuration, Σ as alphabet.
    pub nfa: Nfa,
    /// Words were left out because they make too many events wait.
    pub is_cut: bool,
}

impl Reading {
    /// With the usual limits.
    #[must_use]
    pub fn new(abstraction: Abstraction) -> Self {
        Self { abstraction, states: super::STATE_LIMIT, waiting: WAITING_DEFAULT, strict: false }
    }

    /// The automaton of a machine.
    ///
    /// # Errors
    /// [`FormalError::TooLarge`] with more configurations than the limit, or with more ways through one step than 4,096.
    pub fn automaton(&self, machine: &Machine) -> Result<Read, FormalError> {
        if self.strict && !machine.strict {
            let mut strict = machine.clone();
            strict.strict = true;
            return abstraction::explore(&strict, self.abstraction, self.states, self.waiting);
        }
        abstraction::explore(machine, self.abstraction, self.states, self.waiting)
    }

    /// One line for people: what an answer about the automaton means.
    #[must_use]
    pub fn caption(&self, is_cut: bool) -> String {
        let mut caption = self.abstraction.caption().to_owned();
        if self.strict {
            caption.push_str("; an event that nothing wants is rejected");
        }
        if is_cut {
            caption.push_str(&format!(
                "; at most {} waiting event{}: words that make more wait are left out",
                self.waiting,
                if self.waiting == 1 { "" } else { "s" }
            ));
        }
        caption
    }
}
