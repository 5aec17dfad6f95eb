//! The embedded log: one row per appended batch, long polls woken in the process.

use super::codec::{pack, unpack};
use super::database::{Database, begin, is_transient};
use crate::ports::{
    Fetched, FetchedRecord, Log, LogError, LogRecord, MAX_PARTITIONS, Topic, Watermarks, is_valid_topic,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt;
use sqlx::Row;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// How often a waiting fetch looks again by itself: another process may have appended.
const RECHECK: Duration = Duration::from_millis(500);

/// By topic and partition.
type Wakes = BTreeMap<(String, u32), Arc<Notify>>;

/// A log in a SQLite file. See [`super::Embedded`].
#[derive(Debug, Clone)]
pub struct SqliteLog {
    database: Arc<Database>,
    /// Wakes the waiting fetches of a partition; entries go with their topic.
    wakes: Arc<Mutex<Wakes>>,
    first_incarnation: i64,
}

impl SqliteLog {
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database, wakes: Arc::default(), first_incarnation: 1 }
    }

    /// The incarnation of topics that this file has never had; without it, 1. A store that outlives the file may hold
    /// positions in the topics of an earlier one: a number that grows from file to file, like the time, keeps them apart.
    #[must_use]
    pub fn first_incarnation(mut self, incarnation: i64) -> Self {
        self.first_incarnation = incarnation.max(1);
        self
    }

    fn wake(&self, topic: &str, partition: u32) -> Arc<Notify> {
        // Nothing panics while the map is locked, so even a poisoned one is whole.
        let mut wakes = self.wakes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(wakes.entry((topic.to_owned(), partition)).or_default())
    }

    /// Why a partition was not found.
    async fn missing(&self, topic: &str, partition: u32) -> LogError {
        match self.topics().await {
            Ok(topics) => match topics.into_iter().find(|known| known.name == topic) {
                Some(known) => LogError::UnknownPartition {
                    topic: topic.to_owned(),
                    partition,
                    partitions: known.partitions,
                },
                None => LogError::UnknownTopic { topic: topic.to_owned() },
            },
            Err(error) => error,
        }
    }

    /// What is there now, without waiting.
    async fn fetch_now(
        &self,
        topic: &str,
        partition: u32,
        from: i64,
        max_records: usize,
        max_bytes: usize,
    ) -> Result<Option<Fetched>, LogError> {
        let io = |e| failed(format!("reading `{topic}`/{partition}"), e);
        let mut tx = self.database.snapshot().await.map_err(io)?;
        let ends = sqlx::query(
            "SELECT p.low, p.next, t.inc FROM log_partition p JOIN log_topic t ON t.name = p.topic
             WHERE p.topic = ? AND p.part = ?",
        )
        .bind(topic)
        .bind(partition)
        .fetch_optional(&mut *tx)
        .await
        .map_err(io)?;
        let Some(ends) = ends else { return Ok(None) };
        let (low, high): (i64, i64) = (ends.try_get(0).map_err(io)?, ends.try_get(1).map_err(io)?);
        if from < low || from > high {
            let topic = topic.to_owned();
            return Err(LogError::OffsetOutOfRange { topic, partition, offset: from, low, high });
        }
        let incarnation = ends.try_get(2).map_err(io)?;
        let mut fetched =
            Fetched { records: Vec::new(), next_offset: from, high_watermark: high, incarnation };
        if from == high || max_records == 0 {
            return Ok(Some(fetched));
        }
        let mut bytes = 0;
        {
            let mut batches = sqlx::query(
                "SELECT base_offset, records FROM log_batch WHERE topic = ?1 AND part = ?2 AND base_offset >= coalesce(
                    (SELECT max(base_offset) FROM log_batch WHERE topic = ?1 AND part = ?2 AND base_offset <= ?3), ?3)
                 AND base_offset < ?4 ORDER BY base_offset",
            )
            .bind(topic)
            .bind(partition)
            .bind(from)
            // Offsets are dense here, so later batches cannot be wanted: this bounds what is read ahead.
            .bind(from.saturating_add(i64::try_from(max_records).unwrap_or(i64::MAX)))
            .fetch(&mut *tx);
            'batches: while let Some(row) = batches.try_next().await.map_err(io)? {
                let base_offset: i64 = row.try_get(0).map_err(io)?;
                let mut blob = Bytes::from(row.try_get::<Vec<u8>, _>(1).map_err(io)?);
                let mut offset = base_offset;
                while !blob.is_empty() {
                    let Some(record) = unpack(&mut blob) else {
                        let (topic, why) = (topic.to_owned(), "a record is cut short");
                        return Err(LogError::Damaged { topic, partition, base_offset, why });
                    };
                    if offset >= from {
                        bytes += record.bytes();
                        let full = fetched.records.len() >= max_records || bytes > max_bytes;
                        if full && !fetched.records.is_empty() {
                            break 'batches;
                        }
                        fetched.records.push(FetchedRecord { offset, record });
                        fetched.next_offset = offset + 1;
                    }
                    offset += 1;
                }
            }
        }
        Ok(Some(fetched))
    }
}

