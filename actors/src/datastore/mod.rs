//! What `specs/datastore.sc` leaves to Rust, and the front that the API asks.
//!
//! ```text
//! ask ─▶ Datastore machine ─query─▶ cache │ coverage ─▶ plan ─▶ answer
//!                          └─open_fetch─▶ Coordinator …  await_data watches coverage ─▶ answer
//! ```
//!
//! An answer is a plan, not a list: its candles are read page by page while they are sent.

mod front;
mod types;

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::StreamExt;
use rand_chacha::{ChaCha8Rng, rand_core::Rng};
use statechart_runtime::{
    market::{FetchId, Plan, PlanRequest, Read, Segment, Source, TimeRange, live_horizon, plan},
    ports::{CacheAnswer, CacheKey, Fetch, FetchRequest, FetchState, Wake},
    value::Text,
};
use tokio::sync::oneshot;

pub use front::{ActorFront, EARLIEST_US, Front, Inquiry};
pub use types::{Answer, Job, JobInfo, Reply, Request};

use crate::{
    machines::datastore::{AwaitDataOutcome, Externs, OpenFetchOutcome, QueryOutcome, ReturnDataOutcome},
    parts::Parts,
};

/// How often a waiting request looks at the store, should no wake-up come.
const POLL: Duration = Duration::from_millis(500);

/// Random bits for the names of fetches.
pub type Random = Arc<Mutex<ChaCha8Rng>>;

/// The services of one request.
pub struct Datastore {
    parts: Arc<Parts>,
    random: Random,
    reply: Arc<Mutex<Option<oneshot::Sender<Answer>>>>,
}

impl Datastore {
    /// The services of a request whose answer goes to `reply`.
    pub fn new(parts: Arc<Parts>, random: Random, reply: oneshot::Sender<Answer>) -> Self {
        Self { parts, random, reply: Arc::new(Mutex::new(Some(reply))) }
    }
}

impl Externs for Datastore {
    fn query(&mut self, request: Request) -> impl Future<Output = QueryOutcome> + Send + 'static {
        let parts = self.parts.clone();
        async move {
            if let Some(data) = from_cache(&parts, &request).await {
                return QueryOutcome::DbQuerySuccess { data };
            }
            match make_plan(&parts, &request).await {
                Ok(plan) if plan.fetches().next().is_none() => {
                    QueryOutcome::DbQuerySuccess { data: answer(&request, plan) }
                }
                Ok(_) => QueryOutcome::DbQueryEmpty,
                Err(reason) => QueryOutcome::DbQueryFailure { reason: Text::from(reason) },
            }
        }
    }

    fn open_fetch(&mut self, request: Request) -> impl Future<Output = OpenFetchOutcome> + Send + 'static {
        let (parts, random) = (self.parts.clone(), self.random.clone());
        async move {
            match open_fetches(&parts, &random, &request).await {
                Ok((job, fresh)) => OpenFetchOutcome::FetchInstructionsSent {
                    topic: Text::from(job.0.topic.clone()),
                    job,
                    fresh,
                },
                Err(reason) => OpenFetchOutcome::FetchInstructionsFailed { reason: Text::from(reason) },
            }
        }
    }

    fn await_data(
        &mut self,
        request: Request,
        job: Job,
    ) -> impl Future<Output = AwaitDataOutcome> + Send + 'static {
        let parts = self.parts.clone();
        async move {
            match await_data(&parts, &request, &job).await {
                Ok(data) => AwaitDataOutcome::DataFetched { data },
                Err(reason) => AwaitDataOutcome::DataFetchFailed { reason: Text::from(reason) },
            }
        }
    }

    fn return_data(&mut self, data: Answer) -> impl Future<Output = ReturnDataOutcome> + Send + 'static {
        let reply = self.reply.lock().unwrap_or_else(PoisonError::into_inner).take();
        async move {
            match reply.map(|reply| reply.send(data)) {
                Some(Ok(())) => ReturnDataOutcome::ReturnDataSuccess,
                Some(Err(_)) => ReturnDataOutcome::ReturnDataFailure {
                    gone: true,
                    reason: Text::Static("the client no longer waits"),
                },
                None => ReturnDataOutcome::ReturnDataFailure {
                    gone: false,
                    reason: Text::Static("this request has been answered already"),
                },
            }
        }
    }
}

fn answer(request: &Request, plan: Plan) -> Answer {
    Answer { instrument: request.instrument.clone(), plan: Arc::new(plan), cached: None }
}

