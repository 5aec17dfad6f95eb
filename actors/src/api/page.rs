//! One page of a list: which buckets it answers for, what is ready of them, and where the next page begins.
//!
//! ```text
//! asked     ├──────────────────────────────────────────────┤
//! window    ├──dead──┼─────── limit buckets ───────┤           only this much is asked of the Datastore (and fetched)
//! ready     ├────────────────────────┤                         up to the first gap that a fetch would close
//! cursor                             ╰──▶ goes on here
//! ```
//!
//! Dead parts (before the listing, beyond what the exchange keeps) cost nothing and are skipped, so that `from=earliest`
//! leads to candles at once; where the listing is not known yet, the days are looked through first. Newest first it is
//! the mirror image.

use super::{
    cursor::{Cursor, Order},
    params::{Asked, Params},
    problem::{Kind, Problem},
};
use crate::datastore::{Answer, Front, Reply, Request};
use statechart_runtime::{
    market::{Candle, Gap, Instrument, Interval, Plan, PlanRequest, Segment, TimeRange, live_horizon, plan},
    ports::Fetch,
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};

/// Most windows that one request looks at while all of them are dead; each counts four times as
/// many buckets as the one before.
const MAX_WINDOWS: u32 = 10;
/// How much longer than `wait` the Datastore may take. (Tests do not wait for it.)
const ANSWER_GRACE: Duration = if cfg!(test) { Duration::from_millis(300) } else { Duration::from_secs(10) };
/// Even `wait=0` gives the Datastore this much time to look, and to register what has to be fetched.
const MIN_LOOK: Duration = Duration::from_millis(250);

/// What can be served now.
pub(super) struct Page {
    pub(super) instrument: Arc<Instrument>,
    /// Clipped to the page: its range is what the page answers for.
    pub(super) plan: Plan,
    /// The contiguous part that is served.
    pub(super) ready: TimeRange,
    /// Where the next page begins; `None` at the end.
    pub(super) cursor: Option<Cursor>,
    /// The candles, when the cache held them.
    pub(super) cached: Option<Arc<[Candle]>>,
}

/// A page, or what its candles are waiting for.
pub(super) enum Found {
    Page(Page),
    Pending(Fetch),
}

impl Page {
    /// Whether nothing is missing in the page's range.
    pub(super) fn is_complete(&self) -> bool {
        self.plan.is_complete()
    }

    /// Whether the page will not change, late trades excepted: only then does it have an ETag.
    pub(super) fn is_final(&self) -> bool {
        self.is_complete() && self.plan.range.to_us <= self.plan.horizon_us
    }

    /// Whether there is nothing to show although something is on its way.
    pub(super) fn is_waiting(&self) -> bool {
        let shows = |one: &Segment| !one.range.intersect(self.ready).is_empty();
        !self.plan.segments.iter().any(shows) && self.plan.fetches().next().is_some()
    }
}

