//! Files of words: one a line, `#` starts a comment, an empty line is skipped, `name:` may come first.
//!
//! ```text
//! # the happy path
//! fetches: FETCH_DATA(symbol: "BTCUSD") DATA_READY PUBLISH_SUCCESS
//! recovers: FETCH_DATA FETCH_FAILURE RESET
//! nothing: ε
//! larger: (limit: 500) FETCH_DATA
//! ```

use super::{Stage, Word, WordError};
use crate::model::Machine;

/// A word of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedWord {
    /// What stands before the colon.
    pub name: Option<String>,
    /// Its line, from 1.
    pub line: u32,
    /// The word.
    pub word: Word,
}

/// Reads a file of words for a machine; see [`Stage::words`].
///
/// # Errors
/// The first mistake of every line that has one.
pub fn parse_words(text: &str, machine: &Machine) -> Result<Vec<NamedWord>, Vec<WordError>> {
    read(text, &Stage::alone(machine))
}

impl Stage<'_> {
    /// Reads a file of words.
    ///
    /// # Errors
    /// The first mistake of every line that has one.
    pub fn words(&self, text: &str) -> Result<Vec<NamedWord>, Vec<WordError>> {
        read(text, self)
    }
}

fn read(text: &str, stage: &Stage<'_>) -> Result<Vec<NamedWord>, Vec<WordError>> {
    let mut words = Vec::new();
    let mut errors = Vec::new();
    for (line, full) in (1_u32..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let content = without_comment(full);
        if content.trim().is_empty() {
            continue;
        }
        let (name, rest) = split_name(content);
        match stage.word(rest) {
            Ok(word) => words.push(NamedWord { name, line, word }),
            Err(error) => {
                let skipped = content.len() - rest.len();
                let before = content.get(..skipped).map_or(0, |skipped| skipped.chars().count()) as u32;
                errors.push(WordError { line: Some(line), column: error.column + before, ..error });
            }
        }
    }
    if errors.is_empty() { Ok(words) } else { Err(errors) }
}

/// The line up to a `#` that stands outside quotes.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut escaped = false;
    for (at, character) in line.char_indices() {
        match (quote, character) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '#') => return line.get(..at).unwrap_or(line),
            _ => {}
        }
    }
    line
}

/// `name: rest`. A colon inside of brackets or quotes belongs to the word.
fn split_name(line: &str) -> (Option<String>, &str) {
    let found = line.find(|c| ":([\"'".contains(c)).and_then(|at| {
        let rest = line.get(at..)?.strip_prefix(':')?;
        Some((line.get(..at)?.trim(), rest))
    });
    match found {
        Some((name, rest)) if !name.is_empty() => (Some(name.to_owned()), rest),
        _ => (None, line),
    }
}
