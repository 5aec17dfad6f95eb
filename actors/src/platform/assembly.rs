//! What `specs/platform.sc` leaves to Rust: provisioning, and starting every actor.

use std::{future::Future, sync::Arc, time::Duration};

use statechart_runtime::{
    actor::{self, Options, RestartPolicy},
    embedded::Spool,
    market::{Instrument, InstrumentTable, PARTITIONS},
    value::Text,
};

use super::{
    Config, Wiring,
    roles::{keep_open, look_after},
};
use crate::{
    coordinator::Coordinator,
    datastore::{ActorFront, Inquiry},
    exchange::{BackoffPolicy, Budget, Client, ClientConfig, FeedConfig},
    machines::{
        coordinator,
        platform::{Externs, ProvisionOutcome},
        producer,
    },
    parts::{FIXED_TOPIC, Parts},
    producer::{History, Live, LiveConfig, Producer, Publisher},
};

/// Pause between two rounds of the store's maintenance.
const MAINTENANCE: Duration = Duration::from_secs(60);

/// The Platform's services.
pub(crate) struct System {
    config: Config,
    wiring: Arc<Wiring>,
    front: Arc<ActorFront>,
    client: Client,
    spool: Option<Arc<Spool>>,
    spawned: bool,
}

impl System {
    /// Sets up what does not need the database.
    ///
    /// # Errors
    /// Why there can be no exchange client.
    pub(super) fn new(
        config: Config,
        wiring: Arc<Wiring>,
        front: Arc<ActorFront>,
        spool: Option<Arc<Spool>>,
    ) -> Result<Self, String> {
        // A simulator at speed has no rate limits that follow the wall clock.
        let budget = if config.time_scale < 1.0 {
            Budget { per_second: 1_000, per_minute: 60_000 }
        } else {
            Budget::default()
        };
        let client = ClientConfig {
            key: config.key.clone(),
            budget,
            seed: config.seed,
            clock: wiring.parts.wall.clone(),
            ..ClientConfig::default()
        };
        let client = Client::new(config.exchange.clone(), client).map_err(|error| error.to_string())?;
        Ok(Self { config, wiring, front, client, spool, spawned: false })
    }

    fn start_producer(&self) {
        let wiring = self.wiring.clone();
        let parts = wiring.parts.clone();
        let history = Arc::new(History::new(parts.clone(), self.client.clone()));
        // Until it has the lease, of several processes.
        history.stand_by(self.config.is_shared());
        let _ = wiring.history.set(history.clone());
        let (client, config, spool) = (self.client.clone(), self.config.clone(), self.spool.clone());
        let make = move || {
            let publisher = Publisher::start(parts.log.clone(), spool.clone());
            let live = Live::new(
                parts.clone(),
                client.clone(),
                live_config(&config, &parts),
                followed(&config, &parts),
                &publisher,
            );
            producer::Machine::new(Producer::new(Arc::new(live), publisher, history.clone()))
        };
        let peers = wiring.clone();
        let options =
            Options::default().name("producer").inspector(&wiring.inspector).peers(move |message| {
                match message {
                    producer::Message::Coordinator(event) => peers.to_coordinator(event),
                    producer::Message::Itself(_) => Ok(()),
                }
            });
        let handle = actor::supervise(make, options, RestartPolicy::default());
        wiring.register(handle.reference());
        // A platform starts its actors once.
        let _ = wiring.producer.set(handle);
    }

    fn start_coordinator(&self) {
        let wiring = self.wiring.clone();
        let parts = wiring.parts.clone();
        let peers = wiring.clone();
        let options =
            Options::default().name("coordinator").inspector(&wiring.inspector).peers(move |message| {
                match message {
                    coordinator::Message::Producer(event) => peers.to_producer(event),
                    coordinator::Message::Consumer(event) => peers.to_consumer(event),
                    coordinator::Message::Itself(_) => Ok(()),
                }
            });
        let make = move || coordinator::Machine::new(Coordinator::new(parts.clone()));
        let handle = actor::supervise(make, options, RestartPolicy::default());
        wiring.register(handle.reference());
        // A platform starts its actors once.
        let _ = wiring.coordinator.set(handle);
    }

