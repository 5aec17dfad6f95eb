//! Renaming: every place, or the reason why not.

use super::{Analysis, Declaration, Kind};
use crate::{FileId, Span};

/// Why a name cannot be changed, or not to this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenameError(pub String);

impl std::fmt::Display for RenameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RenameError {}

/// Words that can never be names.
const RESERVED: &[&str] =
    &["done", "self", "fault", "none", "true", "false", "and", "or", "not", "in", "event", "now"];

/// Names that the language gives a meaning.
const BUILT_IN: &[&str] = &["Int", "Float", "Bool", "Text", "Time", "Duration", "len"];

impl Analysis {
    /// What would be renamed at an offset: its place, and what it stands for.
    ///
    /// # Errors
    /// Nothing there has a name that the specification chose.
    pub fn renamable(&self, file: FileId, offset: u32) -> Result<(Span, Vec<&Declaration>), RenameError> {
        if let Some((span, known)) = self.at(file, offset) {
            return Ok((span, known));
        }
        Err(RenameError(match self.word_at(file, offset) {
            Some((_, word))
                if RESERVED.contains(&word)
                    || super::describe::KEYWORDS.iter().any(|(known, _)| *known == word) =>
            {
                format!("`{word}` is a word of the language and cannot be renamed")
            }
            Some((_, word)) if BUILT_IN.contains(&word) => {
                format!("`{word}` is built into the language and cannot be renamed")
            }
            Some((_, word @ ("name" | "kind" | "result"))) => {
                format!("`event.{word}` is built into the language and cannot be renamed")
            }
            Some((_, word)) => format!("`{word}` is not declared in this specification; mend that first"),
            None => "there is no name here".to_owned(),
        }))
    }

    /// How a declared name is spelt when it becomes another: quoted where it must be.
    ///
    /// # Errors
    /// No name of this kind can be spelt so.
    pub fn spelling(&self, known: &Declaration, name: &str) -> Result<String, RenameError> {
        let symbol = matches!(known.kind, Kind::Event | Kind::Internal | Kind::Output);
        let bare = name.strip_prefix('\'').and_then(|name| name.strip_suffix('\'')).unwrap_or(name);
        if RESERVED.contains(&bare) && !symbol {
            return Err(RenameError(format!("`{bare}` is a word of the language: choose another name")));
        }
        if is_name(bare) && !RESERVED.contains(&bare) {
            return Ok(bare.to_owned());
        }
        if !symbol {
            return Err(RenameError(format!(
                "`{name}` is no name: a {} is spelt with ASCII letters, digits and `_`, and starts with no digit",
                known.kind.word()
            )));
        }
        if !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(bare.to_owned());
        }
        if bare.is_empty() || bare.contains(['\'', '\n', '\r']) {
            return Err(RenameError(format!("`{name}` is no name, and cannot be made one by quotes")));
        }
        Ok(format!("'{bare}'"))
    }

    /// Whether two analyses, of texts that differ in a name, tie the same places together: nothing is captured by
    /// another declaration, nothing loses its own. The first use that differs otherwise.
    #[must_use]
    pub fn first_difference(&self, renamed: &Self) -> Option<Span> {
        if self.declarations.len() != renamed.declarations.len() || self.uses.len() != renamed.uses.len() {
            return renamed.uses.keys().next().copied().or(Some(Span::default()));
        }
        // Renaming moves places, but keeps their order.
        let mut pairs = self.uses.values().zip(&renamed.uses);
        pairs.find(|(before, (_, after))| before != after).map(|(_, (span, _))| *span)
    }
}

/// Whether a text is an identifier.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let start = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    start && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
