//! The configuration file: one flat TOML table.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::{FileValue, KEYS, near};
use crate::{cli::error::CliError, exchange::KEY_VARIABLE};

/// Reads the file into one text a key.
///
/// # Errors
/// `ConfigFile` with the line, for what is no TOML, no key, or no simple value.
pub(super) fn read(path: &str, text: &str) -> Result<BTreeMap<String, FileValue>, CliError> {
    let wrong = |at: usize, reason: String| CliError::ConfigFile {
        path: path.to_owned(),
        line: line_of(text, at),
        reason,
    };
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        wrong(at, format!("this is not TOML: {}", error.message().trim().replace('\n', ", ")))
    })?;
    let mut out = BTreeMap::new();
    for (key, value) in table.get_ref() {
        let (at, name) = (key.span().start, key.get_ref().as_ref());
        let canonical = name.replace('-', "_");
        if canonical.contains("key") {
            return Err(wrong(
                at,
                format!(
                    "the exchange's key is read from the environment variable {KEY_VARIABLE} only; remove `{name}`"
                ),
            ));
        }
        if !KEYS.contains(&name) {
            return Err(wrong(at, format!("there is no setting `{name}`{}", near::hint(name, &KEYS))));
        }
        let text_of_value = simple(value.get_ref()).ok_or_else(|| {
            let list =
                if name == "symbols" { " or a list of texts" } else { ", a whole number, true or false" };
            wrong(value.span().start, format!("`{name}` must be text in quotes{list}"))
        })?;
        let place = format!("{name} in {path}, line {}", line_of(text, at));
        out.insert(name.to_owned(), FileValue { text: text_of_value, place });
    }
    Ok(out)
}

/// The text of a value; a list of texts is joined by commas.
fn simple(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Boolean(yes) => Some(yes.to_string()),
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| match item.get_ref() {
                DeValue::String(text) => Some(text.to_string()),
                _ => None,
            });
            texts.collect::<Option<Vec<_>>>().map(|texts| texts.join(","))
        }
        _ => None,
    }
}

/// The line of a byte, from 1.
fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}
