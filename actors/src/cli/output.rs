//! Where results, remarks and logs go.
//!
//! Texts carry ANSI colours throughout; the streams here take them out where nobody would see them (no terminal,
//! `NO_COLOR`). Log lines and remarks are written above a progress bar, never through it.

use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::OnceLock,
};

use indicatif::MultiProgress;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use super::error::CliError;

/// Text styles; [`RESET`](style::RESET) ends each.
pub(crate) mod style {
    pub(crate) const RESET: &str = "\u{1b}[0m";
    pub(crate) const BOLD: &str = "\u{1b}[1m";
    pub(crate) const DIM: &str = "\u{1b}[2m";
    pub(crate) const UP: &str = "\u{1b}[32m";
    pub(crate) const DOWN: &str = "\u{1b}[31m";
    pub(crate) const NAME: &str = "\u{1b}[36m";
    pub(crate) const WARN: &str = "\u{1b}[33m";
}

/// Widest screen that is filled, in columns; longer lines are hard to read.
const MAX_COLUMNS: usize = 120;

/// All bars of this process, so that other output can step aside.
pub(crate) fn bars() -> &'static MultiProgress {
    static BARS: OnceLock<MultiProgress> = OnceLock::new();
    BARS.get_or_init(MultiProgress::new)
}

/// Whether lines may move: stderr, where bars are drawn, is a terminal.
pub(crate) fn moves() -> bool {
    io::stderr().is_terminal()
}

/// Columns to fill: the terminal's, at most 120; 100 without a terminal.
pub(crate) fn columns() -> usize {
    let stdout = console::Term::stdout();
    if stdout.is_term() { usize::from(stdout.size().1).clamp(40, MAX_COLUMNS) } else { 100 }
}

/// Writes to stdout, as it is.
///
/// # Errors
/// `Io`; a reader that has gone is one, see [`CliError::is_broken_pipe`].
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    let written = bars().suspend(|| {
        let mut stdout = anstream::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
    });
    written.map_err(|source| CliError::Io { doing: "write to", what: "stdout".into(), source })
}

/// Writes a line to stderr. That stderr is gone cannot be told to anyone.
pub(crate) fn note(text: &str) {
    bars().suspend(|| {
        let mut stderr = anstream::stderr().lock();
        let _ = writeln!(stderr, "{text}");
    });
}

/// A remark that something will not go as the user may expect.
pub(crate) fn warn(text: &str) {
    note(&format!("{}warning{}: {text}", style::WARN, style::RESET));
}

/// Sends tracing to stderr.
///
/// # Errors
/// `Setting` when the filter cannot be read.
pub(crate) fn log_to_stderr(flag: Option<&str>) -> Result<(), CliError> {
    let from_env = std::env::var("RUST_LOG").ok().filter(|filter| !filter.trim().is_empty());
    let (place, filter) = match (flag, from_env) {
        (Some(flag), _) => ("--log-level", flag.to_owned()),
        (None, Some(filter)) => ("RUST_LOG", filter),
        (None, None) => ("--log-level", "warn".to_owned()),
    };
    // The broker's client reports each of its attempts; what becomes of them is our own message.
    let all = if filter.contains("rskafka") { filter.clone() } else { format!("rskafka=off,{filter}") };
    let filter = EnvFilter::try_new(&all).map_err(|error| CliError::Setting {
        place: place.into(),
        value: filter.clone(),
        reason: format!(
            "{error}; give error, warn, info, debug, trace, or a filter like `actors=debug,sqlx=warn`"
        ),
    })?;
    // Fails only when a subscriber is set already, as in tests: then that one stays.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_writer(AboveBars)
        .try_init();
    Ok(())
}

/// Stderr that steps over the progress bars.
struct AboveBars;

impl io::Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        bars().suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'a> MakeWriter<'a> for AboveBars {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}
