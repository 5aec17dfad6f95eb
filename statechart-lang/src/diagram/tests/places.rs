//! Where everything is: no label on a box, on another label or across a foreign line; all text inside its box.

use std::sync::LazyLock;

use super::super::scene::{Curve, Place, Placed, Rect, Scene, Text, What};
use super::super::{
    Direction, Drawing, Format, Layout, Options, Shape, Theme, View, Views, font, pictures, svg, text,
};
use super::sample;
use crate::{Loader, compile};

/// Reads from the workspace.
struct Workspace;

impl Loader for Workspace {
    fn load(&self, path: &str) -> Result<String, String> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        std::fs::read_to_string(root.join(path)).map_err(|why| why.to_string())
    }
}

const SPECS: [&str; 13] = [
    "specs/producer.sc",
    "specs/coordinator.sc",
    "specs/consumer_fixed.sc",
    "specs/consumer_dynamic.sc",
    "specs/datastore.sc",
    "specs/platform.sc",
    "specs/data_platform.sc",
    "specs/turnstile.sc",
    "specs/concept/producer.sc",
    "specs/templates/quadruple.sc",
    "specs/templates/quintuple.sc",
    "specs/templates/sextuple.sc",
    "specs/templates/septuple.sc",
];

/// Every picture of the specs and the samples, in both directions, laid out once for all tests.
static PICTURES: LazyLock<Vec<(String, Drawing, Scene)>> = LazyLock::new(|| {
    let laid_out = |(name, drawing): (String, Drawing)| {
        let scene = Scene::new(&drawing, Layout::Auto).unwrap();
        (name, drawing, scene)
    };
    drawings().into_iter().map(laid_out).collect()
});

fn drawings() -> Vec<(String, Drawing)> {
    let mut drawings = Vec::new();
    for direction in [Direction::Down, Direction::Right] {
        let options = Options { direction, ..Options::default() };
        for spec in SPECS {
            let model = compile(spec, &Workspace).model.unwrap();
            drawings.extend(pictures(&model, spec, Views::All, &options));
        }
        for machine in [sample::producer(), sample::nested()] {
            drawings.push((machine.name.clone(), super::super::drawing(&machine, &options)));
        }
        let (model, system) = sample::platform();
        drawings.push((system.name.clone(), super::super::drawing_of_system(&model, &system, &options)));
    }
    drawings
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5
}

fn holds(rect: &Rect, point: Place) -> bool {
    point.x > rect.left && point.x < rect.right && point.y > rect.top && point.y < rect.bottom
}

fn upright(rect: &Rect) -> Text {
    Text {
        edge: None,
        lines: Vec::new(),
        at: rect.middle(),
        width: rect.width(),
        height: rect.height(),
        turn: 0.0,
        over: None,
        slope: None,
    }
}

/// Points along a curve, close together.
fn points(curve: &Curve) -> Vec<Place> {
    let mut points = Vec::new();
    let mut from = curve.start;
    for [first, second, end] in &curve.pieces {
        let length = from.distance(*end).max(1.0);
        let steps = (length / 2.0).ceil() as u32;
        for step in 0..=steps {
            let t = f64::from(step) / f64::from(steps);
            let mix = |a: f64, b: f64, c: f64, d: f64| {
                let u = 1.0 - t;
                u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d
            };
            points.push(Place {
                x: mix(from.x, first.x, second.x, end.x),
                y: mix(from.y, first.y, second.y, end.y),
            });
        }
        from = *end;
    }
    points
}

fn is_box(placed: &&Placed) -> bool {
    !matches!(placed.what, What::Frame(_))
}

#[test]
fn nothing_lies_on_anything_else() {
    for (name, _, scene) in &*PICTURES {
        let boxes: Vec<&Placed> = scene.boxes.iter().filter(is_box).collect();
        for (index, placed) in boxes.iter().enumerate() {
            for other in boxes.iter().skip(index + 1) {
                assert!(!overlap(&placed.rect, &other.rect), "{name}: {:?} on {:?}", placed.what, other.what);
            }
        }
        for (index, label) in scene.texts.iter().enumerate() {
            for other in scene.texts.iter().skip(index + 1) {
                assert!(!label.meets(other), "{name}: {:?} on {:?}", label.lines, other.lines);
            }
            for placed in &boxes {
                assert!(
                    !label.meets(&upright(&placed.rect)),
                    "{name}: {:?} on {:?}",
                    label.lines,
                    placed.what
                );
            }
        }
    }
}

