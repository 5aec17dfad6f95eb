//! The port's calls.

use super::clients::{CALL_WITHIN, Lane};
use super::error::Failure;
use super::url::KafkaUrl;
use crate::ports::{
    Fetched, FetchedRecord, Log, LogError, LogRecord, MAX_PARTITIONS, Store, StoreError, Topic, TopicEntry,
    TopicState, Watermarks, is_valid_topic,
};
use async_trait::async_trait;
use rskafka::chrono::DateTime;
use rskafka::client::partition::{Compression, OffsetAt, PartitionClient};
use rskafka::record::{Record, RecordAndOffset};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Most bytes of keys and values in one produce request, before compression. Brokers accept 1 MiB by default; one that
/// does not gets less.
pub const PRODUCE_BYTES: usize = 512 * 1024;
/// Most bytes of one fetch, compressed. A batch that is larger still comes whole.
pub const FETCH_BYTES: i32 = 512 * 1024;
/// Of a topic that the store knows nothing of.
const FIRST_INCARNATION: i64 = 1;
/// How long an incarnation is believed before the store is asked again.
const INCARNATION_FOR: Duration = Duration::from_secs(2);
/// How long a new topic may take until its partitions have leaders, and a deleted one until it is gone.
const SETTLE_WITHIN: Duration = Duration::from_secs(15);
/// Between two looks at a topic that settles.
const SETTLE_STEP: Duration = Duration::from_millis(100);
/// What the broker may take for creating or deleting.
const BROKER_WITHIN_MS: i32 = 8_000;
/// The broker's own choice.
const REPLICATION: i16 = -1;

/// A log on a broker. See the [module](super).
pub struct KafkaLog {
    url: KafkaUrl,
    produce: Lane,
    fetch: Lane,
    meta: Lane,
    pub(super) store: Arc<dyn Store>,
    incarnations: Mutex<Option<(Instant, BTreeMap<String, i64>)>>,
    /// Records that came with a fetch but were more than asked for, by partition.
    left: Mutex<BTreeMap<(String, u32), Left>>,
    /// What the broker takes at once, as far as is known.
    produce_bytes: AtomicUsize,
    trimming: bool,
}

struct Left {
    incarnation: i64,
    high: i64,
    records: VecDeque<FetchedRecord>,
}

impl KafkaLog {
    /// Connects. The store keeps the incarnations of topics.
    ///
    /// # Errors
    /// [`LogError::Io`] when no broker answers within a few seconds, or refuses the password.
    pub async fn connect(url: &KafkaUrl, store: Arc<dyn Store>) -> Result<Self, LogError> {
        let failed = |failure: Failure| failure.while_doing(format!("connecting to {url}"));
        Ok(Self {
            url: url.clone(),
            produce: Lane::connect(url).await.map_err(failed)?,
            fetch: Lane::connect(url).await.map_err(failed)?,
            meta: Lane::connect(url).await.map_err(failed)?,
            store,
            incarnations: Mutex::default(),
            left: Mutex::default(),
            produce_bytes: AtomicUsize::new(PRODUCE_BYTES),
            trimming: false,
        })
    }

    /// Whether [`Log::trim`] deletes records. Else the broker's retention does, and other readers of the topics are
    /// left in peace.
    #[must_use]
    pub fn trimming(mut self, trimming: bool) -> Self {
        self.trimming = trimming;
        self
    }

    /// Where the brokers are.
    pub fn url(&self) -> &KafkaUrl {
        &self.url
    }

    /// Partitions of the topics that there are, as the broker says.
    async fn listed(&self) -> Result<BTreeMap<String, u32>, LogError> {
        let failed = |failure: Failure| failure.while_doing(format!("listing topics of {}", self.url));
        let client = self.meta.client().await.map_err(failed)?;
        let listed = self.meta.within(CALL_WITHIN, client.list_topics()).await.map_err(failed)?;
        Ok(listed
            .into_iter()
            .filter(|topic| is_valid_topic(&topic.name))
            .map(|topic| (topic.name, u32::try_from(topic.partitions.len()).unwrap_or(u32::MAX)))
            .collect())
    }