/// The answer from the cache, where it knows all of the range up to the live edge.
async fn from_cache(parts: &Parts, request: &Request) -> Option<Answer> {
    let edge = parts.live.get(request.instrument.id)?;
    let now_us = parts.clock.now_us();
    if edge.to_us < now_us.saturating_sub(parts.clock.live_lag_us()) {
        return None;
    }
    let interval = request.interval;
    let from_us = interval.ceil_us(request.range.from_us);
    let until_us = request.range.to_us.min(edge.to_us);
    if from_us >= until_us {
        return None;
    }
    let key = CacheKey { symbol: request.instrument.symbol.clone(), interval };
    let wanted = TimeRange { from_us, to_us: until_us };
    let Ok(CacheAnswer::Hit(candles)) = parts.cache.get(&key, wanted).await else { return None };
    let range = TimeRange { from_us, to_us: interval.ceil_us(until_us) };
    let plan = Plan {
        interval,
        range,
        horizon_us: edge.to_us,
        segments: vec![Segment { range, read: Read::Trades }],
        gaps: Vec::new(),
    };
    Some(Answer { cached: Some(candles.into()), ..answer(request, plan) })
}

/// What the store can serve of a request, and what is missing.
///
/// # Errors
/// Those of the store, as text.
pub(crate) async fn make_plan(parts: &Parts, request: &Request) -> Result<Plan, String> {
    let everything = TimeRange { from_us: 0, to_us: i64::MAX };
    // Coverage is merged on write, so all rows of an instrument are few.
    let rows =
        parts.store.coverage(request.instrument.id, everything).await.map_err(|error| error.to_string())?;
    let horizon_us = live_horizon(&rows, parts.clock.now_us(), parts.clock.live_lag_us());
    Ok(plan(
        &PlanRequest {
            range: request.range,
            interval: request.interval,
            horizon_us,
            listed_us: request.instrument.listed_us,
        },
        &rows,
    ))
}

/// Registers what is missing, one fetch a source, each over the whole of its missing range.
async fn open_fetches(parts: &Parts, random: &Random, request: &Request) -> Result<(Job, bool), String> {
    let plan = make_plan(parts, request).await?;
    let mut wanted: Vec<(Source, TimeRange)> = Vec::new();
    for (source, range) in plan.fetches() {
        match wanted.iter_mut().find(|(known, _)| *known == source) {
            Some((_, known)) => {
                known.from_us = known.from_us.min(range.from_us);
                known.to_us = known.to_us.max(range.to_us);
            }
            None => wanted.push((source, range)),
        }
    }
    wanted.sort_by_key(|(_, range)| std::cmp::Reverse(range.len_us()));
    let (mut fetches, mut fresh) = (Vec::new(), false);
    for (source, range) in wanted {
        let id = {
            let mut random = random.lock().unwrap_or_else(PoisonError::into_inner);
            FetchId::from_random(u128::from(random.next_u64()) << 64 | u128::from(random.next_u64()))
        };
        let instrument = request.instrument.id;
        let wish = FetchRequest { id, instrument, source, range, now_us: (parts.wall)() };
        let (fetch, is_new) = parts.store.open_fetch(&wish).await.map_err(|error| error.to_string())?;
        fresh |= is_new;
        fetches.push(fetch);
    }
    let topic = request.instrument.symbol.clone();
    Ok((Job(Arc::new(JobInfo { fetches, instrument: request.instrument.clone(), topic })), fresh))
}

/// Waits until the fetches of a job have ended; woken early, else polling.
async fn await_data(parts: &Parts, request: &Request, job: &Job) -> Result<Answer, String> {
    let mut wakes = parts.cache.subscribe().await.ok();
    loop {
        let (mut open, mut failed) = (false, None);
        for fetch in &job.0.fetches {
            match parts.store.fetch(&fetch.id).await.map_err(|error| error.to_string())? {
                Some(Fetch { state: FetchState::Failed, error, .. }) => {
                    failed = Some(error.unwrap_or_default())
                }
                Some(fetch) => open |= fetch.state.is_open(),
                None => {}
            }
        }
        if !open {
            let plan = make_plan(parts, request).await?;
            return match failed {
                Some(error) if plan.ready_until_us() <= plan.range.from_us => Err(error),
                _ => Ok(answer(request, plan)),
            };
        }
        let mine = |wake: &Wake| matches!(wake, Wake::Fetch(id) if job.0.fetches.iter().any(|fetch| fetch.id == *id));
        let woken = async {
            match &mut wakes {
                Some(wakes) => while wakes.next().await.is_some_and(|wake| !mine(&wake)) {},
                None => std::future::pending().await,
            }
        };
        // The poll is what counts; a wake-up only shortens it.
        let _ = tokio::time::timeout(POLL, woken).await;
    }
}
