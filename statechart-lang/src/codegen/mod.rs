//! Checked model to Rust.
//!
//! ```text
//! Machine ─┬─ items     alphabets, context, externs, calls   (what users name)
//!          ├─ tables    states and transitions as static data (what the engine walks)
//!          ├─ hooks     guards, delays, calls                 (leaf functions, one match each)
//!          ├─ actions   action blocks, also of one match
//!          ├─ fast      steps that can be told ahead: as a table, as straight lines
//!          ├─ data      parameters and data of states, what is returned
//!          ├─ children  machines that it starts
//!          └─ snapshot  how it is written and read, where that is asked for
//! ```
//!
//! All of them write pieces of text by `template`, with names and types by `rust`.
//! The control flow of a chart is `statechart_runtime::chart::engine`, which walks the tables. Where regions never
//! run in parallel, `fast` resolves what it can in front of the engine and leaves everything else to it.
//! Everything is emitted in document order, so the same spec gives the same text. How it is laid out does not matter: people
//! see what `statechart expand` has formatted.

#[macro_use]
mod template;

mod actions;
mod children;
mod data;
mod expr;
mod fast;
mod fast_arms;
mod fast_block;
mod fast_displaced;
mod fast_table;
mod hooks;
mod items;
mod rust;
#[cfg(feature = "snapshot")]
mod snapshot;
mod tables;

use self::template::Rust;
use crate::Span;
use crate::model::{Machine, Model, StateKind, Trigger, names};

/// Most states that a machine compiled to Rust may have: the Rust compiler needs some seconds for as many.
pub const STATE_LIMIT: usize = 4_096;
/// The same where there are histories, which each record a set of states.
pub const HISTORY_STATE_LIMIT: usize = 256;
/// Most transitions.
pub const TRANSITION_LIMIT: usize = 10_000;
/// Most events that its transitions may name all together, those of a pattern such as `on *` one by one.
pub const REACTION_LIMIT: usize = 200_000;
/// Most regions that may be active at once.
pub const REGION_LIMIT: usize = 32;

/// Most events that a queue of a machine compiled to Rust may hold: the queues stand in the machine itself.
pub const QUEUE_LIMIT: usize = 4_096;

/// Most events, outputs and other things that a table numbers with 16 bits; the last number says that there is none.
pub const NUMBER_LIMIT: usize = 65_535;

/// What the generated machines are to offer besides running.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Snapshots: needs the feature `snapshot` of the runtime, and serde's traits for extern types.
    #[cfg(feature = "snapshot")]
    pub snapshot: bool,
}

impl Options {
    #[cfg(feature = "snapshot")]
    fn snapshots(self) -> bool {
        self.snapshot
    }

    #[cfg(not(feature = "snapshot"))]
    fn snapshots(self) -> bool {
        false
    }
}

/// Rust for every machine of the main file, a module each.
#[must_use]
pub fn generate(model: &Model) -> String {
    generate_with(model, Options::default())
}

/// The same, with options.
#[must_use]
pub fn generate_with(model: &Model, options: Options) -> String {
    let mut all = Rust::new();
    for machine in model.own_machines() {
        all.push(self::machine(model, machine, options));
    }
    all.into_text()
}

