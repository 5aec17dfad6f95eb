//! Where log, store and cache are: embedded, or on servers. Nothing above the ports knows which.

use std::{fmt, sync::Arc};

use statechart_runtime::{
    embedded::{Embedded, MokaCache, SPOOL_BYTES, Spool},
    kafka::{KafkaLog, KafkaUrl},
    market::{PARTITIONS, Record},
    ports::{Cache, Log, Store},
};

use super::{Config, StartError};
use crate::{lock::DATA_FILE, parts::FIXED_TOPIC};

/// File of the records that wait for the broker.
pub const SPOOL_FILE: &str = "spool.sqlite";

/// Records looked at to see whether a topic is ours.
const SAMPLE: usize = 100;
/// How long that may take.
const SAMPLE_WAIT: std::time::Duration = std::time::Duration::from_millis(200);

/// Where the log is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LogAt {
    /// In the data directory.
    #[default]
    Embedded,
    /// On a broker.
    Kafka(KafkaUrl),
}

/// Log, store and cache: each may be somewhere else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backends {
    /// The log.
    pub log: LogAt,
}

impl Backends {
    /// Whether other processes may work on the same log and store. What is in a data directory is its process's own.
    pub fn is_shared(&self) -> bool {
        false
    }
}

impl fmt::Display for LogAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogAt::Embedded => f.write_str("embedded"),
            LogAt::Kafka(url) => url.fmt(f),
        }
    }
}

/// The ports, opened.
pub(super) struct Opened {
    pub(super) log: Arc<dyn Log>,
    pub(super) store: Arc<dyn Store>,
    pub(super) cache: Arc<dyn Cache>,
    /// For records that a log elsewhere cannot take at the moment.
    pub(super) spool: Option<Arc<Spool>>,
    /// The file in the data directory.
    pub(super) database: Embedded,
}

/// Opens what is embedded and connects to the rest.
///
/// # Errors
/// One sentence for each: what was tried, why it failed, what to do.
pub(super) async fn open(config: &Config) -> Result<Opened, StartError> {
    let path = config.data_dir.join(DATA_FILE);
    let database = Embedded::open(&path, config.durability)
        .await
        .map_err(|error| StartError::Database { path, why: error.to_string() })?;
    let store: Arc<dyn Store> = Arc::new(database.store());
    let cache: Arc<dyn Cache> = Arc::new(MokaCache::new());
    let (log, spool): (Arc<dyn Log>, _) = match &config.backends.log {
        LogAt::Embedded => (Arc::new(database.log()), None),
        LogAt::Kafka(url) => {
            let log = connect_log(url, store.clone()).await?;
            check_topic(&log, url).await?;
            let path = config.data_dir.join(SPOOL_FILE);
            let spool = Spool::open(&path, SPOOL_BYTES)
                .await
                .map_err(|error| StartError::Database { path, why: error.to_string() })?;
            (Arc::new(log), Some(Arc::new(spool)))
        }
    };
    Ok(Opened { log, store, cache, spool, database })
}

/// Connects to a broker.
pub(super) async fn connect_log(url: &KafkaUrl, store: Arc<dyn Store>) -> Result<KafkaLog, StartError> {
    KafkaLog::connect(url, store).await.map_err(|error| {
        unusable("log", &url, error, "check address and password, or leave out --log for the embedded one")
    })
}

/// A topic that someone else has made for something else must not be taken for ours.
pub(super) async fn check_topic(log: &KafkaLog, url: &KafkaUrl) -> Result<(), StartError> {
    let hint = "give another broker, or remove the topic when it is no longer needed";
    let topics = log.topics().await.map_err(|error| unusable("log", url, error, hint))?;
    let Some(topic) = topics.into_iter().find(|topic| topic.name == FIXED_TOPIC) else { return Ok(()) };
    if topic.partitions < PARTITIONS {
        let why = format!("its topic `{FIXED_TOPIC}` has {} partitions, not {PARTITIONS}", topic.partitions);
        return Err(unusable("log", url, why, hint));
    }
    for partition in 0..PARTITIONS {
        let ends = log.watermarks(FIXED_TOPIC, partition).await;
        let ends = ends.map_err(|error| unusable("log", url, error, hint))?;
        if ends.low == ends.high {
            continue;
        }
        // Single records may be unreadable: they become dead letters. All of them are not ours.
        let Ok(fetched) = log.fetch(FIXED_TOPIC, partition, ends.low, SAMPLE, usize::MAX, SAMPLE_WAIT).await
        else {
            continue;
        };
        let readable = |one: &statechart_runtime::ports::FetchedRecord| Record::decode(&one.record.value);
        let Some(first) = fetched.records.first() else { continue };
        if let (Err(error), true) =
            (readable(first), fetched.records.iter().all(|one| readable(one).is_err()))
        {
            let why = format!(
                "its topic `{FIXED_TOPIC}` holds records of another program (partition {partition}, offset {}: {error})",
                first.offset
            );
            return Err(unusable("log", url, why, hint));
        }
    }
    Ok(())
}

/// An error of one of the three.
pub(super) fn unusable(
    part: &'static str,
    at: &impl fmt::Display,
    why: impl fmt::Display,
    hint: &str,
) -> StartError {
    StartError::Backend { part, at: at.to_string(), why: why.to_string(), hint: hint.to_owned() }
}
