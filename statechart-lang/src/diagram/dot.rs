//! Graphviz DOT as text: indentation, colours, and the forms that lines and labels take.

use super::chart::{Chart, End};
use super::label::Stroke;
use super::text::{dot_id, dot_label, html, wrap};
use super::{Direction, Mark, Options};
use crate::model::Machine;

/// DOT text with indentation.
#[derive(Default)]
pub(super) struct Writer {
    text: String,
    depth: usize,
}

impl Writer {
    pub(super) fn line(&mut self, line: &str) {
        // Deeper nesting than this is not shown by indentation; it would only grow the file.
        self.text.push_str(&"  ".repeat(self.depth.min(16)));
        self.text.push_str(line);
        self.text.push('\n');
    }

    pub(super) fn open(&mut self, line: &str) {
        self.line(line);
        self.depth += 1;
    }

    pub(super) fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.line("}");
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// The colours: `[border, fill, text]` of ordinary and of tinted states, then lines.
pub(super) const PLAIN: [&str; 3] = ["#5b6b7f", "#f5f8fc", "#1c2733"];
pub(super) const ERROR: [&str; 3] = ["#b83a2f", "#fdecea", "#7d1f17"];
pub(super) const FINAL_FILL: &str = "#e3e8ef";
pub(super) const LINE: [&str; 2] = ["#5b6b7f", "#2b3846"];
pub(super) const ERROR_LINE: [&str; 2] = ["#b83a2f", "#8f2a21"];
pub(super) const FRAME_FILLS: [&str; 2] = ["#ffffff", "#eef2f7"];

/// The colours of what stands out: `[border or line, fill, text]`.
pub(super) fn mark_colours(mark: Mark) -> [&'static str; 3] {
    match mark {
        Mark::Added => ["#2e8b3d", "#e6f5e8", "#1c5c28"],
        Mark::Removed => ["#c0392b", "#fdecea", "#7d1f17"],
        Mark::Changed => ["#d9820f", "#fff3e0", "#8a4f00"],
    }
}

/// A whole machine.
pub(super) fn graph(machine: &Machine, options: &Options) -> String {
    let mut out = Writer::default();
    out.open(&format!("digraph {} {{", dot_id(&machine.name)));
    preamble(&mut out, options);
    let chart = Chart::plan(machine, options, String::new(), options.actions);
    if chart.polygon() {
        chart.draw_polygon(&mut out);
    } else {
        chart.draw_bare(&mut out);
    }
    out.close();
    out.finish()
}

/// The attributes that every graph begins with.
pub(super) fn preamble(out: &mut Writer, options: &Options) {
    let rankdir = match options.direction {
        Direction::Down => "TB",
        Direction::Right => "LR",
    };
    let font = "fontname=\"Helvetica\"";
    out.line(&format!(
        "graph [compound=true, rankdir={rankdir}, {font}, fontsize=12, nodesep=0.4, ranksep=0.5, pad=0.2, bgcolor=\"white\"];"
    ));
    let [border, fill, text] = PLAIN;
    out.line(&format!(
        "node [shape=box, style=\"rounded,filled\", color=\"{border}\", fillcolor=\"{fill}\", fontcolor=\"{text}\", {font}, fontsize=11, margin=\"0.14,0.07\", height=0.4];"
    ));
    let [line, text] = LINE;
    out.line(&format!("edge [color=\"{line}\", fontcolor=\"{text}\", {font}, fontsize=9.5, arrowsize=0.7];"));
}

/// `"a" -> "b" [attributes];`
pub(super) fn edge(tail: &str, head: &str, attributes: &[String]) -> String {
    let list = if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(", ")) };
    format!("{} -> {}{list};", dot_id(tail), dot_id(head))
}

/// The label of a line, kept off the line by spaces.
pub(super) fn edge_label(lines: &[String]) -> String {
    let spaced: Vec<String> = lines.iter().map(|line| format!(" {line} ")).collect();
    dot_label(&spaced)
}

/// A label that stands between two half lines.
pub(super) fn label_point(name: &str, lines: &[String], colour: &str) -> String {
    format!(
        "{} [shape=plain, style=\"\", fontsize=9.5, fontcolor=\"{colour}\", label={}];",
        dot_id(name),
        edge_label(lines)
    )
}

/// Two half lines through a label. Against the flow they are written the other way round, so that they
/// do not pull their head below their tail.
pub(super) fn split_edge(
    out: &mut Writer,
    tail: &End,
    head: &End,
    label: &str,
    back: bool,
    common: &[String],
) {
    let label = End { point: label.to_owned(), frame: None };
    let halves = if back {
        [(head, &label, "dir=back"), (&label, tail, "dir=none")]
    } else {
        [(tail, &label, "arrowhead=none"), (&label, head, "")]
    };
    for (tail, head, end) in halves {
        let mut attributes = frame_ends(tail, head);
        attributes.extend(Some(end.to_owned()).filter(|end| !end.is_empty()));
        attributes.extend_from_slice(common);
        out.line(&edge(&tail.point, &head.point, &attributes));
    }
}

/// `ltail` and `lhead` of a line.
pub(super) fn frame_ends(tail: &End, head: &End) -> Vec<String> {
    let ends = [("ltail", &tail.frame), ("lhead", &head.frame)];
    ends.iter().filter_map(|(name, frame)| Some(format!("{name}={}", dot_id(frame.as_deref()?)))).collect()
}

/// The style of a line that is not solid.
pub(super) fn stroke_attributes(stroke: Stroke) -> Option<String> {
    match stroke {
        Stroke::Solid => None,
        Stroke::Dotted => Some("style=dotted, penwidth=1.6".to_owned()),
        Stroke::Dashed => Some("style=dashed".to_owned()),
    }
}

/// A title over a rule over the contents.
pub(super) fn box_label(title: &str, contents: &[String], columns: usize) -> String {
    let title: Vec<String> = wrap(title, columns).iter().map(|line| html(line)).collect();
    format!(
        "<<table border=\"0\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"3\"><tr><td><b>{}</b></td></tr><hr/><tr><td align=\"left\" balign=\"left\"><font point-size=\"9\">{}</font></td></tr></table>>",
        title.join("<br/>"),
        content_lines(contents, columns)
    )
}

/// A title with the contents below it.
pub(super) fn frame_label(title: &str, lines: &[String], columns: usize) -> String {
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
