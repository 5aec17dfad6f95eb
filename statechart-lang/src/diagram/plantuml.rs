//! A drawing for PlantUML: a state diagram, of a system as well, with its actors and outside parties as states.

use super::Direction;
use super::drawing::{Drawing, Edge, EdgeKind, Part, PartId, Shape, Tone, View};
use super::label::Stroke;
use super::text::plantuml as escape;

/// The text.
pub(super) fn write(drawing: &Drawing) -> String {
    let mut text = Text { drawing, text: String::new() };
    text.line(0, "@startuml");
    text.line(0, "hide empty description");
    if drawing.direction == Direction::Right {
        text.line(0, "left to right direction");
    }
    if let Some(root) = drawing.parts.first() {
        text.line(0, &format!("title {}", escape(&root.title)));
    }
    text.skin();
    text.inside(0, 0);
    for edge in drawing.edges.iter().filter(|edge| edge.kind != EdgeKind::Initial) {
        text.edge(edge);
    }
    text.line(0, "@enduml");
    text.text
}

struct Text<'a> {
    drawing: &'a Drawing,
    text: String,
}

impl Text<'_> {
    fn line(&mut self, depth: usize, line: &str) {
        self.text.push_str(&"  ".repeat(depth.min(16)));
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn skin(&mut self) {
        let palette = self.drawing.palette();
        self.line(0, &format!("skinparam backgroundColor {}", palette.page));
        self.line(0, &format!("skinparam stateBackgroundColor {}", palette.state.fill));
        self.line(0, &format!("skinparam stateBorderColor {}", palette.state.line));
        self.line(0, &format!("skinparam stateFontColor {}", palette.state.text));
        self.line(0, &format!("skinparam arrowColor {}", palette.edge.line));
        self.line(0, &format!("skinparam arrowFontColor {}", palette.edge.text));
        self.line(0, &format!("skinparam titleFontColor {}", palette.state.text));
    }

    fn inside(&mut self, frame: PartId, depth: usize) {
        let drawing = self.drawing;
        let Some(part) = drawing.parts.get(frame) else { return };
        let mut regions = 0;
        for id in part.children.iter().copied() {
            let Some(child) = drawing.parts.get(id) else { continue };
            if child.region && regions > 0 {
                self.line(depth, "--");
            }
            regions += usize::from(child.region);
            self.part(id, child, depth);
        }
        for edge in drawing.edges.iter().filter(|edge| edge.kind == EdgeKind::Initial) {
            let Some(from) = drawing.parts.get(edge.from).filter(|from| from.parent == frame) else {
                continue;
            };
            let start = if from.shape == Shape::Initial { "[*]".to_owned() } else { name(edge.from) };
            let label =
                edge.labels.first().map_or_else(String::new, |label| format!(" : {}", escape(&label.text())));
            self.line(depth, &format!("{start} --> {}{label}", name(edge.to)));
        }
    }

    fn part(&mut self, id: PartId, part: &Part, depth: usize) {
        let name = name(id);
        let kind = match part.shape {
            Shape::Initial | Shape::Picture => return,
            Shape::Final => " <<end>>",
            Shape::History => " <<history>>",
            Shape::DeepHistory => " <<history*>>",
            Shape::Fork => " <<fork>>",
            _ => "",
        };
        if !kind.is_empty() {
            self.line(depth, &format!("state {name}{kind}"));
            return;
        }
        let ink = self.drawing.ink(id, part);
        let fill = if ink.fill == self.drawing.palette().state.fill {
            String::new()
        } else {
            format!(" {}", ink.fill)
        };
        // A doubled border is not among PlantUML's; a bold one stands for it.
        let fill = match (&part.tone, part.accept) {
            (_, true) => format!(" {};line:{};line.bold", ink.fill, ink.line),
            (Tone::Plain, false) => fill,
            _ => format!(" {};line:{};text:{}", ink.fill, ink.line, ink.text),
        };
        let title = if part.subtitle.is_empty() {
            escape(&part.title)
        } else {
            format!("{}\\n{}", escape(&part.title), escape(&part.subtitle))
        };
        if self.drawing.is_frame(id) {
            self.line(depth, &format!("state \"{title}\" as {name}{fill} {{"));
            self.inside(id, depth + 1);
            self.line(depth, "}");
        } else {
            self.line(depth, &format!("state \"{title}\" as {name}{fill}"));
        }
        for line in &part.lines {
            self.line(depth, &format!("{name} : {}", escape(line)));
        }
        if let Some(outer) = &part.outer {
            self.line(depth, &format!("note right of {name} : {}", escape(outer)));
        }
    }

    fn edge(&mut self, edge: &Edge) {
        let ink = self.drawing.edge_ink(edge);
        let mut style = Vec::new();
        if ink != self.drawing.palette().edge {
            style.push(ink.line.to_owned());
        }
        match edge.stroke {
            Stroke::Solid => {}
            Stroke::Dotted => style.push("dotted".to_owned()),
            Stroke::Dashed => style.push("dashed".to_owned()),
        }
        if Drawing::edge_weight(edge) > 1.5 {
            style.push("thickness=3".to_owned());
        }
        let arrow = if style.is_empty() { "-->".to_owned() } else { format!("-[{}]->", style.join(",")) };
        // The root has no box: its transitions leave from each of its children but final ones.
        let open = |id: &PartId| self.drawing.parts.get(*id).is_some_and(|part| part.shape != Shape::Final);
        let sources: Vec<PartId> = if edge.from == 0 && self.drawing.view == View::Machine {
            self.drawing.solid_children(0).filter(open).collect()
        } else {
            vec![edge.from]
        };
        for source in sources {
            let line = format!("{} {arrow} {}", name(source), name(edge.to));
            if edge.labels.is_empty() {
                self.line(0, &line);
            } else if edge.kind == EdgeKind::Wire {
                let lines: Vec<String> = edge.labels.iter().map(|label| escape(&label.text())).collect();
                self.line(0, &format!("{line} : {}", lines.join("\\n")));
            } else {
                for label in &edge.labels {
                    let lines: Vec<String> =
                        label.lines(self.drawing.columns).iter().map(|line| escape(line)).collect();
                    self.line(0, &format!("{line} : {}", lines.join("\\n")));
                }
            }
        }
    }
}

/// PlantUML makes dots of names into nesting, so parts go by their number.
fn name(id: PartId) -> String {
    format!("p{id}")
}
