//! The store: what the port asks, in SQL.

use super::connect::{self, Inner, PostgresOptions};
use super::error::failed;
use super::number::Ts;
use super::rows::{Columns, FETCH, INSTRUMENT};
use super::session::Session;
use super::{csv, ingest, leases, maintain, reads, stats};
use crate::market::{
    CoverageRow, FetchId, Instrument, InstrumentId, Interval, NewInstrument, PARTITIONS, Resolution,
    RestCandle, TimeRange, Trade, TradeCandle, TradeOrd,
};
use crate::ports::{
    Batch, CsvPart, Fetch, FetchRequest, FetchUpdate, Ingested, Lease, LeaseRow, Leases, Maintained,
    PositionKey, Store, StoreError, StoreMode, StoreStats, StoredDeadLetter, TopicEntry,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use sqlx::AssertSqlSafe;
use std::sync::Arc;
use std::time::Duration;

/// Attempts to open a fetch while others open and close the same one.
const OPEN_ATTEMPTS: u32 = 5;

/// A store in PostgreSQL. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    pub(super) calls: Calls,
}

/// The port's calls, each as long as the database takes.
#[derive(Debug, Clone)]
pub(super) struct Calls {
    inner: Arc<Inner>,
}

impl PostgresStore {
    /// Connects, and makes or completes the tables.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] with one sentence about what is wrong and what to do, [`StoreError::NewerSchema`], or
    /// [`StoreError::Io`].
    pub async fn connect(options: &PostgresOptions) -> Result<Self, StoreError> {
        Ok(Self { calls: Calls { inner: Arc::new(connect::open(options).await?) } })
    }

    #[cfg(test)]
    pub(super) fn inner(&self) -> &Inner {
        &self.calls.inner
    }

    /// Closes all connections; calls after that fail.
    pub async fn close(&self) {
        let inner = &self.calls.inner;
        for pool in [&inner.write, &inner.read, &inner.stream] {
            pool.close().await;
        }
    }
}

#[async_trait]
impl Store for Calls {
    async fn identity(&self) -> Result<String, StoreError> {
        let id = sqlx::query_scalar("SELECT id FROM identity").fetch_one(&self.inner.read).await;
        id.map_err(|e| failed("reading the store's name", e))
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, StoreError> {
        let sql = format!("SELECT {INSTRUMENT} FROM instrument ORDER BY symbol COLLATE \"C\"");
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.inner.read).await;
        let rows = rows.map_err(|e| failed("listing instruments", e))?;
        rows.iter().map(|row| Columns { table: "instrument", row }.instrument()).collect()
    }

    async fn ensure_instrument(&self, new: &NewInstrument) -> Result<Instrument, StoreError> {
        new.check()?;
        let io = |e| failed("adding an instrument", e);
        let find = format!("SELECT {INSTRUMENT} FROM instrument WHERE symbol = $1");
        let known = sqlx::query(AssertSqlSafe(find)).bind(&new.symbol).fetch_optional(&self.inner.read).await;
        if let Some(row) = &known.map_err(io)? {
            let known = Columns { table: "instrument", row }.instrument()?;
            if known.listed_us.is_some() || new.listed_us.is_none() {
                return Ok(known);
            }
        }
        let mut session = Session::acquire(&self.inner.write).await.map_err(io)?;
        let mut tx = session.begin().await.map_err(io)?;
        // One at a time, so that partitions are dealt in turn. Instruments are never removed, and one that came meanwhile
        // is met by its name.
        sqlx::query("LOCK TABLE instrument IN SHARE ROW EXCLUSIVE MODE")
            .execute(&mut *tx)
            .await
            .map_err(io)?;
        let sql = format!(
            "INSERT INTO instrument AS i (symbol, base, quote, market, partition, listed_at)
             VALUES ($1, $2, $3, $4, (SELECT count(*) FROM instrument) % {PARTITIONS}, $5)
             ON CONFLICT (symbol) DO UPDATE SET listed_at = coalesce(i.listed_at, excluded.listed_at)
             RETURNING {INSTRUMENT}"
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(&new.symbol)
            .bind(&new.base)
            .bind(&new.quote)
            .bind(&new.market)
            .bind(new.listed_us.map(Ts))
            .fetch_one(&mut *tx)
            .await
            .map_err(io)?;
        tx.commit().await.map_err(io)?;
        Columns { table: "instrument", row: &row }.instrument()
    }

    async fn ingest(&self, batch: Batch) -> Result<Ingested, StoreError> {
        ingest::ingest(&self.inner, batch).await
    }

    async fn next_offset(&self, key: &PositionKey) -> Result<Option<i64>, StoreError> {
        sqlx::query_scalar(
            "SELECT next_offset FROM consumer_offset WHERE grp = $1 AND topic = $2 AND inc = $3 AND part = $4",
        )
        .bind(&key.group)
        .bind(&key.topic)
        .bind(key.incarnation)
        .bind(i64::from(key.partition))
        .fetch_optional(&self.inner.read)
        .await
        .map_err(|e| failed("reading a position", e))
    }

    async fn feed_epoch(&self, instrument: InstrumentId) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT feed_epoch FROM instrument WHERE id = $1")
            .bind(instrument.0)
            .fetch_optional(&self.inner.read)
            .await
            .map_err(|e| failed("looking up an instrument", e))?
            .ok_or(StoreError::UnknownInstrument(instrument))
    }

