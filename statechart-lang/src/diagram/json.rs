//! A drawing as JSON, for other programs: every part and every transition, with names instead of positions.

use serde_json::{Map, Value, json};

use super::Direction;
use super::drawing::{Drawing, Edge, EdgeKind, Label, Part, PartId, Shape, Tone, View};
use super::label::Stroke;

/// The text, indented.
pub(super) fn write(drawing: &Drawing) -> String {
    let root = drawing.parts.first();
    let parts: Vec<Value> =
        drawing.parts.iter().enumerate().skip(1).map(|(id, part)| part_value(drawing, id, part)).collect();
    let edges: Vec<Value> = drawing.edges.iter().map(|edge| edge_value(drawing, edge)).collect();
    let value = json!({
        "name": drawing.name,
        "title": root.map_or("", |part| part.title.as_str()),
        "view": match drawing.view {
            View::Machine => "machine",
            View::System => "system",
            View::Flow => "flow",
        },
        "direction": match drawing.direction {
            Direction::Down => "down",
            Direction::Right => "right",
        },
        "lines": root.map_or(&[][..], |part| part.lines.as_slice()),
        "parts": parts,
        "edges": edges,
    });
    // A value made of texts, numbers and lists always has a text.
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

fn part_value(drawing: &Drawing, id: PartId, part: &Part) -> Value {
    let mut row = Map::new();
    row.insert("id".to_owned(), json!(part.id));
    row.insert("shape".to_owned(), json!(shape(part.shape)));
    put(&mut row, "title", &part.title);
    put(&mut row, "subtitle", &part.subtitle);
    put(&mut row, "doc", &part.doc);
    put(&mut row, "outer", part.outer.as_deref().unwrap_or_default());
    if part.parent > 0 {
        row.insert("in".to_owned(), json!(name(drawing, part.parent)));
    }
    if !part.lines.is_empty() {
        row.insert("lines".to_owned(), json!(part.lines));
    }
    if part.accept {
        row.insert("accept".to_owned(), json!(true));
    }
    if part.region {
        row.insert("region".to_owned(), json!(true));
    }
    tone(&mut row, &part.tone);
    let ink = drawing.ink(id, part);
    row.insert("fill".to_owned(), json!(ink.fill));
    Value::Object(row)
}

fn edge_value(drawing: &Drawing, edge: &Edge) -> Value {
    let mut row = Map::new();
    row.insert("from".to_owned(), json!(name(drawing, edge.from)));
    row.insert("to".to_owned(), json!(name(drawing, edge.to)));
    row.insert(
        "kind".to_owned(),
        json!(match edge.kind {
            EdgeKind::Initial => "initial",
            EdgeKind::Transition => "transition",
            EdgeKind::Branch => "branch",
            EdgeKind::Wire => "wire",
        }),
    );
    let stroke = match edge.stroke {
        Stroke::Solid => "",
        Stroke::Dotted => "dotted",
        Stroke::Dashed => "dashed",
    };
    put(&mut row, "stroke", stroke);
    put(&mut row, "doc", &edge.doc);
    let labels: Vec<Value> = edge.labels.iter().map(label).collect();
    if !labels.is_empty() {
        row.insert("labels".to_owned(), json!(labels));
    }
    tone(&mut row, &edge.tone);
    Value::Object(row)
}

fn label(label: &Label) -> Value {
    let mut row = Map::new();
    if let Some(id) = label.transition {
        row.insert("transition".to_owned(), json!(id));
    }
    for (key, text) in
        [("event", &label.event), ("guard", &label.guard), ("actions", &label.actions), ("note", &label.note)]
    {
        put(&mut row, key, text);
    }
    Value::Object(row)
}

fn tone(row: &mut Map<String, Value>, tone: &Tone) {
    match tone {
        Tone::Plain => {}
        Tone::Error => put(row, "tone", "error"),
        Tone::Paint(paint) => {
            put(row, "tone", paint.hue.name());
            row.insert("weight".to_owned(), json!(paint.weight));
        }
    }
}

fn put(row: &mut Map<String, Value>, key: &str, text: &str) {
    if !text.is_empty() {
        row.insert(key.to_owned(), json!(text));
    }
}

/// The root goes by the name of the picture.
fn name(drawing: &Drawing, part: PartId) -> &str {
    match part {
        0 => &drawing.name,
        _ => drawing.parts.get(part).map_or("", |part| part.id.as_str()),
    }
}

fn shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Picture => "picture",
        Shape::State => "state",
        Shape::Final => "final",
        Shape::Initial => "initial",
        Shape::History => "history",
        Shape::DeepHistory => "deep-history",
        Shape::Fork => "fork",
        Shape::Actor => "actor",
        Shape::Family => "family",
        Shape::External => "external",
        Shape::Storage => "storage",
    }
}
