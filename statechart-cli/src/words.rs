//! Words of the command line and of files.

use statechart_lang::interpreter::{Stage, Word};

use crate::error::Error;
use crate::loader;

/// A word with what it is called, where that is known.
pub(crate) type Named = (Option<String>, Word);

/// The words of the command line, then those of the file; every mistake is reported.
pub(crate) fn read(stage: &Stage<'_>, words: &[String], file: Option<&str>) -> Result<Vec<Named>, Error> {
    let mut read = Vec::new();
    let mut mistakes = Vec::new();
    for text in words {
        match stage.word(text) {
            Ok(word) => read.push((None, word)),
            Err(error) => mistakes.push(format!("in the word `{text}`: {error}")),
        }
    }
    if let Some(path) = file {
        let text = loader::read(path).map_err(|why| Error::Read { path: path.to_owned(), why })?;
        match stage.words(&text) {
            Ok(named) => read.extend(named.into_iter().map(|row| {
                let name =
                    row.name.map_or_else(|| format!("{path}:{}:", row.line), |name| format!("{name}:"));
                (Some(name), row.word)
            })),
            Err(errors) => mistakes.extend(errors.iter().map(|error| format!("in `{path}`: {error}"))),
        }
    }
    if mistakes.is_empty() { Ok(read) } else { Err(Error::Words(mistakes)) }
}
