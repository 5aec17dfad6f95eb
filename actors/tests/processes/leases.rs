//! Partitions shared out by leases: a process that is stopped past its lease, one that joins, one that leaves.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use sqlx::{Connection as _, Executor as _, PgConnection};
use statechart_runtime::{
    market::Interval,
    ports::{Lease, Leases as _, contract::service},
    postgres::PostgresStore,
};

use super::{
    process::Process,
    recorded::Recorded,
    sabotage::Gate,
    servers::log_and_cache,
    world::{DEADLINE, LOOK, Places, World, database},
};

/// Partitions with a symbol.
const PARTITIONS: usize = 6;

/// Leases of partitions of the fixed topic that run at the moment, by the process that holds them.
async fn held(store: &PostgresStore) -> BTreeMap<String, BTreeSet<Lease>> {
    let mut held: BTreeMap<String, BTreeSet<Lease>> = BTreeMap::new();
    for row in store.leases().await.unwrap() {
        if row.lease.name.starts_with("part:tick-data:") && !row.remaining.is_zero() {
            held.entry(row.lease.holder.clone()).or_default().insert(row.lease);
        }
    }
    held
}

/// Waits until each of these processes, and nobody else, holds at least so many partitions and all are held.
async fn until_held(store: &PostgresStore, by: &[&Process], at_least: usize) -> BTreeSet<Lease> {
    let begun = Instant::now();
    loop {
        let held = held(store).await;
        let has = |one: &&Process| {
            let prefix = format!("consumer-{}-", one.id());
            held.iter().any(|(holder, leases)| holder.starts_with(&prefix) && leases.len() >= at_least)
        };
        let all: BTreeSet<Lease> = held.values().flatten().cloned().collect();
        if held.len() == by.len() && by.iter().all(has) && all.len() >= PARTITIONS {
            return all;
        }
        let names: Vec<&str> = by.iter().map(|one| one.name.as_str()).collect();
        assert!(begun.elapsed() < DEADLINE, "{names:?} do not share the partitions: {held:#?}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Every lease that somebody else has now was taken anew.
fn assert_moved(before: &BTreeSet<Lease>, after: &BTreeSet<Lease>) {
    let mut moved = 0;
    for new in after {
        let Some(old) = before.iter().find(|old| old.name == new.name) else { continue };
        if old.holder != new.holder {
            assert!(new.epoch > old.epoch, "{old:?} became {new:?}");
            moved += 1;
        }
    }
    assert!(moved > 0, "no partition has moved: {after:?}");
}

async fn refused(process: &Process) -> u64 {
    let begun = Instant::now();
    loop {
        let refused = process.status().await.map_or(0, |status| status.refused_writes);
        if refused > 0 {
            return refused;
        }
        assert!(begun.elapsed() < DEADLINE, "{} has written under a lease that it had lost", process.name);
        tokio::time::sleep(LOOK).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_stopped_past_its_lease_is_refused_and_partitions_move_without_doubling() {
    let (_dir, broker, cache) = log_and_cache().await;
    let places = Places { log: broker.url(), store: database("leases").await, cache: cache.url() };
    let bases = ["BTC", "ETH", "LTC", "XRP", "SOL", "ADA"];
    let world = World::new(Recorded::new(60_000, &bases), Duration::from_secs(60), places).await;
    let mut processes: Vec<Process> = [("api", "api"), ("producer", "producer"), ("consumer", "first")]
        .map(|(role, name)| world.start(role, name))
        .into();
    processes.push(world.start("consumer", "second"));
    world.until_stored(1, &mut processes).await;
    let store = world.store().await;
    let [_, _, first, second] = &processes[..] else { panic!("four processes") };
    let shared = until_held(&store, &[first, second], 3).await;

    // Stopped while it writes: the gate holds the writes of both, and at most three of them are the other one's.
    let mut gate = Gate::close(&world.places.store, "trade").await;
    gate.until_waiting(4).await;
    first.pause();
    gate.open().await;
    let taken = until_held(&store, &[second], PARTITIONS).await;
    assert_moved(&shared, &taken);
    first.go_on();
    println!("{} writes are refused", refused(first).await);
    assert!(first.said().contains("a write is refused"), "{}", first.said());
    let shared = until_held(&store, &[first, second], 3).await;
    assert_moved(&taken, &shared);

    let third = world.start("consumer", "third");
    let by_three = until_held(&store, &[first, second, &third], 2).await;
    assert_moved(&shared, &by_three);
    third.end();
    let by_two = until_held(&store, &[first, second], 3).await;
    assert_moved(&by_three, &by_two);

    world.until_whole(&processes[0]).await;
    world.assert_right().await;
    world.assert_answers(&processes[0], Interval::M5).await;
    store.close().await;
}

/// TimescaleDB serves one session at a time here: whoever is stopped must not be in the middle of a transaction.
async fn pause_between_transactions(process: &Process, database: &str) {
    let begun = Instant::now();
    loop {
        process.pause();
        let asked = tokio::time::timeout(Duration::from_secs(3), async {
            PgConnection::connect(database).await?.execute("SELECT 1").await
        });
        if matches!(asked.await, Ok(Ok(_))) {
            return;
        }
        process.go_on();
        assert!(begun.elapsed() < DEADLINE, "{} is always in a transaction", process.name);
        tokio::time::sleep(LOOK).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_move_on_timescaledb_too() {
    let (_dir, broker, cache) = log_and_cache().await;
    // One database for all: symbols of this run only.
    let bases: Vec<String> = (0..PARTITIONS).map(|n| format!("L{}X{n}", std::process::id())).collect();
    let bases: Vec<&str> = bases.iter().map(String::as_str).collect();
    let places = Places { log: broker.url(), store: service("timescaledb"), cache: cache.url() };
    let world = World::new(Recorded::new(6_000, &bases), Duration::from_secs(25), places).await;
    let mut processes: Vec<Process> = [("api", "api"), ("producer", "producer"), ("consumer", "first")]
        .map(|(role, name)| world.start(role, name))
        .into();
    processes.push(world.start("consumer", "second"));
    world.until_stored(1, &mut processes).await;
    let store = world.store().await;
    let [_, _, first, second] = &processes[..] else { panic!("four processes") };
    let shared = until_held(&store, &[first, second], 2).await;
    pause_between_transactions(first, &world.places.store).await;
    let taken = until_held(&store, &[second], PARTITIONS).await;
    assert_moved(&shared, &taken);
    first.go_on();
    let shared = until_held(&store, &[first, second], 2).await;
    let third = world.start("consumer", "third");
    let by_three = until_held(&store, &[first, second, &third], 1).await;
    assert_moved(&shared, &by_three);
    world.until_whole(&processes[0]).await;
    world.assert_right().await;
    store.close().await;
}
