//! Machines and systems in Mermaid.
//!
//! Mermaid draws state diagrams from transitions between identifiers of letters, digits and `_`. What a
//! box cannot hold (entry, exit, activities, deferral) goes into notes; Mermaid has no notes on composite
//! states that survive its layout, so theirs hang on the first state inside.

use std::collections::BTreeSet;

use super::label::{self, Stroke};
use super::system::{actor_name, is_storage, wire_text};
use super::text::{mermaid as escape, one_line};
use super::{Direction, Options};
use crate::model::{Actor, Machine, Model, State, StateId, StateKind, System};

/// Words that Mermaid's grammars read as their own, in lower case.
const RESERVED: [&str; 24] = [
    "accdescr",
    "acctitle",
    "as",
    "call",
    "class",
    "classdef",
    "click",
    "default",
    "direction",
    "end",
    "flowchart",
    "graph",
    "hide",
    "href",
    "interpolate",
    "left",
    "note",
    "of",
    "right",
    "scale",
    "state",
    "style",
    "subgraph",
    "x",
];

/// Identifiers for names: safe, unique, and close to the name.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn give(&mut self, name: &str) -> String {
        let mut id: String = name
            .chars()
            .map(|character| if character.is_ascii_alphanumeric() { character } else { '_' })
            .collect();
        let safe = id.starts_with(|first: char| first.is_ascii_alphabetic())
            && !RESERVED.contains(&id.to_ascii_lowercase().as_str());
        // A leading `o` or `x` after a link's dashes would turn into an arrow head.
        if !safe || id.starts_with(['o', 'x']) && id.len() == 1 {
            id.insert_str(0, "s_");
        }
        let mut unique = id.clone();
        let mut count = 2;
        while !self.0.insert(unique.clone()) {
            unique = format!("{id}_{count}");
            count += 1;
        }
        unique
    }
}

/// A machine as a `stateDiagram-v2`.
pub(super) fn state_diagram(machine: &Machine) -> String {
    let mut names = Names::default();
    let ids: Vec<String> = machine.states.iter().map(|state| names.give(&state.path)).collect();
    let mut drawing = StateDrawing { machine, ids, text: String::new() };
    let title = one_line(&machine.label);
    let title = if title.is_empty() { one_line(&machine.name) } else { title };
    drawing.line(0, &format!("%% {}", title.replace(['{', '}'], " ")));
    drawing.text.insert_str(0, "stateDiagram-v2\n");
    if let Some(root) = machine.states.first() {
        drawing.inside(0, root, 1);
    }
    drawing.transitions();
    drawing.notes();
    drawing.classes();
    drawing.text
}

struct StateDrawing<'a> {
    machine: &'a Machine,
    ids: Vec<String>,
    text: String,
}

impl StateDrawing<'_> {
    fn line(&mut self, depth: usize, line: &str) {
        self.text.push_str(&"  ".repeat(depth.clamp(1, 16)));
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn id(&self, state: StateId) -> String {
        self.ids.get(state).cloned().unwrap_or_default()
    }

    /// The declarations of what lies in a state. Parallel regions are wrapped in states of their own,
    /// because Mermaid's `--` leaves regions without names.
    fn inside(&mut self, id: StateId, state: &State, depth: usize) {
        let children: Vec<StateId> = state.children.iter().copied().filter(|child| *child > id).collect();
        for (index, child) in children.iter().enumerate() {
            let Some(row) = self.machine.states.get(*child) else {
                continue;
            };
            // Mermaid has no concurrency at the top level: there, regions simply stand side by side.
            if index > 0 && state.kind == StateKind::Parallel && id != 0 {
                self.line(depth, "--");
            }
            self.line(depth, &format!("state \"{}\" as {}", escape(&label::title(row)), self.id(*child)));
            if !row.children.is_empty() {
                self.line(depth, &format!("state {} {{", self.id(*child)));
                self.inside(*child, row, depth + 1);
                self.line(depth, "}");
            } else if row.kind == StateKind::Final {
                self.line(depth, &format!("{} --> [*]", self.id(*child)));
            }
        }
        if state.kind == StateKind::Compound {
            for target in &state.initial {
                self.line(depth, &format!("[*] --> {}", self.id(*target)));
            }
        }
    }

    fn transitions(&mut self) {
        let machine = self.machine;
        for (_, transition) in label::edges(machine) {
            let text = escape(&label::transition(transition, true));
            // The root has no box: its transitions leave from each of its children but final ones.
            let sources = match machine.states.first() {
                Some(root) if transition.source == 0 => {
                    let open = |id: &StateId| {
                        machine.states.get(*id).is_some_and(|row| row.kind != StateKind::Final)
                    };
                    root.children.iter().copied().filter(open).collect()
                }
                _ => vec![transition.source],
            };
            for source in sources {
                for target in &transition.targets {
                    self.line(1, &format!("{} --> {} : {text}", self.id(source), self.id(*target)));
                }
            }
        }
    }

    fn notes(&mut self) {
        let machine = self.machine;
        for (id, state) in machine.states.iter().enumerate() {
            let contents = label::contents(machine, state);
            if contents.is_empty() {
                continue;
            }
            let mut place = id;
            while let Some(child) =
                machine.states.get(place).and_then(|row| row.children.first()).filter(|child| **child > place)
            {
                place = *child;
            }
            self.line(1, &format!("note right of {}", self.id(place)));
            if place != id {
                self.line(2, &format!("{}#58;", escape(&label::title(state))));
            }
            for line in &contents {
                self.line(2, &escape(line));
            }
            self.line(1, "end note");
        }
    }

    fn classes(&mut self) {
        let machine = self.machine;
        let leaves =
            || machine.states.iter().enumerate().skip(1).filter(|(_, state)| state.children.is_empty());
        let errors: Vec<String> =
            leaves().filter(|(_, state)| label::is_error(state)).map(|(id, _)| self.id(id)).collect();
        let accepting: Vec<String> =
            leaves().filter(|(_, state)| state.accept).map(|(id, _)| self.id(id)).collect();
        for (class, style, members) in [
            ("alarm", "fill:#fdecea,stroke:#b83a2f,color:#7d1f17", errors),
            ("accepting", "stroke-width:4px", accepting),
        ] {
            if !members.is_empty() {
                self.line(1, &format!("classDef {class} {style}"));
                self.line(1, &format!("class {} {class}", members.join(",")));
            }
        }
    }
}

