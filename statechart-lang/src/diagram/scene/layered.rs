//! In layers along the flow: ranks, order and coordinates come from `dagre`, which knows frames and keeps room
//! for labels; the titles of frames and the ends of lines at borders are ours.

use std::collections::BTreeMap;

use dagre::graph::{Graph, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir};

use super::super::Direction;
use super::super::drawing::{Drawing, EdgeKind, PartId, Shape};
use super::super::routes::{End, Point, Route, Routes};
use super::geometry::{Border, Curve};
use super::ways::{CORNER_GAP, Layers, PORT_GAP, Way};
use super::{Line, Place, Placed, Rect, Scene, Text, What, size};

/// What is laid out in one go: what lies in a frame, but for blocks, whose insides have their places already.
pub(super) struct Scope<'a> {
    pub(super) drawing: &'a Drawing,
    pub(super) routes: &'a Routes,
    pub(super) frame: PartId,
    /// Sizes of blocks.
    pub(super) blocks: BTreeMap<PartId, Place>,
}

impl Scope<'_> {
    fn holds(&self, part: PartId) -> bool {
        self.drawing.lies_in(part, self.frame)
            && !self.drawing.chain(part).iter().any(|at| *at != part && self.blocks.contains_key(at))
    }

    fn is_frame(&self, part: PartId) -> bool {
        self.drawing.is_frame(part) && !self.blocks.contains_key(&part)
    }

    /// Where an edge of this scope runs; `None` for those of others.
    fn route(&self, index: usize) -> Option<Route> {
        let edge = self.drawing.edges.get(index)?;
        if edge.kind == EdgeKind::Wire && !self.blocks.is_empty() {
            let end = |part| End { point: Point::Part(part), frame: None };
            return Some(Route { tail: end(edge.from), head: end(edge.to), place: self.frame });
        }
        let inside = |part: PartId| part == self.frame || self.holds(part);
        let route = self.routes.of.get(index).filter(|_| inside(edge.from) && inside(edge.to))?;
        let known = |end: &End| match end.point {
            Point::Part(part) => self.holds(part),
            Point::Any(part) | Point::Entry(part) => inside(part),
        };
        (known(&route.tail) && known(&route.head)).then(|| route.clone())
    }
}

pub(super) fn place(scope: &Scope<'_>) -> Scene {
    let routes = (0..scope.drawing.edges.len()).map(|index| scope.route(index)).collect();
    let mut layout =
        Layered { scope, drawing: scope.drawing, routes, graph: graph(), names: BTreeMap::new() };
    layout.add_parts();
    layout.add_edges();
    let blocks = !scope.blocks.is_empty();
    let options = LayoutOptions {
        rankdir: match scope.drawing.direction {
            Direction::Down => RankDir::TB,
            Direction::Right => RankDir::LR,
        },
        nodesep: if blocks { 40.0 } else { 26.0 },
        edgesep: 16.0,
        ranksep: if blocks { 64.0 } else { 52.0 },
        tie_keep_first: true,
        ..LayoutOptions::default()
    };
    dagre::layout(&mut layout.graph, Some(options));
    layout.scene()
}

fn graph() -> Graph<NodeLabel, EdgeLabel> {
    Graph::with_options(GraphOptions { directed: true, multigraph: true, compound: true })
}

struct Layered<'a> {
    scope: &'a Scope<'a>,
    drawing: &'a Drawing,
    /// Those of other scopes are left out.
    routes: Vec<Option<Route>>,
    graph: Graph<NodeLabel, EdgeLabel>,
    /// What each node of the graph shows, by its name; labels of cut edges are nodes as well.
    names: BTreeMap<String, What>,
}

fn name(what: What) -> String {
    match what {
        What::Frame(id) | What::Part(id) => format!("p{id}"),
        What::Any(id) => format!("a{id}"),
        What::Entry(id) => format!("e{id}"),
    }
}

fn point(point: Point) -> What {
    match point {
        Point::Part(id) => What::Part(id),
        Point::Any(id) => What::Any(id),
        Point::Entry(id) => What::Entry(id),
    }
}

