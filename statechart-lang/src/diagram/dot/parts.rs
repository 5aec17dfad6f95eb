//! Frames, boxes and helper points in DOT.

use super::super::Direction;
use super::super::drawing::{Part, PartId, Shape, Tone};
use super::super::routes::Point;
use super::super::text::{dot_id, dot_label, html, wrap};
use super::{Graph, box_label, frame_label, label_point};

impl Graph<'_> {
    /// What lies in a frame: its points, its parts, the labels of the edges that run in it.
    pub(super) fn inside(&mut self, frame: PartId) {
        let dot = self.drawing.palette().dot;
        let Some(part) = self.drawing.parts.get(frame) else { return };
        if self.routes.pills.contains(&frame) {
            let line = format!(
                "{} [label=\"any\", style=\"rounded,filled,dashed\", fillcolor=\"{}\", fontsize=9, height=0.22, margin=\"0.08,0.02\"];",
                dot_id(&self.point(Point::Any(frame))),
                self.drawing.palette().page
            );
            self.out.line(&line);
        }
        if self.routes.entries.contains(&frame) {
            let line = format!(
                "{} [shape=circle, style=filled, fillcolor=\"{}\", label=\"\", width=0.14, height=0.14, fixedsize=true];",
                dot_id(&self.point(Point::Entry(frame))),
                self.drawing.palette().page
            );
            self.out.line(&line);
        }
        for id in part.children.clone() {
            let Some(child) = self.drawing.parts.get(id) else { continue };
            match child.shape {
                Shape::Initial => self.out.line(&format!(
                    "{} [shape=circle, style=filled, fillcolor=\"{dot}\", color=\"{dot}\", label=\"\", width=0.14, height=0.14, fixedsize=true];",
                    dot_id(&child.id)
                )),
                Shape::Fork => {
                    let bar = match self.drawing.direction {
                        Direction::Down => "width=0.6, height=0.05",
                        Direction::Right => "width=0.05, height=0.6",
                    };
                    self.out.line(&format!(
                        "{} [shape=box, style=filled, fillcolor=\"{dot}\", color=\"{dot}\", label=\"\", {bar}, fixedsize=true];",
                        dot_id(&child.id)
                    ));
                }
                _ if self.drawing.is_frame(id) => self.frame_part(id, child),
                _ => {
                    let line = format!("{} [{}];", dot_id(&child.id), self.box_attributes(id, child));
                    self.out.line(&line);
                }
            }
        }
        for (index, edge) in self.drawing.edges.iter().enumerate() {
            let Some(route) = self.routes.of.get(index) else { continue };
            if route.place != frame || !route.is_cut() || edge.kind == super::EdgeKind::Wire {
                continue;
            }
            let lines = edge.lines(self.drawing.columns);
            if !lines.is_empty() {
                let ink = self.drawing.edge_ink(edge);
                let line = label_point(&self.label_point(index, edge), &lines, ink.text);
                self.out.line(&line);
            }
        }
    }

    fn frame_part(&mut self, id: PartId, part: &Part) {
        let ink = self.drawing.frame_ink(id, part);
        self.out.open(&format!("subgraph {} {{", self.frame(id)));
        if part.accept {
            // A frame has one border only; the second one is a frame around it.
            self.out.line(&format!("label=\"\"; style=rounded; color=\"{}\"; margin=4;", ink.line));
            self.out.open(&format!("subgraph {} {{", dot_id(&format!("cluster_{}_accept", part.key))));
        }
        let title = self.title_html(id);
        self.out.line(&format!("label={};", frame_label(&title, &part.lines, self.drawing.columns)));
        let style = if part.region { "rounded,filled,dashed" } else { "rounded,filled" };
        let margin = if matches!(part.shape, Shape::Actor | Shape::Family) { 22 } else { 12 };
        self.out.line(&format!(
            "style=\"{style}\"; color=\"{}\"; fillcolor=\"{}\"; fontcolor=\"{}\"; labeljust=l; margin={margin};",
            ink.line, ink.fill, ink.text
        ));
        self.inside(id);
        if part.accept {
            self.out.close();
        }
        self.out.close();
    }

    pub(super) fn box_attributes(&self, id: PartId, part: &Part) -> String {
        let columns = self.drawing.columns;
        let ink = self.drawing.ink(id, part);
        let mut attributes = match part.shape {
            Shape::Actor | Shape::Family => format!("label={}", self.actor_label(id, part)),
            Shape::History => "label=\"H\"".to_owned(),
            Shape::DeepHistory => "label=\"H*\"".to_owned(),
            _ if part.lines.is_empty() => format!("label={}", dot_label(&wrap(&part.title, columns))),
            _ => format!("label={}", box_label(&part.title, &part.lines, columns)),
        };
        if ink != self.drawing.palette().state {
            attributes.push_str(&format!(
                ", color=\"{}\", fillcolor=\"{}\", fontcolor=\"{}\"",
                ink.line, ink.fill, ink.text
            ));
        }
        match part.shape {
            Shape::Final => attributes.push_str(", shape=doublecircle, style=filled, margin=\"0.02,0.02\""),
            Shape::History | Shape::DeepHistory => {
                attributes
                    .push_str(", shape=circle, style=filled, margin=\"0.01,0.01\", width=0.3, fontsize=9");
            }
            Shape::Family => attributes.push_str(", shape=box3d, style=filled, margin=\"0.2,0.12\""),
            Shape::Actor => attributes.push_str(", margin=\"0.2,0.12\""),
            Shape::Storage => attributes.push_str(", shape=cylinder, style=filled, margin=\"0.16,0.1\""),
            Shape::External => attributes.push_str(", shape=box, style=filled"),
            _ if self.drawing.blackboard => {
                let shape = if part.accept { "doublecircle" } else { "circle" };
                attributes
                    .push_str(&format!(", shape={shape}, style=filled, margin=\"0.04,0.04\", width=0.55"));
            }
            _ if part.accept => attributes.push_str(", peripheries=2"),
            _ => {}
        }
        if part.region {
            attributes.push_str(", style=\"rounded,filled,dashed\"");
        }
        if let Tone::Paint(paint) = &part.tone
            && paint.weight > 1
        {
            attributes.push_str(&format!(", penwidth={}", paint.weight.min(5)));
        }
        if let Some(outer) = part.outer.as_deref().filter(|_| !self.drawing.polygon) {
            attributes.push_str(&format!(", xlabel={}", dot_label(&wrap(outer, columns))));
        }
        let tip = if part.doc.is_empty() { part.id.clone() } else { format!("{}: {}", part.id, part.doc) };
        attributes.push_str(&format!(", tooltip={}", dot_label(&[tip])));
        attributes
    }

    /// An actor without its states: its name over its machine, and what it tells itself.
    fn actor_label(&self, id: PartId, part: &Part) -> String {
        let title = self.title_html(id).replace(" <font", "<br/><font");
        let own: String = part
            .lines
            .iter()
            .map(|line| format!("<br/><font point-size=\"9\">{}</font>", html(line)))
            .collect();
        format!("<{title}{own}>")
    }
}
