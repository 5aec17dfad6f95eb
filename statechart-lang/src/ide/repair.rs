//! Half-written text made to balance, every byte where it was.

use crate::Loader;

/// Loads files so that what stands before and after an open bracket still parses.
pub(super) struct Repairing<'l>(pub(super) &'l dyn Loader);

impl Loader for Repairing<'_> {
    fn load(&self, path: &str) -> Result<String, String> {
        self.0.load(path).map(balanced)
    }

    fn identity(&self, path: &str) -> String {
        self.0.identity(path)
    }
}

/// Loads one file as if a part of it were not written yet.
pub(super) struct Without<'l> {
    pub(super) loader: &'l dyn Loader,
    pub(super) path: &'l str,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Loader for Without<'_> {
    fn load(&self, path: &str) -> Result<String, String> {
        let text = self.loader.load(path)?;
        if path != self.path || !text.is_char_boundary(self.start) || !text.is_char_boundary(self.end) {
            return Ok(text);
        }
        let mut bytes = text.into_bytes();
        blank(&mut bytes, self.start, self.end);
        Ok(string(bytes))
    }

    fn identity(&self, path: &str) -> String {
        self.loader.identity(path)
    }
}

/// Blanks out brackets that close nothing and texts that do not end; closes at the end what is still open.
pub(super) fn balanced(text: String) -> String {
    let mut bytes = text.into_bytes();
    let mut open: Vec<(usize, u8)> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let line = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        match byte {
            b'/' if rest.starts_with(b"//") => at += line,
            b'/' if rest.starts_with(b"/*") => match rest.windows(2).skip(2).position(|pair| pair == b"*/") {
                Some(length) => at += length + 4,
                None => {
                    blank(&mut bytes, at, usize::MAX);
                    break;
                }
            },
            b'"' => {
                let mut end = 1;
                while end < line && rest.get(end) != Some(&b'"') {
                    end += if rest.get(end) == Some(&b'\\') { 2 } else { 1 };
                }
                if end < line {
                    at += end + 1;
                } else {
                    blank(&mut bytes, at, at + line);
                }
            }
            b'{' | b'(' | b'[' => {
                open.push((at, byte));
                at += 1;
            }
            b'}' | b')' | b']' => {
                let opener = match byte {
                    b'}' => b'{',
                    b')' => b'(',
                    _ => b'[',
                };
                // Braces are the stronger ones: what is open inside of them ends with them.
                while byte == b'}'
                    && open.last().is_some_and(|(_, last)| *last != b'{')
                    && open.iter().any(|(_, known)| *known == b'{')
                {
                    if let Some((inner, _)) = open.pop() {
                        blank(&mut bytes, inner, inner + 1);
                    }
                }
                if open.last().is_some_and(|(_, last)| *last == opener) {
                    open.pop();
                } else {
                    blank(&mut bytes, at, at + 1);
                }
                at += 1;
            }
            0 => {
                blank(&mut bytes, at, at + 1);
                at += 1;
            }
            _ => at += 1,
        }
    }
    while let Some((at, bracket)) = open.pop() {
        if bracket == b'{' {
            bytes.extend_from_slice(b"\n}");
        } else {
            blank(&mut bytes, at, at + 1);
        }
    }
    string(bytes)
}

/// Only ASCII was replaced by ASCII, and whole texts and comments by blanks.
fn string(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Blanks, lines kept.
fn blank(bytes: &mut [u8], start: usize, end: usize) {
    let end = end.min(bytes.len());
    for byte in bytes.get_mut(start..end).unwrap_or_default() {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::balanced;

    #[test]
    fn balances_without_moving_anything() {
        for (text, wanted) in [
            ("a { b", "a { b\n}"),
            ("a } b", "a   b"),
            ("a { f(b } c", "a { f b } c"),
            ("a { \"x } c\n}", "a {       \n}"),
            ("a /* b", "a     "),
            ("a // { \"\n(", "a // { \"\n "),
            ("\"\\\"{\" '{'", "\"\\\"{\" '{'\n}"),
            ("{ [ ( }", "{     }"),
            ("ä\"ö", "ä   "),
        ] {
            assert_eq!(balanced(text.to_owned()), wanted, "{text}");
        }
    }
}
