//! What one process of several does, and how they find work without a message between them: by rows of the store.

use std::{
    collections::BTreeSet,
    str::FromStr,
    sync::{Arc, Weak},
    time::Duration,
};

use statechart_runtime::{
    market::{FetchId, InstrumentId, InstrumentTable, Source, TimeRange},
    ports::{Fetch, Lease, StoreError},
    value::Text,
};
use tokio::sync::watch;

use super::Wiring;
use crate::{
    datastore::{Job, JobInfo},
    machines::{coordinator, producer},
    parts::Parts,
    producer::JOB_LIMIT,
};

/// How often the store is asked for work.
const POLL: Duration = Duration::from_millis(500);
/// How often a process looks how far the others have come.
const OTHERS_POLL: Duration = Duration::from_secs(1);
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
    let mut seen = BTreeSet::new();
    loop {
        let before = held.is_some();
        held = keep(&wiring, held, &holder, ttl).await;
        if held.is_some() != before {
            tracing::warn!(lease = PRODUCER_LEASE, holder, held = held.is_some(), "the producer's lease");
            switch(&wiring, live, held.is_some());
            seen.clear();
        }
        if held.is_some() {
            if before && live {
                reconnect(&wiring);
            }
            work_off(&wiring, &mut seen).await;
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

/// Hands fetches that other processes have registered to the Coordinator.
async fn work_off(wiring: &Arc<Wiring>, seen: &mut BTreeSet<FetchId>) {
    let open = match wiring.parts.store.open_fetches().await {
        Ok(open) => open,
        Err(error) => {
            tracing::warn!(%error, "open fetches cannot be read");
            return;
        }
    };
    // What is over is forgotten, so this stays as small as the table.
    seen.retain(|id| open.iter().any(|fetch| fetch.id == *id));
    for fetch in open {
        // More would find no room; they are handed over when others are over.
        if seen.len() >= JOB_LIMIT {
            break;
        }
        let id = fetch.id.clone();
        if !seen.contains(&id) && take_up(wiring, fetch) {
            seen.insert(id);
        }
    }
}

/// Hands a registered fetch to the Coordinator; says whether it arrived.
pub(super) fn take_up(wiring: &Arc<Wiring>, fetch: Fetch) -> bool {
    let instruments = wiring.parts.instruments.get();
    let Some(instrument) = instruments.by_id(fetch.instrument) else { return true };
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
    let trades = rows.iter().filter(|row| row.source == Source::Trades);
    if let Some(newest) = trades.map(|row| row.range).max_by_key(|range| range.to_us) {
        parts.clock.heard(newest.to_us);
        if !consumes {
            parts.live.stored(instrument, newest);
        }
    }
    Ok(())
}
