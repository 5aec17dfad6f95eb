//! What `specs/coordinator.sc` leaves to Rust: topics, and the fate of jobs.

use std::{future::Future, sync::Arc, time::Duration};

use statechart_runtime::{
    market::Record,
    ports::{
        FetchState, FetchUpdate, LogError, LogRecord, PositionKey, Topic, TopicEntry, TopicState,
        is_valid_topic,
    },
    value::Text,
};

use crate::{
    datastore::Job,
    machines::coordinator::{CreateTopicOutcome, Externs},
    parts::{FIXED_TOPIC, Parts},
};

/// How long the first record of a topic may take.
const FIRST_WAIT: Duration = Duration::from_secs(2);

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

/// The consumer's positions in topics of single symbols.
pub(crate) const DYNAMIC_GROUP: &str = "dynamic";

/// Creates a topic where it is not there yet, keeps note of it, and writes its first record.
pub(crate) async fn create_topic(parts: &Parts, name: &str, partitions: i64) -> Result<(), String> {
    let instruments = parts.instruments.get();
    let instrument = instruments.get(name);
    if !is_valid_topic(name) || (name != FIXED_TOPIC && instrument.is_none()) {
        return Err(format!(
            "`{name}` may not be a topic: the topics are `{FIXED_TOPIC}` and the symbols of the instruments"
        ));
    }
    let partitions =
        u32::try_from(partitions).map_err(|_| format!("{partitions} is no number of partitions"))?;
    let mut topic = parts.log.create_topic(name, partitions).await.map_err(|error| error.to_string())?;
    if instrument.is_some() {
        topic = own(parts, topic).await?;
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

/// Sees to it that a topic of a symbol begins with the birth of its incarnation.
async fn own(parts: &Parts, topic: Topic) -> Result<Topic, String> {
    let name = topic.name.as_str();
    match beginning(parts, name).await? {
        Beginning::Empty => bear(parts, topic).await,
        // What is trimmed was looked at when it was there.
        Beginning::Trimmed => Ok(topic),
        Beginning::Birth(inc) if inc == topic.incarnation => Ok(topic),
        // This store is younger than the topic, or forgets: positions of its own in it there are none.
        Beginning::Birth(inc) if inc > topic.incarnation => {
            tracing::warn!(
                topic = name,
                inc,
                known = topic.incarnation,
                "a topic that was there is taken over"
            );
            Ok(Topic { incarnation: inc, ..topic })
        }
        // Positions of this incarnation may speak of other records.
        Beginning::Birth(inc) => {
            tracing::warn!(
                topic = name,
                inc,
                known = topic.incarnation,
                "a topic is older than it should be"
            );
            let deleted = parts.log.delete_topic(name).await;
            deleted.map_err(|error| error.to_string())?;
            let anew = parts.log.create_topic(name, topic.partitions).await;
            bear(parts, anew.map_err(|error| error.to_string())?).await
        }
        Beginning::Foreign => Err(foreign(name)),
    }
}

/// Why a topic is left alone.
pub(crate) fn foreign(name: &str) -> String {
    format!(
        "the topic `{name}` holds records of another program, at offset 0 for example; give another broker, remove the topic when it is no longer needed, or give the instrument a name of its own"
    )
}

async fn bear(parts: &Parts, topic: Topic) -> Result<Topic, String> {
    let birth = Record::Birth { inc: topic.incarnation };
    let record = LogRecord::new(topic.name.clone(), birth.encode(), (parts.wall)());
    parts.log.append(&topic.name, 0, &[record]).await.map_err(|error| error.to_string())?;
    Ok(topic)
}

/// How a topic begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// It holds nothing yet.
    Empty,
    /// Ours, of this incarnation.
    Birth(i64),
    /// With something that we have not written.
    Foreign,
    /// Its first records are no longer there.
    Trimmed,
}

/// Looks at the first record of a topic.
pub(crate) async fn beginning(parts: &Parts, name: &str) -> Result<Beginning, String> {
    let ends = parts.log.watermarks(name, 0).await.map_err(|error| error.to_string())?;
    if ends.high == 0 {
        return Ok(Beginning::Empty);
    }
    if ends.low > 0 {
        return Ok(Beginning::Trimmed);
    }
    match parts.log.fetch(name, 0, 0, 1, 1, FIRST_WAIT).await {
        Ok(fetched) => match fetched.records.first().map(|first| Record::decode(&first.record.value)) {
            Some(Ok(Record::Birth { inc })) => Ok(Beginning::Birth(inc)),
            Some(_) => Ok(Beginning::Foreign),
            None => Err(format!("the first record of `{name}` does not come; it is tried again")),
        },
        Err(LogError::OffsetOutOfRange { .. }) => Ok(Beginning::Trimmed),
        Err(error) => Err(error.to_string()),
    }
}

/// What became of a topic that nobody has used for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deletion {
    /// It is gone.
    Gone,
    /// A fetch still needs it, or it holds what is not stored yet.
    InUse,
}

