//! A flat machine on a regular polygon, as automata are drawn on a blackboard: bent edges with sloped labels.

use super::super::drawing::{Drawing, EdgeKind, PartId};
use super::super::polygon::Corners;
use super::super::text::wrap;
use super::geometry::Curve;
use super::{Kind, Line, Place, Placed, Rect, Scene, Text, What, size};

/// How far the edges of a pair that runs both ways are bent, in degrees.
pub(in super::super) const BEND: f64 = 13.0;
/// The distance of control points, as a part of the line's length: what TikZ takes for its bends.
const LOOSENESS: f64 = 0.3915;
/// Half the opening of a loop, in degrees.
pub(in super::super) const LOOP_HALF: f64 = 28.0;
/// How far the control points of a loop stand off.
pub(in super::super) const LOOP_REACH: f64 = 62.0;
/// How often a polygon is made larger when labels meet.
const ATTEMPTS: usize = 6;
/// What a label costs that meets another one.
const MEETING: f64 = 200.0;
/// The length of the initial arrow.
pub(in super::super) const ARROW: f64 = 34.0;

pub(super) fn place(drawing: &Drawing) -> Scene {
    let states: Vec<PartId> = drawing.solid_children(0).collect();
    let corners = Corners { count: states.len() };
    let sizes: Vec<Place> =
        states.iter().filter_map(|id| drawing.parts.get(*id)).map(|part| size::part(drawing, part)).collect();
    let widest = sizes.iter().map(|size| size.x.max(size.y)).fold(0.0, f64::max);
    let label = drawing
        .edges
        .iter()
        .filter(|edge| edge.from != edge.to)
        .map(|edge| size::label(&edge.lines(drawing.columns)).x)
        .fold(30.0, f64::max);
    // A side of the polygon has room for a label between two states.
    let side = widest + label + 56.0;
    let mut radius = (side / 2.0 / (std::f64::consts::PI / states.len().max(3) as f64).sin()).max(130.0);
    let centre = Place { x: 0.0, y: 0.0 };
    let mut layout = Polygon { drawing, states, corners, radius, sizes, scene: Scene::empty(), met: false };
    for attempt in 0..ATTEMPTS {
        layout.scene = Scene::empty();
        layout.met = false;
        layout.radius = radius;
        layout.boxes();
        layout.initial();
        layout.lines();
        layout.outers();
        layout.scene.kind = Kind::Polygon { centre, radius };
        if !layout.met || attempt + 1 == ATTEMPTS {
            break;
        }
        radius *= 1.2;
    }
    layout.scene
}

struct Polygon<'a> {
    drawing: &'a Drawing,
    states: Vec<PartId>,
    corners: Corners,
    radius: f64,
    sizes: Vec<Place>,
    scene: Scene,
    /// A label met another one or a state.
    met: bool,
}

/// A vector of that length; angles grow anticlockwise, y downwards.
fn vector(angle: f64, length: f64) -> Place {
    Place { x: angle.to_radians().cos() * length, y: -angle.to_radians().sin() * length }
}

fn add(a: Place, b: Place) -> Place {
    Place { x: a.x + b.x, y: a.y + b.y }
}

/// A point of a curve's only piece, and its direction.
fn at(curve: &Curve, t: f64) -> (Place, Place) {
    let [first, second, end] = curve.pieces.first().copied().unwrap_or([curve.start; 3]);
    let (a, b, c) = (curve.start.towards(first, t), first.towards(second, t), second.towards(end, t));
    let (d, e) = (a.towards(b, t), b.towards(c, t));
    (d.towards(e, t), Place { x: e.x - d.x, y: e.y - d.y })
}

