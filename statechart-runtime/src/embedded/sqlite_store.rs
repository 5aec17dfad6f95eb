//! The embedded store: market data, fetches, topics and dead letters in the file.

use super::codec::Columns;
use super::database::{Database, begin, failed};
use super::{ingest, sqlite_leases, sqlite_reads};
use crate::market::{
    CoverageRow, FetchId, Instrument, InstrumentId, Interval, NewInstrument, PARTITIONS, Resolution,
    RestCandle, Source, TimeRange, Trade, TradeCandle, TradeOrd,
};
use crate::ports::{
    Batch, Fetch, FetchRequest, FetchState, FetchUpdate, Ingested, Lease, LeaseRow, Leases, Maintained,
    PositionKey, Store, StoreError, StoreMode, StoreStats, StoredDeadLetter, TopicEntry, TopicState,
};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::sync::Arc;
use std::time::Duration;

const FETCH_COLUMNS: &str =
    "id, instrument_id, source, from_ts, to_ts, state, done_to, rows, error, updated_at";

/// What nobody asks for any more: fetches that ended a week ago, and positions in topics that were made anew twice since.
const TIDY: &str = "DELETE FROM fetch
        WHERE state IN ('done', 'failed') AND updated_at < (unixepoch() - 7 * 86400) * 1000000;
     DELETE FROM consumer_offset WHERE 2 <= (
        SELECT count(*) FROM consumer_offset n
        WHERE n.grp = consumer_offset.grp AND n.topic = consumer_offset.topic AND n.part = consumer_offset.part
            AND n.inc > consumer_offset.inc)";

/// A store in a SQLite file. See [`super::Embedded`].
#[derive(Debug, Clone)]
pub struct SqliteStore {
    database: Arc<Database>,
}