/// Asks the Datastore for the next page of `asked`.
///
/// # Errors
/// 503 when it cannot answer.
pub(super) async fn find(
    front: &dyn Front,
    params: &Params,
    instrument: Arc<Instrument>,
    asked: Asked,
    now_us: i64,
) -> Result<Found, Problem> {
    if asked.range.is_empty() {
        return Ok(Found::Page(empty(instrument, params, asked, now_us)));
    }
    let started = Instant::now();
    let mut round = 0;
    loop {
        let window = window(front, params, &instrument, asked, now_us, round).await?;
        let left = params.wait.saturating_sub(started.elapsed()).max(MIN_LOOK);
        let request = Request { instrument: instrument.clone(), interval: params.interval, range: window };
        let reply = timeout(left + ANSWER_GRACE, front.ask(request, left)).await;
        let answer = match reply {
            Ok(Reply::Ready(answer)) => answer,
            reply => {
                // What is stored is served all the same: the newest part, or everything while the exchange is away.
                let plan = known_plan(front, params.interval, &instrument, window, now_us).await?;
                let answer = Answer { instrument: instrument.clone(), plan: Arc::new(plan), cached: None };
                let page = settle(answer, params, asked, window);
                let is_partly_ready = page.plan.segments.iter().any(|one| page.ready.covers(one.range));
                return match reply {
                    _ if is_partly_ready => Ok(Found::Page(page)),
                    Ok(Reply::Pending(fetch)) => Ok(Found::Pending(fetch)),
                    Ok(Reply::Failed { reason }) => Err(Problem::later(Kind::Unavailable, 2, reason)
                        .hint("try again; `GET /healthz` tells which part is out of order")),
                    Ok(Reply::Ready(_)) | Err(_) => {
                        let detail = format!("the data was not found within {} ms", left.as_millis());
                        Err(Problem::later(Kind::TimedOut, 5, detail).hint("try again, or ask for less"))
                    }
                };
            }
        };
        round += 1;
        let all_dead = answer.plan.segments.is_empty() && answer.plan.fetches().next().is_none();
        if all_dead && window != asked.range && round < MAX_WINDOWS && started.elapsed() < params.wait {
            if round == 1 && params.interval < Interval::D1 {
                let left = params.wait.saturating_sub(started.elapsed()).max(MIN_LOOK);
                if let Some(fetch) = scout(front, &instrument, asked.range, left).await {
                    return Ok(Found::Pending(fetch));
                }
            }
            continue;
        }
        let page = settle(answer, params, asked, window);
        if page.is_waiting()
            && let Some(fetch) = open_fetch(front, &page).await?
        {
            return Ok(Found::Pending(fetch));
        }
        return Ok(Found::Page(page));
    }
}

/// Has the listing of an instrument found out: its days are a few pages, and they tell where trading began, whatever the
/// interval wished for. Returns the fetch, when there was not enough time for it.
async fn scout(
    front: &dyn Front,
    instrument: &Arc<Instrument>,
    range: TimeRange,
    left: Duration,
) -> Option<Fetch> {
    let request = Request { instrument: instrument.clone(), interval: Interval::D1, range };
    // Whatever else it answers, the next window shows what it has brought.
    match timeout(left + ANSWER_GRACE, front.ask(request, left)).await {
        Ok(Reply::Pending(fetch)) => Some(fetch),
        _ => None,
    }
}

/// The part of `asked` that the Datastore is asked for.
async fn window(
    front: &dyn Front,
    params: &Params,
    instrument: &Instrument,
    asked: Asked,
    now_us: i64,
    round: u32,
) -> Result<TimeRange, Problem> {
    let Some(limit) = params.limit else { return Ok(asked.range) };
    let known = known_plan(front, params.interval, instrument, asked.range, now_us).await?;
    let buckets = limit.saturating_mul(4usize.saturating_pow(round));
    Ok(span(asked.range, live_edge(&known, params.order), buckets, params))
}

/// What the store has of a range, without asking for what is missing.
async fn known_plan(
    front: &dyn Front,
    interval: Interval,
    instrument: &Instrument,
    range: TimeRange,
    now_us: i64,
) -> Result<Plan, Problem> {
    let everything = TimeRange { from_us: 0, to_us: i64::MAX };
    // Neighbours are merged on write, so all rows of an instrument are few.
    let rows = front.store().coverage(instrument.id, everything).await?;
    let horizon_us = live_horizon(&rows, now_us, front.live_lag_us());
    Ok(plan(&PlanRequest { range, interval, horizon_us, listed_us: instrument.listed_us }, &rows))
}

/// From the begin of `range` (its end, newest first) to `buckets` buckets behind `edge_us`.
fn span(range: TimeRange, edge_us: i64, buckets: usize, params: &Params) -> TimeRange {
    let width_us = i64::try_from(buckets).unwrap_or(i64::MAX).saturating_mul(params.interval.width_us());
    match params.order {
        Order::Asc => TimeRange { to_us: edge_us.saturating_add(width_us).min(range.to_us), ..range },
        Order::Desc => TimeRange { from_us: edge_us.saturating_sub(width_us).max(range.from_us), ..range },
    }
}

