//! Leases in a table, on the server's clock.

use super::connect::{Inner, STANDSTILL};
use super::error::failed;
use super::rows::Columns;
use super::session::Session;
use crate::ports::{Lease, LeaseRow, StoreError, check_lease};
use sqlx::{AssertSqlSafe, PgConnection};
use std::time::Duration;

const DOING: &str = "working on leases";

/// Ends the sessions whose client has stopped in the middle of a statement under a lease, half of its rows sent or half
/// of an answer read, when a lease that is asked for has run out meanwhile. No timeout of the server ends these:
/// `idle_in_transaction_session_timeout` counts between statements, and `statement_timeout` interrupts nobody who waits
/// for the network. Who they are is settled before the first is ended: conditions have no order.
const END_STUCK: &str = "WITH stuck AS MATERIALIZED (
         SELECT a.pid FROM pg_stat_activity a
         WHERE a.datname = current_database() AND a.usename = current_user AND a.state = 'active'
           AND a.wait_event_type = 'Client' AND a.query_start < clock_timestamp() - $2 * interval '1 second'
           AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.relation = 'lease'::regclass)
           AND EXISTS (SELECT FROM lease WHERE name = ANY ($1) AND expires_at <= clock_timestamp()))
     SELECT pid FROM stuck WHERE pg_terminate_backend(pid)";

pub(super) async fn take(
    inner: &Inner,
    names: &[String],
    holder: &str,
    ttl: Duration,
    max: usize,
) -> Result<Vec<Lease>, StoreError> {
    let ttl_us = check_lease(names.iter().map(String::as_str), holder, ttl)?;
    let io = |e| failed(DOING, e);
    let mut session = Session::acquire(&inner.write).await.map_err(io)?;
    let mut tx = session.begin().await.map_err(io)?;
    // Each name has a row before anything is locked, so that there is something to skip. Names that somebody else is
    // just adding would be waited for: in order, so that nobody waits in a circle.
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sqlx::query(
        "INSERT INTO lease (name, holder, epoch, expires_at)
         SELECT n, '', 0, '-infinity' FROM unnest($1::text[]) AS n
         WHERE NOT EXISTS (SELECT 1 FROM lease WHERE name = n) ORDER BY n ON CONFLICT DO NOTHING",
    )
    .bind(&sorted)
    .execute(&mut *tx)
    .await
    .map_err(io)?;
    // The clock is read once the row is locked: a transaction that began long ago must not think it is still then.
    let taken: Vec<(String, i64)> = sqlx::query_as(
        "WITH free AS MATERIALIZED (
             SELECT l.name FROM lease l JOIN unnest($1::text[]) WITH ORDINALITY AS n (name, place) USING (name)
             WHERE l.expires_at <= clock_timestamp() ORDER BY n.place LIMIT $4 FOR UPDATE OF l SKIP LOCKED)
         UPDATE lease SET holder = $2, epoch = epoch + 1,
                expires_at = clock_timestamp() + $3 * interval '1 microsecond'
         WHERE name IN (SELECT name FROM free) RETURNING name, epoch",
    )
    .bind(names)
    .bind(holder)
    .bind(ttl_us)
    .bind(i64::try_from(max).unwrap_or(i64::MAX))
    .fetch_all(&mut *tx)
    .await
    .map_err(io)?;
    tx.commit().await.map_err(io)?;
    if taken.len() < max.min(names.len()) {
        end_stuck(inner, names).await?;
    }
    // In the order asked for.
    let place = |name: &str| names.iter().position(|asked| asked == name);
    let mut taken: Vec<Lease> =
        taken.into_iter().map(|(name, epoch)| Lease { name, holder: holder.to_owned(), epoch }).collect();
    taken.sort_by_key(|lease| place(&lease.name));
    Ok(taken)
}

/// Lets nobody keep a lease by standing still.
async fn end_stuck(inner: &Inner, names: &[String]) -> Result<(), StoreError> {
    let ended: Vec<i32> = sqlx::query_scalar(END_STUCK)
        .bind(names)
        .bind(i64::try_from(STANDSTILL.as_secs()).unwrap_or(i64::MAX))
        .fetch_all(&inner.write)
        .await
        .map_err(|e| failed(DOING, e))?;
    if !ended.is_empty() {
        tracing::warn!(sessions = ?ended, "a process that stood still in the middle of a write held leases; its sessions are ended");
    }
    Ok(())
}

