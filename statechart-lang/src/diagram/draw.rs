//! A planned machine in DOT: frames, boxes, helper points, routes.

use super::Direction;
use super::chart::{Chart, Route};
use super::dot::{
    ERROR, ERROR_LINE, FINAL_FILL, FRAME_FILLS, LINE, PLAIN, Writer, box_label, edge, edge_label, frame_ends,
    frame_label, label_point, mark_colours, split_edge, stroke_attributes,
};
use super::label;
use super::text::{dot_id, dot_label, html, one_line, wrap};
use crate::model::{Machine, State, StateId, StateKind};

impl Chart<'_> {
    /// The title of a machine's frame, as HTML.
    pub(super) fn machine_title(machine: &Machine) -> String {
        let label = one_line(&machine.label);
        if label.is_empty() || label == machine.name {
            return format!("<b>{}</b>", html(&one_line(&machine.name)));
        }
        format!(
            "<b>{}</b> <font point-size=\"10\" color=\"#6b7a8c\">{}</font>",
            html(&label),
            html(&one_line(&machine.name))
        )
    }

    /// Writes the machine without a frame of its own: lines that run back would leave it.
    pub(super) fn draw_bare(&self, out: &mut Writer) {
        let Some(root) = self.state(0) else { return };
        let lines = if self.detail { label::contents(self.machine, root) } else { Vec::new() };
        let title = Self::machine_title(self.machine);
        out.line(&format!(
            "label={}; labelloc=t; labeljust=l;",
            frame_label(&title, &lines, self.options.wrap_columns)
        ));
        self.draw_inside(out, 0, root, 0);
        self.draw_routes(out);
    }

    /// Writes the machine as a frame; `notes` are further lines under its title.
    pub(super) fn draw(&self, out: &mut Writer, title: &str, notes: &[String]) {
        let mut lines = notes.to_vec();
        if let Some(root) = self.state(0) {
            if self.detail {
                lines.extend(label::contents(self.machine, root));
            }
            out.open(&format!("subgraph {} {{", dot_id(&self.frame(0))));
            self.frame_attributes(out, title, &lines, 0, false, PLAIN[0]);
            self.draw_inside(out, 0, root, 1);
            out.close();
        }
        self.draw_routes(out);
    }

    fn frame_attributes(
        &self,
        out: &mut Writer,
        title: &str,
        lines: &[String],
        depth: usize,
        dashed: bool,
        border: &str,
    ) {
        out.line(&format!("label={};", frame_label(title, lines, self.options.wrap_columns)));
        let style = if dashed { "rounded,filled,dashed" } else { "rounded,filled" };
        let fill = FRAME_FILLS[depth % FRAME_FILLS.len()];
        out.line(&format!(
            "style=\"{style}\"; color=\"{border}\"; fillcolor=\"{fill}\"; labeljust=l; margin={};",
            if depth == 0 { 22 } else { 12 }
        ));
    }

    fn draw_inside(&self, out: &mut Writer, id: StateId, state: &State, depth: usize) {
        if state.kind == StateKind::Compound && !state.initial.is_empty() {
            out.line(&format!(
                "{} [shape=circle, style=filled, fillcolor=\"{1}\", color=\"{1}\", label=\"\", width=0.14, height=0.14, fixedsize=true];",
                dot_id(&self.point(id, "initial")),
                PLAIN[2]
            ));
        }
        if self.pills.contains(&id) {
            out.line(&format!(
                "{} [label=\"any\", style=\"rounded,filled,dashed\", fillcolor=\"white\", fontsize=9, height=0.22, margin=\"0.08,0.02\"];",
                dot_id(&self.point(id, "any"))
            ));
        }
        if self.entries.contains(&id) {
            out.line(&format!(
                "{} [shape=circle, style=filled, fillcolor=\"white\", label=\"\", width=0.14, height=0.14, fixedsize=true];",
                dot_id(&self.point(id, "entry"))
            ));
        }
        for transition in self.forks.get(&id).into_iter().flatten() {
            let bar = match self.options.direction {
                Direction::Down => "width=0.6, height=0.05",
                Direction::Right => "width=0.05, height=0.6",
            };
            out.line(&format!(
                "{} [shape=box, style=filled, fillcolor=\"{1}\", color=\"{1}\", label=\"\", {bar}, fixedsize=true];",
                dot_id(&self.fork(*transition)),
                PLAIN[2]
            ));
        }
        for child in state.children.iter().filter(|child| **child > id) {
            if let Some(state) = self.state(*child) {
                self.draw_state(out, *child, state, depth);
            }
        }
        for (index, (route, lines, _)) in self.routes.iter().enumerate() {
            if route.place == id && route.is_split(lines) {
                out.line(&label_point(
                    &self.label_point(index),
                    lines,
                    route_colours(route).map_or(LINE[1], |[_, text]| text),
                ));
            }
        }
    }

    fn draw_state(&self, out: &mut Writer, id: StateId, state: &State, depth: usize) {
        let [border, ..] = self.colours(id, state).unwrap_or(PLAIN);
        if !self.is_frame(id) {
            out.line(&format!(
                "{} [{}];",
                dot_id(&format!("{}{}", self.prefix, state.path)),
                self.box_attributes(id, state)
            ));
            return;
        }
        out.open(&format!("subgraph {} {{", dot_id(&self.frame(id))));
        if state.accept {
            // A frame has one border only; the second one is a frame around it.
            out.line(&format!("label=\"\"; style=rounded; color=\"{border}\"; margin=4;"));
            out.open(&format!("subgraph {} {{", dot_id(&format!("{}_accept", self.frame(id)))));
        }
        let lines = if self.detail { label::contents(self.machine, state) } else { Vec::new() };
        let title = format!("<b>{}</b>", html(&label::title(state)));
        self.frame_attributes(out, &title, &lines, depth, state.region, border);
        self.draw_inside(out, id, state, depth + 1);
        if state.accept {
            out.close();
        }
        out.close();
    }

    /// The colours of a state that is not drawn as any other.
    fn colours(&self, id: StateId, state: &State) -> Option<[&'static str; 3]> {
        let marks = &self.options.marks;
        if marks.is_empty() {
            return label::is_error(state).then_some(ERROR);
        }
        marks.states.get(&id).map(|mark| mark_colours(*mark))
    }

    pub(super) fn box_attributes(&self, id: StateId, state: &State) -> String {
        let title = label::title(state);
        let contents = if self.detail { label::contents(self.machine, state) } else { Vec::new() };
        let columns = self.options.wrap_columns;
        let mut attributes = if contents.is_empty() {
            format!("label={}", dot_label(&wrap(&title, columns)))
        } else {
            format!("label={}", box_label(&title, &contents, columns))
        };
        if let Some([border, fill, text]) = self.colours(id, state) {
            attributes.push_str(&format!(", color=\"{border}\", fillcolor=\"{fill}\", fontcolor=\"{text}\""));
        } else if state.kind == StateKind::Final {
            attributes.push_str(&format!(", fillcolor=\"{FINAL_FILL}\""));
        }
        if state.kind == StateKind::Final {
            attributes.push_str(", shape=doublecircle, style=filled, margin=\"0.02,0.02\"");
        } else if self.blackboard {
            let shape = if state.accept { "doublecircle" } else { "circle" };
            attributes.push_str(&format!(", shape={shape}, style=filled, margin=\"0.04,0.04\", width=0.55"));
        } else if state.accept {
            attributes.push_str(", peripheries=2");
        }
        if state.region {
            attributes.push_str(", style=\"rounded,filled,dashed\"");
        }
        if let Some(outer) = outer_text(state).filter(|_| !self.polygon()) {
            attributes.push_str(&format!(", xlabel={}", dot_label(&wrap(outer, columns))));
        }
        let doc = one_line(&state.doc);
        let tip = if doc.is_empty() { state.path.clone() } else { format!("{}: {doc}", state.path) };
        attributes.push_str(&format!(", tooltip={}", dot_label(&[tip])));
        attributes
    }

    fn label_point(&self, index: usize) -> String {
        format!("{}/label/{index}", self.prefix)
    }

    fn draw_routes(&self, out: &mut Writer) {
        for (index, (route, lines, doc)) in self.routes.iter().enumerate() {
            let mut common: Vec<String> = stroke_attributes(route.stroke).into_iter().collect();
            if let Some([line, text]) = route_colours(route) {
                common.push(format!("color=\"{line}\", fontcolor=\"{text}\""));
            }
            if !doc.is_empty() {
                common.push(format!("tooltip={0}, labeltooltip={0}", dot_label(&[doc])));
            }
            if route.is_split(lines) {
                split_edge(out, &route.tail, &route.head, &self.label_point(index), route.back, &common);
                continue;
            }
            let mut attributes = Vec::new();
            if !lines.is_empty() {
                attributes.push(format!("label={}", edge_label(lines)));
            }
            attributes.extend(frame_ends(&route.tail, &route.head));
            attributes.extend(common);
            if route.tail.point.ends_with("/initial") {
                // Straight and short: this is where reading begins.
                attributes.push("weight=8".to_owned());
            }
            if route.back && self.nested() {
                attributes.push("constraint=false".to_owned());
            }
            if route.head.point.starts_with(&format!("{}/fork/", self.prefix)) {
                attributes.push("arrowhead=none".to_owned());
            }
            out.line(&edge(&route.tail.point, &route.head.point, &attributes));
        }
    }

    /// Whether any state lies in another one; Graphviz breaks the cycles of a flat machine well.
    fn nested(&self) -> bool {
        self.machine.states.iter().skip(1).any(|state| !state.children.is_empty())
    }
}

/// The colours of a line that is not drawn as any other: line, text.
fn route_colours(route: &Route) -> Option<[&'static str; 2]> {
    match route.mark {
        Some(mark) => {
            let [line, _, text] = mark_colours(mark);
            Some([line, text])
        }
        None => route.error.then_some(ERROR_LINE),
    }
}

/// The text of `#outer("text")`.
pub(super) fn outer_text(state: &State) -> Option<&str> {
    state.tags.iter().find(|tag| tag.name == "outer").and_then(|tag| tag.text.as_deref())
}
