//! Byte offsets and the positions of the protocol: lines from 0, and columns in the unit that was agreed on.

use lsp_types::{Position, Range};

/// The unit of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16: what every client knows.
    Utf16,
}

/// A text and its lines, which end as the protocol says: `\n`, `\r\n` or `\r`.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    encoding: Encoding,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str, encoding: Encoding) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
                starts.push(at + 1);
            }
        }
        Self { text, starts, encoding }
    }

    /// The position of a byte; of the text's end for one that is past it.
    pub(super) fn position(&self, offset: u32) -> Position {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or("");
        Position { line: line as u32, character: self.width(before) as u32 }
    }

    /// The range of two bytes.
    pub(super) fn range(&self, start: u32, end: u32) -> Range {
        Range { start: self.position(start), end: self.position(end.max(start)) }
    }

    /// The byte at a position; of the line's end, or the text's, for one that is past it.
    pub(super) fn offset(&self, position: Position) -> usize {
        let Some(start) = self.starts.get(position.line as usize).copied() else { return self.text.len() };
        let next = self.starts.get(position.line as usize + 1).copied().unwrap_or(self.text.len());
        let line = self.text.get(start..next).unwrap_or("").trim_end_matches(['\r', '\n']);
        let mut units = 0;
        for (at, c) in line.char_indices() {
            units += self.width(c.encode_utf8(&mut [0; 4]));
            if units > position.character as usize {
                return start + at;
            }
        }
        start + line.len()
    }

    fn width(&self, text: &str) -> usize {
        match self.encoding {
            Encoding::Utf8 => text.len(),
            Encoding::Utf16 => text.encode_utf16().count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use lsp_types::Position;

    use super::{Encoding, Lines};

    #[test]
    fn positions_and_offsets_agree() {
        let text = "aä😀b\r\n\nx\ry";
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            let lines = Lines::new(text, encoding);
            for (offset, c) in text.char_indices().filter(|(_, c)| !matches!(c, '\r' | '\n')) {
                assert_eq!(lines.offset(lines.position(offset as u32)), offset, "{c} {encoding:?}");
            }
            assert_eq!(lines.position(u32::MAX), Position { line: 3, character: 1 });
            assert_eq!(lines.offset(Position { line: 9, character: 0 }), text.len());
            assert_eq!(lines.offset(Position { line: 1, character: 9 }), text.find("\n\n").unwrap_or(0) + 1);
            assert_eq!(lines.offset(Position { line: u32::MAX, character: u32::MAX }), text.len());
        }
        let lines = Lines::new(text, Encoding::Utf16);
        assert_eq!(lines.position(7), Position { line: 0, character: 4 });
        // The middle of a pair is its start.
        assert_eq!(lines.offset(Position { line: 0, character: 3 }), 3);
        assert_eq!(Lines::new(text, Encoding::Utf8).position(7), Position { line: 0, character: 7 });
        assert_eq!(Lines::new(text, Encoding::Utf8).position(5), Position { line: 0, character: 3 });
    }
}
