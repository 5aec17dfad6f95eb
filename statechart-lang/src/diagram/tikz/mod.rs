//! A drawing as TikZ: a document of its own for pdflatex. Layers are placed by coordinates; a row by `positioning`,
//! and a polygon by the shape of that name, both in the manner of the `automata` library.

mod layers;
mod polygon;
mod tex;

use std::collections::BTreeSet;

use super::drawing::{Drawing, Label, Part, Shape, Tone};
use super::label::Stroke;
use super::scene::{Kind, Rect, Scene};
use super::theme::Ink;
use super::{Error, Layout};

/// One pixel of the scene, in points.
const UNIT: f64 = 0.75;

/// The text.
pub(super) fn write(drawing: &Drawing, layout: Layout) -> Result<String, Error> {
    let drawing = &symbols(drawing);
    let scene = Scene::new(drawing, layout)?;
    let mut tikz = Tikz { drawing, body: String::new(), colours: BTreeSet::new() };
    tikz.page(&scene);
    match scene.kind {
        Kind::Polygon { centre, radius } => tikz.polygon(&scene, centre, radius),
        Kind::Layered | Kind::Row => tikz.layers(&scene),
    }
    Ok(tikz.document())
}

/// On a blackboard an event is a symbol: σ=0, and one of several: σ∈{0,1}.
fn symbols(drawing: &Drawing) -> Drawing {
    let mut drawing = drawing.clone();
    if drawing.blackboard {
        for label in drawing.edges.iter_mut().flat_map(|edge| &mut edge.labels) {
            *label = symbol(label);
        }
    }
    drawing
}

fn symbol(label: &Label) -> Label {
    let several: Vec<&str> = label.event.split(" | ").collect();
    let short = several.iter().all(|event| {
        (1..=3).contains(&event.chars().count()) && event.chars().all(|letter| letter.is_ascii_alphanumeric())
    });
    let event = match several.as_slice() {
        _ if !short => label.event.clone(),
        [event] => format!("σ={event}"),
        _ => format!("σ∈{{{}}}", several.join(",")),
    };
    Label { event, ..label.clone() }
}

struct Tikz<'a> {
    drawing: &'a Drawing,
    body: String,
    /// Those that are used, as six hexadecimal digits.
    colours: BTreeSet<String>,
}

/// A length of the scene, in points.
fn pt(pixels: f64) -> String {
    format!("{}pt", n(pixels * UNIT))
}

/// A number with at most two decimals.
fn n(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0 + 0.0;
    let text = format!("{rounded:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn at(x: f64, y: f64) -> String {
    format!("({},{})", n(x), n(y))
}

impl Tikz<'_> {
    fn line(&mut self, line: &str) {
        self.body.push_str("  ");
        self.body.push_str(line);
        self.body.push('\n');
    }

    /// The name of a colour, which the document defines.
    fn colour(&mut self, hex: &str) -> String {
        let digits = hex.trim_start_matches('#').to_uppercase();
        let name = format!("c{digits}");
        self.colours.insert(digits);
        name
    }

    /// The page, and the picture's title on it.
    fn page(&mut self, scene: &Scene) {
        let palette = self.drawing.palette();
        let page = self.colour(palette.page);
        let corner = at(scene.size.x, scene.size.y);
        self.line(&format!("\\path[use as bounding box, fill={page}] (0,0) rectangle {corner};"));
        if let Some(root) = self.drawing.parts.first() {
            let rect = Rect { left: 6.0, top: 6.0, right: scene.size.x, bottom: scene.size.y };
            self.header(root, &rect, palette.state.text);
        }
    }

    /// `draw=…, fill=…` and what marks a part out.
    fn look(&mut self, part: &Part, ink: Ink) -> String {
        let (line, fill, text) = (self.colour(ink.line), self.colour(ink.fill), self.colour(ink.text));
        let mut look = format!("draw={line}, fill={fill}, text={text}");
        if part.region {
            look.push_str(", dashed");
        }
        if let Tone::Paint(paint) = &part.tone
            && paint.weight > 1
        {
            look.push_str(&format!(", line width={}pt", n(0.4 * f64::from(paint.weight.min(5)))));
        }
        look
    }

    /// `draw=…` and the stroke of an edge.
    fn stroke(&mut self, edge: &super::drawing::Edge) -> String {
        let line = self.drawing.edge_ink(edge).line;
        let line = self.colour(line);
        let weight = Drawing::edge_weight(edge) * 0.6;
        let dash = match edge.stroke {
            Stroke::Solid => "",
            Stroke::Dotted => ", dotted, thick",
            Stroke::Dashed => ", dashed",
        };
        let weight =
            if (weight - 0.6).abs() < 0.01 { String::new() } else { format!(", line width={}pt", n(weight)) };
        format!("draw={line}{weight}{dash}")
    }

    fn document(self) -> String {
        let mut text = String::from("\\documentclass[border=2pt]{standalone}\n");
        text.push_str("\\usepackage[svgnames]{xcolor}\n\\usepackage{amsmath,amssymb}\n\\usepackage{tikz}\n");
        text.push_str("\\usetikzlibrary{arrows.meta,automata,positioning,shapes}\n");
        for digits in &self.colours {
            text.push_str(&format!("\\definecolor{{c{digits}}}{{HTML}}{{{digits}}}\n"));
        }
        text.push_str("\\newcommand{\\titlefont}{\\sffamily\\fontsize{10}{13.4}\\selectfont}\n");
        text.push_str("\\newcommand{\\bodyfont}{\\sffamily\\fontsize{8}{10.6}\\selectfont}\n");
        text.push_str("\\newcommand{\\labelfont}{\\sffamily\\fontsize{9}{11.5}\\selectfont}\n");
        text.push_str("\\begin{document}\n");
        text.push_str(&format!(
            "\\begin{{tikzpicture}}[x={UNIT}pt, y=-{UNIT}pt, >={{Stealth[length=5pt]}}, line width=0.6pt,\n"
        ));
        text.push_str("    box/.style={rectangle, rounded corners=5pt, inner sep=0pt, outer sep=0pt, align=center, font=\\titlefont},\n");
        text.push_str("    dot/.style={circle, inner sep=0pt, outer sep=0pt},\n");
        text.push_str("    frame/.style={rounded corners=7pt},\n");
        text.push_str("    el/.style={inner sep=1.5pt, align=center, font=\\labelfont},\n");
        text.push_str("    body/.style={inner sep=0pt, align=left, font=\\bodyfont},\n");
        text.push_str(
            "    heading/.style={inner sep=0pt, align=left, anchor=base west, font=\\titlefont\\bfseries},\n",
        );
        text.push_str("    every state/.style={inner sep=0pt, outer sep=0pt, font=\\titlefont}]\n");
        text.push_str(&self.body);
        text.push_str("\\end{tikzpicture}\n\\end{document}\n");
        text
    }
}

/// Whether a part is a state in a circle.
fn is_circle(drawing: &Drawing, part: &Part) -> bool {
    match part.shape {
        Shape::Final => true,
        Shape::State => drawing.blackboard,
        _ => false,
    }
}