/// A system as a `flowchart`.
pub(super) fn system(model: &Model, system: &System, options: &Options) -> String {
    let mut names = Names::default();
    let direction = if options.direction == Direction::Right { "LR" } else { "TB" };
    let mut text = format!("flowchart {direction}\n");
    let mut parties: Vec<(&str, String)> = Vec::new();
    for actor in &system.actors {
        let id = names.give(&actor.name);
        let machine = model
            .machine(&actor.machine)
            .filter(|machine| !options.messages_only && machine.states.len() > 1);
        match machine {
            Some(machine) => subgraph(&mut text, &mut names, &id, actor, machine),
            None => text.push_str(&format!("  {id}[\"{}\"]\n", actor_label(actor))),
        }
        parties.push((&actor.name, id));
    }
    for external in &system.externals {
        let id = names.give(&external.name);
        let label = if external.label.trim().is_empty() { &external.name } else { &external.label };
        text.push_str(&external_line(&id, &external.name, label));
        parties.push((&external.name, id));
    }
    for wire in &system.wires {
        for name in [&wire.from, &wire.to] {
            if !parties.iter().any(|(party, _)| party == name) {
                let id = names.give(name);
                text.push_str(&external_line(&id, name, name));
                parties.push((name, id));
            }
        }
        let id =
            |name: &str| parties.iter().find(|(party, _)| *party == name).map_or("", |(_, id)| id.as_str());
        let arrow = match Stroke::of(&wire.tags) {
            Stroke::Solid => "==>",
            Stroke::Dotted | Stroke::Dashed => "-.->",
        };
        let lines: Vec<String> = wire_text(wire).iter().map(|line| escape(line)).collect();
        let label = if lines.is_empty() { String::new() } else { format!("|\"{}\"|", lines.join("<br/>")) };
        text.push_str(&format!("  {} {arrow}{label} {}\n", id(&wire.from), id(&wire.to)));
    }
    text
}

fn actor_label(actor: &Actor) -> String {
    let (name, family) = actor_name(actor);
    escape(&format!("{name}{family}: {}", actor.machine))
}

fn external_line(id: &str, name: &str, label: &str) -> String {
    let label_text = escape(label);
    if is_storage(name) || is_storage(label) {
        format!("  {id}[(\"{label_text}\")]\n")
    } else {
        format!("  {id}[/\"{label_text}\"/]\n")
    }
}

/// An actor's states; only leaves are boxes, because links into nested subgraphs do not lay out.
fn subgraph(text: &mut String, names: &mut Names, actor_id: &str, actor: &Actor, machine: &Machine) {
    text.push_str(&format!("  subgraph {actor_id}[\"{}\"]\n", actor_label(actor)));
    let ids: Vec<Option<String>> = machine
        .states
        .iter()
        .map(|state| state.children.is_empty().then(|| names.give(&format!("{}_{}", actor.name, state.path))))
        .collect();
    for (at, id) in ids.iter().enumerate() {
        if let Some(id) = id {
            // A nested state is told from its namesakes by its ancestors' labels.
            let chain: Vec<String> = label::ancestry(machine, at)
                .iter()
                .skip(1)
                .filter_map(|ancestor| machine.states.get(*ancestor))
                .map(label::title)
                .collect();
            text.push_str(&format!("    {id}(\"{}\")\n", escape(&chain.join(" / "))));
        }
    }
    let leaf = |state: StateId, last: bool| -> &str {
        let mut at = state;
        while let Some(row) = machine.states.get(at).filter(|row| !row.children.is_empty()) {
            let next = if last {
                Some(row.last)
            } else {
                row.initial.first().or_else(|| row.children.first()).copied()
            };
            match next.filter(|next| *next > at) {
                Some(next) => at = next,
                None => break,
            }
        }
        ids.get(at).and_then(Option::as_deref).unwrap_or(actor_id)
    };
    for (_, transition) in label::edges(machine) {
        let arrow = if Stroke::of(&transition.tags) == Stroke::Solid { "-->" } else { "-.->" };
        let label_text = escape(&label::trigger(transition));
        for target in &transition.targets {
            text.push_str(&format!(
                "    {} {arrow}|\"{label_text}\"| {}\n",
                leaf(transition.source, true),
                leaf(*target, false)
            ));
        }
    }
    text.push_str("  end\n");
}