#[async_trait]
impl Log for SqliteLog {
    async fn create_topic(&self, name: &str, partitions: u32) -> Result<Topic, LogError> {
        if !is_valid_topic(name) {
            return Err(LogError::BadTopicName { topic: name.chars().take(64).collect() });
        }
        if partitions == 0 || partitions > MAX_PARTITIONS {
            return Err(LogError::BadPartitionCount { topic: name.to_owned(), partitions });
        }
        let io = |e| failed(format!("creating `{name}`"), e);
        let mut writer = self.database.writer().await;
        let mut tx = begin(&mut writer).await.map_err(io)?;
        let known: Option<(i64, u32, bool)> =
            sqlx::query_as("SELECT inc, partitions, live FROM log_topic WHERE name = ?")
                .bind(name)
                .fetch_optional(&mut *tx)
                .await
                .map_err(io)?;
        if let Some((incarnation, partitions, true)) = known {
            return Ok(Topic { name: name.to_owned(), partitions, incarnation });
        }
        let incarnation = known.map_or(self.first_incarnation, |(inc, ..)| inc + 1);
        sqlx::query("INSERT OR REPLACE INTO log_topic (name, inc, partitions, live) VALUES (?, ?, ?, 1)")
            .bind(name)
            .bind(incarnation)
            .bind(partitions)
            .execute(&mut *tx)
            .await
            .map_err(io)?;
        for partition in 0..partitions {
            sqlx::query("INSERT INTO log_partition (topic, part, low, next) VALUES (?, ?, 0, 0)")
                .bind(name)
                .bind(partition)
                .execute(&mut *tx)
                .await
                .map_err(io)?;
        }
        tx.commit().await.map_err(io)?;
        Ok(Topic { name: name.to_owned(), partitions, incarnation })
    }

    async fn disown(&self, name: &str, incarnation: i64) -> Result<(), LogError> {
        let mut writer = self.database.writer().await;
        sqlx::query("UPDATE log_topic SET inc = inc + 1 WHERE name = ? AND inc = ? AND live = 1")
            .bind(name)
            .bind(incarnation)
            .execute(&mut *writer)
            .await
            .map(|_| ())
            .map_err(|e| failed(format!("disowning `{name}`"), e))
    }

