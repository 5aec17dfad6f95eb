//! `platform reset`: deletes what the platform has stored, and nothing else.

use std::{
    fs,
    io::{self, BufRead as _, IsTerminal as _},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    demo,
    error::CliError,
    output::{
        self,
        style::{BOLD, DIM, RESET},
    },
};
use crate::{
    lock::{self, DATA_FILE, DataDirLock},
    platform::SPOOL_FILE,
};

/// Deletes the data of a data directory: trades, candles, log, offsets.
///
/// Only files that the platform itself writes are deleted, only from a directory that it has used, and never while a
/// process uses it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Reset {
    /// The directory, as given to `platform run`
    #[arg(long, value_name = "DIR", default_value = "platform-data")]
    data_dir: PathBuf,
    /// Does not ask
    #[arg(long)]
    yes: bool,
}

const EXAMPLES: &str = "\
Examples:
  platform reset --data-dir ./data
  platform reset --data-dir ./data --yes";

/// A file that would be deleted.
#[derive(Debug, PartialEq, Eq)]
struct Doomed {
    name: String,
    bytes: u64,
}

impl Reset {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let dir = &self.data_dir;
        let refuse = |why| CliError::NoDataDir { dir: dir.clone(), why };
        if !dir.exists() {
            return Err(refuse("does not exist"));
        }
        if !dir.is_dir() {
            return Err(refuse("is not a directory"));
        }
        if !lock::is_data_dir(dir) {
            return Err(refuse("is not a data directory of this program"));
        }
        // Held to the end: no platform may start on half of its files. The lock file itself stays, because a process
        // that waits for a deleted one would hold a lock that nobody else can see.
        let _lock = DataDirLock::acquire(dir)?;
        let doomed = doomed(dir)?;
        if doomed.is_empty() {
            return output::print(&format!("{} holds no data; nothing to delete\n", dir.display()));
        }
        output::print(&listed(dir, &doomed))?;
        if !self.yes {
            confirm()?;
        }
        for file in &doomed {
            let path = dir.join(&file.name);
            fs::remove_file(&path).map_err(|source| CliError::Io {
                doing: "delete",
                what: path.display().to_string(),
                source,
            })?;
        }
        output::print("deleted\n")
    }
}

/// Whether the platform writes files of this name.
fn is_ours(name: &str) -> bool {
    let database = [DATA_FILE, SPOOL_FILE].iter().any(|file| {
        let rest = name.strip_prefix(file);
        rest.is_some_and(|rest| ["", "-wal", "-shm", "-journal"].contains(&rest))
    });
    database || name == demo::NOTE_FILE
}

/// The files that are there, by name.
fn doomed(dir: &Path) -> Result<Vec<Doomed>, CliError> {
    let failed = |source| CliError::Io { doing: "list", what: dir.display().to_string(), source };
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().map_err(failed)?;
        if is_ours(&name) && kind.is_file() {
            out.push(Doomed { name, bytes: entry.metadata().map_err(failed)?.len() });
        }
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(out)
}

/// What the user is shown before the question.
fn listed(dir: &Path, doomed: &[Doomed]) -> String {
    let mut out = format!("{BOLD}{}{RESET}\n", dir.display());
    let width = doomed.iter().map(|file| file.name.len()).max().unwrap_or(0);
    for file in doomed {
        out.push_str(&format!("  {:<width$}  {DIM}{:>9}{RESET}\n", file.name, size(file.bytes)));
    }
    out
}

/// `640 B`, `12.3 MB`.
fn size(bytes: u64) -> String {
    let value = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", value / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", value / 1e6),
        _ => format!("{:.1} GB", value / 1e9),
    }
}

/// Asks; only a yes is one.
fn confirm() -> Result<(), CliError> {
    if !io::stdin().is_terminal() {
        return Err(CliError::NotConfirmed("there is no terminal to ask at"));
    }
    output::print("Delete these files? They cannot be brought back. [y/N] ")?;
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.map_err(|source| CliError::Io { doing: "read", what: "the answer".into(), source })?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(CliError::NotConfirmed("the answer was not yes")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_our_files_of_our_directory() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().to_owned();
        let reset = || Reset { data_dir: dir.clone(), yes: true }.run();
        let wal = format!("{DATA_FILE}-wal");
        for name in [DATA_FILE, wal.as_str(), "notes.txt", "other.sqlite"] {
            fs::write(dir.join(name), "12345").unwrap();
        }
        // Not used by the platform yet.
        assert!(matches!(reset(), Err(CliError::NoDataDir { .. })));
        let lock = DataDirLock::acquire(&dir).unwrap();
        assert!(matches!(reset(), Err(CliError::Lock(_))));
        drop(lock);
        assert_eq!(doomed(&dir).unwrap().len(), 2);
        // Without a yes nothing happens. Tests have no terminal, or nobody at it.
        if !io::stdin().is_terminal() {
            let unsure = Reset { data_dir: dir.clone(), yes: false }.run();
            assert!(matches!(unsure, Err(CliError::NotConfirmed(_))));
        }
        assert_eq!(doomed(&dir).unwrap().len(), 2);
        reset().unwrap();
        let mut left: Vec<_> = fs::read_dir(&dir).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["lock", "notes.txt", "other.sqlite"]);
        reset().unwrap();
    }

    #[test]
    fn sizes() {
        for (bytes, text) in
            [(640, "640 B"), (12_345, "12.3 kB"), (99_900_000, "99.9 MB"), (3_210_000_000, "3.2 GB")]
        {
            assert_eq!(size(bytes), text);
        }
    }
}
