//! The chart's structure as static data.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::hooks::{awaited, index, is_guarded};
use crate::{
    model::{Cause, Invoked, Machine, State, StateKind},
    table::ById,
};

pub(super) fn tables(machine: &Machine) -> TokenStream {
    let name = &machine.name;
    let strict = machine.strict;
    let awaited = awaited(machine);
    let states =
        machine.states.iter().enumerate().map(|(id, row)| state(machine, row, awaited.contains(&id)));
    let transitions = machine.transitions.iter().enumerate().map(|(id, row)| {
        let (source, domain) = (index(row.source), index(row.domain));
        let targets = row.targets.iter().map(|target| index(*target));
        let targets = (!row.targets.is_empty()).then(|| quote!(targets: &[#(#targets),*],));
        let flags = flags(&[
            (is_guarded(row), quote!(guarded)),
            (!row.actions.is_empty(), quote!(acts)),
            (!row.passes.is_empty(), quote!(passes)),
            (row.ignore, quote!(ignore)),
        ]);
        let (text, line) = (machine.transition_text(id), row.line);
        quote!(chart::Transition {
            source: #source, domain: #domain, #targets #flags text: #text, line: #line,
            ..chart::Transition::PLAIN
        })
    });
    let events = machine.events.iter().map(|event| &event.symbol.name);
    let outputs = machine.outputs.iter().map(|output| &output.name);
    let timers = machine.timers.iter().map(|timer| index(timer.state));
    let activities = machine.activities.iter().enumerate().map(|(id, activity)| {
        let (state, name) = (index(activity.state), machine.runs(id));
        let child = match activity.runs {
            Invoked::Service(_) => quote!(::core::option::Option::None),
            Invoked::Child(child) => {
                let child = index(child);
                quote!(::core::option::Option::Some(#child))
            }
        };
        quote!(chart::Activity { state: #state, name: #name, child: #child })
    });
    let children = machine.children.iter().map(|child| &child.name);
    let sends = machine.sends.iter().map(|send| &send.name);
    let histories = index(machine.states.iter().filter(|row| is_history(row)).count());
    let microsteps = machine.limits.microsteps;
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
            children: &[#(#children),*],
            sends: &[#(#sends),*],
            histories: #histories,
            microsteps: #microsteps,
        };
    }
}

fn state(machine: &Machine, row: &State, awaited: bool) -> TokenStream {
    let (name, label) = (if row.path.is_empty() { &row.name } else { &row.path }, &row.label);
    let (parent, last) = (index(row.parent), index(row.last));
    let kind = match row.kind {
        StateKind::Atomic => quote!(Atomic),
        StateKind::Compound => quote!(Compound),
        StateKind::Parallel => quote!(Parallel),
        StateKind::Final => quote!(Final),
        StateKind::History { deep } => {
            let before = machine.states.iter().take_while(|other| !std::ptr::eq(*other, row));
            let slot = index(before.filter(|other| is_history(other)).count());
            quote!(History { deep: #deep, slot: #slot })
        }
    };
    let list = |name: TokenStream, ids: &[usize]| {
        let items = ids.iter().map(|id| index(*id));
        (!ids.is_empty()).then(|| quote!(#name: &[#(#items),*],))
    };
    let (initial, histories, defer) = (
        list(quote!(initial), &row.initial),
        list(quote!(histories), &row.histories),
        list(quote!(defer), &row.defer),
    );
    let on = reactions(machine, row);
    let on = (!on.is_empty()).then(|| {
        let entries = on.into_iter().map(|(trigger, ids)| {
            let ids = ids.into_iter().map(index);
            quote!((#trigger, &[#(#ids),*]))
        });
        quote!(on: &[#(#entries),*],)
    });
    let (timers, activities) =
        (range(quote!(timers), &row.timers), range(quote!(activities), &row.activities));
    let is_root = std::ptr::eq(row, &machine.states[0]);
    let flags = flags(&[
        (!(row.initial_actions.is_empty() && row.initial_passes.is_empty()), quote!(initial_acts)),
        (row.accept, quote!(accept)),
        (!row.entry.is_empty(), quote!(entry)),
        (!row.exit.is_empty(), quote!(exit)),
        // The machine's own data is there before it starts.
        (!row.locals.is_empty() && !is_root, quote!(data)),
        (row.returns.is_some(), quote!(returns)),
        (awaited, quote!(awaited)),
    ]);
    quote!(chart::State {
        name: #name, label: #label, parent: #parent, last: #last, kind: chart::Kind::#kind,
        #initial #histories #on #defer #timers #activities #flags
        ..chart::State::PLAIN
    })
}

fn is_history(row: &State) -> bool {
    matches!(row.kind, StateKind::History { .. })
}

/// `name: true,` for what holds.
fn flags(all: &[(bool, TokenStream)]) -> TokenStream {
    all.iter().filter(|(holds, _)| *holds).map(|(_, name)| quote!(#name: true,)).collect()
}

/// First index and count; a state's timers and activities are numbered consecutively.
fn range(name: TokenStream, ids: &[usize]) -> Option<TokenStream> {
    let (first, count) = (index(*ids.first()?), index(ids.len()));
    Some(quote!(#name: (#first, #count),))
}

/// Causes and candidates, both in document order, one entry a cause.
fn reactions(machine: &Machine, row: &State) -> Vec<(TokenStream, Vec<usize>)> {
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
    let spelled = |cause| {
        let (name, of) = match cause {
            Cause::Always => return quote!(chart::Trigger::Always),
            Cause::Fault => return quote!(chart::Trigger::Fault),
            Cause::Event(event) => ("Event", event),
            Cause::Timer(timer) => ("Timer", timer),
            Cause::Done(state) => ("Done", state),
            Cause::ChildDone(child) => ("ChildDone", child),
        };
        let (name, of) = (format_ident!("{name}"), index(of));
        quote!(chart::Trigger::#name(#of))
    };
    reactions.into_iter().map(|(cause, ids)| (spelled(cause), ids)).collect()
}
