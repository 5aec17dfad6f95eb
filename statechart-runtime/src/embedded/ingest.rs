//! One batch, one transaction: fence, trades and their candles, REST candles, coverage, dead letters, position.

use super::database::{begin, failed};
use super::ingest_marks::{write_coverage, write_dead_letters, write_rest};
use super::ingest_trades::{closed_until_us, insert_trades, update_candles};
use super::sqlite_leases;
use crate::market::{InstrumentId, Trade};
use crate::ports::steps::{Overflow, bury_day, bury_impossible, check, fold_levels, keep};
use crate::ports::{Batch, DeadLetter, Ingested, Placed, Position, StoreError};
use sqlx::{Sqlite, SqliteConnection, Transaction};
use std::collections::{BTreeMap, BTreeSet};

/// Writes the batch, all or nothing.
pub(super) async fn ingest(writer: &mut SqliteConnection, mut batch: Batch) -> Result<Ingested, StoreError> {
    check(&batch)?;
    bury_impossible(&mut batch);
    // A sum that needs more than 28 digits is met while folding. The trades that led there become dead letters and the
    // transaction starts over; each round buries at least one trade, so this ends.
    loop {
        match attempt(writer, &batch).await {
            Err(Failure::Overflow(overflow)) => bury_day(&mut batch, &overflow)?,
            Err(Failure::Store(error)) => return Err(error),
            Ok(done) => return Ok(done),
        }
    }
}

/// Why an attempt ended without a commit.
pub(super) enum Failure {
    Store(StoreError),
    Overflow(Overflow),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::Store(error)
    }
}

async fn attempt(writer: &mut SqliteConnection, batch: &Batch) -> Result<Ingested, Failure> {
    let io = |e| failed("writing a batch", e);
    let mut tx = begin(writer).await.map_err(io)?;
    let mut done = Ingested::default();
    if let Some(lease) = &batch.lease {
        sqlite_leases::fence(&mut tx, lease).await?;
    }
    let stored = match &batch.position {
        Some(position) => fence(&mut tx, position).await?,
        None => None,
    };
    // What another attempt has committed is not looked at again.
    let floor = stored.unwrap_or(i64::MIN);
    if let Some(position) = &batch.position {
        done.next_offset = position.next.max(floor);
    }
    let trades: Vec<&Placed<Trade>> = keep(&batch.trades, floor, &mut done.dropped);
    let rest = keep(&batch.rest, floor, &mut done.dropped);
    let marks = keep(&batch.coverage, floor, &mut done.dropped);
    let letters: Vec<&DeadLetter> =
        batch.dead_letters.iter().filter(|letter| letter.offset >= floor).collect();
    done.dropped += batch.dead_letters.len() - letters.len();

    let instruments: BTreeSet<InstrumentId> = (trades.iter().map(|one| one.instrument))
        .chain(rest.iter().map(|one| one.instrument))
        .chain(marks.iter().map(|one| one.instrument))
        .collect();
    let (mut epochs, mut closed) = (BTreeMap::new(), BTreeMap::new());
    for instrument in &instruments {
        epochs.insert(*instrument, feed_epoch(&mut tx, *instrument).await?);
        closed.insert(*instrument, closed_until_us(&mut tx, *instrument).await?);
    }
    let mut changed: BTreeSet<InstrumentId> = BTreeSet::new();

    let total = trades.len();
    for (instrument, inserted) in insert_trades(&mut tx, &trades).await? {
        done.inserted += inserted.len();
        // A trade in a minute that readers may have seen as final changes the past.
        let closed_us = closed.get(&instrument).copied().unwrap_or(i64::MIN);
        if inserted.iter().any(|trade| trade.time_us < closed_us) {
            changed.insert(instrument);
        }
        let levels = fold_levels(instrument, &inserted).map_err(Failure::Overflow)?;
        done.touched.extend(update_candles(&mut tx, instrument, levels).await?);
    }
    done.duplicates = total - done.inserted;

    for one in rest {
        let written = write_rest(&mut tx, one.instrument, &one.item).await?;
        if written > 0 {
            done.rest_written += written;
            changed.insert(one.instrument);
        }
    }
    done.covered = write_coverage(&mut tx, &epochs, &marks).await?;
    done.dead_letters = write_dead_letters(&mut tx, batch.position.as_ref(), &letters).await?;
    for instrument in changed {
        let version: i64 =
            sqlx::query_scalar("UPDATE instrument SET version = version + 1 WHERE id = ? RETURNING version")
                .bind(instrument.0)
                .fetch_one(&mut *tx)
                .await
                .map_err(io)?;
        done.versions.insert(instrument, version);
    }
    if let Some(position) = &batch.position {
        commit_position(&mut tx, position, done.next_offset).await?;
    }
    tx.commit().await.map_err(|e| failed("committing a batch", e))?;
    Ok(done)
}

/// The stored position, refused when the batch starts behind it.
async fn fence(tx: &mut Transaction<'_, Sqlite>, position: &Position) -> Result<Option<i64>, StoreError> {
    let key = &position.key;
    let stored: Option<i64> = sqlx::query_scalar(
        "SELECT next_offset FROM consumer_offset WHERE grp = ? AND topic = ? AND inc = ? AND part = ?",
    )
    .bind(&key.group)
    .bind(&key.topic)
    .bind(key.incarnation)
    .bind(key.partition)
    .fetch_optional(&mut **tx)
    .await
    .map_err(|e| failed("reading a position", e))?;
    match stored {
        Some(stored) if stored < position.expected => {
            Err(StoreError::PositionAhead { key: key.clone(), expected: position.expected, stored })
        }
        stored => Ok(stored),
    }
}

async fn commit_position(
    tx: &mut Transaction<'_, Sqlite>,
    position: &Position,
    next_offset: i64,
) -> Result<(), StoreError> {
    let key = &position.key;
    sqlx::query(
        "INSERT INTO consumer_offset (grp, topic, inc, part, next_offset) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (grp, topic, inc, part) DO UPDATE SET next_offset = excluded.next_offset",
    )
    .bind(&key.group)
    .bind(&key.topic)
    .bind(key.incarnation)
    .bind(key.partition)
    .bind(next_offset)
    .execute(&mut **tx)
    .await
    .map(|_| ())
    .map_err(|e| failed("writing a position", e))
}

/// The newest life of an instrument's feed.
pub(super) async fn feed_epoch(
    connection: &mut SqliteConnection,
    instrument: InstrumentId,
) -> Result<i64, StoreError> {
    let found: Option<i64> = sqlx::query_scalar("SELECT feed_epoch FROM instrument WHERE id = ?")
        .bind(instrument.0)
        .fetch_optional(connection)
        .await
        .map_err(|e| failed("looking up an instrument", e))?;
    found.ok_or(StoreError::UnknownInstrument(instrument))
}
