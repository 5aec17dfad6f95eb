//! Machines in which two transitions may be enabled at once: an automaton has both edges, a run takes the first.
//!
//! A transition with another one behind it that the same cue sets off gets one condition more, a question whose answer is
//! open: each answer is a way through the step. Where all that come to be considered say no, the first that is enabled
//! without the question is taken, so that no way leads past an enabled transition.

use crate::model::{
    BinaryOp, Expr, ExprKind, ExternFn, Machine, StateId, Transition, TransitionId, Trigger, Type,
};

/// The machine with its choices as open questions; itself where nothing may be undecided.
pub(super) fn with_choices(machine: &Machine) -> Option<Machine> {
    if !machine.nondeterministic {
        return None;
    }
    let mut asking = machine.clone();
    // The questions decide.
    asking.nondeterministic = false;
    let question = asking.guards.len();
    asking.guards.push(ExternFn {
        name: "choice".to_owned(),
        doc: String::new(),
        params: Vec::new(),
        span: machine.span,
    });
    for state in 0..machine.states.len() {
        for id in undecided(machine, state) {
            let copy = asking.transitions.len();
            let Some(transition) = asking.transitions.get_mut(id) else { continue };
            let plain = transition.clone();
            ask(transition, question);
            asking.transitions.push(plain);
            if let Some(row) = asking.states.get_mut(state) {
                row.transitions.push(copy);
            }
        }
    }
    Some(asking)
}

/// Transitions of a state with another one behind them that may be enabled at the same time.
fn undecided(machine: &Machine, state: StateId) -> Vec<TransitionId> {
    let own = machine.states.get(state).map_or(&[][..], |row| row.transitions.as_slice());
    let row = |id: &TransitionId| machine.transitions.get(*id);
    let mut found = Vec::new();
    for (at, id) in own.iter().enumerate() {
        let mut behind = own.iter().skip(at + 1).filter_map(row);
        if row(id).is_some_and(|one| behind.any(|other| meet(&one.trigger, &other.trigger))) {
            found.push(*id);
        }
    }
    found
}

/// Whether one cue sets off both.
fn meet(one: &Trigger, other: &Trigger) -> bool {
    match (one, other) {
        (Trigger::Events(one), Trigger::Events(other)) => one.iter().any(|event| other.contains(event)),
        (one, other) => one == other,
    }
}

/// `[guard]` becomes `[choice && guard]`.
fn ask(transition: &mut Transition, question: usize) {
    let span = transition.span;
    let choice = Expr { kind: ExprKind::Guard(question, Vec::new()), ty: Type::Bool, span };
    transition.guard = Some(match transition.guard.take() {
        Some(guard) => Expr {
            kind: ExprKind::Binary(BinaryOp::And, Box::new(choice), Box::new(guard)),
            ty: Type::Bool,
            span,
        },
        None => choice,
    });
}
