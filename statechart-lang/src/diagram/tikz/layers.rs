//! A scene in layers or along a row: nodes with the sizes that were measured, lines by their control points.

use super::super::drawing::{Part, PartId, Shape};
use super::super::scene::{
    BODY_SIZE, Kind, LINE_HEIGHT, Placed, Rect, Scene, TITLE_SIZE, Text, What, body_lines, title_lines,
};
use super::super::theme::Ink;
use super::tex::{escape, formula, indexed};
use super::{Tikz, at, is_circle, n, pt};

/// The name of a part's node.
fn node(id: PartId) -> String {
    format!("q{id}")
}

impl Tikz<'_> {
    pub(super) fn layers(&mut self, scene: &Scene) {
        for placed in &scene.boxes {
            if let What::Frame(id) = placed.what
                && let Some(part) = self.drawing.parts.get(id)
            {
                self.frame(id, part, &placed.rect);
            }
        }
        for line in &scene.lines {
            let Some(edge) = self.drawing.edges.get(line.edge) else { continue };
            let stroke = self.stroke(edge);
            let mut path = at(line.curve.start.x, line.curve.start.y);
            for [first, second, end] in &line.curve.pieces {
                path.push_str(&format!(
                    " .. controls {} and {} .. {}",
                    at(first.x, first.y),
                    at(second.x, second.y),
                    at(end.x, end.y)
                ));
            }
            let arrow = if line.arrow { "->, " } else { "" };
            self.line(&format!("\\draw[{arrow}{stroke}] {path};"));
        }
        for text in &scene.texts {
            self.text(text);
        }
        let mut before: Option<(PartId, Rect)> = None;
        for placed in &scene.boxes {
            let row = (scene.kind == Kind::Row).then_some(before).flatten();
            self.placed(placed, row);
            if let What::Part(id) = placed.what {
                before = Some((id, placed.rect));
            }
        }
    }

    /// A bold title, what stands beside it, lines below.
    pub(super) fn header(&mut self, part: &Part, rect: &Rect, colour: &str) {
        let text = self.colour(colour);
        let muted = self.colour(self.drawing.palette().muted);
        let base = rect.top + 5.0 + TITLE_SIZE;
        let beside = if part.subtitle.is_empty() {
            String::new()
        } else {
            format!("\\hspace{{5pt}}{{\\mdseries\\bodyfont\\color{{{muted}}}{}}}", escape(&part.subtitle))
        };
        self.line(&format!(
            "\\node[heading, text={text}] at {} {{{}{beside}}};",
            at(rect.left + 10.0, base),
            escape(&part.title)
        ));
        let body = body_lines(self.drawing, part);
        if !body.is_empty() {
            let lines: Vec<String> = body.iter().map(|line| escape(line)).collect();
            self.line(&format!(
                "\\node[body, anchor=north west, text={text}] at {} {{{}}};",
                at(rect.left + 10.0, base + 5.0),
                lines.join(" \\\\ ")
            ));
        }
    }

    fn frame(&mut self, id: PartId, part: &Part, rect: &Rect) {
        let ink = self.drawing.frame_ink(id, part);
        let look = self.look(part, ink).replace(", text=", ", /tikz/text=");
        let double = if part.accept { ", double, double distance=2pt" } else { "" };
        self.line(&format!(
            "\\path[frame, {look}{double}] {} rectangle {};",
            at(rect.left, rect.top),
            at(rect.right, rect.bottom)
        ));
        self.header(part, rect, ink.text);
    }

    fn placed(&mut self, placed: &Placed, before: Option<(PartId, Rect)>) {
        let rect = &placed.rect;
        let palette = self.drawing.palette();
        match placed.what {
            What::Frame(_) => {}
            What::Any(_) => {
                let (line, page, text) = (
                    self.colour(palette.state.line),
                    self.colour(palette.page),
                    self.colour(palette.state.text),
                );
                self.line(&format!(
                    "\\node[box, rounded corners=7pt, dashed, draw={line}, fill={page}, text={text}, font=\\bodyfont, {}] at {} {{any}};",
                    size(rect),
                    middle(rect)
                ));
            }
            What::Entry(_) => {
                let (line, page) = (self.colour(palette.state.line), self.colour(palette.page));
                self.line(&format!(
                    "\\node[dot, draw={line}, fill={page}, minimum size={}] at {} {{}};",
                    pt(rect.width()),
                    middle(rect)
                ));
            }
            What::Part(id) => {
                if let Some(part) = self.drawing.parts.get(id) {
                    self.part(id, part, rect, before);
                }
            }
        }
    }

    fn part(&mut self, id: PartId, part: &Part, rect: &Rect, before: Option<(PartId, Rect)>) {
        let ink = self.drawing.ink(id, part);
        let look = self.look(part, ink);
        // In a row each state stands to the right of the one before.
        let (right, place) = match before {
            Some((other, left)) => {
                (format!(", right={} of {}", pt(rect.left - left.right), node(other)), String::new())
            }
            None => (String::new(), format!(" at {}", middle(rect))),
        };
        let name = node(id);
        match part.shape {
            Shape::Initial | Shape::Fork => {
                let dot = self.colour(self.drawing.palette().dot);
                let shape = if part.shape == Shape::Initial {
                    "dot"
                } else {
                    "rectangle, inner sep=0pt, outer sep=0pt"
                };
                self.line(&format!(
                    "\\node[{shape}, fill={dot}, {}{right}] ({name}){place} {{}};",
                    size(rect)
                ));
            }
            Shape::History | Shape::DeepHistory => {
                let text = if part.shape == Shape::History { "H" } else { "H*" };
                self.line(&format!(
                    "\\node[dot, {look}, minimum size={}, font=\\labelfont\\bfseries{right}] ({name}){place} {{{text}}};",
                    pt(rect.width())
                ));
            }
            _ if is_circle(self.drawing, part) => {
                let double = if part.accept || part.shape == Shape::Final { ", accepting" } else { "" };
                let text = self.circle_text(part);
                self.line(&format!(
                    "\\node[state{double}, align=center, {look}, minimum size={}{right}] ({name}){place} {{{text}}};",
                    pt(rect.width() - if double.is_empty() { 0.0 } else { 3.0 })
                ));
            }
            _ => self.boxed(
                part,
                rect,
                ink,
                &format!("{look}, {}{right}", size(rect)),
                &format!("({name}){place}"),
            ),
        }
    }

    /// The text of a circle: `s0` as a letter with an index.
    pub(super) fn circle_text(&self, part: &Part) -> String {
        match indexed(&part.title).filter(|_| self.drawing.blackboard) {
            Some(math) => format!("${math}$"),
            None => lines(&title_lines(self.drawing, part)),
        }
    }

    /// A box with a title, and below a rule what it lists.
    pub(super) fn boxed(&mut self, part: &Part, rect: &Rect, ink: Ink, look: &str, name: &str) {
        let body = body_lines(self.drawing, part);
        let title = title_lines(self.drawing, part);
        let party = matches!(part.shape, Shape::Actor | Shape::Family);
        let mut shape = match part.shape {
            Shape::Storage => {
                "box, rounded corners=0pt, cylinder, shape border rotate=90, aspect=0.12, shape aspect=0.12"
                    .to_owned()
            }
            Shape::External => "box, rounded corners=0pt".to_owned(),
            _ => "box".to_owned(),
        };
        if part.accept {
            shape.push_str(", double, double distance=1.5pt");
        }
        if part.shape == Shape::Family {
            let behind = at(rect.left + 6.0, rect.top);
            let corner = at(rect.right, rect.bottom - 6.0);
            let plain = self.look(part, ink).replace(", text=", ", /tikz/text=");
            self.line(&format!("\\path[rounded corners=5pt, {plain}] {behind} rectangle {corner};"));
        }
        if body.is_empty() || party {
            let mut text = lines(&title);
            if party {
                text = format!("{{\\bfseries {text}}}");
                for small in std::iter::once(&part.subtitle).filter(|row| !row.is_empty()).chain(&body) {
                    text.push_str(&format!(" \\\\ {{\\bodyfont {}}}", escape(small)));
                }
            }
            if part.shape == Shape::Family {
                // The front one of two.
                let front = Rect { right: rect.right - 6.0, top: rect.top + 6.0, ..*rect };
                let plain = self.look(part, ink);
                self.line(&format!(
                    "\\node[box, {plain}, {}] at {} {{{text}}};",
                    size(&front),
                    middle(&front)
                ));
                return;
            }
            self.line(&format!("\\node[{shape}, {look}] {name} {{{text}}};"));
            return;
        }
        self.line(&format!("\\node[{shape}, {look}] {name} {{}};"));
        let inset = if part.accept { 4.0 } else { 0.0 };
        let line = self.colour(ink.line);
        let text = self.colour(ink.text);
        let rule = rect.top + inset + 7.0 + title.len() as f64 * TITLE_SIZE * LINE_HEIGHT;
        self.line(&format!(
            "\\node[inner sep=0pt, align=center, anchor=center, text={text}, font=\\titlefont\\bfseries] at {} {{{}}};",
            at(rect.middle().x, f64::midpoint(rect.top + inset, rule)),
            lines(&title)
        ));
        self.line(&format!(
            "\\draw[draw={line}, line width=0.4pt] {} -- {};",
            at(rect.left + inset, rule),
            at(rect.right - inset, rule)
        ));
        let escaped: Vec<String> = body.iter().map(|line| escape(line)).collect();
        self.line(&format!(
            "\\node[body, anchor=west, text={text}] at {} {{{}}};",
            at(rect.left + inset + 10.0, rule + 4.5 + body.len() as f64 * BODY_SIZE * LINE_HEIGHT / 2.0),
            escaped.join(" \\\\ ")
        ));
    }

    /// A label. One that lies on its line hides the line.
    pub(super) fn text(&mut self, text: &Text) {
        let palette = self.drawing.palette();
        let edge = text.edge.and_then(|edge| self.drawing.edges.get(edge));
        let colour = edge.map_or(palette.state.text, |edge| self.drawing.edge_ink(edge).text);
        let colour = self.colour(colour);
        let back = match text.over {
            Some(over) => {
                let frame = self.drawing.parts.get(over).filter(|_| over > 0);
                let fill = frame.map_or(palette.page, |frame| self.drawing.frame_ink(over, frame).fill);
                format!(", fill={}", self.colour(fill))
            }
            None => String::new(),
        };
        let body = self.label_text(&text.lines);
        self.line(&format!("\\node[el, text={colour}{back}] at {} {{{body}}};", at(text.at.x, text.at.y)));
    }

    /// The lines of a label; formulas on a blackboard.
    pub(super) fn label_text(&self, text: &[String]) -> String {
        let line =
            |line: &String| formula(line).filter(|_| self.drawing.blackboard).unwrap_or_else(|| escape(line));
        text.iter().map(line).collect::<Vec<_>>().join(" \\\\ ")
    }
}

fn lines(text: &[String]) -> String {
    text.iter().map(|line| escape(line)).collect::<Vec<_>>().join(" \\\\ ")
}

fn size(rect: &Rect) -> String {
    format!("minimum width={}, minimum height={}", pt(rect.width()), pt(rect.height()))
}

fn middle(rect: &Rect) -> String {
    let middle = rect.middle();
    format!("({},{})", n(middle.x), n(middle.y))
}
