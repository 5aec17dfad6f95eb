//! Trade history, to repair gaps with: pages in the order (second, sequence), continued by a cursor.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::envelope::{Answer, Asked, Opened, open};
use super::error::excerpt;
use super::wire::{RawTrade, integer};
use super::{Client, ExchangeError, Pair, Side, WireTrade};

/// Most trades in a page.
pub const MAX_TRADES_PAGE: u32 = 5_000;

/// A trade this old stands in the history, µs: the exchange takes its time to file one.
pub const FILED_AFTER_US: i64 = 60_000_000;

/// A row this far ahead of the exchange's clock is a mistake, µs. The clock is read in whole seconds.
const MAX_AHEAD_US: i64 = 6_000_000;

/// Rows that cannot be read are reported, at most this many per page.
const MAX_MALFORMED: usize = 100;

const PATH: &str = "/spot/v2/historical/trades";

/// Where to go on reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradeCursor {
    /// Trades before this time are of no interest, µs UTC.
    pub from_us: i64,
    /// Trades up to this second are read, as far as their sequence is not above `last_ccseq`.
    pub after_s: i64,
    /// Highest sequence read within `after_s`; 0 at the start.
    pub last_ccseq: u64,
}

impl TradeCursor {
    /// Starts with the first trade at or after `from_us`.
    pub fn from_time(from_us: i64) -> Self {
        // One second early: whether the exchange counts its own `after_ts` in is not documented, and the rows
        // too many are dropped here.
        Self { from_us, after_s: from_us.div_euclid(1_000_000).saturating_sub(1).max(0), last_ccseq: 0 }
    }
}

/// One page of trades.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradesPage {
    /// Trades in the exchange's order; one may come twice, on two pages.
    pub trades: Vec<WireTrade>,
    /// Where the next page begins.
    pub next: TradeCursor,
    /// Whether this was the last page: the exchange has no more trades for now.
    pub complete: bool,
    /// The exchange's clock when it answered (`Date`, whole seconds, µs UTC). With `complete`, every trade that the
    /// exchange had filed by then has been read; that is every one older than [`FILED_AFTER_US`].
    pub exchange_now_us: Option<i64>,
    /// Rows that could not be read, `reason: text`; at most 100.
    pub malformed: Vec<String>,
}

#[derive(Deserialize)]
struct RawHistoryTrade<'a> {
    #[serde(rename = "MARKET", borrow, default)]
    market: Cow<'a, str>,
    #[serde(rename = "BASE", borrow, default)]
    base: Cow<'a, str>,
    #[serde(rename = "QUOTE", borrow, default)]
    quote: Cow<'a, str>,
    #[serde(rename = "SIDE", borrow, default)]
    side: Cow<'a, str>,
    #[serde(rename = "ID", borrow)]
    id: Option<&'a RawValue>,
    #[serde(rename = "TIMESTAMP", borrow)]
    ts_s: Option<&'a RawValue>,
    #[serde(rename = "TIMESTAMP_NS", borrow)]
    ts_ns: Option<&'a RawValue>,
    #[serde(rename = "RECEIVED_TIMESTAMP", borrow)]
    received_s: Option<&'a RawValue>,
    #[serde(rename = "RECEIVED_TIMESTAMP_NS", borrow)]
    received_ns: Option<&'a RawValue>,
    #[serde(rename = "QUANTITY", borrow)]
    size: Option<&'a RawValue>,
    #[serde(rename = "PRICE", borrow)]
    price: Option<&'a RawValue>,
    #[serde(rename = "CCSEQ", borrow)]
    ccseq: Option<&'a RawValue>,
}

impl Client {
    /// The next `limit` trades (1 to 5000) of `pair` from `cursor` on.
    ///
    /// # Errors
    /// [`ExchangeError`]; a row that cannot be read is no error but listed in the page.
    pub async fn trades_page(
        &self,
        pair: &Pair,
        cursor: TradeCursor,
        limit: u32,
    ) -> Result<TradesPage, ExchangeError> {
        let limit = limit.clamp(1, MAX_TRADES_PAGE);
        let query = [
            // The data API spells markets in lower case.
            ("market", pair.market.to_ascii_lowercase()),
            ("instrument", format!("{}-{}", pair.base, pair.quote)),
            ("after_ts", cursor.after_s.to_string()),
            ("last_ccseq", cursor.last_ccseq.to_string()),
            ("limit", limit.to_string()),
        ];
        let base = self.endpoints().data_api.clone();
        self.ask(&base, PATH, &query, |answer| read_page(pair, cursor, limit, answer, self.now_us())).await
    }
}

