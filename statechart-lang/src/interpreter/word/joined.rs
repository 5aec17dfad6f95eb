//! Symbols that are written together, and what is said of a token that is none.

use super::{Address, Answers, Cursor, Item, ItemKind, WordError};
use crate::{
    diagnostic::nearest,
    model::{EventId, Machine, names},
};

/// Splits a token into declared fieldless symbols, if there is exactly one way to do so.
pub(super) fn split(
    cursor: &mut Cursor<'_>,
    machine: &Machine,
    token: &str,
    column: u32,
    to: &Address,
    items: &mut Vec<Item>,
) -> Result<(), WordError> {
    let fail = |message: String, help: String| Err(WordError { line: None, column, message, help });
    let Some(parts) = splits(machine, token) else {
        let message = format!("`{token}` reads as symbols of `{}` in more than one way", machine.name);
        return fail(message, "put spaces between the symbols".to_owned());
    };
    if parts.is_empty() {
        let (message, help) = unknown(machine, token);
        return fail(message, help);
    }
    if matches!(cursor.peek(), Some('(' | '[')) {
        let message =
            format!("`{token}` is several symbols, so it is not clear which one the brackets belong to");
        return fail(message, "put spaces between the symbols".to_owned());
    }
    let mut at = column;
    for event in parts {
        let name = machine.events.get(event).map_or("", |event| event.symbol.name.as_str());
        let kind = ItemKind::Event { event, args: Vec::new() };
        items.push(Item {
            to: to.clone(),
            kind,
            answers: Answers::default(),
            text: name.to_owned(),
            column: at,
        });
        at += name.chars().count() as u32;
    }
    Ok(())
}

/// The one way to read a token as fieldless symbols; empty when there is none, `None` when there are two.
fn splits(machine: &Machine, token: &str) -> Option<Vec<EventId>> {
    let is_candidate = |(_, event): &(EventId, &crate::model::Event)| {
        !event.internal && event.symbol.fields.is_empty() && !event.symbol.name.is_empty()
    };
    let candidates: Vec<(EventId, &str)> = machine
        .events
        .iter()
        .enumerate()
        .filter(is_candidate)
        .map(|(id, event)| (id, event.symbol.name.as_str()))
        .collect();
    // For each position from the back: in how many ways the rest reads (two stand for many), and the
    // first symbol of one of them.
    let mut ways: Vec<(u8, Option<EventId>)> = vec![(0, None); token.len() + 1];
    if let Some(end) = ways.last_mut() {
        *end = (1, None);
    }
    for at in (0..token.len()).rev() {
        let Some(rest) = token.get(at..) else { continue };
        let mut here = (0_u8, None);
        for (id, name) in candidates.iter().filter(|(_, name)| rest.starts_with(name)) {
            let (after, _) = ways.get(at + name.len()).copied().unwrap_or_default();
            if after > 0 {
                here = ((here.0 + after).min(2), Some(*id));
            }
        }
        if let Some(place) = ways.get_mut(at) {
            *place = here;
        }
    }
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some((count, Some(event))) = ways.get(at).copied() {
        if count > 1 {
            return None;
        }
        parts.push(event);
        at += machine.events.get(event).map_or(token.len(), |event| event.symbol.name.len());
    }
    Some(parts)
}

fn unknown(machine: &Machine, token: &str) -> (String, String) {
    let name = &machine.name;
    if let Some((child, _)) = token.split_once('.')
        && !machine.children.is_empty()
    {
        let names = || machine.children.iter().map(|child| child.name.as_str());
        let help = match nearest(child, names()) {
            Some(near) if near != child => format!("did you mean `{near}`?"),
            _ => format!("it starts {}", names().collect::<Vec<_>>().join(", ")),
        };
        return (format!("`{name}` runs no child `{child}` here"), help);
    }
    if machine.event(token).is_some() {
        return (
            format!("`{token}` is an internal event of `{name}`, which only `raise` sends"),
            "declare it under `input` to send it from outside".to_owned(),
        );
    }
    if machine.outputs.iter().any(|output| output.name == token) {
        return (
            format!("`{token}` is an output symbol of `{name}`"),
            "a word holds input symbols; the run shows the outputs".to_owned(),
        );
    }
    let inputs =
        || machine.events.iter().filter(|event| !event.internal).map(|event| event.symbol.name.as_str());
    let help = match nearest(token, inputs()) {
        Some(near) => format!("did you mean `{}`?", names::symbol(near)),
        None => {
            let known: Vec<String> = inputs().take(12).map(names::symbol).collect();
            format!(
                "the input alphabet is: {}",
                if known.is_empty() { "empty".to_owned() } else { known.join(" ") }
            )
        }
    };
    (format!("`{token}` is no input symbol of `{name}`"), help)
}
