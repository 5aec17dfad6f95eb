//! Who reaches whom: the handles of the actors, filled in as they are started.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError, atomic::Ordering},
    time::Duration,
};

use statechart_runtime::{
    actor::{self, ActorRef, Handle, Inspector, Options, RestartPolicy, Undelivered, shutdown_all},
    market::{CoverageState, InstrumentId},
    ports::{Lease, PositionKey, StoreError, Topic},
    value::Text,
};
use tokio::time::Instant;

use super::{Config, Role, System, roles::hear_others};
use crate::{
    consumer::{Dynamic, Fixed, RELAY_GROUP},
    coordinator::{self, Deletion},
    machines::{consumer_dynamic, consumer_fixed, coordinator as coordinator_machine, platform, producer},
    parts::{FIXED_TOPIC, Parts},
    producer::{History, Producer},
    status::{ActorStatus, FetchStatus, PartitionStatus, Status, SymbolStatus},
};

/// The Producer's state while ticks come in.
const LIVE: &str = "feed.live";
/// Coverage rows of one source on the status screen.
const COVERAGE_ROWS: usize = 5;

/// The actors of a platform and the parts that they share.
pub struct Wiring {
    pub(crate) parts: Arc<Parts>,
    pub(crate) inspector: Inspector,
    pub(super) platform: OnceLock<Handle<platform::Machine<System>>>,
    pub(super) producer: OnceLock<Handle<producer::Machine<Producer>>>,
    /// The Producer's history jobs.
    pub(super) history: OnceLock<Arc<History>>,
    pub(super) coordinator: OnceLock<Handle<coordinator_machine::Machine<coordinator::Coordinator>>>,
    consumers: Mutex<BTreeMap<String, Handle<consumer_dynamic::Machine<Dynamic>>>>,
    /// In the order they were started.
    actors: Mutex<Vec<ActorRef>>,
    exchange: String,
    topic_idle: Duration,
    role: Role,
    /// Whether dynamic topics are shared out by leases.
    shared: bool,
    started: Instant,
}

impl Wiring {
    pub(super) fn new(parts: Arc<Parts>, config: &Config) -> Self {
        Self {
            parts,
            inspector: Inspector::default(),
            platform: OnceLock::new(),
            producer: OnceLock::new(),
            history: OnceLock::new(),
            coordinator: OnceLock::new(),
            consumers: Mutex::default(),
            actors: Mutex::default(),
            exchange: config.exchange.rest_legacy.clone(),
            topic_idle: config.topic_idle,
            role: config.role,
            shared: config.is_shared(),
            started: Instant::now(),
        }
    }

    pub(super) fn register(&self, actor: ActorRef) {
        self.actors.lock().unwrap_or_else(PoisonError::into_inner).push(actor);
    }

    /// An event for the Platform; `false` when it cannot take it now.
    pub(crate) fn tell_platform(&self, event: platform::Event) -> bool {
        self.platform.get().is_some_and(|handle| handle.try_tell(event).is_ok())
    }

    /// A message for the Coordinator.
    pub(crate) fn to_coordinator(&self, event: coordinator_machine::Event) -> Result<(), Undelivered> {
        match self.coordinator.get() {
            Some(handle) => handle.deliver(event),
            // The fetch stands in the store, where the process that has a Coordinator finds it.
            None if !self.role.produces() => Ok(()),
            None => Err(Undelivered::Unconnected { peer: "coordinator".into() }),
        }
    }

    /// A message for the Producer.
    pub(crate) fn to_producer(&self, event: producer::Event) -> Result<(), Undelivered> {
        match self.producer.get() {
            Some(handle) => handle.deliver(event),
            None => Err(Undelivered::Unconnected { peer: "producer".into() }),
        }
    }

    /// A message for the consumer of the topic that it names; the consumer is started where there is none.
    pub(crate) fn to_consumer(self: &Arc<Self>, event: consumer_dynamic::Event) -> Result<(), Undelivered> {
        let consumer_dynamic::Event::SubscribeToTopic { topic } = &event else {
            return Err(Undelivered::Unconnected { peer: "consumer".into() });
        };
        if self.shared {
            // The topic stands in the store, where the process that gets its lease finds it.
            return self
                .to_coordinator(coordinator_machine::Event::SubscribeSuccess { topic: topic.clone() });
        }
        let mut consumers = self.consumers.lock().unwrap_or_else(PoisonError::into_inner);
        let running = consumers.get(&**topic).filter(|handle| !handle.is_done()).cloned();
        let handle = running.unwrap_or_else(|| {
            let handle = self.start_consumer(topic, None);
            consumers.insert(topic.to_string(), handle.clone());
            handle
        });
        handle.deliver(event)
    }

    /// Starts the consumer of a partition of the fixed topic.
    pub(super) fn start_fixed(&self, partition: u32, lease: Option<Lease>) -> ActorRef {
        let parts = self.parts.clone();
        let options =
            Options::default().name(format!("consumer-fixed-{partition}")).inspector(&self.inspector);
        let make = move || consumer_fixed::Machine::new(Fixed::new(parts.clone(), partition, lease.clone()));
        let reference = actor::supervise(make, options, RestartPolicy::default()).reference();
        self.register(reference.clone());
        reference
    }