fn read_page(
    pair: &Pair,
    cursor: TradeCursor,
    limit: u32,
    answer: &Answer,
    now_us: i64,
) -> Result<TradesPage, ExchangeError> {
    let exchange_now_us = answer.date_us;
    let data = match open(Asked { at: PATH, pair }, answer)? {
        Opened::Data { data, .. } => data,
        // No rows are no proof that nothing was traded.
        Opened::PlanDepth { message } => return Err(ExchangeError::PlanDepth { at: PATH.into(), message }),
    };
    let rows: Vec<&RawValue> = match data.get() {
        "{}" | "null" => Vec::new(),
        text => serde_json::from_str(text).map_err(|error| ExchangeError::BadReply {
            at: PATH.into(),
            reason: format!("`Data` is no list of trades: {error}"),
            excerpt: excerpt(text),
            transient: false,
        })?,
    };
    let mut next = cursor;
    let mut trades = Vec::with_capacity(rows.len());
    let mut malformed = Vec::new();
    let most_us = exchange_now_us.unwrap_or(now_us).saturating_add(MAX_AHEAD_US);
    for row in &rows {
        match read_trade(pair, row, now_us).and_then(|read| not_after(most_us, read)) {
            Ok((seconds, trade)) => {
                let ccseq = trade.ccseq.unwrap_or(0);
                if seconds > next.after_s {
                    (next.after_s, next.last_ccseq) = (seconds, ccseq);
                } else if seconds == next.after_s {
                    next.last_ccseq = next.last_ccseq.max(ccseq);
                }
                if trade.time_us >= cursor.from_us {
                    trades.push(trade);
                }
            }
            Err(reason) if malformed.len() < MAX_MALFORMED => {
                malformed.push(format!("{reason}: {}", excerpt(row.get())));
            }
            Err(_) => {}
        }
    }
    let complete = rows.len() < usize::try_from(limit).unwrap_or(usize::MAX);
    if !complete && next == cursor {
        return Err(ExchangeError::NoProgress {
            at: PATH.into(),
            oldest_us: cursor.after_s.saturating_mul(1_000_000),
        });
    }
    Ok(TradesPage { trades, next, complete, exchange_now_us, malformed })
}

/// A trade of the future would move the cursor past those that are still to come.
fn not_after(most_us: i64, read: (i64, WireTrade)) -> Result<(i64, WireTrade), String> {
    let ahead_us = read.1.time_us.saturating_sub(most_us);
    if ahead_us > 0 {
        let ahead_s = ahead_us.saturating_add(MAX_AHEAD_US) / 1_000_000;
        return Err(format!("the trade is dated {ahead_s} s ahead of the exchange's clock"));
    }
    Ok(read)
}