/// Deletes a topic that nobody has used for long, unless somebody needs it after all.
pub(crate) async fn delete_topic(parts: &Parts, name: &str) -> Result<Deletion, String> {
    let topics = parts.store.topics().await.map_err(|error| error.to_string())?;
    let Some(entry) = topics.into_iter().find(|entry| entry.name == name) else { return Ok(Deletion::Gone) };
    let Some(instrument) = entry.instrument else { return Err(format!("`{name}` is no symbol's topic")) };
    let incarnation = entry.incarnation;
    let open = parts.store.open_fetches().await.map_err(|error| error.to_string())?;
    if open.iter().any(|fetch| fetch.instrument == instrument) {
        return Ok(Deletion::InUse);
    }
    let topics = parts.log.topics().await.map_err(|error| error.to_string())?;
    let is_there = topics.iter().any(|topic| topic.name == name);
    if is_there && !is_read(parts, name, incarnation).await? {
        return Ok(Deletion::InUse);
    }
    let becomes = async |state| {
        let entry = TopicEntry { state, last_used_us: (parts.wall)(), ..entry.clone() };
        parts.store.replace_topic(&entry, incarnation).await.map_err(|error| error.to_string())
    };
    if !becomes(TopicState::Deleting).await? {
        // Another process has made it anew meanwhile.
        return Ok(Deletion::InUse);
    }
    if is_there {
        match parts.log.delete_topic(name).await {
            Ok(()) | Err(LogError::UnknownTopic { .. }) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    becomes(TopicState::Deleted).await?;
    Ok(Deletion::Gone)
}

/// Whether everything in a topic is stored, so that nothing is lost with it.
async fn is_read(parts: &Parts, name: &str, incarnation: i64) -> Result<bool, String> {
    match beginning(parts, name).await? {
        Beginning::Empty => return Ok(true),
        Beginning::Trimmed => {}
        Beginning::Birth(inc) if inc == incarnation => {}
        Beginning::Birth(found) => {
            let recreated = LogError::Recreated { topic: name.to_owned(), expected: incarnation, found };
            return Err(recreated.to_string());
        }
        Beginning::Foreign => return Err(foreign(name)),
    }
    let ends = parts.log.watermarks(name, 0).await.map_err(|error| error.to_string())?;
    let (group, topic) = (DYNAMIC_GROUP.to_owned(), name.to_owned());
    let key = PositionKey { group, topic, incarnation, partition: 0 };
    let stored = parts.store.next_offset(&key).await.map_err(|error| error.to_string())?;
    Ok(stored.unwrap_or(ends.low) >= ends.high)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::parts::testing::embedded;

    #[tokio::test]
    async fn only_symbols_that_are_known_become_topics() {
        let (_dir, parts) = embedded().await;
        for name in
            ["ETHUSD", "btcusd", "BTCUSD ", "dead-letter", "__consumer_offsets", "../BTCUSD", "..", ""]
        {
            let error = create_topic(&parts, name, 1).await.unwrap_err();
            assert!(error.contains(&format!("`{name}` may not be a topic")), "{name}: {error}");
            assert!(error.contains("`tick-data` and the symbols of the instruments"), "{name}: {error}");
        }
        for partitions in [-1, 0, 1_025, i64::MAX] {
            assert!(create_topic(&parts, "BTCUSD", partitions).await.is_err(), "{partitions} partitions");
        }
        assert_eq!(parts.log.topics().await.unwrap(), []);
        assert_eq!(parts.store.topics().await.unwrap(), []);
        create_topic(&parts, FIXED_TOPIC, 8).await.unwrap();
        create_topic(&parts, "BTCUSD", 1).await.unwrap();
        let names: Vec<String> = parts.log.topics().await.unwrap().into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["BTCUSD", FIXED_TOPIC]);
        assert_eq!(beginning(&parts, "BTCUSD").await.unwrap(), Beginning::Birth(1));
    }

    #[tokio::test]
    async fn a_topic_of_another_incarnation_is_not_deleted_and_not_called_foreign() {
        let (_dir, parts) = embedded().await;
        create_topic(&parts, "BTCUSD", 1).await.unwrap();
        let entry = parts.store.topics().await.unwrap().remove(0);
        parts.store.put_topic(&TopicEntry { incarnation: 7, ..entry }).await.unwrap();
        let error = delete_topic(&parts, "BTCUSD").await.unwrap_err();
        assert!(error.contains("was made anew: incarnation 1 is there, 7 was read"), "{error}");
        assert_eq!(parts.log.topics().await.unwrap().len(), 1);
    }
}
