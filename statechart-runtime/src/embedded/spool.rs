//! A queue on disk for records that a log cannot take at the moment.

use super::codec::{pack, unpack};
use super::database::{begin, failed};
use crate::ports::{LogRecord, StoreError};
use bytes::Bytes;
use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use thiserror::Error;
use tokio::sync::{Mutex, MutexGuard};

/// Most bytes of records that wait on disk.
pub const SPOOL_BYTES: u64 = 256 << 20;

/// One row a group; numbers are never used again, so removing twice is harmless.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS spool (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, part INTEGER NOT NULL, records BLOB NOT NULL) STRICT";

/// Records in the order in which they were put in, on disk and bounded. Acknowledged ones survive the process.
#[derive(Debug)]
pub struct Spool {
    file: Mutex<SqliteConnection>,
    /// Who empties it: one at a time, or the order would be lost.
    owner: Mutex<()>,
    bytes: AtomicU64,
    groups: AtomicU64,
    limit: u64,
}

/// Records of one partition that were put in together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spooled {
    /// Place in the queue; what [`Spool::remove`] takes.
    pub seq: i64,
    /// Topic.
    pub topic: String,
    /// Partition.
    pub partition: u32,
    /// The records, in order.
    pub records: Vec<LogRecord>,
    bytes: u64,
}

