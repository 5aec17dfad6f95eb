//! One batch, one transaction; run again when it lost a race, and looked after when nobody knows how it ended.

use super::connect::Inner;
use super::error::{failed, is_conflict, is_lost, timed_out};
use super::ingest_marks::{write_coverage, write_dead_letters, write_rest};
use super::ingest_trades::{Change, insert_trades, update_candles};
use super::leases;
use super::number::Ts;
use super::session::Session;
use crate::market::{InstrumentId, Interval, Trade};
use crate::ports::steps::{Overflow, bury_day, bury_impossible, check, keep, keyed};
use crate::ports::{Batch, DeadLetter, Ingested, Placed, Position, StoreError};
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

/// Attempts at one batch before the caller is told. What needs longer is for the caller's own patience.
const MAX_ATTEMPTS: u32 = 6;
/// The first pause between attempts; each one doubles, with up to as much again at random.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// Longest time of one attempt, once it has its connection: the pool has a limit of its own for that.
const MAX_TIME: Duration = Duration::from_secs(60);

/// Why an attempt ended without a known commit.
pub(super) enum Failure {
    Store(StoreError),
    /// The server asks for another attempt, or the connection broke before the commit.
    Again(StoreError),
    /// The commit's answer was lost: it may have happened.
    Unsure(Box<Ingested>, StoreError),
    Overflow(Overflow),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let again = match &error {
            StoreError::Io { source, .. } => source
                .downcast_ref::<sqlx::Error>()
                .is_some_and(|source| is_conflict(source) || is_lost(source)),
            _ => false,
        };
        if again { Failure::Again(error) } else { Failure::Store(error) }
    }
}

/// Writes the batch. It runs in a task of its own: a caller that gives up leaves no connection in the middle of a COPY.
pub(super) async fn ingest(inner: &Arc<Inner>, batch: Batch) -> Result<Ingested, StoreError> {
    check(&batch)?;
    let inner = Arc::clone(inner);
    match tokio::spawn(async move { run(&inner, batch).await }).await {
        Ok(result) => result,
        Err(error) => {
            Err(StoreError::Io { doing: "writing a batch", transient: false, source: error.into() })
        }
    }
}

async fn run(inner: &Inner, mut batch: Batch) -> Result<Ingested, StoreError> {
    bury_impossible(&mut batch);
    let mut attempts = 0;
    let mut unsure: Option<Ingested> = None;
    loop {
        let error = match limited(inner, &batch, unsure.as_ref()).await {
            Ok(done) => return Ok(done),
            // Each round buries at least one trade, so this ends.
            Err(Failure::Overflow(overflow)) => {
                bury_day(&mut batch, &overflow)?;
                continue;
            }
            Err(Failure::Store(error)) => return Err(error),
            Err(Failure::Again(error)) => error,
            Err(Failure::Unsure(done, error)) => {
                unsure = Some(*done);
                error
            }
        };
        attempts += 1;
        if attempts >= MAX_ATTEMPTS {
            return Err(error);
        }
        tracing::debug!(attempts, %error, "a batch is written again");
        tokio::time::sleep(pause(attempts)).await;
    }
}

fn pause(attempts: u32) -> Duration {
    let base = FIRST_PAUSE * 2_u32.pow(attempts.min(8));
    // Writers that collided must not collide again in step.
    let jitter = RandomState::new().hash_one(attempts) % 1_000;
    base + base * u32::try_from(jitter).unwrap_or(0) / 1_000
}

/// One attempt within its time. Its connection is used again only after it ended in good order.
async fn limited(inner: &Inner, batch: &Batch, unsure: Option<&Ingested>) -> Result<Ingested, Failure> {
    let acquired = Session::acquire(&inner.write).await;
    let mut session = acquired.map_err(|e| failed("connecting", e))?;
    let result = tokio::time::timeout(MAX_TIME, attempt(inner, &mut session, batch, unsure)).await;
    match result {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(failure)) => {
            if matches!(failure, Failure::Again(_) | Failure::Unsure(..)) {
                session.close_on_drop();
            }
            Err(failure)
        }
        Err(_) => {
            session.close_on_drop();
            Err(Failure::Store(timed_out("writing a batch", MAX_TIME.as_secs())))
        }
    }
}

