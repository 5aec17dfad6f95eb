//! What the search for a word tries: the events that both versions have, with values at which their guards may turn.

use std::collections::BTreeSet;

use crate::interpreter::{Answers, Item, ItemKind, Value, event_text};
#[cfg(feature = "cover")]
use crate::model::walk::each_of_action;
use crate::model::walk::{each_list, each_part};
use crate::model::{Action, ActionKind, Event, Expr, ExprKind, Field, Literal, Machine, Trigger, Type};

/// Most values that are tried for one field.
const VALUE_LIMIT: usize = 10;
/// Most combinations of values that are tried for one event; beyond, one field at a time differs from its default.
const COMBINATION_LIMIT: usize = 24;
/// Most extern guards whose answers are tried one by one; beyond, none and all are true.
const GUARD_LIMIT: usize = 4;

/// One input to both versions.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) old: Item,
    pub(crate) new: Item,
}

/// What is tried, and the input events that are not because only one version has them, or with other fields.
pub(crate) fn letters(old: &Machine, new: &Machine) -> (Vec<Letter>, Vec<String>) {
    let answers = answers(old, new);
    let (mut letters, mut untried) = (Vec::new(), Vec::new());
    for (id, event) in inputs(old) {
        let Some((other, _)) = inputs(new).find(|(_, other)| same(event, other)) else {
            untried.push(event.symbol.name.clone());
            continue;
        };
        let constants = Constants::for_event(old, new, &event.symbol.name);
        for args in constants.arguments(&event.symbol.fields) {
            let text = event_text(&event.symbol.name, event.symbol.fields.iter().zip(&args));
            for answers in &answers {
                let item = |event| Item {
                    to: crate::interpreter::Address::default(),
                    kind: ItemKind::Event { event, args: args.clone() },
                    answers: answers.clone(),
                    text: text.clone(),
                    column: 1,
                };
                letters.push(Letter { old: item(id), new: item(other) });
            }
        }
    }
    for (_, event) in inputs(new) {
        let is_known = inputs(old).any(|(_, other)| same(event, other));
        if !is_known && !untried.contains(&event.symbol.name) {
            untried.push(event.symbol.name.clone());
        }
    }
    (letters, untried)
}

fn inputs(machine: &Machine) -> impl Iterator<Item = (usize, &Event)> {
    machine.events.iter().enumerate().filter(|(_, event)| !event.internal)
}

fn same(a: &Event, b: &Event) -> bool {
    let fields = |event: &Event| -> Vec<(String, Type)> {
        event.symbol.fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect()
    };
    a.symbol.name == b.symbol.name && fields(a) == fields(b)
}

/// No extern guard true, each one alone, all of them.
pub(crate) fn answers(old: &Machine, new: &Machine) -> Vec<Answers> {
    let guards =
        |machine: &Machine| machine.guards.iter().map(|guard| guard.name.clone()).collect::<BTreeSet<_>>();
    let names: BTreeSet<String> = guards(old).union(&guards(new)).cloned().collect();
    let of =
        |names: &mut dyn Iterator<Item = &String>| Answers(names.map(|name| (name.clone(), true)).collect());
    let mut answers = vec![Answers::default()];
    if names.len() > 1 && names.len() <= GUARD_LIMIT {
        answers.extend(names.iter().map(|name| of(&mut std::iter::once(name))));
    }
    if !names.is_empty() {
        answers.push(of(&mut names.iter()));
    }
    answers
}

/// Whether actions ask extern guards.
#[cfg(feature = "cover")]
pub(crate) fn asks_outside_in_actions(machine: &Machine) -> bool {
    let mut asks = false;
    each_list(machine, &mut |actions| {
        for action in actions {
            each_of_action(action, &mut |expr| asks |= matches!(expr.kind, ExprKind::Guard(..)));
        }
    });
    asks
}

/// Constants that decisions compare with, the likeliest to matter first.
#[derive(Debug, Default)]
struct Constants(Vec<Literal>);

