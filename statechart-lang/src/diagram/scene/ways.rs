//! The ways of lines through the layers: upright where boxes and labels are, slanted only in the gaps between,
//! so that no line runs through a label, and each with an end of its own on the border of its box.

use std::collections::BTreeMap;

use super::super::Direction;
use super::geometry::{Place, Rect};

/// Between the ends of lines on one border.
pub(super) const PORT_GAP: f64 = 16.0;
/// Between such an end and the corner of its box.
pub(super) const CORNER_GAP: f64 = 12.0;

/// How far a line runs straight from its box, so that its arrow does not lie on the border.
const STUB: f64 = 11.0;

/// A line on its way: in the middle of its first box, in each layer that it crosses, in the middle of its last.
#[derive(Debug, Clone)]
pub(super) struct Way {
    /// The boxes at its ends, by the name of their nodes.
    pub(super) ends: [String; 2],
    pub(super) points: Vec<Place>,
}

/// How far the boxes of each layer reach, by the middle of the layer.
#[derive(Debug)]
pub(super) struct Layers {
    direction: Direction,
    /// Half the height of the highest box, by the layer's place in half pixels.
    reach: BTreeMap<i64, f64>,
}

impl Layers {
    pub(super) fn new(direction: Direction) -> Self {
        Self { direction, reach: BTreeMap::new() }
    }

    fn along(&self, at: Place) -> f64 {
        if self.direction == Direction::Down { at.y } else { at.x }
    }

    fn aside(&self, at: Place) -> f64 {
        if self.direction == Direction::Down { at.x } else { at.y }
    }

    fn place(&self, along: f64, aside: f64) -> Place {
        match self.direction {
            Direction::Down => Place { x: aside, y: along },
            Direction::Right => Place { x: along, y: aside },
        }
    }

    /// Takes note of a box or label.
    pub(super) fn add(&mut self, rect: &Rect) {
        let half = match self.direction {
            Direction::Down => rect.height() / 2.0,
            Direction::Right => rect.width() / 2.0,
        };
        let reach = self.reach.entry(key(self.along(rect.middle()))).or_insert(0.0);
        *reach = reach.max(half);
    }

    fn reach(&self, at: Place) -> f64 {
        let key = key(self.along(at));
        self.reach.range(key - 1..=key + 1).map(|(_, reach)| *reach).fold(0.0, f64::max)
    }

    /// Gives every line an end of its own: moves the first and last point of each way along its box.
    pub(super) fn ports(&self, ways: &mut [Option<Way>], boxes: &BTreeMap<String, Rect>) {
        /// A way, and whether its start is meant.
        type Row = (f64, usize, bool);
        let mut sides: BTreeMap<(String, bool), Vec<Row>> = BTreeMap::new();
        for (index, way) in ways.iter().enumerate() {
            let Some(way) = way else { continue };
            let [first, last] = &way.ends;
            if first == last {
                continue;
            }
            let (Some(second), Some(before)) = (way.points.get(1), way.points.iter().nth_back(1)) else {
                continue;
            };
            for (name, next, start) in [(first, second, true), (last, before, false)] {
                let Some(rect) = boxes.get(name) else { continue };
                let below = self.along(*next) > self.along(rect.middle());
                sides.entry((name.clone(), below)).or_default().push((self.aside(*next), index, start));
            }
        }
        for ((name, _), mut rows) in sides {
            let Some(rect) = boxes.get(&name) else { continue };
            rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
            let (low, high) = match self.direction {
                Direction::Down => (rect.left, rect.right),
                Direction::Right => (rect.top, rect.bottom),
            };
            let wanted: Vec<f64> = rows.iter().map(|row| row.0).collect();
            for (at, (_, index, start)) in spread(&wanted, low, high).into_iter().zip(rows) {
                let Some(way) = ways.get_mut(index).and_then(Option::as_mut) else { continue };
                let end = if start { way.points.first_mut() } else { way.points.last_mut() };
                if let Some(end) = end {
                    *end = self.place(self.along(*end), at);
                }
            }
        }
    }

    /// The points where a way enters and leaves each layer. With each the number of the point that it belongs to.
    pub(super) fn corners(&self, way: &Way) -> Vec<(usize, Place)> {
        let mut corners = Vec::new();
        let last = way.points.len().saturating_sub(1);
        let down = match (way.points.first(), way.points.last()) {
            (Some(first), Some(last)) => self.along(*first) <= self.along(*last),
            _ => true,
        };
        for (index, point) in way.points.iter().enumerate() {
            let (along, aside, reach) = (self.along(*point), self.aside(*point), self.reach(*point));
            let reach = if index == 0 || index == last { reach + STUB } else { reach };
            let (enter, leave) =
                if down { (along - reach, along + reach) } else { (along + reach, along - reach) };
            if index > 0 {
                corners.push((index, self.place(enter, aside)));
            }
            if index == 0 || index == last {
                corners.push((index, *point));
            }
            if index < last {
                corners.push((index, self.place(leave, aside)));
            }
        }
        corners.dedup_by(|b, a| a.0 == b.0 && a.1.distance(b.1) < 0.5);
        corners
    }
}

fn key(along: f64) -> i64 {
    (along * 2.0).round() as i64
}

/// Places near the wanted ones (ascending), inside the border and apart.
fn spread(wanted: &[f64], low: f64, high: f64) -> Vec<f64> {
    let corner = CORNER_GAP.min((high - low) / 3.0);
    let (low, high) = (low + corner, high - corner);
    let gaps = wanted.len().saturating_sub(1).max(1) as f64;
    let gap = PORT_GAP.min((high - low) / gaps);
    let mut places: Vec<f64> = wanted.iter().map(|at| at.clamp(low, high)).collect();
    let mut least = low;
    for place in &mut places {
        *place = place.max(least);
        least = *place + gap;
    }
    let mut most = high;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - gap;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_on_a_border_keep_apart() {
        let rows: [(&[f64], &[f64]); 4] = [
            (&[50.0], &[50.0]),
            (&[-90.0, -80.0, 500.0], &[12.0, 28.0, 88.0]),
            (&[300.0, 400.0], &[72.0, 88.0]),
            (&[50.0, 50.0, 50.0], &[50.0, 66.0, 82.0]),
        ];
        for (wanted, places) in rows {
            assert_eq!(spread(wanted, 0.0, 100.0), places, "{wanted:?}");
        }
    }
}
