//! A system as a drawing: its actors, the outside parties, and who tells whom what.

use std::collections::{BTreeMap, BTreeSet};

use super::Options;
use super::drawing::{Drawing, Edge, EdgeKind, Label, Part, PartId, Shape, Tone, View};
use super::label::Stroke;
use super::machine;
use super::text::{one_line, words};
use crate::model::{Action, ActionKind, Actor, Machine, Model, Receiver, StateId, System, Trigger, Wire};

/// What a wire ends at.
struct Party<'a> {
    part: PartId,
    machine: Option<&'a Machine>,
    /// The parts of the machine's states, where they are drawn.
    states: Vec<PartId>,
}

/// The whole system, with the states of its actors or without.
pub(super) fn drawing(model: &Model, system: &System, options: &Options) -> Drawing {
    let view = if options.messages_only { View::Flow } else { View::System };
    // Whose transitions would a highlight speak of? A system's picture has none.
    let options = &Options { highlight: Default::default(), ..options.clone() };
    let mut drawing = machine::empty(&system.name, view, options);
    let label = one_line(&system.label);
    if let Some(root) = drawing.parts.first_mut() {
        root.title = if label.is_empty() { one_line(&system.name) } else { label };
        root.doc = one_line(&system.doc);
    }
    let parties = add_parties(&mut drawing, model, system, options);
    for wire in &system.wires {
        add_wire(&mut drawing, model, wire, &parties);
    }
    drawing
}

fn add_parties<'a>(
    drawing: &mut Drawing,
    model: &'a Model,
    system: &'a System,
    options: &Options,
) -> BTreeMap<&'a str, Party<'a>> {
    let mut parties = BTreeMap::new();
    for actor in &system.actors {
        let machine = model.machine(&actor.machine);
        let part = drawing.add(actor_part(actor, machine));
        let states = match machine.filter(|row| !options.messages_only && row.states.len() > 1) {
            Some(machine) => machine::add(drawing, machine, options, format!("{}/", actor.name), part),
            None => Vec::new(),
        };
        parties.insert(actor.name.as_str(), Party { part, machine, states });
    }
    for external in &system.externals {
        let label = one_line(&external.label);
        let label = if label.is_empty() { external.name.as_str() } else { &label };
        let part = drawing.add(external_part(&external.name, label));
        parties.insert(&external.name, Party { part, machine: None, states: Vec::new() });
    }
    // The checker declares every party; a system made in Rust may not, and still deserves a picture.
    let ends = system.wires.iter().flat_map(|wire| [wire.from.as_str(), wire.to.as_str()]);
    let unknown: BTreeSet<&str> = ends.filter(|name| !parties.contains_key(name)).collect();
    for name in unknown {
        let part = drawing.add(external_part(name, name));
        parties.insert(name, Party { part, machine: None, states: Vec::new() });
    }
    parties
}

fn actor_part(actor: &Actor, machine: Option<&Machine>) -> Part {
    let shape = if actor.family.is_some() { Shape::Family } else { Shape::Actor };
    let mut part = Part::new(actor.name.clone(), 0, shape);
    part.key = format!("{}/0", actor.name);
    part.title = one_line(&actor.name);
    if let Some(field) = &actor.family {
        part.title.push_str(&format!(" [{}]", one_line(&field.name)));
    }
    let label = machine.map_or_else(String::new, |machine| one_line(&machine.label));
    part.subtitle = if label.is_empty() { one_line(&actor.machine) } else { label };
    part.colour = machine.and_then(machine::colour);
    part.doc = machine.map_or_else(String::new, |machine| one_line(&machine.doc));
    part
}

fn external_part(name: &str, label: &str) -> Part {
    let shape = if is_storage(name) || is_storage(label) { Shape::Storage } else { Shape::External };
    let mut part = Part::new(name.to_owned(), 0, shape);
    part.title = label.to_owned();
    part
}

