//! The chart's structure as static data.

use super::{
    hooks::{awaited, is_guarded},
    template::{Rust, numbers},
};
use crate::{
    model::{Cause, Invoked, Machine, State, StateId, StateKind},
    table::ById,
};

pub(super) fn tables(machine: &Machine) -> Rust {
    let name = &machine.name;
    let strict = machine.strict;
    let awaited = awaited(machine);
    let (mut states, mut transitions) = (Rust::new(), Rust::new());
    for id in 0..machine.states.len() {
        states.push(state(machine, id, awaited.contains(id)));
    }
    for (id, row) in machine.transitions.iter().enumerate() {
        let (source, domain) = (row.source, row.domain);
        let targets = indices("targets", &row.targets);
        let flags = flags(&[
            (is_guarded(row), "guarded"),
            (!row.actions.is_empty(), "acts"),
            (!row.passes.is_empty(), "passes"),
            (row.ignore, "ignore"),
        ]);
        let (text, line) = (machine.transition_text(id), row.line);
        transitions.push(rust!(chart::Transition {
            source: #source, domain: #domain, #targets #flags text: #text, line: #line,
            ..chart::Transition::PLAIN
        },));
    }
    let (mut events, mut outputs, mut timers) = (Rust::new(), Rust::new(), Rust::new());
    for event in &machine.events {
        events.item(&event.symbol.name);
    }
    for output in &machine.outputs {
        outputs.item(&output.name);
    }
    for timer in &machine.timers {
        timers.item(&timer.state);
    }
    let mut activities = Rust::new();
    for (id, activity) in machine.activities.iter().enumerate() {
        let (state, name) = (activity.state, machine.runs(id));
        let child = match activity.runs {
            Invoked::Service(_) => rust!(::core::option::Option::None),
            Invoked::Child(child) => rust!(::core::option::Option::Some(#child)),
        };
        activities.push(rust!(chart::Activity { state: #state, name: #name, child: #child },));
    }
    let (mut children, mut sends) = (Rust::new(), Rust::new());
    for child in &machine.children {
        children.item(&child.name);
    }
    for send in &machine.sends {
        sends.item(&send.name);
    }
    let histories = histories(&machine.states);
    let microsteps = machine.limits.microsteps;
    rust! {
        /// The chart's structure, in document order.
        pub static TABLES: chart::Tables = chart::Tables {
            name: #name,
            strict: #strict,
            states: &[#states],
            transitions: &[#transitions],
            events: &[#events],
            outputs: &[#outputs],
            timers: &[#timers],
            activities: &[#activities],
            children: &[#children],
            sends: &[#sends],
            histories: #histories,
            microsteps: #microsteps,
        };
    }
}

fn state(machine: &Machine, id: StateId, awaited: bool) -> Rust {
    let row = &machine.states[id];
    let (name, label) = (if row.path.is_empty() { &row.name } else { &row.path }, &row.label);
    let (parent, last) = (row.parent, row.last);
    let kind = match row.kind {
        StateKind::Atomic => rust!(Atomic),
        StateKind::Compound => rust!(Compound),
        StateKind::Parallel => rust!(Parallel),
        StateKind::Final => rust!(Final),
        StateKind::History { deep } => {
            let slot = histories(machine.states.get(..id).unwrap_or_default());
            rust!(History { deep: #deep, slot: #slot })
        }
    };
    let (initial, histories, defer) = (
        indices("initial", &row.initial),
        indices("histories", &row.histories),
        indices("defer", &row.defer),
    );
    let mut on = Rust::new();
    for (cause, ids) in &reactions(machine, row) {
        let (trigger, ids) = (trigger(*cause), numbers(ids));
        on.push(rust!((#trigger, &[#ids]),));
    }
    let on = (!on.is_empty()).then(|| rust!(on: &[#on],));
    let (timers, activities) = (range("timers", &row.timers), range("activities", &row.activities));
    let flags = flags(&[
        (!(row.initial_actions.is_empty() && row.initial_passes.is_empty()), "initial_acts"),
        (row.accept, "accept"),
        (!row.entry.is_empty(), "entry"),
        (!row.exit.is_empty(), "exit"),
        // The machine's own data is there before it starts.
        (!row.locals.is_empty() && id != 0, "data"),
        (row.returns.is_some(), "returns"),
        (awaited, "awaited"),
    ]);
    rust!(chart::State {
        name: #name, label: #label, parent: #parent, last: #last, kind: chart::Kind::#kind,
        #initial #histories #on #defer #timers #activities #flags
        ..chart::State::PLAIN
    },)
}

/// `name: &[ids],`, unless there are none.
fn indices(name: &str, ids: &[usize]) -> Option<Rust> {
    let (name, list) = (Rust::from_text(name), numbers(ids));
    (!ids.is_empty()).then(|| rust!(#name: &[#list],))
}

/// How many of the states are histories.
fn histories(states: &[State]) -> usize {
    let mut count = 0;
    for row in states {
        count += usize::from(matches!(row.kind, StateKind::History { .. }));
    }
    count
}

/// `name: true,` for what holds.
fn flags(all: &[(bool, &str)]) -> Rust {
    let mut flags = Rust::new();
    for (holds, name) in all {
        if *holds {
            flags.push(Rust::from_text(format!("{name}: true, ")));
        }
    }
    flags
}

/// First index and count; a state's timers and activities are numbered consecutively.
fn range(name: &str, ids: &[usize]) -> Option<Rust> {
    let (name, first, count) = (Rust::from_text(name), ids.first()?, ids.len());
    Some(rust!(#name: (#first, #count),))
}

/// Causes and candidates, both in document order, one entry a cause.
fn reactions(machine: &Machine, row: &State) -> Vec<(Cause, Vec<usize>)> {
    let mut reactions: Vec<(Cause, Vec<usize>)> = Vec::new();
    let mut known = ById::default();
    for &id in &row.transitions {
        for cause in machine.transitions[id].trigger.causes() {
            let at = *known.or_insert(cause.number(), reactions.len());
            match reactions.get_mut(at) {
                Some((_, ids)) => ids.push(id),
                None => reactions.push((cause, vec![id])),
            }
        }
    }
    reactions
}

fn trigger(cause: Cause) -> Rust {
    let (name, of) = match cause {
        Cause::Always => return rust!(chart::Trigger::Always),
        Cause::Fault => return rust!(chart::Trigger::Fault),
        Cause::Event(event) => ("Event", event),
        Cause::Timer(timer) => ("Timer", timer),
        Cause::Done(state) => ("Done", state),
        Cause::ChildDone(child) => ("ChildDone", child),
    };
    let name = Rust::from_text(name);
    rust!(chart::Trigger::#name(#of))
}
