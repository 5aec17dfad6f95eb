//! The front of the Datastore: one machine a request.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use statechart_runtime::{
    actor::{self, ActorRef, Handle, Options},
    market::{FetchId, InstrumentId, InstrumentTable},
    ports::{Fetch, Store, StoreError},
};
use tokio::sync::{mpsc, oneshot};

use super::{Answer, Datastore, Random, Reply, Request, make_plan};
use crate::{
    machines::{
        datastore::{Event, Machine, Message, Output},
        platform,
    },
    parts::LIVE_LAG_US,
    platform::Wiring,
    status::Status,
};

/// `earliest` where an instrument's listing is not known: 2010-01-01, µs.
pub const EARLIEST_US: i64 = 1_262_304_000_000_000;

/// Outputs of one request that may wait: a machine that answers one emits two at most.
const OUTPUTS: usize = 8;

/// How long the Platform may take to let a request pass.
const PASSING: Duration = Duration::from_secs(2);

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
    /// The exchange's clock for a question about an instrument: not behind what is stored of it, µs.
    async fn now_for(&self, _instrument: InstrumentId) -> Result<i64, StoreError> {
        Ok(self.now_us())
    }
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

/// A request on its way through the Platform, which decides whether it may pass.
#[derive(Clone)]
pub struct Inquiry(Arc<Mutex<Option<Opening>>>);

/// What is needed to start a request's machine, and where it is said that it was.
struct Opening {
    request: Request,
    reply: oneshot::Sender<Answer>,
    told: mpsc::Sender<Output>,
    opened: oneshot::Sender<Handle<Machine<Datastore>>>,
}

impl fmt::Debug for Inquiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inquiry")
    }
}

/// One workflow of the Platform, from REQUEST_DATA to the answer.
struct Workflow(Arc<Wiring>);

impl Workflow {
    fn start(wiring: &Arc<Wiring>) -> Self {
        wiring.tell_platform(platform::Event::StartWorkflow);
        Self(wiring.clone())
    }
}

impl Drop for Workflow {
    fn drop(&mut self) {
        self.0.tell_platform(platform::Event::WorkflowCompleted);
    }
}

impl ActorFront {
    /// Starts the machine of an inquiry that the Platform has let pass.
    pub(crate) fn open(&self, inquiry: &Inquiry) {
        let opening = inquiry.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Opening { request, reply, told, opened }) = opening else { return };
        let machine = Machine::new(Datastore::new(self.wiring.parts.clone(), self.random.clone(), reply));
        let wiring = self.wiring.clone();
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let options = Options::default()
            .name(format!("datastore-{number}"))
            .mailbox(16)
            .inspector(&self.wiring.inspector)
            .on_output(move |output: &Output| {
                // Whoever asked may have gone.
                let _ = told.try_send(output.clone());
            })
            .peers(move |message| match message {
                Message::Coordinator(event) => wiring.to_coordinator(event),
                Message::Itself(_) => Ok(()),
            });
        let handle = actor::spawn(machine, options);
        self.remember(handle.reference());
        if let Err(error) = handle.try_tell(Event::RequestData { request }) {
            tracing::warn!(%error, "a request did not reach its machine");
        }
        let _ = opened.send(handle);
    }
}

#[async_trait]
impl Front for ActorFront {
    async fn ask(&self, request: Request, wait: Duration) -> Reply {
        let (reply, answer) = oneshot::channel();
        let (told, mut outputs) = mpsc::channel(OUTPUTS);
        let (opened, opening) = oneshot::channel();
        let passing = Opening { request: request.clone(), reply, told, opened };
        let inquiry = Inquiry(Arc::new(Mutex::new(Some(passing))));
        let _workflow = Workflow::start(&self.wiring);
        if !self.wiring.tell_platform(platform::Event::RequestData { request: inquiry.clone() }) {
            return Reply::Failed { reason: "too many requests are under way; ask again".to_owned() };
        }
        let handle = match tokio::time::timeout(PASSING, opening).await {
            Ok(Ok(handle)) => handle,
            _ => return Reply::Failed { reason: "the platform is not ready; see /healthz".to_owned() },
        };
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

    async fn now_for(&self, instrument: InstrumentId) -> Result<i64, StoreError> {
        self.wiring.now_for(instrument).await
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
