//! The text of items: without comments, without quotes, without what implicit skipping left at its end.

use crate::{Span, source::joined};

/// A name without its quotes.
pub(super) fn unquoted(text: &str) -> String {
    text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap_or(text).to_owned()
}

/// White space, line breaks and comments as one blank.
pub(crate) fn squeeze(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for (piece, is_comment) in pieces(text) {
        plain.push_str(if is_comment { " " } else { piece });
    }
    let mut words: Vec<&str> = Vec::new();
    plain.split_whitespace().for_each(|word| words.push(word));
    joined(&words, " ")
}

/// A text cut into comments and what lies between them. Quotes hide what looks like a comment.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (length, is_comment) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), true)
        } else if rest.starts_with("/*") {
            (comment_end(rest).unwrap_or(rest.len()), true)
        } else {
            (until_comment(rest), false)
        };
        let (piece, left) = rest.split_at_checked(length.max(1)).unwrap_or((rest, ""));
        rest = left;
        Some((piece, is_comment))
    })
}

/// Where the first `*/` of a text ends.
pub(super) fn comment_end(text: &str) -> Option<usize> {
    text.as_bytes().windows(2).position(|two| two == b"*/").map(|at| at + 2)
}

/// Where the first comment of a text begins, or its end.
fn until_comment(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut quoted) = (0, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b'/' if !quoted && matches!(bytes.get(at + 1), Some(b'/' | b'*')) => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// A span without the white space and comments that implicit skipping left at its end.
pub(super) fn trimmed(text: &str, span: Span) -> Span {
    let Some(text) = text.get(span.start as usize..span.end as usize) else { return span };
    let mut length = text.trim_end().len();
    if text.contains('/') && until_comment(text) < text.len() {
        let (mut at, mut end) = (0, 0);
        for (piece, is_comment) in pieces(text) {
            let kept = piece.trim_end().len();
            if !is_comment && kept > 0 {
                end = at + kept;
            }
            at += piece.len();
        }
        length = end;
    }
    Span { end: span.start + length as u32, ..span }
}

#[cfg(test)]
mod tests {
    use super::{squeeze, trimmed};
    use crate::Span;

    #[test]
    fn comments_are_no_part_of_an_item() {
        for (text, squeezed) in [
            ("a :=  1", "a := 1"),
            ("a := 1 // why\n   ", "a := 1"),
            ("a := /* one */ 1", "a := 1"),
            ("log \"http://x\" // url", "log \"http://x\""),
            ("log \"\\\"//\"", "log \"\\\"//\""),
            ("a / b", "a / b"),
            ("// only", ""),
        ] {
            assert_eq!(squeeze(text), squeezed, "{text}");
            let span = trimmed(text, Span { end: text.len() as u32, ..Span::default() });
            assert_eq!(squeeze(&text[..span.end as usize]), squeezed, "{text}");
            assert!(!text[..span.end as usize].ends_with(char::is_whitespace), "{text}");
        }
    }
}
