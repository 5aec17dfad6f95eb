//! Connections to partitions: one lane each for what is written, what is read, and questions.

use super::error::{Failure, within};
use super::url::KafkaUrl;
use rskafka::BackoffConfig;
use rskafka::client::partition::{PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder, Credentials, SaslConfig};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Longest time for a call. The client's own attempts end before, so that its reason is heard.
pub(super) const CALL_WITHIN: Duration = Duration::from_secs(10);
/// How long the client tries by itself.
const RETRY_WITHIN: Duration = Duration::from_secs(4);
/// Largest answer of the broker. A batch that someone else wrote may be larger than what we ask for.
const MAX_MESSAGE_BYTES: usize = 16 << 20;
/// Partitions that a lane keeps a connection to.
const MAX_CONNECTIONS: usize = 256;

/// A client of its own: a long poll holds up whatever shares its connection.
pub(super) struct Lane {
    url: KafkaUrl,
    open: Mutex<Open>,
}

/// What is connected.
#[derive(Default)]
struct Open {
    client: Option<Arc<Client>>,
    partitions: BTreeMap<(String, u32), Arc<PartitionClient>>,
}

impl Lane {
    pub(super) async fn connect(url: &KafkaUrl) -> Result<Self, Failure> {
        let lane = Self { url: url.clone(), open: Mutex::default() };
        lane.client().await?;
        Ok(lane)
    }

    /// The client, a new one where the one before was given up.
    pub(super) async fn client(&self) -> Result<Arc<Client>, Failure> {
        if let Some(client) = &self.open().client {
            return Ok(client.clone());
        }
        let client = Arc::new(within(CALL_WITHIN, Self::build(&self.url)).await?);
        self.open().client = Some(client.clone());
        Ok(client)
    }

    /// Waits for a call, not longer than it may take. What gets no answer gives up every connection: the client lets go
    /// of one only when it breaks, and one whose other end has vanished may not break for a quarter of an hour.
    pub(super) async fn within<T>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<T, rskafka::client::error::Error>>,
    ) -> Result<T, Failure> {
        let result = within(limit, call).await;
        if matches!(result, Err(Failure::Late(_))) {
            *self.open() = Open::default();
        }
        result
    }

    async fn build(url: &KafkaUrl) -> Result<Client, rskafka::client::error::Error> {
        let mut builder = ClientBuilder::new(url.brokers.clone())
            .client_id("statechart-platform")
            .max_message_size(MAX_MESSAGE_BYTES)
            .backoff_config(BackoffConfig {
                init_backoff: Duration::from_millis(50),
                max_backoff: Duration::from_secs(1),
                base: 2.0,
                deadline: Some(RETRY_WITHIN),
            });
        if let Some((user, password)) = &url.credentials {
            builder =
                builder.sasl_config(SaslConfig::Plain(Credentials::new(user.clone(), password.clone())));
        }
        builder.build().await
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that is there already.
    pub(super) fn known(&self, topic: &str, partition: u32) -> Option<Arc<PartitionClient>> {
        self.open().partitions.get(&(topic.to_owned(), partition)).cloned()
    }

    /// A connection, new where there is none. The topic must exist: see the module's notes on metadata.
    pub(super) async fn partition(
        &self,
        topic: &str,
        partition: u32,
    ) -> Result<Arc<PartitionClient>, Failure> {
        // Partition numbers were checked against the topic's.
        let number = i32::try_from(partition).unwrap_or(i32::MAX);
        let client = self.client().await?;
        let opening = client.partition_client(topic, number, UnknownTopicHandling::Error);
        let client = Arc::new(self.within(CALL_WITHIN, opening).await?);
        let partitions = &mut self.open().partitions;
        if partitions.len() >= MAX_CONNECTIONS {
            partitions.pop_first();
        }
        partitions.insert((topic.to_owned(), partition), client.clone());
        Ok(client)
    }

    /// Lets a connection go: after a failure the next call makes a new one.
    pub(super) fn close(&self, topic: &str, partition: u32) {
        self.open().partitions.remove(&(topic.to_owned(), partition));
    }

    /// Lets go of a topic.
    pub(super) fn forget(&self, topic: &str) {
        self.open().partitions.retain(|(known, _), _| known != topic);
    }
}
