//! The parameters of `GET /v1/candles`: from text to a range of whole buckets, with every fault named.
//!
//! [`Params::read`] checks all parameters by themselves and reports all faults at once; [`Params::range`] then settles
//! the range, which needs the instrument and the exchange's clock.

use super::{
    cursor::{Cursor, Order},
    format::{self, Format},
    problem::{Kind, Problem},
    query::Query,
    time::{LAST_MS, TimeFault, read_time_us},
};
use crate::datastore::EARLIEST_US;
use axum::http::HeaderMap;
use statechart_runtime::{
    market::{Instrument, Interval, TimeRange},
    ports::MAX_PAGE,
};
use std::time::Duration;

/// Candles of a page when `limit` is not given, and the span when `from` is not given either.
pub(super) const DEFAULT_LIMIT: usize = 500;
/// How long to wait for missing data when `wait` is not given.
const DEFAULT_WAIT: Duration = Duration::from_secs(10);
/// Longest `wait`.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(30);

const NAMES: [&str; 10] =
    ["symbol", "interval", "from", "to", "limit", "cursor", "order", "fill", "format", "wait"];

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Params {
    /// As written by the caller.
    pub(super) symbol: String,
    pub(super) interval: Interval,
    pub(super) from: From,
    /// End of the range, µs; `None` for now.
    pub(super) to_us: Option<i64>,
    /// `None`: everything, as a stream of lines.
    pub(super) limit: Option<usize>,
    pub(super) cursor: Option<Cursor>,
    pub(super) order: Order,
    pub(super) fill: Fill,
    pub(super) format: Format,
    pub(super) wait: Duration,
}

/// Where the range begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// `limit` buckets before its end.
    Default,
    /// Where trading began.
    Earliest,
    /// At this time, µs.
    At(i64),
}

/// What stands for a bucket in which nothing was traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    /// Nothing.
    None,
    /// A flat candle at the previous close.
    Previous,
    /// A candle without prices.
    Null,
}

impl Fill {
    const ALL: [Fill; 3] = [Fill::None, Fill::Previous, Fill::Null];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Fill::None => "none",
            Fill::Previous => "previous",
            Fill::Null => "null",
        }
    }
}

/// A range of whole buckets, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) range: TimeRange,
    /// Whether the end was not given: it moves with the clock.
    pub(super) open_end: bool,
}

impl Params {
    /// Reads the query and, for the format, the headers.
    ///
    /// # Errors
    /// One problem that names all faults.
    pub(super) fn read(query: &str, headers: &HeaderMap) -> Result<Params, Problem> {
        let mut problems = Vec::new();
        let query = Query::read(query, &NAMES, &mut problems);
        let mut faults = Faults(&mut problems);

        let symbol = faults.take(match query.get("symbol") {
            None => {
                Err(missing("symbol", "give a symbol, e.g. `symbol=BTCUSD`; `GET /v1/symbols` lists them"))
            }
            Some(text) if text.trim().is_empty() => Err(Problem::invalid("symbol", text, "it is empty")
                .hint("e.g. `symbol=BTCUSD`; `GET /v1/symbols` lists them")),
            Some(text) => Ok(text.to_owned()),
        });
        let interval = faults.take(match query.get("interval") {
            None => Err(missing("interval", "one of 1m, 5m, 15m, 1h, 4h, 1d")),
            Some(text) => read_interval(text),
        });
        let from = faults.take(query.get("from").map_or(Ok(From::Default), |text| match text {
            "earliest" => Ok(From::Earliest),
            text => read_time("from", text).map(From::At),
        }));
        let to_us = faults.take(query.get("to").map(|text| read_time("to", text)).transpose());
        let cursor = faults.take(query.get("cursor").map(read_cursor).transpose());
        let order = faults.take(read_choice(&query, "order", Order::ALL, Order::name));
        let fill = faults.take(read_choice(&query, "fill", Fill::ALL, Fill::name));
        let wait = faults.take(query.get("wait").map_or(Ok(DEFAULT_WAIT), read_wait));
        let limit = faults.take(query.get("limit").map(read_limit).transpose());
        let format = faults.take(match read_choice(&query, "format", Format::ALL, Format::name) {
            Ok(None) => format::from_accept(headers),
            Ok(Some(format)) => Ok(format),
            Err(problem) => Err(problem),
        });
        if let (Some(cursor), Some(_)) = (query.get("cursor"), query.get("from")) {
            let both = "`cursor` and `from` exclude each other: the cursor says where to go on";
            problems.push(Problem::invalid("cursor", cursor, both).hint("leave out `from`"));
        }
        if let (Some(From::At(from_us)), Some(Some(to_us))) = (from, to_us)
            && from_us >= to_us
        {
            let text = query.get("from").unwrap_or_default();
            problems.push(
                Problem::impossible("from", text, "`from` is not before `to`, so the range is empty")
                    .hint("ranges are half-open: `from` is inside, `to` is not"),
            );
        }
        // A 400 leads before a 422: what cannot be read comes first.
        problems.sort_by_key(|problem| problem.kind.status());
        let all = (symbol, interval, from, to_us, limit, cursor, order, fill, format, wait);
        match (all, Problem::join(problems)) {
            (
                (
                    Some(symbol),
                    Some(interval),
                    Some(from),
                    Some(to_us),
                    Some(limit),
                    Some(cursor),
                    Some(order),
                    Some(fill),
                    Some(format),
                    Some(wait),
                ),
                None,
            ) => Ok(Params {
                symbol,
                interval,
                from,
                to_us,
                limit: limit.or(if format.has_lines() { None } else { Some(DEFAULT_LIMIT) }),
                order: order.or(cursor.as_ref().map(|cursor| cursor.order)).unwrap_or(Order::Asc),
                cursor,
                fill: fill.unwrap_or(Fill::None),
                format,
                wait,
            }),
            (_, Some(problem)) => Err(problem),
            // Unreachable, since each missing value has left a problem; still a sound answer.
            (_, None) => Err(Problem::new(Kind::InvalidParameter, "the parameters cannot be read")),
        }
    }

