//! The rest of a batch: REST candles, coverage, dead letters.

use super::codec::{Columns, chunks, insert_sql};
use super::database::failed;
use super::sqlite_reads::coverage_row;
use crate::market::{CoverageState, InstrumentId, Source, canonical};
use crate::ports::steps::{Marks, Rewrite, group_marks, hull, rewrite};
use crate::ports::{CoverageMark, DeadLetter, Placed, Position, RestRows, StoreError};
use sqlx::{AssertSqlSafe, Sqlite, Transaction};
use std::collections::{BTreeMap, BTreeSet};

/// Upserts REST candles; an older fetch never replaces a newer one. Returns how many are new or different.
pub(super) async fn write_rest(
    tx: &mut Transaction<'_, Sqlite>,
    instrument: InstrumentId,
    rest: &RestRows,
) -> Result<usize, StoreError> {
    const HEAD: &str = "INSERT INTO rest_candle
        (instrument_id, res, bucket, open, high, low, close, volume, quote_volume, fetched_at)";
    // Equal values keep their row, and with it the instrument's version and every reader's ETag.
    const TAIL: &str = "ON CONFLICT (instrument_id, res, bucket) DO UPDATE SET
        open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
        volume = excluded.volume, quote_volume = excluded.quote_volume, fetched_at = excluded.fetched_at
        WHERE excluded.fetched_at > fetched_at
        AND (open, high, low, close, volume, quote_volume) <> (excluded.open, excluded.high, excluded.low,
             excluded.close, excluded.volume, excluded.quote_volume)";
    let mut written = 0;
    for chunk in chunks(&rest.rows) {
        let mut query = sqlx::query(AssertSqlSafe(insert_sql(HEAD, 10, chunk.len(), TAIL)));
        for row in chunk {
            query = query
                .bind(instrument.0)
                .bind(rest.res.seconds())
                .bind(row.bucket_us)
                .bind(canonical(row.open))
                .bind(canonical(row.high))
                .bind(canonical(row.low))
                .bind(canonical(row.close))
                .bind(canonical(row.volume))
                .bind(canonical(row.quote_volume))
                .bind(rest.fetched_ms);
        }
        let result = query.execute(&mut **tx).await.map_err(|e| failed("writing REST candles", e))?;
        written += usize::try_from(result.rows_affected()).unwrap_or(usize::MAX);
    }
    Ok(written)
}

/// Applies coverage marks in order; returns the instruments whose coverage changed. `known` has the newest life of each
/// feed.
pub(super) async fn write_coverage(
    tx: &mut Transaction<'_, Sqlite>,
    known: &BTreeMap<InstrumentId, i64>,
    marks: &[&Placed<CoverageMark>],
) -> Result<Vec<InstrumentId>, StoreError> {
    let Marks { groups, epochs } =
        group_marks(marks, |instrument| known.get(&instrument).copied().unwrap_or(0));
    for (instrument, epoch) in epochs {
        sqlx::query("UPDATE instrument SET feed_epoch = ?2 WHERE id = ?1")
            .bind(instrument.0)
            .bind(epoch)
            .execute(&mut **tx)
            .await
            .map_err(|e| failed("writing a feed's epoch", e))?;
    }
    let mut changed = BTreeSet::new();
    for ((instrument, source), group) in groups {
        if apply(tx, instrument, source, &group).await? {
            changed.insert(instrument);
        }
    }
    Ok(changed.into_iter().collect())
}

/// Rewrites the rows that the marks overlap or touch.
async fn apply(
    tx: &mut Transaction<'_, Sqlite>,
    instrument: InstrumentId,
    source: Source,
    marks: &[&CoverageMark],
) -> Result<bool, StoreError> {
    let io = |e| failed("writing coverage", e);
    let Some(hull) = hull(marks) else { return Ok(false) };
    let rows = sqlx::query(
        "SELECT source, from_ts, to_ts, state, reason FROM coverage
         WHERE instrument_id = ? AND source = ? AND from_ts <= ? AND to_ts >= ? ORDER BY from_ts",
    )
    .bind(instrument.0)
    .bind(source.code())
    .bind(hull.to_us)
    .bind(hull.from_us)
    .fetch_all(&mut **tx)
    .await
    .map_err(io)?;
    let mut old = Vec::with_capacity(rows.len());
    for row in &rows {
        let row = coverage_row(&Columns { table: "coverage", row })?;
        old.push((row.range, row.state));
    }
    let Rewrite { gone, put } = rewrite(&old, marks);
    for from_us in &gone {
        sqlx::query("DELETE FROM coverage WHERE instrument_id = ? AND source = ? AND from_ts = ?")
            .bind(instrument.0)
            .bind(source.code())
            .bind(from_us)
            .execute(&mut **tx)
            .await
            .map_err(io)?;
    }
    for (range, state) in &put {
        let (code, reason) = match state {
            CoverageState::Covered => (1, None),
            CoverageState::Unavailable(reason) => (2, Some(reason.name())),
        };
        sqlx::query(
            "INSERT OR REPLACE INTO coverage (instrument_id, source, from_ts, to_ts, state, reason)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(instrument.0)
        .bind(source.code())
        .bind(range.from_us)
        .bind(range.to_us)
        .bind(code)
        .bind(reason)
        .execute(&mut **tx)
        .await
        .map_err(io)?;
    }
    Ok(!gone.is_empty() || !put.is_empty())
}

/// Keeps poison records; the same place is kept once. Returns how many are new.
pub(super) async fn write_dead_letters(
    tx: &mut Transaction<'_, Sqlite>,
    position: Option<&Position>,
    letters: &[&DeadLetter],
) -> Result<usize, StoreError> {
    let (topic, incarnation, partition) = match position {
        Some(Position { key, .. }) => (key.topic.as_str(), key.incarnation, key.partition),
        None => ("", 0, 0),
    };
    let mut written = 0;
    for letter in letters {
        let result = sqlx::query(
            "INSERT INTO dead_letter (topic, inc, part, rec_offset, reason, payload) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT DO NOTHING",
        )
        .bind(topic)
        .bind(incarnation)
        .bind(partition)
        .bind(letter.offset)
        .bind(&letter.reason)
        .bind(&letter.payload)
        .execute(&mut **tx)
        .await
        .map_err(|e| failed("keeping a dead letter", e))?;
        written += usize::try_from(result.rows_affected()).unwrap_or(usize::MAX);
    }
    Ok(written)
}
