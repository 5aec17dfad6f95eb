//! The batch after the one that is being stored: fetched, decoded, and its records let go, all meanwhile.

use std::{sync::Arc, time::Duration};

use statechart_runtime::{
    market::MAX_RECORD_BYTES,
    ports::{Fetched, LogError},
};
use tokio::{sync::Mutex, task::JoinSet};

use super::{Content, Parsed};
use crate::parts::Parts;

/// Bytes of one batch.
const BATCH_BYTES: usize = 12 << 20;
/// Room for at least one record of the largest size: with less left a batch is full.
const LEAST_BYTES: usize = MAX_RECORD_BYTES;
/// How long one fetch waits for records.
const FETCH_WAIT: Duration = Duration::from_millis(500);

/// Where to read, and how much.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) topic: String,
    pub(super) partition: u32,
    pub(super) from: i64,
    /// Records at most.
    pub(super) records: usize,
}

/// What was read.
pub(super) struct Piece {
    pub(super) incarnation: i64,
    /// How many records it holds.
    pub(super) count: usize,
    pub(super) content: Content,
    /// The offset after it.
    pub(super) next: i64,
    /// Where the partition ended then.
    pub(super) high: i64,
}

impl From<Fetched> for Piece {
    fn from(fetched: Fetched) -> Self {
        Self {
            incarnation: fetched.incarnation,
            count: fetched.records.len(),
            content: Content::Raw(fetched.records),
            next: fetched.next_offset,
            high: fetched.high_watermark,
        }
    }
}

impl Piece {
    /// Decoded, where all of it can be used. Otherwise it is looked at again when it is its turn: a symbol may have come
    /// since.
    fn decoded(self, parts: &Parts) -> Self {
        let Content::Raw(records) = self.content else { return self };
        let parsed = Parsed::new(&parts.instruments.get(), &records);
        let usable = parsed.batch.dead_letters.is_empty();
        Self {
            content: if usable { Content::Parsed(Box::new(parsed)) } else { Content::Raw(records) },
            ..self
        }
    }
}

/// At most one piece, which is being read or was. The task ends with it.
#[derive(Default)]
pub(super) struct Ahead(Mutex<Option<Reading>>);

struct Reading {
    from: i64,
    incarnation: i64,
    task: JoinSet<Result<Piece, LogError>>,
}

impl Ahead {
    /// Begins to read, in place of what was read before.
    pub(super) async fn begin(&self, parts: &Arc<Parts>, wanted: Wanted, incarnation: i64) {
        let (parts, from) = (parts.clone(), wanted.from);
        let mut task = JoinSet::new();
        task.spawn(async move { Ok(gather(&parts, &wanted).await?.decoded(&parts)) });
        *self.0.lock().await = Some(Reading { from, incarnation, task });
    }

    /// What was read, when it begins where the reader is. After a failure it may not.
    pub(super) async fn take(&self, from: i64, incarnation: i64) -> Option<Result<Piece, LogError>> {
        let mut slot = self.0.lock().await;
        let fits = |reading: &&mut Reading| reading.from == from && reading.incarnation == incarnation;
        let read = match slot.as_mut().filter(fits) {
            // A task that has ended badly leaves its piece to be read by the caller.
            Some(reading) => reading.task.join_next().await.and_then(Result::ok),
            None => None,
        };
        *slot = None;
        read
    }
}

/// Fetches until a batch is full, as long as there is more in the log: an answer of a broker is as long as its own batches
/// make it, and a transaction costs the same for any number of records.
pub(super) async fn gather(parts: &Parts, wanted: &Wanted) -> Result<Piece, LogError> {
    let Wanted { topic, partition, from, records } = wanted;
    let log = &parts.log;
    let mut all = log.fetch(topic, *partition, *from, *records, BATCH_BYTES, FETCH_WAIT).await?;
    let mut bytes: usize = all.records.iter().map(|one| one.record.bytes()).sum();
    while !all.records.is_empty() && all.next_offset < all.high_watermark {
        let (room, rest) = (records.saturating_sub(all.records.len()), BATCH_BYTES.saturating_sub(bytes));
        if room == 0 || rest < LEAST_BYTES {
            break;
        }
        // What goes wrong here is met again, and told, by the next fetch.
        let more = log.fetch(topic, *partition, all.next_offset, room, rest, Duration::ZERO).await;
        let Ok(more) = more else { break };
        if more.records.is_empty() || more.incarnation != all.incarnation {
            break;
        }
        bytes += more.records.iter().map(|one| one.record.bytes()).sum::<usize>();
        all.records.extend(more.records);
        (all.next_offset, all.high_watermark) = (more.next_offset, more.high_watermark);
    }
    Ok(all.into())
}