    /// What the store needs from time to time. Any number of processes may ask; one at a time does it.
    fn start_maintenance(&self) {
        let wiring = Arc::downgrade(&self.wiring);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(MAINTENANCE).await;
                let Some(wiring) = wiring.upgrade() else { return };
                match wiring.parts.store.maintain().await {
                    Ok(done) if done.cleaned > 0 => {
                        tracing::info!(minutes = done.cleaned, "late minutes are in their candles again");
                    }
                    Ok(_) => {}
                    Err(error) => tracing::warn!(%error, "the store's maintenance is put off"),
                }
            }
        });
    }

    fn start_consumers(&self) {
        let partitions = match &self.config.partitions {
            Some(partitions) => partitions.clone(),
            // Shared out by leases instead.
            None if self.config.is_shared() => Vec::new(),
            None => self.wiring.used_partitions(),
        };
        for partition in partitions {
            self.wiring.start_fixed(partition, None);
        }
    }
}

impl Externs for System {
    fn spawn_actors(&mut self) {
        // After an error and a retry they are still there: each is supervised on its own.
        if std::mem::replace(&mut self.spawned, true) {
            return;
        }
        let role = self.config.role;
        if role.produces() {
            self.start_producer();
            self.start_coordinator();
        }
        if role.consumes() {
            self.start_consumers();
            self.start_maintenance();
        }
        if role.produces() {
            // Of several processes, the one with the lease opens the feed and takes up fetches.
            let alone = !self.config.is_shared();
            let (wiring, live) = (self.wiring.clone(), self.config.live);
            tokio::spawn(async move { begin(&wiring, live, alone).await });
        }
    }

    fn forward(&mut self, request: Inquiry) {
        self.front.open(&request);
    }

    fn provision(&mut self) -> impl Future<Output = ProvisionOutcome> + Send + 'static {
        let (parts, config) = (self.wiring.parts.clone(), self.config.clone());
        async move {
            match provision(&parts, &config).await {
                Ok(()) => ProvisionOutcome::DbProvisionDone,
                Err(reason) => ProvisionOutcome::DbProvisionFailed { reason: Text::from(reason) },
            }
        }
    }
}

/// Instruments and the fixed topic; safe to repeat.
async fn provision(parts: &Parts, config: &Config) -> Result<(), String> {
    for new in &config.symbols {
        new.check().map_err(|error| error.to_string())?;
        parts.store.ensure_instrument(new).await.map_err(|error| error.to_string())?;
    }
    let instruments = parts.store.instruments().await.map_err(|error| error.to_string())?;
    parts.instruments.set(InstrumentTable::new(instruments));
    parts.log.create_topic(FIXED_TOPIC, PARTITIONS).await.map_err(|error| error.to_string())?;
    Ok(())
}

/// The first messages: the Producer asks for its topic and opens the feed; fetches that were open when the
/// last process ended are taken up again.
async fn begin(wiring: &Arc<Wiring>, live: bool, alone: bool) {
    let topic = producer::Event::CreateDynamicTopic {
        topic: Text::Static(FIXED_TOPIC),
        partitions: i64::from(PARTITIONS),
    };
    let mut told = wiring.to_producer(topic);
    if live && alone {
        told = told.and_then(|()| wiring.to_producer(producer::Event::Connect));
    }
    if let Err(error) = told {
        tracing::error!(%error, "the Producer could not be started");
    }
    if !alone {
        return;
    }
    if live {
        tokio::spawn(keep_open(Arc::downgrade(wiring)));
    }
    // Open fetches that the last process has left first.
    tokio::spawn(look_after(Arc::downgrade(wiring)));
}

/// The instruments that this process follows.
fn followed(config: &Config, parts: &Parts) -> Vec<Arc<Instrument>> {
    let table = parts.instruments.get();
    config.symbols.iter().filter_map(|new| table.get(&new.symbol)).map(|one| Arc::new(one.clone())).collect()
}

fn live_config(config: &Config, parts: &Parts) -> LiveConfig {
    LiveConfig {
        endpoints: config.exchange.clone(),
        feed: FeedConfig {
            key: config.key.clone(),
            time_scale: config.time_scale,
            clock: parts.wall.clone(),
            ..FeedConfig::default()
        },
        backoff: BackoffPolicy { time_scale: config.time_scale, ..BackoffPolicy::default() },
        seed: config.seed,
    }
}
