//! What a recursive parser must not meet: deep nesting, unbalanced brackets, text without an end.

use super::text::comment_end;
use crate::{Code, Diagnostic, FileId, Span};

/// Deepest nesting of brackets. The parser takes some 24 kB of stack a level where it is not optimised, and must
/// do with a thread's 2 MB.
pub(crate) const DEPTH_LIMIT: usize = 64;

/// Checks brackets, strings and comments without building anything.
///
/// # Errors
/// Every unbalanced bracket, or the first place where a limit is exceeded.
pub(crate) fn pre_scan(file: FileId, text: &str) -> Result<(), Vec<Diagnostic>> {
    let span = |start: usize, end: usize| Span { file, start: start as u32, end: end as u32 };
    let bytes = text.as_bytes();
    let mut open: Vec<(usize, u8)> = Vec::new();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            0 => {
                found.push(
                    Diagnostic::new(Code::Syntax, span(at, at + 1), "a NUL byte in the text")
                        .help("save the file as UTF-8 text"),
                );
                return Err(found);
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => match comment_end(&text[at + 2..]) {
                Some(length) => at += length + 1,
                None => {
                    found.push(
                        Diagnostic::new(Code::Unbalanced, span(at, at + 2), "this comment does not end")
                            .help("add `*/`"),
                    );
                    return Err(found);
                }
            },
            b'"' => match string_end(bytes, at) {
                Some(end) => at = end,
                None => {
                    let end = at + text[at..].find('\n').unwrap_or(text.len() - at);
                    found.push(
                        Diagnostic::new(Code::Unbalanced, span(at, end), "this text does not end")
                            .help("add the closing `\"`"),
                    );
                    return Err(found);
                }
            },
            b'\'' => {
                // A quoted name ends on its line and is not empty; the grammar reports one that is.
                if let Some(length) = text[at + 1..].find(['\'', '\n'])
                    && length > 0
                    && bytes.get(at + 1 + length) == Some(&b'\'')
                {
                    at += length + 1;
                }
            }
            b'{' | b'(' | b'[' => {
                if open.len() == DEPTH_LIMIT {
                    found.push(
                        Diagnostic::new(Code::TooLarge, span(at, at + 1), "nested too deep")
                            .label(format!("bracket {} inside each other", DEPTH_LIMIT + 1))
                            .help(format!("at most {DEPTH_LIMIT} brackets may be open at once")),
                    );
                    return Err(found);
                }
                open.push((at, byte));
            }
            b'}' | b')' | b']' => close(&mut open, &mut found, at, byte, &span),
            _ => {}
        }
        at += 1;
    }
    for (at, byte) in open {
        found.push(
            Diagnostic::new(
                Code::Unbalanced,
                span(at, at + 1),
                format!("`{}` is never closed", char::from(byte)),
            )
            .label("opened here")
            .help(format!("add `{}`", char::from(closer(byte)))),
        );
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn close(
    open: &mut Vec<(usize, u8)>,
    found: &mut Vec<Diagnostic>,
    at: usize,
    byte: u8,
    span: &dyn Fn(usize, usize) -> Span,
) {
    // A mismatch is reported at the inner bracket that is still open, and skipped over.
    while let Some((opened, bracket)) = open.pop() {
        if closer(bracket) == byte {
            return;
        }
        found.push(
            Diagnostic::new(
                Code::Unbalanced,
                span(opened, opened + 1),
                format!("`{}` is never closed", char::from(bracket)),
            )
            .label("opened here")
            .also(span(at, at + 1), format!("`{}` comes first", char::from(byte)))
            .help(format!("add `{}` before it", char::from(closer(bracket)))),
        );
    }
    found.push(
        Diagnostic::new(Code::Unbalanced, span(at, at + 1), format!("`{}` closes nothing", char::from(byte)))
            .help("remove it, or add what it should close"),
    );
}

fn closer(open: u8) -> u8 {
    match open {
        b'{' => b'}',
        b'(' => b')',
        _ => b']',
    }
}

/// The position of the quote that ends the string which starts at `at`. A string ends on its line.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut position = at + 1;
    while let Some(byte) = bytes.get(position) {
        match byte {
            b'"' => return Some(position),
            b'\n' => return None,
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
    None
}
