//! Leases in the file. One writer at a time makes every statement here atomic; the clock is SQLite's.

use super::codec::Columns;
use super::database::{Database, begin, failed};
use crate::ports::{Lease, LeaseRow, StoreError, check_lease};
use sqlx::{Sqlite, Transaction};
use std::time::Duration;

/// Now, µs, to the millisecond.
const NOW: &str = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000";

const DOING: &str = "working on leases";

pub(super) async fn take(
    database: &Database,
    names: &[String],
    holder: &str,
    ttl: Duration,
    max: usize,
) -> Result<Vec<Lease>, StoreError> {
    let ttl_us = check_lease(names.iter().map(String::as_str), holder, ttl)?;
    let mut writer = database.writer().await;
    let mut tx = begin(&mut writer).await.map_err(|e| failed(DOING, e))?;
    let mut taken = Vec::new();
    for name in names {
        if taken.len() >= max {
            break;
        }
        let epoch = upsert(&mut tx, name, holder, ttl_us, "WHERE expires_at <= NOW").await?;
        taken.extend(epoch.map(|epoch| Lease { name: name.clone(), holder: holder.to_owned(), epoch }));
    }
    tx.commit().await.map_err(|e| failed(DOING, e))?;
    Ok(taken)
}

pub(super) async fn steal(
    database: &Database,
    name: &str,
    holder: &str,
    ttl: Duration,
) -> Result<Lease, StoreError> {
    let ttl_us = check_lease([name], holder, ttl)?;
    let mut writer = database.writer().await;
    let mut tx = begin(&mut writer).await.map_err(|e| failed(DOING, e))?;
    let epoch = upsert(&mut tx, name, holder, ttl_us, "").await?;
    tx.commit().await.map_err(|e| failed(DOING, e))?;
    let missing = || StoreError::Damaged { table: "lease", why: format!("`{name}` was not written") };
    Ok(Lease { name: name.to_owned(), holder: holder.to_owned(), epoch: epoch.ok_or_else(missing)? })
}

/// The new epoch; none when the condition on a lease that is there does not hold.
async fn upsert(
    tx: &mut Transaction<'_, Sqlite>,
    name: &str,
    holder: &str,
    ttl_us: i64,
    condition: &str,
) -> Result<Option<i64>, StoreError> {
    let sql = format!(
        "INSERT INTO lease (name, holder, epoch, expires_at) VALUES (?, ?, 1, NOW + ?)
         ON CONFLICT (name) DO UPDATE SET
             holder = excluded.holder, epoch = epoch + 1, expires_at = excluded.expires_at {condition}
         RETURNING epoch"
    );
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.replace("NOW", NOW)))
        .bind(name)
        .bind(holder)
        .bind(ttl_us)
        .fetch_optional(&mut **tx)
        .await
        .map_err(|e| failed(DOING, e))
}

pub(super) async fn renew(
    database: &Database,
    leases: &[Lease],
    ttl: Duration,
) -> Result<Vec<Lease>, StoreError> {
    let mut held = Vec::new();
    let mut writer = database.writer().await;
    let mut tx = begin(&mut writer).await.map_err(|e| failed(DOING, e))?;
    for lease in leases {
        let ttl_us = check_lease([lease.name.as_str()], &lease.holder, ttl)?;
        if set_end(&mut tx, lease, ttl_us).await? {
            held.push(lease.clone());
        }
    }
    tx.commit().await.map_err(|e| failed(DOING, e))?;
    Ok(held)
}

pub(super) async fn release(database: &Database, leases: &[Lease]) -> Result<(), StoreError> {
    let mut writer = database.writer().await;
    let mut tx = begin(&mut writer).await.map_err(|e| failed(DOING, e))?;
    for lease in leases {
        set_end(&mut tx, lease, 0).await?;
    }
    tx.commit().await.map_err(|e| failed(DOING, e))
}

/// Lets a lease end so long from now. Says whether it is still held.
async fn set_end(
    tx: &mut Transaction<'_, Sqlite>,
    lease: &Lease,
    from_now_us: i64,
) -> Result<bool, StoreError> {
    let sql = "UPDATE lease SET expires_at = NOW + ? WHERE name = ? AND holder = ? AND epoch = ?";
    let done = sqlx::query(sqlx::AssertSqlSafe(sql.replace("NOW", NOW)))
        .bind(from_now_us)
        .bind(&lease.name)
        .bind(&lease.holder)
        .bind(lease.epoch)
        .execute(&mut **tx)
        .await
        .map_err(|e| failed(DOING, e))?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn list(database: &Database) -> Result<Vec<LeaseRow>, StoreError> {
    let mut reader = database.reader().await.map_err(|e| failed(DOING, e))?;
    let sql = "SELECT name, holder, epoch, max(expires_at - NOW, 0) FROM lease ORDER BY name";
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql.replace("NOW", NOW)))
        .fetch_all(&mut *reader)
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

/// Refuses a batch whose lease somebody else has taken.
pub(super) async fn fence(tx: &mut Transaction<'_, Sqlite>, lease: &Lease) -> Result<(), StoreError> {
    let row: Option<(String, i64)> = sqlx::query_as("SELECT holder, epoch FROM lease WHERE name = ?")
        .bind(&lease.name)
        .fetch_optional(&mut **tx)
        .await
        .map_err(|e| failed("checking a lease", e))?;
    match row {
        Some((holder, epoch)) if (holder.as_str(), epoch) == (lease.holder.as_str(), lease.epoch) => Ok(()),
        Some((holder, epoch)) => Err(StoreError::StaleLease { lease: lease.clone(), holder, epoch }),
        None => Err(StoreError::StaleLease { lease: lease.clone(), holder: String::new(), epoch: 0 }),
    }
}