    /// Starts the consumer of a topic that this process has the lease of.
    pub(super) fn start_dynamic(self: &Arc<Self>, topic: &str, lease: Option<Lease>) -> ActorRef {
        let handle = self.start_consumer(topic, lease);
        subscribe(&handle, topic);
        let reference = handle.reference();
        self.consumers.lock().unwrap_or_else(PoisonError::into_inner).insert(topic.to_owned(), handle);
        reference
    }

    /// Partitions that hold an instrument, ascending.
    pub(super) fn used_partitions(&self) -> Vec<u32> {
        let mut partitions: Vec<u32> = self.parts.instruments.get().iter().map(|one| one.partition).collect();
        // Frames that cannot be read go to partition 0.
        partitions.push(0);
        partitions.sort_unstable();
        partitions.dedup();
        partitions
    }

    /// An actor that was stopped is no longer shown.
    pub(super) fn unregister(&self, actor: &ActorRef) {
        let mut actors = self.actors.lock().unwrap_or_else(PoisonError::into_inner);
        actors.retain(|known| known.name() != actor.name());
    }

    fn start_consumer(
        self: &Arc<Self>,
        topic: &str,
        lease: Option<Lease>,
    ) -> Handle<consumer_dynamic::Machine<Dynamic>> {
        let (parts, name, idle) = (self.parts.clone(), topic.to_owned(), self.topic_idle);
        let (wiring, ended) = (self.clone(), self.clone());
        let options = Options::default()
            .name(format!("consumer-{topic}"))
            .inspector(&self.inspector)
            .peers(move |message| match message {
                consumer_dynamic::Message::Coordinator(event) => wiring.to_coordinator(event),
                consumer_dynamic::Message::Itself(_) => Ok(()),
            })
            .on_output(move |output: &consumer_dynamic::Output| {
                if let consumer_dynamic::Output::SubscriptionEnded { topic } = output {
                    ended.end_subscription(topic.to_string());
                }
            });
        let make =
            move || consumer_dynamic::Machine::new(Dynamic::new(parts.clone(), &name, idle, lease.clone()));
        let handle = actor::supervise(make, options, RestartPolicy::default());
        self.register(handle.reference());
        handle
    }

    /// A topic's consumer has seen its end for long: the topic is deleted and the consumer stopped, unless the topic is
    /// needed after all.
    fn end_subscription(self: &Arc<Self>, topic: String) {
        let wiring = self.clone();
        tokio::spawn(async move {
            match coordinator::delete_topic(&wiring.parts, &topic).await {
                Ok(Deletion::Gone) => wiring.drop_consumer(&topic).await,
                Ok(Deletion::InUse) => wiring.subscribe_again(&topic),
                Err(error) => {
                    tracing::warn!(topic, error, "an unused topic could not be deleted; it is tried again");
                    wiring.subscribe_again(&topic);
                }
            }
        });
    }

    /// Has the consumer of a topic go on with it.
    fn subscribe_again(&self, topic: &str) {
        let handle = self.consumers.lock().unwrap_or_else(PoisonError::into_inner).get(topic).cloned();
        if let Some(handle) = handle {
            subscribe(&handle, topic);
        }
    }

    /// Stops the consumer of a topic that is gone.
    pub(super) async fn drop_consumer(&self, topic: &str) {
        let handle = self.consumers.lock().unwrap_or_else(PoisonError::into_inner).remove(topic);
        if let Some(handle) = handle {
            handle.stop(Duration::from_secs(1)).await;
            self.unregister(&handle.reference());
        }
    }

    /// The actors as they are now, `more` last.
    pub(super) fn actors(&self, more: &[ActorRef]) -> Vec<ActorStatus> {
        let actors = self.actors.lock().unwrap_or_else(PoisonError::into_inner).clone();
        actors.iter().chain(more).map(describe).collect()
    }

