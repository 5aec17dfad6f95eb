//! `statechart export`: a machine in the form of another system.

use clap::{Args, ValueEnum};
use statechart_lang::interchange::{export_scxml, export_xstate};

use crate::error::Error;
use crate::{Outcome, output, spec};

/// Write a machine as an SCXML document or an XState configuration.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart export specs/turnstile.sc --format scxml -o turnstile.scxml
  statechart export specs/turnstile.sc --format xstate | jq .states
  statechart export specs/data_platform.sc --format xstate --machine Producer

What the format has no word for is named on stderr: deferral and `strict` in both, expressions and data of states in
XState. What is written without such a note, `statechart import` reads back as a machine that does the same.")]
pub(crate) struct Export {
    /// The specification.
    file: String,
    /// What reads the result.
    #[arg(long, value_enum)]
    format: Format,
    /// The machine, when the file declares several or imports it.
    #[arg(long, value_name = "NAME")]
    machine: Option<String>,
    /// Write to a file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// The W3C's State Chart XML, with the ECMAScript data model.
    Scxml,
    /// The configuration of an XState machine, version 5, as JSON.
    Xstate,
}

impl Export {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let model = match spec::open(&self.file) {
            Ok(model) => model,
            Err(outcome) => return Ok(outcome),
        };
        let machine = spec::machine(&model, &self.file, self.machine.as_deref())?;
        let exported = match self.format {
            Format::Scxml => export_scxml(&model, machine),
            Format::Xstate => export_xstate(&model, machine),
        };
        for note in &exported.notes {
            let kind =
                if note.lost { "\u{1b}[1;33mnot carried over\u{1b}[0m" } else { "\u{1b}[1;36mnote\u{1b}[0m" };
            output::note(&format!("{kind}: {}: {}\n", machine.name, note.text));
        }
        output::result(&exported.text, self.output.as_deref())?;
        Ok(Outcome::Good)
    }
}
