//! Reading one partition from the stored position on.

use std::{sync::Arc, time::Duration};

use statechart_runtime::ports::{Lease, LogError, PositionKey};
use tokio::{sync::Mutex, time::Instant};

use super::{Fetch, LogBatch};
use crate::{
    coordinator::{Beginning, beginning, foreign},
    parts::{FIXED_TOPIC, Parts},
};

/// Records of one batch.
const BATCH_RECORDS: usize = 10_000;
/// Bytes of one batch.
const BATCH_BYTES: usize = 4 << 20;
/// How long one fetch waits for records.
const FETCH_WAIT: Duration = Duration::from_millis(500);
/// Wait before asking again after an error.
const ERROR_WAIT: Duration = Duration::from_millis(250);

/// A consumer's place in one partition.
pub struct Reader {
    parts: Arc<Parts>,
    group: &'static str,
    topic: String,
    partition: u32,
    lease: Option<Lease>,
    place: Mutex<Option<Place>>,
}

#[derive(Clone)]
struct Place {
    key: PositionKey,
    /// What the store holds.
    committed: i64,
    /// What is read next; ahead of `committed` after records were lost from the log.
    next: i64,
}

/// What one look found.
enum Look {
    Records(LogBatch),
    /// Everything there is has been read.
    End,
    /// Nothing yet, although there may be something.
    Again,
}

impl Reader {
    /// A reader that asks the store for its place when it first reads.
    pub fn new(
        parts: Arc<Parts>,
        group: &'static str,
        topic: &str,
        partition: u32,
        lease: Option<Lease>,
    ) -> Self {
        Self { parts, group, topic: topic.to_owned(), partition, lease, place: Mutex::new(None) }
    }

    /// The topic.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Waits for records; `None` when the end was seen for as long as `patience`. Errors of the log are reported and
    /// waited out, so that the caller has nothing to handle; who cannot read does not know that there is nothing.
    pub(super) async fn next(&self, patience: Option<Duration>) -> Option<LogBatch> {
        let mut idle_since: Option<Instant> = None;
        loop {
            match self.fetch().await {
                Ok(Look::Records(batch)) => return Some(batch),
                Ok(Look::End) => {
                    let since = *idle_since.get_or_insert_with(Instant::now);
                    if patience.is_some_and(|patience| since.elapsed() >= patience) {
                        return None;
                    }
                }
                Ok(Look::Again) => idle_since = None,
                Err(error) => {
                    idle_since = None;
                    tracing::warn!(
                        topic = self.topic,
                        partition = self.partition,
                        error,
                        "cannot read, trying again"
                    );
                    tokio::time::sleep(ERROR_WAIT).await;
                }
            }
        }
    }

    /// Finds the place without reading.
    ///
    /// # Errors
    /// Why there is no such topic, or no answer.
    pub(super) async fn find(&self) -> Result<(), String> {
        let mut place = self.place.lock().await;
        if place.is_none() {
            *place = Some(self.locate().await?);
        }
        Ok(())
    }

    async fn locate(&self) -> Result<Place, String> {
        let topics = self.parts.log.topics().await.map_err(|error| error.to_string())?;
        let Some(topic) = topics.into_iter().find(|topic| topic.name == self.topic) else {
            return Err(format!("the log has no topic `{}` yet", self.topic));
        };
        let key = PositionKey {
            group: self.group.to_owned(),
            topic: self.topic.clone(),
            incarnation: topic.incarnation,
            partition: self.partition,
        };
        let stored = self.parts.store.next_offset(&key).await.map_err(|error| error.to_string())?;
        let committed = match stored {
            Some(stored) => stored,
            None => {
                let ends = self.parts.log.watermarks(&self.topic, self.partition).await;
                ends.map_err(|error| error.to_string())?.low
            }
        };
        self.check_birth(&key).await?;
        Ok(Place { key, committed, next: committed })
    }