impl Polygon<'_> {
    fn middle(&self, index: usize) -> Place {
        let (x, y) = self.corners.direction(index);
        Place { x: x * self.radius, y: -y * self.radius }
    }

    fn outward(&self, index: usize) -> f64 {
        self.corners.angle(index).to_degrees()
    }

    fn boxes(&mut self) {
        for (index, id) in self.states.iter().enumerate() {
            let size = self.sizes.get(index).copied().unwrap_or(Place { x: 44.0, y: 44.0 });
            let rect = Rect::around(self.middle(index), size.x, size.y);
            self.scene.boxes.push(Placed { what: What::Part(*id), rect });
        }
    }

    /// Where a ray from the middle of a state leaves it.
    fn border(&self, index: usize, angle: f64) -> Place {
        let size = self.sizes.get(index).copied().unwrap_or(Place { x: 44.0, y: 44.0 });
        let ray = vector(angle, 1.0);
        let round = self.states.get(index).is_some_and(|id| size::is_round(self.drawing, What::Part(*id)));
        let length = if round {
            size.x / 2.0
        } else {
            (size.x / 2.0 / ray.x.abs().max(1e-9)).min(size.y / 2.0 / ray.y.abs().max(1e-9))
        };
        add(self.middle(index), vector(angle, length))
    }

    /// The initial arrow comes from the right where the state stands on the right, else from the left.
    fn initial(&mut self) {
        let Some(dot) = self.drawing.initial_dot(0) else { return };
        let Some((edge, row)) = self.drawing.edges.iter().enumerate().find(|(_, edge)| edge.from == dot)
        else {
            return;
        };
        let Some(index) = self.states.iter().position(|id| *id == row.to) else { return };
        let angle = initial_angle(self.corners, index);
        let end = self.border(index, angle);
        let start = add(end, vector(angle, ARROW));
        self.scene.boxes.push(Placed { what: What::Part(dot), rect: Rect::around(start, 8.0, 8.0) });
        if let Some(curve) = Curve::rounded(&[start, end]) {
            self.scene.lines.push(Line { edge, curve, arrow: true });
        }
        // What it does stands where it comes from.
        let lines = row.lines(self.drawing.columns);
        if !lines.is_empty() {
            let size = size::label(&lines);
            let at = add(start, vector(angle, size.x / 2.0 + 8.0));
            self.scene.texts.push(Text::upright(Some(edge), lines, at, size));
        }
    }

    fn lines(&mut self) {
        let mut labels = Vec::new();
        for (edge, row) in self.drawing.edges.iter().enumerate() {
            let corner = |part: PartId| self.states.iter().position(|id| *id == part);
            let (Some(from), Some(to)) = (corner(row.from), corner(row.to)) else { continue };
            if row.kind != EdgeKind::Transition {
                continue;
            }
            let curve = if from == to { self.looped(from) } else { self.bent(from, to, self.bend(edge)) };
            labels.push((edge, curve.clone(), from, to));
            self.scene.lines.push(Line { edge, curve, arrow: true });
        }
        // Loops first: their labels have the fewest places to go.
        labels.sort_by_key(|(edge, _, from, to)| (from != to, *edge));
        for (edge, curve, from, to) in labels {
            self.label(edge, &curve, from, to);
        }
    }

    /// How far an edge is bent to its left: parallel ones differ, a lone one is straight.
    fn bend(&self, edge: usize) -> f64 {
        bend(self.drawing, edge)
    }

    fn bent(&self, from: usize, to: usize, bend: f64) -> Curve {
        let (a, b) = (self.middle(from), self.middle(to));
        let chord = (a.y - b.y).atan2(b.x - a.x).to_degrees();
        let (start, end) = (self.border(from, chord + bend), self.border(to, chord + 180.0 - bend));
        let reach = start.distance(end) * LOOSENESS;
        let first = add(start, vector(chord + bend, reach));
        let second = add(end, vector(chord + 180.0 - bend, reach));
        Curve { start, pieces: vec![[first, second, end]] }
    }

    fn looped(&self, index: usize) -> Curve {
        let middle = loop_angle(self.corners, index, self.is_initial(index));
        let (start, end) = (self.border(index, middle + LOOP_HALF), self.border(index, middle - LOOP_HALF));
        let first = add(start, vector(middle + LOOP_HALF, LOOP_REACH));
        let second = add(end, vector(middle - LOOP_HALF, LOOP_REACH));
        Curve { start, pieces: vec![[first, second, end]] }
    }

    fn is_initial(&self, index: usize) -> bool {
        let dot = self.drawing.initial_dot(0);
        self.drawing
            .edges
            .iter()
            .any(|edge| Some(edge.from) == dot && self.states.get(index) == Some(&edge.to))
    }

    /// Puts a label where it meets as little as possible.
    fn label(&mut self, edge: usize, curve: &Curve, from: usize, to: usize) {
        let Some(lines) = self.drawing.edges.get(edge).map(|row| row.lines(self.drawing.columns)) else {
            return;
        };
        if lines.is_empty() {
            return;
        }
        let size = size::label(&lines);
        let text = |at: Place, turn: f64| Text { turn, ..Text::upright(Some(edge), lines.clone(), at, size) };
        let mut candidates = Vec::new();
        if from == to {
            let (apex, _) = at(curve, 0.5);
            let outward = loop_angle(self.corners, from, self.is_initial(from));
            for aside in [0.0, 12.0, -12.0, 25.0, -25.0, 40.0, -40.0] {
                for further in [0.0, 6.0, 12.0, 18.0] {
                    let ray = vector(outward + aside, 1.0);
                    let away = Place {
                        x: ray.x * (size.x / 2.0 + 3.0 + further),
                        y: ray.y * (size.y / 2.0 + 2.0 + further),
                    };
                    candidates.push((text(add(apex, away), 0.0), aside.abs() / 100.0 + further / 20.0));
                }
            }
        } else {
            // Neighbours have the middle of their side; on diagonals the middle is where all of them meet.
            let apart = from.abs_diff(to);
            let neighbours = apart == 1 || apart + 1 == self.states.len();
            let wanted = if neighbours { 0.5 } else { 0.27 };
            for step in 0..13 {
                let t = 0.2 + 0.05 * f64::from(step);
                let (point, direction) = at(curve, t);
                let slope = direction.y.atan2(direction.x).to_degrees();
                let turn = if slope > 90.0 {
                    slope - 180.0
                } else if slope <= -90.0 {
                    slope + 180.0
                } else {
                    slope
                };
                // First to the side that the line bows to.
                let bow = if self.bend(edge) < 0.0 { -1.0 } else { 1.0 };
                for (side, cost) in [(bow, 0.0), (-bow, 0.15)] {
                    let length = direction.x.hypot(direction.y).max(1e-6);
                    let off = size.y / 2.0 + 1.0;
                    let aside =
                        Place { x: direction.y / length * off * side, y: -direction.x / length * off * side };
                    let (sin, cos) = turn.to_radians().sin_cos();
                    let above = aside.y * cos - aside.x * sin < 0.0;
                    let text = Text { slope: Some((t, above)), ..text(add(point, aside), turn) };
                    candidates.push((text, cost + (t - wanted).abs()));
                }
            }
        }
        let best = candidates
            .into_iter()
            .map(|(text, cost)| (cost + self.trouble(edge, &text), text))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        self.met |= best.as_ref().is_some_and(|(cost, _)| *cost >= MEETING);
        self.scene.texts.extend(best.map(|(_, text)| text));
    }

    fn is_loop(&self, edge: usize) -> bool {
        self.drawing.edges.get(edge).is_some_and(|row| row.from == row.to)
    }

    /// How badly a text would meet what is there.
    fn trouble(&self, edge: usize, text: &Text) -> f64 {
        let upright = |rect: &Rect| {
            let size = Place { x: rect.width(), y: rect.height() };
            Text::upright(None, Vec::new(), rect.middle(), size)
        };
        let texts = self.scene.texts.iter().filter(|other| text.meets(other)).count();
        let boxes = self.scene.boxes.iter().filter(|placed| text.meets(&upright(&placed.rect))).count();
        let mut crossed = 0;
        for line in &self.scene.lines {
            let points = (0..=40).map(|step| at(&line.curve, f64::from(step) / 40.0).0);
            let own = if line.edge == edge { -1.0 } else { 1.0 };
            crossed += usize::from(points.filter(|point| text.holds(*point, own)).count() > 0);
        }
        // Nothing belongs inside a loop.
        let loops = self.scene.lines.iter().filter(|line| self.is_loop(line.edge)).filter(|line| {
            let (start, (apex, _)) = (line.curve.start, at(&line.curve, 0.5));
            line.edge != edge && text.holds(start.towards(apex, 0.5), 6.0)
        });
        MEETING * (texts + boxes + loops.count()) as f64 + 2.0 * crossed as f64
    }

    /// What stands beside the states.
    fn outers(&mut self) {
        for index in 0..self.states.len() {
            let outer = self.states.get(index).and_then(|id| self.drawing.parts.get(*id)?.outer.clone());
            let Some(outer) = outer else { continue };
            let lines = wrap(&outer, self.drawing.columns);
            let size = size::label(&lines);
            let asides =
                [0.0, 20.0, -20.0, 40.0, -40.0, 60.0, -60.0, 80.0, -80.0, 100.0, -100.0, 120.0, -120.0];
            let places =
                asides.into_iter().flat_map(|aside| [0.0, 8.0, 16.0].map(|further| (aside, further)));
            let candidates = places.map(|(aside, further): (f64, f64)| {
                let angle = self.outward(index) + aside;
                let (border, ray) = (self.border(index, angle), vector(angle, 1.0));
                let at = Place {
                    x: border.x + ray.x * (size.x / 2.0 + 1.0 + further),
                    y: border.y + ray.y * (size.y / 2.0 + 1.0 + further),
                };
                let text = Text::upright(None, lines.clone(), at, size);
                (aside.abs() / 100.0 + further / 40.0, text)
            });
            let best = candidates
                .into_iter()
                .map(|(cost, text)| (cost + self.trouble(usize::MAX, &text), text))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            self.scene.texts.extend(best.map(|(_, text)| text));
        }
    }
}