    /// What is wrong with a partition; `None` when it is there.
    async fn missing(&self, topic: &str, partition: u32) -> Result<Option<LogError>, LogError> {
        let topic = topic.to_owned();
        Ok(match self.listed().await?.get(&topic) {
            None => Some(LogError::UnknownTopic { topic }),
            Some(partitions) if partition >= *partitions => {
                Some(LogError::UnknownPartition { topic, partition, partitions: *partitions })
            }
            Some(_) => None,
        })
    }

    /// A connection to a partition that exists.
    async fn client(
        &self,
        lane: &Lane,
        topic: &str,
        partition: u32,
    ) -> Result<Arc<PartitionClient>, LogError> {
        if let Some(known) = lane.known(topic, partition) {
            return Ok(known);
        }
        if let Some(error) = self.missing(topic, partition).await? {
            return Err(error);
        }
        let opened = lane.partition(topic, partition).await;
        opened.map_err(|failure| failure.while_doing(format!("connecting to `{topic}`/{partition}")))
    }

    /// A call that has failed: its connection is given up, and the reason named.
    async fn failed(
        &self,
        lane: &Lane,
        topic: &str,
        partition: u32,
        doing: &str,
        failure: Failure,
    ) -> LogError {
        lane.close(topic, partition);
        if failure.is_unknown_partition() {
            match self.missing(topic, partition).await {
                Ok(Some(error)) | Err(error) => return error,
                // It is there again, or not everywhere yet: worth another attempt.
                Ok(None) => {}
            }
        }
        failure.while_doing(format!("{doing} `{topic}`/{partition}"))
    }

    /// The store's rows, by name.
    async fn entries(&self) -> Result<BTreeMap<String, TopicEntry>, LogError> {
        let entries = self.store.topics().await.map_err(|error| LogError::Io {
            doing: "reading the incarnations of topics in the store".to_owned(),
            transient: error.is_transient(),
            source: error.into(),
        })?;
        let entries: BTreeMap<_, _> = entries.into_iter().map(|entry| (entry.name.clone(), entry)).collect();
        let incarnations = entries.values().map(|entry| (entry.name.clone(), entry.incarnation)).collect();
        *self.incarnations.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), incarnations));
        Ok(entries)
    }

    /// Writes a topic's row, whatever stands there.
    async fn keep(&self, entry: TopicEntry) -> Result<(), LogError> {
        let kept = self.store.put_topic(&entry).await;
        self.written(&entry.name, kept)
    }

    /// Writes a topic's row where it still has this incarnation: another process may have made the topic anew since.
    async fn replace(&self, entry: TopicEntry, incarnation: i64) -> Result<(), LogError> {
        let replaced = self.store.replace_topic(&entry, incarnation).await;
        self.written(&entry.name, replaced.map(drop))
    }

    /// What was known of incarnations is old once a row was written, or may have been.
    fn written(&self, name: &str, result: Result<(), StoreError>) -> Result<(), LogError> {
        self.incarnations.lock().unwrap_or_else(PoisonError::into_inner).take();
        result.map_err(|error| LogError::Io {
            doing: format!("keeping the incarnation of `{name}` in the store"),
            transient: error.is_transient(),
            source: error.into(),
        })
    }

    /// The incarnation of a topic; the first for one that someone else has created.
    async fn incarnation(&self, topic: &str) -> Result<i64, LogError> {
        let known = {
            let cached = self.incarnations.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = cached.as_ref().filter(|(since, _)| since.elapsed() < INCARNATION_FOR);
            fresh.map(|(_, incarnations)| incarnations.get(topic).copied().unwrap_or(FIRST_INCARNATION))
        };
        match known {
            Some(known) => Ok(known),
            None => Ok(self.entries().await?.get(topic).map_or(FIRST_INCARNATION, |entry| entry.incarnation)),
        }
    }

    /// Waits until a topic is there with all its leaders, or gone.
    async fn settled(&self, name: &str, partitions: Option<u32>) -> Result<(), LogError> {
        let deadline = Instant::now() + SETTLE_WITHIN;
        loop {
            let there = self.listed().await?.get(name).copied();
            let ready = match (there, partitions) {
                (Some(there), Some(wanted)) if there >= wanted => {
                    // A connection needs a leader; the last partition gets its own last.
                    self.meta.partition(name, wanted.saturating_sub(1)).await.is_ok()
                }
                (None, None) => true,
                _ => false,
            };
            if ready {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let doing = format!("waiting until `{name}` is {}", partitions.map_or("gone", |_| "there"));
                return Err(Failure::Late(SETTLE_WITHIN).while_doing(doing));
            }
            tokio::time::sleep(SETTLE_STEP).await;
        }
    }

    fn forget(&self, topic: &str) {
        for lane in [&self.produce, &self.fetch, &self.meta] {
            lane.forget(topic);
        }
        self.left.lock().unwrap_or_else(PoisonError::into_inner).retain(|(known, _), _| known != topic);
        self.incarnations.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Takes records that an earlier fetch left over, when they begin where this one does.
    fn take_left(
        &self,
        topic: &str,
        partition: u32,
        from: i64,
        incarnation: i64,
    ) -> Option<(VecDeque<FetchedRecord>, i64)> {
        let key = (topic.to_owned(), partition);
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner).remove(&key)?;
        let fits =
            left.incarnation == incarnation && left.records.front().is_some_and(|one| one.offset == from);
        fits.then_some((left.records, left.high))
    }

    async fn out_of_range(&self, topic: &str, partition: u32, offset: i64) -> LogError {
        match self.watermarks(topic, partition).await {
            Ok(Watermarks { low, high }) => {
                LogError::OffsetOutOfRange { topic: topic.to_owned(), partition, offset, low, high }
            }
            Err(error) => error,
        }
    }
}

