//! A scene as SVG, without a style sheet or a script, so that it looks the same wherever it is shown.

use super::drawing::{Drawing, Edge, Part, PartId, Shape, Tone};
use super::font::width;
use super::label::Stroke;
use super::scene::{
    BODY_SIZE, Curve, LABEL_SIZE, LINE_HEIGHT, Line, Place, Placed, Rect, Scene, TITLE_SIZE, Text, What,
    body_lines, title_lines,
};
use super::text::xml;
use super::theme::Ink;

const FONTS: &str = "Helvetica, Arial, 'Liberation Sans', 'Nimbus Sans', sans-serif";

/// The text.
pub(super) fn write(drawing: &Drawing, scene: &Scene) -> String {
    let mut svg = Svg { drawing, text: String::new() };
    svg.open(scene);
    for placed in scene.boxes.iter().filter(|placed| matches!(placed.what, What::Frame(_))) {
        svg.placed(placed);
    }
    for line in &scene.lines {
        svg.line(line);
    }
    for text in &scene.texts {
        svg.label(text);
    }
    for placed in scene.boxes.iter().filter(|placed| !matches!(placed.what, What::Frame(_))) {
        svg.placed(placed);
    }
    svg.text.push_str("</svg>\n");
    svg.text
}

struct Svg<'a> {
    drawing: &'a Drawing,
    text: String,
}

/// How a run of text is written.
#[derive(Clone, Copy)]
struct Font {
    size: f64,
    bold: bool,
    /// `start` or `middle`.
    anchor: &'static str,
}

/// A number with at most one decimal.
fn n(value: f64) -> String {
    let tenths = (value * 10.0).round() / 10.0 + 0.0;
    if tenths.fract() == 0.0 { format!("{tenths:.0}") } else { format!("{tenths:.1}") }
}

