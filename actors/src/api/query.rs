//! The query part of an address as named values: strict percent-decoding, nothing twice, nothing unknown.
//!
//! A `+` stays a `+` (RFC 3986), so that `2018-01-01T00:00:00+02:00` may be written as it is.

use super::problem::Problem;
use std::collections::BTreeMap;

/// Most parameters of one request.
const MAX_PARAMETERS: usize = 32;

/// The parameters of a request by name, all of them known to the endpoint.
#[derive(Debug, Default)]
pub(super) struct Query {
    values: BTreeMap<&'static str, String>,
}

impl Query {
    /// Reads `a=1&b=2`. Every fault is reported; what can be read is returned all the same, so that its values can be
    /// checked too.
    pub(super) fn read(text: &str, known: &[&'static str], problems: &mut Vec<Problem>) -> Query {
        let mut query = Query::default();
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        for (index, pair) in pairs.enumerate() {
            if index >= MAX_PARAMETERS {
                problems.push(
                    Problem::invalid("", pair, format!("more than {MAX_PARAMETERS} parameters"))
                        .hint("each parameter may be given once"),
                );
                break;
            }
            let (raw_name, raw_value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(name) = decode(raw_name) else {
                problems.push(undecodable(raw_name, raw_name));
                continue;
            };
            let Some(name) = known.iter().copied().find(|one| *one == name) else {
                problems.push(unknown(&name, raw_value, known));
                continue;
            };
            let Some(value) = decode(raw_value) else {
                problems.push(undecodable(name, raw_value));
                continue;
            };
            if query.values.contains_key(name) {
                problems.push(
                    Problem::invalid(name, &value, format!("`{name}` is given more than once"))
                        .hint("give each parameter once"),
                );
                continue;
            }
            query.values.insert(name, value);
        }
        query
    }

    /// The value of a parameter, if it was given.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }
}

/// For endpoints without parameters.
///
/// # Errors
/// 400 when there are any.
pub(super) fn none_allowed(text: Option<&str>) -> Result<(), Problem> {
    let mut problems = Vec::new();
    Query::read(text.unwrap_or_default(), &[], &mut problems);
    Problem::join(problems).map_or(Ok(()), Err)
}

fn unknown(name: &str, value: &str, known: &[&'static str]) -> Problem {
    let problem = Problem::invalid(name, value, "there is no parameter of this name");
    let lower = name.to_ascii_lowercase();
    let near = known.iter().find(|one| {
        lower == **one || (lower.len() > 1 && (one.starts_with(&lower) || lower.starts_with(**one)))
    });
    match (near, known.is_empty()) {
        (_, true) => problem.hint("this address takes no parameters"),
        (Some(near), _) => problem.hint(format!("did you mean `{near}`?")),
        (None, _) => problem.hint(format!("one of {}", known.join(", "))),
    }
}

fn undecodable(name: &str, value: &str) -> Problem {
    Problem::invalid(name, value, "this is not percent-encoded UTF-8 text without control characters")
        .hint("write a percent sign as %25, and other bytes as %XX of their UTF-8 encoding")
}

/// `%41` → `A`. `None` for a stray percent sign, for what is not UTF-8, and for control characters.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
}