fn read_trade(pair: &Pair, row: &RawValue, now_us: i64) -> Result<(i64, WireTrade), String> {
    let raw: RawHistoryTrade<'_> = serde_json::from_str(row.get()).map_err(|error| error.to_string())?;
    // The reply spells the market its own way; the trade keeps the name we asked for.
    if !raw.market.is_empty() && !pair.matches(&raw.market, &raw.base, &raw.quote) {
        return Err(format!("a trade of {}~{}~{}, asked for {pair}", raw.market, raw.base, raw.quote));
    }
    let trade = RawTrade {
        market: &pair.market,
        base: &pair.base,
        quote: &pair.quote,
        side: Some(match raw.side.as_ref() {
            "BUY" => Side::Buy,
            "SELL" => Side::Sell,
            _ => Side::Unknown,
        }),
        id: raw.id,
        ts_s: raw.ts_s,
        ts_ns: raw.ts_ns,
        received_s: raw.received_s,
        received_ns: raw.received_ns,
        price: raw.price,
        size: raw.size,
        ccseq: raw.ccseq,
    }
    .check(now_us)?;
    let seconds = raw.ts_s.and_then(integer).ok_or_else(|| "time is missing".to_owned())?;
    Ok((seconds, trade))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(rows: &str, cursor: TradeCursor, limit: u32) -> Result<TradesPage, ExchangeError> {
        let answer = Answer {
            status: 200,
            body: format!(r#"{{"Data":{rows},"Err":{{}}}}"#),
            date_us: Some(NOW),
            retry_after_ms: None,
        };
        read_page(&Pair::new("Coinbase", "BTC", "USD"), cursor, limit, &answer, 5)
    }

    const NOW: i64 = 1_700_000_000_000_000;
    const ROW: &str = r#"{"TYPE":"952","MARKET":"coinbase","INSTRUMENT":"BTC-USD","MAPPED_INSTRUMENT":"BTC-USD","BASE":"BTC","QUOTE":"USD","SIDE":"SELL","ID":"79832953","TIMESTAMP":1576771201,"TIMESTAMP_NS":315000900,"RECEIVED_TIMESTAMP":1644935374,"RECEIVED_TIMESTAMP_NS":67000000,"QUANTITY":7.402902e-2,"PRICE":7136,"QUOTE_QUANTITY":528.27,"SOURCE":"POLLING","CCSEQ":79832951}"#;

    #[test]
    fn rows_become_trades_and_the_cursor_moves() {
        let start = TradeCursor::from_time(1_576_771_201_315_000);
        assert_eq!((start.after_s, start.last_ccseq), (1_576_771_200, 0));
        let page = read(&format!("[{ROW},{{\"PRICE\":1}}]"), start, 2).unwrap();
        let trade = &page.trades[0];
        assert_eq!(
            (trade.market.as_str(), trade.id.as_str(), trade.side),
            ("Coinbase", "79832953", Side::Sell)
        );
        assert_eq!((trade.time_us, trade.received_us), (1_576_771_201_315_000, 1_644_935_374_067_000));
        assert_eq!((trade.size.to_string(), trade.price.to_string()), ("0.07402902".into(), "7136".into()));
        assert_eq!((page.next.after_s, page.next.last_ccseq), (1_576_771_201, 79_832_951));
        assert!(!page.complete && page.malformed.len() == 1, "{page:?}");
        // The same page once more: a full page that does not move the cursor ends the walk.
        let again = read(&format!("[{ROW}]"), page.next, 1).unwrap_err();
        assert!(matches!(again, ExchangeError::NoProgress { .. }), "{again}");
        assert!(read("[]", page.next, 1).unwrap().complete && read("{}", page.next, 1).unwrap().complete);
        let later = TradeCursor::from_time(1_576_771_201_315_001);
        assert!(
            read(&format!("[{ROW}]"), later, 5).unwrap().trades.is_empty(),
            "rows before from_us are dropped"
        );
    }

    #[test]
    fn a_row_of_the_future_is_set_aside_and_moves_no_cursor() {
        let start = TradeCursor::from_time(1_576_771_201_000_000);
        let dated = |seconds: i64| ROW.replace("1576771201", &seconds.to_string());
        // seconds ahead of the exchange's clock, whether it is a trade
        for (ahead_s, is_good) in [(0, true), (5, true), (6, false), (1_800, false), (3_000_000_000, false)] {
            let page = read(&format!("[{ROW},{}]", dated(NOW / 1_000_000 + ahead_s)), start, 9).unwrap();
            assert_eq!((page.trades.len(), page.malformed.len()), if is_good { (2, 0) } else { (1, 1) });
            assert_eq!(page.next.after_s > 1_576_771_201, is_good, "{ahead_s}");
        }
    }

    #[test]
    fn the_end_of_a_plan_is_no_proof_that_nothing_was_traded() {
        let body = r#"{"Response":"Error","Message":"data is only available for the last 7 days","Type":2,"Data":{}}"#;
        let answer = Answer { status: 200, body: body.into(), date_us: Some(NOW), retry_after_ms: None };
        let cursor = TradeCursor::from_time(0);
        let error = read_page(&Pair::new("Coinbase", "BTC", "USD"), cursor, 5, &answer, 5).unwrap_err();
        assert!(matches!(&error, ExchangeError::PlanDepth { .. }) && !error.is_transient(), "{error}");
    }
}