/// One machine as a module named after it.
fn machine(model: &Model, machine: &Machine, options: Options) -> Rust {
    if let Some(refusal) = refusal(machine) {
        return rust! { ::core::compile_error!(#refusal); };
    }
    let name = rust::ident(&names::snake(&machine.name));
    let doc =
        if machine.doc.is_empty() { format!("The machine `{}`.", machine.name) } else { machine.doc.clone() };
    let items = items::items(model, machine);
    let tables = tables::tables(machine);
    let hooks = hooks::hooks(model, machine, options);
    #[cfg(feature = "snapshot")]
    let snapshot = snapshot::items(model, machine, options);
    #[cfg(not(feature = "snapshot"))]
    let snapshot = None::<Rust>;
    let import = snapshot.as_ref().map(|_| {
        rust!(
            use ::statechart_runtime::snapshot;
        )
    });
    rust! {
        #[doc = #doc]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery, rustdoc::all, unused, missing_docs)]
        #[allow(missing_copy_implementations, missing_debug_implementations)]
        #[allow(private_interfaces, unreachable_pub)]
        #[rustfmt::skip]
        pub mod #name {
            use ::statechart_runtime::{chart, value};
            #import
            #items
            #tables
            #hooks
            #snapshot
        }
    }
}

/// Which machines of the main file cannot become Rust, and why: what would be the only thing generated for each.
#[must_use]
pub fn refusals(model: &Model) -> Vec<(Span, String)> {
    model.own_machines().filter_map(|machine| Some((machine.span, refusal(machine)?))).collect()
}

/// Why a machine cannot become Rust, where it cannot.
fn refusal(machine: &Machine) -> Option<String> {
    let (mut regions, mut parallel, mut has_history) = (0, false, false);
    for state in &machine.states {
        regions += usize::from(state.children.is_empty());
        parallel |= state.kind == StateKind::Parallel;
        has_history |= matches!(state.kind, StateKind::History { .. });
    }
    let limits = [
        (machine.states.len(), STATE_LIMIT, "states"),
        (if has_history { machine.states.len() } else { 0 }, HISTORY_STATE_LIMIT, "states beside histories"),
        (machine.transitions.len(), TRANSITION_LIMIT, "transitions"),
        (reactions(machine), REACTION_LIMIT, "events in the patterns of its transitions"),
        (
            if parallel { regions.min(active_leaves(machine, 0)) } else { 1 },
            REGION_LIMIT,
            "states active at once",
        ),
        (machine.events.len(), NUMBER_LIMIT, "events"),
        (machine.outputs.len(), NUMBER_LIMIT, "outputs"),
        (machine.timers.len(), NUMBER_LIMIT, "timers"),
        (machine.activities.len(), NUMBER_LIMIT, "activities"),
        (machine.children.len(), NUMBER_LIMIT, "children"),
        (machine.sends.len(), NUMBER_LIMIT, "names of messages"),
        (machine.undos.len(), NUMBER_LIMIT, "actions to undo"),
        (machine.limits.internal as usize, QUEUE_LIMIT, "internal events as its limit"),
        (machine.limits.deferred as usize, QUEUE_LIMIT, "deferred events as its limit"),
        (machine.limits.undo as usize, QUEUE_LIMIT, "actions to undo as its limit"),
    ];
    if machine.nondeterministic {
        return Some(format!(
            "machine `{}` is nondeterministic: it can be drawn and run on words, but not compiled to Rust; \
             guard its edges and remove `nondeterministic`",
            machine.name
        ));
    }
    limits.iter().find(|(count, limit, _)| count > limit).map(|(count, limit, what)| {
        format!(
            "machine `{}` has {count} {what}; generated Rust holds at most {limit}: split it into several machines, \
             or run it with the interpreter",
            machine.name
        )
    })
}

/// How many events all transitions name, those of patterns one by one.
fn reactions(machine: &Machine) -> usize {
    let mut count = 0;
    for transition in &machine.transitions {
        count += if let Trigger::Events(events) = &transition.trigger { events.len() } else { 1 };
    }
    count
}

/// How many leaves can be active together below a state.
fn active_leaves(machine: &Machine, state: usize) -> usize {
    let row = &machine.states[state];
    let (mut sum, mut most) = (0, 1);
    for child in &row.children {
        let below = active_leaves(machine, *child);
        sum += below;
        most = most.max(below);
    }
    if row.kind == StateKind::Parallel { sum } else { most }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{MapLoader, compile};

    #[test]
    fn what_a_machine_cannot_hold_is_refused() {
        type Grow = fn(&mut Machine, usize);
        fn fill<T: Clone>(list: &mut Vec<T>, count: usize) {
            let first = list[0].clone();
            list.resize(count, first);
        }
        let rows: [(Grow, usize, &str); 12] = [
            (|machine, count| fill(&mut machine.states, count), STATE_LIMIT, "states;"),
            (|machine, count| fill(&mut machine.transitions, count), TRANSITION_LIMIT, "transitions;"),
            (|machine, count| fill(&mut machine.events, count), NUMBER_LIMIT, "events;"),
            (|machine, count| fill(&mut machine.outputs, count), NUMBER_LIMIT, "outputs;"),
            (|machine, count| fill(&mut machine.timers, count), NUMBER_LIMIT, "timers;"),
            (|machine, count| fill(&mut machine.activities, count), NUMBER_LIMIT, "activities;"),
            (|machine, count| fill(&mut machine.children, count), NUMBER_LIMIT, "children;"),
            (|machine, count| fill(&mut machine.sends, count), NUMBER_LIMIT, "names of messages;"),
            (|machine, count| fill(&mut machine.undos, count), NUMBER_LIMIT, "actions to undo;"),
            (
                |machine, count| machine.limits.internal = count as u32,
                QUEUE_LIMIT,
                "internal events as its limit",
            ),
            (
                |machine, count| machine.limits.deferred = count as u32,
                QUEUE_LIMIT,
                "deferred events as its limit",
            ),
            (
                |machine, count| machine.limits.undo = count as u32,
                QUEUE_LIMIT,
                "actions to undo as its limit",
            ),
        ];
        let spec = "machine M {
          input { GO } output { OUT } extern { action reserve(Int) action release(Int) }
          initial a
          state a { do N as n on GO / reserve(1) undo release(1), send self GO delay 1s as later after 5s / emit OUT, compensate }
        }
        machine N { initial a accept state a }";
        let compiled = compile("m.sc", &MapLoader::from([("m.sc", spec)]));
        let machine = compiled
            .model
            .as_ref()
            .unwrap_or_else(|| panic!("{}", compiled.render(false)))
            .machine("M")
            .unwrap()
            .clone();
        assert_eq!(refusal(&machine), None);
        for (grow, limit, what) in rows {
            let mut machine = machine.clone();
            grow(&mut machine, limit);
            assert_eq!(refusal(&machine), None, "{what}");
            grow(&mut machine, limit + 1);
            let why = refusal(&machine).unwrap_or_default();
            assert!(why.contains(&format!("has {} {what}", limit + 1)), "{what}: {why}");
        }
    }
}
