//! What an edge says and what the box of a state lists, in the spec's own spelling.

use super::drawing::Label;
use super::text::one_line;
use crate::model::{
    Action, ActivityId, Expr, ExprKind, Literal, Machine, State, StateId, Transition, Trigger, UnaryOp,
};

/// How an edge is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stroke {
    /// An ordinary one.
    Solid,
    /// `#continuous`: repeated while work goes on.
    Dotted,
    /// `#cross`: between parties.
    Dashed,
}

impl Stroke {
    /// The stroke that a list of tags asks for.
    pub(super) fn of(tags: &[crate::model::Tag]) -> Self {
        tags.iter()
            .find_map(|tag| match tag.name.as_str() {
                "continuous" => Some(Self::Dotted),
                "cross" => Some(Self::Dashed),
                _ => None,
            })
            .unwrap_or(Self::Solid)
    }
}

/// `EVENT`; `*` for an eventless transition.
pub(super) fn event(transition: &Transition) -> String {
    let mut text = match transition.trigger {
        Trigger::Always => "*".to_owned(),
        _ => one_line(&transition.pattern),
    };
    if transition.internal {
        text.insert_str(0, "internal ");
    }
    text
}

/// What a transition says, wherever it stands.
pub(super) fn label(transition: &Transition) -> Label {
    Label {
        event: event(transition),
        guard: transition.guard_text.as_deref().map(one_line).unwrap_or_default(),
        actions: actions(&transition.actions),
        ..Label::default()
    }
}

/// Actions as one list, without the slash; empty when there are none.
pub(super) fn actions(actions: &[Action]) -> String {
    actions.iter().map(|action| one_line(&action.text)).collect::<Vec<_>>().join(", ")
}

/// The transitions of a machine that are drawn as edges: those that go somewhere.
pub(super) fn edges(machine: &Machine) -> impl Iterator<Item = (usize, &Transition)> {
    machine
        .transitions
        .iter()
        .enumerate()
        .filter(|(_, transition)| !transition.ignore && !transition.targets.is_empty())
}

/// The lines of a state's box below its label: entry, exit, activities, deferred events, transitions
/// that stay, ignored events; in this order.
pub(super) fn contents(machine: &Machine, state: &State) -> Vec<String> {
    let mut lines = Vec::new();
    for (word, list) in [("entry", &state.entry), ("exit", &state.exit)] {
        if !list.is_empty() {
            lines.push(format!("{word} / {}", actions(list)));
        }
    }
    lines.extend(state.activities.iter().filter_map(|id| activity(machine, *id)));
    let names = |ids: &[usize]| -> String {
        let names: Vec<&str> =
            ids.iter().filter_map(|id| Some(machine.events.get(*id)?.symbol.name.as_str())).collect();
        names.join(", ")
    };
    if !state.defer.is_empty() {
        lines.push(format!("defer {}", names(&state.defer)));
    }
    let own = || state.transitions.iter().filter_map(|id| machine.transitions.get(*id));
    lines.extend(own().filter(|row| row.targets.is_empty() && !row.ignore).map(|row| label(row).text()));
    let ignored: Vec<String> = own().filter(|row| row.ignore).map(|row| label(row).trigger()).collect();
    if !ignored.is_empty() {
        lines.push(format!("ignore {}", ignored.join(", ")));
    }
    lines
}

/// What people read of a state; never empty.
pub(super) fn title(state: &State) -> String {
    let label = one_line(&state.label);
    if label.is_empty() { one_line(&state.name) } else { label }
}

/// Whether a state is tinted: `#error`, `#alarm`, or named `error`.
pub(super) fn is_error(state: &State) -> bool {
    state.has_tag("error") || state.has_tag("alarm") || state.name.eq_ignore_ascii_case("error")
}

/// The chain of states from the root down to `id`, both included.
pub(super) fn ancestry(machine: &Machine, id: StateId) -> Vec<StateId> {
    let mut chain = vec![id];
    let mut at = id;
    // A parent comes before its child in document order, so this ends.
    while let Some(parent) = machine.states.get(at).map(|state| state.parent).filter(|parent| *parent < at) {
        chain.push(parent);
        at = parent;
    }
    chain.reverse();
    chain
}