async fn attempt(
    inner: &Inner,
    session: &mut Session,
    batch: &Batch,
    unsure: Option<&Ingested>,
) -> Result<Ingested, Failure> {
    let io = |e| failed("writing a batch", e);
    let mut tx = session.begin().await.map_err(io)?;
    let mut done = Ingested::default();
    if let Some(lease) = &batch.lease {
        leases::fence(&mut tx, lease).await?;
    }
    let stored = match &batch.position {
        Some(position) => Some(fence(&mut tx, position).await?),
        None => None,
    };
    // The lock on the position waited for the attempt whose answer was lost: now it is known what became of it.
    if let (Some(before), Some(position), Some(stored)) = (unsure, &batch.position, stored)
        && stored >= position.next
    {
        return Ok(before.clone());
    }
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

    // Neighbours mostly have one instrument.
    let traded = trades.chunk_by(|a, b| a.instrument == b.instrument).filter_map(<[_]>::first);
    let instruments: BTreeSet<InstrumentId> = (traded.map(|one| one.instrument))
        .chain(rest.iter().map(|one| one.instrument))
        .chain(marks.iter().map(|one| one.instrument))
        .collect();
    // The trades are put in order while the server looks up their instruments.
    let (known, keyed) = tokio::join!(lock_instruments(&mut tx, &instruments), async { keyed(&trades) });
    let known = known?;
    let mut changed: BTreeSet<InstrumentId> = BTreeSet::new();

    let total = trades.len();
    let change = Change { inner, known: &known };
    let inserted = insert_trades(&mut tx, &change, &keyed).await?;
    for (instrument, inserted) in &inserted.trades {
        done.inserted += inserted.len();
        // A trade in a minute that readers may have seen as final changes the past.
        let closed_us = known.get(instrument).map_or(i64::MIN, |known| known.closed_us());
        if inserted.iter().any(|trade| trade.time_us < closed_us) {
            changed.insert(*instrument);
        }
    }
    done.touched = update_candles(&mut tx, inner.mode, &inserted).await?;
    done.duplicates = total - done.inserted;

    for one in rest {
        let written = write_rest(&mut tx, one.instrument, &one.item).await?;
        if written > 0 {
            done.rest_written += written;
            changed.insert(one.instrument);
        }
    }
    done.covered = write_coverage(&mut tx, &known, &marks).await?;
    done.dead_letters = write_dead_letters(&mut tx, batch.position.as_ref(), &letters).await?;
    if !changed.is_empty() {
        let ids: Vec<i32> = changed.iter().map(|id| id.0).collect();
        let versions: Vec<(i32, i64)> = sqlx::query_as(
            "UPDATE instrument SET version = version + 1 WHERE id = ANY ($1) RETURNING id, version",
        )
        .bind(ids)
        .fetch_all(&mut *tx)
        .await
        .map_err(io)?;
        done.versions = versions.into_iter().map(|(id, version)| (InstrumentId(id), version)).collect();
    }
    if let Some(position) = &batch.position {
        move_position(&mut tx, position, done.next_offset).await?;
    }
    match tx.commit().await {
        Ok(()) => Ok(done),
        Err(error) if is_lost(&error) => {
            Err(Failure::Unsure(Box::new(done), failed("committing a batch", error)))
        }
        Err(error) => Err(failed("committing a batch", error).into()),
    }
}

