//! What a list of actions makes of what is known of optionals: at its end, or where a fault ends it.

use super::{facts::FactSet, scope::Fact, types};
use crate::model::{Action, ActionKind, Expr, ExprKind, Place, Receiver, Type};

/// The fact that an assignment is about.
fn subject(place: Place) -> Fact {
    match place {
        Place::Variable(at) => Fact::Variable(at),
        Place::Local(local) => Fact::Local(local),
    }
}

pub(super) fn assigned(kind: &ActionKind, facts: &mut FactSet) {
    if let ActionKind::Assign { place, value } = kind {
        let fact = subject(*place);
        if holds_value(value, facts) {
            facts.insert(fact);
        } else {
            facts.remove(&fact);
        }
    }
}

/// The effect of a list of actions on what holds: at its end, or where a fault ends it.
pub(super) fn perform(holding: &mut FactSet, actions: &[Action]) {
    let mut aborted = None;
    perform_until(holding, &mut aborted, actions);
    if let Some(aborted) = aborted {
        holding.keep(&aborted);
    }
}

/// [`perform`], with what holds wherever a fault may end the list kept apart; `None` while nowhere.
fn perform_until(holding: &mut FactSet, aborted: &mut Option<FactSet>, actions: &[Action]) {
    for action in actions {
        if may_fault(&action.kind) {
            match aborted {
                Some(facts) => facts.keep(holding),
                None => *aborted = Some(holding.clone()),
            }
        }
        match &action.kind {
            ActionKind::If { arms, otherwise } => {
                let mut common = holding.clone();
                // What earlier conditions deny narrows as it does when the list is typed.
                let mut rest = holding.clone();
                let mut first = true;
                for (condition, block) in arms {
                    let mut inside = rest.clone();
                    inside.extend(types::facts(condition, true));
                    perform_until(&mut inside, aborted, block);
                    if std::mem::take(&mut first) {
                        common = inside;
                    } else {
                        common.keep(&inside);
                    }
                    rest.extend(types::facts(condition, false));
                }
                perform_until(&mut rest, aborted, otherwise);
                if !first {
                    rest.keep(&common);
                }
                *holding = rest;
            }
            ActionKind::For { body, .. } => {
                let mut gone = FactSet::default();
                let mut known = holding.clone();
                known.keep_lasting();
                cleared(&mut gone, body, &known);
                let mut after = holding.clone();
                after.drop(&gone);
                // Any turn may be one too many.
                aborted.get_or_insert_with(|| after.clone()).keep(&after);
                perform_until(&mut after, aborted, body);
                holding.keep(&after);
            }
            kind => assigned(kind, holding),
        }
    }
}

/// Adds the optionals that a list may leave without a value, at its end or where a fault ends it. `known` holds what
/// is known of values that do not change while it runs: of the event, of what is bound.
pub(super) fn cleared(gone: &mut FactSet, actions: &[Action], known: &FactSet) {
    let mut aborted = None;
    cleared_until(gone, &mut aborted, actions, known);
    gone.add(&aborted.unwrap_or_default());
}

/// [`cleared`], with what is gone wherever a fault may end the list kept apart; `None` while nowhere.
fn cleared_until(gone: &mut FactSet, aborted: &mut Option<FactSet>, actions: &[Action], known: &FactSet) {
    for action in actions {
        if may_fault(&action.kind) {
            aborted.get_or_insert_default().add(gone);
        }
        match &action.kind {
            ActionKind::Assign { place, value } => {
                if holds_value(value, known) {
                    gone.remove(&subject(*place));
                } else {
                    gone.insert(subject(*place));
                }
            }
            ActionKind::If { arms, otherwise } => {
                let mut any = FactSet::default();
                let mut rest = known.clone();
                for (condition, block) in arms {
                    let mut inside = rest.clone();
                    inside.extend(lasting(types::facts(condition, true)));
                    let mut own = gone.clone();
                    cleared_until(&mut own, aborted, block, &inside);
                    any.add(&own);
                    rest.extend(lasting(types::facts(condition, false)));
                }
                cleared_until(gone, aborted, otherwise, &rest);
                gone.add(&any);
            }
            ActionKind::For { body, .. } => {
                let mut own = gone.clone();
                let aborted = aborted.get_or_insert_default();
                // The first turn may be one too many, and a later one begins with what an earlier one has cleared.
                aborted.add(gone);
                let mut inside = Some(FactSet::default());
                cleared_until(&mut own, &mut inside, body, known);
                aborted.add(&inside.unwrap_or_default());
                aborted.add(&own);
                gone.add(&own);
            }
            _ => {}
        }
    }
}

/// Whether an action may end its list by a fault, apart from the lists inside it.
fn may_fault(kind: &ActionKind) -> bool {
    let any = |args: &[Expr]| args.iter().any(Expr::can_fault);
    match kind {
        // A full queue, a full stack, a child that does not run; what is compensated may raise and send.
        ActionKind::Raise { .. }
        | ActionKind::Push { .. }
        | ActionKind::Compensate
        | ActionKind::Send { to: Receiver::Child(_), .. } => true,
        ActionKind::Assign { value, .. } | ActionKind::Log(value) => value.can_fault(),
        ActionKind::Send { args, delay, .. } => any(args) || delay.as_ref().is_some_and(Expr::can_fault),
        ActionKind::Emit { args, .. } | ActionKind::Spawn { args, .. } | ActionKind::Call { args, .. } => {
            any(args)
        }
        ActionKind::If { arms, .. } => arms.iter().any(|(condition, _)| condition.can_fault()),
        ActionKind::For { list, .. } => list.can_fault(),
        ActionKind::Cancel(_) | ActionKind::Stop(_) | ActionKind::Commit => false,
    }
}

/// Of some facts those that no assignment ends.
pub(super) fn lasting(mut facts: Vec<Fact>) -> Vec<Fact> {
    facts.retain(|fact| !matches!(fact, Fact::Variable(_) | Fact::Local(_)));
    facts
}

/// Whether a value assigned to an optional is not none.
pub(super) fn holds_value(value: &Expr, facts: &FactSet) -> bool {
    match &value.kind {
        ExprKind::Wrap(_) => true,
        _ => match types::fact(value) {
            Some(fact) => facts.contains(&fact),
            None => !matches!(value.ty, Type::Optional(_)),
        },
    }
}
