//! Trades into the table, and what was really new into the candles of all widths.

use super::codec::{Columns, chunks, insert_sql};
use super::database::failed;
use super::ingest::Failure;
use crate::market::{InstrumentId, Interval, Trade, TradeCandle, TradeOrd, canonical};
use crate::ports::steps::{Overflow, keyed};
use crate::ports::{Placed, StoreError, Touched};
use sqlx::{AssertSqlSafe, Sqlite, Transaction};
use std::collections::BTreeMap;

const COLUMNS: &str = "INSERT INTO trade (instrument_id, ts, ord, px, qty, side, src)";

/// Inserts trades; returns those that were new, by instrument and in order.
pub(super) async fn insert_trades<'a>(
    tx: &mut Transaction<'_, Sqlite>,
    trades: &[&'a Placed<Trade>],
) -> Result<BTreeMap<InstrumentId, Vec<&'a Trade>>, StoreError> {
    let keyed = keyed(trades);
    let mut out: BTreeMap<InstrumentId, Vec<&Trade>> = BTreeMap::new();
    for chunk in chunks(&keyed) {
        for (instrument, trade) in insert_chunk(tx, chunk).await? {
            out.entry(instrument).or_default().push(trade);
        }
    }
    Ok(out)
}

/// The fast way assumes that all are new; a single duplicate undoes the statement (not the transaction), and the slow
/// way asks which ones were.
async fn insert_chunk<'a>(
    tx: &mut Transaction<'_, Sqlite>,
    chunk: &[(InstrumentId, TradeOrd, &'a Trade)],
) -> Result<Vec<(InstrumentId, &'a Trade)>, StoreError> {
    let fast = insert_sql(COLUMNS, 7, chunk.len(), "");
    match bind(sqlx::query(AssertSqlSafe(fast)), chunk).execute(&mut **tx).await {
        Ok(_) => return Ok(chunk.iter().map(|(instrument, _, trade)| (*instrument, *trade)).collect()),
        Err(sqlx::Error::Database(e)) if e.is_unique_violation() => {}
        Err(error) => return Err(failed("inserting trades", error)),
    }
    let slow = insert_sql(COLUMNS, 7, chunk.len(), "ON CONFLICT DO NOTHING RETURNING instrument_id, ord");
    let rows = bind(sqlx::query(AssertSqlSafe(slow)), chunk)
        .fetch_all(&mut **tx)
        .await
        .map_err(|e| failed("inserting trades", e))?;
    let mut new = Vec::with_capacity(rows.len());
    for row in &rows {
        let columns = Columns { table: "trade", row };
        let key = (InstrumentId(columns.get(0)?), columns.ord(1)?);
        // The chunk is sorted by exactly this key.
        if let Ok(at) = chunk.binary_search_by(|one| (one.0, &one.1).cmp(&(key.0, &key.1))) {
            new.extend(chunk.get(at).map(|(instrument, _, trade)| (*instrument, *trade)));
        }
    }
    Ok(new)
}

type Query<'q> = sqlx::query::Query<'q, Sqlite, sqlx::sqlite::SqliteArguments>;

fn bind<'q>(mut query: Query<'q>, chunk: &[(InstrumentId, TradeOrd, &Trade)]) -> Query<'q> {
    for (instrument, ord, trade) in chunk {
        query = query
            .bind(instrument.0)
            .bind(trade.time_us)
            .bind(ord.to_bytes())
            .bind(canonical(trade.price))
            .bind(canonical(trade.size))
            .bind(trade.side.code())
            .bind(trade.origin.code());
    }
    query
}

/// Merges what is new into the stored candles; returns their new values.
pub(super) async fn update_candles(
    tx: &mut Transaction<'_, Sqlite>,
    instrument: InstrumentId,
    levels: Vec<(Interval, BTreeMap<i64, TradeCandle>)>,
) -> Result<Vec<Touched>, Failure> {
    let mut touched = Vec::new();
    for (interval, mut level) in levels {
        let buckets = level.keys().copied().collect::<Vec<_>>();
        for stored in load(tx, instrument, interval, &buckets).await? {
            if let Some(candle) = level.get_mut(&stored.bucket_us) {
                let day_us = Interval::D1.floor_us(stored.bucket_us);
                candle
                    .merge(&stored)
                    .map_err(|error| Failure::Overflow(Overflow { instrument, day_us, error }))?;
            }
        }
        let candles: Vec<TradeCandle> = level.into_values().collect();
        save(tx, instrument, interval, &candles).await?;
        touched.extend(candles.into_iter().map(|candle| Touched { instrument, interval, candle }));
    }
    Ok(touched)
}

/// The stored candles of these buckets. The list goes in as one JSON array of integers.
async fn load(
    tx: &mut Transaction<'_, Sqlite>,
    instrument: InstrumentId,
    interval: Interval,
    buckets: &[i64],
) -> Result<Vec<TradeCandle>, StoreError> {
    let list = format!("[{}]", buckets.iter().map(i64::to_string).collect::<Vec<_>>().join(","));
    let sql = format!(
        "SELECT bucket, open, high, low, close, volume, quote_volume, trades, first_ord, last_ord
         FROM trade_candle_{interval} WHERE instrument_id = ? AND bucket IN (SELECT value FROM json_each(?))"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(instrument.0)
        .bind(list)
        .fetch_all(&mut **tx)
        .await
        .map_err(|e| failed("reading candles to be updated", e))?;
    rows.iter().map(|row| Columns { table: "trade_candle", row }.trade_candle()).collect()
}

async fn save(
    tx: &mut Transaction<'_, Sqlite>,
    instrument: InstrumentId,
    interval: Interval,
    candles: &[TradeCandle],
) -> Result<(), StoreError> {
    let head = format!(
        "INSERT OR REPLACE INTO trade_candle_{interval}
         (instrument_id, bucket, open, high, low, close, volume, quote_volume, trades, first_ord, last_ord)"
    );
    for chunk in chunks(candles) {
        let mut query = sqlx::query(AssertSqlSafe(insert_sql(&head, 11, chunk.len(), "")));
        for candle in chunk {
            query = query
                .bind(instrument.0)
                .bind(candle.bucket_us)
                .bind(canonical(candle.open))
                .bind(canonical(candle.high))
                .bind(canonical(candle.low))
                .bind(canonical(candle.close))
                .bind(canonical(candle.volume))
                .bind(canonical(candle.quote_volume))
                .bind(i64::try_from(candle.trades).unwrap_or(i64::MAX))
                .bind(candle.first_ord.to_bytes())
                .bind(candle.last_ord.to_bytes());
        }
        query.execute(&mut **tx).await.map_err(|e| failed("writing candles", e))?;
    }
    Ok(())
}

/// Up to where readers may have taken minutes for final: the newest trade's minute, and the end of the coverage.
pub(super) async fn closed_until_us(
    tx: &mut Transaction<'_, Sqlite>,
    instrument: InstrumentId,
) -> Result<i64, StoreError> {
    let newest: Option<i64> = sqlx::query_scalar(
        "SELECT max(coalesce((SELECT max(ts) FROM trade WHERE instrument_id = ?1), -1),
                    coalesce((SELECT max(to_ts) FROM coverage WHERE instrument_id = ?1 AND source = 1 AND state = 1), -1))",
    )
    .bind(instrument.0)
    .fetch_one(&mut **tx)
    .await
    .map_err(|e| failed("reading the newest trade", e))?;
    Ok(newest.filter(|time_us| *time_us >= 0).map_or(i64::MIN, |time_us| Interval::M1.floor_us(time_us)))
}
