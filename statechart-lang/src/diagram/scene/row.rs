//! A flat machine along a row: to the next state straight, further on in arcs above, back in arcs below.

use std::collections::BTreeMap;

use super::super::drawing::{Drawing, PartId, Shape};
use super::geometry::{Border, Curve};
use super::ways::PORT_GAP;
use super::{Kind, Line, Place, Placed, Rect, Scene, Text, What, size};

/// Between arcs on top of each other.
const ARC_GAP: f64 = 14.0;
/// The least distance of states.
const STATE_GAP: f64 = 50.0;

pub(super) fn place(drawing: &Drawing) -> Scene {
    let parts = drawing.parts.first().map(|root| root.children.clone()).unwrap_or_default();
    let states: Vec<PartId> = parts
        .into_iter()
        .filter(|id| drawing.parts.get(*id).is_some_and(|part| part.shape != Shape::Fork))
        .collect();
    let mut row = Row { drawing, rects: BTreeMap::new(), scene: Scene::empty() };
    let arcs = row.arcs(&states);
    row.boxes(&states, &arcs);
    row.straight(&states);
    row.draw(&arcs);
    row.scene.kind = Kind::Row;
    row.scene
}

/// An edge that leaves the row.
#[derive(Debug, Clone)]
struct Arc {
    edge: usize,
    from: usize,
    to: usize,
    above: bool,
    lines: Vec<String>,
}

struct Row<'a> {
    drawing: &'a Drawing,
    rects: BTreeMap<PartId, Rect>,
    scene: Scene,
}

