//! A drawing as a Graphviz `digraph`.

mod parts;
mod polygon;

use super::Direction;
use super::drawing::{Drawing, Edge, EdgeKind, PartId, Shape, View};
use super::label::Stroke;
use super::routes::{End, Point, Route, Routes, point_id};
use super::text::{dot_id, dot_label, html, wrap};

/// The text.
pub(super) fn write(drawing: &Drawing) -> String {
    let mut out = Writer::default();
    out.open(&format!("digraph {} {{", dot_id(&drawing.name)));
    preamble(&mut out, drawing);
    let mut graph = Graph { drawing, routes: Routes::plan(drawing), out };
    if drawing.polygon {
        graph.polygon();
    } else {
        graph.title();
        graph.inside(0);
        graph.edges();
    }
    graph.out.close();
    graph.out.text
}

/// DOT text with indentation.
#[derive(Default)]
struct Writer {
    text: String,
    depth: usize,
}

impl Writer {
    fn line(&mut self, line: &str) {
        // Deeper nesting than this is not shown by indentation; it would only grow the file.
        self.text.push_str(&"  ".repeat(self.depth.min(16)));
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn open(&mut self, line: &str) {
        self.line(line);
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.line("}");
    }
}

struct Graph<'a> {
    drawing: &'a Drawing,
    routes: Routes,
    out: Writer,
}

/// The attributes that every graph begins with.
fn preamble(out: &mut Writer, drawing: &Drawing) {
    let palette = drawing.palette();
    let rankdir = match drawing.direction {
        Direction::Down => "TB",
        Direction::Right => "LR",
    };
    let font = "fontname=\"Helvetica\"";
    out.line(&format!(
        "graph [compound=true, rankdir={rankdir}, {font}, fontsize=12, fontcolor=\"{}\", nodesep=0.4, ranksep=0.5, pad=0.2, bgcolor=\"{}\"];",
        palette.state.text, palette.page
    ));
    let state = palette.state;
    out.line(&format!(
        "node [shape=box, style=\"rounded,filled\", color=\"{}\", fillcolor=\"{}\", fontcolor=\"{}\", {font}, fontsize=11, margin=\"0.14,0.07\", height=0.4];",
        state.line, state.fill, state.text
    ));
    let edge = palette.edge;
    out.line(&format!(
        "edge [color=\"{}\", fontcolor=\"{}\", {font}, fontsize=9.5, arrowsize=0.7];",
        edge.line, edge.text
    ));
}

