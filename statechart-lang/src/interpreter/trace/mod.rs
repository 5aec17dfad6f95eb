//! A recorded actor held against the specification: the journal of its inspection events, replayed step by step.
//!
//! ```text
//! lines of JSON ──log──▶ records of one actor ──steps──▶ what set each step off, and what it did
//!                                                 │ replay: the same input to the interpreter
//!                                                 └─▶ all the same, or the first step that differs
//! ```
//!
//! A journal does not hold everything. What extern guards answered is not in it: a step agrees when *some* answers lead
//! to what was recorded. The context is not in it either: what is computed shows in outputs, messages, logs and in the
//! transitions that are taken. Times that a machine reads off its clock are known to the record only roughly, so a
//! machine that asks for `now` has its times and spans left out of the comparison.

mod log;
mod replay;
mod seen;
mod steps;
mod text;

pub use log::{LOG_LINE_BYTES, Log, LogError};
pub use replay::{ANSWER_LIMIT, Category, Difference, Ending, Replay, replay};
