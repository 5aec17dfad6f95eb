//! A machine on a regular polygon: the states at its corners, bent edges, sloped labels.

use super::super::drawing::{PartId, Shape};
use super::super::polygon::Corners;
use super::super::scene::{
    ARROW, LOOP_HALF, LOOP_REACH, Place, Scene, Text, What, bend, initial_angle, loop_angle,
};
use super::{Tikz, at, is_circle, n, pt};

impl Tikz<'_> {
    pub(super) fn polygon(&mut self, scene: &Scene, centre: Place, radius: f64) {
        let states: Vec<PartId> = self.drawing.solid_children(0).collect();
        let corners = Corners { count: states.len() };
        let dot = self.drawing.initial_dot(0);
        let initial = self.drawing.edges.iter().find(|edge| Some(edge.from) == dot).map(|edge| edge.to);
        self.line(&format!(
            "\\node[regular polygon, regular polygon sides={}, minimum size={}, inner sep=0pt, outer sep=0pt] (A) at {} {{}};",
            states.len(),
            pt(2.0 * radius),
            at(centre.x, centre.y)
        ));
        let arrow = self.drawing.palette().state.line;
        let arrow = self.colour(arrow);
        self.line(&format!("\\tikzset{{every initial by arrow/.append style={{draw={arrow}}}}}"));
        for (index, id) in states.iter().enumerate() {
            let Some(part) = self.drawing.parts.get(*id) else { continue };
            let ink = self.drawing.ink(*id, part);
            let look = self.look(part, ink);
            let mut arrow = String::new();
            if Some(*id) == initial {
                let side = if initial_angle(corners, index) < 90.0 { "right" } else { "left" };
                arrow = format!(", initial {side}, initial text={{}}, initial distance={}", pt(ARROW));
            }
            let size = scene.boxes.iter().find(|placed| placed.what == What::Part(*id));
            if let Some(rect) = size.map(|placed| placed.rect).filter(|_| !is_circle(self.drawing, part)) {
                let look = format!(
                    "{look}{arrow}, minimum width={}, minimum height={}",
                    pt(rect.width()),
                    pt(rect.height())
                );
                self.boxed(part, &rect, ink, &look, &format!("(q{index}) at (A.corner {})", index + 1));
                continue;
            }
            let mut style = format!("state{arrow}");
            if part.accept || part.shape == Shape::Final {
                style.push_str(", accepting");
            }
            let (width, height) =
                size.map_or((44.0, 44.0), |placed| (placed.rect.width(), placed.rect.height()));
            let less = if part.accept { 3.0 } else { 0.0 };
            let text = self.circle_text(part);
            self.line(&format!(
                "\\node[{style}, {look}, minimum width={}, minimum height={}] (q{index}) at (A.corner {}) {{{text}}};",
                pt(width - less),
                pt(height - less),
                index + 1
            ));
        }
        self.polygon_edges(scene, &states, corners, initial);
    }

    fn polygon_edges(&mut self, scene: &Scene, states: &[PartId], corners: Corners, initial: Option<PartId>) {
        for line in &scene.lines {
            let Some(edge) = self.drawing.edges.get(line.edge) else { continue };
            let corner = |part: PartId| states.iter().position(|id| *id == part);
            let (Some(from), Some(to)) = (corner(edge.from), corner(edge.to)) else { continue };
            let stroke = self.stroke(edge);
            let how = if from == to {
                let middle = loop_angle(corners, from, states.get(from).copied() == initial);
                format!(
                    "loop, out={}, in={}, looseness=1, min distance={}",
                    n(middle + LOOP_HALF),
                    n(middle - LOOP_HALF),
                    pt(LOOP_REACH)
                )
            } else {
                match bend(self.drawing, line.edge) {
                    bend if bend < 0.0 => format!("bend right={}", n(-bend)),
                    bend if bend > 0.0 => format!("bend left={}", n(bend)),
                    _ => String::new(),
                }
            };
            let label = scene.texts.iter().find(|text| text.edge == Some(line.edge));
            let sloped = label.map_or_else(String::new, |text| self.sloped(edge, text));
            self.line(&format!(
                "\\path[->] (q{from}) edge [{how}{}{stroke}]{sloped} (q{to});",
                if how.is_empty() { "" } else { ", " }
            ));
        }
        for text in scene.texts.iter().filter(|text| text.slope.is_none()) {
            self.text(text);
        }
    }

    /// The label of an edge, along it; labels of loops stand by themselves.
    fn sloped(&mut self, edge: &super::super::drawing::Edge, text: &Text) -> String {
        let Some((pos, above)) = text.slope else { return String::new() };
        let colour = self.colour(self.drawing.edge_ink(edge).text);
        let side = if above { "above" } else { "below" };
        let body = self.label_text(&text.lines);
        format!(" node[el, sloped, {side}, pos={}, text={colour}] {{{body}}}", n(pos))
    }
}
