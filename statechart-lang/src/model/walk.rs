//! Going through everything that a machine computes and does.

use super::{Action, ActionKind, Expr, ExprKind, Machine};

/// Whether what is computed depends on the time of day.
pub(crate) fn reads_the_clock(machine: &Machine) -> bool {
    let mut reads = false;
    each_expression(machine, &mut |expr| reads |= matches!(expr.kind, ExprKind::Now));
    reads
}

/// Every expression of a machine and every part of it.
pub(crate) fn each_expression(machine: &Machine, visit: &mut dyn FnMut(&Expr)) {
    let mut all: Vec<&Expr> = Vec::new();
    all.extend(machine.context.iter().map(|variable| &variable.initial));
    all.extend(machine.locals.iter().filter_map(|local| local.initial.as_ref()));
    all.extend(machine.timers.iter().map(|timer| &timer.after));
    all.extend(machine.activities.iter().flat_map(|activity| &activity.args));
    for state in &machine.states {
        all.extend(&state.returns);
        all.extend(state.initial_passes.iter().flat_map(|pass| &pass.args));
    }
    for transition in &machine.transitions {
        all.extend(&transition.guard);
        all.extend(transition.passes.iter().flat_map(|pass| &pass.args));
    }
    all.into_iter().for_each(|expr| each_part(expr, visit));
    each_list(machine, &mut |actions| {
        for action in actions {
            each_of_action(action, visit);
        }
    });
}

/// Every list of actions that is no part of another one.
pub(crate) fn each_list(machine: &Machine, visit: &mut dyn FnMut(&[Action])) {
    for state in &machine.states {
        visit(&state.entry);
        visit(&state.exit);
        visit(&state.initial_actions);
    }
    for transition in &machine.transitions {
        visit(&transition.actions);
    }
}

pub(crate) fn each_of_action(action: &Action, visit: &mut dyn FnMut(&Expr)) {
    match &action.kind {
        ActionKind::Assign { value, .. } | ActionKind::Log(value) => each_part(value, visit),
        ActionKind::Emit { args, .. }
        | ActionKind::Raise { args, .. }
        | ActionKind::Spawn { args, .. }
        | ActionKind::Push { args, .. }
        | ActionKind::Call { args, .. } => args.iter().for_each(|arg| each_part(arg, visit)),
        ActionKind::Send { args, delay, .. } => {
            args.iter().chain(delay).for_each(|arg| each_part(arg, visit));
        }
        ActionKind::If { arms, otherwise } => {
            for (condition, body) in arms {
                each_part(condition, visit);
                body.iter().for_each(|action| each_of_action(action, visit));
            }
            otherwise.iter().for_each(|action| each_of_action(action, visit));
        }
        ActionKind::For { list, body, .. } => {
            each_part(list, visit);
            body.iter().for_each(|action| each_of_action(action, visit));
        }
        ActionKind::Cancel(_) | ActionKind::Stop(_) | ActionKind::Compensate | ActionKind::Commit => {}
    }
}

/// An expression and its operands, as deep as the source nests them.
pub(crate) fn each_part(expr: &Expr, visit: &mut dyn FnMut(&Expr)) {
    visit(expr);
    expr.operands().into_iter().for_each(|operand| each_part(operand, visit));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{MapLoader, compile};

    /// Every place where an expression may stand, with the time of day in it.
    #[test]
    fn the_clock_is_found_wherever_it_is_read() {
        let places = [
            "initial a(now)  state a(t: Time)",
            "initial a  state a(t: Time = now)",
            "initial a  state a { initial b(now)  state b(t: Time) }",
            "initial a  state a { initial b  history h -> c(now)  state b  state c(t: Time? = none)  on GO -> h }",
            "initial a  state a { context { t: Time = now } }",
            "initial a  state a { after (now - now) -> a }",
            "initial a  state a { on GO [now == now] }",
            "initial a  state a(t: Time?) { on GO -> a(now) }",
            "initial a  state a { entry / emit AT(now) }",
            "initial a  state a { exit / if now == now { for t in [now] { emit AT(t) } } }",
            "initial a  state a { on GO / send self GO delay (now - now) }",
            "initial a / emit AT(now)  state a",
            "initial a  state a { initial b  final b { return now } }",
        ];
        for place in places {
            let text = format!("machine M {{ input {{ GO }} output {{ AT(t: Time) }} {place} }}");
            let compiled = compile("m.sc", &MapLoader::from([("m.sc", text.as_str())]));
            let Some(model) = &compiled.model else { panic!("{}", compiled.render(false)) };
            assert!(reads_the_clock(&model.machines[0]), "{place}");
        }
        let model = compile("m.sc", &MapLoader::from([("m.sc", "machine M { initial a  state a }")])).model;
        assert!(!reads_the_clock(&model.unwrap().machines[0]));
    }
}
