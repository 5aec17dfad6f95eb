//! A deadline around each call: a server that says nothing any more, or is no longer there, keeps nobody waiting. What
//! writes batches, streams and maintains has deadlines of its own.

use super::error::timed_out;
use super::store::PostgresStore;
use crate::market::{
    CoverageRow, FetchId, Instrument, InstrumentId, Interval, NewInstrument, Resolution, RestCandle,
    TimeRange, Trade, TradeCandle, TradeOrd,
};
use crate::ports::{
    Batch, CsvPart, Fetch, FetchRequest, FetchUpdate, Ingested, Lease, LeaseRow, Leases, Maintained,
    PositionKey, Store, StoreError, StoreMode, StoreStats, StoredDeadLetter, TopicEntry,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use std::time::Duration;

/// Longest call: waiting for a connection, and the longest statement, which the server itself ends when it can. A server
/// that is only slow is not cut off in the middle.
const CALL_WITHIN: Duration = Duration::from_secs(40);
const LEASING: &str = "working on leases";

async fn within<T>(
    limit: Duration,
    doing: &'static str,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, call).await {
        Ok(result) => result,
        Err(_) => Err(timed_out(doing, limit.as_secs())),
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn identity(&self) -> Result<String, StoreError> {
        within(CALL_WITHIN, "reading the store's name", self.calls.identity()).await
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, StoreError> {
        within(CALL_WITHIN, "listing instruments", self.calls.instruments()).await
    }

    async fn ensure_instrument(&self, new: &NewInstrument) -> Result<Instrument, StoreError> {
        within(CALL_WITHIN, "adding an instrument", self.calls.ensure_instrument(new)).await
    }

    async fn next_offset(&self, key: &PositionKey) -> Result<Option<i64>, StoreError> {
        within(CALL_WITHIN, "reading a position", self.calls.next_offset(key)).await
    }

    async fn feed_epoch(&self, instrument: InstrumentId) -> Result<i64, StoreError> {
        within(CALL_WITHIN, "looking up an instrument", self.calls.feed_epoch(instrument)).await
    }

    async fn end_feed(&self, instrument: InstrumentId, at_least: i64) -> Result<(), StoreError> {
        within(CALL_WITHIN, "ending a feed's life", self.calls.end_feed(instrument, at_least)).await
    }

    async fn coverage(
        &self,
        instrument: InstrumentId,
        range: TimeRange,
    ) -> Result<Vec<CoverageRow>, StoreError> {
        within(CALL_WITHIN, "reading coverage", self.calls.coverage(instrument, range)).await
    }

    async fn trade_candles(
        &self,
        instrument: InstrumentId,
        interval: Interval,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<TradeCandle>, StoreError> {
        within(CALL_WITHIN, "reading candles", self.calls.trade_candles(instrument, interval, range, limit))
            .await
    }

    async fn rest_candles(
        &self,
        instrument: InstrumentId,
        res: Resolution,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<RestCandle>, StoreError> {
        within(CALL_WITHIN, "reading REST candles", self.calls.rest_candles(instrument, res, range, limit))
            .await
    }

    async fn trades(
        &self,
        instrument: InstrumentId,
        range: TimeRange,
        after: Option<TradeOrd>,
        limit: usize,
    ) -> Result<Vec<Trade>, StoreError> {
        within(CALL_WITHIN, "reading trades", self.calls.trades(instrument, range, after, limit)).await
    }

    async fn open_fetch(&self, request: &FetchRequest) -> Result<(Fetch, bool), StoreError> {
        within(CALL_WITHIN, "opening a fetch", self.calls.open_fetch(request)).await
    }

    async fn fetch(&self, id: &FetchId) -> Result<Option<Fetch>, StoreError> {
        within(CALL_WITHIN, "reading a fetch", self.calls.fetch(id)).await
    }

    async fn update_fetch(&self, id: &FetchId, update: &FetchUpdate) -> Result<Fetch, StoreError> {
        within(CALL_WITHIN, "changing a fetch", self.calls.update_fetch(id, update)).await
    }

    async fn open_fetches(&self) -> Result<Vec<Fetch>, StoreError> {
        within(CALL_WITHIN, "listing fetches", self.calls.open_fetches()).await
    }

    async fn topics(&self) -> Result<Vec<TopicEntry>, StoreError> {
        within(CALL_WITHIN, "listing topics", self.calls.topics()).await
    }

    async fn put_topic(&self, topic: &TopicEntry) -> Result<(), StoreError> {
        within(CALL_WITHIN, "writing a topic", self.calls.put_topic(topic)).await
    }

    async fn replace_topic(&self, topic: &TopicEntry, incarnation: i64) -> Result<bool, StoreError> {
        within(CALL_WITHIN, "replacing a topic", self.calls.replace_topic(topic, incarnation)).await
    }

    async fn dead_letters(&self, after_seq: i64, limit: usize) -> Result<Vec<StoredDeadLetter>, StoreError> {
        within(CALL_WITHIN, "listing dead letters", self.calls.dead_letters(after_seq, limit)).await
    }

    async fn stats(&self) -> Result<StoreStats, StoreError> {
        within(CALL_WITHIN, "reading the status", self.calls.stats()).await
    }

    async fn ingest(&self, batch: Batch) -> Result<Ingested, StoreError> {
        self.calls.ingest(batch).await
    }

    fn mode(&self) -> StoreMode {
        self.calls.mode()
    }

    async fn csv(
        &self,
        instrument: InstrumentId,
        part: &CsvPart,
    ) -> Result<Option<BoxStream<'static, Result<Bytes, StoreError>>>, StoreError> {
        self.calls.csv(instrument, part).await
    }

    async fn maintain(&self) -> Result<Maintained, StoreError> {
        self.calls.maintain().await
    }
}

#[async_trait]
impl Leases for PostgresStore {
    async fn take_leases(
        &self,
        names: &[String],
        holder: &str,
        ttl: Duration,
        max: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        within(CALL_WITHIN, LEASING, self.calls.take_leases(names, holder, ttl, max)).await
    }

    async fn steal_lease(&self, name: &str, holder: &str, ttl: Duration) -> Result<Lease, StoreError> {
        within(CALL_WITHIN, LEASING, self.calls.steal_lease(name, holder, ttl)).await
    }

    async fn renew_leases(&self, leases: &[Lease], ttl: Duration) -> Result<Vec<Lease>, StoreError> {
        within(CALL_WITHIN, LEASING, self.calls.renew_leases(leases, ttl)).await
    }

    async fn release_leases(&self, leases: &[Lease]) -> Result<(), StoreError> {
        within(CALL_WITHIN, LEASING, self.calls.release_leases(leases)).await
    }

    async fn leases(&self) -> Result<Vec<LeaseRow>, StoreError> {
        within(CALL_WITHIN, LEASING, self.calls.leases()).await
    }
}