    /// The buckets asked for. `now_us` is the exchange's clock.
    ///
    /// # Errors
    /// 422 for a range in which there can be nothing, 400 for another list's cursor.
    pub(super) fn range(&self, instrument: &Instrument, now_us: i64) -> Result<Asked, Problem> {
        let (from, mut to_us) = match &self.cursor {
            None => (self.from, self.to_us),
            Some(cursor) => {
                self.check_cursor(cursor, instrument)?;
                // Callers may repeat `to`, or cut the rest short with it.
                let to_us = match (cursor.to_us, self.to_us) {
                    (Some(rest_us), Some(asked_us)) => Some(rest_us.min(asked_us)),
                    (rest_us, asked_us) => rest_us.or(asked_us),
                };
                (From::At(cursor.from_us), to_us)
            }
        };
        let open_end = to_us.is_none();
        let end_us = self.interval.ceil_us(to_us.unwrap_or(now_us).min(now_us));
        let first_us = instrument.listed_us.unwrap_or(EARLIEST_US).min(now_us);
        if let Some(before_us) = to_us.filter(|to_us| *to_us <= EARLIEST_US) {
            let detail = "the range ends before anything was traded anywhere";
            return Err(Problem::impossible("to", &ms(before_us), detail)
                .hint(format!("the earliest time is {} (ms)", ms(EARLIEST_US))));
        }
        let from_us = match from {
            From::Default => {
                let limit = i64::try_from(self.limit.unwrap_or(DEFAULT_LIMIT)).unwrap_or(i64::MAX);
                let span_us = limit.saturating_mul(self.interval.width_us());
                end_us.saturating_sub(span_us).max(EARLIEST_US)
            }
            From::Earliest => first_us,
            From::At(from_us) => from_us.max(EARLIEST_US),
        };
        // The cursor of an open list may stand at its end: there is nothing more yet, which is no fault.
        if from_us >= now_us && self.cursor.is_none() {
            let detail = "the range begins in the future of the exchange";
            return Err(Problem::impossible("from", &ms(from_us), detail)
                .hint(format!("the exchange's clock shows {} (ms)", ms(now_us))));
        }
        if to_us.is_some_and(|to_us| from_us >= to_us) {
            to_us = to_us.map(|to_us| to_us.max(0));
            let parameter = if self.cursor.is_some() || self.from == From::Earliest { "to" } else { "from" };
            let value_us = if parameter == "to" { to_us.unwrap_or(0) } else { from_us };
            return Err(Problem::impossible(parameter, &ms(value_us), "the range is empty")
                .hint(format!("it would begin at {} (ms)", ms(from_us))));
        }
        let from_us = self.interval.ceil_us(from_us);
        Ok(Asked { range: TimeRange { from_us, to_us: end_us.max(from_us) }, open_end })
    }

