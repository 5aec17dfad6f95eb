//! What one process of several does, and how they find work without a message between them: by rows of the store.

use std::{
    collections::BTreeMap,
    str::FromStr,
    sync::{Arc, Weak},
    time::Duration,
};

use statechart_runtime::{
    market::{CoverageState, FetchId, InstrumentId, InstrumentTable, Source, TimeRange},
    ports::{Fetch, Lease, StoreError, TopicState},
    value::Text,
};
use tokio::{sync::watch, time::Instant};

use super::Wiring;
use crate::{
    coordinator::{Deletion, delete_topic},
    datastore::{Job, JobInfo},
    machines::{consumer_dynamic, coordinator, producer},
    parts::Parts,
    producer::JOB_LIMIT,
};

/// How often the store is asked for work.
const POLL: Duration = Duration::from_millis(500);
/// How often a process looks how far the others have come.
const OTHERS_POLL: Duration = Duration::from_secs(1);
/// An open fetch that nobody has moved on for so long is handed over again.
const STALE: Duration = Duration::from_secs(60);
/// How often topics are looked after.
const TIDY: Duration = Duration::from_secs(10);
/// The lease of the process that holds the socket and fetches history.
const PRODUCER_LEASE: &str = "producer";

/// What a process does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    #[default]
    All,
    /// The feed, topics and history.
    Producer,
    /// From the log into store and cache.
    Consumer,
    /// Answers.
    Api,
}

impl Role {
    /// Whether it has a Producer and a Coordinator.
    pub const fn produces(self) -> bool {
        matches!(self, Role::All | Role::Producer)
    }

    /// Whether it has consumers.
    pub const fn consumes(self) -> bool {
        matches!(self, Role::All | Role::Consumer)
    }

    /// `all`, `producer`, `consumer` or `api`.
    pub const fn name(self) -> &'static str {
        match self {
            Role::All => "all",
            Role::Producer => "producer",
            Role::Consumer => "consumer",
            Role::Api => "api",
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Role::All, Role::Producer, Role::Consumer, Role::Api];
        let found = all.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| "give all, producer, consumer or api".to_owned())
    }
}

