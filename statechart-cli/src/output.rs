//! Where results and complaints go.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use anstream::{AutoStream, ColorChoice};

use crate::error::Error;

/// Writes a result: to the file, or to stdout.
///
/// # Errors
/// [`Error::Write`].
pub(crate) fn result(text: &str, file: Option<&str>) -> Result<(), Error> {
    match file.filter(|path| *path != "-") {
        Some(path) => std::fs::write(path, text).map_err(|why| Error::Write { to: format!("`{path}`"), why }),
        None => {
            let mut stdout = io::stdout().lock();
            let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
            written.map_err(|why| Error::Write { to: "to stdout".to_owned(), why })
        }
    }
}

/// Writes a result with colours in it to stdout, which keeps them only on a terminal.
///
/// # Errors
/// [`Error::Write`].
pub(crate) fn styled(text: &str) -> Result<(), Error> {
    let mut stdout = anstream::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|why| Error::Write { to: "to stdout".to_owned(), why })
}

/// Writes a result as JSON to stdout.
///
/// # Errors
/// [`Error::Write`].
pub(crate) fn json(value: &impl serde::Serialize) -> Result<(), Error> {
    result(&json_text(value)?, None)
}

/// A result as JSON.
///
/// # Errors
/// [`Error::Write`].
pub(crate) fn json_text(value: &impl serde::Serialize) -> Result<String, Error> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|why| Error::Write { to: "the result as JSON".to_owned(), why: why.into() })?;
    text.push('\n');
    Ok(text)
}

/// Whether diagnostics may be coloured: stderr is a terminal and its user did not object.
pub(crate) fn colour() -> bool {
    AutoStream::choice(&io::stderr()) != ColorChoice::Never
}

/// Appends to a file, which is made if it is not there. A last line without an end gets one first.
///
/// # Errors
/// [`Error::Write`].
pub(crate) fn append(text: &str, path: &str) -> Result<(), Error> {
    let failed = |why| Error::Write { to: format!("`{path}`"), why };
    let mut file = File::options().read(true).append(true).create(true).open(path).map_err(failed)?;
    let length = file.seek(SeekFrom::End(0)).map_err(failed)?;
    let mut last = [b'\n'];
    if length > 0 {
        file.seek(SeekFrom::Start(length - 1)).and_then(|_| file.read_exact(&mut last)).map_err(failed)?;
    }
    let gap = if last == [b'\n'] { "" } else { "\n" };
    file.write_all(format!("{gap}{text}").as_bytes()).map_err(failed)
}

/// Writes what is no result, to stderr. That stderr is gone cannot be told to anyone.
pub(crate) fn note(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
}

/// Reports an error and what to do about it.
pub(crate) fn complain(error: &Error) {
    mistake(&error.to_string(), error.help().as_deref());
}

/// Reports what is wrong and what to do about it.
pub(crate) fn mistake(what: &str, help: Option<&str>) {
    let mut text = format!("\u{1b}[1;31merror\u{1b}[0m: {what}\n");
    if let Some(help) = help {
        text.push_str(&format!("\u{1b}[1;36mhelp\u{1b}[0m: {help}\n"));
    }
    note(&text);
}
