//! Forms of a [`Run`]: an aligned table for people and snapshots, JSON for programs. Both are a function of
//! the run alone, so they never change between two runs of the same word.

use std::fmt::Write;

use super::{Effect, Row, Run};

/// Headings of the table; a column in which every cell is empty is left out.
const HEADINGS: [&str; 10] =
    ["n", "machine", "before", "symbol", "guard", "after", "outputs", "effects", "context", "note"];

/// Widest that a column is made; a longer cell stands out of line, so that one long cell does not blow up
/// every row.
const WIDTH_LIMIT: usize = 100;

impl Run {
    /// The run as an aligned table with its verdict below.
    ///
    /// ```text
    /// n  before  symbol  after  outputs
    /// 0          start   off
    /// 1  off     FLIP    on     LIT
    /// ends in on
    /// ```
    #[must_use]
    pub fn table(&self) -> String {
        let rows: Vec<[String; HEADINGS.len()]> = self.rows.iter().map(cells).collect();
        let mut columns: Vec<(usize, usize)> = Vec::new();
        for (index, heading) in HEADINGS.iter().enumerate() {
            let lengths = rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.chars().count());
            let longest = lengths.max().unwrap_or(0);
            if longest > 0 {
                columns.push((index, longest.max(heading.chars().count()).min(WIDTH_LIMIT)));
            }
        }
        let mut out = String::new();
        line(&mut out, &columns, |index| HEADINGS.get(index).copied().unwrap_or(""));
        for row in &rows {
            line(&mut out, &columns, |index| row.get(index).map_or("", String::as_str));
        }
        out.push_str(&self.verdict());
        out.push('\n');
        out
    }

    /// The run as one JSON object, with keys in a fixed order and values as a spec spells them.
    #[must_use]
    pub fn json(&self) -> String {
        let mut json = Json::default();
        json.open('{');
        json.text("machine", &self.machine);
        json.text("word", &self.word);
        json.raw("accepted", self.accepted);
        json.raw("acceptor", self.acceptor);
        json.raw("rejected_at", self.rejected_at.map_or_else(|| "null".to_owned(), |at| at.to_string()));
        json.texts("leaves", &self.leaves);
        json.texts("outputs", &self.outputs());
        json.texts("states", &self.states());
        json.text("verdict", &self.verdict());
        json.key("rows");
        json.open('[');
        for row in &self.rows {
            json_row(&mut json, row);
        }
        json.close(']');
        json.close('}');
        json.out.push('\n');
        json.out
    }
}

fn json_row(json: &mut Json, row: &Row) {
    let report = &row.report;
    json.open('{');
    json.raw("n", row.n);
    json.raw("triggered", row.triggered);
    json.text("machine", &row.path);
    json.text("symbol", &row.symbol);
    json.text("event", &report.event);
    json.text("outcome", &report.outcome.to_string());
    json.raw("time_us", report.time_us);
    json.texts("before", &report.before);
    json.texts("after", &report.after);
    json.texts("transitions", &row.transitions);
    json.texts("guards", &row.guards);
    json.texts("outputs", &strings(&report.outputs));
    json.texts("effects", &strings(&report.effects));
    json.key("changes");
    json.open('[');
    for change in &report.changes {
        json.open('{');
        json.text("name", &change.name);
        json.text("old", &change.old.to_string());
        json.text("new", &change.new.to_string());
        json.close('}');
    }
    json.close(']');
    json.texts("recalled", &strings(&report.recalled));
    json.texts("unhandled", &strings(&report.unhandled));
    json.texts("undelivered", &row.undelivered);
    json.close('}');
}

fn strings<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

pub(super) fn cells(row: &Row) -> [String; HEADINGS.len()] {
    let report = &row.report;
    // A step that an earlier row set off shares its number, which is not repeated.
    let n = if row.triggered { String::new() } else { row.n.to_string() };
    let is_shown = |effect: &&Effect| {
        matches!(
            effect,
            Effect::Send { .. }
                | Effect::Cancel { .. }
                | Effect::Spawn { .. }
                | Effect::StopChild { .. }
                | Effect::Start { .. }
                | Effect::Stop { .. }
                | Effect::Act { .. }
                | Effect::Log(_)
        )
    };
    let effects: Vec<String> = report.effects.iter().filter(is_shown).map(ToString::to_string).collect();
    [
        n,
        row.path.clone(),
        report.before.join(", "),
        one_line(&row.symbol),
        row.guards.join(", "),
        report.after.join(", "),
        strings(&report.outputs).join(" "),
        effects.join(", "),
        strings(&report.changes).join(", "),
        row.note(),
    ]
    .map(|cell| one_line(&cell))
}

/// A cell holds one line: white space of any kind becomes one space.
fn one_line(text: &str) -> String {
    if text.contains(['\n', '\r', '\t']) {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        text.to_owned()
    }
}

fn line<'a>(out: &mut String, columns: &[(usize, usize)], cell: impl Fn(usize) -> &'a str) {
    let mut written = String::new();
    for (index, width) in columns {
        let cell = cell(*index);
        written.push_str(cell);
        written.push_str(&" ".repeat(2 + width.saturating_sub(cell.chars().count())));
    }
    out.push_str(written.trim_end());
    out.push('\n');
}

/// Writes JSON, two spaces a level; arrays of strings stay on one line.
#[derive(Default)]
struct Json {
    out: String,
    depth: usize,
    /// Whether something stands before the next item on this level.
    follows: bool,
    /// Whether a key was just written.
    keyed: bool,
}

impl Json {
    fn item(&mut self) {
        if std::mem::take(&mut self.keyed) {
            return;
        }
        if self.follows {
            self.out.push(',');
        }
        if self.depth > 0 {
            self.out.push('\n');
            self.out.push_str(&"  ".repeat(self.depth));
        }
    }

    fn open(&mut self, bracket: char) {
        self.item();
        self.out.push(bracket);
        self.depth += 1;
        self.follows = false;
    }

    fn close(&mut self, bracket: char) {
        self.depth = self.depth.saturating_sub(1);
        if self.follows {
            self.out.push('\n');
            self.out.push_str(&"  ".repeat(self.depth));
        }
        self.out.push(bracket);
        self.follows = true;
    }

    fn key(&mut self, name: &str) {
        self.item();
        self.out.push_str(&escape(name));
        self.out.push_str(": ");
        self.keyed = true;
    }

    fn raw(&mut self, name: &str, value: impl std::fmt::Display) {
        self.key(name);
        self.keyed = false;
        self.out.push_str(&value.to_string());
        self.follows = true;
    }

    fn text(&mut self, name: &str, value: &str) {
        self.raw(name, escape(value));
    }

    fn texts(&mut self, name: &str, values: &[String]) {
        let values: Vec<String> = values.iter().map(|value| escape(value)).collect();
        self.raw(name, format!("[{}]", values.join(", ")));
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
