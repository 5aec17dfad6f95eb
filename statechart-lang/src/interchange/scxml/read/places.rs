//! Lines and columns of a document. Counting from its beginning each time would take the square of its length.

use super::super::super::Position;

/// How many characters lie between two places that are known.
const STEP: usize = 64;

pub(super) struct Places<'i> {
    text: &'i str,
    /// Offsets and what they are, from the front.
    known: Vec<(usize, Position)>,
}

impl<'i> Places<'i> {
    pub(super) fn of(text: &'i str) -> Self {
        let mut known = Vec::with_capacity(text.len() / STEP + 1);
        let mut at = Position { line: 1, column: 1 };
        for (number, (offset, c)) in text.char_indices().enumerate() {
            if number % STEP == 0 {
                known.push((offset, at));
            }
            at = after(at, c);
        }
        Self { text, known }
    }

    pub(super) fn at(&self, offset: usize) -> Position {
        let before = self.known.partition_point(|(known, _)| *known <= offset).checked_sub(1);
        let (start, at) =
            before.and_then(|at| self.known.get(at)).copied().unwrap_or((0, Position { line: 1, column: 1 }));
        self.text.get(start..offset).unwrap_or_default().chars().fold(at, after)
    }
}

fn after(at: Position, c: char) -> Position {
    if c == '\n' {
        Position { line: at.line + 1, column: 1 }
    } else {
        Position { line: at.line, column: at.column.saturating_add(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_that_one_counts() {
        let text = "a\näö<b>\n\n".repeat(100);
        let places = Places::of(&text);
        let mut at = Position { line: 1, column: 1 };
        for (offset, c) in text.char_indices() {
            assert_eq!(places.at(offset), at, "{offset}");
            at = after(at, c);
        }
        assert_eq!(places.at(text.len()), at);
    }
}