impl Constants {
    /// First what only one version compares with when it gets the event, then what both do, then the rest.
    fn for_event(old: &Machine, new: &Machine, name: &str) -> Self {
        let (before, after) = (decisions(old, Some(name)), decisions(new, Some(name)));
        let only = |all: &[Literal], other: &[Literal]| -> Vec<Literal> {
            all.iter().filter(|literal| !other.contains(literal)).cloned().collect()
        };
        let mut constants = Self::default();
        for literals in
            [only(&before, &after), only(&after, &before), before, decisions(old, None), decisions(new, None)]
        {
            for literal in literals {
                if !constants.0.contains(&literal) {
                    constants.0.push(literal);
                }
            }
        }
        constants
    }

    /// Values for the fields of an event, the defaults first.
    fn arguments(&self, fields: &[Field]) -> Vec<Vec<Value>> {
        let values: Vec<Vec<Value>> =
            fields.iter().map(|field| self.values(&field.ty, &field.name)).collect();
        let first: Vec<Value> = values.iter().filter_map(|of| of.first().cloned()).collect();
        let count = values.iter().map(Vec::len).try_fold(1_usize, usize::checked_mul);
        if count.is_none_or(|count| count > COMBINATION_LIMIT) {
            let mut all = vec![first.clone()];
            for (index, of) in values.iter().enumerate() {
                for value in of.iter().skip(1) {
                    let mut args = first.clone();
                    if let Some(place) = args.get_mut(index) {
                        place.clone_from(value);
                    }
                    all.push(args);
                }
            }
            all.truncate(COMBINATION_LIMIT);
            return all;
        }
        values.iter().fold(vec![Vec::new()], |all, of| {
            let longer = all.iter().flat_map(|args: &Vec<Value>| {
                of.iter().map(|value| args.iter().cloned().chain([value.clone()]).collect())
            });
            longer.collect()
        })
    }

    /// Values of a type, the default first.
    fn values(&self, ty: &Type, name: &str) -> Vec<Value> {
        let default = Value::default_of(ty, name);
        let others: Vec<Value> = match ty {
            Type::Optional(inner) => self.values(inner, name),
            Type::Bool => vec![Value::Bool(true)],
            _ => self.0.iter().flat_map(|literal| around(literal, ty)).collect(),
        };
        let mut values = vec![default];
        for value in others {
            if !values.contains(&value) && values.len() < VALUE_LIMIT {
                values.push(value);
            }
        }
        values
    }
}

/// A constant and its neighbours, where it is of the type.
fn around(literal: &Literal, ty: &Type) -> Vec<Value> {
    match (literal, ty) {
        (Literal::Int(value), Type::Int) => {
            [*value, value.saturating_add(1), value.saturating_sub(1)].map(Value::Int).to_vec()
        }
        (Literal::Duration(span_us), Type::Duration) => {
            [*span_us, span_us.saturating_add(1), span_us.saturating_sub(1)].map(Value::Duration).to_vec()
        }
        (Literal::Float(value), Type::Float) => vec![Value::Float(*value)],
        (Literal::Text(text), Type::Text) => vec![Value::Text(text.clone())],
        _ => Vec::new(),
    }
}

/// Constants in guards and conditions: of what the event sets off, or of everything. What is only assigned or sent
/// decides nothing.
fn decisions(machine: &Machine, event: Option<&str>) -> Vec<Literal> {
    let mut literals = Vec::new();
    let mut note = |expr: &Expr| {
        if let ExprKind::Literal(literal) = &expr.kind {
            literals.push(literal.clone());
        }
    };
    let event = event.map(|name| machine.event(name));
    for transition in &machine.transitions {
        let is_meant = match (event, &transition.trigger) {
            (None, _) => true,
            (Some(Some(event)), Trigger::Events(events)) => events.contains(&event),
            _ => false,
        };
        if is_meant {
            transition.guard.iter().for_each(|guard| each_part(guard, &mut note));
            each_condition(&transition.actions, &mut note);
        }
    }
    if event.is_none() {
        each_list(machine, &mut |actions| each_condition(actions, &mut note));
    }
    literals
}

fn each_condition(actions: &[Action], visit: &mut dyn FnMut(&Expr)) {
    for action in actions {
        match &action.kind {
            ActionKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    each_part(condition, visit);
                    each_condition(body, visit);
                }
                each_condition(otherwise, visit);
            }
            ActionKind::For { body, .. } => each_condition(body, visit),
            _ => {}
        }
    }
}
