//! The interpreter: a checked [`Machine`](crate::model::Machine) executed directly, and runs of input words.
//!
//! ```text
//! Machine ──▶ Interpreter ──start, step, advance──▶ StepReport   (pure: effects are data)
//!                 ▲  │
//!          World ─┘  └─ answers of extern guards come from the world, nothing else does
//!
//! text ──parse──▶ Word ──run──▶ Run ──▶ table, JSON, λ̄ (outputs), δ̄ (states)
//! ```
//!
//! The interpreter follows the algorithm of the W3C SCXML recommendation, Appendix D, function by
//! function; comments name the function. It is written to be read and is independent of the code
//! that machines are compiled to, so that running the same word through both is a test of both.
//!
//! | module | what it holds |
//! |---|---|
//! | `value` | [`Value`], [`Fault`], how they are spelt |
//! | `eval` | expressions |
//! | `input` | [`Input`] |
//! | `engine` | [`Interpreter`]: what a running machine is made of; start and step |
//! | `macrostep` | queues, deferral, activities |
//! | `look` | what can be asked of a running machine |
//! | `offers` | [`Offer`]: the events that a configuration speaks of |
//! | `select` | which transitions a configuration enables, which preempt which |
//! | `examples` | [`failing_examples`]: what a spec says of itself, held against runs |
//! | `explain` | [`Selection`]: what became of each candidate, and why |
//! | `microstep` | exits, transition bodies, entries, completion |
//! | `entry_set` | what is entered, history restored |
//! | `data` | data of states and what is passed to them |
//! | `action` | what actions do |
//! | `plan`, `state_set` | tables made once for a machine; a set of states |
//! | `clock` | timers and delayed messages on a virtual clock |
//! | `report` | [`StepReport`] and [`Effect`] |
//! | `word`, `literal`, `words_file` | [`Word`] and `.words` files |
//! | `snapshot` | [`Snapshot`]: a running machine as JSON, and back |
//! | `situation` | what decides a machine's future, for telling configurations apart |
//! | `halt` | the end of a machine that is stopped |
//! | `stage` | [`Stage`]: what words run on: a machine, with children or without, or the actors of a system |
//! | `session` | [`Session`]: a word, item by item |
//! | `trace` | [`replay`]: what a running actor recorded, held against its specification |
//! | `system` | [`System`]: a machine with the children that it starts, actors with theirs |
//! | `run`, `render`, `forms` | [`Run`] and its forms |
//! | `ways` | the way through a word that a nondeterministic machine accepts |

mod action;
mod clock;
mod data;
mod engine;
mod entry_set;
mod eval;
mod examples;
mod explain;
mod forms;
mod halt;
mod input;
mod literal;
mod look;
mod macrostep;
mod microstep;
mod offers;
mod plan;
mod render;
mod report;
mod run;
mod select;
mod session;
mod situation;
mod snapshot;
mod stage;
mod state_set;
mod system;
#[cfg(test)]
mod tests;
mod trace;
mod value;
mod ways;
mod word;
mod words_file;

pub use clock::Advance;
pub use engine::Interpreter;
pub use examples::failing_examples;
pub use explain::{Candidate, Claim, Decision, Origin, Part, Selection, Verdict};
pub use forms::{CSV_HEADING, mermaid_runs, tables, tables_of};
pub use input::Input;
pub use offers::Offer;
pub use report::{Cause, Change, Effect, GuardValue, Outcome, Preemption, Signal, StepReport, Unhandled};
pub use run::{Row, Run, is_acceptor, run, run_explained};
pub use session::Session;
pub use snapshot::{
    Json, SNAPSHOT_BYTES, SNAPSHOT_FORMAT, SavedActivity, SavedChild, SavedEvent, SavedMessage, SavedTimer,
    SavedUndo, Snapshot, SnapshotError,
};
pub use stage::{Stage, parse_param};
pub use system::{Address, CHILD_DEPTH_LIMIT, CHILD_LIMIT, System, SystemStep};
pub use trace::{ANSWER_LIMIT, Category, Difference, Ending, LOG_LINE_BYTES, Log, LogError, Replay, replay};
pub use value::{Fault, Value};
pub use ways::WAY_LIMIT;
pub use word::{Item, ItemKind, Word, WordError, event_text};
pub use words_file::{NamedWord, parse_words};

use std::collections::BTreeMap;

/// A value for data of a machine's states, or for one of its parameters.
pub type LocalValue = (crate::model::LocalId, Value);

/// Most messages that a machine may have under way, to itself and delayed ones to others; one more is
/// [`Fault::Undelivered`]. The bounds that a spec may set itself are in [`Limits`](crate::model::Limits).
pub const MESSAGE_LIMIT: usize = 1_024;
/// Most timers and messages that one [`Interpreter::advance`] lets through; see [`Advance::limit_reached`].
pub const FIRING_LIMIT: usize = 10_000;
/// Most selections that are explained for one item of a word; further ones are only counted.
pub const EXPLANATION_LIMIT: usize = 1_000;
/// Most transitions that timers and messages may take for one item of a word; then a run stops there.
pub const WORK_LIMIT: usize = 100_000;

/// Answers what the spec leaves to Rust. Guards are pure: the same question within one step must get
/// the same answer.
pub trait World {
    /// The value of an extern guard for these arguments.
    fn guard(&mut self, name: &str, args: &[Value]) -> bool;
}

/// The world in which every extern guard is false.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Closed;

impl World for Closed {
    fn guard(&mut self, _name: &str, _args: &[Value]) -> bool {
        false
    }
}

/// Answers by name: what a word's `[fresh, not ready]` says. Guards that are not named are false.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers(pub BTreeMap<String, bool>);

impl std::fmt::Display for Answers {
    /// `[fresh, not ready]`, as a word holds them; nothing where there are none.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            let lead = if index == 0 { "[" } else { ", " };
            write!(f, "{lead}{}{name}", if *value { "" } else { "not " })?;
        }
        if self.0.is_empty() { Ok(()) } else { f.write_str("]") }
    }
}

impl World for Answers {
    fn guard(&mut self, name: &str, _args: &[Value]) -> bool {
        self.0.get(name).copied().unwrap_or(false)
    }
}
