//! Machines and systems in Mermaid.
//!
//! Mermaid draws state diagrams from transitions between identifiers of letters, digits and `_`. What a
//! box cannot hold (entry, exit, activities, deferral) goes into notes; Mermaid has no notes on composite
//! states that survive its layout, so theirs hang on the first state inside.

use std::collections::BTreeSet;

use super::Direction;
use super::drawing::{Drawing, Edge, EdgeKind, Part, PartId, Shape, Tone, View};
use super::label::Stroke;
use super::text::mermaid as escape;

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

/// The text.
pub(super) fn write(drawing: &Drawing) -> String {
    let mut names = Names::default();
    let ids: Vec<String> = drawing
        .parts
        .iter()
        .enumerate()
        .map(|(id, part)| names.give(if id == 0 { "picture" } else { &part.id }))
        .collect();
    let mut text = Text { drawing, ids, text: String::new() };
    match drawing.view {
        View::Machine => text.state_diagram(),
        View::System | View::Flow => text.flowchart(),
    }
    text.text
}

struct Text<'a> {
    drawing: &'a Drawing,
    ids: Vec<String>,
    text: String,
}

impl<'a> Text<'a> {
    fn line(&mut self, depth: usize, line: &str) {
        self.text.push_str(&"  ".repeat(depth.min(16)));
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn id(&self, part: PartId) -> String {
        self.ids.get(part).cloned().unwrap_or_default()
    }

    fn part(&self, id: PartId) -> Option<&'a Part> {
        self.drawing.parts.get(id)
    }

    fn state_diagram(&mut self) {
        self.line(0, "stateDiagram-v2");
        let title = self.part(0).map_or_else(String::new, |root| root.title.replace(['{', '}'], " "));
        self.line(1, &format!("%% {title}"));
        if self.drawing.direction == Direction::Right {
            self.line(1, "direction LR");
        }
        self.inside(0, 1);
        let drawing = self.drawing;
        for edge in drawing.edges.iter().filter(|edge| edge.kind != EdgeKind::Initial) {
            self.transition(edge);
        }
        self.notes();
        self.classes();
    }

    /// The declarations of what lies in a frame. Parallel regions are wrapped in states of their own,
    /// because Mermaid's `--` leaves regions without names.
    fn inside(&mut self, frame: PartId, depth: usize) {
        let drawing = self.drawing;
        let Some(part) = drawing.parts.get(frame) else { return };
        let mut regions = 0;
        for id in part.children.iter().copied() {
            let Some(child) = drawing.parts.get(id) else { continue };
            let name = self.id(id);
            match child.shape {
                Shape::Initial => continue,
                Shape::Fork => {
                    self.line(depth, &format!("state {name} <<fork>>"));
                    continue;
                }
                _ => {}
            }
            // Mermaid has no concurrency at the top level: there, regions simply stand side by side.
            if child.region && regions > 0 && frame != 0 {
                self.line(depth, "--");
            }
            regions += usize::from(child.region);
            let title = match child.shape {
                Shape::History => "H",
                Shape::DeepHistory => "H*",
                _ => child.title.as_str(),
            };
            self.line(depth, &format!("state \"{}\" as {name}", escape(title)));
            if drawing.is_frame(id) {
                self.line(depth, &format!("state {name} {{"));
                self.inside(id, depth + 1);
                self.line(depth, "}");
            } else if child.shape == Shape::Final {
                self.line(depth, &format!("{name} --> [*]"));
            }
        }
        for edge in drawing.edges.iter().filter(|edge| edge.kind == EdgeKind::Initial) {
            let from = drawing.parts.get(edge.from);
            if from.is_none_or(|from| from.parent != frame) {
                continue;
            }
            let start = if from.is_some_and(|from| from.shape == Shape::Initial) {
                "[*]".to_owned()
            } else {
                self.id(edge.from)
            };
            let label =
                edge.labels.first().map_or_else(String::new, |label| format!(" : {}", escape(&label.text())));
            self.line(depth, &format!("{start} --> {}{label}", self.id(edge.to)));
        }
    }

    fn transition(&mut self, edge: &Edge) {
        // The root has no box: its transitions leave from each of its children but final ones.
        let drawing = self.drawing;
        let sources: Vec<PartId> = if edge.from == 0 {
            let open = |id: &PartId| drawing.parts.get(*id).is_some_and(|part| part.shape != Shape::Final);
            drawing.solid_children(0).filter(open).collect()
        } else {
            vec![edge.from]
        };
        for source in sources {
            let line = format!("{} --> {}", self.id(source), self.id(edge.to));
            if edge.labels.is_empty() {
                self.line(1, &line);
            }
            for label in &edge.labels {
                self.line(1, &format!("{line} : {}", escape(&label.text())));
            }
        }
    }

    fn notes(&mut self) {
        let drawing = self.drawing;
        for (id, part) in drawing.parts.iter().enumerate().filter(|(_, part)| !part.lines.is_empty()) {
            let mut place = id;
            while let Some(child) = drawing.solid_children(place).next().filter(|child| *child > place) {
                place = child;
            }
            self.line(1, &format!("note right of {}", self.id(place)));
            if place != id {
                self.line(2, &format!("{}#58;", escape(&part.title)));
            }
            for line in &part.lines {
                self.line(2, &escape(line));
            }
            self.line(1, "end note");
        }
    }