impl Layered<'_> {
    fn node(&mut self, name: String, size: Place, frame: PartId) {
        let node = NodeLabel { width: size.x, height: size.y, ..NodeLabel::default() };
        self.graph.set_node(name.as_str(), Some(node));
        if frame != self.scope.frame {
            self.graph.set_parent(&name, Some(&self::name(What::Frame(frame))));
        }
    }

    fn add_parts(&mut self) {
        let ends = self.ends();
        for (id, part) in self.drawing.parts.iter().enumerate() {
            let inside = id != self.scope.frame && self.scope.holds(id);
            if inside {
                let frame = self.scope.is_frame(id);
                let what = if frame { What::Frame(id) } else { What::Part(id) };
                let none = Place { x: 0.0, y: 0.0 };
                let block = self.scope.blocks.get(&id);
                let size = match block {
                    _ if frame => none,
                    Some(size) => *size,
                    None => self.with_ends(what, size::part(self.drawing, part), ends.get(&id)),
                };
                self.node(name(what), size, part.parent);
                self.names.insert(name(what), what);
            }
            for (needed, what, size) in [
                (self.scope.routes.pills.contains(&id), What::Any(id), size::pill()),
                (self.scope.routes.entries.contains(&id), What::Entry(id), size::entry()),
            ] {
                if needed && (inside && self.scope.is_frame(id) || id == self.scope.frame) {
                    self.node(name(what), size, id);
                    self.names.insert(name(what), what);
                }
            }
        }
    }

    /// How many lines end on the sides of each part: before it in the flow, and after it.
    fn ends(&self) -> BTreeMap<PartId, [usize; 2]> {
        let mut ends: BTreeMap<PartId, [usize; 2]> = BTreeMap::new();
        for (edge, route) in self.drawing.edges.iter().zip(&self.routes) {
            let Some(route) = route else { continue };
            for (end, start) in [(&route.tail, true), (&route.head, false)] {
                if let (Point::Part(part), None) = (end.point, end.frame) {
                    let sides = ends.entry(part).or_default();
                    sides[usize::from(start != edge.against)] += 1;
                }
            }
        }
        ends
    }

    /// A box wide enough for the ends of its lines.
    fn with_ends(&self, what: What, size: Place, ends: Option<&[usize; 2]>) -> Place {
        let most = ends.map_or(0, |sides| sides.iter().copied().max().unwrap_or(0));
        if most < 2 || size::is_round(self.drawing, what) || size.x.min(size.y) < 20.0 {
            return size;
        }
        let room = ((most - 1) as f64 * PORT_GAP + 2.0 * CORNER_GAP).min(320.0);
        match self.drawing.direction {
            Direction::Down => Place { x: size.x.max(room), ..size },
            Direction::Right => Place { y: size.y.max(room), ..size },
        }
    }

    fn add_edges(&mut self) {
        for (index, edge) in self.drawing.edges.iter().enumerate() {
            let Some(Some(route)) = self.routes.get(index).cloned() else { continue };
            let (tail, head) = (name(point(route.tail.point)), name(point(route.head.point)));
            let lines = edge.lines(self.drawing.columns);
            let weight = if edge.kind == EdgeKind::Initial { 8 } else { 1 };
            let row = |size: Place| EdgeLabel {
                weight,
                width: size.x,
                height: size.y,
                label_offset: 0.0,
                labelpos: dagre::layout::types::LabelPos::Center,
                ..EdgeLabel::default()
            };
            let none = Place { x: 0.0, y: 0.0 };
            if route.is_cut() && !lines.is_empty() {
                let label = format!("l{index}");
                self.node(label.clone(), size::label(&lines), route.place);
                self.connect(&tail, &label, row(none), index, edge.against);
                self.connect(&label, &head, row(none), index, edge.against);
            } else {
                let size = if lines.is_empty() { none } else { size::label(&lines) };
                self.connect(&tail, &head, row(size), index, edge.against);
            }
        }
    }

    /// Against the flow an edge is turned round for the layout, so that it does not pull its end down.
    fn connect(&mut self, from: &str, to: &str, row: EdgeLabel, index: usize, against: bool) {
        let (from, to) = if against { (to, from) } else { (from, to) };
        self.graph.set_edge(from, to, Some(row), Some(&index.to_string()));
    }

    fn scene(self) -> Scene {
        let mut boxes: BTreeMap<String, Rect> = BTreeMap::new();
        let mut layers = Layers::new(self.drawing.direction);
        for id in self.graph.nodes() {
            let Some(node) = self.graph.node(&id) else { continue };
            let middle = Place { x: node.x.unwrap_or(0.0), y: node.y.unwrap_or(0.0) };
            let rect = Rect::around(middle, node.width, node.height);
            if !matches!(self.names.get(&id), Some(What::Frame(_))) {
                layers.add(&rect);
            }
            boxes.insert(id, rect);
        }
        let mut ways: Vec<Option<Way>> = Vec::new();
        let mut labels: Vec<Option<Rect>> = Vec::new();
        for index in 0..self.drawing.edges.len() {
            let way = self.way(index, &boxes);
            let label = self.label_rect(index, &boxes);
            if let Some(rect) =
                label.as_ref().filter(|_| way.as_ref().is_some_and(|way| way.ends[0] != way.ends[1]))
            {
                layers.add(rect);
            }
            ways.push(way);
            labels.push(label);
        }
        layers.ports(&mut ways, &boxes);
        let grow = Grow::new(self.drawing, &boxes);
        let mut scene = Scene::empty();
        self.boxes(&boxes, &grow, &mut scene);
        for (index, (way, label)) in ways.iter().zip(&labels).enumerate() {
            if let Some(way) = way {
                self.edge(index, way, label.as_ref(), &layers, &grow, &boxes, &mut scene);
            }
        }
        scene
    }

    fn boxes(&self, boxes: &BTreeMap<String, Rect>, grow: &Grow, scene: &mut Scene) {
        let mut all: Vec<What> = self.names.values().copied().collect();
        // A parent comes before its children.
        all.sort_by_key(|what| (!matches!(what, What::Frame(_)), *what));
        for what in all {
            let Some(rect) = boxes.get(&name(what)) else { continue };
            let rect = if matches!(what, What::Frame(_)) { grow.frame(rect) } else { grow.rect(rect) };
            scene.boxes.push(Placed { what, rect });
            let What::Part(id) = what else { continue };
            let Some(part) = self.drawing.parts.get(id) else { continue };
            if let Some(outer) = &part.outer {
                let lines = super::super::text::wrap(outer, self.drawing.columns);
                let size = size::label(&lines);
                let at = Place { x: rect.left + size.x / 2.0 - 6.0, y: rect.top - size.y / 2.0 };
                scene.texts.push(Text::upright(None, lines, at, size));
            }
        }
    }

    /// The points of an edge in the layout, from the middle of one box to the middle of the other.
    fn way(&self, index: usize, boxes: &BTreeMap<String, Rect>) -> Option<Way> {
        let (edge, route) = (self.drawing.edges.get(index)?, self.routes.get(index)?.as_ref()?);
        let (tail, head) = (name(point(route.tail.point)), name(point(route.head.point)));
        let mut points = vec![boxes.get(&tail)?.middle()];
        let label = format!("l{index}");
        if let Some(rect) = boxes.get(&label) {
            points.extend(self.points(&tail, &label, index, edge.against));
            points.push(rect.middle());
            points.extend(self.points(&label, &head, index, edge.against));
        } else {
            points.extend(self.points(&tail, &head, index, edge.against));
        }
        points.push(boxes.get(&head)?.middle());
        Some(Way { ends: [tail, head], points })
    }

    /// The box of an edge's label.
    fn label_rect(&self, index: usize, boxes: &BTreeMap<String, Rect>) -> Option<Rect> {
        let (edge, route) = (self.drawing.edges.get(index)?, self.routes.get(index)?.as_ref()?);
        if let Some(rect) = boxes.get(&format!("l{index}")) {
            return Some(*rect);
        }
        let lines = edge.lines(self.drawing.columns);
        let (tail, head) = (name(point(route.tail.point)), name(point(route.head.point)));
        let row = self.row(&tail, &head, index, edge.against).filter(|_| !lines.is_empty())?;
        let size = size::label(&lines);
        Some(Rect::around(Place { x: row.x?, y: row.y? }, size.x, size.y))
    }

    #[expect(clippy::too_many_arguments, reason = "what the layout made, and where it goes")]
    fn edge(
        &self,
        index: usize,
        way: &Way,
        label: Option<&Rect>,
        layers: &Layers,
        grow: &Grow,
        boxes: &BTreeMap<String, Rect>,
        scene: &mut Scene,
    ) {
        let (Some(edge), Some(Some(route))) = (self.drawing.edges.get(index), self.routes.get(index)) else {
            return;
        };
        if let Some(rect) = label {
            let (lines, size) =
                (edge.lines(self.drawing.columns), Place { x: rect.width(), y: rect.height() });
            let text = Text::upright(Some(index), lines, grow.rect(rect).middle(), size);
            scene.texts.push(Text { over: Some(route.place), ..text });
        }
        let last = way.points.len().saturating_sub(1);
        let loops = way.ends[0] == way.ends[1];
        // What lies in a box or on a label moves with it.
        let moved = |number: usize, at: Place| {
            let with = match number {
                0 => boxes.get(&way.ends[0]),
                _ if number == last => boxes.get(&way.ends[1]),
                _ if loops => boxes.get(&way.ends[0]),
                _ => label.filter(|rect| {
                    way.points.get(number).is_some_and(|point| point.distance(rect.middle()) < 0.5)
                }),
            };
            with.map_or_else(|| grow.place(at), |rect| grow.with(rect, at))
        };
        let mut corners: Vec<Place> = if loops {
            way.points.iter().enumerate().map(|(number, at)| moved(number, *at)).collect()
        } else {
            layers.corners(way).into_iter().map(|(number, at)| moved(number, at)).collect()
        };
        self.cut(&mut corners, &route.tail, boxes, grow);
        corners.reverse();
        self.cut(&mut corners, &route.head, boxes, grow);
        corners.reverse();
        let fork = |id: PartId| self.drawing.parts.get(id).is_some_and(|part| part.shape == Shape::Fork);
        if let Some(curve) = Curve::rounded(&corners) {
            scene.lines.push(Line { edge: index, curve, arrow: !fork(edge.to) });
        }
    }

    fn row(&self, from: &str, to: &str, index: usize, against: bool) -> Option<&EdgeLabel> {
        let (from, to) = if against { (to, from) } else { (from, to) };
        self.graph.edge(from, to, Some(&index.to_string()))
    }

    /// The points between the ends of a line; those at the borders are not needed.
    fn points(&self, from: &str, to: &str, index: usize, against: bool) -> Vec<Place> {
        let Some(row) = self.row(from, to, index, against) else { return Vec::new() };
        let inner = row.points.len().saturating_sub(2);
        let mut points: Vec<Place> =
            row.points.iter().skip(1).take(inner).map(|at| Place { x: at.x, y: at.y }).collect();
        if against {
            points.reverse();
        }
        points
    }

    fn cut(&self, way: &mut Vec<Place>, end: &End, boxes: &BTreeMap<String, Rect>, grow: &Grow) {
        let what = end.frame.map_or(point(end.point), What::Frame);
        let Some(rect) = boxes.get(&name(what)) else { return };
        let rect = if end.frame.is_some() { grow.frame(rect) } else { grow.rect(rect) };
        let border =
            if size::is_round(self.drawing, what) { Border::Circle(rect) } else { Border::Box(rect) };
        border.cut_start(way);
    }
}

