//! Producer, consumer and API as processes of their own, killed at random moments: what the database holds afterwards
//! is every trade, once, and every candle is right.

use std::time::{Duration, Instant};

use actors::{consumer::DEAD_LETTER_TOPIC, parts::FIXED_TOPIC};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use statechart_runtime::{
    market::Interval,
    ports::{Log as _, LogRecord, contract::service},
};

use super::{
    process::Process,
    recorded::Recorded,
    servers::{Server, broker, place},
    world::{Places, World, database},
};

/// Trades of the recording that are played.
const TRADES: usize = 200_000;
/// Wall time in which they are played.
const REPLAY: Duration = Duration::from_secs(80);
/// Processes killed meanwhile.
const KILLS: u64 = 20;
const ROLES: [&str; 3] = ["api", "producer", "consumer"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_killed_at_random_moments_lose_nothing_and_double_nothing() {
    let seed = std::env::var("KILL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(11);
    println!("KILL_SEED={seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let servers = place();
    let cache = Server::start("redis", servers.path()).await;
    let log = service("kafka");
    let (_dir, broker) = broker(&log).await;
    for topic in broker.topics().await.unwrap() {
        // Of earlier runs.
        if [FIXED_TOPIC, DEAD_LETTER_TOPIC, "BTCUSD"].contains(&topic.name.as_str()) {
            broker.delete_topic(&topic.name).await.unwrap();
        }
    }
    let places = Places { log, store: database("roles").await, cache: cache.url() };
    let world = World::new(Recorded::new(TRADES, &["BTC"]), REPLAY, places).await;

    let mut processes: Vec<Process> = ROLES.map(|role| world.start(role, role)).into();
    world.until_stored(1, &mut processes).await;
    let poison = LogRecord::new("", "not JSON", 1_600_000_000_000_000);
    let poisoned = broker.append(FIXED_TOPIC, 0, &[poison]).await.unwrap();
    let replay = Instant::now();
    for kill in 1..=KILLS {
        // Each in its own part of the replay, at a random moment of it, and whoever it hits.
        let part = REPLAY.mul_f64(0.95) / u32::try_from(KILLS).unwrap();
        let moment =
            part * u32::try_from(kill - 1).unwrap() + part.mul_f64((random.next_u64() % 100) as f64 / 100.0);
        tokio::time::sleep(moment.saturating_sub(replay.elapsed())).await;
        let victim = usize::try_from(random.next_u64() % 3).unwrap();
        let role = ROLES[victim];
        println!("{:.1} s: kill -9 {role}", replay.elapsed().as_secs_f64());
        processes[victim].kill();
        processes[victim] = world.start(role, role);
    }
    world.until_whole(&processes[0]).await;
    println!("whole after {:.1} s", replay.elapsed().as_secs_f64());
    world.assert_right().await;
    for interval in [Interval::M1, Interval::H1] {
        world.assert_answers(&processes[0], interval).await;
    }
    // A relay that was killed before it had noted its place sends a letter again, under the same id.
    let begun = Instant::now();
    let letters = loop {
        match broker.fetch(DEAD_LETTER_TOPIC, 0, 0, 100, usize::MAX, Duration::from_secs(1)).await {
            Ok(fetched) if !fetched.records.is_empty() => break fetched.records,
            _ => assert!(begun.elapsed() < Duration::from_secs(30), "the dead letter does not arrive"),
        }
    };
    for letter in letters {
        let letter: serde_json::Value = serde_json::from_slice(&letter.record.value).unwrap();
        assert_eq!(letter["id"], format!("{FIXED_TOPIC}:1:0:{poisoned}"));
        assert_eq!(letter["payload"], "not JSON");
    }
    drop(processes);
    world.simulator.stop().await;
}
