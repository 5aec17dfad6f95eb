//! `statechart import`: a chart of another system as a specification.

use clap::Args;
use serde::Serialize;
use statechart_lang::interchange::{ImportOptions, Imported, Note, import_scxml, import_xstate};

use crate::error::Error;
use crate::loader::{self, FileLoader};
use crate::{Outcome, output};

/// Turn an SCXML document or an XState configuration into a specification.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart import door.scxml -o door.sc
  statechart import door.scxml --lossy | statechart fmt --stdin | less
  statechart import machine.json -o machine.sc

SCXML is the W3C's, with the ECMAScript data model; XState is version 5, the configuration as JSON.
What JavaScript implements by name (guards, actions, actors) becomes `extern`.

What cannot be carried over is named with its line and column. Where it changes what the machine does, nothing is
written and the exit code is 1, unless --lossy is given: then comments stand where something is missing.")]
pub(crate) struct Import {
    /// The document: .scxml or .xml, or .json for XState.
    file: String,
    /// Write to a file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
    /// Write the specification even where it behaves differently from the document.
    #[arg(long)]
    lossy: bool,
    /// The result as JSON: the specification's text, notes, and how states and events are called.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    faithful: bool,
    machine: &'a str,
    text: &'a str,
    notes: Vec<Row<'a>>,
    states: &'a std::collections::BTreeMap<String, String>,
    events: &'a std::collections::BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Row<'a> {
    line: u32,
    column: u32,
    lost: bool,
    text: &'a str,
}

impl Import {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let text = loader::read(&self.file).map_err(|why| Error::Read { path: self.file.clone(), why })?;
        let files = FileLoader::default();
        let options = ImportOptions { path: &self.file, loader: &files, events: &[] };
        let is_xml = text.trim_start().starts_with('<');
        let imported = if is_xml { import_scxml(&text, &options) } else { import_xstate(&text, &options) };
        let imported = match imported {
            Ok(imported) => imported,
            Err(error) => {
                let at = if error.at.line > 0 { format!(":{}", error.at) } else { String::new() };
                let help = "this command reads SCXML (.scxml) and XState configurations (.json)";
                output::mistake(&format!("{}{at}: {}", self.file, error.text), Some(help));
                return Ok(Outcome::Bad);
            }
        };
        let faithful = imported.is_faithful();
        if self.json {
            output::result(&output::json_text(&report(&imported))?, self.output.as_deref())?;
            return Ok(if faithful || self.lossy { Outcome::Good } else { Outcome::Bad });
        }
        for note in &imported.notes {
            self.show(note);
        }
        if !faithful && !self.lossy {
            let lost = imported.notes.iter().filter(|note| note.lost).count();
            let what = if lost == 1 { "1 thing is" } else { &format!("{lost} things are") };
            output::mistake(
                &format!("{}: {what} not carried over, so the machine would behave differently", self.file),
                Some("change the document, or write what there is with --lossy and mend it by hand"),
            );
            return Ok(Outcome::Bad);
        }
        output::result(&imported.text, self.output.as_deref())?;
        Ok(Outcome::Good)
    }

    fn show(&self, note: &Note) {
        let at = if note.at.line > 0 { format!(":{}", note.at) } else { String::new() };
        let kind =
            if note.lost { "\u{1b}[1;33mnot carried over\u{1b}[0m" } else { "\u{1b}[1;36mnote\u{1b}[0m" };
        output::note(&format!("{kind}: {}{at}: {}\n", self.file, note.text));
    }
}

fn report(imported: &Imported) -> Report<'_> {
    Report {
        faithful: imported.is_faithful(),
        machine: &imported.machine,
        text: &imported.text,
        notes: imported
            .notes
            .iter()
            .map(|note| Row { line: note.at.line, column: note.at.column, lost: note.lost, text: &note.text })
            .collect(),
        states: &imported.states,
        events: &imported.events,
    }
}