fn activity(machine: &Machine, id: ActivityId) -> Option<String> {
    let activity = machine.activities.get(id)?;
    let args: Vec<String> = activity.args.iter().map(|arg| expression(machine, arg)).collect();
    if args.is_empty() {
        return Some(format!("do {}", machine.runs(id)));
    }
    Some(format!("do {}({})", machine.runs(id), args.join(", ")))
}

/// An expression as a spec would spell it; implicit conversions vanish again.
pub(crate) fn expression(machine: &Machine, expr: &Expr) -> String {
    let inner = |expr: &Expr| expression(machine, expr);
    // The grammar's precedence is not repeated here: nested operators get parentheses.
    let operand = |expr: &Expr| match stripped(expr).kind {
        ExprKind::Binary(..) | ExprKind::Default(..) | ExprKind::IsNone(..) => {
            format!("({})", inner(expr))
        }
        _ => inner(expr),
    };
    let list = |items: &[Expr]| items.iter().map(inner).collect::<Vec<_>>().join(", ");
    match &expr.kind {
        ExprKind::Literal(literal) => constant(literal),
        ExprKind::None => "none".to_owned(),
        ExprKind::Variable(index) => {
            machine.context.get(*index).map_or_else(|| "?".to_owned(), |row| row.name.clone())
        }
        ExprKind::Field { name, .. } => format!("event.{name}"),
        ExprKind::Local(index) => {
            machine.locals.get(*index).map_or_else(|| "?".to_owned(), |row| row.name.clone())
        }
        ExprKind::Binding(index) => {
            machine.bindings.get(*index).map_or_else(|| "?".to_owned(), |row| row.name.clone())
        }
        ExprKind::Result => "event.result".to_owned(),
        ExprKind::FaultKind => "event.kind".to_owned(),
        ExprKind::EventName => "event.name".to_owned(),
        ExprKind::Now => "now".to_owned(),
        ExprKind::In(state) => {
            format!("in({})", machine.states.get(*state).map_or("?", |state| state.name.as_str()))
        }
        ExprKind::Unary(UnaryOp::Not, value) => format!("not {}", operand(value)),
        ExprKind::Unary(UnaryOp::Negate, value) => format!("-{}", operand(value)),
        ExprKind::Binary(op, left, right) => {
            format!("{} {} {}", operand(left), op.symbol(), operand(right))
        }
        ExprKind::Default(value, default) => format!("{} ?? {}", operand(value), operand(default)),
        ExprKind::IsNone(value) => format!("{} == none", operand(value)),
        ExprKind::Wrap(value) | ExprKind::Unwrap(value) => inner(value),
        ExprKind::List(items) => format!("[{}]", list(items)),
        ExprKind::Index(value, index) => format!("{}[{}]", operand(value), inner(index)),
        ExprKind::Len(value) => format!("len({})", inner(value)),
        ExprKind::Guard(index, args) => {
            format!("{}({})", machine.guards.get(*index).map_or("?", |guard| guard.name.as_str()), list(args))
        }
        ExprKind::Error => "?".to_owned(),
    }
}

fn stripped(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Wrap(value) | ExprKind::Unwrap(value) => stripped(value),
        _ => expr,
    }
}

fn constant(literal: &Literal) -> String {
    match literal {
        Literal::Int(value) => value.to_string(),
        Literal::Float(value) => format!("{value:?}"),
        Literal::Bool(value) => value.to_string(),
        Literal::Text(value) => format!("{value:?}"),
        Literal::Duration(time_us) => {
            let units = [
                ("d", 86_400_000_000),
                ("h", 3_600_000_000),
                ("m", 60_000_000),
                ("s", 1_000_000),
                ("ms", 1_000),
            ];
            match units.iter().find(|(_, size)| *time_us != 0 && time_us % size == 0) {
                Some((unit, size)) => format!("{}{unit}", time_us / size),
                None if *time_us == 0 => "0s".to_owned(),
                None => format!("{time_us}us"),
            }
        }
    }
}
