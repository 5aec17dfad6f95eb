//! A build that is wrong on purpose: it commits the position before the data. The test that finds nothing lost in the
//! honest build must find something lost in that one, or it would find nothing ever.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use actors::parts::FIXED_TOPIC;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use statechart_runtime::{
    kafka::KafkaLog,
    market::PARTITIONS,
    ports::{Log as _, Store as _},
};

use super::{
    recorded::Recorded,
    servers::{broker, log_and_cache},
    world::{DEADLINE, LOOK, Places, World, database},
};

/// Any number that nothing else locks.
const GATE: i64 = 4_711;

/// Holds writes to a table until it is opened: the same for every build, since it is the database that waits.
pub struct Gate(PgConnection);

impl Gate {
    pub async fn close(database: &str, table: &str) -> Self {
        let mut connection = PgConnection::connect(database).await.unwrap();
        let sql = format!(
            "SELECT pg_advisory_lock({GATE});
             CREATE OR REPLACE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END $$;
             DROP TRIGGER IF EXISTS gate ON {table};
             CREATE TRIGGER gate BEFORE INSERT OR UPDATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION gate()"
        );
        connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
        Self(connection)
    }

    /// Waits until so many transactions stand at the gate.
    pub async fn until_waiting(&mut self, at_least: i64) {
        let begun = Instant::now();
        loop {
            let waiting: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
                 WHERE locktype = 'advisory' AND NOT granted AND d.datname = current_database()",
            )
            .fetch_one(&mut self.0)
            .await
            .unwrap();
            if waiting >= at_least {
                return;
            }
            assert!(begun.elapsed() < DEADLINE, "{waiting} transactions wait at the gate, not {at_least}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn open(mut self) {
        // The lock of a session ends with it.
        self.0.execute("SELECT pg_advisory_unlock_all()").await.unwrap();
        self.0.close().await.unwrap();
    }
}

/// Trades in the fixed topic.
async fn published(log: &KafkaLog) -> usize {
    let mut trades = 0;
    for partition in 0..PARTITIONS {
        let mut from = 0;
        while let Ok(fetched) =
            log.fetch(FIXED_TOPIC, partition, from, 10_000, usize::MAX, Duration::ZERO).await
            && !fetched.records.is_empty()
        {
            from = fetched.next_offset;
            let is_trade = |one: &&_| {
                let one: &statechart_runtime::ports::FetchedRecord = one;
                one.record.value.starts_with(br#"{"k":"t""#)
            };
            trades += fetched.records.iter().filter(is_trade).count();
        }
    }
    trades
}

/// The build whose position moves first. Cargo builds it once, and says at once that it is there already.
fn sabotaged() -> PathBuf {
    if let Some(path) = std::env::var_os("SABOTAGED_PLATFORM") {
        return PathBuf::from(path);
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--package", "actors", "--features", "sabotage", "--example", "platform-sabotaged"])
        .status();
    assert!(built.unwrap().success(), "the sabotaged platform cannot be built");
    Path::new(env!("CARGO_BIN_EXE_platform")).with_file_name("examples/platform-sabotaged")
}

/// Lets a consumer of this build read what was published, kills it twice while its data waits at the gate, and lets
/// another one read to the end. The exchange is gone, so nothing is repaired: what is not stored is lost.
async fn consume(world: &World, log: &KafkaLog) -> u64 {
    // This makes the tables.
    let store = world.store().await;
    for _ in 0..2 {
        let mut gate = Gate::close(&world.places.store, "trade").await;
        let mut consumer = world.start("consumer", "consumer");
        gate.until_waiting(1).await;
        consumer.kill();
        gate.open().await;
    }
    let consumer = world.start("consumer", "consumer");
    let begun = Instant::now();
    loop {
        let positions = store.stats().await.unwrap().positions;
        let mut behind = Vec::new();
        for partition in 0..PARTITIONS {
            let end = log.watermarks(FIXED_TOPIC, partition).await.unwrap().high;
            let found = positions
                .iter()
                .find(|(key, _)| (key.topic.as_str(), key.partition) == (FIXED_TOPIC, partition));
            let reached = found.map_or(0, |(_, next)| *next);
            if reached < end {
                behind.push((partition, reached, end));
            }
        }
        if behind.is_empty() {
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "not read to the end: {behind:?}\n{}", consumer.said());
        tokio::time::sleep(LOOK).await;
    }
    store.close().await;
    world.count().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_moves_the_position_first_is_found_out() {
    let program = tokio::task::spawn_blocking(sabotaged).await.unwrap();
    let (_dir, server, cache) = log_and_cache().await;
    let places = Places { log: server.url(), store: database("honest").await, cache: cache.url() };
    // More than one batch: one is lost at each kill, and the rest goes on.
    let recorded = Recorded::new(40_000, &["BTC", "ETH"]);
    let total = recorded.trades;
    let mut world = World::new(recorded, Duration::from_secs(10), places).await;
    let producer = world.start("producer", "producer");
    let begun = Instant::now();
    let log = loop {
        // The topics are made by the producer.
        let (dir, log) = broker(&server.url()).await;
        let there = published(&log).await;
        if there >= total {
            break (dir, log);
        }
        assert!(begun.elapsed() < DEADLINE, "{there} of {total} trades are published\n{}", producer.said());
        tokio::time::sleep(LOOK).await;
    };
    producer.end();

    assert_eq!(consume(&world, &log.1).await, total as u64, "the honest build has lost trades");
    world.assert_right().await;

    world.places.store = database("sabotaged").await;
    world.program = program;
    let stored = consume(&world, &log.1).await;
    println!("the sabotaged build has stored {stored} of {total} trades");
    assert!(stored < total as u64, "the sabotaged build has lost nothing: this harness sees nothing");
}