/// Keeps the producer's lease: while it is held the socket is open and fetches are worked off, else it stands by.
pub(super) async fn stand_by(
    wiring: Arc<Wiring>,
    live: bool,
    holder: String,
    ttl: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let mut held: Option<Lease> = None;
    let mut handed = Handed::new();
    let mut tidied: Option<Instant> = None;
    loop {
        let before = held.is_some();
        held = keep(&wiring, held, &holder, ttl).await;
        if held.is_some() != before {
            tracing::warn!(lease = PRODUCER_LEASE, holder, held = held.is_some(), "the producer's lease");
            switch(&wiring, live, held.is_some());
            handed.clear();
            tidied = None;
        }
        if held.is_some() {
            if before && live {
                reconnect(&wiring);
            }
            work_off(&wiring, &mut handed, Which::New).await;
            if tidied.is_none_or(|since| since.elapsed() >= TIDY) {
                tidied = Some(Instant::now());
                if let Err(error) = tidy(&wiring, false).await {
                    tracing::warn!(error, "topics cannot be looked after");
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(POLL.min(ttl / 4)) => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    if let Some(lease) = held {
        // It runs out by itself otherwise.
        let _ = wiring.parts.store.release_leases(&[lease]).await;
    }
}

/// Takes or renews the lease. While the store does not answer, what was held is held on: nobody else can take it
/// either, and nothing that is published twice counts twice.
async fn keep(wiring: &Wiring, held: Option<Lease>, holder: &str, ttl: Duration) -> Option<Lease> {
    let store = &wiring.parts.store;
    let kept = match &held {
        Some(lease) => store.renew_leases(std::slice::from_ref(lease), ttl).await,
        None => store.take_leases(&[PRODUCER_LEASE.to_owned()], holder, ttl, 1).await,
    };
    match kept {
        Ok(leases) => leases.into_iter().next(),
        Err(error) => {
            tracing::warn!(lease = PRODUCER_LEASE, %error, "the lease cannot be looked at");
            held
        }
    }
}

fn switch(wiring: &Arc<Wiring>, live: bool, on: bool) {
    if let Some(history) = wiring.history.get() {
        history.stand_by(!on);
    }
    let told = if !on {
        wiring.to_producer(producer::Event::Disconnect)
    } else if live {
        wiring.to_producer(producer::Event::Connect)
    } else {
        Ok(())
    };
    if let Err(error) = told {
        tracing::error!(%error, "the Producer did not hear of its lease");
    }
}

/// Has a Producer that was started anew after a fault open its feed: it begins with the feed closed.
fn reconnect(wiring: &Wiring) {
    if wiring.feed_is("feed.disconnected")
        && let Err(error) = wiring.to_producer(producer::Event::Connect)
    {
        tracing::warn!(%error, "the Producer did not hear that its feed is to be opened; it is told again");
    }
}

/// Keeps the feed open where no lease says whose it is.
pub(super) async fn keep_open(wiring: Weak<Wiring>) {
    loop {
        tokio::time::sleep(POLL).await;
        let Some(wiring) = wiring.upgrade() else { return };
        reconnect(&wiring);
    }
}

/// Fetches that were handed over, and when last.
type Handed = BTreeMap<FetchId, Instant>;

/// Which fetches are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// All that were not yet: they were registered by other processes, or by one that has ended.
    New,
    /// Those that nobody has moved on for long: a message, a topic or a job was lost.
    Stale,
}

/// Hands open fetches to the Coordinator. One that has not moved for long is handed over again; nothing happens to a
/// job that is still queued.
async fn work_off(wiring: &Arc<Wiring>, handed: &mut Handed, which: Which) {
    let open = match wiring.parts.store.open_fetches().await {
        Ok(open) => open,
        Err(error) => {
            tracing::warn!(%error, "open fetches cannot be read");
            return;
        }
    };
    // What is over is forgotten, so this stays as small as the table.
    handed.retain(|id, _| open.iter().any(|fetch| fetch.id == *id));
    let stale_us = i64::try_from(STALE.as_micros()).unwrap_or(i64::MAX);
    let now_us = (wiring.parts.wall)();
    for fetch in open {
        let stale = now_us.saturating_sub(fetch.updated_us) >= stale_us;
        let due = match handed.get(&fetch.id) {
            Some(since) => stale && since.elapsed() >= STALE,
            // More would find no room; they are handed over when others are over.
            None => (stale || which == Which::New) && handed.len() < JOB_LIMIT,
        };
        let id = fetch.id.clone();
        if due && take_up(wiring, fetch) {
            handed.insert(id, Instant::now());
        }
    }
}

/// Looks after topics that a process has left behind: a deletion that was begun is finished, a topic that somebody else
/// has deleted is forgotten, and where no leases do it (`alone`), every other topic gets its reader.
async fn tidy(wiring: &Arc<Wiring>, alone: bool) -> Result<(), String> {
    let parts = &wiring.parts;
    let entries = parts.store.topics().await.map_err(|error| error.to_string())?;
    let there = parts.log.topics().await.map_err(|error| error.to_string())?;
    for entry in entries.into_iter().filter(|entry| entry.instrument.is_some()) {
        let is_there = there.iter().any(|topic| topic.name == entry.name);
        match entry.state {
            TopicState::Deleting => {}
            TopicState::Ready if !is_there => {}
            TopicState::Ready if alone => {
                let topic = Text::from(entry.name.clone());
                let event = consumer_dynamic::Event::SubscribeToTopic { topic };
                wiring.to_consumer(event).map_err(|error| error.to_string())?;
                continue;
            }
            TopicState::Ready | TopicState::Creating | TopicState::Deleted => continue,
        }
        match delete_topic(parts, &entry.name).await {
            Ok(Deletion::Gone) => wiring.drop_consumer(&entry.name).await,
            Ok(Deletion::InUse) => {}
            Err(error) => tracing::warn!(topic = entry.name, error, "an unused topic could not be deleted"),
        }
    }
    Ok(())
}

/// What the only process does from time to time: fetches that got stuck, and topics.
pub(super) async fn look_after(wiring: Weak<Wiring>) {
    let mut handed = Handed::new();
    let mut which = Which::New;
    loop {
        let Some(strong) = wiring.upgrade() else { return };
        work_off(&strong, &mut handed, which).await;
        which = Which::Stale;
        if let Err(error) = tidy(&strong, true).await {
            tracing::warn!(error, "topics cannot be looked after");
        }
        drop(strong);
        tokio::time::sleep(TIDY).await;
    }
}

/// Hands a registered fetch to the Coordinator; says whether it arrived.
fn take_up(wiring: &Arc<Wiring>, fetch: Fetch) -> bool {
    let instruments = wiring.parts.instruments.get();
    let Some(instrument) = instruments.by_id(fetch.instrument) else { return false };
    let topic = instrument.symbol.clone();
    let job = Job(Arc::new(JobInfo {
        fetches: vec![fetch],
        instrument: Arc::new(instrument.clone()),
        topic: topic.clone(),
    }));
    let request = coordinator::Event::RequestCreateTopic { topic: Text::from(topic), partitions: 1, job };
    let told = wiring.to_coordinator(request);
    if let Err(error) = &told {
        tracing::warn!(%error, "an open fetch could not be taken up; it is tried again");
    }
    told.is_ok()
}

/// Lets a process know what the others do: symbols that they have added, and the exchange's time, which is at least
/// what they have covered.
pub(super) async fn follow_others(wiring: Arc<Wiring>, mut stop: watch::Receiver<bool>) {
    loop {
        if let Ok(stored) = wiring.parts.store.instruments().await {
            wiring.parts.instruments.set(InstrumentTable::new(stored));
        }
        for instrument in wiring.parts.instruments.get().iter() {
            // A store that is away is asked again.
            let _ = hear_others(&wiring.parts, instrument.id, wiring.consumes()).await;
        }
        tokio::select! {
            () = tokio::time::sleep(OTHERS_POLL) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Takes what is covered of an instrument as the exchange's time, where that is newer. A process that stores nothing
/// itself learns here up to when the cache may be asked before the store.
pub(crate) async fn hear_others(
    parts: &Parts,
    instrument: InstrumentId,
    consumes: bool,
) -> Result<(), StoreError> {
    let everything = TimeRange { from_us: 0, to_us: i64::MAX };
    let rows = parts.store.coverage(instrument, everything).await?;
    // What was lost for good reaches to a moment that the exchange has seen as well, but there is nothing to read of it.
    let trades =
        rows.iter().filter(|row| row.source == Source::Trades && row.state == CoverageState::Covered);
    if let Some(newest) = trades.map(|row| row.range).max_by_key(|range| range.to_us) {
        parts.clock.heard(newest.to_us);
        if !consumes {
            parts.live.stored(instrument, newest);
        }
    }
    Ok(())
}