/// Why records cannot be put in.
#[derive(Debug, Error)]
pub enum SpoolError {
    /// There is no room.
    #[error("{held} bytes wait in the spool already, and {limit} are the most; bring the log back")]
    Full {
        /// Bytes that wait.
        held: u64,
        /// The limit.
        limit: u64,
    },
    /// The file.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Spool {
    /// Opens the file or creates it. What an earlier process has left is taken up.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn open(path: impl AsRef<Path>, limit: u64) -> Result<Self, StoreError> {
        let io = |e| failed("opening the spool", e);
        let mut file = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .disable_statement_logging()
            .connect()
            .await
            .map_err(io)?;
        sqlx::raw_sql(TABLE).execute(&mut file).await.map_err(io)?;
        let (groups, bytes): (i64, i64) =
            sqlx::query_as("SELECT count(*), coalesce(sum(length(records)), 0) FROM spool")
                .fetch_one(&mut file)
                .await
                .map_err(io)?;
        Ok(Self {
            file: Mutex::new(file),
            owner: Mutex::new(()),
            bytes: AtomicU64::new(bytes.unsigned_abs()),
            groups: AtomicU64::new(groups.unsigned_abs()),
            limit,
        })
    }

    /// The right to empty it, waited for.
    pub async fn own(&self) -> MutexGuard<'_, ()> {
        self.owner.lock().await
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Acquire)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.groups.load(Ordering::Acquire) == 0
    }

    /// Puts groups of records behind what waits, in one transaction: all of them or none.
    ///
    /// # Errors
    /// [`SpoolError::Full`], or what the file says.
    pub async fn push(&self, groups: &[(&str, u32, &[LogRecord])]) -> Result<(), SpoolError> {
        let packed: Vec<(&str, u32, Vec<u8>)> = groups
            .iter()
            .filter(|(_, _, records)| !records.is_empty())
            .map(|(topic, partition, records)| (*topic, *partition, pack(records)))
            .collect();
        let more: u64 = packed.iter().map(|(_, _, blob)| blob.len() as u64).sum();
        let io = |e| failed("writing to the spool", e);
        let mut file = self.file.lock().await;
        let held = self.bytes();
        if held.saturating_add(more) > self.limit {
            return Err(SpoolError::Full { held, limit: self.limit });
        }
        let count = packed.len() as u64;
        let mut tx = begin(&mut file).await.map_err(io)?;
        for (topic, partition, blob) in packed {
            sqlx::query("INSERT INTO spool (topic, part, records) VALUES (?, ?, ?)")
                .bind(topic)
                .bind(partition)
                .bind(blob)
                .execute(&mut *tx)
                .await
                .map_err(io)?;
        }
        tx.commit().await.map_err(io)?;
        self.bytes.fetch_add(more, Ordering::AcqRel);
        self.groups.fetch_add(count, Ordering::AcqRel);
        Ok(())
    }

    /// The oldest group, left where it is.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for bytes that are no records; [`StoreError::Io`].
    pub async fn first(&self) -> Result<Option<Spooled>, StoreError> {
        let mut file = self.file.lock().await;
        let row: Option<(i64, String, u32, Vec<u8>)> =
            sqlx::query_as("SELECT seq, topic, part, records FROM spool ORDER BY seq LIMIT 1")
                .fetch_optional(&mut *file)
                .await
                .map_err(|e| failed("reading the spool", e))?;
        let Some((seq, topic, partition, blob)) = row else { return Ok(None) };
        let bytes = blob.len() as u64;
        let mut blob = Bytes::from(blob);
        let mut records = Vec::new();
        while !blob.is_empty() {
            let why = format!("group {seq} is cut short");
            records.push(unpack(&mut blob).ok_or(StoreError::Damaged { table: "spool", why })?);
        }
        Ok(Some(Spooled { seq, topic, partition, records, bytes }))
    }

    /// Takes a group off, after the log has it.
    ///
    /// # Errors
    /// [`StoreError::Io`]; the group is then read again, and what is in the log twice counts once.
    pub async fn remove(&self, group: &Spooled) -> Result<(), StoreError> {
        let io = |e| failed("emptying the spool", e);
        let mut file = self.file.lock().await;
        let done = sqlx::query("DELETE FROM spool WHERE seq = ?").bind(group.seq).execute(&mut *file).await;
        if done.map_err(io)?.rows_affected() == 0 {
            return Ok(());
        }
        self.bytes.fetch_sub(group.bytes, Ordering::AcqRel);
        if self.groups.fetch_sub(1, Ordering::AcqRel) == 1 {
            // The disk gets its room back once nothing waits; if not now, the next time.
            let _ = sqlx::raw_sql("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&mut *file)
                .await;
        }
        Ok(())
    }

    /// Closes the file.
    pub async fn close(self) {
        // What is acknowledged is on disk, so a failure loses nothing.
        let _ = self.file.into_inner().close().await;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn records(from: i64, count: i64) -> Vec<LogRecord> {
        (from..from + count).map(|n| LogRecord::new("k", format!("{n:0100}"), n)).collect()
    }

    #[tokio::test]
    async fn it_keeps_order_over_restarts_and_is_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("spool.sqlite");
        let spool = Spool::open(&path, 10_000).await.unwrap();
        assert!(spool.is_empty() && spool.first().await.unwrap().is_none());
        spool.push(&[("a", 0, &records(0, 10)), ("a", 1, &records(10, 10)), ("a", 2, &[])]).await.unwrap();
        spool.push(&[("b", 0, &records(20, 5))]).await.unwrap();
        let held = spool.bytes();
        let full = spool.push(&[("c", 0, &records(0, 1)), ("c", 1, &records(0, 90))]).await.unwrap_err();
        assert!(matches!(full, SpoolError::Full { .. }), "{full}");
        assert_eq!(spool.bytes(), held, "all or nothing");
        spool.close().await;

        let spool = Spool::open(&path, 10_000).await.unwrap();
        assert_eq!(spool.bytes(), held);
        let mut seen = Vec::new();
        while let Some(group) = spool.first().await.unwrap() {
            assert_eq!(spool.first().await.unwrap().as_ref(), Some(&group), "looking takes nothing off");
            seen.push((group.topic.clone(), group.partition, group.records.len()));
            spool.remove(&group).await.unwrap();
            spool.remove(&group).await.unwrap();
        }
        assert_eq!(seen, [("a".to_owned(), 0, 10), ("a".to_owned(), 1, 10), ("b".to_owned(), 0, 5)]);
        assert_eq!((spool.bytes(), spool.is_empty()), (0, true));
    }
}