impl Row<'_> {
    /// The first edge from a state to the next one is straight; all the others are arcs.
    fn is_straight(&self, edge: usize, from: usize, to: usize) -> bool {
        let Some(row) = self.drawing.edges.get(edge) else { return false };
        let first = |other: &super::super::drawing::Edge| other.from == row.from && other.to == row.to;
        to == from + 1 && self.drawing.edges.iter().position(first) == Some(edge)
    }

    fn arcs(&self, states: &[PartId]) -> Vec<Arc> {
        let at = |part: PartId| states.iter().position(|id| *id == part);
        let mut arcs = Vec::new();
        for (edge, row) in self.drawing.edges.iter().enumerate() {
            let (Some(from), Some(to)) = (at(row.from), at(row.to)) else { continue };
            if !self.is_straight(edge, from, to) {
                let lines = row.lines(self.drawing.columns);
                arcs.push(Arc { edge, from, to, above: to >= from, lines });
            }
        }
        arcs
    }

    fn boxes(&mut self, states: &[PartId], arcs: &[Arc]) {
        let mut x = 0.0;
        for (index, id) in states.iter().enumerate() {
            let Some(part) = self.drawing.parts.get(*id) else { continue };
            let mut size = size::part(self.drawing, part);
            if !size::is_round(self.drawing, What::Part(*id)) {
                let ends = |above: bool| {
                    arcs.iter()
                        .filter(|arc| arc.above == above)
                        .map(|arc| usize::from(arc.from == index) + usize::from(arc.to == index))
                        .sum::<usize>()
                };
                size.x = size.x.max((ends(true).max(ends(false)) + 1) as f64 * PORT_GAP);
            }
            let rect = Rect::around(Place { x: x + size.x / 2.0, y: 0.0 }, size.x, size.y);
            self.rects.insert(*id, rect);
            self.scene.boxes.push(Placed { what: What::Part(*id), rect });
            let next = states.get(index + 1);
            let labels = self.drawing.edges.iter().filter(|edge| {
                let pair = (Some(edge.from), Some(edge.to));
                pair == (Some(*id), next.copied()) || pair == (next.copied(), Some(*id))
            });
            let room = labels.map(|edge| size::label(&edge.lines(self.drawing.columns)).x + 28.0);
            let initial = part.shape == Shape::Initial;
            x += size.x + room.fold(if initial { 30.0 } else { STATE_GAP }, f64::max);
        }
    }

    fn rect(&self, states: &[PartId], index: usize) -> Option<Rect> {
        self.rects.get(states.get(index)?).copied()
    }

    fn straight(&mut self, states: &[PartId]) {
        for (edge, row) in self.drawing.edges.iter().enumerate() {
            let at = |part: PartId| states.iter().position(|id| *id == part);
            let (Some(from), Some(to)) = (at(row.from), at(row.to)) else { continue };
            if !self.is_straight(edge, from, to) {
                continue;
            }
            let (Some(a), Some(b)) = (self.rect(states, from), self.rect(states, to)) else { continue };
            let (start, end) = (Place { x: a.right, y: 0.0 }, Place { x: b.left, y: 0.0 });
            if let Some(curve) = Curve::rounded(&[start, end]) {
                self.scene.lines.push(Line { edge, curve, arrow: true });
            }
            let lines = row.lines(self.drawing.columns);
            if !lines.is_empty() {
                let size = size::label(&lines);
                let at = Place { x: f64::midpoint(a.right, b.left), y: -size.y / 2.0 - 1.0 };
                self.text(edge, lines, at, size, None);
            }
        }
    }

    fn text(&mut self, edge: usize, lines: Vec<String>, at: Place, size: Place, over: Option<PartId>) {
        self.scene.texts.push(Text { over, ..Text::upright(Some(edge), lines, at, size) });
    }

    fn draw(&mut self, arcs: &[Arc]) {
        for above in [true, false] {
            let side: Vec<&Arc> = arcs.iter().filter(|arc| arc.above == above).collect();
            self.side(&side, above);
        }
    }

    /// The arcs of one side: short ones near the row, long ones around them, none over another's label.
    fn side(&mut self, arcs: &[&Arc], above: bool) {
        let ports = self.ports(arcs);
        let mut order: Vec<usize> = (0..arcs.len()).collect();
        // Loops last, so that nothing rises through their labels.
        order.sort_by_key(|at| {
            arcs.get(*at)
                .map(|arc| (arc.from == arc.to, arc.from.abs_diff(arc.to), arc.from.min(arc.to), arc.edge))
        });
        let height = self.rects.values().map(Rect::height).fold(0.0, f64::max) / 2.0;
        let straight = self.scene.texts.iter().map(|text| text.height).fold(0.0, f64::max);
        let mut levels: Vec<Vec<(f64, f64)>> = Vec::new();
        let mut heights: Vec<f64> = Vec::new();
        let mut placed = Vec::new();
        for at in order {
            let (Some(arc), Some(&(start, end))) = (arcs.get(at), ports.get(at)) else { continue };
            let size = size::label(&arc.lines);
            let half = if arc.lines.is_empty() { 0.0 } else { size.x / 2.0 };
            let middle = f64::midpoint(start, end);
            let span = (start.min(end).min(middle - half) - 6.0, start.max(end).max(middle + half) + 6.0);
            let free =
                |level: &Vec<(f64, f64)>| level.iter().all(|(low, high)| span.1 < *low || *high < span.0);
            let level = levels.iter().rposition(|level| !free(level)).map_or(0, |level| level + 1);
            if level == levels.len() {
                levels.push(Vec::new());
                heights.push(0.0);
            }
            if let Some(row) = levels.get_mut(level) {
                row.push(span);
            }
            if let Some(row) = heights.get_mut(level) {
                *row = row.max(if arc.lines.is_empty() { 0.0 } else { size.y });
            }
            placed.push((at, level));
        }
        let base = height.max(if above { straight + 4.0 } else { 0.0 }) + ARC_GAP;
        for &(at, level) in &placed {
            let (Some(arc), Some(&(start, end))) = (arcs.get(at), ports.get(at)) else { continue };
            let below: f64 = heights.iter().take(level).map(|height| height + ARC_GAP).sum();
            let run = base + below + heights.get(level).copied().unwrap_or(0.0) / 2.0;
            let sign = if above { -1.0 } else { 1.0 };
            // The upright parts of arcs further out pass this level.
            let passing: Vec<f64> = placed
                .iter()
                .filter(|(other, outer)| *other != at && *outer > level)
                .filter_map(|(other, _)| ports.get(*other))
                .flat_map(|(start, end)| [*start, *end])
                .collect();
            let middle = label_place(start, end, size::label(&arc.lines).x, &passing);
            self.arc(arc, (start, end), run * sign, middle);
        }
    }

    /// Where each arc leaves and enters: at a state, arcs to the left lie left, short ones outside.
    fn ports(&self, arcs: &[&Arc]) -> Vec<(f64, f64)> {
        let mut ends: BTreeMap<usize, Vec<(i64, usize, bool)>> = BTreeMap::new();
        for (at, arc) in arcs.iter().enumerate() {
            for (own, other, start) in [(arc.from, arc.to, true), (arc.to, arc.from, false)] {
                let away = other as i64 - own as i64;
                // Left: the nearest first. Right: the farthest first. A loop between the two.
                let key = match away {
                    0 => 0,
                    away if away < 0 => -1_000_000 - away,
                    away => 1_000_000 - away,
                };
                ends.entry(own).or_default().push((key, at, start));
            }
        }
        let mut ports = vec![(0.0, 0.0); arcs.len()];
        let states: Vec<Rect> = self.scene.boxes.iter().map(|placed| placed.rect).collect();
        for (state, mut rows) in ends {
            rows.sort_unstable();
            let Some(rect) = states.get(state) else { continue };
            let gap = PORT_GAP.min((rect.width() - 10.0) / rows.len().max(1) as f64);
            let first = rect.middle().x - gap * (rows.len().saturating_sub(1)) as f64 / 2.0;
            for (index, (_, at, start)) in rows.into_iter().enumerate() {
                if let Some(port) = ports.get_mut(at) {
                    let x = first + gap * index as f64;
                    if start { port.0 = x } else { port.1 = x }
                }
            }
        }
        ports
    }

    fn arc(&mut self, arc: &Arc, (start, end): (f64, f64), run: f64, middle: f64) {
        let rects: Vec<(What, Rect)> =
            self.scene.boxes.iter().map(|placed| (placed.what, placed.rect)).collect();
        let (Some((from, a)), Some((to, b))) = (rects.get(arc.from), rects.get(arc.to)) else { return };
        let mut way = vec![
            Place { x: start, y: 0.0 },
            Place { x: start, y: run },
            Place { x: end, y: run },
            Place { x: end, y: 0.0 },
        ];
        let border = |what: &What, rect: &Rect| {
            if size::is_round(self.drawing, *what) { Border::Circle(*rect) } else { Border::Box(*rect) }
        };
        border(from, a).cut_start(&mut way);
        way.reverse();
        border(to, b).cut_start(&mut way);
        way.reverse();
        if let Some(curve) = Curve::rounded(&way) {
            self.scene.lines.push(Line { edge: arc.edge, curve, arrow: true });
        }
        if !arc.lines.is_empty() {
            let size = size::label(&arc.lines);
            self.text(arc.edge, arc.lines.clone(), Place { x: middle, y: run }, size, Some(0));
        }
    }
}

/// Where a label on the run of an arc is met by as few upright lines as possible, near its middle.
fn label_place(start: f64, end: f64, width: f64, passing: &[f64]) -> f64 {
    let middle = f64::midpoint(start, end);
    let room = ((start - end).abs() / 2.0 - width / 2.0 - 8.0).max(0.0);
    let met = |at: f64| passing.iter().filter(|x| (**x - at).abs() < width / 2.0 + 3.0).count();
    let steps = (room / 4.0) as usize;
    let aside = (0..=steps).flat_map(|step| [1.0, -1.0].map(|side| middle + side * 4.0 * step as f64));
    aside.min_by_key(|at| met(*at)).unwrap_or(middle)
}
