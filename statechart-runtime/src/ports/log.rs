//! The log port: append-only partitions of topics. Fits Kafka and an embedded file alike.

use crate::market::MAX_RECORD_BYTES;
use async_trait::async_trait;
use bytes::Bytes;
use std::time::Duration;
use thiserror::Error;

/// Most bytes of keys and values in one append. Adapters for brokers with lower limits split.
pub const MAX_APPEND_BYTES: usize = 4 * 1024 * 1024;

/// Most partitions of a topic.
pub const MAX_PARTITIONS: u32 = 1024;

/// An ordered log in topics and partitions.
///
/// Offsets start at 0 and rise within one incarnation of a topic; they may be sparse, so a hole proves nothing. An
/// append is durable before it returns. A failed append may still have happened: delivery is at least once.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Creates a topic, or returns it as it is when it exists (its partition count is never changed).
    async fn create_topic(&self, name: &str, partitions: u32) -> Result<Topic, LogError>;

    /// Deletes a topic and its records. A topic created later under the same name has the next incarnation.
    ///
    /// # Errors
    /// [`LogError::UnknownTopic`].
    async fn delete_topic(&self, name: &str) -> Result<(), LogError>;

    /// All topics by name.
    async fn topics(&self) -> Result<Vec<Topic>, LogError>;

    /// Counts a topic as made anew, when it still has this incarnation: its records are not those that positions speak
    /// of, although nobody has deleted it here. Positions in it are void from then on.
    async fn disown(&self, name: &str, incarnation: i64) -> Result<(), LogError>;

    /// Appends records in order; returns the offset of the first. Nothing happens for an empty slice.
    async fn append(&self, topic: &str, partition: u32, records: &[LogRecord]) -> Result<i64, LogError>;

    /// Reads from an offset on: at most `max_records`, and at most `max_bytes` of keys and values except that the
    /// first record is always delivered. Waits up to `max_wait` when there is nothing yet, then returns none.
    ///
    /// # Errors
    /// [`LogError::OffsetOutOfRange`] when `from` was trimmed away or lies beyond the end.
    async fn fetch(
        &self,
        topic: &str,
        partition: u32,
        from: i64,
        max_records: usize,
        max_bytes: usize,
        max_wait: Duration,
    ) -> Result<Fetched, LogError>;

    /// First and next offset of a partition.
    async fn watermarks(&self, topic: &str, partition: u32) -> Result<Watermarks, LogError>;

    /// Allows the log to drop records below an offset. Adapters drop whole batches, so a little may remain.
    async fn trim(&self, topic: &str, partition: u32, below: i64) -> Result<(), LogError>;
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Name, `[A-Za-z0-9._-]{1,249}`.
    pub name: String,
    /// Number of partitions.
    pub partitions: u32,
    /// Rises each time a topic of this name is created anew, by 1 where the log remembers the one before. Positions of
    /// another one are void.
    pub incarnation: i64,
}

/// A record to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// Key: the symbol, or empty.
    pub key: Bytes,
    /// Value: JSON, at most [`MAX_RECORD_BYTES`] together with the key.
    pub value: Bytes,
    /// Wall clock at publishing, µs (brokers delete by it; trade time would be deleted at once). Adapters keep at
    /// least its milliseconds.
    pub published_us: i64,
}

/// A record with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedRecord {
    /// Offset in the partition.
    pub offset: i64,
    /// The record.
    pub record: LogRecord,
}

/// Result of a fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The records in order of offsets, perhaps none.
    pub records: Vec<FetchedRecord>,
    /// Where to go on.
    pub next_offset: i64,
    /// The offset that the next append gets: lag = this − `next_offset`.
    pub high_watermark: i64,
    /// Incarnation that was read; when it is not the expected one the topic was recreated.
    pub incarnation: i64,
}

/// Ends of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    /// First offset still readable.
    pub low: i64,
    /// Offset that the next append gets.
    pub high: i64,
}