/// Room that the layout does not know of: the titles of frames. Space is put in at lines across the whole
/// picture, so what was apart stays apart.
struct Grow {
    /// Where, and how much, ascending.
    across: Vec<(f64, f64)>,
    down: Vec<(f64, f64)>,
}

impl Grow {
    fn new(drawing: &Drawing, boxes: &BTreeMap<String, Rect>) -> Self {
        let mut across: BTreeMap<i64, f64> = BTreeMap::new();
        let mut down: BTreeMap<i64, f64> = BTreeMap::new();
        // Half pixels: frames that begin side by side share their room.
        let put = |rows: &mut BTreeMap<i64, f64>, at: f64, room: f64| {
            let row = rows.entry((at * 2.0).round() as i64).or_insert(0.0);
            *row = row.max(room);
        };
        for (id, part) in drawing.parts.iter().enumerate().skip(1).filter(|(id, _)| drawing.is_frame(*id)) {
            let Some(rect) = boxes.get(&name(What::Frame(id))) else { continue };
            let header = size::frame_header(drawing, part);
            put(&mut down, rect.top, header.y);
            if part.accept {
                put(&mut down, rect.bottom, 5.0);
            }
            let missing = header.x - rect.width();
            if missing > 0.0 {
                put(&mut across, rect.left, missing / 2.0);
                put(&mut across, rect.right, missing / 2.0);
            }
        }
        let list =
            |rows: BTreeMap<i64, f64>| rows.into_iter().map(|(at, room)| (at as f64 / 2.0, room)).collect();
        Self { across: list(across), down: list(down) }
    }