    fn classes(&mut self) {
        let drawing = self.drawing;
        let leaves = || {
            let leaf = |row: &(PartId, &Part)| {
                !drawing.is_frame(row.0) && !matches!(row.1.shape, Shape::Initial | Shape::Fork)
            };
            drawing.parts.iter().enumerate().filter(leaf)
        };
        let mut styles: Vec<(String, Vec<String>)> = Vec::new();
        for (id, part) in leaves().filter(|(_, part)| part.tone != Tone::Plain) {
            let ink = drawing.ink(id, part);
            let style = format!("fill:{},stroke:{},color:{}", ink.fill, ink.line, ink.text);
            match styles.iter_mut().find(|(known, _)| *known == style) {
                Some((_, members)) => members.push(self.id(id)),
                None => styles.push((style, vec![self.id(id)])),
            }
        }
        let accepting: Vec<String> =
            leaves().filter(|(_, part)| part.accept).map(|(id, _)| self.id(id)).collect();
        let mut classes: Vec<(String, String, Vec<String>)> = Vec::new();
        for (index, (style, members)) in styles.into_iter().enumerate() {
            let name = if index == 0 { "alarm".to_owned() } else { format!("alarm{index}") };
            classes.push((name, style, members));
        }
        classes.push(("accepting".to_owned(), "stroke-width:4px".to_owned(), accepting));
        for (class, style, members) in classes.iter().filter(|(_, _, members)| !members.is_empty()) {
            self.line(1, &format!("classDef {class} {style}"));
            self.line(1, &format!("class {} {class}", members.join(",")));
        }
    }

    /// A system. Within an actor only leaves are boxes, because links into nested subgraphs do not lay out.
    fn flowchart(&mut self) {
        let drawing = self.drawing;
        self.line(0, if drawing.direction == Direction::Right { "flowchart LR" } else { "flowchart TB" });
        for id in drawing.solid_children(0) {
            let Some(part) = drawing.parts.get(id) else { continue };
            let name = self.id(id);
            match part.shape {
                Shape::Actor | Shape::Family if drawing.is_frame(id) => self.subgraph(id, part),
                Shape::Actor | Shape::Family => {
                    self.line(1, &format!("{name}[\"{}\"]", actor_label(part)));
                }
                Shape::Storage => self.line(1, &format!("{name}[(\"{}\")]", escape(&part.title))),
                _ => self.line(1, &format!("{name}[/\"{}\"/]", escape(&part.title))),
            }
        }
        for edge in drawing.edges.iter().filter(|edge| edge.kind == EdgeKind::Wire) {
            let arrow = if edge.stroke == Stroke::Solid { "==>" } else { "-.->" };
            let lines: Vec<String> = edge.labels.iter().map(|label| escape(&label.text())).collect();
            let label =
                if lines.is_empty() { String::new() } else { format!("|\"{}\"|", lines.join("<br/>")) };
            self.line(1, &format!("{} {arrow}{label} {}", self.id(edge.from), self.id(edge.to)));
        }
    }

    fn subgraph(&mut self, actor: PartId, part: &Part) {
        let drawing = self.drawing;
        self.line(1, &format!("subgraph {}[\"{}\"]", self.id(actor), actor_label(part)));
        for (id, leaf) in drawing.parts.iter().enumerate() {
            let drawn = !matches!(leaf.shape, Shape::Initial | Shape::Fork);
            if drawn && drawing.lies_in(id, actor) && !drawing.is_frame(id) {
                // A nested state is told from its namesakes by its ancestors' labels.
                let chain = drawing.chain(id);
                let titles: Vec<&str> = chain
                    .iter()
                    .skip_while(|at| **at != actor)
                    .skip(1)
                    .filter_map(|at| drawing.parts.get(*at))
                    .map(|part| part.title.as_str())
                    .collect();
                self.line(2, &format!("{}(\"{}\")", self.id(id), escape(&titles.join(" / "))));
            }
        }
        for edge in &drawing.edges {
            let inside = drawing.lies_in(edge.from, actor) || edge.from == actor;
            if inside && edge.kind == EdgeKind::Transition {
                for target in self.targets(edge) {
                    let arrow = if edge.stroke == Stroke::Solid { "-->" } else { "-.->" };
                    for label in &edge.labels {
                        let (from, to) = (self.leaf(edge.from, true), self.leaf(target, false));
                        self.line(2, &format!("{from} {arrow}|\"{}\"| {to}", escape(&label.trigger())));
                    }
                }
            }
        }
        self.line(1, "end");
    }

    /// Where an edge leads: through a bar to each of the bar's targets.
    fn targets(&self, edge: &Edge) -> Vec<PartId> {
        if self.part(edge.to).is_none_or(|part| part.shape != Shape::Fork) {
            return vec![edge.to];
        }
        self.drawing.edges.iter().filter(|branch| branch.from == edge.to).map(|branch| branch.to).collect()
    }

    /// A box that stands for a frame: the last one in it, or where it is entered.
    fn leaf(&self, part: PartId, last: bool) -> String {
        let drawing = self.drawing;
        let mut at = part;
        loop {
            let entered = drawing
                .initial_dot(at)
                .and_then(|dot| drawing.edges.iter().find(|edge| edge.from == dot).map(|edge| edge.to));
            let next = if last {
                drawing.solid_children(at).next_back()
            } else {
                entered.or_else(|| drawing.solid_children(at).next())
            };
            match next.filter(|next| *next > at) {
                Some(next) => at = next,
                None => return self.id(at),
            }
        }
    }
}

fn actor_label(part: &Part) -> String {
    if part.subtitle.is_empty() {
        return escape(&part.title);
    }
    escape(&format!("{}: {}", part.title, part.subtitle))
}
