//! What TimescaleDB needs from time to time: materializing what is old enough, and refreshing dirty minutes.
//!
//! TimescaleDB's own refresh policies go by the wall clock and know nothing of dirty minutes; a recording of 2018 would
//! lie behind their line at once. So the line is drawn here, by the newest trade, and every writer knows it:
//!
//! 1. The line is moved. That waits for writers that decided by the old one; later ones note what they change behind it.
//! 2. The dirty minutes are remembered, and every level is refreshed up to the line, the finest first, whole buckets only.
//! 3. That it is done is noted. A run that ends before that, however it ends, is made up for by the next one, which starts
//!    where the last complete one ended.
//! 4. The remembered minutes are removed, unless they were touched again meanwhile.
//! 5. Days of trades that are older than asked for are removed, where all their candles are materialized. TimescaleDB's own
//!    retention would not wait for that.

use super::connect::{Inner, PostgresOptions};
use super::error::{failed, timed_out};
use super::leases;
use super::mode::Mode;
use super::number::Ts;
use crate::market::{Interval, TimeRange, US_PER_MINUTE};
use crate::ports::{Lease, Maintained, StoreError};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::time::Duration;

/// How far behind the newest trade candles stay unmaterialized: what comes late by less costs no refresh.
const LAG_US: i64 = 10 * US_PER_MINUTE;
/// Who refreshes, and how long at most: the lease is given back before it runs out.
const LEASE: &str = "maintenance";
const LEASE_TIME: Duration = Duration::from_secs(900);
const MAX_TIME: Duration = Duration::from_secs(840);
/// How long the connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest statement of a refresh.
const STATEMENT_TIME: &str = "SET statement_timeout = '10min'; SET lock_timeout = '30s'";
/// Dirty minutes of one run; the others wait for the next.
const MAX_DIRTY: i64 = 100_000;

/// What nobody asks for any more: fetches that ended long ago, and positions in topics that were made anew twice since.
const TIDY: &str =
    "DELETE FROM fetch_job WHERE state IN ('done', 'failed') AND updated_at < now() - interval '7 days';
     DELETE FROM consumer_offset o WHERE 2 <= (
         SELECT count(*) FROM consumer_offset n
         WHERE n.grp = o.grp AND n.topic = o.topic AND n.part = o.part AND n.inc > o.inc)";

/// Runs once, unless another process is at it. Plain tables are only tidied up.
pub(super) async fn maintain(inner: &Inner) -> Result<Maintained, StoreError> {
    sqlx::raw_sql(TIDY).execute(&inner.write).await.map_err(|e| failed("tidying up", e))?;
    if inner.mode == Mode::Plain {
        return Ok(Maintained::default());
    }
    // Unique to this call.
    let holder = format!("{}:{:x}", std::process::id(), {
        use std::hash::{BuildHasher, RandomState};
        RandomState::new().hash_one(0)
    });
    let names = [LEASE.to_owned()];
    let Some(lease) = leases::take(inner, &names, &holder, LEASE_TIME, 1).await?.pop() else {
        return Ok(Maintained::default());
    };
    // However it ends, the lease goes back: a failed connect must not keep the others from it.
    let result = tokio::time::timeout(MAX_TIME, connected(inner)).await;
    give_back(inner, lease).await;
    result.unwrap_or_else(|_| Err(timed_out("refreshing candles", MAX_TIME.as_secs())))
}

/// On a connection of its own: its session has other limits.
async fn connected(inner: &Inner) -> Result<Maintained, StoreError> {
    let connecting = tokio::time::timeout(CONNECT_TIMEOUT, inner.connect.connect()).await;
    let connecting = connecting.map_err(|_| timed_out("connecting", CONNECT_TIMEOUT.as_secs()))?;
    let mut connection = connecting.map_err(|e| failed("connecting", e))?;
    let result = refresh(&mut connection).await;
    // A server that shares one session among its clients keeps what was set.
    let _ = super::connect::session(&mut connection).await;
    let _ = connection.close().await;
    result
}

async fn give_back(inner: &Inner, lease: Lease) {
    // It runs out by itself.
    if let Err(error) = leases::release(inner, &[lease]).await {
        tracing::debug!(%error, "the lease for maintenance is kept until it runs out");
    }
}