    async fn delete_topic(&self, name: &str) -> Result<(), LogError> {
        let io = |e| failed(format!("deleting `{name}`"), e);
        let mut writer = self.database.writer().await;
        let mut tx = begin(&mut writer).await.map_err(io)?;
        let found = sqlx::query("UPDATE log_topic SET live = 0 WHERE name = ? AND live = 1")
            .bind(name)
            .execute(&mut *tx)
            .await
            .map_err(io)?;
        if found.rows_affected() == 0 {
            return Err(LogError::UnknownTopic { topic: name.to_owned() });
        }
        for sql in ["DELETE FROM log_partition WHERE topic = ?", "DELETE FROM log_batch WHERE topic = ?"] {
            sqlx::query(sql).bind(name).execute(&mut *tx).await.map_err(io)?;
        }
        tx.commit().await.map_err(io)?;
        drop(writer);
        // Waiting fetches look once more and find that the topic is gone.
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner).retain(|(topic, _), wake| {
            if topic == name {
                wake.notify_waiters();
            }
            topic != name
        });
        Ok(())
    }

    async fn topics(&self) -> Result<Vec<Topic>, LogError> {
        let io = |e| failed("listing topics".to_owned(), e);
        let mut reader = self.database.reader().await.map_err(io)?;
        let rows: Vec<(String, u32, i64)> =
            sqlx::query_as("SELECT name, partitions, inc FROM log_topic WHERE live = 1 ORDER BY name")
                .fetch_all(&mut *reader)
                .await
                .map_err(io)?;
        Ok(rows
            .into_iter()
            .map(|(name, partitions, incarnation)| Topic { name, partitions, incarnation })
            .collect())
    }

    async fn append(&self, topic: &str, partition: u32, records: &[LogRecord]) -> Result<i64, LogError> {
        LogRecord::check_all(topic, records)?;
        let Some(first) = records.first() else { return Ok(self.watermarks(topic, partition).await?.high) };
        let io = |e| failed(format!("appending to `{topic}`/{partition}"), e);
        let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
        let blob = pack(records);
        let mut writer = self.database.writer().await;
        let mut tx = begin(&mut writer).await.map_err(io)?;
        let base: Option<i64> = sqlx::query_scalar(
            "UPDATE log_partition SET next = next + ?3 WHERE topic = ?1 AND part = ?2 RETURNING next - ?3",
        )
        .bind(topic)
        .bind(partition)
        .bind(count)
        .fetch_optional(&mut *tx)
        .await
        .map_err(io)?;
        let Some(base) = base else {
            drop(tx);
            drop(writer);
            return Err(self.missing(topic, partition).await);
        };
        sqlx::query(
            "INSERT INTO log_batch (topic, part, base_offset, count, published_us, records) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(topic)
        .bind(partition)
        .bind(base)
        .bind(count)
        .bind(first.published_us)
        .bind(blob)
        .execute(&mut *tx)
        .await
        .map_err(io)?;
        tx.commit().await.map_err(io)?;
        drop(writer);
        self.wake(topic, partition).notify_waiters();
        Ok(base)
    }

    async fn fetch(
        &self,
        topic: &str,
        partition: u32,
        from: i64,
        max_records: usize,
        max_bytes: usize,
        max_wait: Duration,
    ) -> Result<Fetched, LogError> {
        let deadline = Instant::now() + max_wait;
        loop {
            // Registered before looking: an append between the look and the wait still wakes us. Only a fetch that
            // will wait registers, so that unknown names do not fill the map.
            let Some(first) = self.fetch_now(topic, partition, from, max_records, max_bytes).await? else {
                return Err(self.missing(topic, partition).await);
            };
            let now = Instant::now();
            if !first.records.is_empty() || max_records == 0 || now >= deadline {
                return Ok(first);
            }
            let wake = self.wake(topic, partition);
            let mut woken = std::pin::pin!(wake.notified());
            woken.as_mut().enable();
            let Some(second) = self.fetch_now(topic, partition, from, max_records, max_bytes).await? else {
                return Err(self.missing(topic, partition).await);
            };
            if !second.records.is_empty() {
                return Ok(second);
            }
            // Either way the loop looks again.
            let _ = timeout_at(deadline.min(now + RECHECK), woken).await;
        }
    }

    async fn watermarks(&self, topic: &str, partition: u32) -> Result<Watermarks, LogError> {
        let io = |e| failed(format!("reading the ends of `{topic}`/{partition}"), e);
        let mut reader = self.database.reader().await.map_err(io)?;
        let row: Option<(i64, i64)> =
            sqlx::query_as("SELECT low, next FROM log_partition WHERE topic = ? AND part = ?")
                .bind(topic)
                .bind(partition)
                .fetch_optional(&mut *reader)
                .await
                .map_err(io)?;
        drop(reader);
        match row {
            Some((low, high)) => Ok(Watermarks { low, high }),
            None => Err(self.missing(topic, partition).await),
        }
    }

    async fn trim(&self, topic: &str, partition: u32, below: i64) -> Result<(), LogError> {
        let io = |e| failed(format!("trimming `{topic}`/{partition}"), e);
        let mut writer = self.database.writer().await;
        let mut tx = begin(&mut writer).await.map_err(io)?;
        sqlx::query("DELETE FROM log_batch WHERE topic = ? AND part = ? AND base_offset + count <= ?")
            .bind(topic)
            .bind(partition)
            .bind(below)
            .execute(&mut *tx)
            .await
            .map_err(io)?;
        let found = sqlx::query(
            "UPDATE log_partition SET low = coalesce(
                (SELECT min(base_offset) FROM log_batch WHERE topic = ?1 AND part = ?2), next)
             WHERE topic = ?1 AND part = ?2",
        )
        .bind(topic)
        .bind(partition)
        .execute(&mut *tx)
        .await
        .map_err(io)?;
        tx.commit().await.map_err(io)?;
        drop(writer);
        if found.rows_affected() == 0 {
            return Err(self.missing(topic, partition).await);
        }
        Ok(())
    }
}

fn failed(doing: String, source: sqlx::Error) -> LogError {
    LogError::Io { doing, transient: is_transient(&source), source: source.into() }
}
