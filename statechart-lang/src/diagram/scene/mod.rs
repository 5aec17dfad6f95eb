//! A drawing with places: where every box, line and label is. What SVG and TikZ are written from.

mod geometry;
mod layered;
mod polygon;
mod row;
mod size;
mod ways;

pub(super) use geometry::{Curve, Place, Rect};
pub(super) use polygon::{ARROW, LOOP_HALF, LOOP_REACH, bend, initial_angle, loop_angle};
pub(super) use size::{BODY_SIZE, LABEL_SIZE, LINE_HEIGHT, TITLE_SIZE, body_lines, title_lines};

use std::collections::BTreeMap;

use super::drawing::{Drawing, PartId, Shape, View};
use super::routes::Routes;
use super::{Error, Layout};

/// Parts and edges that are laid out: more could not be read, and would take minutes.
const LAYOUT_LIMIT: usize = 500;

/// A drawing with places. Lengths are pixels, y grows downwards.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) size: Place,
    /// Frames before what lies in them.
    pub(super) boxes: Vec<Placed>,
    pub(super) lines: Vec<Line>,
    pub(super) texts: Vec<Text>,
    pub(super) kind: Kind,
}

/// How the parts are placed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Layered,
    Row,
    Polygon { centre: Place, radius: f64 },
}

/// A box, and what it shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) what: What,
    pub(super) rect: Rect,
}

/// What a box shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Frame(PartId),
    Part(PartId),
    /// The pill of a frame.
    Any(PartId),
    /// The entry point of a frame.
    Entry(PartId),
}

/// A line of an edge.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// Position in the drawing's edges.
    pub(super) edge: usize,
    pub(super) curve: Curve,
    /// Whether it ends in an arrow.
    pub(super) arrow: bool,
}

/// A text beside a box or on a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    /// The edge that it speaks of; `None` beside a state.
    pub(super) edge: Option<usize>,
    pub(super) lines: Vec<String>,
    pub(super) at: Place,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Turned clockwise, in degrees.
    pub(super) turn: f64,
    /// The frame that shows through where a text lies on its line and hides it.
    pub(super) over: Option<PartId>,
    /// Along its line: at which part of it, and whether above.
    pub(super) slope: Option<(f64, bool)>,
}

impl Scene {
    /// Gives every part its place.
    pub(super) fn new(drawing: &Drawing, layout: Layout) -> Result<Self, Error> {
        let count = drawing.parts.len() + drawing.edges.len();
        if count > LAYOUT_LIMIT {
            return Err(Error::TooLarge { count, limit: LAYOUT_LIMIT });
        }
        let routes = Routes::plan(drawing);
        let forks = drawing.parts.iter().any(|part| part.shape == Shape::Fork);
        let frames = (1..drawing.parts.len()).any(|id| drawing.is_frame(id));
        let nested = drawing.view != View::Machine || forks || frames || routes.pills.contains(&0);
        let histories =
            drawing.parts.iter().any(|part| matches!(part.shape, Shape::History | Shape::DeepHistory));
        let mut scene = match layout {
            Layout::Auto if drawing.polygon && !nested => polygon::place(drawing),
            Layout::Row | Layout::Polygon if nested => return Err(Error::Nested(layout)),
            Layout::Polygon if histories => return Err(Error::Nested(layout)),
            // Two states are no polygon.
            Layout::Polygon if drawing.solid_children(0).count() < 3 => row::place(drawing),
            Layout::Row => row::place(drawing),
            Layout::Polygon => polygon::place(drawing),
            Layout::Auto | Layout::Layered => layers(drawing, &routes),
        };
        scene.fit(drawing);
        Ok(scene)
    }

    fn empty() -> Self {
        let size = Place { x: 0.0, y: 0.0 };
        Self { size, boxes: Vec::new(), lines: Vec::new(), texts: Vec::new(), kind: Kind::Layered }
    }

    /// What everything covers.
    fn bounds(&self) -> Rect {
        let mut all = Rect::nothing();
        self.boxes.iter().for_each(|placed| all.include(&placed.rect));
        for line in &self.lines {
            line.curve.points().for_each(|point| all.include_point(point));
        }
        for text in &self.texts {
            text.corners().into_iter().for_each(|corner| all.include_point(corner));
        }
        all
    }

    fn shift(&mut self, dx: f64, dy: f64) {
        self.boxes.iter_mut().for_each(|placed| placed.rect = placed.rect.moved(dx, dy));
        self.lines.iter_mut().for_each(|line| line.curve.shift(dx, dy));
        for text in &mut self.texts {
            text.at = Place { x: text.at.x + dx, y: text.at.y + dy };
        }
        if let Kind::Polygon { centre, .. } = &mut self.kind {
            *centre = Place { x: centre.x + dx, y: centre.y + dy };
        }
    }

    /// Moves everything so that it begins at the margin, below the title, and sets the size.
    fn fit(&mut self, drawing: &Drawing) {
        let (all, title) = (self.bounds(), size::title(drawing));
        self.shift(size::MARGIN - all.left, size::MARGIN - all.top + title.y);
        self.size = Place {
            x: all.width().max(title.x) + 2.0 * size::MARGIN,
            y: all.height() + title.y + 2.0 * size::MARGIN,
        };
    }
}

/// In layers. In a system each actor is laid out by itself first, then is a block among the others.
fn layers(drawing: &Drawing, routes: &Routes) -> Scene {
    let scope = |frame, blocks| layered::Scope { drawing, routes, frame, blocks };
    if drawing.view == View::Machine {
        return layered::place(&scope(0, BTreeMap::new()));
    }
    let mut insides = BTreeMap::new();
    let mut blocks = BTreeMap::new();
    for id in drawing.solid_children(0) {
        let Some(part) = drawing.parts.get(id) else { continue };
        if !drawing.is_frame(id) {
            blocks.insert(id, size::part(drawing, part));
            continue;
        }
        let inside = layered::place(&scope(id, BTreeMap::new()));
        let (all, header) = (inside.bounds(), size::frame_header(drawing, part));
        let size = Place {
            x: all.width().max(header.x) + 2.0 * size::BLOCK_MARGIN,
            y: all.height() + header.y + 2.0 * size::BLOCK_MARGIN,
        };
        blocks.insert(id, size);
        insides.insert(id, inside);
    }
    let mut scene = layered::place(&scope(0, blocks));
    for (id, mut inside) in insides {
        let Some(placed) = scene.boxes.iter_mut().find(|placed| placed.what == What::Part(id)) else {
            continue;
        };
        placed.what = What::Frame(id);
        let all = inside.bounds();
        let middle = placed.rect.middle();
        let dx = middle.x - all.width() / 2.0 - all.left;
        inside.shift(dx, placed.rect.bottom - size::BLOCK_MARGIN - all.bottom);
        scene.boxes.extend(inside.boxes);
        scene.lines.extend(inside.lines);
        scene.texts.extend(inside.texts);
    }
    scene
}

impl Text {
    /// A text that is not turned.
    pub(super) fn upright(edge: Option<usize>, lines: Vec<String>, at: Place, size: Place) -> Self {
        Self { edge, lines, at, width: size.x, height: size.y, turn: 0.0, over: None, slope: None }
    }

    /// The corners of its turned box.
    pub(super) fn corners(&self) -> [Place; 4] {
        let (sin, cos) = self.turn.to_radians().sin_cos();
        let (w, h) = (self.width / 2.0, self.height / 2.0);
        [(-w, -h), (w, -h), (w, h), (-w, h)]
            .map(|(x, y)| Place { x: self.at.x + x * cos - y * sin, y: self.at.y + x * sin + y * cos })
    }
}