impl SqliteStore {
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn identity(&self) -> Result<String, StoreError> {
        sqlite_reads::identity(&self.database).await
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, StoreError> {
        sqlite_reads::instruments(&self.database).await
    }

    async fn ensure_instrument(&self, new: &NewInstrument) -> Result<Instrument, StoreError> {
        new.check()?;
        let io = |e| failed("adding an instrument", e);
        let mut writer = self.database.writer().await;
        let mut tx = begin(&mut writer).await.map_err(io)?;
        // Round-robin: the n-th instrument gets partition n mod 8; instruments are never removed.
        let sql = format!(
            "INSERT INTO instrument (symbol, base, quote, market, partition, listed_at)
             VALUES (?1, ?2, ?3, ?4, (SELECT count(*) FROM instrument) % {PARTITIONS}, ?5)
             ON CONFLICT (symbol) DO UPDATE SET listed_at = coalesce(listed_at, excluded.listed_at)
             RETURNING {}",
            sqlite_reads::INSTRUMENT_COLUMNS
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(&new.symbol)
            .bind(&new.base)
            .bind(&new.quote)
            .bind(&new.market)
            .bind(new.listed_us)
            .fetch_one(&mut *tx)
            .await
            .map_err(io)?;
        tx.commit().await.map_err(io)?;
        sqlite_reads::instrument(&row)
    }

    async fn ingest(&self, batch: Batch) -> Result<Ingested, StoreError> {
        let mut writer = self.database.writer().await;
        ingest::ingest(&mut writer, batch).await
    }

    async fn next_offset(&self, key: &PositionKey) -> Result<Option<i64>, StoreError> {
        let io = |e| failed("reading a position", e);
        let mut reader = self.database.reader().await.map_err(io)?;
        sqlx::query_scalar(
            "SELECT next_offset FROM consumer_offset WHERE grp = ? AND topic = ? AND inc = ? AND part = ?",
        )
        .bind(&key.group)
        .bind(&key.topic)
        .bind(key.incarnation)
        .bind(key.partition)
        .fetch_optional(&mut *reader)
        .await
        .map_err(io)
    }

    async fn feed_epoch(&self, instrument: InstrumentId) -> Result<i64, StoreError> {
        let mut reader = self.database.reader().await.map_err(|e| failed("looking up an instrument", e))?;
        super::ingest::feed_epoch(&mut reader, instrument).await
    }

    async fn end_feed(&self, instrument: InstrumentId, at_least: i64) -> Result<(), StoreError> {
        let mut writer = self.database.writer().await;
        let ended = sqlx::query("UPDATE instrument SET feed_epoch = max(feed_epoch + 1, ?2) WHERE id = ?1")
            .bind(instrument.0)
            .bind(at_least)
            .execute(&mut *writer)
            .await
            .map_err(|e| failed("ending a feed's life", e))?;
        if ended.rows_affected() == 0 { Err(StoreError::UnknownInstrument(instrument)) } else { Ok(()) }
    }

    async fn coverage(
        &self,
        instrument: InstrumentId,
        range: TimeRange,
    ) -> Result<Vec<CoverageRow>, StoreError> {
        sqlite_reads::coverage(&self.database, instrument, range).await
    }

    async fn trade_candles(
        &self,
        instrument: InstrumentId,
        interval: Interval,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<TradeCandle>, StoreError> {
        sqlite_reads::trade_candles(&self.database, instrument, interval, range, limit).await
    }

    async fn rest_candles(
        &self,
        instrument: InstrumentId,
        res: Resolution,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<RestCandle>, StoreError> {
        sqlite_reads::rest_candles(&self.database, instrument, res, range, limit).await
    }

    async fn trades(
        &self,
        instrument: InstrumentId,
        range: TimeRange,
        after: Option<TradeOrd>,
        limit: usize,
    ) -> Result<Vec<Trade>, StoreError> {
        sqlite_reads::trades(&self.database, instrument, range, after, limit).await
    }

    async fn open_fetch(&self, request: &FetchRequest) -> Result<(Fetch, bool), StoreError> {
        let io = |e| failed("opening a fetch", e);
        let range = TimeRange::new(request.range.from_us, request.range.to_us)?;
        let mut writer = self.database.writer().await;
        let mut tx = begin(&mut writer).await.map_err(io)?;
        let sql = format!(
            "SELECT {FETCH_COLUMNS} FROM fetch WHERE instrument_id = ? AND source = ? AND from_ts = ? AND to_ts = ?
             AND state IN ('queued', 'running')"
        );
        let open = sqlx::query(AssertSqlSafe(sql))
            .bind(request.instrument.0)
            .bind(request.source.code())
            .bind(range.from_us)
            .bind(range.to_us)
            .fetch_optional(&mut *tx)
            .await
            .map_err(io)?;
        if let Some(row) = open {
            return Ok((fetch(&row)?, false));
        }
        let sql = format!(
            "INSERT INTO fetch (id, instrument_id, source, from_ts, to_ts, state, updated_at)
             VALUES (?, ?, ?, ?, ?, 'queued', ?) RETURNING {FETCH_COLUMNS}"
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(request.id.as_str())
            .bind(request.instrument.0)
            .bind(request.source.code())
            .bind(range.from_us)
            .bind(range.to_us)
            .bind(request.now_us)
            .fetch_one(&mut *tx)
            .await
            .map_err(io)?;
        tx.commit().await.map_err(io)?;
        Ok((fetch(&row)?, true))
    }

    async fn fetch(&self, id: &FetchId) -> Result<Option<Fetch>, StoreError> {
        let mut reader = self.database.reader().await.map_err(|e| failed("reading a fetch", e))?;
        find_fetch(&mut reader, id).await
    }

    async fn update_fetch(&self, id: &FetchId, update: &FetchUpdate) -> Result<Fetch, StoreError> {
        let io = |e| failed("changing a fetch", e);
        let mut writer = self.database.writer().await;
        sqlx::query(
            "UPDATE fetch SET state = ?2, done_to = coalesce(?3, done_to), rows = rows + ?4,
                    error = coalesce(?5, error), updated_at = ?6
             WHERE id = ?1 AND state IN ('queued', 'running')",
        )
        .bind(id.as_str())
        .bind(update.state.name())
        .bind(update.done_to_us)
        .bind(i64::try_from(update.rows_added).unwrap_or(i64::MAX))
        .bind(&update.error)
        .bind(update.now_us)
        .execute(&mut *writer)
        .await
        .map_err(io)?;
        let found = find_fetch(&mut writer, id).await?;
        found.ok_or_else(|| StoreError::UnknownFetch(id.clone()))
    }

    async fn open_fetches(&self) -> Result<Vec<Fetch>, StoreError> {
        let io = |e| failed("listing fetches", e);
        let mut reader = self.database.reader().await.map_err(io)?;
        let sql =
            format!("SELECT {FETCH_COLUMNS} FROM fetch WHERE state IN ('queued', 'running') ORDER BY seq");
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut *reader).await.map_err(io)?;
        rows.iter().map(fetch).collect()
    }

    async fn topics(&self) -> Result<Vec<TopicEntry>, StoreError> {
        let io = |e| failed("listing topics", e);
        let mut reader = self.database.reader().await.map_err(io)?;
        let rows = sqlx::query(
            "SELECT name, inc, partitions, instrument_id, state, last_used FROM topic ORDER BY name",
        )
        .fetch_all(&mut *reader)
        .await
        .map_err(io)?;
        rows.iter().map(topic).collect()
    }

    async fn put_topic(&self, topic: &TopicEntry) -> Result<(), StoreError> {
        let mut writer = self.database.writer().await;
        sqlx::query(
            "INSERT OR REPLACE INTO topic (name, inc, partitions, instrument_id, state, last_used)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(&topic.name)
        .bind(topic.incarnation)
        .bind(topic.partitions)
        .bind(topic.instrument.map(|id| id.0))
        .bind(topic.state.name())
        .bind(topic.last_used_us)
        .execute(&mut *writer)
        .await
        .map(|_| ())
        .map_err(|e| failed("writing a topic", e))
    }

    async fn replace_topic(&self, topic: &TopicEntry, incarnation: i64) -> Result<bool, StoreError> {
        let mut writer = self.database.writer().await;
        sqlx::query(
            "UPDATE topic SET inc = ?, partitions = ?, instrument_id = ?, state = ?, last_used = ?
             WHERE name = ? AND inc = ?",
        )
        .bind(topic.incarnation)
        .bind(topic.partitions)
        .bind(topic.instrument.map(|id| id.0))
        .bind(topic.state.name())
        .bind(topic.last_used_us)
        .bind(&topic.name)
        .bind(incarnation)
        .execute(&mut *writer)
        .await
        .map(|done| done.rows_affected() > 0)
        .map_err(|e| failed("replacing a topic", e))
    }

    async fn dead_letters(&self, after_seq: i64, limit: usize) -> Result<Vec<StoredDeadLetter>, StoreError> {
        let io = |e| failed("listing dead letters", e);
        let mut reader = self.database.reader().await.map_err(io)?;
        let rows = sqlx::query(
            "SELECT seq, topic, inc, part, rec_offset, reason, payload FROM dead_letter WHERE seq > ? ORDER BY seq LIMIT ?",
        )
        .bind(after_seq)
        .bind(sqlite_reads::limit(limit))
        .fetch_all(&mut *reader)
        .await
        .map_err(io)?;
        rows.iter().map(dead_letter).collect()
    }

    async fn stats(&self) -> Result<StoreStats, StoreError> {
        sqlite_reads::stats(&self.database).await
    }

    async fn maintain(&self) -> Result<Maintained, StoreError> {
        let mut writer = self.database.writer().await;
        sqlx::raw_sql(TIDY).execute(&mut *writer).await.map_err(|e| failed("tidying up", e))?;
        Ok(Maintained::default())
    }

    fn mode(&self) -> StoreMode {
        StoreMode { name: "sqlite", why: "the store is a file of this process".to_owned() }
    }
}

#[async_trait]
impl Leases for SqliteStore {
    async fn take_leases(
        &self,
        names: &[String],
        holder: &str,
        ttl: Duration,
        max: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        sqlite_leases::take(&self.database, names, holder, ttl, max).await
    }

    async fn steal_lease(&self, name: &str, holder: &str, ttl: Duration) -> Result<Lease, StoreError> {
        sqlite_leases::steal(&self.database, name, holder, ttl).await
    }

    async fn renew_leases(&self, leases: &[Lease], ttl: Duration) -> Result<Vec<Lease>, StoreError> {
        sqlite_leases::renew(&self.database, leases, ttl).await
    }

    async fn release_leases(&self, leases: &[Lease]) -> Result<(), StoreError> {
        sqlite_leases::release(&self.database, leases).await
    }

    async fn leases(&self) -> Result<Vec<LeaseRow>, StoreError> {
        sqlite_leases::list(&self.database).await
    }
}

async fn find_fetch(connection: &mut SqliteConnection, id: &FetchId) -> Result<Option<Fetch>, StoreError> {
    let sql = format!("SELECT {FETCH_COLUMNS} FROM fetch WHERE id = ?");
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(id.as_str())
        .fetch_optional(connection)
        .await
        .map_err(|e| failed("reading a fetch", e))?;
    row.as_ref().map(fetch).transpose()
}

fn fetch(row: &SqliteRow) -> Result<Fetch, StoreError> {
    let columns = Columns { table: "fetch", row };
    let (source, state): (i64, &str) = (columns.get(2)?, columns.get(5)?);
    Ok(Fetch {
        id: FetchId::parse(columns.get(0)?)?,
        instrument: InstrumentId(columns.get(1)?),
        source: Source::from_code(source)
            .ok_or_else(|| columns.damaged(format!("unknown source {source}")))?,
        range: TimeRange { from_us: columns.get(3)?, to_us: columns.get(4)? },
        state: FetchState::from_name(state)
            .ok_or_else(|| columns.damaged(format!("unknown state `{state}`")))?,
        done_to_us: columns.get(6)?,
        rows: columns.count(7)?,
        error: columns.get(8)?,
        updated_us: columns.get(9)?,
    })
}

fn topic(row: &SqliteRow) -> Result<TopicEntry, StoreError> {
    let columns = Columns { table: "topic", row };
    let state: &str = columns.get(4)?;
    Ok(TopicEntry {
        name: columns.get(0)?,
        incarnation: columns.get(1)?,
        partitions: columns.count(2)?,
        instrument: columns.get::<Option<i32>>(3)?.map(InstrumentId),
        state: TopicState::from_name(state)
            .ok_or_else(|| columns.damaged(format!("unknown state `{state}`")))?,
        last_used_us: columns.get(5)?,
    })
}

fn dead_letter(row: &SqliteRow) -> Result<StoredDeadLetter, StoreError> {
    let columns = Columns { table: "dead_letter", row };
    Ok(StoredDeadLetter {
        seq: columns.get(0)?,
        topic: columns.get(1)?,
        incarnation: columns.get(2)?,
        partition: columns.count(3)?,
        offset: columns.get(4)?,
        reason: columns.get(5)?,
        payload: columns.get(6)?,
    })
}
