//! Values as JSON, and what generated code reads and writes them with.

use serde::{Serialize, de::DeserializeOwned};

use super::{Fields, Json, SnapshotError};
use crate::{
    chart::{Chart, Internal, Queue as _},
    value::Fault,
};

/// A value as JSON.
///
/// # Errors
/// An extern value that serde cannot write.
pub fn write<T: Serialize>(value: &T, path: &str) -> Result<Json, SnapshotError> {
    serde_json::to_value(value)
        .map_err(|error| SnapshotError::Unwritable { path: path.to_owned(), reason: error.to_string() })
}

/// Adds a value under its name.
///
/// # Errors
/// As [`write`].
pub fn put<T: Serialize>(out: &mut Fields, name: &str, value: &T) -> Result<(), SnapshotError> {
    out.insert(name.to_owned(), write(value, name)?);
    Ok(())
}

/// The value that JSON stands for.
///
/// # Errors
/// JSON of another type.
pub fn read<T: DeserializeOwned>(json: &Json, path: &str) -> Result<T, SnapshotError> {
    T::deserialize(json).map_err(|error| SnapshotError::at(path, format!("{}: {error}", shown(json))))
}

/// JSON in an error: cut off, so that the error stays one line.
fn shown(json: &Json) -> String {
    const LENGTH: usize = 60;
    let text = json.to_string();
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// The value of a name that has to be there.
///
/// # Errors
/// It is missing, or of another type.
pub fn get<T: DeserializeOwned>(fields: &Fields, name: &str, at: &str) -> Result<T, SnapshotError> {
    let path = format!("{at}.{name}");
    read(fields.get(name).ok_or_else(|| missing(&path))?, &path)
}

/// The value of a name; none where it may be missing and is.
///
/// # Errors
/// It is missing and may not be, or of another type.
pub fn find<T: DeserializeOwned>(
    fields: &Fields,
    name: &str,
    at: &str,
    may_miss: bool,
) -> Result<Option<T>, SnapshotError> {
    if may_miss && !fields.contains_key(name) { Ok(None) } else { get(fields, name, at).map(Some) }
}

/// Reads a variable, which stays what it is where it may be missing and is.
///
/// # Errors
/// As [`find`].
pub fn load<T: DeserializeOwned>(
    place: &mut T,
    fields: &Fields,
    name: &str,
    at: &str,
    may_miss: bool,
) -> Result<(), SnapshotError> {
    if let Some(value) = find(fields, name, at, may_miss)? {
        *place = value;
    }
    Ok(())
}

/// Nothing but these names may be there.
///
/// # Errors
/// A name to spare.
pub fn only(fields: &Fields, names: &[&str], at: &str) -> Result<(), SnapshotError> {
    match fields.keys().find(|name| !names.contains(&name.as_str())) {
        Some(spare) => Err(SnapshotError::at(format!("{at}.{spare}"), "there is no such field")),
        None => Ok(()),
    }
}

/// One of the arguments of an undo.
///
/// # Errors
/// It is missing, or of another type.
pub fn arg<T: DeserializeOwned>(args: &[Json], position: usize, at: &str) -> Result<T, SnapshotError> {
    let path = format!("{at}.args[{position}]");
    read(args.get(position).ok_or_else(|| missing(&path))?, &path)
}

/// An undo has so many arguments.
///
/// # Errors
/// It has more or fewer.
pub fn count(args: &[Json], wanted: usize, at: &str) -> Result<(), SnapshotError> {
    if args.len() == wanted {
        return Ok(());
    }
    Err(SnapshotError::at(format!("{at}.args"), format!("there are {}, and {wanted} are wanted", args.len())))
}

/// What is said of a message that nobody takes.
#[must_use]
pub fn no_event(to: &str, event: &str, at: &str) -> SnapshotError {
    SnapshotError::at(at, format!("`{to}` takes no event `{event}`"))
}

/// What is said of a missing name.
#[must_use]
pub fn missing(path: &str) -> SnapshotError {
    SnapshotError::at(path, "it is missing")
}

/// The value, or the zero of its type, where the fault is raised once the machine goes on.
pub fn or_zero<C: Chart, T: Default>(machine: &mut C, value: Result<T, Fault>) -> T {
    value.unwrap_or_else(|fault| {
        let _ = machine.core_mut().internal.push(Internal::Fault(fault));
        T::default()
    })
}
