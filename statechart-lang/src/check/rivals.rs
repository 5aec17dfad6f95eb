//! Transitions of one state that nothing tells apart.

use crate::{
    Code, Diagnostic,
    model::{Cause, Machine, Transition},
    table::{ById, ByName},
};

/// Earlier transitions of a state on one trigger: the one without a guard, and those with each guard.
#[derive(Default)]
struct Earlier<'a> {
    always: Option<&'a Transition>,
    guarded: ByName<&'a Transition>,
}

/// Two transitions of one state on one event, the first of which always wins.
pub(super) fn nondeterministic(machine: &Machine, diagnostics: &mut Vec<Diagnostic>) {
    if machine.nondeterministic {
        return;
    }
    for state in &machine.states {
        let mut earlier: ById<Earlier<'_>> = ById::default();
        for id in &state.transitions {
            let transition = &machine.transitions[*id];
            let wildcard = transition.pattern.contains('*');
            for cause in transition.trigger.causes() {
                let known = earlier.or_insert(cause.number(), Earlier::default());
                let guard = transition.guard_text.as_deref();
                let rival = known.always.or_else(|| known.guarded.get(guard?).copied());
                if let Some(rival) = rival
                    && !wildcard
                {
                    let event = match cause {
                        Cause::Event(event) => format!("`{}`", machine.events[event].symbol.name),
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
                        known.guarded.or_insert(guard, transition);
                    }
                }
            }
        }
    }
}
