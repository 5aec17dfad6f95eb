//! The trades of all measurements: the same for the same number, and none twice.

use statechart_runtime::{
    market::{Coverage, Decimal, Instrument, Record, Side, TimeRange, Trade, TradeOrigin},
    ports::{Log, LogRecord},
};

use crate::Outcome;

/// 2018-01-01.
pub(crate) const START_US: i64 = 1_514_764_800_000_000;
/// Between two trades: a few a second, as on a busy market.
const STEP_US: i64 = 123_457;
/// Trades between two statements of the feed about how far it has come.
const COVER_EVERY: i64 = 1_000;
/// Trades of one append: less than a request may have, so that ours and a bare client's are the same.
pub(crate) const BATCH: i64 = 3_000;

pub(crate) fn time_us(n: i64) -> i64 {
    START_US + n * STEP_US
}

/// The first trade at or after a time.
pub(crate) fn number_at(time_us: i64) -> i64 {
    (time_us - START_US).div_euclid(STEP_US) + 1
}

pub(crate) fn trade(symbol: &str, n: i64) -> Trade {
    Trade {
        symbol: symbol.into(),
        time_us: time_us(n),
        id: n.to_string().into(),
        price: Decimal::new(1_371_565 + n * 7_919 % 9_973, 2).normalize(),
        size: Decimal::new(1 + n * 104_729 % 99_991, 8).normalize(),
        side: if n % 2 == 0 { Side::Buy } else { Side::Sell },
        received_us: time_us(n),
        origin: TradeOrigin::Socket,
    }
}

/// Records as the Producer writes them, in appends of one size.
pub(crate) fn batches(symbol: &str, from: i64, to: i64, now_us: i64) -> Vec<Vec<LogRecord>> {
    let mut batches = Vec::new();
    for start in (from..to).step_by(usize::try_from(BATCH).unwrap_or(usize::MAX)) {
        let mut batch = Vec::new();
        for n in start..(start + BATCH).min(to) {
            batch.push(record(&Record::Trade(trade(symbol, n)), now_us));
            if (n + 1) % COVER_EVERY == 0 || n + 1 == to {
                let range =
                    TimeRange { from_us: time_us((n + 1 - COVER_EVERY).max(from)), to_us: time_us(n + 1) };
                let coverage = Coverage { symbol: symbol.to_owned(), range, epoch: 1 };
                batch.push(record(&Record::Coverage(coverage), now_us));
            }
        }
        batches.push(batch);
    }
    batches
}

fn record(record: &Record, now_us: i64) -> LogRecord {
    LogRecord::new(record.key().to_owned(), record.encode(), now_us)
}

/// Puts trades into the partition of their instrument; returns the offset behind them.
pub(crate) async fn append(log: &dyn Log, topic: &str, one: &Instrument, from: i64, to: i64) -> Outcome<i64> {
    let now_us = i64::try_from(crate::database::stamp()?)? * 1_000;
    for batch in batches(&one.symbol, from, to, now_us) {
        log.append(topic, one.partition, &batch).await?;
    }
    Ok(log.watermarks(topic, one.partition).await?.high)
}