#[test]
fn lines_run_around_labels_and_boxes() {
    for (name, drawing, scene) in PICTURES.iter().filter(|(_, drawing, _)| !drawing.polygon) {
        for line in &scene.lines {
            let points = points(&line.curve);
            for label in
                scene.texts.iter().filter(|label| label.edge != Some(line.edge) && label.edge.is_some())
            {
                let rect = Rect {
                    left: label.at.x - label.width / 2.0 + 3.0,
                    top: label.at.y - label.height / 2.0 + 2.0,
                    right: label.at.x + label.width / 2.0 - 3.0,
                    bottom: label.at.y + label.height / 2.0 - 2.0,
                };
                assert!(
                    !points.iter().any(|point| holds(&rect, *point)),
                    "{name}: line {:?} through {:?}",
                    drawing.edges[line.edge].labels,
                    label.lines
                );
            }
        }
    }
}

#[test]
fn every_part_and_edge_has_its_place() {
    for (name, drawing, scene) in &*PICTURES {
        for id in 1..drawing.parts.len() {
            let found = scene
                .boxes
                .iter()
                .filter(|placed| matches!(placed.what, What::Part(part) | What::Frame(part) if part == id));
            assert_eq!(found.count(), 1, "{name}: {}", drawing.parts[id].id);
        }
        let mut drawn: Vec<usize> = scene.lines.iter().map(|line| line.edge).collect();
        drawn.sort_unstable();
        assert_eq!(drawn, (0..drawing.edges.len()).collect::<Vec<_>>(), "{name}");
        let labelled = drawing.edges.iter().filter(|edge| !edge.lines(drawing.columns).is_empty()).count();
        assert_eq!(scene.texts.iter().filter(|text| text.edge.is_some()).count(), labelled, "{name}");
        let page = Rect { left: 0.0, top: 0.0, right: scene.size.x, bottom: scene.size.y };
        assert!(scene.boxes.iter().all(|placed| holds(&page, placed.rect.middle())), "{name}");
    }
}

#[test]
fn children_lie_in_their_frames_and_titles_above_them() {
    for (name, drawing, scene) in &*PICTURES {
        let rect = |id: usize| {
            let own =
                |placed: &&Placed| matches!(placed.what, What::Part(part) | What::Frame(part) if part == id);
            scene.boxes.iter().find(own).unwrap().rect
        };
        for id in 1..drawing.parts.len() {
            let part = &drawing.parts[id];
            if part.parent == 0 {
                continue;
            }
            let (inner, outer) = (rect(id), rect(part.parent));
            assert!(
                inner.left >= outer.left && inner.right <= outer.right && inner.bottom <= outer.bottom,
                "{name}: {} in {inner:?} outside {outer:?}",
                part.id
            );
            assert!(inner.top >= outer.top + 18.0, "{name}: {} covers the title of its frame", part.id);
        }
    }
}

#[test]
fn titles_fit_into_their_boxes() {
    for (name, drawing, scene) in &*PICTURES {
        for placed in &scene.boxes {
            let (What::Part(id) | What::Frame(id)) = placed.what else { continue };
            let part = &drawing.parts[id];
            if matches!(part.shape, Shape::Initial | Shape::Fork) {
                continue;
            }
            for line in super::super::text::wrap(&part.title, drawing.columns) {
                let wide = font::width(&line, 14.0, false);
                let round = part.shape == Shape::Final;
                assert!(round || wide < placed.rect.width(), "{name}: {line} is wider than its box");
            }
        }
    }
}

#[test]
fn svg_is_xml_and_the_same_each_time() {
    for (name, drawing, scene) in &*PICTURES {
        let svg = svg::write(drawing, scene);
        let document = roxmltree::Document::parse(&svg).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(document.root_element().tag_name().name(), "svg");
        if drawing.view == View::Machine {
            assert_eq!(svg, text(drawing, Format::Svg, Layout::Auto).unwrap(), "{name}");
        }
    }
}

#[test]
fn a_row_keeps_labels_apart_and_frames_out() {
    let options = Options { theme: Theme::Documents, ..Options::default() };
    for machine in
        [sample::quadruple(), compile("specs/turnstile.sc", &Workspace).model.unwrap().machines.remove(0)]
    {
        let drawing = super::super::drawing(&machine, &options);
        let scene = Scene::new(&drawing, Layout::Row).unwrap();
        for (index, label) in scene.texts.iter().enumerate() {
            assert!(!scene.texts.iter().skip(index + 1).any(|other| label.meets(other)), "{:?}", label.lines);
        }
        let tex = text(&drawing, Format::Tikz, Layout::Row).unwrap();
        assert!(tex.contains(" of q"), "{tex}");
    }
    let nested = super::super::drawing(&sample::nested(), &options);
    for layout in [Layout::Row, Layout::Polygon] {
        assert!(Scene::new(&nested, layout).is_err());
    }
}

#[test]
fn what_is_too_large_is_said_to_be() {
    let mut drawing = super::super::drawing(&sample::quadruple(), &Options::default());
    let edge = drawing.edges[1].clone();
    drawing.edges.extend(std::iter::repeat_n(edge, 500));
    let why = text(&drawing, Format::Svg, Layout::Layered).unwrap_err().to_string();
    assert!(why.contains("at most 500 are laid out"), "{why}");
}