#[async_trait]
impl Log for KafkaLog {
    async fn create_topic(&self, name: &str, partitions: u32) -> Result<Topic, LogError> {
        if !is_valid_topic(name) {
            return Err(LogError::BadTopicName { topic: name.chars().take(64).collect() });
        }
        if partitions == 0 || partitions > MAX_PARTITIONS {
            return Err(LogError::BadPartitionCount { topic: name.to_owned(), partitions });
        }
        let known = self.entries().await?.remove(name);
        let there = self.listed().await?.get(name).copied();
        let incarnation = match (&known, there) {
            (None, _) => FIRST_INCARNATION,
            // An attempt that ended between the row and the broker has counted already.
            (Some(entry), None) if entry.state == TopicState::Creating => entry.incarnation,
            (Some(entry), None) => entry.incarnation + 1,
            // The broker has it, although it was deleted here: someone else has made it anew.
            (Some(entry), Some(_)) if entry.state == TopicState::Deleted => entry.incarnation + 1,
            (Some(entry), Some(_)) => entry.incarnation,
        };
        let partitions = there.unwrap_or(partitions);
        let entry = |state| TopicEntry {
            name: name.to_owned(),
            incarnation,
            partitions,
            instrument: known.as_ref().and_then(|entry| entry.instrument),
            state,
            last_used_us: wall_us(),
        };
        if there.is_none() {
            self.keep(entry(TopicState::Creating)).await?;
            let failed = |failure: Failure| failure.while_doing(format!("creating `{name}`"));
            let client = self.meta.client().await.map_err(failed)?;
            let controller = client.controller_client().map_err(|error| failed(Failure::Client(error)))?;
            let number = i32::try_from(partitions).unwrap_or(i32::MAX);
            let creating = controller.create_topic(name, number, REPLICATION, BROKER_WITHIN_MS);
            match self.meta.within(CALL_WITHIN, creating).await {
                Ok(()) => {}
                // Another process was faster, or an attempt without an answer had happened.
                Err(failure) if failure.is_existing_topic() => {}
                Err(failure) => return Err(failed(failure)),
            }
            self.settled(name, Some(partitions)).await?;
            self.forget(name);
        }
        let is_kept = known.as_ref().is_some_and(|known| {
            known.state == TopicState::Ready
                && (known.incarnation, known.partitions) == (incarnation, partitions)
        });
        if !is_kept {
            self.keep(entry(TopicState::Ready)).await?;
        }
        Ok(Topic { name: name.to_owned(), partitions, incarnation })
    }

