//! Text to tokens.

use super::Bad;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64, bool),
    Text(String),
    Name(String),
    Sign(&'static str),
}

/// Longest first.
const SIGNS: &[&str] = &[
    ">>>=", "===", "!==", ">>>", "<<=", ">>=", "**=", "...", "=>", "==", "!=", "<=", ">=", "&&", "||", "??",
    "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", ">>", "**", "?.", "(", ")", "[", "]",
    "{", "}", ",", ";", ":", "?", ".", "+", "-", "*", "/", "%", "<", ">", "=", "!", "~", "&", "|", "^",
];

/// A token, and whether a line break stands before it.
pub(super) type Placed = (Token, bool);

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Bad> {
    let mut rest = text;
    let mut out: Vec<Placed> = Vec::new();
    let mut newline = false;
    loop {
        let trimmed = rest.trim_start();
        newline |= rest[..rest.len() - trimmed.len()].contains('\n');
        rest = trimmed;
        let Some(first) = rest.chars().next() else { return Ok(out) };
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |at| &rest[at..]);
            continue;
        }
        if rest.starts_with("/*") {
            let end = rest.find("*/").ok_or_else(|| Bad::Invalid("a comment does not end".to_owned()))?;
            newline |= rest[..end].contains('\n');
            rest = &rest[end + 2..];
            continue;
        }
        let (token, length) = if first.is_ascii_digit() || starts_with_fraction(rest) {
            number(rest)?
        } else if first == '"' || first == '\'' {
            string(rest, first)?
        } else if first == '_' || first == '$' || first.is_alphabetic() {
            let end =
                rest.find(|c: char| !(c == '_' || c == '$' || c.is_alphanumeric())).unwrap_or(rest.len());
            (Token::Name(rest[..end].to_owned()), end)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            let value_before = matches!(
                out.last(),
                Some((Token::Number(..) | Token::Text(_) | Token::Name(_) | Token::Sign(")" | "]" | "}"), _))
            );
            if sign.starts_with('/') && !value_before {
                return Err(Bad::Unknown("a regular expression".to_owned()));
            }
            (Token::Sign(sign), sign.len())
        } else if first == '`' {
            return Err(Bad::Unknown("a template literal".to_owned()));
        } else {
            return Err(Bad::Invalid(format!("`{first}` begins nothing")));
        };
        out.push((token, newline));
        newline = false;
        rest = &rest[length..];
    }
}

fn starts_with_fraction(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some('.') && chars.next().is_some_and(|c| c.is_ascii_digit())
}

fn number(text: &str) -> Result<(Token, usize), Bad> {
    let lower = text.get(..2).map(str::to_ascii_lowercase);
    let radix = match lower.as_deref() {
        Some("0x") => Some(16),
        Some("0b") => Some(2),
        Some("0o") => Some(8),
        _ => None,
    };
    let bad = |shown: &str| Bad::Invalid(format!("`{shown}` is no number"));
    if let Some(radix) = radix {
        let end = text[2..].find(|c: char| !c.is_ascii_alphanumeric()).map_or(text.len(), |at| at + 2);
        let value = i64::from_str_radix(&text[2..end], radix).map_err(|_| bad(&text[..end]))?;
        #[allow(clippy::cast_precision_loss)] // What ECMAScript does, too.
        return Ok((Token::Number(value as f64, true), end));
    }
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut end = digits(0);
    let mut whole = true;
    if bytes.get(end) == Some(&b'.') {
        whole = false;
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let after = digits(end + 1 + sign);
        if after > end + 1 + sign {
            whole = false;
            end = after;
        }
    }
    let shown = &text[..end];
    if text[end..].starts_with(|c: char| c == '_' || c == '$' || c.is_alphabetic()) {
        return Err(bad(&text[..end + 1]));
    }
    let value: f64 = shown.parse().map_err(|_| bad(shown))?;
    Ok((Token::Number(value, whole), end))
}

fn string(text: &str, quote: char) -> Result<(Token, usize), Bad> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    let open = || Bad::Invalid("a text does not end".to_owned());
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Ok((Token::Text(out), at + 1)),
            '\n' => return Err(open()),
            '\\' => match chars.next().ok_or_else(open)?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                'b' => out.push('\u{8}'),
                'f' => out.push('\u{c}'),
                'v' => out.push('\u{b}'),
                '0' => out.push('\0'),
                '\n' => {}
                escape @ ('u' | 'x') => {
                    let width = if escape == 'u' { 4 } else { 2 };
                    let digits: String = chars.by_ref().take(width).map(|(_, c)| c).collect();
                    let code = u32::from_str_radix(&digits, 16)
                        .ok()
                        .filter(|_| digits.len() == width)
                        .ok_or_else(|| Bad::Invalid(format!("`\\{escape}{digits}` is no character")))?;
                    out.push(
                        char::from_u32(code).ok_or_else(|| Bad::Unknown("a surrogate pair".to_owned()))?,
                    );
                }
                other => out.push(other),
            },
            c => out.push(c),
        }
    }
    Err(open())
}
