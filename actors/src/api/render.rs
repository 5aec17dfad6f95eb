//! Rows as JSON, CSV and JSON lines. Prices and volumes are strings, so that no digit is lost; times are milliseconds.

use super::{page::Page, rows::Row};
use serde::Serialize;
use statechart_runtime::market::{Decimal, canonical};
use std::fmt::Write;

/// First line of CSV.
pub(super) const CSV_HEADER: &str = "time,open,high,low,close,volume,quote_volume,trades,closed,source\n";

/// Microseconds inside, milliseconds outside.
pub(super) const fn ms(time_us: i64) -> i64 {
    time_us.div_euclid(1000)
}

/// The body of `format=json`.
#[derive(Serialize)]
pub(super) struct JsonPage<'a> {
    symbol: &'a str,
    interval: &'static str,
    from: i64,
    to: i64,
    complete: bool,
    candles: Vec<JsonCandle>,
    gaps: Vec<JsonGap>,
    cursor: Option<String>,
}

impl<'a> JsonPage<'a> {
    pub(super) fn new(page: &'a Page, rows: &[Row]) -> Self {
        Self {
            symbol: &page.instrument.symbol,
            interval: page.plan.interval.name(),
            from: ms(page.plan.range.from_us),
            to: ms(page.plan.range.to_us),
            complete: page.is_complete(),
            candles: rows.iter().map(JsonCandle::from).collect(),
            gaps: page
                .plan
                .gaps
                .iter()
                .map(|gap| JsonGap {
                    from: ms(gap.range.from_us),
                    to: ms(gap.range.to_us),
                    reason: gap.reason.name(),
                })
                .collect(),
            cursor: page.cursor.as_ref().map(super::cursor::Cursor::encode),
        }
    }
}

#[derive(Serialize)]
struct JsonGap {
    from: i64,
    to: i64,
    reason: &'static str,
}

/// A candle of `format=json`, and a line of `format=jsonl`.
#[derive(Serialize)]
pub(super) struct JsonCandle {
    time: i64,
    open: Option<String>,
    high: Option<String>,
    low: Option<String>,
    close: Option<String>,
    volume: String,
    quote_volume: String,
    trades: Option<u64>,
    closed: bool,
    source: &'static str,
}

impl From<&Row> for JsonCandle {
    fn from(row: &Row) -> Self {
        let [open, high, low, close] = prices(row);
        Self {
            time: ms(row.bucket_us),
            open,
            high,
            low,
            close,
            volume: canonical(row.volume),
            quote_volume: canonical(row.quote_volume),
            trades: row.trades,
            closed: row.is_closed,
            source: row.source.name(),
        }
    }
}

/// Appends a line of CSV; unknown values are empty.
pub(super) fn csv_line(row: &Row, out: &mut String) {
    let [open, high, low, close] = prices(row).map(Option::unwrap_or_default);
    let trades = row.trades.map(|trades| trades.to_string()).unwrap_or_default();
    let (volume, quote_volume) = (canonical(row.volume), canonical(row.quote_volume));
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{},{open},{high},{low},{close},{volume},{quote_volume},{trades},{},{}",
        ms(row.bucket_us),
        row.is_closed,
        row.source.name()
    );
}

/// Appends a line of JSON.
pub(super) fn json_line(row: &Row, out: &mut String) {
    // Strings, numbers and booleans always have a JSON text.
    if let Ok(line) = serde_json::to_string(&JsonCandle::from(row)) {
        out.push_str(&line);
        out.push('\n');
    }
}

fn prices(row: &Row) -> [Option<String>; 4] {
    match row.prices {
        Some(prices) => prices.map(|price: Decimal| Some(canonical(price))),
        None => [None, None, None, None],
    }
}
