//! The store port: instruments, trades, candles, coverage, positions and fetches, with one transaction for a batch.

use super::batch::{Batch, PositionKey};
use super::lease::{Lease, Leases};
use super::store_types::{
    CsvPart, Fetch, FetchRequest, FetchUpdate, Ingested, Maintained, StoreMode, StoreStats, StoredDeadLetter,
    TopicEntry,
};
use crate::market::{
    CoverageRow, FetchId, Instrument, InstrumentId, Interval, MarketError, NewInstrument, Resolution,
    RestCandle, TimeRange, Trade, TradeCandle, TradeOrd,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use thiserror::Error;

/// The platform's memory. All reads see committed data only.
#[async_trait]
pub trait Store: Leases + 'static {
    /// A name that no other store has, for as long as it lasts. What is kept elsewhere about its content goes by it.
    async fn identity(&self) -> Result<String, StoreError>;

    /// All instruments, by symbol.
    async fn instruments(&self) -> Result<Vec<Instrument>, StoreError>;

    /// The instrument of this symbol, added if there is none (partitions are dealt round-robin). An existing one keeps
    /// its pair; only an unknown listing time is filled in.
    async fn ensure_instrument(&self, new: &NewInstrument) -> Result<Instrument, StoreError>;

    /// Writes a batch in one transaction: all of it or nothing, position included. What lies below the stored position
    /// is dropped, and trades that are there already are not counted twice, so a repeated batch has no effect.
    ///
    /// # Errors
    /// [`StoreError::PositionAhead`] when the batch would leave records out. A trade that would make a sum inexact is
    /// no error: it becomes a dead letter in the same transaction.
    async fn ingest(&self, batch: Batch) -> Result<Ingested, StoreError>;

    /// Where a group stands; `None` when it has never committed: begin at the log's low watermark.
    async fn next_offset(&self, key: &PositionKey) -> Result<Option<i64>, StoreError>;

    /// Number of the newest life of an instrument's feed that coverage was stored for; 0 before the first.
    async fn feed_epoch(&self, instrument: InstrumentId) -> Result<i64, StoreError>;

    /// Ends the present life of an instrument's feed: its number becomes the next one, and at least this one. Coverage
    /// that an older life still speaks of is ignored.
    ///
    /// # Errors
    /// [`StoreError::UnknownInstrument`].
    async fn end_feed(&self, instrument: InstrumentId, at_least: i64) -> Result<(), StoreError>;

    /// Coverage rows that overlap the range, by source and time.
    async fn coverage(
        &self,
        instrument: InstrumentId,
        range: TimeRange,
    ) -> Result<Vec<CoverageRow>, StoreError>;

    /// Trade candles of buckets that start in the range, ordered, at most `limit`; go on behind the last one's bucket.
    async fn trade_candles(
        &self,
        instrument: InstrumentId,
        interval: Interval,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<TradeCandle>, StoreError>;

    /// REST candles of buckets that start in the range, ordered, at most `limit`.
    async fn rest_candles(
        &self,
        instrument: InstrumentId,
        res: Resolution,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<RestCandle>, StoreError>;

    /// Trades in the range, in order, behind `after` if given, at most `limit`. `received_us` is not kept (0).
    async fn trades(
        &self,
        instrument: InstrumentId,
        range: TimeRange,
        after: Option<TradeOrd>,
        limit: usize,
    ) -> Result<Vec<Trade>, StoreError>;

    /// Opens a fetch, or returns the open one of equal instrument, source and range. The flag says whether it is new.
    async fn open_fetch(&self, request: &FetchRequest) -> Result<(Fetch, bool), StoreError>;

    /// A fetch by its id.
    async fn fetch(&self, id: &FetchId) -> Result<Option<Fetch>, StoreError>;

    /// Changes an open fetch and returns it; one that is over is returned unchanged.
    ///
    /// # Errors
    /// [`StoreError::UnknownFetch`].
    async fn update_fetch(&self, id: &FetchId, update: &FetchUpdate) -> Result<Fetch, StoreError>;

    /// Queued and running fetches, oldest first: after a restart they are taken up again.
    async fn open_fetches(&self) -> Result<Vec<Fetch>, StoreError>;

    /// The Coordinator's topics, by name.
    async fn topics(&self) -> Result<Vec<TopicEntry>, StoreError>;

    /// Adds or replaces a topic.
    async fn put_topic(&self, topic: &TopicEntry) -> Result<(), StoreError>;

    /// Replaces a topic where it still has this incarnation; says whether it had. Whoever deletes a topic must not
    /// write over one that another process has made anew meanwhile.
    async fn replace_topic(&self, topic: &TopicEntry, incarnation: i64) -> Result<bool, StoreError>;

    /// Dead letters with `seq` above `after_seq`, in order, at most `limit`.
    async fn dead_letters(&self, after_seq: i64, limit: usize) -> Result<Vec<StoredDeadLetter>, StoreError>;

    /// Numbers for a status screen; cheap enough for one call a second.
    async fn stats(&self) -> Result<StoreStats, StoreError>;

    /// Which kind of store this is, and why: for people.
    fn mode(&self) -> StoreMode;

    /// A part of a plan as lines of CSV, made by the database itself: `time,open,high,low,close,volume,quote_volume,`
    /// `trades,closed,source`, without a header, times in milliseconds, every bucket said to be closed. `None` when the
    /// store cannot do it now, or for this part: then the rows are read one by one.
    async fn csv(
        &self,
        _instrument: InstrumentId,
        _part: &CsvPart,
    ) -> Result<Option<BoxStream<'static, Result<Bytes, StoreError>>>, StoreError> {
        Ok(None)
    }

    /// Work that is due from time to time: call it once a minute, from any number of processes. Reads are right
    /// without it, only slower.
    async fn maintain(&self) -> Result<Maintained, StoreError> {
        Ok(Maintained::default())
    }
}

/// What can go wrong with the store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The batch starts behind the stored position: records would be skipped.
    #[error(
        "the batch of `{}`/{} starts at offset {expected}, but only records below {stored} are stored; read again from {stored}",
        key.topic, key.partition
    )]
    PositionAhead {
        /// Which partition.
        key: PositionKey,
        /// Start of the batch.
        expected: i64,
        /// Stored position.
        stored: i64,
    },
    /// A batch that contradicts itself.
    #[error("the batch is malformed: {why}; this is a fault of the caller, nothing was written")]
    BadBatch {
        /// What is wrong.
        why: String,
    },
    /// Somebody else has taken the lease under which a batch was to be written.
    #[error(
        "the lease `{}` of {} has epoch {}, but {holder} has taken it with epoch {epoch}; nothing was written, stop this work",
        lease.name, lease.holder, lease.epoch
    )]
    StaleLease {
        /// The lease of the batch.
        lease: Lease,
        /// Who holds it now; empty when nobody does.
        holder: String,
        /// Its epoch now.
        epoch: i64,
    },
    /// A lease that cannot be asked for.
    #[error("the lease cannot be taken: {why}; this is a fault of the caller")]
    BadLease {
        /// What is wrong.
        why: String,
    },
    /// A database that cannot serve as a store.
    #[error("the store {at} cannot be used: {why}; {hint}")]
    Unusable {
        /// Its address, without the password.
        at: String,
        /// What is wrong.
        why: String,
        /// What to do.
        hint: String,
    },
    /// No such instrument.
    #[error("the store has no instrument {}; add it with `ensure_instrument` first", .0.0)]
    UnknownInstrument(InstrumentId),
    /// No such fetch.
    #[error("the store has no fetch {0}; it may have been removed, ask for the data again")]
    UnknownFetch(FetchId),
    /// A refused value.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// A stored row that cannot be read.
    #[error("a row of `{table}` is damaged: {why}; restore the file from a backup")]
    Damaged {
        /// The table.
        table: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The data was written by a newer build.
    #[error(
        "its schema is version {found}, this build knows {known}; use a newer build, or another data directory"
    )]
    NewerSchema {
        /// The schema's version.
        found: i64,
        /// The newest version that this build reads.
        known: usize,
    },
    /// The disk or the database failed.
    #[error("the store failed while {doing}: {source}{}", if *transient { "; it will be tried again" } else { "" })]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Whether trying again may help.
        transient: bool,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, StoreError::Io { transient: true, .. })
    }
}
