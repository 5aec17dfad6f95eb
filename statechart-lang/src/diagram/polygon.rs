//! A flat machine on a regular polygon, as automata are drawn on a blackboard.

use std::f64::consts::PI;

use super::chart::Chart;
use super::dot::{Writer, edge, edge_label, stroke_attributes};
use super::draw::outer_text;
use super::text::{dot_id, wrap};
use crate::model::{State, StateId};

impl Chart<'_> {
    /// Whether the machine asks for a regular polygon and can be drawn so.
    pub(super) fn polygon(&self) -> bool {
        let flat = self.machine.states.iter().skip(1).all(|state| state.children.is_empty());
        self.machine.tags.iter().any(|tag| tag.name == "polygon")
            && flat
            && (3..=24).contains(&(self.machine.states.len() - 1))
    }

    /// The states at the corners of a regular polygon, anticlockwise from the top (odd) or the top right
    /// (even); the initial arrow comes from the right.
    pub(super) fn draw_polygon(&self, out: &mut Writer) {
        let states: Vec<(StateId, &State)> = self.machine.states.iter().enumerate().skip(1).collect();
        let corners = states.len().max(1) as f64;
        let radius_inches = 0.6 + 0.36 * corners;
        out.line("layout=neato; splines=curved; overlap=true;");
        out.line(&format!("label=<{}>; labelloc=t;", Self::machine_title(self.machine)));
        let first = if states.len().is_multiple_of(2) { PI / 2.0 - PI / corners } else { PI / 2.0 };
        let angle = |index: usize| first + 2.0 * PI * index as f64 / corners;
        let place = |index: usize| (radius_inches * angle(index).cos(), radius_inches * angle(index).sin());
        let initial = self.state(0).and_then(|root| root.initial.first().copied()).unwrap_or(1);
        let (x, y) = place(initial.saturating_sub(1));
        out.line(&format!(
            "{} [shape=point, style=invis, {}];",
            dot_id(&self.point(0, "initial")),
            pin(x + 0.85, y)
        ));
        if self.pills.contains(&0) {
            let any = dot_id(&self.point(0, "any"));
            out.line(&format!(
                "{any} [label=\"any\", style=\"rounded,filled,dashed\", fontsize=9, {}];",
                pin(0.0, 0.0)
            ));
        }
        for (index, (id, state)) in states.iter().enumerate() {
            let (x, y) = place(index);
            out.line(&format!(
                "{} [{}, {}];",
                dot_id(&state.path),
                self.box_attributes(*id, state),
                pin(x, y)
            ));
            if let Some(outer) = outer_text(state) {
                // Beside the loop of the state, which points up or down.
                let aside = if angle(index).cos().abs() < 0.5 { angle(index) + 0.9 } else { angle(index) };
                out.line(&format!(
                    "{} [shape=plain, style=\"\", fontsize=10, label={}, {}];",
                    dot_id(&format!("{}/outer", state.path)),
                    edge_label(&wrap(outer, self.options.wrap_columns)),
                    pin(x + 0.5 * aside.cos(), y + 0.5 * aside.sin())
                ));
            }
        }
        let corner = |point: &str| states.iter().position(|(_, state)| state.path == point);
        for (route, lines, _) in &self.routes {
            let mut attributes: Vec<String> = stroke_attributes(route.stroke).into_iter().collect();
            let label = edge_label(lines);
            match (corner(&route.tail.point), corner(&route.head.point)) {
                _ if lines.is_empty() => {}
                (Some(tail), Some(head)) if tail == head => {
                    let port = if angle(tail).sin() >= 0.0 { "n" } else { "s" };
                    attributes.push(format!("label={label}, tailport={port}, headport={port}"));
                }
                // Near the tail: in the middle, all the labels of the diagonals would meet.
                (Some(_), Some(_)) => {
                    attributes.push(format!("taillabel={label}, labeldistance=3.6, labelangle=14"))
                }
                _ => attributes.push(format!("label={label}")),
            }
            out.line(&edge(&route.tail.point, &route.head.point, &attributes));
        }
    }
}

/// A fixed position, in inches. `+ 0.0` turns a rounded negative zero into zero.
fn pin(x: f64, y: f64) -> String {
    let hundredths = |value: f64| (value * 100.0).round() / 100.0 + 0.0;
    format!("pos=\"{:.2},{:.2}!\"", hundredths(x), hundredths(y))
}
