//! Where the lines of a drawing end. A line cannot end at a frame that holds its other end, so such a line
//! starts at the frame's *any* pill and ends at its initial dot, or at an entry point where the frame has none.

use std::collections::BTreeSet;

use super::drawing::{Drawing, Edge, PartId, Shape};

/// Something that a line may end at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Point {
    Part(PartId),
    /// The pill of a frame, which stands for any state in it.
    Any(PartId),
    /// A small circle in a frame without an initial dot.
    Entry(PartId),
}

/// The end of a line: a point, and the frame whose border cuts the line off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) point: Point,
    pub(super) frame: Option<PartId>,
}

/// Where an edge runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) tail: End,
    pub(super) head: End,
    /// The frame that holds both ends.
    pub(super) place: PartId,
}

impl Route {
    /// Whether a frame's border cuts the line: then its label stands in the middle of two half lines, because
    /// the middle of the whole line may be in the part that is not drawn.
    pub(super) fn is_cut(&self) -> bool {
        self.tail.frame.is_some() || self.head.frame.is_some()
    }
}

/// The routes of all edges, and the helper points that they need.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// Frames that need an *any* pill.
    pub(super) pills: BTreeSet<PartId>,
    /// Frames that need an entry point.
    pub(super) entries: BTreeSet<PartId>,
    /// One for each edge.
    pub(super) of: Vec<Route>,
}

impl Routes {
    /// Postcondition: no route has a frame that holds its other end.
    pub(super) fn plan(drawing: &Drawing) -> Self {
        let mut routes = Self::default();
        for edge in &drawing.edges {
            let route = routes.route(drawing, edge);
            routes.of.push(route);
        }
        routes
    }

    fn route(&mut self, drawing: &Drawing, edge: &Edge) -> Route {
        let (from, to) = (edge.from, edge.to);
        let inward = drawing.is_frame(from) && (from == to || drawing.lies_in(to, from));
        let tail = if inward || from == 0 {
            self.pills.insert(from);
            End { point: Point::Any(from), frame: None }
        } else {
            let frame = drawing.is_frame(from).then_some(from);
            End { point: Point::Part(last_leaf(drawing, edge.from_inner.unwrap_or(from))), frame }
        };
        let upward = drawing.is_frame(to) && (from == to || drawing.lies_in(from, to));
        let head = if upward {
            let point = drawing.initial_dot(to).map_or(Point::Entry(to), Point::Part);
            if point == Point::Entry(to) {
                self.entries.insert(to);
            }
            End { point, frame: None }
        } else {
            let frame = drawing.is_frame(to).then_some(to);
            End { point: Point::Part(first_leaf(drawing, edge.to_inner.unwrap_or(to))), frame }
        };
        Route { tail, head, place: place(drawing, from, to) }
    }
}

/// The innermost frame that holds both ends, so that what is drawn in it lies outside the frames of both. The
/// pill of a frame lies in that frame.
fn place(drawing: &Drawing, from: PartId, to: PartId) -> PartId {
    let holds = |frame: &PartId| drawing.is_frame(*frame) && (to == *frame || drawing.lies_in(to, *frame));
    drawing.chain(from).into_iter().rev().find(holds).unwrap_or(0)
}

/// Where a line into a frame is aimed at.
fn first_leaf(drawing: &Drawing, frame: PartId) -> PartId {
    let mut at = frame;
    loop {
        let next = drawing.initial_dot(at).or_else(|| drawing.solid_children(at).next());
        match next.filter(|next| *next > at) {
            Some(next) => at = next,
            None => return at,
        }
    }
}

/// Where a line out of a frame starts.
fn last_leaf(drawing: &Drawing, frame: PartId) -> PartId {
    let mut at = frame;
    while let Some(next) = drawing.solid_children(at).next_back().filter(|next| *next > at) {
        at = next;
    }
    if at == frame { first_leaf(drawing, frame) } else { at }
}

/// The name of a point, unique in the picture.
pub(super) fn point_id(drawing: &Drawing, point: Point) -> String {
    let part = |id: PartId| drawing.parts.get(id);
    let frame = |id: PartId, what: &str| {
        // The frame of an actor is named by its prefix, `actor/`, like the dots in it.
        let path = part(id).map_or("", |part| part.id.as_str());
        let actor = part(id).is_some_and(|part| matches!(part.shape, Shape::Actor | Shape::Family));
        format!("{path}{}/{what}", if actor { "/" } else { "" })
    };
    match point {
        Point::Part(id) => part(id).map_or_else(String::new, |part| part.id.clone()),
        Point::Any(id) => frame(id, "any"),
        Point::Entry(id) => frame(id, "entry"),
    }
}
