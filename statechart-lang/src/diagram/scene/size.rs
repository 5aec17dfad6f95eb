//! How much room parts and labels need.

use super::super::Direction;
use super::super::drawing::{Drawing, Part, Shape};
use super::super::font::room;
use super::super::text::wrap;
use super::{Place, What};

/// Font sizes, in pixels.
pub(in super::super) const TITLE_SIZE: f64 = 14.0;
pub(in super::super) const BODY_SIZE: f64 = 11.0;
pub(in super::super) const LABEL_SIZE: f64 = 12.0;
/// The distance of lines, as a part of the font size.
pub(in super::super) const LINE_HEIGHT: f64 = 1.28;
/// Around the picture.
pub(super) const MARGIN: f64 = 16.0;
/// Between an actor's frame and its states.
pub(super) const BLOCK_MARGIN: f64 = 16.0;

/// The lines of a box's title.
pub(in super::super) fn title_lines(drawing: &Drawing, part: &Part) -> Vec<String> {
    // A circle as wide as a long line would be large.
    let columns = if part.shape == Shape::Final { 12 } else { drawing.columns };
    wrap(&part.title, columns)
}

/// The lines of a box's contents, those that go on indented.
pub(in super::super) fn body_lines(drawing: &Drawing, part: &Part) -> Vec<String> {
    let columns = drawing.columns + 10;
    let mut lines = Vec::new();
    for line in &part.lines {
        for (index, piece) in wrap(line, columns).into_iter().enumerate() {
            lines.push(if index == 0 { piece } else { format!("\u{a0}\u{a0}\u{a0}{piece}") });
        }
    }
    lines
}

fn widest(lines: &[String], size: f64, bold: bool) -> f64 {
    lines.iter().map(|line| room(line, size, bold)).fold(0.0, f64::max)
}

fn place(x: f64, y: f64) -> Place {
    Place { x: x.ceil(), y: y.ceil() }
}

/// The size of a part that is no frame.
pub(super) fn part(drawing: &Drawing, part: &Part) -> Place {
    let title = title_lines(drawing, part);
    let title_height = title.len() as f64 * TITLE_SIZE * LINE_HEIGHT;
    let body = body_lines(drawing, part);
    let body_height = body.len() as f64 * BODY_SIZE * LINE_HEIGHT;
    let body_width = widest(&body, BODY_SIZE, false);
    match part.shape {
        Shape::Initial => place(12.0, 12.0),
        Shape::History | Shape::DeepHistory => place(26.0, 26.0),
        Shape::Fork if drawing.direction == Direction::Down => place(60.0, 5.0),
        Shape::Fork => place(5.0, 60.0),
        Shape::Final => {
            let side = widest(&title, TITLE_SIZE, false).hypot(title_height) + 12.0;
            place(side, side)
        }
        Shape::Actor | Shape::Family | Shape::External | Shape::Storage => {
            let subtitle = room(&part.subtitle, BODY_SIZE, false);
            let bold = matches!(part.shape, Shape::Actor | Shape::Family);
            let width = widest(&title, TITLE_SIZE, bold).max(subtitle).max(body_width);
            let subtitle_height = if part.subtitle.is_empty() { 0.0 } else { BODY_SIZE * LINE_HEIGHT };
            let cap = if part.shape == Shape::Storage { 16.0 } else { 0.0 };
            let stack = if part.shape == Shape::Family { 6.0 } else { 0.0 };
            place(width + 36.0 + stack, title_height + subtitle_height + body_height + 24.0 + cap + stack)
        }
        _ if drawing.blackboard => {
            let side = (widest(&title, TITLE_SIZE, false) + 20.0).max(44.0);
            place(side, side)
        }
        _ => {
            let double = if part.accept { 8.0 } else { 0.0 };
            let width = widest(&title, TITLE_SIZE, !body.is_empty()).max(body_width);
            if body.is_empty() {
                return place(width + 28.0 + double, (title_height + 18.0).max(36.0) + double);
            }
            place(width + 22.0 + double, title_height + body_height + 20.0 + double)
        }
    }
}

/// The room of a frame's title and what it lists.
pub(super) fn frame_header(drawing: &Drawing, part: &Part) -> Place {
    let subtitle = if part.subtitle.is_empty() { 0.0 } else { room(&part.subtitle, BODY_SIZE, false) + 8.0 };
    let body = body_lines(drawing, part);
    let width = (room(&part.title, TITLE_SIZE, true) + subtitle).max(widest(&body, BODY_SIZE, false));
    let double = if part.accept { 5.0 } else { 0.0 };
    place(width + 24.0, TITLE_SIZE * LINE_HEIGHT + body.len() as f64 * BODY_SIZE * LINE_HEIGHT + 8.0 + double)
}

/// The room of the picture's title.
pub(super) fn title(drawing: &Drawing) -> Place {
    let Some(root) = drawing.parts.first() else { return place(0.0, 0.0) };
    let header = frame_header(drawing, root);
    place(header.x, header.y + 8.0)
}

/// The size of a label.
pub(super) fn label(lines: &[String]) -> Place {
    place(widest(lines, LABEL_SIZE, false) + 8.0, lines.len() as f64 * LABEL_SIZE * LINE_HEIGHT + 4.0)
}

/// The size of a pill.
pub(super) fn pill() -> Place {
    place(38.0, 20.0)
}

/// The size of an entry point.
pub(super) fn entry() -> Place {
    place(12.0, 12.0)
}

/// Whether lines end at a part's circle.
pub(super) fn is_round(drawing: &Drawing, what: What) -> bool {
    match what {
        What::Entry(_) => true,
        What::Part(id) => drawing.parts.get(id).is_some_and(|part| match part.shape {
            Shape::Initial | Shape::History | Shape::DeepHistory | Shape::Final => true,
            Shape::State => drawing.blackboard,
            _ => false,
        }),
        What::Frame(_) | What::Any(_) => false,
    }
}