    async fn end_feed(&self, instrument: InstrumentId, at_least: i64) -> Result<(), StoreError> {
        sqlx::query_scalar::<_, i32>(
            "UPDATE instrument SET feed_epoch = greatest(feed_epoch + 1, $2) WHERE id = $1 RETURNING id",
        )
        .bind(instrument.0)
        .bind(at_least)
        .fetch_optional(&self.inner.write)
        .await
        .map_err(|e| failed("ending a feed's life", e))?
        .map(drop)
        .ok_or(StoreError::UnknownInstrument(instrument))
    }

    async fn coverage(
        &self,
        instrument: InstrumentId,
        range: TimeRange,
    ) -> Result<Vec<CoverageRow>, StoreError> {
        reads::coverage(&self.inner, instrument, range).await
    }

    async fn trade_candles(
        &self,
        instrument: InstrumentId,
        interval: Interval,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<TradeCandle>, StoreError> {
        reads::trade_candles(&self.inner, instrument, interval, range, limit).await
    }

    async fn rest_candles(
        &self,
        instrument: InstrumentId,
        res: Resolution,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<RestCandle>, StoreError> {
        reads::rest_candles(&self.inner, instrument, res, range, limit).await
    }

    async fn trades(
        &self,
        instrument: InstrumentId,
        range: TimeRange,
        after: Option<TradeOrd>,
        limit: usize,
    ) -> Result<Vec<Trade>, StoreError> {
        reads::trades(&self.inner, instrument, range, after, limit).await
    }

    async fn open_fetch(&self, request: &FetchRequest) -> Result<(Fetch, bool), StoreError> {
        let io = |e| failed("opening a fetch", e);
        let range = TimeRange::new(request.range.from_us, request.range.to_us)?;
        let insert = format!(
            "INSERT INTO fetch_job (id, instrument_id, source, from_ts, to_ts, state, updated_at)
             VALUES ($1, $2, $3, $4, $5, 'queued', $6)
             ON CONFLICT (instrument_id, source, from_ts, to_ts) WHERE state IN ('queued', 'running') DO NOTHING
             RETURNING {FETCH}"
        );
        let find = format!(
            "SELECT {FETCH} FROM fetch_job WHERE instrument_id = $1 AND source = $2 AND from_ts = $3 AND to_ts = $4
             AND state IN ('queued', 'running')"
        );
        let source = request.source.code() as i16;
        for _ in 0..OPEN_ATTEMPTS {
            let new = sqlx::query(AssertSqlSafe(insert.clone()))
                .bind(request.id.as_str())
                .bind(request.instrument.0)
                .bind(source)
                .bind(Ts(range.from_us))
                .bind(Ts(range.to_us))
                .bind(Ts(request.now_us))
                .fetch_optional(&self.inner.write)
                .await
                .map_err(io)?;
            if let Some(row) = &new {
                return Ok((Columns { table: "fetch_job", row }.fetch()?, true));
            }
            let open = sqlx::query(AssertSqlSafe(find.clone()))
                .bind(request.instrument.0)
                .bind(source)
                .bind(Ts(range.from_us))
                .bind(Ts(range.to_us))
                .fetch_optional(&self.inner.write)
                .await
                .map_err(io)?;
            if let Some(row) = &open {
                return Ok((Columns { table: "fetch_job", row }.fetch()?, false));
            }
            // It ended between the two statements.
        }
        let source = "equal fetches were opened and closed by others at the same time".into();
        Err(StoreError::Io { doing: "opening a fetch", transient: true, source })
    }

    async fn fetch(&self, id: &FetchId) -> Result<Option<Fetch>, StoreError> {
        let sql = format!("SELECT {FETCH} FROM fetch_job WHERE id = $1");
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_optional(&self.inner.read)
            .await
            .map_err(|e| failed("reading a fetch", e))?;
        row.as_ref().map(|row| Columns { table: "fetch_job", row }.fetch()).transpose()
    }

    async fn update_fetch(&self, id: &FetchId, update: &FetchUpdate) -> Result<Fetch, StoreError> {
        let sql = format!(
            "UPDATE fetch_job SET state = $2, done_to = coalesce($3, done_to), rows = rows + $4,
                    error = coalesce($5, error), updated_at = $6
             WHERE id = $1 AND state IN ('queued', 'running') RETURNING {FETCH}"
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(id.as_str())
            .bind(update.state.name())
            .bind(update.done_to_us.map(Ts))
            .bind(i64::try_from(update.rows_added).unwrap_or(i64::MAX))
            .bind(update.error.as_ref().map(|error| error.replace('\0', "\u{fffd}")))
            .bind(Ts(update.now_us))
            .fetch_optional(&self.inner.write)
            .await
            .map_err(|e| failed("changing a fetch", e))?;
        match &row {
            Some(row) => Columns { table: "fetch_job", row }.fetch(),
            None => self.fetch(id).await?.ok_or_else(|| StoreError::UnknownFetch(id.clone())),
        }
    }

    async fn open_fetches(&self) -> Result<Vec<Fetch>, StoreError> {
        let sql = format!("SELECT {FETCH} FROM fetch_job WHERE state IN ('queued', 'running') ORDER BY seq");
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.inner.read).await;
        let rows = rows.map_err(|e| failed("listing fetches", e))?;
        rows.iter().map(|row| Columns { table: "fetch_job", row }.fetch()).collect()
    }

    async fn topics(&self) -> Result<Vec<TopicEntry>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, inc, partitions, instrument_id, state, last_used FROM topic ORDER BY name COLLATE \"C\"",
        )
        .fetch_all(&self.inner.read)
        .await
        .map_err(|e| failed("listing topics", e))?;
        rows.iter().map(|row| Columns { table: "topic", row }.topic()).collect()
    }

