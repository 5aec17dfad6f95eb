//! Reading market data from the embedded store: range scans, ordered and bounded.

use super::codec::Columns;
use super::database::{Database, failed};
use crate::market::{
    CoverageRow, CoverageState, Instrument, InstrumentId, Interval, Resolution, RestCandle, Side, Source,
    TimeRange, Trade, TradeCandle, TradeOrd, TradeOrigin,
};
use crate::ports::{InstrumentStats, PositionKey, StoreError, StoreStats};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Sqlite, Transaction};

/// Most rows of one read, whatever was asked.
const MAX_ROWS: usize = 100_000;
/// Coverage rows per source in the status.
const STATUS_COVERAGE_ROWS: usize = 32;

pub(super) const INSTRUMENT_COLUMNS: &str = "id, symbol, base, quote, market, partition, listed_at, version";

pub(super) fn limit(asked: usize) -> i64 {
    i64::try_from(asked.min(MAX_ROWS)).unwrap_or(0)
}

pub(super) fn instrument(row: &SqliteRow) -> Result<Instrument, StoreError> {
    let columns = Columns { table: "instrument", row };
    Ok(Instrument {
        id: InstrumentId(columns.get(0)?),
        symbol: columns.get(1)?,
        base: columns.get(2)?,
        quote: columns.get(3)?,
        market: columns.get(4)?,
        partition: columns.count(5)?,
        listed_us: columns.get(6)?,
        version: columns.get(7)?,
    })
}

pub(super) fn coverage_row(columns: &Columns<'_>) -> Result<CoverageRow, StoreError> {
    let code = columns.get(0)?;
    let source = Source::from_code(code).ok_or_else(|| columns.damaged(format!("unknown source {code}")))?;
    let state = match columns.get::<i64>(3)? {
        1 => CoverageState::Covered,
        _ => {
            let reason: &str = columns.get(4)?;
            CoverageState::Unavailable(
                reason.parse().map_err(|_| columns.damaged(format!("unknown reason `{reason}`")))?,
            )
        }
    };
    Ok(CoverageRow { source, range: TimeRange { from_us: columns.get(1)?, to_us: columns.get(2)? }, state })
}

pub(super) async fn identity(database: &Database) -> Result<String, StoreError> {
    let io = |e| failed("reading the store's name", e);
    let mut reader = database.reader().await.map_err(io)?;
    sqlx::query_scalar("SELECT id FROM identity").fetch_one(&mut *reader).await.map_err(io)
}

pub(super) async fn instruments(database: &Database) -> Result<Vec<Instrument>, StoreError> {
    let io = |e| failed("listing instruments", e);
    let mut reader = database.reader().await.map_err(io)?;
    let sql = format!("SELECT {INSTRUMENT_COLUMNS} FROM instrument ORDER BY symbol");
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *reader).await.map_err(io)?;
    rows.iter().map(instrument).collect()
}

pub(super) async fn coverage(
    database: &Database,
    instrument: InstrumentId,
    range: TimeRange,
) -> Result<Vec<CoverageRow>, StoreError> {
    let io = |e| failed("reading coverage", e);
    let mut reader = database.reader().await.map_err(io)?;
    let rows = sqlx::query(
        "SELECT source, from_ts, to_ts, state, reason FROM coverage
         WHERE instrument_id = ? AND from_ts < ? AND to_ts > ? ORDER BY source, from_ts",
    )
    .bind(instrument.0)
    .bind(range.to_us)
    .bind(range.from_us)
    .fetch_all(&mut *reader)
    .await
    .map_err(io)?;
    rows.iter().map(|row| coverage_row(&Columns { table: "coverage", row })).collect()
}

