//! The names in a system: its parties, their machines and parameters, the messages between them.

use super::{Analysis, DeclarationId, Kind, scopes::Scope};
use crate::syntax::ast::{Expr, ExprKind, SystemItem};

/// Resolves the uses of names in a system.
pub(super) fn walk(analysis: &mut Analysis, scopes: &[Scope], items: &[SystemItem]) {
    let mut parties = std::collections::BTreeMap::new();
    for item in items {
        let (SystemItem::Actor { name, .. } | SystemItem::External { name, .. }) = item else { continue };
        let machine = if let SystemItem::Actor { machine, .. } = item { Some(&machine.text) } else { None };
        if let Some(id) = analysis.declared.get(&name.span) {
            parties.insert(&name.text, (*id, machine));
        }
    }
    for item in items {
        match item {
            SystemItem::Actor { machine, args, family, .. } => {
                let id = analysis.top(Kind::Machine, &machine.text);
                analysis.used(machine.span, id);
                let member = family.as_ref().and_then(|family| {
                    Some((family.name.text.as_str(), *analysis.declared.get(&family.name.span)?))
                });
                // A parameter that has the family's name gets its value, where none is given: the two go together.
                if let (Some((name, member)), Some(machine)) = (member, id)
                    && let Some((at, parameter)) = parameter(analysis, machine, name)
                    && args.get(at).is_none_or(|arg| arg.name.is_some())
                    && !args.iter().any(|arg| arg.name.as_ref().is_some_and(|given| given.text == name))
                    && let Some(span) = analysis.declarations.get(member).map(|known| known.span)
                {
                    analysis.used(span, [member, parameter]);
                }
                for arg in args {
                    family_uses(analysis, &arg.value, member);
                }
                for name in args.iter().filter_map(|arg| arg.name.as_ref()) {
                    let parameter = id.and_then(|id| analysis.inside(id, &name.text));
                    analysis.used(name.span, parameter);
                }
            }
            SystemItem::External { .. } => {}
            SystemItem::Wire { from, to, messages, .. } => {
                for name in [from, to] {
                    analysis.used(name.span, parties.get(&name.text).map(|(id, _)| *id));
                }
                let machine = parties.get(&to.text).and_then(|(_, machine)| *machine);
                let scope = machine.and_then(|machine| analysis.scope_of(scopes, machine));
                for message in messages {
                    let id = scope.and_then(|scope| scope.events.get(&message.text).copied());
                    analysis.used(message.span, id);
                }
            }
        }
    }
}

/// A parameter of a machine by name, and its position.
fn parameter(analysis: &Analysis, machine: DeclarationId, name: &str) -> Option<(usize, DeclarationId)> {
    let own = analysis
        .declarations
        .iter()
        .enumerate()
        .filter(|(_, known)| known.kind == Kind::Parameter && known.container == Some(machine));
    own.enumerate().find(|(_, (_, known))| known.name == name).map(|(at, (id, _))| (at, id))
}

/// What an argument of an actor can name: the value of its family.
fn family_uses(analysis: &mut Analysis, expr: &Expr, family: Option<(&str, DeclarationId)>) {
    match &expr.kind {
        ExprKind::Reference(name) => {
            let id = family.filter(|(known, _)| *known == name.text).map(|(_, id)| id);
            analysis.used(name.span, id);
        }
        ExprKind::Unary(_, inner) => family_uses(analysis, inner, family),
        ExprKind::Binary(_, left, right) | ExprKind::Default(left, right) | ExprKind::Index(left, right) => {
            family_uses(analysis, left, family);
            family_uses(analysis, right, family);
        }
        ExprKind::Call(_, args) => args.iter().for_each(|arg| family_uses(analysis, &arg.value, family)),
        ExprKind::List(items) => items.iter().for_each(|item| family_uses(analysis, item, family)),
        ExprKind::In(_)
        | ExprKind::Event(_)
        | ExprKind::Literal(_)
        | ExprKind::None
        | ExprKind::Now
        | ExprKind::Error => {}
    }
}
