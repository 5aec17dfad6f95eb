//! `statechart fmt`: one layout for every specification.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
    time::Duration,
};

use clap::Args;
use similar::TextDiff;
use statechart_lang::format::{self, Refusal};

use crate::error::Error;
use crate::{Outcome, loader, output};

/// Format specifications in place, or say how they differ from their layout.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  statechart fmt specs/*.sc
  statechart fmt --check specs/*.sc
  statechart fmt --stdin < draft.sc > draft.formatted.sc

A file is replaced in one step, and only when its layout changes. A file with syntax errors is left as it is
and its errors are shown. The exit code is 1 then, and with --check when a file is not formatted.")]
pub(crate) struct Fmt {
    /// The specifications.
    #[arg(required_unless_present = "stdin", value_name = "FILE")]
    files: Vec<String>,
    /// Write nothing; print what would change as a unified diff.
    #[arg(long)]
    check: bool,
    /// Read one specification from stdin and write it to stdout.
    #[arg(long, conflicts_with = "files")]
    stdin: bool,
}

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// How long the smallest difference is looked for: texts of many thousand lines that all differ would take minutes.
const DIFF_TIME: Duration = Duration::from_secs(2);

impl Fmt {
    pub(crate) fn run(self) -> Result<Outcome, Error> {
        if self.stdin {
            let mut bytes = Vec::new();
            let limit = loader::SIZE_LIMIT + 1;
            let read = io::stdin().lock().take(limit).read_to_end(&mut bytes);
            let read = read.map_err(|why| why.to_string()).and_then(|_| loader::text(bytes));
            let text = read.map_err(|why| Error::Read { path: "stdin".to_owned(), why })?;
            let Some(formatted) = formatted("stdin", &text) else { return Ok(Outcome::Bad) };
            return if self.check {
                compare("stdin", &text, &formatted)
            } else {
                output::result(&formatted, None).map(|()| Outcome::Good)
            };
        }
        let mut worst = Outcome::Good;
        for path in &self.files {
            let text = match loader::read(path) {
                Ok(text) => text,
                Err(why) => {
                    output::complain(&Error::Read { path: path.clone(), why });
                    worst = worst.max(Outcome::Unreadable);
                    continue;
                }
            };
            let outcome = match formatted(path, &text) {
                None => Outcome::Bad,
                Some(formatted) if self.check => compare(path, &text, &formatted)?,
                Some(formatted) if formatted == text => Outcome::Good,
                Some(formatted) => {
                    replace(Path::new(path), &formatted)
                        .map_err(|why| Error::Write { to: format!("`{path}`"), why })?;
                    output::note(&format!("{path}: formatted\n"));
                    Outcome::Good
                }
            };
            worst = worst.max(outcome);
        }
        Ok(worst)
    }
}

/// The text in its layout; why there is none goes to stderr.
fn formatted(path: &str, text: &str) -> Option<String> {
    match format::format(path, text) {
        Ok(text) => Some(text),
        Err(refusal) => {
            output::note(&refusal.render(output::colour()));
            if matches!(refusal, Refusal::Broken { .. }) {
                output::note(&format!("{path}: not formatted, because it has syntax errors\n"));
            }
            None
        }
    }
}

/// Prints how a file differs from its layout.
fn compare(path: &str, text: &str, formatted: &str) -> Result<Outcome, Error> {
    if text == formatted {
        return Ok(Outcome::Good);
    }
    let diff = TextDiff::configure().timeout(DIFF_TIME).diff_lines(text, formatted);
    let mut shown = diff.unified_diff();
    let header = format!("{path} (formatted)");
    output::result(&shown.context_radius(CONTEXT).header(path, &header).to_string(), None)?;
    Ok(Outcome::Bad)
}

/// Replaces a file in one step: whoever reads it sees the old text or the new one, also after a crash.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // The file itself, where the path is a link to it.
    let path = path.canonicalize()?;
    let directory = path.parent().ok_or_else(|| io::Error::other("the file has no directory"))?;
    let permissions = fs::metadata(&path)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"));
    }
    let mut file = tempfile::Builder::new()
        .prefix(".statechart-fmt-")
        .permissions(permissions)
        .tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}
