//! Numbers for a status screen.

use super::connect::Inner;
use super::error::failed;
use super::mode::Mode;
use super::number::Ts;
use super::reads::candles_sql;
use super::rows::{Columns, INSTRUMENT};
use super::session::Session;
use crate::market::{Instrument, Interval, Source};
use crate::ports::{InstrumentStats, PositionKey, StoreError, StoreStats};
use sqlx::{AssertSqlSafe, PgConnection};

/// Coverage rows per source in the status.
const COVERAGE_ROWS: i64 = 32;
/// From so many rows on, the planner's estimate stands for the count of REST candles: counting would read them all.
const COUNTED_ROWS: i64 = 100_000;

/// All numbers from one snapshot. Trades are counted through the day candles.
pub(super) async fn stats(inner: &Inner) -> Result<StoreStats, StoreError> {
    let io = |e| failed("reading the status", e);
    let mut session = Session::acquire(&inner.read).await.map_err(io)?;
    let mut tx = session.snapshot().await.map_err(io)?;
    let sql = format!("SELECT {INSTRUMENT} FROM instrument ORDER BY symbol");
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *tx).await.map_err(io)?;
    let mut stats = StoreStats::default();
    for row in &rows {
        let instrument = Columns { table: "instrument", row }.instrument()?;
        stats.instruments.push(of(&mut tx, inner.mode, instrument).await?);
    }
    let rows = sqlx::query(
        "SELECT grp, topic, inc, part, next_offset FROM consumer_offset ORDER BY grp, topic, inc, part",
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(io)?;
    for row in &rows {
        let columns = Columns { table: "consumer_offset", row };
        let key = PositionKey {
            group: columns.get(0)?,
            topic: columns.get(1)?,
            incarnation: columns.get(2)?,
            partition: columns.count(3)?,
        };
        stats.positions.push((key, columns.get(4)?));
    }
    let counts: (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM dead_letter),
                (SELECT count(*) FROM fetch_job WHERE state IN ('queued', 'running')),
                (SELECT CASE WHEN c.reltuples > $1 THEN c.reltuples::int8 ELSE (SELECT count(*) FROM rest_candle) END
                 FROM pg_class c WHERE c.oid = 'rest_candle'::regclass)",
    )
    .bind(COUNTED_ROWS)
    .fetch_one(&mut *tx)
    .await
    .map_err(io)?;
    tx.commit().await.map_err(io)?;
    let count = |value: i64| u64::try_from(value).unwrap_or(0);
    (stats.dead_letters, stats.open_fetches, stats.rest_candles) =
        (count(counts.0), count(counts.1), count(counts.2));
    Ok(stats)
}

async fn of(
    tx: &mut PgConnection,
    mode: Mode,
    instrument: Instrument,
) -> Result<InstrumentStats, StoreError> {
    let io = |e| failed("reading the status", e);
    // All time; plain tables need no fourth parameter, so its type is told.
    let days = candles_sql(mode, Interval::D1);
    let sql = format!(
        "SELECT (SELECT sum(trades)::int8 FROM ({days}) days WHERE $4::timestamptz IS NOT NULL),
                (SELECT min(ts) FROM trade WHERE instrument_id = $1)"
    );
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(instrument.id.0)
        .bind(Ts(0))
        .bind(Ts(i64::MAX))
        .bind(Ts(i64::MAX))
        .fetch_one(&mut *tx)
        .await
        .map_err(io)?;
    let columns = Columns { table: "trade", row: &row };
    let trades = columns.get::<Option<i64>>(0)?.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
    let first_trade_us = columns.maybe_time(1)?;
    let last =
        sqlx::query("SELECT ts, px FROM trade WHERE instrument_id = $1 ORDER BY ts DESC, ord DESC LIMIT 1")
            .bind(instrument.id.0)
            .fetch_optional(&mut *tx)
            .await
            .map_err(io)?;
    let last_trade = match &last {
        Some(row) => {
            let columns = Columns { table: "trade", row };
            Some((columns.time(0)?, columns.decimal(1)?))
        }
        None => None,
    };
    let mut coverage = Vec::new();
    for source in Source::ALL {
        let rows = sqlx::query(
            "SELECT source, from_ts, to_ts, state, reason FROM coverage
             WHERE instrument_id = $1 AND source = $2 ORDER BY from_ts DESC LIMIT $3",
        )
        .bind(instrument.id.0)
        .bind(source.code() as i16)
        .bind(COVERAGE_ROWS)
        .fetch_all(&mut *tx)
        .await
        .map_err(io)?;
        for row in rows.iter().rev() {
            coverage.push(Columns { table: "coverage", row }.coverage()?);
        }
    }
    Ok(InstrumentStats { instrument, trades, first_trade_us, last_trade, coverage })
}
