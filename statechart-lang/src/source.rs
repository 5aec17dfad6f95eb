//! Source files and positions in them.

use std::fmt;

use crate::table::ByName;

/// Which file of [`Sources`].
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u32);

/// A range of bytes in a file.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The smallest span that covers both; they must be of one file.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Bytes of the text in double quotes that begins here, quotes included; all there is where none ends it.
#[cfg(any(feature = "diff", feature = "ide"))]
pub(crate) fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Texts with something between them. The library's own is compiled anew for every kind of text, in a thousand lines each.
pub(crate) fn joined<T: AsRef<str>>(parts: &[T], between: &str) -> String {
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            text.push_str(between);
        }
        text.push_str(part.as_ref());
    }
    text
}

/// One file as it was read.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone)]
pub struct Source {
    /// The path as the user or an import gave it, joined to the importing file's directory.
    pub path: String,
    /// The text.
    pub text: String,
    lines: Vec<u32>,
}

impl Source {
    /// Indexes the lines of a text.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let mut lines = vec![0];
        for (at, byte) in text.bytes().enumerate() {
            if byte == b'\n' {
                lines.push(at as u32 + 1);
            }
        }
        Self { path: path.into(), text, lines }
    }

    /// Line and column of a byte, both from 1; columns count characters.
    #[must_use]
    pub fn position(&self, at: u32) -> (u32, u32) {
        let line = self.lines.partition_point(|start| *start <= at).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0) as usize;
        let column = self.text.get(start..at as usize).map_or(0, |text| text.chars().count());
        (line as u32, column as u32 + 1)
    }

    /// The lines around a range of bytes, one more on either side: the number of the first, from 1, and the bytes. `None`
    /// where a line of the range itself is longer than `longest`.
    #[cfg(feature = "snippets")]
    pub(crate) fn around(
        &self,
        start: u32,
        end: u32,
        longest: u32,
    ) -> Option<(usize, std::ops::Range<usize>)> {
        let line = |at: u32| self.lines.partition_point(|start| *start <= at).saturating_sub(1);
        let from = |line: usize| self.lines.get(line).copied().unwrap_or(self.text.len() as u32);
        let (first, last) = (line(start), line(end));
        if [first, last].iter().any(|line| from(line + 1) - from(*line) > longest) {
            return None;
        }
        let first = first.saturating_sub(1);
        Some((first + 1, from(first) as usize..from(last + 2) as usize))
    }
}

/// Every file of a compilation, the main one first.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a file.
    pub fn add(&mut self, source: Source) -> FileId {
        self.files.push(source);
        FileId(self.files.len() as u32 - 1)
    }

    /// The file with this id.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&Source> {
        self.files.get(id.0 as usize)
    }

    /// Every file, in the order it was read.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.files.iter().enumerate().map(|(index, source)| (FileId(index as u32), source))
    }

    /// The text of a span.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file)
            .and_then(|source| source.text.get(span.start as usize..span.end as usize))
            .unwrap_or("")
    }

    /// The text of a span on one line: without comments, white space of any kind as one blank.
    #[must_use]
    pub fn quote(&self, span: Span) -> String {
        crate::syntax::squeeze(self.text(span))
    }

    /// Line of a span's start, from 1.
    #[must_use]
    pub fn line(&self, span: Span) -> u32 {
        self.get(span.file).map_or(0, |source| source.position(span.start).0)
    }
}

/// Where texts come from: a directory, a map in a test, an editor's buffers.
pub trait Loader {
    /// Reads a file.
    ///
    /// # Errors
    /// Why it cannot be read, for people.
    fn load(&self, path: &str) -> Result<String, String>;

    /// What two paths of one file have in common, so that it is read once: the path itself, unless the loader knows
    /// better.
    fn identity(&self, path: &str) -> String {
        path.to_owned()
    }
}

/// Files in memory, for tests and documentation.
#[cfg_attr(feature = "debug", derive(Debug))]
#[derive(Clone, Default)]
pub struct MapLoader(ByName<String>);

impl<P: Into<String>, T: Into<String>, const N: usize> From<[(P, T); N]> for MapLoader {
    fn from(files: [(P, T); N]) -> Self {
        let mut loader = Self::default();
        for (path, text) in files {
            loader.0.insert(path, text.into());
        }
        loader
    }
}

impl Loader for MapLoader {
    fn load(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file {}", self.0)
    }
}
