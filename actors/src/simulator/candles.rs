//! Candle history as the exchange tells it, computed from the source's trades.
//!
//! One row per bucket, none left out: before the listing all zeros, in an empty bucket the last close carried on;
//! the newest row is the open bucket, as of now.

use rust_decimal::Decimal;

use super::source::Market;

/// One row of history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CandleRow {
    pub(crate) time_s: i64,
    pub(crate) open: Decimal,
    pub(crate) high: Decimal,
    pub(crate) low: Decimal,
    pub(crate) close: Decimal,
    pub(crate) volume: Decimal,
    pub(crate) quote_volume: Decimal,
}

/// What is asked: `limit + 1` buckets, the last one holding `to_s`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) listing: usize,
    pub(crate) width_s: i64,
    pub(crate) to_s: i64,
    pub(crate) limit: i64,
    /// The exchange's clock: trades after it have not happened yet.
    pub(crate) now_us: i64,
    /// Whether a candle opens at the close before it.
    pub(crate) open_at_previous_close: bool,
}

/// The rows, ascending.
pub(crate) fn rows(market: &Market, asked: Asked) -> Vec<CandleRow> {
    let Asked { listing, width_s, limit, now_us, .. } = asked;
    let last_s = asked.to_s.min(now_us.div_euclid(1_000_000)).div_euclid(width_s) * width_s;
    let first_s = (last_s - limit * width_s).max(0);
    let mut close = market
        .trades_before(listing, (first_s * 1_000_000).min(now_us + 1), 1)
        .last()
        .and_then(|last| market.fold(listing, last.time_us, last.time_us + 1))
        .map(|instant| instant.close);
    let mut out = Vec::new();
    let mut time_s = first_s;
    while time_s <= last_s {
        let from_us = time_s * 1_000_000;
        let to_us = (from_us + width_s * 1_000_000).min(now_us + 1);
        let flat = close.unwrap_or(Decimal::ZERO);
        let row = match market.fold(listing, from_us, to_us) {
            None => CandleRow {
                time_s,
                open: flat,
                high: flat,
                low: flat,
                close: flat,
                volume: Decimal::ZERO,
                quote_volume: Decimal::ZERO,
            },
            Some(fold) => {
                let open = close.filter(|_| asked.open_at_previous_close).unwrap_or(fold.open);
                close = Some(fold.close);
                CandleRow {
                    time_s,
                    open,
                    high: fold.high.max(open),
                    low: fold.low.min(open),
                    close: fold.close,
                    volume: fold.volume,
                    quote_volume: fold.quote_volume,
                }
            }
        };
        out.push(row);
        time_s += width_s;
    }
    out
}