    /// One screen of numbers; what cannot be read is left out.
    pub(crate) async fn status(&self, more: &[ActorRef]) -> Status {
        let parts = &self.parts;
        let stats = parts.store.stats().await.unwrap_or_default();
        let mut partitions = Vec::new();
        let topics = parts.log.topics().await.unwrap_or_default();
        // A position in a topic that was deleted or made anew since says nothing; the relay's is no offset.
        let is_current = |key: &PositionKey| {
            let is_there = |topic: &Topic| (&topic.name, topic.incarnation) == (&key.topic, key.incarnation);
            key.group != RELAY_GROUP && topics.iter().any(is_there)
        };
        for (key, next_offset) in stats.positions.iter().filter(|(key, _)| is_current(key)) {
            if let Ok(ends) = parts.log.watermarks(&key.topic, key.partition).await {
                partitions.push(PartitionStatus {
                    topic: key.topic.clone(),
                    partition: key.partition,
                    next_offset: *next_offset,
                    high_watermark: ends.high,
                });
            }
        }
        let instruments = parts.instruments.get();
        let fetches = parts.store.open_fetches().await.unwrap_or_default();
        Status {
            exchange_now_ms: parts.clock.stated_now_us().map(|us| us.div_euclid(1_000)),
            uptime_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            exchange: self.exchange.clone(),
            actors: self.actors(more),
            symbols: stats
                .instruments
                .iter()
                .map(|one| SymbolStatus {
                    symbol: one.instrument.symbol.clone(),
                    trades: one.trades,
                    last_trade_ms: one.last_trade.map(|(time_us, _)| time_us.div_euclid(1_000)),
                    coverage: newest_coverage(&one.coverage),
                })
                .collect(),
            partitions,
            fetches: fetches
                .into_iter()
                .map(|fetch| FetchStatus {
                    id: fetch.id.to_string(),
                    symbol: instruments
                        .by_id(fetch.instrument)
                        .map(|one| one.symbol.clone())
                        .unwrap_or_default(),
                    state: fetch.state.name().to_owned(),
                    from_ms: fetch.range.from_us.div_euclid(1_000),
                    to_ms: fetch.range.to_us.div_euclid(1_000),
                    rows: i64::try_from(fetch.rows).unwrap_or(i64::MAX),
                })
                .collect(),
            dead_letters: stats.dead_letters,
            refused_writes: parts.refused.load(Ordering::Relaxed),
        }
    }

    /// Whether this process brings the log into the store.
    pub(super) const fn consumes(&self) -> bool {
        self.role.consumes()
    }

    /// Whether the Producer of this process is in a state.
    pub(super) fn feed_is(&self, state: &str) -> bool {
        self.producer.get().is_some_and(|producer| producer.leaves().contains(&state))
    }

    /// The exchange's time as far as anybody knows it who stores what it says of an instrument, µs. A process without a
    /// live feed asks the store: what it heard last may be older than what it is asked for.
    pub(crate) async fn now_for(&self, instrument: InstrumentId) -> Result<i64, StoreError> {
        if !self.feed_is(LIVE) {
            hear_others(&self.parts, instrument, self.consumes()).await?;
        }
        Ok(self.parts.clock.now_us())
    }

    /// The parts and how they are.
    pub(crate) async fn health(&self) -> Vec<(String, Result<(), String>)> {
        let parts = &self.parts;
        let log = parts.log.watermarks(FIXED_TOPIC, 0).await.map(|_| ()).map_err(|error| error.to_string());
        let store = parts.store.instruments().await.map(|_| ()).map_err(|error| error.to_string());
        let key = statechart_runtime::ports::CacheKey {
            symbol: "BTCUSD".to_owned(),
            interval: statechart_runtime::market::Interval::M1,
        };
        let cache = parts.cache.latest(&key).await.map(|_| ()).map_err(|error| error.to_string());
        // The feed is another process's business where this one has none.
        let exchange = if self.feed_is(LIVE) || !self.role.produces() {
            Ok(())
        } else {
            Err("the live feed is not connected; stored data is served".to_owned())
        };
        [("log", log), ("store", store), ("cache", cache), ("exchange", exchange)]
            .into_iter()
            .map(|(name, result)| (name.to_owned(), result))
            .collect()
    }

    /// Stops every actor in the order they were started, which is the order of the data's way.
    pub(super) async fn stop(&self, within: Duration) {
        let actors = self.actors.lock().unwrap_or_else(PoisonError::into_inner).clone();
        shutdown_all(actors, within).await;
    }
}

/// Tells a consumer its topic.
fn subscribe(consumer: &Handle<consumer_dynamic::Machine<Dynamic>>, topic: &str) {
    let event = consumer_dynamic::Event::SubscribeToTopic { topic: Text::from(topic.to_owned()) };
    if let Err(error) = consumer.deliver(event) {
        tracing::warn!(topic, %error, "a consumer did not take its topic");
    }
}

fn describe(actor: &ActorRef) -> ActorStatus {
    let status = match actor.status() {
        actor::Status::Running => "running".to_owned(),
        actor::Status::Restarting => "restarting".to_owned(),
        actor::Status::Stopped(reason) => reason.to_string(),
    };
    ActorStatus {
        name: actor.name().to_string(),
        states: actor.leaves().into_iter().map(str::to_owned).collect(),
        path: actor.path(),
        status,
        unhandled: actor.unhandled(),
        restarts: actor.restarts(),
    }
}

/// The newest ranges of each source.
fn newest_coverage(rows: &[statechart_runtime::market::CoverageRow]) -> Vec<(String, i64, i64)> {
    let mut by_source: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.state == CoverageState::Covered) {
        by_source.entry(row.source).or_default().push(row.range);
    }
    by_source
        .into_iter()
        .flat_map(|(source, ranges)| {
            let skip = ranges.len().saturating_sub(COVERAGE_ROWS);
            ranges.into_iter().skip(skip).map(move |range| {
                (source.name().to_owned(), range.from_us.div_euclid(1_000), range.to_us.div_euclid(1_000))
            })
        })
        .collect()
}
