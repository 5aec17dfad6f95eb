//! The rest of a batch: REST candles, coverage, dead letters.

use super::error::failed;
use super::ingest::Known;
use super::number::{Num, Ts};
use super::rows::Columns;
use crate::market::{CoverageState, Decimal, InstrumentId, RestRow, Source};
use crate::ports::steps::{Marks, Rewrite, group_marks, hull, rewrite};
use crate::ports::{CoverageMark, DeadLetter, Placed, Position, RestRows, StoreError};
use sqlx::{Executor as _, PgConnection};
use std::collections::{BTreeMap, BTreeSet};

/// Upserts REST candles; an older fetch never replaces a newer one. Returns how many are new or different.
pub(super) async fn write_rest(
    tx: &mut PgConnection,
    instrument: InstrumentId,
    rest: &RestRows,
) -> Result<usize, StoreError> {
    // Of two rows of one bucket the first counts, as if they had come one after another.
    let mut rows: BTreeMap<i64, &RestRow> = BTreeMap::new();
    for row in &rest.rows {
        rows.entry(row.bucket_us).or_insert(row);
    }
    let numbers =
        |of: fn(&RestRow) -> Decimal| -> Vec<Num> { rows.values().map(|row| Num(of(row))).collect() };
    // Equal values keep their row, and with it the instrument's version and every reader's ETag.
    let done = sqlx::query(
        "INSERT INTO rest_candle AS c
             (instrument_id, res, bucket, open, high, low, close, volume, quote_volume, fetched_at)
         SELECT $1, $2, r.*, $10 FROM unnest($3::timestamptz[], $4::numeric[], $5::numeric[], $6::numeric[],
             $7::numeric[], $8::numeric[], $9::numeric[]) AS r
         ON CONFLICT (instrument_id, res, bucket) DO UPDATE SET
             open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
             volume = excluded.volume, quote_volume = excluded.quote_volume, fetched_at = excluded.fetched_at
         WHERE excluded.fetched_at > c.fetched_at
         AND (c.open, c.high, c.low, c.close, c.volume, c.quote_volume) <> (excluded.open, excluded.high,
             excluded.low, excluded.close, excluded.volume, excluded.quote_volume)",
    )
    .bind(instrument.0)
    .bind(i32::try_from(rest.res.seconds()).unwrap_or(i32::MAX))
    .bind(rows.keys().map(|bucket_us| Ts(*bucket_us)).collect::<Vec<Ts>>())
    .bind(numbers(|row| row.open))
    .bind(numbers(|row| row.high))
    .bind(numbers(|row| row.low))
    .bind(numbers(|row| row.close))
    .bind(numbers(|row| row.volume))
    .bind(numbers(|row| row.quote_volume))
    .bind(rest.fetched_ms)
    .execute(tx)
    .await
    .map_err(|e| failed("writing REST candles", e))?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}

