//! What can go wrong in a task: what, where, why, and what to do.

use std::path::{Path, PathBuf};

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file or directory could not be read or written.
    #[error("cannot {what} `{}`: {why}", path.display())]
    File {
        /// The verb: read, write, list, remove.
        what: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// The system's answer.
        why: std::io::Error,
    },
    /// A program could not be started.
    #[error("cannot start `{line}`: {why}; {hint}")]
    Start {
        /// The command line.
        line: String,
        /// The system's answer.
        why: std::io::Error,
        /// What would help.
        hint: String,
    },
    /// A program ran and said no.
    #[error("`{line}` failed ({status}); {hint}")]
    Command {
        /// The command line.
        line: String,
        /// Its exit status.
        status: std::process::ExitStatus,
        /// What would help.
        hint: String,
    },
    /// Generated files are not what their sources say.
    #[error("stale: {}; run `{command}` and commit the result", files.join(", "))]
    Stale {
        /// Paths below the workspace, with the reason in brackets where it is not plain.
        files: Vec<String>,
        /// What makes them.
        command: &'static str,
    },
    /// A specification has mistakes.
    #[error("`{path}` has mistakes, so there is nothing to draw; mend them first:\n{diagnostics}")]
    Spec {
        /// The specification.
        path: String,
        /// All of them, rendered.
        diagnostics: String,
    },
    /// The grammar does not become a parser.
    #[error("`{path}` does not become a parser: {why}")]
    Grammar {
        /// The grammar.
        path: &'static str,
        /// What the generator says.
        why: String,
    },
    /// What was fetched is not what was expected.
    #[error("{what} is not as expected: {why}; {hint}")]
    Unexpected {
        /// The thing.
        what: String,
        /// The difference.
        why: String,
        /// What would help.
        hint: String,
    },
    /// Some steps failed; each has been reported where it happened.
    #[error("failed: {}", .0.join(", "))]
    Steps(Vec<String>),
}

impl Error {
    /// For `map_err` beside an operation on a file.
    pub(crate) fn file(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |why| Self::File { what, path: path.to_path_buf(), why }
    }
}
