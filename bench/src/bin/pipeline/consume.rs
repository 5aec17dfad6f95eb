//! From the log into the store, by a real consumer process, beside one bare COPY of the same rows with the same keys.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actors::parts::FIXED_TOPIC;
use sqlx::{Connection, PgConnection};
use statechart_runtime::{
    kafka::KafkaLog,
    market::{Instrument, NewInstrument, PARTITIONS},
    ports::{Log, PositionKey, Store},
    postgres::{PostgresOptions, PostgresStore},
};

use crate::{
    Outcome, ROUNDS, compare,
    database::{Database, bare_copy, stamp},
    figure,
    setup::Setup,
    trades,
};

/// Trades of a round: some seconds, so that neither the first batches, which are small, nor a checkpoint of the server decide.
const TRADES: i64 = 1_000_000;
/// Records that memory is measured with.
const MEMORY_RECORDS: i64 = 1_000_000;
/// Trades of the run on TimescaleDB, which is WebAssembly here.
const TIMESCALE_TRADES: i64 = 30_000;
/// A run that takes longer is cut off: what was stored by then counts.
const DEADLINE: Duration = Duration::from_secs(60);
/// Beyond the newest chunk.
const DAY_US: i64 = 86_400_000_000;
/// Between two looks at the position: each one keeps the server from its work.
const LOOK: Duration = Duration::from_millis(20);

pub(crate) async fn measure(setup: &Setup) -> Outcome<()> {
    let server = setup.get("postgres")?;
    let database = Database::new(server, "ingest").await?;
    let mut admin = database.admin().await?;
    let mut source =
        Source::new(setup, &database.store, &mut admin, NewInstrument::pair("BTC", "USD")).await?;
    let begin = source.end;
    let mut rounds = Vec::new();
    for round in 0..i64::try_from(ROUNDS)? {
        let (from, to) = (round * TRADES, (round + 1) * TRADES);
        let run = source.run(setup, &database.url, &mut admin, from, to).await?;
        let condition = format!(
            "instrument_id = {} AND ts >= to_timestamp({}::float8 / 1e6) AND ts < to_timestamp({}::float8 / 1e6)",
            source.one.id.0,
            trades::time_us(from),
            trades::time_us(to)
        );
        let bare = bare_copy(&mut admin, &condition, u64::try_from(TRADES)?).await?;
        eprintln!(
            "log to PostgreSQL: {:.0} trades/s ({:.2} µs of processor time each), bare COPY {bare:.0} rows/s: {:.2}",
            run.per_second,
            run.cpu_us,
            run.per_second / bare
        );
        rounds.push((run.per_second, bare));
    }
    compare("bare COPY", "log to PostgreSQL", &rounds);
    memory(setup, begin).await?;
    database.remove().await
}

/// A million of it once more, into another database, by one process.
async fn memory(setup: &Setup, begin: i64) -> Outcome<()> {
    let database = Database::new(setup.get("postgres")?, "memory").await?;
    let mut admin = database.admin().await?;
    let again = Source::new(setup, &database.store, &mut admin, NewInstrument::pair("BTC", "USD")).await?;
    again.place(&mut admin, begin).await?;
    let run = again.consume(setup, &database.url, &mut admin, begin, begin + MEMORY_RECORDS).await?;
    let count = run.stored;
    eprintln!(
        "{count} records through one process: at most {:.1} MB, {:.0}/s",
        run.peak / 1e6,
        run.per_second
    );
    if count < MEMORY_RECORDS {
        return Err(
            format!("only {count} records passed within {DEADLINE:?}, so memory was not measured").into()
        );
    }
    figure("ours", "memory, 1M trades", "megabytes", run.peak / 1e6);
    database.remove().await
}

/// The same on TimescaleDB: printed only. However slow it is, it ends.
pub(crate) async fn timescale(setup: &Setup) -> Outcome<()> {
    let url = setup.get("timescaledb")?;
    let store = PostgresStore::connect(&PostgresOptions::new(url)).await?;
    let new = NewInstrument { symbol: format!("B{}", stamp()?), ..NewInstrument::pair("BTC", "USD") };
    let mut admin = PgConnection::connect(url).await?;
    let mut source = Source::new(setup, &store, &mut admin, new).await?;
    // Behind all that is stored, as live trades are. Among what others have left they would be late: minutes that are
    // refreshed already are folded again with every batch, and compressed chunks searched for each row.
    let newest: Option<i64> =
        sqlx::query_scalar("SELECT (extract(epoch FROM max(ts)) * 1e6)::int8 FROM trade")
            .fetch_one(&mut admin)
            .await?;
    let from = newest.map_or(0, |newest_us| trades::number_at(newest_us + DAY_US));
    let run = source.run(setup, url, &mut admin, from, from + TIMESCALE_TRADES).await?;
    let condition = format!("instrument_id = {}", source.one.id.0);
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM trade WHERE instrument_id = $1")
        .bind(source.one.id.0)
        .fetch_one(&mut admin)
        .await?;
    let copying = bare_copy(&mut admin, &condition, u64::try_from(stored)?);
    let bare = tokio::time::timeout(DEADLINE, copying)
        .await
        .map_err(|_| format!("TimescaleDB did not copy {stored} rows within {DEADLINE:?}"))??;
    eprintln!(
        "log to TimescaleDB: {stored} of {TIMESCALE_TRADES} trades, {:.0} trades/s, bare COPY {bare:.0} rows/s: {:.2}",
        run.per_second,
        run.per_second / bare
    );
    compare("bare COPY", "log to TimescaleDB", &[(run.per_second, bare)]);
    store.close().await;
    Ok(())
}

