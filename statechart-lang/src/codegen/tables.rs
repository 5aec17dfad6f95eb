//! The chart's structure as static data.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::model::{Machine, State, StateKind, Trigger};

fn index(value: usize) -> Literal {
    Literal::u16_unsuffixed(value as u16)
}

pub(super) fn tables(machine: &Machine) -> TokenStream {
    let name = &machine.name;
    let strict = machine.strict;
    let states = machine.states.iter().map(|row| state(machine, row));
    let transitions = machine.transitions.iter().enumerate().map(|(id, row)| {
        let (source, domain) = (index(row.source), index(row.domain));
        let targets = row.targets.iter().map(|target| index(*target));
        let (guarded, acts, ignore) = (row.guard.is_some(), !row.actions.is_empty(), row.ignore);
        let (text, line) = (machine.transition_text(id), row.line);
        quote!(chart::Transition {
            source: #source, targets: &[#(#targets),*], domain: #domain,
            guarded: #guarded, acts: #acts, ignore: #ignore, text: #text, line: #line,
        })
    });
    let events = machine.events.iter().map(|event| &event.symbol.name);
    let outputs = machine.outputs.iter().map(|output| &output.name);
    let timers = machine.timers.iter().map(|timer| index(timer.state));
    let activities = machine.activities.iter().enumerate().map(|(id, activity)| {
        let (state, service) = (index(activity.state), machine.runs(id));
        quote!((#state, #service))
    });
    quote! {
        /// The chart's structure, in document order.
        pub static TABLES: chart::Tables = chart::Tables {
            name: #name,
            strict: #strict,
            states: &[#(#states),*],
            transitions: &[#(#transitions),*],
            events: &[#(#events),*],
            outputs: &[#(#outputs),*],
            timers: &[#(#timers),*],
            activities: &[#(#activities),*],
            microsteps: 1_000,
        };
    }
}

fn state(machine: &Machine, row: &State) -> TokenStream {
    let (name, label) = (if row.path.is_empty() { &row.name } else { &row.path }, &row.label);
    let (parent, last) = (index(row.parent), index(row.last));
    let kind = match row.kind {
        StateKind::Atomic => quote!(Atomic),
        StateKind::Compound => quote!(Compound),
        StateKind::Parallel => quote!(Parallel),
        StateKind::Final | StateKind::History { .. } => quote!(Final),
    };
    let initial = row.initial.iter().map(|target| index(*target));
    let accept = row.accept;
    let on = reactions(machine, row).into_iter().map(|(trigger, ids)| {
        let ids = ids.into_iter().map(index);
        quote!((#trigger, &[#(#ids),*]))
    });
    let defer = row.defer.iter().map(|event| index(*event));
    let (timers, activities) = (range(&row.timers), range(&row.activities));
    let (entry, exit) = (!row.entry.is_empty(), !row.exit.is_empty());
    quote!(chart::State {
        name: #name, label: #label, parent: #parent, last: #last, kind: chart::Kind::#kind,
        initial: &[#(#initial),*], accept: #accept, on: &[#(#on),*], defer: &[#(#defer),*],
        timers: #timers, activities: #activities, entry: #entry, exit: #exit,
    })
}

/// First index and count; a state's timers and activities are numbered consecutively.
fn range(ids: &[usize]) -> TokenStream {
    let (first, count) = (index(ids.first().copied().unwrap_or(0)), index(ids.len()));
    quote!((#first, #count))
}

/// Trigger and candidates, both in document order, one entry a trigger.
fn reactions(machine: &Machine, row: &State) -> Vec<(TokenStream, Vec<usize>)> {
    let mut reactions: Vec<(Trigger, Vec<usize>)> = Vec::new();
    for &id in &row.transitions {
        let triggers = match &machine.transitions[id].trigger {
            Trigger::Events(events) => events.iter().map(|event| Trigger::Events(vec![*event])).collect(),
            other => vec![other.clone()],
        };
        for trigger in triggers {
            match reactions.iter_mut().find(|(known, _)| *known == trigger) {
                Some((_, ids)) => ids.push(id),
                None => reactions.push((trigger, vec![id])),
            }
        }
    }
    let spelled = |trigger: &Trigger| match trigger {
        Trigger::Always => quote!(chart::Trigger::Always),
        Trigger::Events(events) => {
            let event = index(events.first().copied().unwrap_or(0));
            quote!(chart::Trigger::Event(#event))
        }
        Trigger::Timer(timer) => {
            let timer = index(*timer);
            quote!(chart::Trigger::Timer(#timer))
        }
        Trigger::Done(state) | Trigger::ChildDone(state) => {
            let state = index(*state);
            quote!(chart::Trigger::Done(#state))
        }
        Trigger::Fault => quote!(chart::Trigger::Fault),
    };
    reactions.into_iter().map(|(trigger, ids)| (spelled(&trigger), ids)).collect()
}