    /// How far something moves that begins there.
    fn shift(rows: &[(f64, f64)], at: f64, at_line: bool) -> f64 {
        let before = |line: f64| if at_line { line <= at + 0.3 } else { line < at - 0.3 };
        rows.iter().filter(|(line, _)| before(*line)).map(|(_, room)| room).sum()
    }

    fn place(&self, at: Place) -> Place {
        Place {
            x: at.x + Self::shift(&self.across, at.x, false),
            y: at.y + Self::shift(&self.down, at.y, false),
        }
    }

    /// A point that belongs to a box.
    fn with(&self, rect: &Rect, at: Place) -> Place {
        let moved = self.rect(rect);
        Place { x: at.x + moved.left - rect.left, y: at.y + moved.top - rect.top }
    }

    fn rect(&self, rect: &Rect) -> Rect {
        rect.moved(Self::shift(&self.across, rect.left, false), Self::shift(&self.down, rect.top, false))
    }

    /// A frame keeps its start and grows by what is put into it.
    fn frame(&self, rect: &Rect) -> Rect {
        Rect {
            left: rect.left + Self::shift(&self.across, rect.left, false),
            top: rect.top + Self::shift(&self.down, rect.top, false),
            right: rect.right + Self::shift(&self.across, rect.right, true),
            bottom: rect.bottom + Self::shift(&self.down, rect.bottom, true),
        }
    }
}