    async fn delete_topic(&self, name: &str) -> Result<(), LogError> {
        let known = self.entries().await?.remove(name);
        if !self.listed().await?.contains_key(name) {
            return Err(LogError::UnknownTopic { topic: name.to_owned() });
        }
        let failed = |failure: Failure| failure.while_doing(format!("deleting `{name}`"));
        let client = self.meta.client().await.map_err(failed)?;
        let controller = client.controller_client().map_err(|error| failed(Failure::Client(error)))?;
        match self.meta.within(CALL_WITHIN, controller.delete_topic(name, BROKER_WITHIN_MS)).await {
            Ok(()) => {}
            // Another process was faster.
            Err(failure) if failure.is_unknown_partition() => {}
            Err(failure) => return Err(failed(failure)),
        }
        self.settled(name, None).await?;
        self.forget(name);
        let Some(entry) = known else { return Ok(()) };
        let incarnation = entry.incarnation;
        let deleted = TopicEntry { state: TopicState::Deleted, last_used_us: wall_us(), ..entry };
        self.replace(deleted, incarnation).await
    }

    async fn disown(&self, name: &str, incarnation: i64) -> Result<(), LogError> {
        match self.entries().await?.remove(name) {
            // Others who see the same write the same.
            Some(entry) => {
                let anew = TopicEntry { incarnation: incarnation + 1, ..entry };
                self.replace(anew, incarnation).await?;
            }
            None if incarnation == FIRST_INCARNATION => {
                let partitions = self.listed().await?.get(name).copied().unwrap_or(1);
                let anew = TopicEntry {
                    name: name.to_owned(),
                    incarnation: incarnation + 1,
                    partitions,
                    instrument: None,
                    state: TopicState::Ready,
                    last_used_us: wall_us(),
                };
                self.keep(anew).await?;
            }
            None => {}
        }
        self.forget(name);
        Ok(())
    }

    async fn topics(&self) -> Result<Vec<Topic>, LogError> {
        let entries = self.entries().await?;
        let topics = self.listed().await?.into_iter();
        Ok(topics
            .map(|(name, partitions)| {
                let incarnation = entries.get(&name).map_or(FIRST_INCARNATION, |entry| entry.incarnation);
                Topic { name, partitions, incarnation }
            })
            .collect())
    }

