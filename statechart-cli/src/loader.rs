//! Files from the disk, with limits.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _},
};

use statechart_lang::Loader;

/// Most bytes of one file.
pub(crate) const SIZE_LIMIT: u64 = 16 << 20;

/// Reads specifications and words. Paths of imports come joined to the importing file's directory.
#[derive(Debug, Default)]
pub(crate) struct FileLoader {
    failed: RefCell<BTreeSet<String>>,
}

impl FileLoader {
    /// Whether reading this path failed.
    pub(crate) fn has_failed(&self, path: &str) -> bool {
        self.failed.borrow().contains(path)
    }
}

impl Loader for FileLoader {
    fn load(&self, path: &str) -> Result<String, String> {
        read(path).inspect_err(|_| {
            self.failed.borrow_mut().insert(path.to_owned());
        })
    }

    fn identity(&self, path: &str) -> String {
        identity(path)
    }
}

/// The file itself, by whatever path it is named; the path, where there is no such file.
pub(crate) fn identity(path: &str) -> String {
    match std::fs::canonicalize(path) {
        Ok(file) => file.to_string_lossy().into_owned(),
        Err(_) => path.to_owned(),
    }
}

/// Reads a text file.
///
/// # Errors
/// Why it cannot be read: absent, no text, too large.
pub(crate) fn read(path: &str) -> Result<String, String> {
    let file = File::open(path).map_err(|error| reason(&error))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err("it is a directory; name a file in it".to_owned());
    }
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large, and pipes and devices end too.
    file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
    text(bytes)
}

/// The text that some bytes are.
///
/// # Errors
/// They are no text, or too many.
pub(crate) fn text(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(format!("it is larger than {} MiB, the limit for one file; split it", SIZE_LIMIT >> 20));
    }
    decode(bytes)
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// UTF-8, without the byte order mark that some editors put first.
fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let before = bytes.get(..at).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let column = 1 + String::from_utf8_lossy(before.get(start..).unwrap_or_default()).chars().count();
        let byte = bytes.get(at).copied().unwrap_or_default();
        format!("it is not UTF-8: byte 0x{byte:02x} at line {line}, column {column}; save it as UTF-8")
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn says_where_a_file_is_not_text() {
        let rows: [(&[u8], &str); 3] = [
            (b"\xff", "byte 0xff at line 1, column 1"),
            (b"a\n\xc3\xa4b\xc3\n", "byte 0xc3 at line 2, column 3"),
            (b"abc\xe2\x82", "byte 0xe2 at line 1, column 4"),
        ];
        for (bytes, place) in rows {
            let why = decode(bytes.to_vec()).expect_err("not UTF-8");
            assert!(why.contains(place), "{why}");
        }
        assert_eq!(decode(b"\xef\xbb\xbfmachine".to_vec()).as_deref(), Ok("machine"));
    }
}
