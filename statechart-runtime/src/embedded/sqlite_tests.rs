//! The embedded log and store: the ports' contract, and what only a file can show.
#![allow(clippy::unwrap_used)]

use super::{Durability, Embedded};
use crate::market::{
    CoverageState, Decimal, Instrument, Interval, NewInstrument, Side, Source, TimeRange, Trade, TradeOrigin,
};
use crate::ports::{
    Batch, CoverageMark, Log, LogRecord, Placed, Position, PositionKey, Store, StoreError, TopicEntry,
    TopicState, contract,
};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ALL_TIME: TimeRange = TimeRange { from_us: 0, to_us: i64::MAX };

async fn open(path: &Path) -> Embedded {
    Embedded::open(path, Durability::ProcessKill).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_passes_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    contract::log(&open(&folder.path().join("new/folder/data.db")).await.log(), "T").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn store_passes_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.db");
    contract::store(&open(&file).await.store(), "T").await;
    // Once more on the same, reopened file: nothing depends on an empty one.
    contract::store(&open(&file).await.store(), "U").await;
}

fn trade(n: i64) -> Trade {
    Trade {
        symbol: "BTCUSD".into(),
        // Three trades a second, so that batches span minutes.
        time_us: 1_514_764_800_000_000 + n * 333_333,
        id: n.to_string().into(),
        price: Decimal::new(1_371_565 + n % 977, 2),
        size: Decimal::new(1 + n % 99_991, 8),
        side: Side::Buy,
        received_us: 0,
        origin: TradeOrigin::Socket,
    }
}

fn key() -> PositionKey {
    PositionKey { group: "g".into(), topic: "tick-data".into(), incarnation: 1, partition: 0 }
}

fn batch(instrument: &Instrument, from: i64, to: i64) -> Batch {
    let range = TimeRange { from_us: trade(from).time_us, to_us: trade(to).time_us };
    let (source, state) = (Source::Trades, CoverageState::Covered);
    Batch {
        position: Some(Position { key: key(), expected: from, next: to }),
        trades: (from..to).map(|n| Placed { offset: n, instrument: instrument.id, item: trade(n) }).collect(),
        coverage: vec![Placed {
            offset: to - 1,
            instrument: instrument.id,
            item: CoverageMark { source, range, state, epoch: Some(1) },
        }],
        ..Batch::default()
    }
}

async fn trades_stored(store: &dyn Store, instrument: &Instrument) -> i64 {
    let days = store.trade_candles(instrument.id, Interval::D1, ALL_TIME, 1_000).await.unwrap();
    days.iter().map(|day| i64::try_from(day.trades).unwrap()).sum()
}

/// A caller that gives up half-way (a timeout, a shutdown) leaves no trace, and the next write works.
#[tokio::test]
async fn a_dropped_ingest_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("data.db")).await.store();
    let one = store.ensure_instrument(&NewInstrument::pair("BTC", "USD")).await.unwrap();
    let topic = TopicEntry {
        name: "BTCUSD".to_owned(),
        incarnation: 1,
        partitions: 1,
        instrument: Some(one.id),
        state: TopicState::Ready,
        last_used_us: 0,
    };
    let (mut next, mut dropped) = (0, 0);
    for wait_us in (0..60).map(|n| n * 250) {
        let attempt = store.ingest(batch(&one, next, next + 700));
        match tokio::time::timeout(Duration::from_micros(wait_us), attempt).await {
            Ok(done) => next = done.unwrap().next_offset,
            Err(_) => dropped += 1,
        }
        // A commit may still be under way although nobody waits for it; another write on the same connection comes
        // after it. Then it has happened or it has not: all of it or nothing.
        store.put_topic(&topic).await.unwrap();
        let stored = store.next_offset(&key()).await.unwrap().unwrap_or(0);
        assert!(stored == next || stored == next + 700);
        next = stored;
        assert_eq!(trades_stored(&store, &one).await, next);
    }
    assert!(dropped > 5, "the test must interrupt something, {dropped}");
    store.ingest(batch(&one, next, next + 700)).await.unwrap();
    assert_eq!(trades_stored(&store, &one).await, next + 700);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.db");
    open(&file).await.checkpoint().await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
    let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options).await.unwrap();
    sqlx::raw_sql("PRAGMA user_version = 99").execute(&mut connection).await.unwrap();
    let error = Embedded::open(&file, Durability::PowerLoss).await.unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 99, .. }), "{error}");
}

const CHILD: &str = "STATECHART_TEST_KILL_FILE";

/// The child process of `kill_9_loses_nothing_acknowledged`: appends and ingests for ever, and tells what has been
/// acknowledged. Run as a test of its own it has nothing to do.
#[tokio::test]
async fn kill_9_child() {
    let Ok(file) = std::env::var(CHILD) else { return };
    let data = open(Path::new(&file)).await;
    let (log, store) = (data.log(), data.store());
    log.create_topic("tick-data", 1).await.unwrap();
    let one = store.ensure_instrument(&NewInstrument::pair("BTC", "USD")).await.unwrap();
    let mut next = store.next_offset(&key()).await.unwrap().unwrap_or(0);
    loop {
        let record = LogRecord::new("BTCUSD", vec![b'x'; 200], 0);
        let base = log.append("tick-data", 0, &vec![record; 20]).await.unwrap();
        println!("\nappended {}", base + 20);
        next = store.ingest(batch(&one, next, next + 137)).await.unwrap().next_offset;
        println!("\ningested {next}");
    }
}

#[tokio::test]
async fn kill_9_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.db");
    let (mut appended, mut ingested) = (0, 0);
    for round in 0..6 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["embedded::sqlite_tests::kill_9_child", "--exact", "--nocapture"])
            .env(CHILD, &file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let end = Instant::now() + Duration::from_millis(150 + round * 37);
        let mut killed = false;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            // After the kill, what is left in the pipe was acknowledged as well.
            if let Some(n) = line.strip_prefix("appended ").and_then(|n| n.parse::<i64>().ok()) {
                appended = n;
            } else if let Some(n) = line.strip_prefix("ingested ").and_then(|n| n.parse::<i64>().ok()) {
                ingested = n;
            }
            if !killed && Instant::now() > end {
                child.kill().unwrap();
                killed = true;
            }
        }
        child.wait().unwrap();
        let data = open(&file).await;
        let (log, store) = (data.log(), data.store());
        let one = store.instruments().await.unwrap().remove(0);
        let high = log.watermarks("tick-data", 0).await.unwrap().high;
        assert!(high >= appended && high % 20 == 0, "{high} {appended}");
        let read = log.fetch("tick-data", 0, high - 20, 100, usize::MAX, Duration::ZERO).await.unwrap();
        assert_eq!(read.records.len(), 20);
        // Trades, candles, coverage and position moved together.
        let stored = store.next_offset(&key()).await.unwrap().unwrap();
        assert!(stored >= ingested && stored % 137 == 0, "{stored} {ingested}");
        assert_eq!(trades_stored(&store, &one).await, stored);
        let coverage = store.coverage(one.id, ALL_TIME).await.unwrap();
        assert_eq!(coverage.iter().map(|row| row.range.to_us).collect::<Vec<_>>(), [trade(stored).time_us]);
    }
    assert!(appended > 0 && ingested > 0);
}
