//! The rest of a batch: REST candles, coverage, dead letters.

use super::codec::{Columns, chunks, insert_sql};
use super::database::failed;
use super::sqlite_reads::coverage_row;
use crate::market::{CoverageMap, CoverageState, InstrumentId, Source, TimeRange, canonical};
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

/// Applies coverage marks in order; returns the instruments whose coverage changed.
pub(super) async fn write_coverage(
    tx: &mut Transaction<'_, Sqlite>,
    marks: &[&Placed<CoverageMark>],
) -> Result<Vec<InstrumentId>, StoreError> {
    let mut groups: BTreeMap<(InstrumentId, Source), Vec<&CoverageMark>> = BTreeMap::new();
    let mut epochs: BTreeMap<InstrumentId, i64> = BTreeMap::new();
    for mark in marks.iter().filter(|mark| !mark.item.range.is_empty()) {
        if let Some(epoch) = mark.item.epoch {
            let newest = match epochs.get(&mark.instrument) {
                Some(newest) => *newest,
                None => feed_epoch(tx, mark.instrument).await?,
            };
            epochs.insert(mark.instrument, newest.max(epoch));
            // A feed that was replaced may still be sending: its word is void.
            if epoch < newest {
                continue;
            }
        }
        groups.entry((mark.instrument, mark.item.source)).or_default().push(&mark.item);
    }
    for (instrument, epoch) in epochs {
        sqlx::query("UPDATE instrument SET feed_epoch = ?2 WHERE id = ?1 AND feed_epoch < ?2")
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

async fn feed_epoch(tx: &mut Transaction<'_, Sqlite>, instrument: InstrumentId) -> Result<i64, StoreError> {
    sqlx::query_scalar("SELECT feed_epoch FROM instrument WHERE id = ?")
        .bind(instrument.0)
        .fetch_one(&mut **tx)
        .await
        .map_err(|e| failed("reading a feed's epoch", e))
}

/// Rewrites the rows that the marks overlap or touch.
async fn apply(
    tx: &mut Transaction<'_, Sqlite>,
    instrument: InstrumentId,
    source: Source,
    marks: &[&CoverageMark],
) -> Result<bool, StoreError> {
    let io = |e| failed("writing coverage", e);
    let hull = marks.iter().map(|mark| mark.range).reduce(|sum, range| TimeRange {
        from_us: sum.from_us.min(range.from_us),
        to_us: sum.to_us.max(range.to_us),
    });
    let Some(hull) = hull else { return Ok(false) };
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
    let mut map = CoverageMap::new(old.iter().copied());
    for mark in marks {
        map.mark(mark.range, mark.state);
    }
    if map.rows() == old.as_slice() {
        return Ok(false);
    }
    for (range, _) in old.iter().filter(|row| !map.rows().contains(row)) {
        sqlx::query("DELETE FROM coverage WHERE instrument_id = ? AND source = ? AND from_ts = ?")
            .bind(instrument.0)
            .bind(source.code())
            .bind(range.from_us)
            .execute(&mut **tx)
            .await
            .map_err(io)?;
    }
    for (range, state) in map.rows().iter().filter(|row| !old.contains(row)) {
        let (code, reason) = match state {
            CoverageState::Covered => (1, None),
            CoverageState::Unavailable(reason) => (2, Some(reason.name())),
        };
        sqlx::query(
            "INSERT INTO coverage (instrument_id, source, from_ts, to_ts, state, reason) VALUES (?, ?, ?, ?, ?, ?)",
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
    Ok(true)
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
