//! `statechart check`: everything that is wrong with some specifications, their examples included.

use clap::Args;
use serde::Serialize;
use statechart_lang::{Compiled, Severity};

use crate::error::Error;
use crate::{Outcome, output, spec};

/// Check specifications and their imports, run their examples, and report every mistake at once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart check specs/producer.sc
  statechart check specs/*.sc --json > diagnostics.json

With --json, stdout is one array of {file, line, column, end_line, end_column, code, severity, message,
help}; lines and columns count from 1, columns count characters, the end is exclusive, help may be null.")]
pub(crate) struct Check {
    /// The specifications.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Write the diagnostics to stdout as JSON, for editors and scripts.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        let mut worst = Outcome::Good;
        let mut rows = Vec::new();
        for path in &self.files {
            let (mut compiled, outcome) = spec::compile(path);
            compiled.check_examples();
            worst = worst.max(outcome).max(if compiled.has_errors() { Outcome::Bad } else { Outcome::Good });
            if self.json {
                rows.extend(diagnostics(&compiled));
                continue;
            }
            output::note(&compiled.render(output::colour()));
            output::result(&format!("{path}: {}\n", spec::summary(&compiled)), None)?;
        }
        if self.json {
            // Files that import the same file report its mistakes once.
            let mut seen = std::collections::BTreeSet::new();
            rows.retain(|row: &Row| seen.insert(row.clone()));
            let mut text = serde_json::to_string_pretty(&rows)
                .map_err(|why| Error::Write { to: "the diagnostics as JSON".to_owned(), why: why.into() })?;
            text.push('\n');
            output::result(&text, None)?;
        }
        Ok(worst)
    }
}

/// A diagnostic as editors want it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Row {
    file: String,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    code: &'static str,
    severity: &'static str,
    message: String,
    help: Option<String>,
}

fn diagnostics(compiled: &Compiled) -> Vec<Row> {
    let row = |diagnostic: &statechart_lang::Diagnostic| {
        let span = diagnostic.primary.span;
        let source = compiled.sources.get(span.file);
        let (line, column) = source.map_or((1, 1), |source| source.position(span.start));
        let (end_line, end_column) = source.map_or((1, 1), |source| source.position(span.end));
        Row {
            file: source.map_or_else(String::new, |source| source.path.clone()),
            line,
            column,
            end_line,
            end_column,
            code: diagnostic.code.id(),
            severity: match diagnostic.severity() {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
        }
    };
    compiled.diagnostics.iter().map(row).collect()
}