/// Whether an outside party keeps things: it is drawn as a cylinder.
pub(super) fn is_storage(name: &str) -> bool {
    const WHOLE: [&str; 16] = [
        "db",
        "database",
        "databases",
        "store",
        "storage",
        "cache",
        "log",
        "logs",
        "topic",
        "topics",
        "queue",
        "disk",
        "table",
        "bucket",
        "redis",
        "kafka",
    ];
    const PARTS: [&str; 5] = ["sql", "redpanda", "timescale", "mongo", "rocksdb"];
    words(name)
        .iter()
        .any(|word| WHOLE.contains(&word.as_str()) || PARTS.iter().any(|part| word.contains(part)))
}

/// What travels on a wire: its label, then its messages.
fn wire_text(wire: &Wire) -> Vec<String> {
    let label = wire.label.iter().map(|label| one_line(label)).filter(|label| !label.is_empty());
    label.chain(wire.messages.iter().map(|message| one_line(message))).collect()
}

fn add_wire(drawing: &mut Drawing, model: &Model, wire: &Wire, parties: &BTreeMap<&str, Party<'_>>) {
    let (Some(from), Some(to)) = (parties.get(wire.from.as_str()), parties.get(wire.to.as_str())) else {
        return;
    };
    let text = wire_text(wire);
    if wire.from == wire.to && from.machine.is_some() {
        // What an actor tells itself is listed at the actor: a line could not leave a frame and enter it again.
        if let Some(part) = drawing.parts.get_mut(from.part) {
            part.lines.push(format!("to itself: {}", text.join(", ")));
        }
        return;
    }
    let inner = |party: &Party<'_>, state: Option<StateId>| {
        party.states.get(state?).copied().filter(|part| *part != party.part)
    };
    let label = |event: &String| Label { event: event.clone(), ..Label::default() };
    drawing.edges.push(Edge {
        from: from.part,
        to: to.part,
        from_inner: inner(from, from.machine.and_then(|machine| sender(machine, model, wire))),
        to_inner: inner(to, to.machine.and_then(|machine| receiver(machine, wire))),
        kind: EdgeKind::Wire,
        labels: text.iter().map(label).collect(),
        stroke: Stroke::of(&wire.tags),
        tone: Tone::Plain,
        doc: String::new(),
        against: false,
    });
}

/// The state that sends one of the wire's messages.
fn sender(machine: &Machine, model: &Model, wire: &Wire) -> Option<StateId> {
    let sends =
        |actions: &[Action]| actions.iter().any(|action| sends_any(machine, model, action, &wire.messages));
    machine.states.iter().enumerate().skip(1).find_map(|(id, state)| {
        let own = state.transitions.iter().filter_map(|id| machine.transitions.get(*id));
        let found =
            sends(&state.entry) || sends(&state.exit) || own.into_iter().any(|row| sends(&row.actions));
        found.then_some(id)
    })
}

fn sends_any(machine: &Machine, model: &Model, action: &Action, messages: &[String]) -> bool {
    let ActionKind::Send { to: Receiver::Peer(peer), event, .. } = &action.kind else {
        return false;
    };
    let Some(peer) = machine.peers.get(*peer) else {
        return false;
    };
    let symbol = peer.events.get(*event).or_else(|| {
        // A peer whose alphabet was not copied is looked up in the model.
        model.machine(&peer.machine).and_then(|machine| machine.events.get(*event)).map(|event| &event.symbol)
    });
    symbol.is_some_and(|symbol| messages.contains(&symbol.name))
}

/// The state that takes one of the wire's messages.
fn receiver(machine: &Machine, wire: &Wire) -> Option<StateId> {
    let takes = |events: &[usize]| {
        events
            .iter()
            .any(|id| machine.events.get(*id).is_some_and(|event| wire.messages.contains(&event.symbol.name)))
    };
    machine.transitions.iter().find_map(|row| match &row.trigger {
        Trigger::Events(events) if row.source > 0 && takes(events) => Some(row.source),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::is_storage;

    #[test]
    fn what_keeps_things_is_a_cylinder() {
        for name in ["TimescaleDB", "Redis", "event log", "SQLite file", "FixedTopic", "Redpanda"] {
            assert!(is_storage(name), "{name}");
        }
        for name in ["CryptoCompare", "Applications", "Catalog", "Logic"] {
            assert!(!is_storage(name), "{name}");
        }
    }
}