impl Graph<'_> {
    /// The title of the picture, without a frame: lines that run back would leave it.
    fn title(&mut self) {
        let Some(root) = self.drawing.parts.first() else { return };
        let title = self.title_html(0);
        if self.drawing.view == View::Machine {
            self.out.line(&format!(
                "label={}; labelloc=t; labeljust=l;",
                frame_label(&title, &root.lines, self.drawing.columns)
            ));
        } else {
            self.out.line(&format!("label=<{title}>; labelloc=t; fontsize=14; nodesep=0.5; ranksep=0.8;"));
        }
    }

    /// A title in bold with what stands smaller beside it.
    fn title_html(&self, id: PartId) -> String {
        let Some(part) = self.drawing.parts.get(id) else { return String::new() };
        if part.subtitle.is_empty() {
            return format!("<b>{}</b>", html(&part.title));
        }
        format!(
            "<b>{}</b> <font point-size=\"10\" color=\"{}\">{}</font>",
            html(&part.title),
            self.drawing.palette().muted,
            html(&part.subtitle)
        )
    }

    fn point(&self, point: Point) -> String {
        point_id(self.drawing, point)
    }

    fn frame(&self, id: PartId) -> String {
        let key = self.drawing.parts.get(id).map_or("", |part| part.key.as_str());
        dot_id(&format!("cluster_{key}"))
    }

    /// The name of the label of a cut edge.
    fn label_point(&self, index: usize, edge: &Edge) -> String {
        if edge.kind == EdgeKind::Wire {
            return format!("/wire/{index}");
        }
        let prefix = self
            .drawing
            .chain(edge.from)
            .get(1)
            .and_then(|part| self.drawing.parts.get(*part))
            .filter(|part| matches!(part.shape, Shape::Actor | Shape::Family))
            .map_or_else(String::new, |part| format!("{}/", part.id));
        format!("{prefix}/label/{index}")
    }

    fn edges(&mut self) {
        for (index, edge) in self.drawing.edges.iter().enumerate() {
            let Some(route) = self.routes.of.get(index).cloned() else { continue };
            self.edge(index, edge, &route);
        }
    }

    fn edge(&mut self, index: usize, edge: &Edge, route: &Route) {
        let lines = edge.lines(self.drawing.columns);
        let common = self.edge_attributes(edge);
        if !lines.is_empty() && route.is_cut() {
            let label = self.label_point(index, edge);
            if edge.kind == EdgeKind::Wire {
                // Wires run between frames: their labels lie in none.
                let point = label_point(&label, &lines, self.drawing.edge_ink(edge).text);
                self.out.line(&point);
            }
            self.halves(route, &label, edge.against, &common);
            return;
        }
        let mut attributes = Vec::new();
        if !lines.is_empty() {
            attributes.push(format!("label={}", edge_label(&lines)));
        }
        attributes.extend(self.frame_ends(&route.tail, &route.head));
        attributes.extend(common);
        if edge.kind == EdgeKind::Initial && lines.is_empty() {
            // Straight and short: this is where reading begins.
            attributes.push("weight=8".to_owned());
        }
        if edge.against && self.is_nested() {
            attributes.push("constraint=false".to_owned());
        }
        if self.drawing.parts.get(edge.to).is_some_and(|part| part.shape == Shape::Fork) {
            attributes.push("arrowhead=none".to_owned());
        }
        let line = arrow(&self.point(route.tail.point), &self.point(route.head.point), &attributes);
        self.out.line(&line);
    }

    /// What is said of an edge whether it is cut or not: stroke, colour, weight, documentation.
    fn edge_attributes(&self, edge: &Edge) -> Vec<String> {
        let palette = self.drawing.palette();
        let mut attributes: Vec<String> = stroke_attributes(edge.stroke).into_iter().collect();
        let ink = self.drawing.edge_ink(edge);
        if ink != palette.edge {
            attributes.push(format!("color=\"{}\", fontcolor=\"{}\"", ink.line, ink.text));
        }
        let weight = Drawing::edge_weight(edge);
        if weight > 1.0 {
            attributes.push(format!("penwidth={weight}"));
        }
        if !edge.doc.is_empty() {
            attributes.push(format!("tooltip={0}, labeltooltip={0}", dot_label(&[&edge.doc])));
        }
        attributes
    }

    /// Two half lines through a label. Against the flow they are written the other way round, so that they
    /// do not pull their head below their tail.
    fn halves(&mut self, route: &Route, label: &str, against: bool, common: &[String]) {
        let (tail, head) = (self.point(route.tail.point), self.point(route.head.point));
        let [tail_end, head_end] = [("ltail", route.tail.frame), ("lhead", route.head.frame)];
        let end = |name: &str, frame: Option<PartId>| frame.map(|id| format!("{name}={}", self.frame(id)));
        let halves = if against {
            [
                (head, label.to_owned(), end("ltail", head_end.1), "dir=back"),
                (label.to_owned(), tail, end("lhead", tail_end.1), "dir=none"),
            ]
        } else {
            [
                (tail, label.to_owned(), end("ltail", tail_end.1), "arrowhead=none"),
                (label.to_owned(), head, end("lhead", head_end.1), ""),
            ]
        };
        for (tail, head, end, arrow_end) in halves {
            let mut attributes: Vec<String> = end.into_iter().collect();
            attributes.extend(Some(arrow_end.to_owned()).filter(|end| !end.is_empty()));
            attributes.extend_from_slice(common);
            self.out.line(&arrow(&tail, &head, &attributes));
        }
    }

    fn frame_ends(&self, tail: &End, head: &End) -> Vec<String> {
        let ends = [("ltail", tail.frame), ("lhead", head.frame)];
        ends.iter().filter_map(|(name, frame)| Some(format!("{name}={}", self.frame((*frame)?)))).collect()
    }

    /// Whether any state lies in another one; Graphviz breaks the cycles of a flat machine well.
    fn is_nested(&self) -> bool {
        let frames = |id: &PartId| self.drawing.is_frame(*id);
        (1..self.drawing.parts.len()).any(|id| frames(&id))
    }
}

/// `"a" -> "b" [attributes];`
fn arrow(tail: &str, head: &str, attributes: &[String]) -> String {
    let list = if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(", ")) };
    format!("{} -> {}{list};", dot_id(tail), dot_id(head))
}

/// The label of a line, kept off the line by spaces.
fn edge_label(lines: &[String]) -> String {
    let spaced: Vec<String> = lines.iter().map(|line| format!(" {line} ")).collect();
    dot_label(&spaced)
}

/// A label that stands between two half lines.
fn label_point(name: &str, lines: &[String], colour: &str) -> String {
    format!(
        "{} [shape=plain, style=\"\", fontsize=9.5, fontcolor=\"{colour}\", label={}];",
        dot_id(name),
        edge_label(lines)
    )
}

/// The style of a line that is not solid.
fn stroke_attributes(stroke: Stroke) -> Option<String> {
    match stroke {
        Stroke::Solid => None,
        Stroke::Dotted => Some("style=dotted, penwidth=1.6".to_owned()),
        Stroke::Dashed => Some("style=dashed".to_owned()),
    }
}

/// A title over a rule over the contents.
fn box_label(title: &str, contents: &[String], columns: usize) -> String {
    let title: Vec<String> = wrap(title, columns).iter().map(|line| html(line)).collect();
    format!(
        "<<table border=\"0\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"3\"><tr><td><b>{}</b></td></tr><hr/><tr><td align=\"left\" balign=\"left\"><font point-size=\"9\">{}</font></td></tr></table>>",
        title.join("<br/>"),
        content_lines(contents, columns)
    )
}

/// A title with the contents below it.
fn frame_label(title: &str, lines: &[String], columns: usize) -> String {
    if lines.is_empty() {
        return format!("<{title}>");
    }
    format!(
        "<<table border=\"0\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"2\"><tr><td align=\"left\">{title}</td></tr><tr><td align=\"left\" balign=\"left\"><font point-size=\"9\">{}</font></td></tr></table>>",
        content_lines(lines, columns)
    )
}

fn content_lines(lines: &[String], columns: usize) -> String {
    let broken: Vec<String> = lines
        .iter()
        .map(|line| {
            wrap(line, columns + 8)
                .iter()
                .map(|line| html(line))
                .collect::<Vec<_>>()
                .join("<br/>&#160;&#160;&#160;")
        })
        .collect();
    broken.join("<br/>")
}
