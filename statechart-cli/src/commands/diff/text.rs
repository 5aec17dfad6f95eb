//! A comparison for people.

use super::view::{Row, Side, View, Word};
use crate::style::{Style, paint};
use crate::tree::Tree;

const AREAS: [(&str, &str); 8] = [
    ("machine", "machine"),
    ("event", "events"),
    ("output", "outputs"),
    ("context", "context"),
    ("extern", "externs"),
    ("state", "states"),
    ("transition", "transitions"),
    ("claim", "claims"),
];

pub(super) fn render(view: &View) -> String {
    let mut text = String::new();
    if view.changes.is_empty() {
        text.push_str("nothing differs but, perhaps, comments and layout\n");
    }
    for (area, title) in AREAS {
        let rows: Vec<&Row> = view.changes.iter().filter(|row| row.area == area).collect();
        if rows.is_empty() {
            continue;
        }
        text.push_str(&format!("{}\n", paint(Style::Bold, title)));
        for row in rows {
            text.push_str(&change(row));
        }
    }
    text.push_str(&format!("{}\n", paint(Style::Bold, "behaviour")));
    text.push_str(&format!("  {}\n", view.behaviour.verdict));
    let inside = view.behaviour.inside.iter().map(|word| ("other states are active", word));
    let outside = view.behaviour.outside.iter().map(|word| ("seen from outside", word));
    for (what, word) in inside.chain(outside) {
        text.push_str(&witness(what, word));
    }
    if !view.behaviour.untried.is_empty() {
        let untried = view.behaviour.untried.join(", ");
        text.push_str(&format!("  not tried, because only one version has them like that: {untried}\n"));
    }
    text.push_str(&format!("{}\n", paint(Style::Bold, "snapshots")));
    if view.migration.is_some() {
        text.push_str(&format!(
            "  {} → {}: `--format migration` drafts what the new version has to say\n",
            view.old.fingerprint, view.new.fingerprint
        ));
    } else {
        text.push_str(&format!(
            "  {}: those of the old version are read as they are\n",
            view.old.fingerprint
        ));
    }
    text
}

fn change(row: &Row) -> String {
    let (sign, style) = match row.kind {
        "added" => ("+", Style::Green),
        "removed" => ("-", Style::Red),
        _ => ("~", Style::Yellow),
    };
    let note = match row.kind {
        "moved" | "renamed" => format!("  ({})", row.kind),
        _ => String::new(),
    };
    let mut text = format!("  {}{note}\n", paint(style, &format!("{sign} {}", one_line(&row.what))));
    for detail in &row.details {
        text.push_str(&format!("      {}\n", one_line(detail)));
    }
    text
}

fn witness(what: &str, word: &Word) -> String {
    let mut tree = Tree::new(format!("  {}  ({what})", paint(Style::Bold, &word.word)));
    for (name, side) in [("old", &word.old), ("new", &word.new)] {
        tree.extend([format!("{name}: {}", said(side))]);
    }
    tree.render().replace('\n', "\n  ").trim_end().to_owned() + "\n"
}

fn said(side: &Side) -> String {
    let states = if side.states.is_empty() { "no state".to_owned() } else { side.states.join(", ") };
    let mut parts = vec![format!("in {states}")];
    parts.extend(side.effects.iter().map(|effect| one_line(effect)));
    let fate = if side.refused { "refused" } else { "unhandled" };
    parts.extend(side.unhandled.iter().map(|event| format!("{} is {fate}", one_line(event))));
    if side.refused && side.unhandled.is_empty() {
        parts.push("the event is refused".to_owned());
    }
    if side.accepts {
        parts.push("accepts".to_owned());
    }
    if side.done {
        parts.push("is done".to_owned());
    }
    parts.join("; ")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
