//! Which format a response has: `format=` first, else the `Accept` header.

use super::problem::{Kind, Problem};
use axum::http::{HeaderMap, header};

/// How candles are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// One JSON object with candles, gaps and a cursor.
    Json,
    /// One line a candle below a line of names; gaps only as headers.
    Csv,
    /// One JSON object a line; gaps only as headers.
    JsonLines,
}

impl Format {
    pub(super) const ALL: [Format; 3] = [Format::Json, Format::Csv, Format::JsonLines];

    /// The value of the parameter `format`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Csv => "csv",
            Format::JsonLines => "jsonl",
        }
    }

    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::JsonLines => "application/jsonl",
        }
    }

    /// Whether each candle is a line of its own, so that any number of them can be streamed.
    pub(super) const fn has_lines(self) -> bool {
        !matches!(self, Format::Json)
    }

    /// How specifically a media range names this format; `None` when it does not.
    fn matched_by(self, range: &str) -> Option<u8> {
        let exact: &[&str] = match self {
            Format::Json => &["application/json", "application/problem+json"],
            Format::Csv => &["text/csv"],
            Format::JsonLines => &["application/jsonl", "application/x-ndjson", "application/ndjson"],
        };
        let family = match self {
            Format::Csv => "text/*",
            Format::Json | Format::JsonLines => "application/*",
        };
        match range {
            _ if exact.contains(&range) => Some(2),
            _ if range == family => Some(1),
            "*/*" | "*" => Some(0),
            _ => None,
        }
    }
}

/// The format with the highest quality in `Accept`; JSON when there is no such header.
///
/// # Errors
/// 406 when every format is ruled out.
pub(super) fn from_accept(headers: &HeaderMap) -> Result<Format, Problem> {
    let mut ranges: Vec<(String, u16)> = Vec::new();
    for value in headers.get_all(header::ACCEPT) {
        for item in String::from_utf8_lossy(value.as_bytes()).split(',') {
            let mut parts = item.split(';').map(str::trim);
            let range = parts.next().unwrap_or_default().to_ascii_lowercase();
            if !range.is_empty() {
                let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
                ranges.push((range, quality.map_or(1000, read_quality)));
            }
        }
    }
    if ranges.is_empty() {
        return Ok(Format::Json);
    }
    // The most specific range decides about a format; among equal qualities the first format of the list wins.
    let quality = |format: Format| {
        let matching = ranges.iter().filter_map(|(range, q)| Some((format.matched_by(range)?, *q)));
        matching.max_by_key(|(specific, _)| *specific).map_or(0, |(_, q)| q)
    };
    let mut best = (0, Format::Json);
    for format in Format::ALL {
        if quality(format) > best.0 {
            best = (quality(format), format);
        }
    }
    if best.0 > 0 {
        return Ok(best.1);
    }
    let asked = ranges.iter().map(|range| range.0.as_str()).collect::<Vec<_>>().join(", ");
    Err(Problem::new(Kind::NotAcceptable, "none of the accepted formats can be served")
        .about("Accept", &asked)
        .hint("accept application/json, text/csv or application/jsonl, or give `format=json|csv|jsonl`"))
}

/// `0.5` → 500; what cannot be read counts as 1.
fn read_quality(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let sound = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "0" if sound => format!("{fraction:0<3}").parse().unwrap_or(1000),
        _ => 1000,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn accept_headers() {
        for (accept, format) in [
            ("", Some("json")),
            ("*/*", Some("json")),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some("json")),
            ("text/csv", Some("csv")),
            ("TEXT/CSV; q=1", Some("csv")),
            ("text/*", Some("csv")),
            ("application/json;q=0.5, text/csv;q=0.9", Some("csv")),
            ("application/json, text/csv", Some("json")),
            ("application/x-ndjson", Some("jsonl")),
            ("*/*;q=0.1, application/jsonl", Some("jsonl")),
            ("application/json;q=0, */*", Some("csv")),
            ("text/html", None),
            ("application/json;q=0", None),
        ] {
            let mut headers = HeaderMap::new();
            if !accept.is_empty() {
                headers.insert(header::ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(from_accept(&headers).ok().map(Format::name), format, "{accept}");
        }
    }
}