/// The stored position, locked; refused when the batch starts behind it. A position that is new is written at once, so
/// that two first attempts wait for one another as well.
async fn fence(tx: &mut PgConnection, position: &Position) -> Result<i64, StoreError> {
    let key = &position.key;
    let io = |e| failed("reading a position", e);
    let read = async |tx: &mut PgConnection| {
        sqlx::query_scalar::<_, i64>(
            "SELECT next_offset FROM consumer_offset WHERE grp = $1 AND topic = $2 AND inc = $3 AND part = $4
             FOR UPDATE",
        )
        .bind(&key.group)
        .bind(&key.topic)
        .bind(key.incarnation)
        .bind(i64::from(key.partition))
        .fetch_optional(tx)
        .await
        .map_err(io)
    };
    let stored = match read(tx).await? {
        Some(stored) => stored,
        None => {
            sqlx::query(
                "INSERT INTO consumer_offset (grp, topic, inc, part, next_offset) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT DO NOTHING",
            )
            .bind(&key.group)
            .bind(&key.topic)
            .bind(key.incarnation)
            .bind(i64::from(key.partition))
            .bind(position.expected)
            .execute(&mut *tx)
            .await
            .map_err(io)?;
            read(tx).await?.unwrap_or(position.expected)
        }
    };
    if stored < position.expected {
        return Err(StoreError::PositionAhead { key: key.clone(), expected: position.expected, stored });
    }
    Ok(stored)
}

async fn move_position(
    tx: &mut PgConnection,
    position: &Position,
    next_offset: i64,
) -> Result<(), StoreError> {
    let key = &position.key;
    sqlx::query(
        "UPDATE consumer_offset SET next_offset = $5 WHERE grp = $1 AND topic = $2 AND inc = $3 AND part = $4",
    )
    .bind(&key.group)
    .bind(&key.topic)
    .bind(key.incarnation)
    .bind(i64::from(key.partition))
    .bind(next_offset)
    .execute(tx)
    .await
    .map(|_| ())
    .map_err(|e| failed("writing a position", e))
}

/// What is known about an instrument before the batch.
pub(super) struct Known {
    /// Newest life of the feed.
    pub(super) epoch: i64,
    /// Time of the newest trade.
    pub(super) newest_us: Option<i64>,
    /// End of the trades' coverage.
    covered_to_us: Option<i64>,
}

impl Known {
    /// Up to where readers may have taken minutes for final: the newest trade's minute, and the end of the coverage.
    fn closed_us(&self) -> i64 {
        self.newest_us.max(self.covered_to_us).map_or(i64::MIN, |time_us| Interval::M1.floor_us(time_us))
    }
}

/// Locks the instruments, always in the same order: their candles, coverage and versions are then this transaction's.
async fn lock_instruments(
    tx: &mut PgConnection,
    instruments: &BTreeSet<InstrumentId>,
) -> Result<BTreeMap<InstrumentId, Known>, StoreError> {
    let ids: Vec<i32> = instruments.iter().map(|id| id.0).collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let io = |e| failed("looking up instruments", e);
    let epochs: Vec<(i32, i64)> = sqlx::query_as(
        "SELECT id, feed_epoch FROM instrument WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE",
    )
    .bind(&ids)
    .fetch_all(&mut *tx)
    .await
    .map_err(io)?;
    // Read after the lock was had: what its last holder wrote is seen.
    let times: Vec<(i32, Option<Ts>, Option<Ts>)> = sqlx::query_as(
        "SELECT id, (SELECT max(ts) FROM trade WHERE instrument_id = id),
                (SELECT max(to_ts) FROM coverage WHERE instrument_id = id AND source = 1 AND state = 1)
         FROM unnest($1::int4[]) AS id",
    )
    .bind(&ids)
    .fetch_all(tx)
    .await
    .map_err(io)?;
    let mut known: BTreeMap<InstrumentId, Known> = epochs
        .into_iter()
        .map(|(id, epoch)| (InstrumentId(id), Known { epoch, newest_us: None, covered_to_us: None }))
        .collect();
    for (id, newest, covered) in times {
        if let Some(known) = known.get_mut(&InstrumentId(id)) {
            known.newest_us = newest.map(|time| time.0);
            known.covered_to_us = covered.map(|time| time.0);
        }
    }
    match instruments.iter().find(|id| !known.contains_key(id)) {
        Some(missing) => Err(StoreError::UnknownInstrument(*missing)),
        None => Ok(known),
    }
}