async fn refresh(connection: &mut PgConnection) -> Result<Maintained, StoreError> {
    let io = |e| failed("refreshing candles", e);
    sqlx::raw_sql(STATEMENT_TIME).execute(&mut *connection).await.map_err(io)?;
    let Some(newest_us) = end(connection, "max").await? else { return Ok(Maintained::default()) };
    let wanted_us = Interval::M1.floor_us(newest_us - LAG_US);
    let (before, done, kept): (Option<Ts>, Option<Ts>, Option<Ts>) = sqlx::query_as(
        "SELECT nullif(until, '-infinity'), nullif(done, '-infinity'), nullif(kept, '-infinity') FROM refreshed",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(io)?;
    let until_us = before.map_or(wanted_us, |Ts(before_us)| before_us.max(wanted_us));
    sqlx::query("UPDATE refreshed SET until = $1 WHERE until < $1")
        .bind(Ts(until_us))
        .execute(&mut *connection)
        .await
        .map_err(io)?;
    let dirty: Vec<(i32, Ts, i64)> =
        sqlx::query_as("SELECT instrument_id, bucket, touched FROM dirty ORDER BY bucket LIMIT $1")
            .bind(MAX_DIRTY)
            .fetch_all(&mut *connection)
            .await
            .map_err(io)?;
    let mut from_us = match done {
        Some(Ts(done_us)) => done_us,
        None => end(connection, "min").await?.unwrap_or(newest_us),
    };
    if let Some((_, Ts(first_us), _)) = dirty.first() {
        from_us = from_us.min(*first_us);
    }
    // Candles outlive their trades: refreshing where trades were removed would remove them, too.
    if let Some(Ts(kept_us)) = kept {
        from_us = from_us.max(kept_us);
    }
    for interval in Interval::ALL {
        let range = TimeRange { from_us: interval.floor_us(from_us), to_us: interval.floor_us(until_us) };
        if range.is_empty() {
            continue;
        }
        let sql = format!(
            "CALL refresh_continuous_aggregate('trade_candle_{interval}', {}, {})",
            literal(range.from_us),
            literal(range.to_us)
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.map_err(io)?;
    }
    sqlx::query("UPDATE refreshed SET done = $1")
        .bind(Ts(until_us))
        .execute(&mut *connection)
        .await
        .map_err(io)?;
    let cleaned = sqlx::query(
        "DELETE FROM dirty d USING unnest($1::int4[], $2::timestamptz[], $3::int8[]) AS seen (id, bucket, touched)
         WHERE d.instrument_id = seen.id AND d.bucket = seen.bucket AND d.touched = seen.touched",
    )
    .bind(dirty.iter().map(|(id, _, _)| *id).collect::<Vec<_>>())
    .bind(dirty.iter().map(|(_, bucket, _)| *bucket).collect::<Vec<_>>())
    .bind(dirty.iter().map(|(_, _, touched)| *touched).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await
    .map_err(io)?;
    remove_old(connection, until_us).await?;
    Ok(Maintained { cleaned: cleaned.rows_affected(), until_us: Some(until_us) })
}

/// Time of the first or last trade (`min`, `max`), instrument by instrument: the key begins with it.
async fn end(connection: &mut PgConnection, which: &str) -> Result<Option<i64>, StoreError> {
    let order = if which == "min" { "ASC" } else { "DESC" };
    let sql = format!(
        "SELECT {which}(one.ts) FROM instrument i, LATERAL (
             SELECT ts FROM trade WHERE instrument_id = i.id ORDER BY ts {order} LIMIT 1) one"
    );
    let found: Option<Ts> = sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_one(connection)
        .await
        .map_err(|e| failed("refreshing candles", e))?;
    Ok(found.map(|Ts(time_us)| time_us))
}

/// Removes whole days of trades that are too old by the server's clock, and before the day of `done_us`: up to there every
/// candle is materialized. The line is noted first: from then on nothing before it is refreshed.
async fn remove_old(connection: &mut PgConnection, done_us: i64) -> Result<(), StoreError> {
    let io = |e| failed("removing old trades", e);
    let old: Option<Ts> = sqlx::query_scalar("SELECT now() - keep FROM refreshed")
        .fetch_one(&mut *connection)
        .await
        .map_err(io)?;
    let Some(Ts(old_us)) = old else { return Ok(()) };
    let line_us = Interval::D1.floor_us(old_us.min(done_us));
    sqlx::query("UPDATE refreshed SET kept = greatest(kept, $1)")
        .bind(Ts(line_us))
        .execute(&mut *connection)
        .await
        .map_err(io)?;
    let sql = format!("SELECT drop_chunks('trade', older_than => {})", literal(line_us));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|_| ()).map_err(io)
}

/// A time as SQL; whole seconds.
pub(super) fn literal(time_us: i64) -> String {
    format!("to_timestamp({})", time_us.div_euclid(1_000_000))
}

/// Compression as TimescaleDB's own job, and how long trades are kept, where they are asked for. Where they are not, what
/// was set up before stays: one of several processes may have been started without the settings.
pub(super) async fn policies(
    connection: &mut PgConnection,
    options: &PostgresOptions,
) -> Result<(), StoreError> {
    let io = |e| failed("setting up compression and retention", e);
    let seconds = |time: Duration| time.as_secs().max(1);
    if let Some(after) = options.compress_after {
        let sql = format!(
            "ALTER TABLE trade SET (timescaledb.compress, timescaledb.compress_segmentby = 'instrument_id',
                 timescaledb.compress_orderby = 'ts, ord');
             SELECT remove_compression_policy('trade', if_exists => true);
             SELECT add_compression_policy('trade', interval '{} seconds')",
            seconds(after)
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.map_err(io)?;
    }
    if let Some(keep) = options.keep_trades {
        let sql = format!("UPDATE refreshed SET keep = interval '{} seconds'", seconds(keep));
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.map_err(io)?;
    }
    Ok(())
}