/// What can go wrong with the log.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LogError {
    /// No such topic.
    #[error("the log has no topic `{topic}`; create it first, or wait until the Coordinator has")]
    UnknownTopic {
        /// Name asked for.
        topic: String,
    },
    /// No such partition.
    #[error("topic `{topic}` has partitions 0 to {}, not {partition}", partitions.saturating_sub(1))]
    UnknownPartition {
        /// Topic.
        topic: String,
        /// Partition asked for.
        partition: u32,
        /// Number of partitions.
        partitions: u32,
    },
    /// A name that no broker accepts.
    #[error("`{topic}` cannot name a topic; use 1 to 249 characters of A-Z a-z 0-9 . _ -")]
    BadTopicName {
        /// The name, cut.
        topic: String,
    },
    /// A number of partitions out of bounds.
    #[error("topic `{topic}` cannot have {partitions} partitions; use 1 to 1024")]
    BadPartitionCount {
        /// Topic.
        topic: String,
        /// The number.
        partitions: u32,
    },
    /// The offset is gone or not there yet. Record the gap, then go on at `low`; never jump silently.
    #[error(
        "offset {offset} of `{topic}`/{partition} is outside {low}..={high}; record the lost range and resume at {low}"
    )]
    OffsetOutOfRange {
        /// Topic.
        topic: String,
        /// Partition.
        partition: u32,
        /// Offset asked for.
        offset: i64,
        /// First readable offset.
        low: i64,
        /// Next offset.
        high: i64,
    },
    /// The topic was deleted and made anew. Positions in the old one mean nothing; what it held beyond them is lost.
    #[error(
        "topic `{topic}` was made anew: incarnation {found} is there, {expected} was read; read it from its start, and fetch from the exchange what the old one still held"
    )]
    Recreated {
        /// Topic.
        topic: String,
        /// Incarnation that was read so far.
        expected: i64,
        /// Incarnation that is there.
        found: i64,
    },
    /// A record or an append beyond the limits.
    #[error(
        "{bytes} bytes are too many for one {what} of `{topic}`; the limit is {limit}, send smaller pieces"
    )]
    TooLarge {
        /// Topic.
        topic: String,
        /// `record` or `append`.
        what: &'static str,
        /// Size.
        bytes: usize,
        /// Limit.
        limit: usize,
    },
    /// A record that is within our limits and not within the broker's.
    #[error(
        "the broker does not take a record of {bytes} bytes in `{topic}`/{partition}; raise `max.message.bytes` of the topic, or `message.max.bytes` of the broker, to 1048588, which is usual"
    )]
    RecordRefused {
        /// Topic.
        topic: String,
        /// Partition.
        partition: u32,
        /// Size, before compression.
        bytes: usize,
        /// Records before it that are in the log now: what is sent again begins behind them.
        appended: usize,
    },
    /// Stored bytes that cannot be read.
    #[error(
        "batch {base_offset} of `{topic}`/{partition} is damaged: {why}; restore the file or trim past it"
    )]
    Damaged {
        /// Topic.
        topic: String,
        /// Partition.
        partition: u32,
        /// First offset of the batch.
        base_offset: i64,
        /// What is wrong.
        why: &'static str,
    },
    /// The disk or the broker failed.
    #[error("the log failed while {doing}: {source}{}", if *transient { "; it will be tried again" } else { "" })]
    Io {
        /// What was being done, on which topic.
        doing: String,
        /// Whether trying again may help.
        transient: bool,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl LogError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, LogError::Io { transient: true, .. })
    }
}

/// Whether a text may name a topic.
pub fn is_valid_topic(name: &str) -> bool {
    (1..=249).contains(&name.len())
        && name != "."
        && name != ".."
        && !name.starts_with("__")
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

impl LogRecord {
    /// A record from its parts.
    pub fn new(key: impl Into<Bytes>, value: impl Into<Bytes>, published_us: i64) -> Self {
        Self { key: key.into(), value: value.into(), published_us }
    }

    /// Bytes of key and value.
    pub fn bytes(&self) -> usize {
        self.key.len() + self.value.len()
    }

    /// The records in pieces of at most so many bytes, in order. A record that is larger by itself is a piece.
    pub fn pieces(records: &[Self], most_bytes: usize) -> impl Iterator<Item = &[Self]> {
        let mut rest = records;
        std::iter::from_fn(move || {
            let mut bytes = 0;
            let fitting = rest.iter().take_while(|record| {
                bytes += record.bytes();
                bytes <= most_bytes
            });
            let count = fitting.count().max(1);
            let (piece, left) = rest.split_at_checked(count)?;
            rest = left;
            Some(piece)
        })
    }

    /// Checks a whole append against the limits; adapters call it first.
    pub fn check_all(topic: &str, records: &[LogRecord]) -> Result<(), LogError> {
        let too_large =
            |what, bytes, limit| LogError::TooLarge { topic: topic.to_owned(), what, bytes, limit };
        if let Some(bytes) = records.iter().map(LogRecord::bytes).find(|bytes| *bytes > MAX_RECORD_BYTES) {
            return Err(too_large("record", bytes, MAX_RECORD_BYTES));
        }
        let bytes: usize = records.iter().map(LogRecord::bytes).sum();
        if bytes > MAX_APPEND_BYTES {
            return Err(too_large("append", bytes, MAX_APPEND_BYTES));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_tile_the_records_and_respect_the_limit() {
        let records: Vec<LogRecord> = (0..100)
            .map(|n| LogRecord::new("", vec![b'x'; if n == 50 { 70_000 } else { 6_000 }], 0))
            .collect();
        let mut seen = 0;
        for piece in LogRecord::pieces(&records, 50_000) {
            let bytes: usize = piece.iter().map(LogRecord::bytes).sum();
            assert!(bytes <= 50_000 || piece.len() == 1, "{bytes}");
            assert_eq!(piece.first(), records.get(seen));
            seen += piece.len();
        }
        assert_eq!(seen, 100);
        assert_eq!(LogRecord::pieces(&[], 50_000).count(), 0);
    }
}
