//! The front of the Datastore: one machine a request.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use statechart_runtime::{
    actor::{self, ActorRef, Options},
    market::{FetchId, InstrumentTable},
    ports::{Fetch, Store, StoreError},
};
use tokio::sync::{mpsc, oneshot};

use super::{Datastore, Random, Reply, Request, make_plan};
use crate::{
    machines::datastore::{Event, Machine, Message, Output},
    parts::LIVE_LAG_US,
    platform::Wiring,
    status::Status,
};

/// `earliest` where an instrument's listing is not known: 2010-01-01, µs.
pub const EARLIEST_US: i64 = 1_262_304_000_000_000;

/// Outputs of one request that may wait: a machine that answers one emits two at most.
const OUTPUTS: usize = 8;

/// How many requests the status screen remembers.
const RECENT: usize = 8;

/// What the API needs of the platform.
#[async_trait]
pub trait Front: Send + Sync + 'static {
    /// Asks for candles and waits at most so long for an answer.
    async fn ask(&self, request: Request, wait: Duration) -> Reply;
    /// The instruments.
    async fn instruments(&self) -> Result<InstrumentTable, StoreError>;
    /// A fetch by its id.
    async fn fetch(&self, id: &FetchId) -> Result<Option<Fetch>, StoreError>;
    /// Where answers are read from.
    fn store(&self) -> &Arc<dyn Store>;
    /// The exchange's clock, µs.
    fn now_us(&self) -> i64;
    /// How far the live feed may lag behind that clock and still count as up to date, µs.
    fn live_lag_us(&self) -> i64 {
        LIVE_LAG_US
    }
    /// One screen of numbers.
    async fn status(&self) -> Status;
    /// The parts and how they are: log, store, cache, exchange.
    async fn health(&self) -> Vec<(String, Result<(), String>)>;
}

/// [`Front`] on actors.
pub struct ActorFront {
    wiring: Arc<Wiring>,
    random: Random,
    number: AtomicU64,
    recent: Mutex<VecDeque<ActorRef>>,
}

impl ActorFront {
    /// A front for a running platform.
    pub(crate) fn new(wiring: Arc<Wiring>, random: Random) -> Self {
        Self { wiring, random, number: AtomicU64::new(1), recent: Mutex::default() }
    }

    /// The newest requests' actors, oldest first.
    pub(crate) fn recent(&self) -> Vec<ActorRef> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn remember(&self, actor: ActorRef) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == RECENT {
            recent.pop_front();
        }
        recent.push_back(actor);
    }

    /// What is ready now, when waiting was not enough for everything.
    async fn so_far(&self, request: &Request, pending: Option<Fetch>) -> Reply {
        let parts = &self.wiring.parts;
        let plan = match make_plan(parts, request).await {
            Ok(plan) => plan,
            Err(reason) => return Reply::Failed { reason },
        };
        if plan.ready_until_us() > plan.range.from_us || pending.is_none() {
            return Reply::Ready(super::answer(request, plan));
        }
        let Some(fetch) = pending else {
            return Reply::Failed { reason: "the request has not been looked at yet; ask again".to_owned() };
        };
        match parts.store.fetch(&fetch.id).await {
            Ok(newest) => Reply::Pending(newest.unwrap_or(fetch)),
            Err(error) => Reply::Failed { reason: error.to_string() },
        }
    }
}

#[async_trait]
impl Front for ActorFront {
    async fn ask(&self, request: Request, wait: Duration) -> Reply {
        let (reply, answer) = oneshot::channel();
        let (told, mut outputs) = mpsc::channel(OUTPUTS);
        let machine = Machine::new(Datastore::new(self.wiring.parts.clone(), self.random.clone(), reply));
        let wiring = self.wiring.clone();
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let options = Options::default()
            .name(format!("datastore-{number}"))
            .mailbox(16)
            .inspector(&self.wiring.inspector)
            .on_output(move |output: &Output| {
                let _ = told.try_send(output.clone());
            })
            .peers(move |message| match message {
                Message::Coordinator(event) => wiring.to_coordinator(event),
                Message::Itself(_) => Ok(()),
            });
        let handle = actor::spawn(machine, options);
        self.remember(handle.reference());
        if let Err(error) = handle.try_tell(Event::RequestData { request: request.clone() }) {
            return Reply::Failed { reason: error.to_string() };
        }
        let mut pending = None;
        let answered = async {
            tokio::pin!(answer);
            loop {
                tokio::select! {
                    biased;
                    answer = &mut answer => return match answer {
                        Ok(answer) => Reply::Ready(answer),
                        Err(_) => Reply::Failed { reason: "the request's actor has stopped".to_owned() },
                    },
                    Some(output) = outputs.recv() => match output {
                        Output::FetchStarted { job } => pending = job.0.fetches.first().cloned(),
                        Output::RequestFailed { reason } => return Reply::Failed { reason: reason.to_string() },
                    },
                }
            }
        };
        match tokio::time::timeout(wait, answered).await {
            Ok(reply) => reply,
            Err(_) => {
                // Nobody waits for this machine any more; the fetch goes on without it.
                handle.request_stop(Duration::ZERO);
                self.so_far(&request, pending).await
            }
        }
    }

    async fn instruments(&self) -> Result<InstrumentTable, StoreError> {
        Ok(InstrumentTable::new(self.wiring.parts.store.instruments().await?))
    }

    async fn fetch(&self, id: &FetchId) -> Result<Option<Fetch>, StoreError> {
        self.wiring.parts.store.fetch(id).await
    }

    fn store(&self) -> &Arc<dyn Store> {
        &self.wiring.parts.store
    }

    fn now_us(&self) -> i64 {
        self.wiring.parts.clock.now_us()
    }

    fn live_lag_us(&self) -> i64 {
        self.wiring.parts.clock.live_lag_us()
    }

    async fn status(&self) -> Status {
        self.wiring.status(&self.recent()).await
    }

    async fn health(&self) -> Vec<(String, Result<(), String>)> {
        self.wiring.health().await
    }
}