/// A partition of the fixed topic, and where it ends.
struct Source {
    log: Arc<KafkaLog>,
    one: Instrument,
    key: PositionKey,
    end: i64,
}

/// A run of a consumer process.
struct Run {
    per_second: f64,
    /// Processor time of the process for each record.
    cpu_us: f64,
    /// Bytes.
    peak: f64,
    /// Records.
    stored: i64,
}

impl Source {
    async fn new(
        setup: &Setup,
        store: &PostgresStore,
        admin: &mut PgConnection,
        new: NewInstrument,
    ) -> Outcome<Self> {
        let one = store.ensure_instrument(&new).await?;
        let log = Arc::new(KafkaLog::connect(&setup.kafka()?, Arc::new(store.clone())).await?);
        let topic = log.create_topic(FIXED_TOPIC, PARTITIONS).await?;
        let key = PositionKey {
            group: "fixed".to_owned(),
            topic: topic.name,
            incarnation: topic.incarnation,
            partition: one.partition,
        };
        let end = log.watermarks(FIXED_TOPIC, one.partition).await?.high;
        let source = Self { log, one, key, end };
        // What others have written before is not ours.
        source.place(admin, end).await?;
        Ok(source)
    }

    /// Puts the consumer's position somewhere.
    async fn place(&self, admin: &mut PgConnection, offset: i64) -> Outcome<()> {
        sqlx::query(
            "INSERT INTO consumer_offset (grp, topic, inc, part, next_offset) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (grp, topic, inc, part) DO UPDATE SET next_offset = excluded.next_offset",
        )
        .bind(&self.key.group)
        .bind(&self.key.topic)
        .bind(self.key.incarnation)
        .bind(i64::from(self.key.partition))
        .bind(offset)
        .execute(admin)
        .await?;
        Ok(())
    }

    /// Appends trades and has them consumed.
    async fn run(
        &mut self,
        setup: &Setup,
        url: &str,
        admin: &mut PgConnection,
        from: i64,
        to: i64,
    ) -> Outcome<Run> {
        let begin = self.end;
        self.end = trades::append(&*self.log, FIXED_TOPIC, &self.one, from, to).await?;
        self.consume(setup, url, admin, begin, self.end).await
    }

    /// Starts a process, and measures from its first commit to its last: starting is not counted.
    async fn consume(
        &self,
        setup: &Setup,
        url: &str,
        admin: &mut PgConnection,
        begin: i64,
        end: i64,
    ) -> Outcome<Run> {
        let partition = self.one.partition.to_string();
        let mut process = setup.start("consumer", url, &["--partitions", &partition])?;
        let start = Instant::now();
        let mut first: Option<(Instant, i64, f64)> = None;
        let mut last = (start, begin, 0.0);
        while last.1 < end && start.elapsed() < DEADLINE {
            process.check()?;
            let stored = self.stored(admin).await?;
            if stored > last.1 {
                last = (Instant::now(), stored, process.cpu_seconds()?);
                first = first.or(Some(last));
            }
            tokio::time::sleep(LOOK).await;
        }
        let (at, offset, cpu) = first.ok_or("the consumer has stored nothing")?;
        let count = (last.1 - offset) as f64;
        if count <= 0.0 {
            return Err("the consumer has stored a single batch, and nothing can be measured with one".into());
        }
        let peak = process.peak_bytes()?;
        Ok(Run {
            per_second: count / (last.0 - at).as_secs_f64(),
            cpu_us: (last.2 - cpu) * 1e6 / count,
            peak,
            stored: last.1 - begin,
        })
    }

    async fn stored(&self, admin: &mut PgConnection) -> Outcome<i64> {
        Ok(sqlx::query_scalar(
            "SELECT next_offset FROM consumer_offset WHERE grp = $1 AND topic = $2 AND inc = $3 AND part = $4",
        )
        .bind(&self.key.group)
        .bind(&self.key.topic)
        .bind(self.key.incarnation)
        .bind(i64::from(self.key.partition))
        .fetch_one(admin)
        .await?)
    }
}
