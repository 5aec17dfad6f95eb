//! What the generated machines, the interpreter and the actors cost, beside what others take for the same work.
//!
//! ```text
//! specs/*.sc ─▶ machine ─┐
//! hand-written twins ────┼─▶ Candidate ─▶ Subject (a word, a way to call) ─▶ times, instructions, allocations
//! other libraries ───────┘
//! ```
//!
//! Every subject of a group runs the same words and must come to the same digest, so that nobody wins by
//! doing less. `cargo xtask bench` builds this crate, runs it and holds the figures against the gates.

pub mod actors;
pub mod figure;
pub mod flat;
pub mod interpreter;
pub mod subject;
pub mod tiers;
pub mod time;
pub mod word;
