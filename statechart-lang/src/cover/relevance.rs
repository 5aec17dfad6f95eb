//! Which variables decide anything: a counter that only outputs read makes no difference to what can be covered.

use std::collections::BTreeSet;

use crate::model::{
    Action, ActionKind, Expr, ExprKind, Machine, Place, Receiver,
    walk::{each_list, each_part},
};

/// For each variable of the context, whether what happens next may depend on it: a guard, a condition, a delay, a list
/// that is gone through, data of states or a payload is computed from it, or a variable that does is assigned from it.
/// What is left out is whether computing an output overflows.
pub(super) fn relevant(machine: &Machine) -> Vec<bool> {
    let mut deciding = BTreeSet::new();
    // Which variables each assignment reads.
    let mut assigned: Vec<(usize, BTreeSet<usize>)> = Vec::new();
    let mut add = |expr: &Expr| reads(expr, &mut deciding);
    for transition in &machine.transitions {
        transition.guard.iter().for_each(&mut add);
        transition.passes.iter().flat_map(|pass| &pass.args).for_each(&mut add);
    }
    for state in &machine.states {
        state.returns.iter().for_each(&mut add);
        state.initial_passes.iter().flat_map(|pass| &pass.args).for_each(&mut add);
    }
    machine.locals.iter().filter_map(|local| local.initial.as_ref()).for_each(&mut add);
    machine.timers.iter().for_each(|timer| add(&timer.after));
    each_list(machine, &mut |actions| list(actions, &mut add, &mut assigned));
    let mut changed = true;
    while changed {
        changed = false;
        for (variable, from) in &assigned {
            if deciding.contains(variable) && !from.is_subset(&deciding) {
                deciding.extend(from);
                changed = true;
            }
        }
    }
    (0..machine.context.len()).map(|variable| deciding.contains(&variable)).collect()
}

fn reads(expr: &Expr, into: &mut BTreeSet<usize>) {
    each_part(expr, &mut |part| {
        if let ExprKind::Variable(variable) = part.kind {
            into.insert(variable);
        }
    });
}

fn list(actions: &[Action], add: &mut dyn FnMut(&Expr), assigned: &mut Vec<(usize, BTreeSet<usize>)>) {
    for action in actions {
        match &action.kind {
            ActionKind::Assign { place: Place::Variable(variable), value } => {
                let mut from = BTreeSet::new();
                reads(value, &mut from);
                assigned.push((*variable, from));
            }
            ActionKind::Assign { place: Place::Local(_), value } => add(value),
            ActionKind::Raise { args, .. } | ActionKind::Push { args, .. } => args.iter().for_each(&mut *add),
            ActionKind::Send { to, args, delay, .. } => {
                if *to == Receiver::Itself {
                    args.iter().for_each(&mut *add);
                }
                delay.iter().for_each(&mut *add);
            }
            ActionKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    add(condition);
                    list(body, add, assigned);
                }
                list(otherwise, add, assigned);
            }
            ActionKind::For { list: through, body, .. } => {
                add(through);
                list(body, add, assigned);
            }
            ActionKind::Emit { .. }
            | ActionKind::Cancel(_)
            | ActionKind::Spawn { .. }
            | ActionKind::Stop(_)
            | ActionKind::Compensate
            | ActionKind::Commit
            | ActionKind::Call { .. }
            | ActionKind::Log(_) => {}
        }
    }
}