    /// Record 0 of a dynamic topic names its incarnation: one that someone has made anew behind our back is told from
    /// ours by it, although it has the same name.
    async fn check_birth(&self, key: &PositionKey) -> Result<(), String> {
        if self.topic == FIXED_TOPIC {
            return Ok(());
        }
        match beginning(&self.parts, &self.topic).await? {
            // What is trimmed was read once.
            Beginning::Empty | Beginning::Trimmed => Ok(()),
            Beginning::Birth(inc) if inc == key.incarnation => Ok(()),
            Beginning::Birth(found) => {
                let (topic, expected) = (self.topic.clone(), key.incarnation);
                let error = LogError::Recreated { topic, expected, found };
                tracing::error!(%error, "the topic is not read");
                Err(error.to_string())
            }
            Beginning::Foreign => Err(foreign(&self.topic)),
        }
    }

    async fn fetch(&self) -> Result<Look, String> {
        self.find().await?;
        let Some(here) = self.place.lock().await.clone() else { return Ok(Look::Again) };
        let log = &self.parts.log;
        let fetched =
            log.fetch(&self.topic, self.partition, here.next, BATCH_RECORDS, BATCH_BYTES, FETCH_WAIT).await;
        let fetched = match fetched {
            Ok(fetched) if fetched.incarnation == here.key.incarnation => fetched,
            Ok(other) => {
                *self.place.lock().await = None;
                let (topic, expected) = (self.topic.clone(), here.key.incarnation);
                let error = LogError::Recreated { topic, expected, found: other.incarnation };
                tracing::error!(%error, "going on with the new topic");
                return Err(error.to_string());
            }
            Err(error @ (LogError::UnknownTopic { .. } | LogError::UnknownPartition { .. })) => {
                *self.place.lock().await = None;
                return Err(error.to_string());
            }
            Err(LogError::OffsetOutOfRange { high, .. }) if here.next > high => {
                // Records of other offsets than ours were never written to it.
                let (topic, expected) = (self.topic.clone(), here.key.incarnation);
                log.disown(&topic, expected).await.map_err(|error| error.to_string())?;
                *self.place.lock().await = None;
                let error = LogError::Recreated { topic, expected, found: expected + 1 };
                tracing::error!(%error, partition = self.partition, offset = here.next, high, "going on with the new topic");
                return Err(error.to_string());
            }
            Err(LogError::OffsetOutOfRange { low, high, .. }) => {
                // What is gone stays uncovered: the Producer reads it again from the exchange when it next subscribes,
                // and the Datastore fetches its candles when they are asked for.
                tracing::error!(
                    topic = self.topic,
                    partition = self.partition,
                    offset = here.next,
                    low,
                    high,
                    "records are gone from the log before they were stored; going on with the oldest one left"
                );
                let mut place = self.place.lock().await;
                if let Some(place) = place.as_mut() {
                    place.next = low;
                    place.committed = place.committed.min(low);
                }
                return Ok(Look::Again);
            }
            Err(error) => return Err(error.to_string()),
        };
        if fetched.records.is_empty() {
            let is_end = fetched.next_offset >= fetched.high_watermark;
            return Ok(if is_end { Look::End } else { Look::Again });
        }
        Ok(Look::Records(LogBatch(Arc::new(Fetch {
            key: here.key,
            committed: here.committed,
            next: fetched.next_offset,
            records: fetched.records,
            lease: self.lease.clone(),
        }))))
    }

    /// A batch without records, at the current position.
    pub(super) async fn nothing(&self) -> Option<LogBatch> {
        let here = self.place.lock().await.clone()?;
        let Place { key, committed, next } = here;
        let lease = self.lease.clone();
        Some(LogBatch(Arc::new(Fetch { key, committed, next, records: Vec::new(), lease })))
    }

    /// A batch was stored: the position is the store's.
    pub(super) async fn stored(&self, committed: i64) {
        if let Some(place) = self.place.lock().await.as_mut() {
            place.committed = committed;
            place.next = place.next.max(committed);
        }
    }

    /// Something failed: the place is asked for again.
    pub(super) async fn forget(&self) {
        *self.place.lock().await = None;
    }
}