/// Where the first part begins that is not dead: which is there, or can be fetched.
fn live_edge(plan: &Plan, order: Order) -> i64 {
    let dead = |gap: &&Gap| gap.fetch.is_none();
    match order {
        Order::Asc => plan.gaps.iter().take_while(dead).fold(plan.range.from_us, |edge_us, gap| {
            if gap.range.from_us == edge_us { gap.range.to_us } else { edge_us }
        }),
        Order::Desc => plan.gaps.iter().rev().take_while(dead).fold(plan.range.to_us, |edge_us, gap| {
            if gap.range.to_us == edge_us { gap.range.from_us } else { edge_us }
        }),
    }
}

/// Makes a page of an answer.
fn settle(answer: Answer, params: &Params, asked: Asked, window: TimeRange) -> Page {
    let whole = answer.plan.range;
    let range = match params.limit {
        Some(limit) => span(whole, live_edge(&answer.plan, params.order), limit, params),
        None => whole,
    };
    let plan = clip(&answer.plan, range);
    let mut fetchable = plan.gaps.iter().filter(|gap| gap.fetch.is_some());
    let (ready, rest) = match params.order {
        Order::Asc => {
            let ready = TimeRange { to_us: plan.ready_until_us(), ..range };
            // A plan that ends before its window ends at the horizon: there is nothing behind it yet.
            let is_last = ready.to_us == whole.to_us
                && (whole.to_us < window.to_us || window.to_us >= asked.range.to_us);
            let rest = TimeRange { from_us: ready.to_us, to_us: asked.range.to_us };
            (ready, Some(rest).filter(|rest| !is_last && !rest.is_empty()))
        }
        Order::Desc => {
            let ready_from_us = fetchable.next_back().map_or(range.from_us, |gap| gap.range.to_us);
            let ready = TimeRange { from_us: ready_from_us, ..range };
            let rest = TimeRange { from_us: asked.range.from_us, to_us: ready_from_us };
            (ready, Some(rest).filter(|rest| !rest.is_empty()))
        }
    };
    let cursor = rest.map(|rest| Cursor {
        symbol: answer.instrument.symbol.clone(),
        interval: params.interval,
        order: params.order,
        from_us: rest.from_us,
        to_us: if asked.open_end && params.order == Order::Asc { None } else { Some(rest.to_us) },
    });
    Page { instrument: answer.instrument, plan, ready, cursor, cached: answer.cached }
}

/// The part of a plan inside a range of whole buckets.
pub(super) fn clip(plan: &Plan, range: TimeRange) -> Plan {
    let segments =
        plan.segments.iter().map(|one| Segment { range: one.range.intersect(range), ..one.clone() });
    let gaps = plan.gaps.iter().map(|one| Gap { range: one.range.intersect(range), ..*one });
    Plan {
        interval: plan.interval,
        range,
        horizon_us: plan.horizon_us,
        segments: segments.filter(|one| !one.range.is_empty()).collect(),
        gaps: gaps.filter(|one| !one.range.is_empty()).collect(),
    }
}

/// The fetch under way for what the page misses, if there is one: then there is something to wait for.
async fn open_fetch(front: &dyn Front, page: &Page) -> Result<Option<Fetch>, Problem> {
    let wanted: Vec<TimeRange> = page.plan.fetches().map(|(_, range)| range).collect();
    let open = front.store().open_fetches().await?;
    Ok(open.into_iter().find(|fetch| {
        fetch.instrument == page.instrument.id
            && wanted.iter().any(|range| !range.intersect(fetch.range).is_empty())
    }))
}

/// A range in which no bucket begins.
fn empty(instrument: Arc<Instrument>, params: &Params, asked: Asked, now_us: i64) -> Page {
    let plan = Plan {
        interval: params.interval,
        range: asked.range,
        horizon_us: now_us,
        segments: Vec::new(),
        gaps: Vec::new(),
    };
    Page { instrument, plan, ready: asked.range, cursor: None, cached: None }
}