    fn check_cursor(&self, cursor: &Cursor, instrument: &Instrument) -> Result<(), Problem> {
        let differs = [
            ("symbol", cursor.symbol.as_str(), instrument.symbol.as_str()),
            ("interval", cursor.interval.name(), self.interval.name()),
            ("order", cursor.order.name(), self.order.name()),
        ]
        .into_iter()
        .find(|(_, theirs, ours)| theirs != ours);
        match differs {
            None => Ok(()),
            Some((name, theirs, ours)) => {
                let detail = format!("this cursor continues a list with {name}={theirs}, not {ours}");
                Err(Problem::invalid("cursor", &cursor.encode(), detail)
                    .hint("repeat the parameters of the request that gave the cursor"))
            }
        }
    }
}

/// Collects what goes wrong, so that one answer names all of it.
struct Faults<'a>(&'a mut Vec<Problem>);

impl Faults<'_> {
    fn take<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.0.push(problem)).ok()
    }
}

fn ms(time_us: i64) -> String {
    time_us.div_euclid(1000).to_string()
}

fn missing(parameter: &str, hint: &str) -> Problem {
    Problem {
        parameter: Some(parameter.into()),
        ..Problem::new(Kind::InvalidParameter, format!("`{parameter}` is missing")).hint(hint)
    }
}

fn read_interval(text: &str) -> Result<Interval, Problem> {
    text.parse().map_err(|_| {
        let problem = Problem::invalid("interval", text, "there are no candles of this width");
        let seconds = |interval: &Interval| interval.seconds().to_string();
        let near = Interval::ALL.into_iter().find(|one| {
            one.name().eq_ignore_ascii_case(text)
                || seconds(one) == text
                || (one.seconds() / 60).to_string() == text.trim_end_matches(['m', 'M'])
        });
        match near {
            Some(near) => problem.hint(format!("did you mean `{near}`? One of 1m, 5m, 15m, 1h, 4h, 1d")),
            None => problem.hint("one of 1m, 5m, 15m, 1h, 4h, 1d"),
        }
    })
}

fn read_time(parameter: &str, text: &str) -> Result<i64, Problem> {
    let hint = if parameter == "from" {
        "milliseconds since 1970 UTC, or RFC 3339 such as 2018-01-01T00:00:00Z, or `earliest`"
    } else {
        "milliseconds since 1970 UTC, or RFC 3339 such as 2018-01-01T00:00:00Z"
    };
    read_time_us(text).map_err(|fault| match fault {
        TimeFault::Malformed(why) => Problem::invalid(parameter, text, why).hint(hint),
        TimeFault::Impossible(why) => {
            Problem::impossible(parameter, text, why).hint(format!("{hint}; 0 to {LAST_MS} ms"))
        }
    })
}

fn read_cursor(text: &str) -> Result<Cursor, Problem> {
    Cursor::decode(text).ok_or_else(|| {
        Problem::invalid("cursor", text, "this is no cursor of this API, or it was damaged on the way")
            .hint("take it unchanged from `cursor` of an answer, or begin with `from`")
    })
}

fn read_limit(text: &str) -> Result<usize, Problem> {
    let hint = format!("an integer from 1 to {MAX_PAGE}; with format=csv or jsonl none means everything");
    let sound = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !sound {
        return Err(Problem::invalid("limit", text, "it is not a whole number above zero").hint(hint));
    }
    text.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit)).ok_or_else(|| {
        Problem::impossible("limit", text, format!("it is not within 1 to {MAX_PAGE}")).hint(hint)
    })
}

/// `10s`, `500ms`, or seconds without a unit.
fn read_wait(text: &str) -> Result<Duration, Problem> {
    let hint =
        "a whole number of seconds from 0s to 30s, or of milliseconds, e.g. `wait=10s` or `wait=500ms`";
    let (digits, unit_ms) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(digits), _) => (digits, 1),
        (None, Some(digits)) => (digits, 1000),
        (None, None) => (text, 1000),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::invalid("wait", text, "it is not a duration").hint(hint));
    }
    let wait = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(unit_ms)).map(Duration::from_millis);
    wait.filter(|wait| *wait <= MAX_WAIT)
        .ok_or_else(|| Problem::impossible("wait", text, "it is longer than 30 s").hint(hint))
}

fn read_choice<T: Copy, const N: usize>(
    query: &Query,
    parameter: &str,
    all: [T; N],
    name: fn(T) -> &'static str,
) -> Result<Option<T>, Problem> {
    let Some(text) = query.get(parameter) else { return Ok(None) };
    match all.into_iter().find(|one| name(*one) == text) {
        Some(found) => Ok(Some(found)),
        None => Err(Problem::invalid(parameter, text, format!("`{parameter}` cannot be this"))
            .hint(format!("one of {}", all.map(name).join(", ")))),
    }
}

#[cfg(test)]
#[path = "params_tests.rs"]
mod tests;
