//! A system in Graphviz DOT: its actors, the outside parties, and who tells whom what.

use std::collections::{BTreeMap, BTreeSet};

use super::Options;
use super::chart::{Chart, End};
use super::dot::{
    Writer, edge, edge_label, frame_ends, label_point, preamble, split_edge, stroke_attributes,
};
use super::label::Stroke;
use super::text::{dot_id, dot_label, html, one_line, words, wrap};
use crate::model::{Action, ActionKind, Actor, Machine, Model, Receiver, System, Trigger, Wire};

const ACTOR_FILL: &str = "#e8f1fb";
const EXTERNAL_FILL: &str = "#fff8e6";
const EXTERNAL_BORDER: &str = "#a8842c";
const WIRE: [&str; 2] = ["#1f6fb2", "#175285"];

/// A whole system.
pub(super) fn graph(model: &Model, system: &System, options: &Options) -> String {
    let mut out = Writer::default();
    out.open(&format!("digraph {} {{", dot_id(&system.name)));
    preamble(&mut out, options);
    let label = one_line(&system.label);
    let label = if label.is_empty() { one_line(&system.name) } else { label };
    out.line(&format!("label=<<b>{}</b>>; labelloc=t; fontsize=14; nodesep=0.5; ranksep=0.8;", html(&label)));
    let ends = draw_parties(&mut out, model, system, options);
    for (index, wire) in system.wires.iter().enumerate() {
        draw_wire(&mut out, (model, system), (index, wire), &ends, options);
    }
    out.close();
    out.finish()
}

/// What an actor's wires end at.
struct Party<'a> {
    machine: Option<&'a Machine>,
    /// Its chart, when its states are drawn.
    chart: Option<Chart<'a>>,
}

fn draw_parties<'a>(
    out: &mut Writer,
    model: &'a Model,
    system: &'a System,
    options: &'a Options,
) -> BTreeMap<&'a str, Party<'a>> {
    let mut parties = BTreeMap::new();
    for actor in &system.actors {
        let machine = model.machine(&actor.machine);
        let own = own_messages(system, &actor.name);
        let chart = machine
            .filter(|machine| !options.messages_only && machine.states.len() > 1)
            .map(|machine| Chart::plan(machine, options, format!("{}/", actor.name), false));
        match &chart {
            Some(chart) => chart.draw(out, &actor_title(actor, machine), &own),
            None => draw_actor_box(out, actor, machine, &own),
        }
        parties.insert(actor.name.as_str(), Party { machine, chart });
    }
    for external in &system.externals {
        let label = one_line(&external.label);
        draw_external(out, &external.name, if label.is_empty() { &external.name } else { &label });
    }
    // The checker declares every party; a system made in Rust may not, and still deserves a picture.
    let known: BTreeSet<&str> =
        parties.keys().copied().chain(system.externals.iter().map(|row| row.name.as_str())).collect();
    let unknown: BTreeSet<&str> = system
        .wires
        .iter()
        .flat_map(|wire| [wire.from.as_str(), wire.to.as_str()])
        .filter(|name| !known.contains(name))
        .collect();
    for name in unknown {
        draw_external(out, name, name);
    }
    parties
}

/// `producer: Producer`, with the parameter of a family in brackets.
pub(super) fn actor_name(actor: &Actor) -> (String, String) {
    let family =
        actor.family.as_ref().map_or_else(String::new, |field| format!(" [{}]", one_line(&field.name)));
    (one_line(&actor.name), family)
}

fn actor_title(actor: &Actor, machine: Option<&Machine>) -> String {
    let (name, family) = actor_name(actor);
    let label = machine.map_or_else(|| one_line(&actor.machine), |machine| one_line(&machine.label));
    format!(
        "<b>{}</b>{} <font point-size=\"10\" color=\"#6b7a8c\">{}</font>",
        html(&name),
        html(&family),
        html(if label.is_empty() { &actor.machine } else { &label })
    )
}

fn draw_actor_box(out: &mut Writer, actor: &Actor, machine: Option<&Machine>, own: &[String]) {
    let title = actor_title(actor, machine).replace(" <font", "<br/><font");
    let own: String =
        own.iter().map(|line| format!("<br/><font point-size=\"9\">{}</font>", html(line))).collect();
    // Three dimensions: one of these for each value of the family's parameter.
    let shape = if actor.family.is_some() { "shape=box3d, style=filled" } else { "style=\"rounded,filled\"" };
    out.line(&format!(
        "{} [label=<{title}{own}>, {shape}, fillcolor=\"{ACTOR_FILL}\", margin=\"0.2,0.12\"];",
        dot_id(&actor.name)
    ));
}

