//! Against the servers that `cargo xtask services up` has started: PostgreSQL 15 with a database for each test, and
//! TimescaleDB, which is one database with one session, for one test at a time.
#![allow(clippy::unwrap_used)]

use super::connect::Inner;
use super::{Mode, ModeChoice, PostgresOptions, PostgresStore};
use crate::market::{
    CoverageState, Decimal, Instrument, InstrumentId, Interval, NewInstrument, Side, Source, TimeRange,
    Trade, TradeOrigin, fold_trades,
};
use crate::ports::{
    Batch, CoverageMark, Lease, Leases, Placed, Position, PositionKey, Store, StoreError, contract,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

mod bad_input;
mod facts;
mod faults;
mod timescale;

const ALL_TIME: TimeRange = TimeRange { from_us: 0, to_us: i64::MAX };
/// 2018-01-01.
const START_US: i64 = 1_514_764_800_000_000;

/// A name that no other run uses.
fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    format!("t{}_{}_{}", now % 1_000_000_000_000, std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The address with another database.
fn with_database(url: &str, name: &str) -> String {
    let (server, query) = url.split_once('?').unwrap_or((url, ""));
    let host = server.rfind('/').filter(|at| *at > "postgres://".len()).map_or(server, |at| &server[..at]);
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    format!("{host}/{name}{query}")
}

/// A database of its own on PostgreSQL 15, removed at the end.
struct Database {
    url: String,
    name: String,
    server: String,
}

impl Database {
    async fn new() -> Self {
        let server = contract::service("postgres");
        let name = unique();
        let mut admin = PgConnection::connect(&server).await.unwrap();
        let sql = format!("CREATE DATABASE {name}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
        Self { url: with_database(&server, &name), name, server }
    }

    async fn store(&self) -> PostgresStore {
        PostgresStore::connect(&PostgresOptions::new(&self.url)).await.unwrap()
    }

    async fn admin(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.admin().await).await.unwrap();
    }

    async fn remove(self) {
        let mut admin = PgConnection::connect(&self.server).await.unwrap();
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
    }
}

/// The same connections in another mode.
fn with(inner: &Inner, mode: Mode) -> Inner {
    let (write, read, stream) = (inner.write.clone(), inner.read.clone(), inner.stream.clone());
    let (connect, about) = (inner.connect.clone(), inner.about.clone());
    Inner { write, read, stream, connect, mode, about, expect_duplicates: false.into() }
}

async fn instrument(store: &PostgresStore, symbol: &str) -> Instrument {
    let new = NewInstrument { symbol: symbol.to_owned(), ..NewInstrument::pair("BTC", "USD") };
    store.ensure_instrument(&new).await.unwrap()
}

/// Three trades a second, so that batches span minutes; some tie.
fn trade(symbol: &str, n: i64) -> Trade {
    Trade {
        symbol: symbol.into(),
        time_us: START_US + n / 2 * 666_666,
        id: n.to_string().into(),
        price: Decimal::new(1_371_565 + n * 7_919 % 977, 2).normalize(),
        size: Decimal::new(1 + n * 104_729 % 99_991, 8).normalize(),
        side: Side::Buy,
        received_us: 0,
        origin: TradeOrigin::Socket,
    }
}

fn key() -> PositionKey {
    PositionKey { group: "g".into(), topic: "tick-data".into(), incarnation: 1, partition: 0 }
}

fn batch(one: &Instrument, from: i64, to: i64) -> Batch {
    let range =
        TimeRange { from_us: trade(&one.symbol, from).time_us, to_us: trade(&one.symbol, to).time_us + 1 };
    let (source, state) = (Source::Trades, CoverageState::Covered);
    Batch {
        position: Some(Position { key: key(), expected: from, next: to }),
        trades: placed(one.id, from, to, &one.symbol),
        coverage: vec![Placed {
            offset: to - 1,
            instrument: one.id,
            item: CoverageMark { source, range, state, epoch: Some(1) },
        }],
        ..Batch::default()
    }
}

fn placed(instrument: InstrumentId, from: i64, to: i64, symbol: &str) -> Vec<Placed<Trade>> {
    (from..to).map(|n| Placed { offset: n, instrument, item: trade(symbol, n) }).collect()
}

/// Every candle of the first `count` trades, of every width, against folding them here.
async fn assert_candles(store: &PostgresStore, one: &Instrument, count: i64) {
    let all: Vec<Trade> = (0..count).map(|n| trade(&one.symbol, n)).collect();
    for interval in Interval::ALL {
        let expected: Vec<_> = fold_trades(interval, &all).unwrap().into_values().collect();
        let read = store.trade_candles(one.id, interval, ALL_TIME, 100_000).await.unwrap();
        assert_eq!(read, expected, "{interval}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds() {
    let database = Database::new().await;
    let store = database.store().await;
    assert_eq!(store.mode().name, "plain");
    contract::store(&store, "T").await;
    // Once more on the same database, opened again: nothing depends on an empty one.
    store.close().await;
    let store = database.store().await;
    assert!(store.mode().why.contains("made without TimescaleDB"), "{}", store.mode().why);
    contract::store(&store, "U").await;
    store.close().await;
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn candles_as_csv_are_the_stored_ones() {
    let database = Database::new().await;
    let store = database.store().await;
    csv_equals_rows(&store, "BTCUSD").await;
    store.close().await;
    database.remove().await;
}

/// What the database writes is what its rows say.
async fn csv_equals_rows(store: &PostgresStore, symbol: &str) {
    use crate::market::{Read, Resolution, RestRow};
    use crate::ports::{CsvPart, RestRows};
    use futures_util::TryStreamExt;
    let one = instrument(store, symbol).await;
    store.ingest(Batch { trades: placed(one.id, 0, 5_000, symbol), ..Batch::default() }).await.unwrap();
    let row = |n: i64| RestRow {
        bucket_us: n * 60_000_000,
        open: Decimal::from(n),
        high: Decimal::new(n * 10 + 5, 1),
        low: Decimal::ONE,
        close: Decimal::TWO,
        volume: Decimal::ZERO,
        quote_volume: Decimal::new(1, 8),
    };
    let rows = RestRows { res: Resolution::Minute, fetched_ms: 5, rows: (1..20).map(row).collect() };
    let rest = vec![Placed { offset: 0, instrument: one.id, item: rows }];
    store.ingest(Batch { rest, ..Batch::default() }).await.unwrap();

    let text = async |read, interval, range| {
        let part = CsvPart { read, interval, range };
        let lines = store.csv(one.id, &part).await.unwrap()?;
        let chunks: Vec<bytes::Bytes> = lines.try_collect().await.unwrap();
        Some(String::from_utf8(chunks.concat()).unwrap())
    };
    let range = TimeRange { from_us: START_US + 60_000_000, to_us: START_US + 600_000_000 };
    let expected: String = store
        .trade_candles(one.id, Interval::M1, range, 100)
        .await
        .unwrap()
        .iter()
        .map(|c| {
            let (ms, n) = (c.bucket_us / 1000, crate::market::canonical);
            let numbers = [c.open, c.high, c.low, c.close, c.volume, c.quote_volume].map(n).join(",");
            format!("{ms},{numbers},{},true,trades\n", c.trades)
        })
        .collect();
    assert_eq!(expected.lines().count(), 9);
    assert_eq!(text(Read::Trades, Interval::M1, range).await.unwrap(), expected);
    let rest = text(Read::Rest(Resolution::Minute), Interval::M1, ALL_TIME_SECONDS).await.unwrap();
    assert_eq!(
        (rest.lines().count(), rest.lines().next()),
        (19, Some("60000,1,1.5,1,2,0,0.00000001,,true,rest"))
    );
    assert!(
        text(Read::Rest(Resolution::Minute), Interval::M5, ALL_TIME_SECONDS).await.is_none(),
        "folded here"
    );
    // A reader that goes away in the middle harms nobody.
    for _ in 0..10 {
        let part = CsvPart { read: Read::Trades, interval: Interval::M1, range: ALL_TIME_SECONDS };
        drop(store.csv(one.id, &part).await.unwrap());
    }
    assert_eq!(store.instruments().await.unwrap().iter().filter(|i| i.id == one.id).count(), 1);
}

/// A reader that stops reading gives its connection back, and hears of it: what it has is not the whole answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_reader_of_csv_is_told() {
    use futures_util::StreamExt;
    let database = Database::new().await;
    let store = database.store().await;
    let stream = &store.inner().stream;
    let query = "COPY (SELECT generate_series(1, 1000000)) TO STDOUT (FORMAT csv)".to_owned();
    let read = async |stall| {
        let connection = stream.acquire().await.unwrap();
        super::csv::lines(connection, query.clone(), stall)
    };
    let mut lines = read(Duration::from_millis(100)).await;
    let start = Instant::now();
    while stream.size() > 0 {
        assert!(start.elapsed() < Duration::from_secs(10), "the connection is kept");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut last = None;
    while let Some(chunk) = lines.next().await {
        last = Some(chunk);
    }
    let error = last.unwrap().unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("nothing was taken for 100ms"), "{error}");
    // One that reads gets everything.
    let mut lines = read(Duration::from_secs(60)).await;
    let mut bytes = 0;
    while let Some(chunk) = lines.next().await {
        bytes += chunk.unwrap().len();
    }
    assert_eq!(bytes, 6_888_896);
    store.close().await;
    database.remove().await;
}

/// A connection that cannot be made does not keep the lease from the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn maintenance_gives_its_lease_back() {
    let database = Database::new().await;
    let store = database.store().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut broken = with(store.inner(), Mode::Timescale);
    broken.connect = broken.connect.port(closed);
    assert!(super::maintain::maintain(&broken).await.unwrap_err().is_transient());
    let names = ["maintenance".to_owned()];
    let taken = store.take_leases(&names, "another", Duration::from_secs(1), 1).await.unwrap();
    assert_eq!(taken.len(), 1, "the lease is free again");
    store.close().await;
    database.remove().await;
}

const ALL_TIME_SECONDS: TimeRange = TimeRange { from_us: 0, to_us: 4_000_000_000_000_000 };