impl Svg<'_> {
    fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn open(&mut self, scene: &Scene) {
        let palette = self.drawing.palette();
        let (w, h) = (n(scene.size.x.ceil()), n(scene.size.y.ceil()));
        self.push(&format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" font-family=\"{FONTS}\">"
        ));
        let Some(root) = self.drawing.parts.first() else { return };
        self.push(&format!("<title>{}</title>", xml(&root.title)));
        if !root.doc.is_empty() {
            self.push(&format!("<desc>{}</desc>", xml(&root.doc)));
        }
        self.push(&format!("<rect width=\"{w}\" height=\"{h}\" fill=\"{}\"/>", palette.page));
        self.header(root, Place { x: 16.0, y: 12.0 }, palette.state.text);
    }

    /// A title, what stands beside it, and lines below.
    fn header(&mut self, part: &Part, at: Place, colour: &str) {
        let title = Font { size: TITLE_SIZE, bold: true, anchor: "start" };
        let body = Font { size: BODY_SIZE, bold: false, anchor: "start" };
        let base = at.y + TITLE_SIZE;
        self.run(&part.title, Place { x: at.x, y: base }, title, colour);
        if !part.subtitle.is_empty() {
            let beside = at.x + width(&part.title, TITLE_SIZE, true) + 8.0;
            self.run(&part.subtitle, Place { x: beside, y: base }, body, self.drawing.palette().muted);
        }
        for (index, line) in body_lines(self.drawing, part).iter().enumerate() {
            let y = base + (index + 1) as f64 * BODY_SIZE * LINE_HEIGHT + 2.0;
            self.run(line, Place { x: at.x, y }, body, colour);
        }
    }

    /// One line of text. Its length is stated, so that another font cannot leave its box.
    fn run(&mut self, text: &str, at: Place, font: Font, colour: &str) {
        if text.is_empty() {
            return;
        }
        // What goes on indented begins with fixed spaces, which some renderers drop.
        let inner = text.trim_start_matches('\u{a0}');
        let indent = text.len().saturating_sub(inner.len()) as f64 / 2.0 * 0.278 * font.size;
        let (text, at) = (inner, Place { x: at.x + indent, ..at });
        let bold = if font.bold { " font-weight=\"bold\"" } else { "" };
        let anchor =
            if font.anchor == "start" { String::new() } else { format!(" text-anchor=\"{}\"", font.anchor) };
        let length = n(width(text, font.size, font.bold));
        self.push(&format!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{bold}{anchor} fill=\"{colour}\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>",
            n(at.x),
            n(at.y),
            n(font.size),
            xml(text)
        ));
    }

    fn placed(&mut self, placed: &Placed) {
        let rect = placed.rect;
        let palette = self.drawing.palette();
        match placed.what {
            What::Any(_) => {
                self.push(&format!(
                    "<rect {} rx=\"10\" fill=\"{}\" stroke=\"{}\" stroke-dasharray=\"4 3\"/>",
                    bounds(&rect),
                    palette.page,
                    palette.state.line
                ));
                let font = Font { size: BODY_SIZE, bold: false, anchor: "middle" };
                let middle = rect.middle();
                self.run("any", Place { x: middle.x, y: middle.y + 4.0 }, font, palette.state.text);
            }
            What::Entry(_) => {
                let circle = circle(&rect, 0.0);
                let (page, line) = (palette.page, palette.state.line);
                self.push(&format!("<circle {circle} fill=\"{page}\" stroke=\"{line}\"/>"));
            }
            What::Frame(id) => {
                if let Some(part) = self.drawing.parts.get(id) {
                    self.frame(id, part, &rect);
                }
            }
            What::Part(id) => {
                if let Some(part) = self.drawing.parts.get(id) {
                    self.open_group(part);
                    self.part(id, part, &rect);
                    self.push("</g>");
                }
            }
        }
    }

    fn open_group(&mut self, part: &Part) {
        let tip = if part.doc.is_empty() { part.id.clone() } else { format!("{}: {}", part.id, part.doc) };
        self.push(&format!("<g><title>{}</title>", xml(&tip)));
    }

    fn frame(&mut self, id: PartId, part: &Part, rect: &Rect) {
        let ink = self.drawing.frame_ink(id, part);
        let dash = if part.region { " stroke-dasharray=\"6 4\"" } else { "" };
        let weight = weight(&part.tone);
        self.open_group(part);
        self.push(&format!(
            "<rect {} rx=\"10\" fill=\"{}\" stroke=\"{}\"{weight}{dash}/>",
            bounds(rect),
            ink.fill,
            ink.line
        ));
        let inset = if part.accept { 4.0 } else { 0.0 };
        if part.accept {
            self.push(&format!(
                "<rect {} rx=\"7\" fill=\"none\" stroke=\"{}\"/>",
                bounds(&inner(rect, 4.0)),
                ink.line
            ));
        }
        self.header(part, Place { x: rect.left + 10.0 + inset, y: rect.top + 5.0 + inset }, ink.text);
        self.push("</g>");
    }

    fn part(&mut self, id: PartId, part: &Part, rect: &Rect) {
        let ink = self.drawing.ink(id, part);
        let weight = weight(&part.tone);
        let look = format!("fill=\"{}\" stroke=\"{}\"{weight}", ink.fill, ink.line);
        let middle = rect.middle();
        match part.shape {
            Shape::Initial => {
                self.push(&format!(
                    "<circle {} fill=\"{}\"/>",
                    circle(rect, 0.0),
                    self.drawing.palette().dot
                ));
            }
            Shape::Fork => {
                self.push(&format!(
                    "<rect {} rx=\"2\" fill=\"{}\"/>",
                    bounds(rect),
                    self.drawing.palette().dot
                ));
            }
            Shape::History | Shape::DeepHistory => {
                self.push(&format!("<circle {} {look}/>", circle(rect, 0.0)));
                let text = if part.shape == Shape::History { "H" } else { "H*" };
                let font = Font { size: LABEL_SIZE, bold: true, anchor: "middle" };
                self.run(text, Place { x: middle.x, y: middle.y + 4.3 }, font, ink.text);
            }
            Shape::Final => {
                self.push(&format!("<circle {} {look}/>", circle(rect, 0.0)));
                self.push(&format!("<circle {} fill=\"none\" stroke=\"{}\"/>", circle(rect, 4.0), ink.line));
                self.centred(part, rect, ink, false);
            }
            Shape::Storage => {
                self.cylinder(rect, &look, ink.line);
                self.centred(part, &Rect { top: rect.top + 12.0, ..*rect }, ink, false);
            }
            Shape::External => {
                self.push(&format!("<rect {} {look}/>", bounds(rect)));
                self.centred(part, rect, ink, false);
            }
            Shape::Actor | Shape::Family => {
                let mut front = *rect;
                if part.shape == Shape::Family {
                    // Two boxes: one of these for each value of the family's parameter.
                    let behind = Rect { left: rect.left + 6.0, bottom: rect.bottom - 6.0, ..*rect };
                    front = Rect { right: rect.right - 6.0, top: rect.top + 6.0, ..*rect };
                    self.push(&format!("<rect {} rx=\"8\" {look}/>", bounds(&behind)));
                }
                self.push(&format!("<rect {} rx=\"8\" {look}/>", bounds(&front)));
                self.centred(part, &front, ink, true);
            }
            _ if self.drawing.blackboard => {
                self.push(&format!("<circle {} {look}/>", circle(rect, 0.0)));
                if part.accept {
                    self.push(&format!(
                        "<circle {} fill=\"none\" stroke=\"{}\"/>",
                        circle(rect, 4.0),
                        ink.line
                    ));
                }
                self.centred(part, rect, ink, false);
            }
            _ => self.state(part, rect, ink, &look),
        }
    }

    fn state(&mut self, part: &Part, rect: &Rect, ink: Ink, look: &str) {
        let dash = if part.region { " stroke-dasharray=\"6 4\"" } else { "" };
        self.push(&format!("<rect {} rx=\"8\" {look}{dash}/>", bounds(rect)));
        let mut inside = *rect;
        if part.accept {
            inside = inner(rect, 4.0);
            self.push(&format!("<rect {} rx=\"5\" fill=\"none\" stroke=\"{}\"/>", bounds(&inside), ink.line));
        }
        let body = body_lines(self.drawing, part);
        if body.is_empty() {
            self.centred(part, &inside, ink, false);
            return;
        }
        let mut y = inside.top + 4.0;
        let title = Font { size: TITLE_SIZE, bold: true, anchor: "middle" };
        for line in title_lines(self.drawing, part) {
            y += TITLE_SIZE * LINE_HEIGHT;
            self.run(&line, Place { x: inside.middle().x, y: y - 4.0 }, title, ink.text);
        }
        y += 3.0;
        self.push(&format!(
            "<path d=\"M{} {}H{}\" stroke=\"{}\"/>",
            n(inside.left),
            n(y),
            n(inside.right),
            ink.line
        ));
        let font = Font { size: BODY_SIZE, bold: false, anchor: "start" };
        y += 3.0;
        for line in &body {
            y += BODY_SIZE * LINE_HEIGHT;
            self.run(line, Place { x: inside.left + 10.0, y: y - 2.0 }, font, ink.text);
        }
    }

    /// Title, subtitle and lines in the middle of a box.
    fn centred(&mut self, part: &Part, rect: &Rect, ink: Ink, bold: bool) {
        let title = title_lines(self.drawing, part);
        let mut small: Vec<(String, &str)> = Vec::new();
        if matches!(part.shape, Shape::Actor | Shape::Family) {
            if !part.subtitle.is_empty() {
                small.push((part.subtitle.clone(), ink.text));
            }
            small.extend(body_lines(self.drawing, part).into_iter().map(|line| (line, ink.text)));
        }
        let height =
            title.len() as f64 * TITLE_SIZE * LINE_HEIGHT + small.len() as f64 * BODY_SIZE * LINE_HEIGHT;
        let middle = rect.middle();
        let mut y = middle.y - height / 2.0;
        for line in &title {
            let font = Font { size: TITLE_SIZE, bold, anchor: "middle" };
            self.run(line, Place { x: middle.x, y: y + TITLE_SIZE * 0.98 }, font, ink.text);
            y += TITLE_SIZE * LINE_HEIGHT;
        }
        for (line, colour) in &small {
            let font = Font { size: BODY_SIZE, bold: false, anchor: "middle" };
            self.run(line, Place { x: middle.x, y: y + BODY_SIZE * 0.98 }, font, colour);
            y += BODY_SIZE * LINE_HEIGHT;
        }
    }

    fn cylinder(&mut self, rect: &Rect, look: &str, line: &str) {
        let (rx, ry) = (n(rect.width() / 2.0), 7.0);
        let (left, right) = (n(rect.left), n(rect.right));
        let (top, bottom) = (n(rect.top + ry), n(rect.bottom - ry));
        self.push(&format!(
            "<path d=\"M{left} {top}A{rx} 7 0 0 1 {right} {top}V{bottom}A{rx} 7 0 0 1 {left} {bottom}Z\" {look}/>"
        ));
        self.push(&format!(
            "<path d=\"M{left} {top}A{rx} 7 0 0 0 {right} {top}\" fill=\"none\" stroke=\"{line}\"/>"
        ));
    }

    fn line(&mut self, line: &Line) {
        let Some(edge) = self.drawing.edges.get(line.edge) else { return };
        let ink = self.drawing.edge_ink(edge);
        let weight = Drawing::edge_weight(edge);
        let dash = match edge.stroke {
            Stroke::Solid => "",
            Stroke::Dotted => " stroke-dasharray=\"1.5 4\" stroke-linecap=\"round\"",
            Stroke::Dashed => " stroke-dasharray=\"7 4\"",
        };
        let stroke = if edge.stroke == Stroke::Dotted { weight.max(1.8) } else { weight.max(1.2) };
        let tip = tip(edge);
        self.push(&format!("<g><title>{}</title>", xml(&tip)));
        let head = 8.0 + weight;
        let curve = if line.arrow { line.curve.shortened(head * 0.8) } else { line.curve.clone() };
        self.push(&format!(
            "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{dash}/>",
            path(&curve),
            ink.line,
            n(stroke)
        ));
        if line.arrow {
            let (end, back) = line.curve.end();
            let side = Place { x: -back.y * head * 0.42, y: back.x * head * 0.42 };
            let base = Place { x: end.x + back.x * head, y: end.y + back.y * head };
            self.push(&format!(
                "<path d=\"M{} {}L{} {}L{} {}Z\" fill=\"{}\"/>",
                n(end.x),
                n(end.y),
                n(base.x + side.x),
                n(base.y + side.y),
                n(base.x - side.x),
                n(base.y - side.y),
                ink.line
            ));
        }
        self.push("</g>");
    }

    fn label(&mut self, text: &Text) {
        let palette = self.drawing.palette();
        let edge = text.edge.and_then(|edge| self.drawing.edges.get(edge));
        let colour = edge.map_or(palette.state.text, |edge| self.drawing.edge_ink(edge).text);
        let turned = text.turn.abs() > 0.01;
        if turned {
            self.push(&format!(
                "<g transform=\"rotate({} {} {})\">",
                n(text.turn),
                n(text.at.x),
                n(text.at.y)
            ));
        }
        if let Some(over) = text.over {
            let frame = self.drawing.parts.get(over).filter(|_| over > 0);
            let back = frame.map_or(palette.page, |frame| self.drawing.frame_ink(over, frame).fill);
            let rect = Rect {
                left: text.at.x - text.width / 2.0 + 2.0,
                top: text.at.y - text.height / 2.0 + 1.0,
                right: text.at.x + text.width / 2.0 - 2.0,
                bottom: text.at.y + text.height / 2.0 - 1.0,
            };
            self.push(&format!("<rect {} fill=\"{back}\"/>", bounds(&rect)));
        }
        let font = Font { size: LABEL_SIZE, bold: false, anchor: "middle" };
        let height = text.lines.len() as f64 * LABEL_SIZE * LINE_HEIGHT;
        for (index, line) in text.lines.iter().enumerate() {
            let y = text.at.y - height / 2.0 + index as f64 * LABEL_SIZE * LINE_HEIGHT + LABEL_SIZE * 0.98;
            self.run(line, Place { x: text.at.x, y }, font, colour);
        }
        if turned {
            self.push("</g>");
        }
    }
}

