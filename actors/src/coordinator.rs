//! What `specs/coordinator.sc` leaves to Rust: topics, and the fate of jobs.

use std::{future::Future, sync::Arc};

use statechart_runtime::{
    market::Record,
    ports::{FetchState, FetchUpdate, LogRecord, TopicEntry, TopicState, is_valid_topic},
    value::Text,
};

use crate::{
    datastore::Job,
    machines::coordinator::{CreateTopicOutcome, Externs},
    parts::{FIXED_TOPIC, Parts},
};

/// The Coordinator's services.
pub struct Coordinator {
    parts: Arc<Parts>,
}

impl Coordinator {
    /// From its parts.
    pub fn new(parts: Arc<Parts>) -> Self {
        Self { parts }
    }
}

impl Externs for Coordinator {
    fn fail_job(&mut self, job: Job, reason: Text) {
        let parts = self.parts.clone();
        tokio::spawn(async move {
            for fetch in &job.0.fetches {
                let update = FetchUpdate {
                    state: FetchState::Failed,
                    done_to_us: None,
                    rows_added: 0,
                    error: Some(reason.to_string()),
                    now_us: (parts.wall)(),
                };
                if let Err(error) = parts.store.update_fetch(&fetch.id, &update).await {
                    tracing::warn!(fetch = %fetch.id, %error, "a fetch could not be marked as failed");
                }
            }
        });
    }

    fn create_topic(
        &mut self,
        topic: Text,
        partitions: i64,
    ) -> impl Future<Output = CreateTopicOutcome> + Send + 'static {
        let parts = self.parts.clone();
        async move {
            match create_topic(&parts, &topic, partitions).await {
                Ok(()) => CreateTopicOutcome::CreateTopicSuccess { topic },
                Err(reason) => CreateTopicOutcome::CreateTopicFailure { topic, reason: Text::from(reason) },
            }
        }
    }
}

/// Creates a topic where it is not there yet, keeps note of it, and writes its first record.
async fn create_topic(parts: &Parts, name: &str, partitions: i64) -> Result<(), String> {
    let instruments = parts.instruments.get();
    let instrument = instruments.get(name);
    if !is_valid_topic(name) || (name != FIXED_TOPIC && instrument.is_none()) {
        return Err(format!(
            "`{name}` may not be a topic: the topics are `{FIXED_TOPIC}` and the symbols of the instruments"
        ));
    }
    let partitions =
        u32::try_from(partitions).map_err(|_| format!("{partitions} is no number of partitions"))?;
    let topic = parts.log.create_topic(name, partitions).await.map_err(|error| error.to_string())?;
    if instrument.is_some() {
        let ends = parts.log.watermarks(name, 0).await.map_err(|error| error.to_string())?;
        if ends.high == 0 {
            let birth = Record::Birth { inc: topic.incarnation };
            let record = LogRecord::new(name.to_owned(), birth.encode(), (parts.wall)());
            parts.log.append(name, 0, &[record]).await.map_err(|error| error.to_string())?;
        }
    }
    let entry = TopicEntry {
        name: name.to_owned(),
        incarnation: topic.incarnation,
        partitions: topic.partitions,
        instrument: instrument.map(|instrument| instrument.id),
        state: TopicState::Ready,
        last_used_us: (parts.wall)(),
    };
    parts.store.put_topic(&entry).await.map_err(|error| error.to_string())
}

/// Deletes a topic that nobody has used for long.
pub(crate) async fn delete_topic(parts: &Parts, name: &str) -> Result<(), String> {
    let topics = parts.store.topics().await.map_err(|error| error.to_string())?;
    let Some(entry) = topics.into_iter().find(|entry| entry.name == name) else { return Ok(()) };
    let deleting = TopicEntry { state: TopicState::Deleting, last_used_us: (parts.wall)(), ..entry };
    parts.store.put_topic(&deleting).await.map_err(|error| error.to_string())?;
    parts.log.delete_topic(name).await.map_err(|error| error.to_string())?;
    let deleted = TopicEntry { state: TopicState::Deleted, ..deleting };
    parts.store.put_topic(&deleted).await.map_err(|error| error.to_string())
}