    async fn put_topic(&self, topic: &TopicEntry) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO topic (name, inc, partitions, instrument_id, state, last_used)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (name) DO UPDATE SET inc = excluded.inc, partitions = excluded.partitions,
                 instrument_id = excluded.instrument_id, state = excluded.state, last_used = excluded.last_used",
        )
        .bind(&topic.name)
        .bind(topic.incarnation)
        .bind(i64::from(topic.partitions))
        .bind(topic.instrument.map(|id| id.0))
        .bind(topic.state.name())
        .bind(Ts(topic.last_used_us))
        .execute(&self.inner.write)
        .await
        .map(|_| ())
        .map_err(|e| failed("writing a topic", e))
    }

    async fn replace_topic(&self, topic: &TopicEntry, incarnation: i64) -> Result<bool, StoreError> {
        sqlx::query(
            "UPDATE topic SET inc = $1, partitions = $2, instrument_id = $3, state = $4, last_used = $5
             WHERE name = $6 AND inc = $7",
        )
        .bind(topic.incarnation)
        .bind(i64::from(topic.partitions))
        .bind(topic.instrument.map(|id| id.0))
        .bind(topic.state.name())
        .bind(Ts(topic.last_used_us))
        .bind(&topic.name)
        .bind(incarnation)
        .execute(&self.inner.write)
        .await
        .map(|done| done.rows_affected() > 0)
        .map_err(|e| failed("replacing a topic", e))
    }

    async fn dead_letters(&self, after_seq: i64, limit: usize) -> Result<Vec<StoredDeadLetter>, StoreError> {
        let rows = sqlx::query(
            "SELECT seq, topic, inc, part, rec_offset, reason, payload FROM dead_letter
             WHERE seq > $1 ORDER BY seq LIMIT $2",
        )
        .bind(after_seq)
        .bind(reads::limit(limit))
        .fetch_all(&self.inner.read)
        .await
        .map_err(|e| failed("listing dead letters", e))?;
        rows.iter().map(|row| Columns { table: "dead_letter", row }.dead_letter()).collect()
    }

    async fn stats(&self) -> Result<StoreStats, StoreError> {
        stats::stats(&self.inner).await
    }

    fn mode(&self) -> StoreMode {
        self.inner.about.clone()
    }

    async fn csv(
        &self,
        instrument: InstrumentId,
        part: &CsvPart,
    ) -> Result<Option<BoxStream<'static, Result<Bytes, StoreError>>>, StoreError> {
        csv::csv(&self.inner, instrument, part).await
    }

    async fn maintain(&self) -> Result<Maintained, StoreError> {
        maintain::maintain(&self.inner).await
    }
}

#[async_trait]
impl Leases for Calls {
    async fn take_leases(
        &self,
        names: &[String],
        holder: &str,
        ttl: Duration,
        max: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        leases::take(&self.inner, names, holder, ttl, max).await
    }

    async fn steal_lease(&self, name: &str, holder: &str, ttl: Duration) -> Result<Lease, StoreError> {
        leases::steal(&self.inner, name, holder, ttl).await
    }

    async fn renew_leases(&self, leases: &[Lease], ttl: Duration) -> Result<Vec<Lease>, StoreError> {
        leases::renew(&self.inner, leases, ttl).await
    }

    async fn release_leases(&self, leases: &[Lease]) -> Result<(), StoreError> {
        leases::release(&self.inner, leases).await
    }

    async fn leases(&self) -> Result<Vec<LeaseRow>, StoreError> {
        leases::list(&self.inner).await
    }
}
