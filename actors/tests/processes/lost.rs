//! Records that are gone from the log before they were stored: named, alarmed, and read again from the exchange.

use std::time::{Duration, Instant};

use actors::parts::FIXED_TOPIC;
use statechart_runtime::ports::Log as _;

use super::{
    process::Process,
    recorded::Recorded,
    servers::{broker, log_and_cache},
    world::{DEADLINE, LOOK, Places, World, database},
};

/// Records that are lost in one go.
const LOST: i64 = 1_000;

/// Waits until the log's end lies so far behind what is stored.
async fn until_behind(log: &dyn statechart_runtime::ports::Log, from: i64) -> i64 {
    let begun = Instant::now();
    loop {
        if let Ok(ends) = log.watermarks(FIXED_TOPIC, 0).await
            && ends.high >= from + LOST
        {
            return ends.high;
        }
        assert!(begun.elapsed() < DEADLINE, "the log does not grow");
        tokio::time::sleep(LOOK).await;
    }
}

async fn until_said(process: &Process, text: &str) {
    let begun = Instant::now();
    while !process.said().contains(text) {
        assert!(begun.elapsed() < DEADLINE, "{} never says `{text}`", process.name);
        tokio::time::sleep(LOOK).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_from_the_log_is_named_and_read_again_from_the_exchange() {
    let (_dir, server, cache) = log_and_cache().await;
    let places = Places { log: server.url(), store: database("lost").await, cache: cache.url() };
    let world = World::new(Recorded::new(40_000, &["BTC"]), Duration::from_secs(50), places).await;
    let mut processes: Vec<Process> =
        ["api", "producer", "consumer"].map(|role| world.start(role, role)).into();
    world.until_stored(1, &mut processes).await;
    let (_dir, log) = broker(&server.url()).await;
    let log = log.trimming(true);

    // The broker has thrown away what nobody had read yet.
    processes[2].kill();
    let end = log.watermarks(FIXED_TOPIC, 0).await.unwrap().high;
    let end = until_behind(&log, end).await;
    log.trim(FIXED_TOPIC, 0, end).await.unwrap();
    processes[2] = world.start("consumer", "consumer");
    until_said(&processes[2], "records are gone from the log before they were stored").await;
    until_said(
        &processes[1],
        "the feed's life was ended, since records are gone from the log; it begins anew",
    )
    .await;

    // Somebody has deleted the topic. It is made anew, under the next incarnation.
    processes[2].kill();
    log.delete_topic(FIXED_TOPIC).await.unwrap();
    until_said(&processes[1], "the topic was deleted by somebody else and is made anew").await;
    processes[2] = world.start("consumer", "consumer");

    // Somebody has deleted it and made it anew at once: positions lie behind its end.
    let begun = Instant::now();
    loop {
        let status = processes[0].status().await;
        let read = status.iter().flat_map(|status| &status.partitions);
        if read.filter(|one| one.topic == FIXED_TOPIC).any(|one| one.next_offset >= LOST) {
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "the topic that was made anew is not read");
        tokio::time::sleep(LOOK).await;
    }
    for process in &processes[1..] {
        // Both would see that it is gone.
        process.pause();
    }
    log.delete_topic(FIXED_TOPIC).await.unwrap();
    log.create_topic(FIXED_TOPIC, statechart_runtime::market::PARTITIONS).await.unwrap();
    // Before the new topic is as long as the old one was; after that, only the hole in the coverage tells.
    processes[2].go_on();
    until_said(&processes[2], "going on with the new topic").await;
    processes[1].go_on();

    world.until_whole(&processes[0]).await;
    world.assert_right().await;
    for process in &mut processes {
        process.assert_runs();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_only_answers_asks_the_cache_first() {
    let (_dir, server, cache) = log_and_cache().await;
    let places = Places { log: server.url(), store: database("cached").await, cache: cache.url() };
    let world = World::new(Recorded::new(4_000, &["BTC"]), Duration::from_secs(20), places).await;
    let mut processes: Vec<Process> =
        ["api", "producer", "consumer"].map(|role| world.start(role, role)).into();
    world.until_stored(1, &mut processes).await;
    let begun = Instant::now();
    loop {
        let answer = processes[0].ask("/v1/candles?symbol=BTCUSD&interval=1m&limit=1&wait=0s").await;
        let read_from =
            answer.and_then(|one| Some(one.headers().get("x-read-from")?.to_str().ok()?.to_owned()));
        if read_from.as_deref() == Some("cache") {
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "the newest candle never comes from the cache: {read_from:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    world.until_whole(&processes[0]).await;
    // What the cache says is what the store says.
    world.assert_answers(&processes[0], statechart_runtime::market::Interval::M1).await;
}