fn draw_external(out: &mut Writer, name: &str, label: &str) {
    let shape = if is_storage(name) || is_storage(label) {
        "shape=cylinder, margin=\"0.16,0.1\""
    } else {
        "shape=box"
    };
    out.line(&format!(
        "{} [label={}, {shape}, style=filled, fillcolor=\"{EXTERNAL_FILL}\", color=\"{EXTERNAL_BORDER}\"];",
        dot_id(name),
        dot_label(&wrap(label, 24))
    ));
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

/// What an actor tells itself is listed at the actor: a line could not leave a frame and enter it again.
fn own_messages(system: &System, actor: &str) -> Vec<String> {
    let own = system.wires.iter().filter(|wire| wire.from == actor && wire.to == actor);
    own.map(|wire| format!("to itself: {}", wire_text(wire).join(", "))).collect()
}

/// What travels on a wire: its label, then its messages.
pub(super) fn wire_text(wire: &Wire) -> Vec<String> {
    let label = wire.label.iter().map(|label| one_line(label)).filter(|label| !label.is_empty());
    label.chain(wire.messages.iter().map(|message| one_line(message))).collect()
}

fn draw_wire(
    out: &mut Writer,
    (model, system): (&Model, &System),
    (index, wire): (usize, &Wire),
    parties: &BTreeMap<&str, Party<'_>>,
    options: &Options,
) {
    if wire.from == wire.to && system.actors.iter().any(|actor| actor.name == wire.from) {
        return;
    }
    let party = |name: &str| parties.get(name);
    let plain = |name: &str| End { point: name.to_owned(), frame: None };
    let tail = party(&wire.from)
        .and_then(|row| Some((row.machine?, row.chart.as_ref()?)))
        .map_or_else(|| plain(&wire.from), |(machine, chart)| sender_end(machine, chart, model, wire));
    let head = party(&wire.to)
        .and_then(|row| Some((row.machine?, row.chart.as_ref()?)))
        .map_or_else(|| plain(&wire.to), |(machine, chart)| receiver_end(machine, chart, wire));
    let lines: Vec<String> =
        wire_text(wire).iter().flat_map(|line| wrap(line, options.wrap_columns)).collect();
    let [line, text] = WIRE;
    let mut common: Vec<String> = stroke_attributes(Stroke::of(&wire.tags)).into_iter().collect();
    common.push(format!("color=\"{line}\", fontcolor=\"{text}\", penwidth=1.4"));
    if !lines.is_empty() && (tail.frame.is_some() || head.frame.is_some()) {
        let label = format!("/wire/{index}");
        out.line(&label_point(&label, &lines, text));
        split_edge(out, &tail, &head, &label, false, &common);
        return;
    }
    let mut attributes = Vec::new();
    if !lines.is_empty() {
        attributes.push(format!("label={}", edge_label(&lines)));
    }
    attributes.extend(frame_ends(&tail, &head));
    attributes.extend(common);
    out.line(&edge(&tail.point, &head.point, &attributes));
}

/// The state that sends one of the wire's messages, cut off at the actor's frame.
fn sender_end(machine: &Machine, chart: &Chart<'_>, model: &Model, wire: &Wire) -> End {
    let sends =
        |actions: &[Action]| actions.iter().any(|action| sends_any(machine, model, action, &wire.messages));
    let state = machine.states.iter().enumerate().skip(1).find(|(_, state)| {
        let own = state.transitions.iter().filter_map(|id| machine.transitions.get(*id));
        sends(&state.entry) || sends(&state.exit) || own.into_iter().any(|row| sends(&row.actions))
    });
    let whole = chart.leaving(0);
    match state {
        Some((id, _)) => End { frame: whole.frame, ..chart.leaving(id) },
        None => whole,
    }
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

/// The state that takes one of the wire's messages, cut off at the actor's frame.
fn receiver_end(machine: &Machine, chart: &Chart<'_>, wire: &Wire) -> End {
    let takes = |events: &[usize]| {
        events
            .iter()
            .any(|id| machine.events.get(*id).is_some_and(|event| wire.messages.contains(&event.symbol.name)))
    };
    let state = machine.transitions.iter().find_map(|row| match &row.trigger {
        Trigger::Events(events) if row.source > 0 && takes(events) => Some(row.source),
        _ => None,
    });
    let whole = chart.head(0);
    match state {
        Some(id) => End { frame: whole.frame, ..chart.head(id) },
        None => whole,
    }
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
