//! Transitions of one state that nothing tells apart.

use std::collections::BTreeMap;

use crate::{
    Code, Diagnostic,
    model::{ChildId, EventId, Machine, StateId, Transition, Trigger},
};

/// What a transition reacts to, one entry an event.
pub(super) fn triggers(transition: &Transition) -> Vec<Key> {
    match &transition.trigger {
        Trigger::Always => vec![Key::Always],
        Trigger::Events(events) => events.iter().map(|event| Key::Event(*event)).collect(),
        // Each timer sets off its own transition.
        Trigger::Timer(_) => Vec::new(),
        Trigger::Done(state) => vec![Key::Done(*state)],
        Trigger::ChildDone(child) => vec![Key::ChildDone(*child)],
        Trigger::Fault => vec![Key::Fault],
    }
}

/// One thing that sets transitions off.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Always,
    Event(EventId),
    Done(StateId),
    ChildDone(ChildId),
    Fault,
}

/// Earlier transitions of a state on one trigger: the one without a guard, and those with each guard.
#[derive(Default)]
struct Earlier<'a> {
    always: Option<&'a Transition>,
    guarded: BTreeMap<&'a str, &'a Transition>,
}

/// Two transitions of one state on one event, the first of which always wins.
pub(super) fn nondeterministic(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    if machine.nondeterministic {
        return;
    }
    for state in &machine.states {
        let mut earlier: BTreeMap<Key, Earlier<'_>> = BTreeMap::new();
        for id in &state.transitions {
            let transition = &machine.transitions[*id];
            let wildcard = transition.pattern.contains('*');
            for trigger in triggers(transition) {
                let known = earlier.entry(trigger).or_default();
                let guard = transition.guard_text.as_deref();
                let rival = known.always.or_else(|| known.guarded.get(guard?).copied());
                if let Some(rival) = rival
                    && !wildcard
                {
                    let event = match trigger {
                        Key::Event(event) => format!("`{}`", machine.events[event].symbol.name),
                        _ => format!("`{}`", transition.pattern),
                    };
                    diagnostics.push(
                        Diagnostic::new(
                            Code::Nondeterministic,
                            transition.span,
                            format!("`{}` has two transitions on {event} and nothing tells them apart", state.name),
                        )
                        .label(format!("never taken on {event}: the one above is enabled first"))
                        .also(rival.span, if rival.guard.is_none() { "always enabled" } else { "has the same guard" })
                        .help("guard the first, or remove one; `nondeterministic machine` keeps both for diagrams and languages"),
                    );
                    break;
                }
                match guard {
                    None => {
                        known.always.get_or_insert(transition);
                    }
                    Some(guard) => {
                        known.guarded.entry(guard).or_insert(transition);
                    }
                }
            }
        }
    }
}
