//! What is measured: a machine, the word it reads, and how it is called.

use std::hint::black_box;

use crate::word::Word;

/// One implementation of a machine.
pub trait Candidate: 'static {
    /// Its events.
    type Event: Copy + 'static;
    /// The alphabet in the order of the spec.
    const EVENTS: &'static [Self::Event];

    /// A machine in its initial configuration.
    fn new() -> Self;
    /// Reads one event.
    fn step(&mut self, event: Self::Event);
    /// A number that tells the state and what was counted; twins come to the same.
    fn digest(&self) -> u64;
}

/// How a machine is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The step is inlined into the loop that reads the word.
    Inline,
    /// The step is a function, the machine behind a pointer: what an actor's loop does.
    Call,
}

impl Mode {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Inline, Self::Call];

    /// As the figures spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Call => "call",
        }
    }
}

/// A candidate that is ready to read a word.
pub struct Subject {
    /// The machine: `flat`, `tiers`.
    pub group: &'static str,
    /// Whose implementation.
    pub name: &'static str,
    /// How it is called.
    pub mode: Mode,
    /// What the word is called.
    pub word: &'static str,
    /// Reads that many events and returns the digest.
    pub run: Box<dyn Fn(usize) -> u64>,
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {} {}", self.group, self.name, self.mode.name(), self.word)
    }
}

/// A candidate with a word, both ways of calling it.
pub fn subjects<C: Candidate>(
    group: &'static str,
    name: &'static str,
    words: &'static [(&'static str, Word)],
    length: usize,
) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for &(word, how) in words {
        for mode in Mode::ALL {
            let events: Vec<C::Event> = how
                .events(length)
                .into_iter()
                .filter_map(|index| C::EVENTS.get(usize::from(index)).copied())
                .collect();
            let run = move |count: usize| {
                let events = events.get(..count).unwrap_or(&events);
                match mode {
                    Mode::Inline => inline::<C>(events),
                    Mode::Call => call::<C>(events),
                }
            };
            subjects.push(Subject { group, name, mode, word, run: Box::new(run) });
        }
    }
    subjects
}

#[inline(never)]
fn inline<C: Candidate>(events: &[C::Event]) -> u64 {
    let mut machine = C::new();
    for &event in events {
        machine.step(event);
    }
    machine.digest()
}

#[inline(never)]
fn call<C: Candidate>(events: &[C::Event]) -> u64 {
    let mut machine = C::new();
    {
        // Nothing is known about the machine behind the pointer, so nothing of it is kept in registers.
        let machine = black_box(&mut machine);
        for &event in events {
            one(machine, event);
        }
    }
    machine.digest()
}

#[inline(never)]
fn one<C: Candidate>(machine: &mut C, event: C::Event) {
    machine.step(event);
}
