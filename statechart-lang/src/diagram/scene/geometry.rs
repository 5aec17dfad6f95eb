//! Points, boxes, and lines with rounded corners.

/// A point, or a size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Place {
    pub(in super::super) x: f64,
    pub(in super::super) y: f64,
}

impl Place {
    pub(super) fn towards(self, other: Self, part: f64) -> Self {
        Self { x: self.x + (other.x - self.x) * part, y: self.y + (other.y - self.y) * part }
    }

    pub(in super::super) fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

/// An upright box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Rect {
    pub(in super::super) left: f64,
    pub(in super::super) top: f64,
    pub(in super::super) right: f64,
    pub(in super::super) bottom: f64,
}

impl Rect {
    /// Includes nothing, not even a point.
    pub(super) fn nothing() -> Self {
        let far = f64::INFINITY;
        Self { left: far, top: far, right: -far, bottom: -far }
    }

    pub(super) fn around(middle: Place, width: f64, height: f64) -> Self {
        Self {
            left: middle.x - width / 2.0,
            top: middle.y - height / 2.0,
            right: middle.x + width / 2.0,
            bottom: middle.y + height / 2.0,
        }
    }

    pub(in super::super) fn width(&self) -> f64 {
        (self.right - self.left).max(0.0)
    }

    pub(in super::super) fn height(&self) -> f64 {
        (self.bottom - self.top).max(0.0)
    }

    pub(in super::super) fn middle(&self) -> Place {
        Place { x: (self.left + self.right) / 2.0, y: (self.top + self.bottom) / 2.0 }
    }

    pub(super) fn moved(&self, dx: f64, dy: f64) -> Self {
        Self { left: self.left + dx, top: self.top + dy, right: self.right + dx, bottom: self.bottom + dy }
    }

    pub(super) fn include(&mut self, other: &Self) {
        self.include_point(Place { x: other.left, y: other.top });
        self.include_point(Place { x: other.right, y: other.bottom });
    }

    pub(super) fn include_point(&mut self, point: Place) {
        self.left = self.left.min(point.x);
        self.top = self.top.min(point.y);
        self.right = self.right.max(point.x);
        self.bottom = self.bottom.max(point.y);
    }

    fn holds(&self, point: Place) -> bool {
        (self.left..=self.right).contains(&point.x) && (self.top..=self.bottom).contains(&point.y)
    }
}

/// What cuts off the end of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Border {
    Box(Rect),
    /// In the middle of the box, as wide as that.
    Circle(Rect),
}

impl Border {
    fn holds(&self, point: Place) -> bool {
        match self {
            Self::Box(rect) => rect.holds(point),
            Self::Circle(rect) => point.distance(rect.middle()) <= rect.width() / 2.0,
        }
    }

    /// Cuts off the part of a way that lies within the border, at its start.
    pub(super) fn cut_start(&self, way: &mut Vec<Place>) {
        let Some(last) = way.iter().rposition(|point| self.holds(*point)) else { return };
        let (Some(&inside), Some(&outside)) = (way.get(last), way.get(last + 1)) else { return };
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..40 {
            let middle = (low + high) / 2.0;
            if self.holds(inside.towards(outside, middle)) { low = middle } else { high = middle }
        }
        way.splice(..=last, [inside.towards(outside, high)]);
    }
}

/// A line made of cubic Bézier pieces: each two control points and an end.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Curve {
    pub(in super::super) start: Place,
    pub(in super::super) pieces: Vec<[Place; 3]>,
}

/// The corners of a line are rounded by at most so much.
const ROUND: f64 = 28.0;

impl Curve {
    /// A way with its corners rounded.
    pub(super) fn rounded(way: &[Place]) -> Option<Self> {
        let (&start, rest) = way.split_first()?;
        let mut pieces = Vec::new();
        let mut at = start;
        let straight =
            |from: Place, to: Place| [from.towards(to, 1.0 / 3.0), from.towards(to, 2.0 / 3.0), to];
        for (index, &corner) in rest.iter().enumerate() {
            let Some(&next) = rest.get(index + 1) else {
                pieces.push(straight(at, corner));
                break;
            };
            let (before, after) = (way.get(index).map_or(0.0, |p| p.distance(corner)), corner.distance(next));
            let round = ROUND.min(before / 2.0).min(after / 2.0);
            if round < 0.5 {
                pieces.push(straight(at, corner));
                at = corner;
                continue;
            }
            let previous = way.get(index).copied().unwrap_or(at);
            let enter = corner.towards(previous, round / before);
            let leave = corner.towards(next, round / after);
            pieces.push(straight(at, enter));
            pieces.push([enter.towards(corner, 0.6), leave.towards(corner, 0.6), leave]);
            at = leave;
        }
        (!pieces.is_empty()).then_some(Self { start, pieces })
    }

    /// All of its points, control points included.
    pub(super) fn points(&self) -> impl Iterator<Item = Place> + '_ {
        std::iter::once(self.start).chain(self.pieces.iter().flatten().copied())
    }

    pub(super) fn shift(&mut self, dx: f64, dy: f64) {
        let shift = |point: &mut Place| *point = Place { x: point.x + dx, y: point.y + dy };
        shift(&mut self.start);
        self.pieces.iter_mut().flatten().for_each(shift);
    }

    /// Its end, and the direction that it comes from as a vector of length 1.
    pub(in super::super) fn end(&self) -> (Place, Place) {
        let end = self.pieces.last().map_or(self.start, |piece| piece[2]);
        let before = self.points().filter(|point| point.distance(end) > 0.5).last().unwrap_or(self.start);
        let length = before.distance(end).max(1e-6);
        (end, Place { x: (before.x - end.x) / length, y: (before.y - end.y) / length })
    }

    /// Ends it so much earlier, for the arrow.
    pub(in super::super) fn shortened(&self, by: f64) -> Self {
        let (end, back) = self.end();
        let mut curve = self.clone();
        if let Some(last) = curve.pieces.last_mut() {
            last[2] = Place { x: end.x + back.x * by, y: end.y + back.y * by };
        }
        curve
    }
}
