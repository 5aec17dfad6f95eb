//! Reading market data: range scans, ordered and bounded.

use super::connect::Inner;
use super::error::failed;
use super::mode::Mode;
use super::number::Ts;
use super::rows::{CANDLE, Columns};
use crate::market::{
    CoverageRow, InstrumentId, Interval, Resolution, RestCandle, TimeRange, Trade, TradeCandle, TradeOrd,
};
use crate::ports::StoreError;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection};

/// Most rows of one read, whatever was asked.
const MAX_ROWS: usize = 100_000;

pub(super) fn limit(asked: usize) -> i64 {
    i64::try_from(asked.min(MAX_ROWS)).unwrap_or(0)
}

pub(super) async fn coverage(
    inner: &Inner,
    instrument: InstrumentId,
    range: TimeRange,
) -> Result<Vec<CoverageRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT source, from_ts, to_ts, state, reason FROM coverage
         WHERE instrument_id = $1 AND from_ts < $2 AND to_ts > $3 ORDER BY source, from_ts",
    )
    .bind(instrument.0)
    .bind(Ts(range.to_us))
    .bind(Ts(range.from_us))
    .fetch_all(&inner.read)
    .await
    .map_err(|e| failed("reading coverage", e))?;
    rows.iter().map(|row| Columns { table: "coverage", row }.coverage()).collect()
}

pub(super) async fn trade_candles(
    inner: &Inner,
    instrument: InstrumentId,
    interval: Interval,
    range: TimeRange,
    asked: usize,
) -> Result<Vec<TradeCandle>, StoreError> {
    let io = |e| failed("reading candles", e);
    let mut connection = inner.read.acquire().await.map_err(io)?;
    let rows = match inner.mode {
        Mode::Plain => plain(&mut connection, instrument, interval, range, limit(asked)).await?,
        Mode::Timescale => aggregated(&mut connection, instrument, interval, range, limit(asked)).await?,
    };
    rows.iter().map(|row| Columns { table: "trade_candle", row }.trade_candle(0)).collect()
}

async fn plain(
    connection: &mut PgConnection,
    instrument: InstrumentId,
    interval: Interval,
    range: TimeRange,
    limit: i64,
) -> Result<Vec<PgRow>, StoreError> {
    let sql = format!("{} ORDER BY bucket LIMIT $4", candles_sql(Mode::Plain, interval));
    sqlx::query(AssertSqlSafe(sql))
        .bind(instrument.0)
        .bind(Ts(range.from_us))
        .bind(Ts(range.to_us))
        .bind(limit)
        .fetch_all(connection)
        .await
        .map_err(|e| failed("reading candles", e))
}

/// From the aggregates where no minute is dirty, which is the rule; one statement sees both, so nothing is torn.
pub(super) async fn aggregated(
    connection: &mut PgConnection,
    instrument: InstrumentId,
    interval: Interval,
    range: TimeRange,
    limit: i64,
) -> Result<Vec<PgRow>, StoreError> {
    let clean = format!(
        "SELECT {CANDLE} FROM trade_candle_{interval}
         WHERE instrument_id = $1 AND bucket >= $2 AND bucket < $3 AND NOT EXISTS (
             SELECT 1 FROM dirty WHERE instrument_id = $1 AND bucket >= $2 AND bucket < $4)
         ORDER BY bucket LIMIT $5"
    );
    let dirty = dirty_sql(interval);
    let end = Ts(range.to_us.saturating_add(interval.width_us()));
    for sql in [clean, format!("{dirty} ORDER BY bucket LIMIT $5")] {
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(instrument.0)
            .bind(Ts(range.from_us))
            .bind(Ts(range.to_us))
            .bind(end)
            .bind(limit)
            .fetch_all(&mut *connection)
            .await
            .map_err(|e| failed("reading candles", e))?;
        // Nothing at all may mean that something is dirty; the second statement is right in any case.
        if !rows.is_empty() {
            return Ok(rows);
        }
    }
    Ok(Vec::new())
}

