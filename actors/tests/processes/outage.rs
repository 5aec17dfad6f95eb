//! Broker, database and cache taken away in mid-stream, half a minute each, two of them at the same time for a while.

use std::time::{Duration, Instant};

use statechart_runtime::market::Interval;

use super::{
    process::{Memory, Process},
    recorded::Recorded,
    servers::{Server, place},
    world::{Places, World},
};

/// Trades of the recording that are played.
const TRADES: usize = 100_000;
/// Wall time in which they are played.
const REPLAY: Duration = Duration::from_secs(95);
/// What a process may have at most, and more than before the first outage, KiB.
const MOST_KB: u64 = 200 << 10;
const MORE_KB: u64 = 64 << 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_taken_away_in_mid_stream_cost_no_memory_and_no_trade() {
    let dir = place();
    let (mut broker, mut database, mut cache) = tokio::join!(
        Server::start("kafka", dir.path()),
        Server::start("postgres", dir.path()),
        Server::start("redis", dir.path()),
    );
    let places = Places { log: broker.url(), store: database.url(), cache: cache.url() };
    let world = World::new(Recorded::new(TRADES, &["BTC", "ETH"]), REPLAY, places).await;
    let mut processes: Vec<Process> =
        ["api", "producer", "consumer"].map(|role| world.start(role, role)).into();
    world.until_stored(1, &mut processes).await;
    let replay = Instant::now();
    let at = async |second: u64, what: &str| {
        tokio::time::sleep(Duration::from_secs(second).saturating_sub(replay.elapsed())).await;
        println!("{:.1} s: {what}", replay.elapsed().as_secs_f64());
    };
    at(3, "memory is watched").await;
    let memory = Memory::watch(&processes);
    at(4, "the broker is killed").await;
    broker.kill();
    at(29, "the database is killed").await;
    database.kill();
    at(34, "the broker is back").await;
    broker.again().await;
    at(54, "the cache is killed").await;
    cache.kill();
    at(59, "the database is back").await;
    database.again().await;
    at(84, "the cache is back").await;
    cache.again().await;
    let resumed = world.count().await;
    world.until_whole(&processes[0]).await;
    println!("whole after {:.1} s", replay.elapsed().as_secs_f64());
    assert!(world.count().await > resumed, "nothing came after the last outage");
    for process in &mut processes {
        // The same ones all the time: nobody ended and was started anew.
        process.assert_runs();
    }
    for (name, first, most) in memory.seen() {
        println!("{name}: {} MB before, {} MB at most", first >> 10, most >> 10);
        assert!(most < MOST_KB && most <= first + MORE_KB, "{name}: {first} KiB, then {most} KiB");
    }
    world.assert_right().await;
    world.assert_answers(&processes[0], Interval::M15).await;
    let status = processes[0].status().await.unwrap();
    assert_eq!(status.dead_letters, 0);
}