fn tip(edge: &Edge) -> String {
    let labels: Vec<String> = edge.labels.iter().map(super::drawing::Label::text).collect();
    let text = labels.join(" | ");
    match (text.is_empty(), edge.doc.is_empty()) {
        (_, true) => text,
        (true, false) => edge.doc.clone(),
        (false, false) => format!("{text}: {}", edge.doc),
    }
}

fn weight(tone: &Tone) -> String {
    match tone {
        Tone::Paint(paint) if paint.weight > 1 => format!(" stroke-width=\"{}\"", paint.weight.min(5)),
        _ => String::new(),
    }
}

fn bounds(rect: &Rect) -> String {
    format!(
        "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
        n(rect.left),
        n(rect.top),
        n(rect.width()),
        n(rect.height())
    )
}

fn inner(rect: &Rect, by: f64) -> Rect {
    Rect { left: rect.left + by, top: rect.top + by, right: rect.right - by, bottom: rect.bottom - by }
}

fn circle(rect: &Rect, inset: f64) -> String {
    let middle = rect.middle();
    format!("cx=\"{}\" cy=\"{}\" r=\"{}\"", n(middle.x), n(middle.y), n(rect.width() / 2.0 - inset))
}

fn path(curve: &Curve) -> String {
    let mut text = format!("M{} {}", n(curve.start.x), n(curve.start.y));
    for [first, second, end] in &curve.pieces {
        text.push_str(&format!(
            "C{} {} {} {} {} {}",
            n(first.x),
            n(first.y),
            n(second.x),
            n(second.y),
            n(end.x),
            n(end.y)
        ));
    }
    text
}
