//! [`SnapshotError`].

use std::fmt;

use super::{SNAPSHOT_BYTES, SNAPSHOT_FORMAT};

/// Most differences between two versions that an error lists.
const LISTED: usize = 12;

/// Why a snapshot cannot be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotError {
    /// The text is larger than is read.
    TooLarge {
        /// How large it is.
        bytes: usize,
    },
    /// The text is no JSON, or not that of a snapshot.
    Syntax {
        /// What is wrong, and where.
        reason: String,
    },
    /// It has another form.
    Format {
        /// The number of its form.
        found: u32,
    },
    /// It is of another machine.
    Machine {
        /// That machine.
        found: String,
        /// The one that it was to be restored into.
        wanted: String,
    },
    /// It is of another version of the machine, and the spec does not say how to read that.
    Version {
        /// Fingerprint of the snapshot's version.
        found: String,
        /// Fingerprint of the machine.
        wanted: String,
        /// What only the snapshot's version has.
        removed: Vec<String>,
        /// What only the machine has.
        added: Vec<String>,
    },
    /// A value of an extern type cannot be written as JSON.
    Unwritable {
        /// Where: `context.order`.
        path: String,
        /// What serde says.
        reason: String,
    },
    /// It says what the machine cannot be in.
    Unsound {
        /// Where: `timers[0].index`.
        path: String,
        /// What is wrong there.
        reason: String,
    },
}

impl SnapshotError {
    /// A snapshot that is wrong in one place.
    pub fn at(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Unsound { path: path.into(), reason: reason.into() }
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes } => write!(
                f,
                "the snapshot has {bytes} bytes, and at most {SNAPSHOT_BYTES} are read; is it the right file?"
            ),
            Self::Syntax { reason } => {
                write!(f, "this is no snapshot: {reason}; give the JSON that a snapshot was written as")
            }
            Self::Format { found } => write!(
                f,
                "the snapshot has form {found}, and form {SNAPSHOT_FORMAT} is read here; use the version that wrote it"
            ),
            Self::Machine { found, wanted } => {
                write!(
                    f,
                    "the snapshot is of machine `{found}`, not of `{wanted}`; restore it into `{found}`"
                )
            }
            Self::Version { found, wanted, removed, added } => {
                write!(
                    f,
                    "the snapshot is of version {found} of the machine, and this is version {wanted}:"
                )?;
                list(f, '-', removed)?;
                list(f, '+', added)?;
                write!(
                    f,
                    "\nsay how to read it with `migrate from \"{found}\" {{ old -> new }}`, which `statechart diff` drafts"
                )
            }
            Self::Unwritable { path, reason } => {
                write!(f, "`{path}` cannot be written as JSON: {reason}; mend its type's `Serialize`")
            }
            Self::Unsound { path, reason } => {
                write!(f, "the snapshot is not sound at `{path}`: {reason}; take it anew, or mend it there")
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, mark: char, lines: &[String]) -> fmt::Result {
    for line in lines.iter().take(LISTED) {
        write!(f, "\n  {mark} {line}")?;
    }
    match lines.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => write!(f, "\n  {mark} … and {more} more"),
    }
}

impl std::error::Error for SnapshotError {}
