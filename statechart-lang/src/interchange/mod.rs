//! Charts of other systems as specifications, and specifications as charts of other systems.
//!
//! ```text
//! SCXML ──scxml──▶ Draft ─┐                       ┌─export──▶ SCXML
//!                         ├─▶ text of a .sc file   Machine ─┤
//! XState ─xstate─▶ Draft ─┘                       └─export──▶ XState config (JSON)
//! ```
//!
//! What cannot be carried over is named by a [`Note`] with its place and the reason. A note that is
//! [`lost`](Note::lost) means that the copy behaves differently.

mod draft;
mod ecma;
mod export;
mod json;
mod names;
mod scxml;
mod xstate;

use std::{collections::BTreeMap, fmt};

pub use export::{Exported, scxml as export_scxml, xstate as export_xstate};

use crate::{Loader, MapLoader, Severity};

/// A place in a document; both count from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Its line.
    pub line: u32,
    /// Its column, in characters.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Something that was not carried over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Where it stands; line 0 where the document gives no place.
    pub at: Position,
    /// Without it the copy behaves differently.
    pub lost: bool,
    /// What it is, and why.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.line > 0 {
            write!(f, "{}: ", self.at)?;
        }
        f.write_str(&self.text)
    }
}

/// How long the text of a note may be, in characters: what it quotes may be of any length.
const NOTE_LIMIT: usize = 400;

impl Note {
    /// A note whose text is cut where it is too long.
    fn new(at: Position, lost: bool, text: impl Into<String>) -> Self {
        Self { at, lost, text: cut(text.into()) }
    }
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(NOTE_LIMIT) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Why a document cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// Where; line 0 where there is no place.
    pub at: Position,
    /// What is wrong.
    pub text: String,
}

impl ImportError {
    fn at(at: Position, text: impl Into<String>) -> Self {
        Self { at, text: cut(text.into()) }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.line > 0 {
            write!(f, "{}: ", self.at)?;
        }
        f.write_str(&self.text)
    }
}

impl std::error::Error for ImportError {}

/// What an importer needs to know besides the document.
#[derive(Clone, Copy)]
pub struct ImportOptions<'a> {
    /// The document's path: files that it names are looked for beside it, and an unnamed machine is called after it.
    pub path: &'a str,
    /// The way to those files.
    pub loader: &'a dyn Loader,
    /// Events that come from outside and that the document does not mention.
    pub events: &'a [String],
}

/// A document as a specification.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// The text of a `.sc` file.
    pub text: String,
    /// What was not carried over, by place.
    pub notes: Vec<Note>,
    /// The machine that the document is about; others are its children.
    pub machine: String,
    /// Ids of states as the document spells them, and their paths here.
    pub states: BTreeMap<String, String>,
    /// Names of events as the document spells them, and their names here.
    pub events: BTreeMap<String, String>,
}

impl Imported {
    /// Whether the specification behaves as the document does.
    #[must_use]
    pub fn is_faithful(&self) -> bool {
        self.notes.iter().all(|note| !note.lost)
    }
}

/// Reads an SCXML document (W3C recommendation of 2015; ECMAScript data model) as a specification.
///
/// # Errors
/// When the text is no SCXML document, or exceeds a limit.
pub fn import_scxml(text: &str, options: &ImportOptions<'_>) -> Result<Imported, ImportError> {
    scxml::import(text, options)
}

/// Reads the configuration of an XState machine (version 5), as JSON, as a specification.
///
/// # Errors
/// When the text is no JSON object with states, or exceeds a limit.
pub fn import_xstate(text: &str, options: &ImportOptions<'_>) -> Result<Imported, ImportError> {
    xstate::import(text, options)
}

/// The name of a machine: as the document says, else as its file is called.
fn machine_name(name: &str, path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.split('.').next().unwrap_or(file);
    let wanted = if name.trim().is_empty() { stem } else { name };
    let pascal = crate::model::names::pascal(wanted);
    names::identifier(&pascal, "M")
}

/// The note about a text that the checker refuses.
fn erroneous(at: Position, diagnostic: &crate::Diagnostic) -> Note {
    let text =
        format!("the translation has an error, mend it by hand: {} {}", diagnostic.code, diagnostic.message);
    Note::new(at, true, text)
}

/// What the checker says about the text of an import: errors only, and the text that each underlines.
fn verdict(text: &str) -> Vec<(crate::Diagnostic, String)> {
    let compiled = crate::compile("imported.sc", &MapLoader::from([("imported.sc", text)]));
    let sources = compiled.sources;
    compiled
        .diagnostics
        .into_iter()
        .filter(|diagnostic| diagnostic.severity() == Severity::Error)
        .map(|diagnostic| {
            let text = sources.text(diagnostic.primary.span).to_owned();
            (diagnostic, text)
        })
        .collect()
}