pub(super) async fn trade_candles(
    database: &Database,
    instrument: InstrumentId,
    interval: Interval,
    range: TimeRange,
    asked: usize,
) -> Result<Vec<TradeCandle>, StoreError> {
    let io = |e| failed("reading candles", e);
    let mut reader = database.reader().await.map_err(io)?;
    let sql = format!(
        "SELECT bucket, open, high, low, close, volume, quote_volume, trades, first_ord, last_ord
         FROM trade_candle_{interval} WHERE instrument_id = ? AND bucket >= ? AND bucket < ? ORDER BY bucket LIMIT ?"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(instrument.0)
        .bind(range.from_us)
        .bind(range.to_us)
        .bind(limit(asked))
        .fetch_all(&mut *reader)
        .await
        .map_err(io)?;
    rows.iter().map(|row| Columns { table: "trade_candle", row }.trade_candle()).collect()
}

pub(super) async fn rest_candles(
    database: &Database,
    instrument: InstrumentId,
    res: Resolution,
    range: TimeRange,
    asked: usize,
) -> Result<Vec<RestCandle>, StoreError> {
    let io = |e| failed("reading REST candles", e);
    let mut reader = database.reader().await.map_err(io)?;
    let rows = sqlx::query(
        "SELECT bucket, open, high, low, close, volume, quote_volume, fetched_at FROM rest_candle
         WHERE instrument_id = ? AND res = ? AND bucket >= ? AND bucket < ? ORDER BY bucket LIMIT ?",
    )
    .bind(instrument.0)
    .bind(res.seconds())
    .bind(range.from_us)
    .bind(range.to_us)
    .bind(limit(asked))
    .fetch_all(&mut *reader)
    .await
    .map_err(io)?;
    rows.iter().map(|row| Columns { table: "rest_candle", row }.rest_candle()).collect()
}

pub(super) async fn trades(
    database: &Database,
    instrument: InstrumentId,
    range: TimeRange,
    after: Option<TradeOrd>,
    asked: usize,
) -> Result<Vec<Trade>, StoreError> {
    let io = |e| failed("reading trades", e);
    // Keys sort by time first, so a key is a place in the range.
    let from_us = after.as_ref().map_or(range.from_us, |ord| ord.time_us().max(range.from_us));
    let after = after.map(|ord| ord.to_bytes()).unwrap_or_default();
    let mut reader = database.reader().await.map_err(io)?;
    let rows = sqlx::query(
        "SELECT i.symbol, t.ts, t.ord, t.px, t.qty, t.side, t.src FROM trade t JOIN instrument i ON i.id = t.instrument_id
         WHERE t.instrument_id = ? AND t.ts >= ? AND t.ts < ? AND t.ord > ? ORDER BY t.ts, t.ord LIMIT ?",
    )
    .bind(instrument.0)
    .bind(from_us)
    .bind(range.to_us)
    .bind(after)
    .bind(limit(asked))
    .fetch_all(&mut *reader)
    .await
    .map_err(io)?;
    rows.iter().map(trade).collect()
}

fn trade(row: &SqliteRow) -> Result<Trade, StoreError> {
    let columns = Columns { table: "trade", row };
    Ok(Trade {
        symbol: columns.get::<String>(0)?.into(),
        time_us: columns.get(1)?,
        id: columns.ord(2)?.id().into(),
        price: columns.decimal(3)?,
        size: columns.decimal(4)?,
        side: Side::from_code(columns.get(5)?),
        received_us: 0,
        origin: TradeOrigin::from_code(columns.get(6)?),
    })
}

/// All numbers from one snapshot. Trades are counted through the day candles: counting rows would read them all.
pub(super) async fn stats(database: &Database) -> Result<StoreStats, StoreError> {
    let io = |e| failed("reading the status", e);
    let mut tx = database.snapshot().await.map_err(io)?;
    let sql = format!("SELECT {INSTRUMENT_COLUMNS} FROM instrument ORDER BY symbol");
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *tx).await.map_err(io)?;
    let mut stats = StoreStats::default();
    for row in &rows {
        stats.instruments.push(instrument_stats(&mut tx, instrument(row)?).await?);
    }
    let positions: Vec<(String, String, i64, u32, i64)> = sqlx::query_as(
        "SELECT grp, topic, inc, part, next_offset FROM consumer_offset ORDER BY grp, topic, inc, part",
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(io)?;
    stats.positions = positions
        .into_iter()
        .map(|(group, topic, incarnation, partition, next)| {
            (PositionKey { group, topic, incarnation, partition }, next)
        })
        .collect();
    let counts: (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM dead_letter),
                (SELECT count(*) FROM fetch WHERE state IN ('queued', 'running')),
                (SELECT count(*) FROM rest_candle)",
    )
    .fetch_one(&mut *tx)
    .await
    .map_err(io)?;
    let count = |value: i64| u64::try_from(value).unwrap_or(0);
    (stats.dead_letters, stats.open_fetches, stats.rest_candles) =
        (count(counts.0), count(counts.1), count(counts.2));
    Ok(stats)
}

async fn instrument_stats(
    tx: &mut Transaction<'_, Sqlite>,
    instrument: Instrument,
) -> Result<InstrumentStats, StoreError> {
    let io = |e| failed("reading the status", e);
    let (trades, first_trade_us): (Option<i64>, Option<i64>) = sqlx::query_as(
        "SELECT (SELECT sum(trades) FROM trade_candle_1d WHERE instrument_id = ?1),
                (SELECT min(ts) FROM trade WHERE instrument_id = ?1)",
    )
    .bind(instrument.id.0)
    .fetch_one(&mut **tx)
    .await
    .map_err(io)?;
    let last =
        sqlx::query("SELECT ts, px FROM trade WHERE instrument_id = ? ORDER BY ts DESC, ord DESC LIMIT 1")
            .bind(instrument.id.0)
            .fetch_optional(&mut **tx)
            .await
            .map_err(io)?;
    let last_trade = match &last {
        Some(row) => {
            let columns = Columns { table: "trade", row };
            Some((columns.get(0)?, columns.decimal(1)?))
        }
        None => None,
    };
    let mut coverage = Vec::new();
    for source in Source::ALL {
        let rows = sqlx::query(
            "SELECT source, from_ts, to_ts, state, reason FROM coverage
             WHERE instrument_id = ? AND source = ? ORDER BY from_ts DESC LIMIT ?",
        )
        .bind(instrument.id.0)
        .bind(source.code())
        .bind(limit(STATUS_COVERAGE_ROWS))
        .fetch_all(&mut **tx)
        .await
        .map_err(io)?;
        for row in rows.iter().rev() {
            coverage.push(coverage_row(&Columns { table: "coverage", row })?);
        }
    }
    let trades = trades.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
    Ok(InstrumentStats { instrument, trades, first_trade_us, last_trade, coverage })
}
