//! Producer, consumer and API as processes of their own, on the real services, killed at random moments: what the
//! database holds afterwards is every trade, once, and every candle is right.
//!
//! Services come from `cargo xtask services up`, the recorded trades from `cargo xtask sample-data`.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod common;

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use actors::{
    consumer::DEAD_LETTER_TOPIC,
    parts::FIXED_TOPIC,
    simulator::{Config, Listing, Market, Running, Simulator, Tape},
};
use common::{fold, parse};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use sqlx::{Connection as _, Executor as _};
use statechart_runtime::{
    embedded::{Durability, Embedded},
    kafka::KafkaLog,
    ports::{Log as _, LogRecord, contract::service},
};

/// Trades of the recording that are played.
const TRADES: usize = 200_000;
/// Wall time in which they are played.
const REPLAY: Duration = Duration::from_secs(80);
/// Processes killed meanwhile.
const KILLS: u64 = 20;
const DEADLINE: Duration = Duration::from_secs(240);

/// What the processes share.
struct World {
    simulator: Running,
    speed: f64,
    log: String,
    store: String,
    cache: String,
    dir: tempfile::TempDir,
}

struct Process {
    role: &'static str,
    child: Child,
    port: u16,
}

impl World {
    fn start(&self, role: &'static str) -> Process {
        // A port that is free now.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(env!("CARGO_BIN_EXE_platform"))
            .args(["run", "--role", role, "--lease", "2s", "--exchange", &self.simulator.url()])
            .args(["--exchange-speed", &format!("{}x", self.speed), "--listen", &format!("127.0.0.1:{port}")])
            .args(["--log", &self.log, "--store", &self.store, "--cache", &self.cache, "--data-dir"])
            .arg(self.dir.path().join(role))
            .args(["--log-level", "error"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Process { role, child, port }
    }
}

impl Process {
    /// SIGKILL: nothing is flushed, nothing is said.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    async fn get(&self, path: &str) -> Option<String> {
        let response = reqwest::get(format!("http://127.0.0.1:{}{path}", self.port)).await.ok()?;
        response.status().is_success().then_some(())?;
        response.text().await.ok()
    }

    /// Trades stored, and the ranges of their coverage.
    async fn stored(&self) -> (u64, Vec<(i64, i64)>) {
        let Some(text) = self.get("/v1/status").await else { return (0, Vec::new()) };
        let status: actors::status::Status = serde_json::from_str(&text).unwrap();
        let Some(symbol) = status.symbols.first() else { return (0, Vec::new()) };
        let live = symbol.coverage.iter().filter(|row| row.0 == "trades");
        (symbol.trades, live.map(|row| (row.1, row.2)).collect())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first trades of the recording.
fn recording(dir: &Path) -> (String, PathBuf) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let path = std::env::var_os("SAMPLE_TRADES")
        .map_or_else(|| root.join("target/sample-data/Bitmex_XBTUSD_1M.csv"), PathBuf::from);
    let all = std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{}: {error}; get the recorded trades with `cargo xtask sample-data`", path.display())
    });
    let mut text: String = all.lines().take(1 + TRADES).collect::<Vec<_>>().join("\n");
    text.push('\n');
    let path = dir.join("trades.csv");
    std::fs::write(&path, &text).unwrap();
    (text, path)
}

/// The broker, asked with a store that nobody else uses.
async fn broker(url: &str) -> (tempfile::TempDir, KafkaLog) {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(dir.path().join("x.sqlite"), Durability::ProcessKill).await.unwrap();
    let log = KafkaLog::connect(&url.parse().unwrap(), Arc::new(store.store())).await.unwrap();
    (dir, log)
}

/// A database of its own, and a broker without topics of earlier runs.
async fn clean(log: &str) -> String {
    let server = service("postgres");
    let name = format!("roles_{}", std::process::id());
    let mut connection = sqlx::PgConnection::connect(&server).await.unwrap();
    for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await.unwrap();
    }
    let (_dir, log) = broker(log).await;
    for topic in log.topics().await.unwrap() {
        if [FIXED_TOPIC, DEAD_LETTER_TOPIC, "BTCUSD"].contains(&topic.name.as_str()) {
            log.delete_topic(&topic.name).await.unwrap();
        }
    }
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_killed_at_random_moments_lose_nothing_and_double_nothing() {
    // Who installed a provider first does not matter.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let seed = std::env::var("KILL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(11);
    println!("KILL_SEED={seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let dir = tempfile::tempdir().unwrap();
    let (file, path) = recording(dir.path());
    let times: Vec<i64> =
        file.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    let (first_ms, last_ms) = (times[0], times[times.len() - 1]);
    let speed = ((last_ms - first_ms) as f64 / 1_000.0 / REPLAY.as_secs_f64()).floor();

    let (tape, report) = Tape::open(&path, Some(&Listing::parse("BTCUSD").unwrap())).unwrap();
    assert!(report.is_good(), "{report}");
    let mut config = Config::new(Market::Tape(Arc::new(tape)));
    config.speed = speed;
    let log = service("kafka");
    let store = clean(&log).await;
    let cache = service("redis");
    let simulator = Simulator::start(config).await.unwrap();
    let world = World { simulator, speed, log, store, cache, dir };

    let mut processes: Vec<Process> = ["producer", "consumer", "api"].map(|role| world.start(role)).into();
    let begun = Instant::now();
    while processes[2].stored().await.0 == 0 {
        for process in &mut processes {
            let ended = process.child.try_wait().unwrap();
            assert!(ended.is_none(), "the {} has ended: {ended:?}", process.role);
        }
        assert!(begun.elapsed() < DEADLINE, "nothing is stored");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (_dir, broker) = broker(&world.log).await;
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
        let role = processes[victim].role;
        println!("{:.1} s: kill -9 {role}", replay.elapsed().as_secs_f64());
        processes[victim].kill();
        processes[victim] = world.start(role);
    }
    let begun = Instant::now();
    loop {
        let (trades, ranges) = processes[2].stored().await;
        let whole = matches!(ranges[..], [(from, to)] if from <= first_ms + 60_000 && to > last_ms + 61_000);
        if whole {
            assert_eq!(trades, TRADES as u64, "every trade once");
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "{trades} of {TRADES} trades, whole: {ranges:?} to {last_ms}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    for (interval, width_ms) in [("1m", 60_000), ("1h", 3_600_000)] {
        let from = first_ms.div_euclid(width_ms) * width_ms + width_ms;
        let to = (last_ms + 1).div_euclid(width_ms) * width_ms;
        let query = format!("/v1/candles?symbol=BTCUSD&interval={interval}&from={from}&to={to}&format=csv");
        let mut expected = fold(&file, width_ms);
        expected.retain(|bucket, _| *bucket >= from && *bucket < to);
        let text = processes[2].get(&query).await.unwrap();
        assert!(text.starts_with("time,"), "{interval}: {text}");
        let found = parse(&text);
        let wrong: Vec<_> =
            expected.iter().filter(|(bucket, candle)| found.get(bucket) != Some(candle)).collect();
        assert!(
            wrong.is_empty() && found.len() == expected.len(),
            "{interval}: {} candles, {} expected, {} wrong, the first: {:?}, found {:?}",
            found.len(),
            expected.len(),
            wrong.len(),
            wrong.first(),
            wrong.first().and_then(|(bucket, _)| found.get(bucket)),
        );
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
