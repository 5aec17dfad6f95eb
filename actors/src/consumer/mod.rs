//! What `specs/consumer_fixed.sc` and `specs/consumer_dynamic.sc` leave to Rust.
//!
//! ```text
//! log ─Reader─▶ LogBatch ─decode─▶ Records ─ingest (one transaction)─▶ Touched ─▶ cache, waiters
//! ```
//!
//! The position of the reader is the store's: it moves in the transaction that stores the batch, and
//! after a failure it is read again from there. That is what makes a batch count once. While there is more in the log the
//! reader fetches and decodes the next batch as this one is stored, and the cache is told of the one before.

mod ahead;
mod cache;
mod dynamic;
mod fixed;
mod reader;
mod relay;
mod store;

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use statechart_runtime::{
    market::{CandlePage, FetchEnd, InstrumentTable},
    ports::{Batch, BatchBuilder, FetchedRecord, Ingested, Lease, PositionKey},
};

pub use dynamic::{Dynamic, Subscription};
pub use fixed::Fixed;
pub use reader::Reader;
pub use relay::{DEAD_LETTER_TOPIC, relay};

pub(crate) use relay::GROUP as RELAY_GROUP;

/// Records of one partition, as fetched.
#[derive(Clone)]
pub struct LogBatch(pub(crate) Arc<Fetch>);

/// See [`LogBatch`].
pub(crate) struct Fetch {
    /// Whose position it moves.
    pub(crate) key: PositionKey,
    /// The stored position when it was fetched.
    pub(crate) committed: i64,
    /// The position after it.
    pub(crate) next: i64,
    /// Under which it is written.
    pub(crate) lease: Option<Lease>,
    /// How many records it holds.
    pub(crate) count: usize,
    /// Taken once: after a failure the log is read again.
    pub(crate) content: Mutex<Option<Content>>,
}

/// What a batch holds.
pub(crate) enum Content {
    /// What the records say.
    Parsed(Box<Parsed>),
    /// Records in order of offsets, of which some could not be used when they were read: a symbol may have come since.
    Raw(Vec<FetchedRecord>),
}

/// What records say, by the instruments that were known then. Where they came from is not in it yet.
pub(crate) struct Parsed {
    pub(crate) batch: Batch,
    pub(crate) pages: Vec<CandlePage>,
    pub(crate) ends: Vec<(i64, FetchEnd)>,
}

impl Parsed {
    pub(crate) fn new(instruments: &InstrumentTable, records: &[FetchedRecord]) -> Self {
        let mut builder = BatchBuilder::new(instruments, None);
        records.iter().for_each(|record| builder.push(record));
        builder.into()
    }
}

impl From<BatchBuilder<'_>> for Parsed {
    fn from(mut builder: BatchBuilder<'_>) -> Self {
        let pages = std::mem::take(&mut builder.pages).into_iter().map(|(_, page)| page).collect();
        let ends = std::mem::take(&mut builder.ends);
        Self { batch: builder.finish(), pages, ends }
    }
}

/// A decoded batch, on its way into the store. Taken once: after a failure the log is read again.
#[derive(Clone)]
pub struct Records(pub(crate) Arc<Decoded>);

/// See [`Records`].
pub(crate) struct Decoded {
    pub(crate) batch: Mutex<Option<Batch>>,
    pub(crate) pages: Vec<CandlePage>,
    pub(crate) ends: Vec<FetchEnd>,
}

/// What a transaction changed.
#[derive(Clone)]
pub struct Touched(pub(crate) Arc<Written>);

/// See [`Touched`].
pub(crate) struct Written {
    pub(crate) ingested: Ingested,
    pub(crate) covered:
        Vec<(statechart_runtime::market::InstrumentId, statechart_runtime::market::TimeRange)>,
    pub(crate) fetches: Vec<statechart_runtime::market::FetchId>,
}

// State snapshots print contexts, so these stay short.
impl fmt::Debug for LogBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogBatch({} records to offset {})", self.0.count, self.0.next)
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Records({} pages, {} ends)", self.0.pages.len(), self.0.ends.len())
    }
}

impl fmt::Debug for Touched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ingested = &self.0.ingested;
        write!(
            f,
            "Touched({} trades, {} candles)",
            ingested.inserted,
            ingested.touched.len() + ingested.rest_written
        )
    }
}