pub(super) async fn steal(
    inner: &Inner,
    name: &str,
    holder: &str,
    ttl: Duration,
) -> Result<Lease, StoreError> {
    let ttl_us = check_lease([name], holder, ttl)?;
    let epoch: i64 = sqlx::query_scalar(
        "INSERT INTO lease AS l (name, holder, epoch, expires_at)
         VALUES ($1, $2, 1, clock_timestamp() + $3 * interval '1 microsecond')
         ON CONFLICT (name) DO UPDATE SET
             holder = excluded.holder, epoch = l.epoch + 1, expires_at = excluded.expires_at
         RETURNING epoch",
    )
    .bind(name)
    .bind(holder)
    .bind(ttl_us)
    .fetch_one(&inner.write)
    .await
    .map_err(|e| failed(DOING, e))?;
    Ok(Lease { name: name.to_owned(), holder: holder.to_owned(), epoch })
}

pub(super) async fn renew(inner: &Inner, leases: &[Lease], ttl: Duration) -> Result<Vec<Lease>, StoreError> {
    let mut ttl_us = 0;
    for lease in leases {
        ttl_us = check_lease([lease.name.as_str()], &lease.holder, ttl)?;
    }
    let held = set_end(inner, leases, ttl_us, true).await?;
    Ok(leases.iter().filter(|lease| held.contains(&lease.name)).cloned().collect())
}

pub(super) async fn release(inner: &Inner, leases: &[Lease]) -> Result<(), StoreError> {
    set_end(inner, leases, 0, false).await.map(|_| ())
}

/// Lets leases end so long from now; returns the names of those that are still held. A lease whose batch is being
/// written is locked: passing over it leaves it held, since nobody can take it before the batch is committed.
async fn set_end(
    inner: &Inner,
    leases: &[Lease],
    from_now_us: i64,
    pass_over: bool,
) -> Result<Vec<String>, StoreError> {
    if leases.is_empty() {
        return Ok(Vec::new());
    }
    let locked = if pass_over { "SKIP LOCKED" } else { "" };
    sqlx::query_scalar(AssertSqlSafe(format!(
        "WITH asked AS (SELECT * FROM unnest($1::text[], $2::text[], $3::int8[]) AS m (name, holder, epoch)),
         mine AS MATERIALIZED (
             SELECT name FROM lease l JOIN asked USING (name, holder, epoch) ORDER BY name FOR UPDATE OF l {locked}),
         moved AS (
             UPDATE lease SET expires_at = clock_timestamp() + $4 * interval '1 microsecond'
             WHERE name IN (SELECT name FROM mine))
         SELECT name FROM lease JOIN asked USING (name, holder, epoch)"
    )))
    .bind(leases.iter().map(|lease| lease.name.clone()).collect::<Vec<_>>())
    .bind(leases.iter().map(|lease| lease.holder.clone()).collect::<Vec<_>>())
    .bind(leases.iter().map(|lease| lease.epoch).collect::<Vec<_>>())
    .bind(from_now_us)
    .fetch_all(&inner.write)
    .await
    .map_err(|e| failed(DOING, e))
}

pub(super) async fn list(inner: &Inner) -> Result<Vec<LeaseRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT name, holder, epoch, CASE WHEN expires_at > clock_timestamp()
             THEN (extract(epoch FROM expires_at - clock_timestamp()) * 1000000)::int8 ELSE 0 END
         FROM lease WHERE epoch > 0 ORDER BY name",
    )
    .fetch_all(&inner.read)
    .await
    .map_err(|e| failed(DOING, e))?;
    rows.iter()
        .map(|row| {
            let columns = Columns { table: "lease", row };
            let lease = Lease { name: columns.get(0)?, holder: columns.get(1)?, epoch: columns.get(2)? };
            Ok(LeaseRow { lease, remaining: Duration::from_micros(columns.count(3)?) })
        })
        .collect()
}

/// Refuses a batch whose lease somebody else has taken, and keeps anybody from taking it before the batch is committed.
pub(super) async fn fence(tx: &mut PgConnection, lease: &Lease) -> Result<(), StoreError> {
    let row: Option<(String, i64)> =
        sqlx::query_as("SELECT holder, epoch FROM lease WHERE name = $1 FOR UPDATE")
            .bind(&lease.name)
            .fetch_optional(tx)
            .await
            .map_err(|e| failed("checking a lease", e))?;
    match row {
        Some((holder, epoch)) if (holder.as_str(), epoch) == (lease.holder.as_str(), lease.epoch) => Ok(()),
        Some((holder, epoch)) => Err(StoreError::StaleLease { lease: lease.clone(), holder, epoch }),
        None => Err(StoreError::StaleLease { lease: lease.clone(), holder: String::new(), epoch: 0 }),
    }
}
