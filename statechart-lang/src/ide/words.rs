//! Words, as examples hold them and files of words do: which names stand in a word, and where.

use std::ops::Range;

use crate::source::quoted;

/// What a token may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// An item of the word.
    Symbol,
    /// In brackets behind one: a guard.
    Answer,
    /// In `done(…)`, the first.
    Child,
    /// Among the values.
    Inside,
}

/// The names in a word, each with the bytes it stands in, quotes included, and what it may be.
#[derive(Debug)]
pub struct Names<'a> {
    text: &'a str,
    at: usize,
    open: Vec<Place>,
}

impl<'a> Names<'a> {
    /// Of the word that begins at this byte.
    #[must_use]
    pub fn new(text: &'a str, at: usize) -> Self {
        Self { text, at, open: Vec::new() }
    }

    fn place(&self) -> Place {
        self.open.last().copied().unwrap_or(Place::Symbol)
    }
}

impl Iterator for Names<'_> {
    type Item = (Range<usize>, Place);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.text.get(self.at..)?;
            let first = rest.chars().next()?;
            let start = self.at;
            match first {
                '#' => return None,
                '"' => self.at = start + quoted(rest),
                '(' | '[' => {
                    let inner = match (first, self.open.is_empty()) {
                        ('[', true) => Place::Answer,
                        ('(', true)
                            if self.text.get(..start).is_some_and(|before| before.ends_with("done")) =>
                        {
                            Place::Child
                        }
                        _ => Place::Inside,
                    };
                    self.open.push(inner);
                    self.at += 1;
                }
                ')' | ']' => {
                    self.open.pop();
                    self.at += 1;
                }
                ',' => {
                    // Only the first in `done(…)` is a child.
                    if let Some(place @ Place::Child) = self.open.last_mut() {
                        *place = Place::Inside;
                    }
                    self.at += 1;
                }
                // A span of time is no symbol.
                '+' => self.at += rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len()),
                '\'' => {
                    self.at = start + rest.get(1..)?.find('\'').map_or(rest.len(), |end| end + 2);
                    return Some((start..self.at, self.place()));
                }
                c if c == '_' || c.is_alphanumeric() => {
                    self.at += rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
                    return Some((start..self.at, self.place()));
                }
                c => self.at += c.len_utf8(),
            }
        }
    }
}

/// The text in quotes that begins at the start of `raw`, its escapes resolved, and for each of its bytes where it stands in
/// `raw`; one place more than bytes.
pub(super) fn unescaped(raw: &str) -> (String, Vec<usize>) {
    let (mut text, mut places) = (String::with_capacity(raw.len()), Vec::with_capacity(raw.len()));
    let mut chars = raw.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == '"' {
            places.push(at);
            return (text, places);
        }
        let meant = match c {
            '\\' => match chars.next() {
                Some((_, 'n')) => '\n',
                Some((_, 't')) => '\t',
                Some((_, other)) => other,
                None => break,
            },
            c => c,
        };
        places.extend(std::iter::repeat_n(at, meant.len_utf8()));
        text.push(meant);
    }
    places.push(raw.len());
    (text, places)
}
