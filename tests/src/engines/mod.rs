//! Both engines behind one interface: what a step did, in the interpreter's terms.

mod compiled;
mod glue;
mod interpreted;

use std::collections::{BTreeMap, BTreeSet};

use statechart_lang::interpreter::{Answers, Effect, Outcome, Signal, Value};

use self::compiled::Compiled;
pub use self::{
    glue::{Answered, FromValue, Glue, ToValue},
    interpreted::Interpreted,
};

/// Everything that a step did and left behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Did {
    /// What became of the event.
    pub outcome: Outcome,
    /// Indices of the transitions taken.
    pub transitions: Vec<usize>,
    /// States left, in order.
    pub exited: Vec<usize>,
    /// States entered, in order.
    pub entered: Vec<usize>,
    /// Effects in order; what is raised inside the machine is not one.
    pub effects: Vec<Effect>,
    /// Events that nobody wanted.
    pub unhandled: Vec<Signal>,
    /// The active states.
    pub active: BTreeSet<usize>,
    /// The extended state.
    pub context: Vec<Value>,
    /// Parameters of the machine and data of active states.
    pub data: Vec<(usize, Value)>,
    /// What the machine returned.
    pub result: Option<Value>,
    /// Whether the machine has ended.
    pub done: bool,
    /// Whether the configuration accepts.
    pub accepts: bool,
    /// The clock.
    pub time_us: i64,
}

/// What both engines are asked to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// An event from outside.
    Event(usize, Vec<Value>),
    /// A report of an activity's run: 0 the latest, 1 the one before.
    Report {
        /// Which activity.
        activity: usize,
        /// Which of its runs.
        back: usize,
        /// What it reports.
        event: usize,
        /// The event's fields.
        args: Vec<Value>,
        /// Whether it ends with this event.
        last: bool,
    },
    /// A child completes, or fails: 0 the latest of that index, 1 the one before.
    Child {
        /// Which child.
        child: usize,
        /// Which of its runs.
        back: usize,
        /// What it returns.
        result: Option<Value>,
        /// Whether it fails instead.
        fails: bool,
    },
    /// A message was not delivered.
    Fault,
    /// The next timer or message to itself.
    Elapse,
    /// Somebody stops the machine.
    Halt,
}

/// One of the two engines.
pub trait Engine {
    /// Enters the initial configuration.
    fn start(&mut self, answers: &Answers) -> Did;
    /// Does what is asked; `None` when nothing is due ever.
    fn ask(&mut self, ask: &Ask, answers: &Answers) -> Option<Did>;
    /// How often each activity was started.
    fn runs(&self) -> BTreeMap<usize, usize>;
    /// How often each child was started.
    fn spawns(&self) -> BTreeMap<usize, usize>;
    /// The machine as JSON.
    fn snapshot(&self) -> String;
    /// Goes on from JSON, of this or of the other engine.
    ///
    /// # Errors
    /// What is wrong with it.
    fn restore(&mut self, json: &str, answers: &Answers) -> Result<Did, String>;
}

/// A machine in both engines.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// The spec's path.
    pub spec: &'static str,
    /// The machine's name.
    pub machine: &'static str,
    compiled: fn(&[Value]) -> Box<dyn Engine>,
}

impl Pair {
    /// A machine of a spec.
    #[must_use]
    pub fn of<M: Glue>(spec: &'static str, machine: &'static str) -> Self {
        Self { spec, machine, compiled: |params| Box::new(Compiled::<M>::new(params)) }
    }

    /// Compiled to Rust.
    #[must_use]
    pub fn compiled(&self, params: &[Value]) -> Box<dyn Engine> {
        (self.compiled)(params)
    }
}

/// Remembers generations that are given out.
fn note(
    effect: &Effect,
    activities: &mut BTreeMap<usize, Vec<u32>>,
    children: &mut BTreeMap<usize, Vec<u32>>,
) {
    match effect {
        Effect::Start { activity, generation, .. } => {
            activities.entry(*activity).or_default().push(*generation);
        }
        Effect::Spawn { child, generation, .. } => children.entry(*child).or_default().push(*generation),
        _ => {}
    }
}

/// The generation of a run that is `back` runs old; one that was never given out where there is none.
fn generation(generations: &BTreeMap<usize, Vec<u32>>, activity: usize, back: usize) -> u32 {
    generations.get(&activity).and_then(|runs| runs.iter().rev().nth(back)).copied().unwrap_or(u32::MAX >> 1)
}
