//! A machine's version, as far as its snapshots are concerned.

use std::fmt::Write as _;

use super::{Invoked, Machine, StateKind};

impl Machine {
    /// What a snapshot of this machine depends on, a line each, in document order: states, alphabets, context, data of
    /// states, timers, activities, children, named messages, undos. Labels, comments, guards and edges are not part
    /// of it: a snapshot stays readable when they change.
    #[must_use]
    pub fn shape(&self) -> String {
        let mut out = format!("machine {}\n", self.name);
        for state in &self.states {
            let kind = match state.kind {
                StateKind::Atomic => "atomic",
                StateKind::Compound => "compound",
                StateKind::Parallel => "parallel",
                StateKind::Final => "final",
                StateKind::History { deep: false } => "history",
                StateKind::History { deep: true } => "deep history",
            };
            let _ = writeln!(out, "state {}: {kind}", state.path);
        }
        for event in &self.events {
            let _ = write!(out, "event {}(", event.symbol.name);
            for field in &event.symbol.fields {
                let _ = write!(out, "{}: {}, ", field.name, field.ty);
            }
            out.push_str(")\n");
        }
        for variable in &self.context {
            let _ = writeln!(out, "context {}: {}", variable.name, variable.ty);
        }
        for local in &self.locals {
            let state = &self.states[local.state].path;
            let _ = writeln!(out, "data {state}.{}: {}", local.name, local.ty);
        }
        for timer in &self.timers {
            let owner = &self.states[timer.state];
            let _ = write!(out, "timer of {}", owner.path);
            // What tells several of one state apart; how long a single one runs may change.
            if owner.timers.len() > 1 {
                let _ = write!(out, ": {}", self.transitions[timer.transition].pattern);
            }
            out.push('\n');
        }
        for activity in &self.activities {
            let runs = match activity.runs {
                Invoked::Service(service) => &self.services[service].function.name,
                Invoked::Child(child) => &self.children[child].name,
            };
            let _ = writeln!(out, "activity of {}: {runs}", self.states[activity.state].path);
        }
        for child in &self.children {
            let _ = writeln!(out, "child {}: {}", child.name, child.machine);
        }
        for send in &self.sends {
            let _ = writeln!(out, "message {}", send.name);
        }
        for undo in &self.undos {
            let _ = writeln!(out, "undo {}", undo.text);
        }
        out
    }

    /// [`Machine::shape`] as 16 hexadecimal digits (FNV-1a, 64 bits): what snapshots and `migrate from` name.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let hash =
            self.shape().bytes().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
        format!("{hash:016x}")
    }
}