/// Applies coverage marks in order; returns the instruments whose coverage changed. The instruments are locked.
pub(super) async fn write_coverage(
    tx: &mut PgConnection,
    known: &BTreeMap<InstrumentId, Known>,
    marks: &[&Placed<CoverageMark>],
) -> Result<Vec<InstrumentId>, StoreError> {
    let Marks { groups, epochs } =
        group_marks(marks, |instrument| known.get(&instrument).map_or(0, |known| known.epoch));
    for (instrument, epoch) in epochs {
        sqlx::query("UPDATE instrument SET feed_epoch = $2 WHERE id = $1")
            .bind(instrument.0)
            .bind(epoch)
            .execute(&mut *tx)
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
    tx: &mut PgConnection,
    instrument: InstrumentId,
    source: Source,
    marks: &[&CoverageMark],
) -> Result<bool, StoreError> {
    let io = |e| failed("writing coverage", e);
    let Some(hull) = hull(marks) else { return Ok(false) };
    // A handful of values.
    let source = source.code() as i16;
    let rows = sqlx::query(
        "SELECT source, from_ts, to_ts, state, reason FROM coverage
         WHERE instrument_id = $1 AND source = $2 AND from_ts <= $3 AND to_ts >= $4 ORDER BY from_ts",
    )
    .bind(instrument.0)
    .bind(source)
    .bind(Ts(hull.to_us))
    .bind(Ts(hull.from_us))
    .fetch_all(&mut *tx)
    .await
    .map_err(io)?;
    let mut old = Vec::with_capacity(rows.len());
    for row in &rows {
        let row = Columns { table: "coverage", row }.coverage()?;
        old.push((row.range, row.state));
    }
    let Rewrite { gone, put } = rewrite(&old, marks);
    if !gone.is_empty() {
        sqlx::query("DELETE FROM coverage WHERE instrument_id = $1 AND source = $2 AND from_ts = ANY ($3)")
            .bind(instrument.0)
            .bind(source)
            .bind(gone.iter().map(|from_us| Ts(*from_us)).collect::<Vec<_>>())
            .execute(&mut *tx)
            .await
            .map_err(io)?;
    }
    if put.is_empty() {
        return Ok(!gone.is_empty());
    }
    let state = |state: &CoverageState| match state {
        CoverageState::Covered => (1_i16, None),
        CoverageState::Unavailable(reason) => (2_i16, Some(reason.name())),
    };
    sqlx::query(
        "INSERT INTO coverage (instrument_id, source, from_ts, to_ts, state, reason)
         SELECT $1, $2, r.* FROM unnest($3::timestamptz[], $4::timestamptz[], $5::int2[], $6::text[]) AS r
         ON CONFLICT (instrument_id, source, from_ts)
         DO UPDATE SET to_ts = excluded.to_ts, state = excluded.state, reason = excluded.reason",
    )
    .bind(instrument.0)
    .bind(source)
    .bind(put.iter().map(|(range, _)| Ts(range.from_us)).collect::<Vec<_>>())
    .bind(put.iter().map(|(range, _)| Ts(range.to_us)).collect::<Vec<_>>())
    .bind(put.iter().map(|(_, of)| state(of).0).collect::<Vec<_>>())
    .bind(put.iter().map(|(_, of)| state(of).1).collect::<Vec<_>>())
    .execute(tx)
    .await
    .map_err(io)?;
    Ok(true)
}

/// Keeps poison records; the same place is kept once. Returns how many are new.
pub(super) async fn write_dead_letters(
    tx: &mut PgConnection,
    position: Option<&Position>,
    letters: &[&DeadLetter],
) -> Result<usize, StoreError> {
    if letters.is_empty() {
        return Ok(0);
    }
    let (topic, incarnation, partition) = match position {
        Some(Position { key, .. }) => (key.topic.as_str(), key.incarnation, key.partition),
        None => ("", 0, 0),
    };
    // They are passed on by `seq`, which is drawn before the commit: a later one must not be seen before an earlier one.
    tx.execute("LOCK TABLE dead_letter IN SHARE ROW EXCLUSIVE MODE")
        .await
        .map_err(|e| failed("waiting for another's dead letter", e))?;
    let done = sqlx::query(
        "INSERT INTO dead_letter (topic, inc, part, rec_offset, reason, payload)
         SELECT $1, $2, $3, l.* FROM unnest($4::int8[], $5::text[], $6::bytea[]) AS l
         ON CONFLICT DO NOTHING",
    )
    .bind(topic)
    .bind(incarnation)
    .bind(i64::from(partition))
    .bind(letters.iter().map(|letter| letter.offset).collect::<Vec<_>>())
    // The one character that PostgreSQL's texts cannot hold.
    .bind(letters.iter().map(|letter| letter.reason.replace('\0', "\u{fffd}")).collect::<Vec<_>>())
    .bind(letters.iter().map(|letter| letter.payload.clone()).collect::<Vec<_>>())
    .execute(tx)
    .await
    .map_err(|e| failed("keeping a dead letter", e))?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}
