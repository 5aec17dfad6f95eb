//! What goes into and comes out of a store besides market data.

use super::batch::PositionKey;
use crate::market::{
    CoverageRow, Decimal, FetchId, Instrument, InstrumentId, Interval, Read, Source, TimeRange, TradeCandle,
};
use std::collections::BTreeMap;

/// What [`super::Store::ingest`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Trades that were new.
    pub inserted: usize,
    /// Trades that were there already.
    pub duplicates: usize,
    /// Items below the stored position: another attempt had written them.
    pub dropped: usize,
    /// REST candles that were new or changed.
    pub rest_written: usize,
    /// Dead letters that were new.
    pub dead_letters: usize,
    /// The stored position afterwards; 0 without one.
    pub next_offset: i64,
    /// New values of all touched trade candles, 1m to 1d, ordered: for the cache.
    pub touched: Vec<Touched>,
    /// Instruments whose coverage changed.
    pub covered: Vec<InstrumentId>,
    /// New versions of instruments whose closed buckets changed.
    pub versions: BTreeMap<InstrumentId, i64>,
}

/// Which kind of store serves, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreMode {
    /// `sqlite`, `timescale` or `plain`.
    pub name: &'static str,
    /// Why this one, in a sentence without a full stop.
    pub why: String,
}

/// Closed buckets of one interval from one source: what [`super::Store::csv`] writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvPart {
    /// Where they are.
    pub read: Read,
    /// Width of the candles.
    pub interval: Interval,
    /// Which buckets, by their start.
    pub range: TimeRange,
}

/// What [`super::Store::maintain`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Maintained {
    /// Late minutes that readers find in the candles again.
    pub cleaned: u64,
    /// Up to where candles are made ahead of reading, µs.
    pub until_us: Option<i64>,
}

/// A candle that a transaction changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The instrument.
    pub instrument: InstrumentId,
    /// The width.
    pub interval: Interval,
    /// The new value.
    pub candle: TradeCandle,
}

/// A wish for missing data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchRequest {
    /// Identity, used when no equal fetch is open.
    pub id: FetchId,
    /// The instrument.
    pub instrument: InstrumentId,
    /// What to ask.
    pub source: Source,
    /// For which range.
    pub range: TimeRange,
    /// Wall clock, µs.
    pub now_us: i64,
}

/// A fetch: worked off by the Coordinator and the Producer, watched by Datastores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// Identity.
    pub id: FetchId,
    /// The instrument.
    pub instrument: InstrumentId,
    /// What is asked.
    pub source: Source,
    /// For which range.
    pub range: TimeRange,
    /// Where it stands.
    pub state: FetchState,
    /// How far it has come, µs, when known (fetches may go backwards in time).
    pub done_to_us: Option<i64>,
    /// Rows stored so far.
    pub rows: u64,
    /// What went wrong.
    pub error: Option<String>,
    /// Last change, wall clock µs.
    pub updated_us: i64,
}

/// State of a fetch. Fetches of equal instrument, source and range are unique while open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FetchState {
    /// Not begun.
    Queued,
    /// Under way.
    Running,
    /// Everything is stored.
    Done,
    /// Given up; `error` says why.
    Failed,
}

impl FetchState {
    /// `queued`, `running`, `done` or `failed`.
    pub const fn name(self) -> &'static str {
        match self {
            FetchState::Queued => "queued",
            FetchState::Running => "running",
            FetchState::Done => "done",
            FetchState::Failed => "failed",
        }
    }

    /// The state of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [FetchState::Queued, FetchState::Running, FetchState::Done, FetchState::Failed]
            .into_iter()
            .find(|state| state.name() == name)
    }

    /// Whether it may still change.
    pub const fn is_open(self) -> bool {
        matches!(self, FetchState::Queued | FetchState::Running)
    }
}

/// A change of a fetch; fields that are `None` stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchUpdate {
    /// New state. A fetch that is done or failed no longer changes.
    pub state: FetchState,
    /// How far it has come, µs.
    pub done_to_us: Option<i64>,
    /// Rows stored in addition.
    pub rows_added: u64,
    /// What went wrong.
    pub error: Option<String>,
    /// Wall clock, µs.
    pub now_us: i64,
}

/// A topic as the Coordinator keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicEntry {
    /// Name.
    pub name: String,
    /// Incarnation.
    pub incarnation: i64,
    /// Number of partitions.
    pub partitions: u32,
    /// The instrument of a dynamic topic.
    pub instrument: Option<InstrumentId>,
    /// Where it stands.
    pub state: TopicState,
    /// Last use, wall clock µs.
    pub last_used_us: i64,
}

/// Life of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TopicState {
    /// Asked for, not yet there.
    Creating,
    /// Usable.
    Ready,
    /// Being removed.
    Deleting,
    /// Gone; kept for its incarnation.
    Deleted,
}

impl TopicState {
    /// `creating`, `ready`, `deleting` or `deleted`.
    pub const fn name(self) -> &'static str {
        match self {
            TopicState::Creating => "creating",
            TopicState::Ready => "ready",
            TopicState::Deleting => "deleting",
            TopicState::Deleted => "deleted",
        }
    }

    /// The state of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [TopicState::Creating, TopicState::Ready, TopicState::Deleting, TopicState::Deleted]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// A dead letter as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDeadLetter {
    /// Number in the store, rising: the cursor of lists.
    pub seq: i64,
    /// Topic; empty when the data did not come from the log.
    pub topic: String,
    /// Incarnation of the topic.
    pub incarnation: i64,
    /// Partition.
    pub partition: u32,
    /// Offset.
    pub offset: i64,
    /// Why.
    pub reason: String,
    /// The record.
    pub payload: Vec<u8>,
}

/// Numbers for a status screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Per instrument, by symbol.
    pub instruments: Vec<InstrumentStats>,
    /// Stored positions: lag = the log's high watermark − this.
    pub positions: Vec<(PositionKey, i64)>,
    /// Dead letters.
    pub dead_letters: u64,
    /// Fetches that are queued or running.
    pub open_fetches: u64,
    /// REST candles.
    pub rest_candles: u64,
}

/// Numbers of one instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstrumentStats {
    /// The instrument.
    pub instrument: Instrument,
    /// Trades stored.
    pub trades: u64,
    /// Time of the first trade, µs.
    pub first_trade_us: Option<i64>,
    /// Time and price of the last trade.
    pub last_trade: Option<(i64, Decimal)>,
    /// The newest coverage rows of each source, at most 32 per source, ordered by source and time.
    pub coverage: Vec<CoverageRow>,
}
