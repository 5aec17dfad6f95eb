//! More forms of a [`Run`]: CSV for spreadsheets, Mermaid for pages, and the text that tests keep of a file of words.

use std::fmt::Write as _;

use super::{NamedWord, Run, Stage, render::cells};
use crate::{
    Loader, compile,
    model::{Model, names},
};

/// The first line of [`Run::csv`]'s table.
pub const CSV_HEADING: &str =
    "word,n,triggered,machine,before,symbol,guard,after,outputs,effects,context,note,accepted\n";

impl Run {
    /// One line a row of the run, without a heading ([`CSV_HEADING`] is that), fields in quotes where they have to be
    /// (RFC 4180, lines ended by a line feed). The first column is what the caller calls the word.
    #[must_use]
    pub fn csv(&self, name: &str) -> String {
        let mut out = String::new();
        for row in &self.rows {
            let [_, machine, before, symbol, guard, after, outputs, effects, context, note] = cells(row);
            let fields = [
                name.to_owned(),
                row.n.to_string(),
                row.triggered.to_string(),
                machine,
                before,
                symbol,
                guard,
                after,
                outputs,
                effects,
                context,
                note,
                self.is_accepted().to_string(),
            ];
            let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
            out.push_str(&fields.join(","));
            out.push('\n');
        }
        out
    }

    /// Whether the word is one of the machine's language; a machine that accepts nothing explicitly accepts what it
    /// does not refuse.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        if self.acceptor { self.accepted } else { self.rejected_at.is_none() }
    }
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// Runs as one Mermaid flowchart: a box for each configuration q₀…qₙ, an arrow for each step with its symbol, guard,
/// outputs and changes. The last box is doubled where the word is accepted. Several runs have a frame each.
#[must_use]
pub fn mermaid_runs<'a>(runs: impl IntoIterator<Item = (&'a str, &'a Run)>) -> String {
    let runs: Vec<(&str, &Run)> = runs.into_iter().collect();
    let mut out = String::from("flowchart LR\n");
    for (index, (name, run)) in runs.iter().enumerate() {
        let framed = runs.len() > 1;
        let indent = if framed { "    " } else { "  " };
        if framed {
            let _ = writeln!(out, "  subgraph w{index}[\"{}\"]\n    direction LR", escaped(name));
        }
        let _ = writeln!(out, "{indent}w{index}s((\" \"))");
        let mut before = format!("w{index}s");
        for (at, row) in run.rows.iter().enumerate() {
            let node = format!("w{index}q{at}");
            let states =
                if row.report.after.is_empty() { "-".to_owned() } else { row.report.after.join(", ") };
            let is_last = at + 1 == run.rows.len();
            let (open, close) =
                if is_last && run.acceptor && run.accepted { ("[[", "]]") } else { ("[", "]") };
            let _ = writeln!(out, "{indent}{node}{open}\"{}\"{close}", escaped(&states));
            let _ = writeln!(out, "{indent}{before} -->|\"{}\"| {node}", edge(row));
            before = node;
        }
        if framed {
            out.push_str("  end\n");
        }
    }
    out
}

/// `COIN [n < 3] / UNLOCK; coins: 0 → 1`.
fn edge(row: &super::Row) -> String {
    let [_, machine, _, symbol, guard, _, outputs, _, context, note] = cells(row);
    let mut text = if machine.is_empty() { symbol } else { format!("{machine}: {symbol}") };
    for (part, before, after) in
        [(guard, " [", "]"), (outputs, " / ", ""), (context, "; ", ""), (note, " (", ")")]
    {
        if !part.is_empty() {
            let _ = write!(text, "{before}{part}{after}");
        }
    }
    escaped(&text)
}

/// Mermaid's entities: what would end a label or begin a tag.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '#' => out.push_str("#35;"),
            '"' => out.push_str("#quot;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '&' => out.push_str("#amp;"),
            '|' => out.push_str("#124;"),
            '`' => out.push_str("#96;"),
            other => out.push(other),
        }
    }
    out
}

/// What every word of a file does: its name and text, then its table. This is what tests keep as a snapshot.
#[must_use]
pub fn tables(stage: &Stage<'_>, words: &[NamedWord]) -> String {
    let mut out = String::new();
    for named in words {
        let name = named.name.as_deref().unwrap_or("-");
        let _ = writeln!(out, "{name}: {}\n{}", named.word.text, stage.run(&named.word).table());
    }
    out
}

/// The same from the files: the specification, and the text of the words that belong to it. `statechart_lang`'s macro
/// `assert_words!` calls it for each file of a directory.
///
/// # Errors
/// What is wrong with the specification or with the words, for people.
pub fn tables_of(spec: &str, words: &str, loader: &dyn Loader) -> Result<String, String> {
    let compiled = compile(spec, loader);
    let Some(model) = &compiled.model else { return Err(compiled.render(false)) };
    let stage = stage_of(model, spec)?;
    let words = stage.words(words).map_err(|errors| {
        let errors: Vec<String> =
            errors.iter().map(|error| format!("in the words of `{spec}`: {error}")).collect();
        errors.join("\n")
    })?;
    Ok(tables(&stage, &words))
}

/// What a file of words is meant for: the only machine of the specification, else the one that is called like the
/// file, else the last one, which may start those before it; else the actors of its system.
fn stage_of<'m>(model: &'m Model, spec: &str) -> Result<Stage<'m>, String> {
    let stem = spec.rsplit(['/', '\\']).next().unwrap_or(spec).trim_end_matches(".sc");
    let own = || model.own_machines();
    let named = own().find(|machine| names::snake(&machine.name) == names::snake(stem));
    if let Some(machine) = named.or_else(|| own().last()) {
        return Ok(Stage::of(model, machine));
    }
    let system = model.systems.iter().find(|system| system.span.file.0 == 0);
    system.map(|system| Stage::of_actors(model, system)).ok_or_else(|| {
        format!(
            "`{spec}` declares no machine, so its words cannot be run; put them beside the file that does"
        )
    })
}