/// The direction that the initial arrow comes from, in degrees.
pub(in super::super) fn initial_angle(corners: Corners, index: usize) -> f64 {
    if corners.angle(index).cos() > 0.1 { 0.0 } else { 180.0 }
}

/// The direction of a loop: outwards, and off the initial arrow.
pub(in super::super) fn loop_angle(corners: Corners, index: usize, initial: bool) -> f64 {
    let outward = corners.angle(index).to_degrees();
    let upper = corners.angle(index).sin() >= -0.1;
    if !initial {
        return outward;
    }
    // Half way between outwards and upright.
    let upright = if upper { 90.0 } else { 270.0 };
    outward.rem_euclid(360.0).midpoint(upright) + if upper { 10.0 } else { -10.0 }
}

/// How far an edge of a polygon is bent to its left, in degrees.
pub(in super::super) fn bend(drawing: &Drawing, edge: usize) -> f64 {
    let Some(row) = drawing.edges.get(edge) else { return 0.0 };
    let same = |other: &&super::super::drawing::Edge| other.from == row.from && other.to == row.to;
    let before = drawing.edges.iter().take(edge).filter(same).count();
    let parallel = drawing.edges.iter().filter(same).count() > 1;
    let back = drawing.edges.iter().any(|other| other.from == row.to && other.to == row.from);
    if back || parallel { -BEND - 16.0 * before as f64 } else { 0.0 }
}

impl Text {
    /// Whether two turned boxes overlap: no axis of either has a gap between them.
    pub(in super::super) fn meets(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.corners(), other.corners());
        [self.turn, self.turn + 90.0, other.turn, other.turn + 90.0].into_iter().all(|angle| {
            let (sin, cos) = angle.to_radians().sin_cos();
            let span = |corners: &[Place; 4]| {
                let along = corners.map(|corner| corner.x * cos + corner.y * sin);
                (
                    along.iter().copied().fold(f64::INFINITY, f64::min),
                    along.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                )
            };
            let ((a, b), (c, d)) = (span(&mine), span(&theirs));
            a < d - 0.5 && c < b - 0.5
        })
    }

    /// Whether a point lies in the box, or within so much of it.
    fn holds(&self, point: Place, near: f64) -> bool {
        let (sin, cos) = self.turn.to_radians().sin_cos();
        let (x, y) = (point.x - self.at.x, point.y - self.at.y);
        let (along, aside) = (x * cos + y * sin, y * cos - x * sin);
        along.abs() < self.width / 2.0 + near && aside.abs() < self.height / 2.0 + near
    }
}