/// Candles of $1 in [$2, $3); dirty minutes before $4 are folded from their trades, and so are the buckets they are in,
/// minute by minute.
fn dirty_sql(interval: Interval) -> String {
    let width = format!("interval '{} seconds'", interval.seconds());
    // A stale minute is dirty itself; a wider stale bucket has other minutes, too.
    let clean_minutes = match interval {
        Interval::M1 => String::new(),
        _ => format!(
            "SELECT m.bucket, m.open, m.high, m.low, m.close, m.volume, m.quote_volume, m.trades, m.first_ord, m.last_ord
             FROM trade_candle_1m m
             WHERE m.instrument_id = $1 AND m.bucket >= $2 AND m.bucket < $4
               AND m.bucket >= (SELECT min(bucket) FROM stale)
               AND m.bucket < (SELECT max(bucket) FROM stale) + {width}
               AND time_bucket({width}, m.bucket) IN (SELECT bucket FROM stale)
               AND NOT EXISTS (SELECT 1 FROM dirty d WHERE d.instrument_id = $1 AND d.bucket = m.bucket)
             UNION ALL"
        ),
    };
    format!(
        "WITH stale AS MATERIALIZED (
             SELECT DISTINCT time_bucket({width}, bucket) AS bucket FROM dirty
             WHERE instrument_id = $1 AND bucket >= $2 AND bucket < $4
               AND time_bucket({width}, bucket) >= $2 AND time_bucket({width}, bucket) < $3)
         SELECT {CANDLE} FROM (
             SELECT {CANDLE} FROM trade_candle_{interval} v
             WHERE instrument_id = $1 AND bucket >= $2 AND bucket < $3
               AND NOT EXISTS (SELECT 1 FROM stale WHERE stale.bucket = v.bucket)
             UNION ALL
             SELECT time_bucket({width}, minute), first(open, first_ord), max(high), min(low), last(close, last_ord),
                    sum(volume), sum(quote_volume), sum(trades)::int8, first(first_ord, first_ord),
                    last(last_ord, last_ord)
             FROM (
                 {clean_minutes}
                 SELECT d.bucket, first(t.px, t.ord), max(t.px), min(t.px), last(t.px, t.ord), sum(t.qty),
                        sum(t.px * t.qty), count(*), first(t.ord, t.ord), last(t.ord, t.ord)
                 FROM dirty d JOIN trade t ON t.ts >= d.bucket AND t.ts < d.bucket + interval '1 minute'
                 WHERE d.instrument_id = $1 AND t.instrument_id = $1 AND d.bucket >= $2 AND d.bucket < $4
                   AND time_bucket({width}, d.bucket) IN (SELECT bucket FROM stale)
                 GROUP BY d.bucket
             ) minutes (minute, open, high, low, close, volume, quote_volume, trades, first_ord, last_ord)
             GROUP BY 1
         ) candles ({CANDLE})"
    )
}

/// The candles of $1 in [$2, $3) as a query without an order; dirty minutes count before $4.
pub(super) fn candles_sql(mode: Mode, interval: Interval) -> String {
    match mode {
        Mode::Plain => format!(
            "SELECT {CANDLE} FROM trade_candle_{interval}
             WHERE instrument_id = $1 AND bucket >= $2 AND bucket < $3"
        ),
        Mode::Timescale => dirty_sql(interval),
    }
}

pub(super) async fn rest_candles(
    inner: &Inner,
    instrument: InstrumentId,
    res: Resolution,
    range: TimeRange,
    asked: usize,
) -> Result<Vec<RestCandle>, StoreError> {
    let rows = sqlx::query(
        "SELECT bucket, open, high, low, close, volume, quote_volume, fetched_at FROM rest_candle
         WHERE instrument_id = $1 AND res = $2 AND bucket >= $3 AND bucket < $4 ORDER BY bucket LIMIT $5",
    )
    .bind(instrument.0)
    .bind(i32::try_from(res.seconds()).unwrap_or(i32::MAX))
    .bind(Ts(range.from_us))
    .bind(Ts(range.to_us))
    .bind(limit(asked))
    .fetch_all(&inner.read)
    .await
    .map_err(|e| failed("reading REST candles", e))?;
    rows.iter().map(|row| Columns { table: "rest_candle", row }.rest_candle()).collect()
}

pub(super) async fn trades(
    inner: &Inner,
    instrument: InstrumentId,
    range: TimeRange,
    after: Option<TradeOrd>,
    asked: usize,
) -> Result<Vec<Trade>, StoreError> {
    // Keys sort by time first, so a key is a place in the range.
    let from_us = after.as_ref().map_or(range.from_us, |ord| ord.time_us().max(range.from_us));
    let after = after.map(|ord| ord.to_bytes()).unwrap_or_default();
    let rows = sqlx::query(
        "SELECT i.symbol, t.ts, t.ord, t.px, t.qty, t.side, t.src FROM trade t JOIN instrument i ON i.id = t.instrument_id
         WHERE t.instrument_id = $1 AND t.ts >= $2 AND t.ts < $3 AND t.ord > $4 ORDER BY t.ts, t.ord LIMIT $5",
    )
    .bind(instrument.0)
    .bind(Ts(from_us))
    .bind(Ts(range.to_us))
    .bind(after)
    .bind(limit(asked))
    .fetch_all(&inner.read)
    .await
    .map_err(|e| failed("reading trades", e))?;
    rows.iter().map(|row| Columns { table: "trade", row }.trade()).collect()
}
