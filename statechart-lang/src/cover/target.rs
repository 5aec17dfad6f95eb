//! [`Target`]: what there is to cover.

use std::fmt;

use super::transition_name;
use crate::{
    interpreter::{Claim, StepReport, Verdict},
    model::{Machine, StateId, StateKind, TransitionId},
};

/// What is to be covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Criterion {
    /// Every state is entered.
    States,
    /// Every transition is taken, and every bare `on` settles an event.
    Transitions,
    /// Every guard of a transition is true once and false once.
    Guards,
    /// Every two transitions that may follow each other do.
    Pairs,
}

impl Criterion {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::States, Self::Transitions, Self::Guards, Self::Pairs];

    /// Its name in commands.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::States => "states",
            Self::Transitions => "transitions",
            Self::Guards => "guards",
            Self::Pairs => "pairs",
        }
    }
}

/// One thing to cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The state is entered.
    State(StateId),
    /// The transition is taken; a bare `on` settles an event.
    Transition(TransitionId),
    /// The transition's guard has this value; a fault counts as false.
    Guard(TransitionId, bool),
    /// The second transition is the next that is taken after the first.
    Pair(TransitionId, TransitionId),
}

/// A target with its machine, for display.
#[derive(Debug, Clone, Copy)]
pub struct Whole<'m>(pub &'m Machine, pub Target);

impl fmt::Display for Whole<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(machine, target) = self;
        match *target {
            Target::State(id) => f.write_str(machine.states.get(id).map_or("", |state| &state.path)),
            Target::Transition(id) => f.write_str(&transition_name(machine, id)),
            Target::Guard(id, value) => {
                let row = machine.transitions.get(id);
                let text = row.and_then(|row| row.guard_text.as_deref()).unwrap_or("");
                write!(f, "{}: [{text}] is {value}", transition_name(machine, id))
            }
            Target::Pair(first, second) => {
                write!(f, "{} then {}", transition_name(machine, first), transition_name(machine, second))
            }
        }
    }
}

/// Every target of a criterion, in document order.
#[must_use]
pub fn targets(machine: &Machine, criterion: Criterion) -> Vec<Target> {
    let transitions = || 0..machine.transitions.len();
    match criterion {
        Criterion::States => {
            (1..machine.states.len()).filter(|&state| !machine.is_history(state)).map(Target::State).collect()
        }
        Criterion::Transitions => transitions().map(Target::Transition).collect(),
        Criterion::Guards => transitions()
            .filter(|&id| has_guard(machine, id))
            .flat_map(|id| [Target::Guard(id, true), Target::Guard(id, false)])
            .collect(),
        Criterion::Pairs => transitions()
            .flat_map(|first| transitions().map(move |second| (first, second)))
            .filter(|&(first, second)| may_follow(machine, first, second))
            .map(|(first, second)| Target::Pair(first, second))
            .collect(),
    }
}

fn has_guard(machine: &Machine, id: TransitionId) -> bool {
    machine.transitions.get(id).is_some_and(|row| row.guard.is_some())
}

/// Whether the source of the second can be active when the first has been taken, going by the nesting of states alone.
fn may_follow(machine: &Machine, first: TransitionId, second: TransitionId) -> bool {
    let (Some(first), Some(second)) = (machine.transitions.get(first), machine.transitions.get(second))
    else {
        return false;
    };
    if first.ignore || second.ignore {
        return false;
    }
    let own = [first.source];
    let ends = if first.targets.is_empty() { &own[..] } else { &first.targets };
    ends.iter().all(|&end| {
        let row = machine.states.get(end);
        // A history state stands for something in its parent; nothing leaves a machine that is done.
        let end = if machine.is_history(end) { row.map_or(end, |row| row.parent) } else { end };
        let is_over = row.is_some_and(|row| row.kind == StateKind::Final && row.parent == 0);
        !is_over && together(machine, end, second.source)
    })
}

/// Whether two states may be active at once.
fn together(machine: &Machine, a: StateId, b: StateId) -> bool {
    if a == b || machine.is_descendant(a, b) || machine.is_descendant(b, a) {
        return true;
    }
    let mut above = a;
    while above != 0 && !machine.is_descendant(b, above) {
        above = machine.states.get(above).map_or(0, |row| row.parent);
    }
    machine.states.get(above).is_some_and(|row| row.kind == StateKind::Parallel)
}

/// What a step met, in order. `last` is the transition that was taken last, in this step or before it.
pub(super) fn met(machine: &Machine, report: &StepReport, last: &mut Option<TransitionId>) -> Vec<Target> {
    let mut met: Vec<Target> = report.entered.iter().map(|&state| Target::State(state)).collect();
    for &id in &report.transitions {
        met.push(Target::Transition(id));
        met.extend(last.replace(id).map(|first| Target::Pair(first, id)));
    }
    for candidate in report.selections.iter().flat_map(|selection| &selection.candidates) {
        if let (Claim::Transition(id), Verdict::Ignores) = (candidate.what, &candidate.verdict) {
            met.push(Target::Transition(id));
        }
    }
    let guards = report.guards.iter().filter(|guard| has_guard(machine, guard.transition));
    met.extend(guards.map(|guard| Target::Guard(guard.transition, guard.value == Ok(true))));
    met
}
