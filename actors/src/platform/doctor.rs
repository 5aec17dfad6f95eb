//! What would happen at a start, found out without starting.

use std::{path::Path, sync::Arc};

use statechart_runtime::{
    embedded::{Durability, Embedded},
    kafka::KafkaUrl,
    ports::{Log as _, Store as _},
};

use super::{
    StartError,
    backends::{self, Backends, CacheAt, LogAt, StoreAt},
};
use crate::{
    lock::{DATA_FILE, is_data_dir},
    parts::FIXED_TOPIC,
};

/// What was found out about log, store or cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `log`, `store` or `cache`.
    pub part: &'static str,
    /// What was tried.
    pub at: String,
    /// What is there, or why it cannot be used and what to do.
    pub result: Result<String, String>,
}

/// Looks at each of the three.
pub async fn examine(backends: &Backends, data_dir: &Path) -> Vec<Finding> {
    let file = data_dir.join(DATA_FILE);
    let embedded = || Finding {
        part: "log",
        at: file.display().to_string(),
        result: if file.is_file() {
            Ok("embedded: a file of this data directory".to_owned())
        } else if data_dir.exists() && !is_data_dir(data_dir) && !is_empty(data_dir) {
            Err(format!(
                "{} holds something else; give another directory with --data-dir",
                data_dir.display()
            ))
        } else {
            Ok("embedded: the file is made at the first start".to_owned())
        },
    };
    let log = match &backends.log {
        LogAt::Embedded => embedded(),
        LogAt::Kafka(url) => Finding {
            part: "log",
            at: url.to_string(),
            result: broker(url).await.map_err(|error| error.to_string()),
        },
    };
    let store = match &backends.store {
        StoreAt::Embedded => Finding { part: "store", ..embedded() },
        StoreAt::Postgres(url) => {
            let connected = backends::connect_store(url, backends).await;
            let result = connected.map(|store| {
                let mode = store.mode();
                format!("mode {}: {}", mode.name, mode.why)
            });
            Finding { part: "store", at: url.to_string(), result: result.map_err(|error| error.to_string()) }
        }
    };
    let cache = match &backends.cache {
        CacheAt::Embedded => Finding {
            part: "cache",
            at: "memory".to_owned(),
            result: Ok("embedded: in the memory of the process".to_owned()),
        },
        CacheAt::Redis(url) => {
            let connected = backends::connect_cache(url, "doctor").await;
            let result = connected.map(|_| "a cache that all processes share".to_owned());
            Finding { part: "cache", at: url.to_string(), result: result.map_err(|error| error.to_string()) }
        }
    };
    vec![log, store, cache]
}

fn is_empty(dir: &Path) -> bool {
    std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none())
}

/// Asks a broker, with a store that is thrown away: only topics are listed, so nothing is kept in it.
async fn broker(url: &KafkaUrl) -> Result<String, StartError> {
    let failed = |why: String| StartError::Backend {
        part: "log",
        at: url.to_string(),
        why,
        hint: "check the directory for temporary files".to_owned(),
    };
    let dir = tempfile::tempdir().map_err(|error| failed(error.to_string()))?;
    let store = Embedded::open(dir.path().join(DATA_FILE), Durability::ProcessKill)
        .await
        .map_err(|error| failed(error.to_string()))?;
    let log = backends::connect_log(url, Arc::new(store.store())).await?;
    backends::check_topic(&log, url).await?;
    let topics = log.topics().await.map_err(|error| failed(error.to_string()))?;
    let fixed = topics.iter().find(|topic| topic.name == FIXED_TOPIC);
    Ok(match fixed {
        Some(topic) => format!(
            "a broker with {} topics; `{FIXED_TOPIC}` has {} partitions and records of this platform",
            topics.len(),
            topic.partitions
        ),
        None => format!("a broker with {} topics; `{FIXED_TOPIC}` is made at the first start", topics.len()),
    })
}
