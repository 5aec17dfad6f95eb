//! A machine on a regular polygon in DOT: every part is pinned.

use super::super::drawing::{PartId, Shape};
use super::super::polygon::Corners;
use super::super::routes::Point;
use super::super::text::{dot_id, wrap};
use super::{Graph, arrow, edge_label};

impl Graph<'_> {
    pub(super) fn polygon(&mut self) {
        let states: Vec<PartId> = self.drawing.solid_children(0).collect();
        let corners = Corners { count: states.len() };
        let radius_inches = 0.6 + 0.36 * states.len() as f64;
        let place = |index: usize| {
            let (x, y) = corners.direction(index);
            (radius_inches * x, radius_inches * y)
        };
        self.out.line("layout=neato; splines=curved; overlap=true;");
        let title = self.title_html(0);
        self.out.line(&format!("label=<{title}>; labelloc=t;"));
        let initial = self.drawing.initial_dot(0);
        let first = self.drawing.edges.iter().find(|edge| Some(edge.from) == initial);
        let first = first.and_then(|edge| states.iter().position(|id| *id == edge.to)).unwrap_or(0);
        if let Some(dot) = initial.and_then(|id| self.drawing.parts.get(id)) {
            let (x, y) = place(first);
            self.out.line(&format!("{} [shape=point, style=invis, {}];", dot_id(&dot.id), pin(x + 0.85, y)));
        }
        if self.routes.pills.contains(&0) {
            let line = format!(
                "{} [label=\"any\", style=\"rounded,filled,dashed\", fontsize=9, {}];",
                dot_id(&self.point(Point::Any(0))),
                pin(0.0, 0.0)
            );
            self.out.line(&line);
        }
        for (index, id) in states.iter().enumerate() {
            let Some(part) = self.drawing.parts.get(*id) else { continue };
            let (x, y) = place(index);
            let line = format!("{} [{}, {}];", dot_id(&part.id), self.box_attributes(*id, part), pin(x, y));
            self.out.line(&line);
            if let Some(outer) = &part.outer {
                // Beside the loop of the state, which points up or down.
                let angle = corners.angle(index);
                let aside = if angle.cos().abs() < 0.5 { angle + 0.9 } else { angle };
                self.out.line(&format!(
                    "{} [shape=plain, style=\"\", fontsize=10, label={}, {}];",
                    dot_id(&format!("{}/outer", part.id)),
                    edge_label(&wrap(outer, self.drawing.columns)),
                    pin(x + 0.5 * aside.cos(), y + 0.5 * aside.sin())
                ));
            }
        }
        self.polygon_edges(&states, corners);
    }

    fn polygon_edges(&mut self, states: &[PartId], corners: Corners) {
        let corner = |part: PartId| states.iter().position(|id| *id == part);
        for (index, edge) in self.drawing.edges.iter().enumerate() {
            let Some(route) = self.routes.of.get(index).cloned() else { continue };
            let lines = edge.lines(self.drawing.columns);
            let mut attributes = self.edge_attributes(edge);
            let label = edge_label(&lines);
            match (corner(edge.from), corner(edge.to)) {
                _ if lines.is_empty() => {}
                (Some(tail), Some(head)) if tail == head => {
                    let port = if corners.angle(tail).sin() >= 0.0 { "n" } else { "s" };
                    attributes.push(format!("label={label}, tailport={port}, headport={port}"));
                }
                // Near the tail: in the middle, all the labels of the diagonals would meet.
                (Some(_), Some(_)) => {
                    attributes.push(format!("taillabel={label}, labeldistance=3.6, labelangle=14"));
                }
                _ => attributes.push(format!("label={label}")),
            }
            if self.drawing.parts.get(edge.to).is_some_and(|part| part.shape == Shape::Fork) {
                attributes.push("arrowhead=none".to_owned());
            }
            let line = arrow(&self.point(route.tail.point), &self.point(route.head.point), &attributes);
            self.out.line(&line);
        }
    }
}

/// A fixed position, in inches. `+ 0.0` turns a rounded negative zero into zero.
fn pin(x: f64, y: f64) -> String {
    let hundredths = |value: f64| (value * 100.0).round() / 100.0 + 0.0;
    format!("pos=\"{:.2},{:.2}!\"", hundredths(x), hundredths(y))
}
