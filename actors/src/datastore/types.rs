//! What the Datastore is asked and what it answers.

use std::{fmt, sync::Arc};

use statechart_runtime::{
    market::{Candle, Instrument, Interval, Plan, TimeRange},
    ports::Fetch,
};

/// A request for candles, its symbol resolved and its range settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is traded.
    pub instrument: Arc<Instrument>,
    /// Width of the candles.
    pub interval: Interval,
    /// Half-open, µs.
    pub range: TimeRange,
}

/// What a request got: a plan of where its candles stand; they are read page by page while they are sent.
#[derive(Clone)]
pub struct Answer {
    /// What is traded.
    pub instrument: Arc<Instrument>,
    /// Which source serves which part, and what is missing.
    pub plan: Arc<Plan>,
    /// All candles of the plan, when the cache held them.
    pub cached: Option<Arc<[Candle]>>,
}

/// A fetch that is open for a range: what the Coordinator is asked to have done.
#[derive(Clone)]
pub struct Job(pub Arc<JobInfo>);

/// See [`Job`].
#[derive(Debug)]
pub struct JobInfo {
    /// The fetches as they were opened, the largest range first; at least one.
    pub fetches: Vec<Fetch>,
    /// What is traded.
    pub instrument: Arc<Instrument>,
    /// The topic that its pages go to.
    pub topic: String,
}

// State snapshots print contexts, so these stay short.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Answer({} {}, {} segments, {} gaps)",
            self.instrument.symbol,
            self.plan.interval,
            self.plan.segments.len(),
            self.plan.gaps.len()
        )
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.0.fetches.first().map_or("none", |fetch| fetch.id.as_str());
        write!(f, "Job({first} to {})", self.0.topic)
    }
}

/// How a request stands when its waiting time is over.
#[derive(Debug, Clone)]
pub enum Reply {
    /// There is something to serve: everything, or the contiguous part that is ready.
    Ready(Answer),
    /// Nothing is ready yet; this fetch is under way.
    Pending(Fetch),
    /// It cannot be answered now.
    Failed {
        /// For the caller.
        reason: String,
    },
}