    async fn append(&self, topic: &str, partition: u32, records: &[LogRecord]) -> Result<i64, LogError> {
        LogRecord::check_all(topic, records)?;
        let mut base = None;
        let mut rest = records;
        // One after the other: coverage must not overtake the trades that it speaks of.
        while let Some(piece) = LogRecord::pieces(rest, self.produce_bytes.load(Ordering::Relaxed)).next() {
            let client = self.client(&self.produce, topic, partition).await?;
            let sent: Vec<Record> = piece.iter().map(to_kafka).collect();
            match self.produce.within(CALL_WITHIN, client.produce(sent, Compression::Snappy)).await {
                Ok(offsets) => {
                    base = base.or(offsets.first().copied());
                    rest = rest.get(piece.len()..).unwrap_or_default();
                }
                Err(failure) if failure.is_too_large() => {
                    let bytes: usize = piece.iter().map(LogRecord::bytes).sum();
                    if piece.len() <= 1 {
                        let (topic, appended) = (topic.to_owned(), records.len() - rest.len());
                        return Err(LogError::RecordRefused { topic, partition, bytes, appended });
                    }
                    // From now on, wherever it goes: a broker has one limit unless it was told otherwise.
                    self.produce_bytes.fetch_min(bytes / 2, Ordering::Relaxed);
                    tracing::warn!(
                        topic,
                        partition,
                        bytes,
                        "the broker takes less at once; it gets smaller requests"
                    );
                }
                Err(failure) => {
                    return Err(self.failed(&self.produce, topic, partition, "appending to", failure).await);
                }
            }
        }
        match base {
            Some(base) => Ok(base),
            None => Ok(self.watermarks(topic, partition).await?.high),
        }
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
        let incarnation = self.incarnation(topic).await?;
        if from < 0 || max_records == 0 {
            let ends = self.watermarks(topic, partition).await?;
            if from < ends.low || from > ends.high {
                return Err(self.out_of_range(topic, partition, from).await);
            }
            let (records, high_watermark) = (Vec::new(), ends.high);
            return Ok(Fetched { records, next_offset: from, high_watermark, incarnation });
        }
        let (mut records, high) = match self.take_left(topic, partition, from, incarnation) {
            Some(left) => left,
            None => {
                let client = self.client(&self.fetch, topic, partition).await?;
                let wait_ms = i32::try_from(max_wait.as_millis()).unwrap_or(i32::MAX);
                let fetching = client.fetch_records(from, 1..FETCH_BYTES, wait_ms);
                match self.fetch.within(max_wait.saturating_add(CALL_WITHIN), fetching).await {
                    Ok((records, high)) => (records.into_iter().map(from_kafka).collect(), high),
                    Err(failure) if failure.is_out_of_range() => {
                        return Err(self.out_of_range(topic, partition, from).await);
                    }
                    Err(failure) => {
                        return Err(self.failed(&self.fetch, topic, partition, "reading", failure).await);
                    }
                }
            }
        };
        let mut bytes = 0_usize;
        let fitting = records.iter().take(max_records).enumerate().take_while(|(at, one)| {
            bytes = bytes.saturating_add(one.record.bytes());
            *at == 0 || bytes <= max_bytes
        });
        let count = fitting.count();
        let rest = records.split_off(count);
        let next_offset = records.back().map_or(from, |last| last.offset + 1);
        if !rest.is_empty() {
            let left = Left { incarnation, high, records: rest };
            let key = (topic.to_owned(), partition);
            self.left.lock().unwrap_or_else(PoisonError::into_inner).insert(key, left);
        }
        // What was left over knows an older end.
        let high_watermark = high.max(next_offset);
        Ok(Fetched { records: records.into(), next_offset, high_watermark, incarnation })
    }

    async fn watermarks(&self, topic: &str, partition: u32) -> Result<Watermarks, LogError> {
        let client = self.client(&self.meta, topic, partition).await?;
        let ends = self.meta.within(CALL_WITHIN, async {
            let low = client.get_offset(OffsetAt::Earliest).await?;
            Ok(Watermarks { low, high: client.get_offset(OffsetAt::Latest).await? })
        });
        match ends.await {
            Ok(ends) => Ok(ends),
            Err(failure) => {
                Err(self.failed(&self.meta, topic, partition, "reading the ends of", failure).await)
            }
        }
    }

    async fn trim(&self, topic: &str, partition: u32, below: i64) -> Result<(), LogError> {
        if !self.trimming {
            return Ok(());
        }
        let ends = self.watermarks(topic, partition).await?;
        let below = below.min(ends.high);
        if below <= ends.low {
            return Ok(());
        }
        let client = self.client(&self.meta, topic, partition).await?;
        match self.meta.within(CALL_WITHIN, client.delete_records(below, BROKER_WITHIN_MS)).await {
            Ok(()) => Ok(()),
            Err(failure) => Err(self.failed(&self.meta, topic, partition, "trimming", failure).await),
        }
    }
}

fn to_kafka(record: &LogRecord) -> Record {
    Record {
        key: (!record.key.is_empty()).then(|| record.key.to_vec()),
        value: Some(record.value.to_vec()),
        headers: BTreeMap::new(),
        // Out of the calendar's range is out of any retention as well.
        timestamp: DateTime::from_timestamp_micros(record.published_us).unwrap_or_default(),
    }
}

fn from_kafka(read: RecordAndOffset) -> FetchedRecord {
    let RecordAndOffset { record, offset } = read;
    let published_us = record.timestamp.timestamp_micros();
    let (key, value) = (record.key.unwrap_or_default(), record.value.unwrap_or_default());
    FetchedRecord { offset, record: LogRecord::new(key, value, published_us) }
}

fn wall_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
