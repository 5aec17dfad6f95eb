//! `kill -9` in mid-stream: what the store holds afterwards is every trade, once.
//!
//! A real process is killed three times at seeded moments while a recording plays; after the last start
//! the gaps are repaired from the exchange's trade history, and every candle is compared with the file.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod common;

use std::{
    fmt::Write,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use actors::simulator::{Config, Listing, Market, Running, Simulator, Tape};
use common::{fold, parse};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// Exchange seconds a wall second.
const SPEED: f64 = 2_000.0;
/// Minutes of the recording: 20 s of wall time.
const MINUTES: i64 = 660;
const START_MS: i64 = 1_600_000_000_000 - 1_600_000_000_000 % 86_400_000;
const DEADLINE: Duration = Duration::from_secs(120);

/// A recording with ties, quiet minutes and bursts.
fn recording(random: &mut ChaCha8Rng) -> String {
    let mut file = String::from("timestamp_ms,price,size\n");
    let mut cents: i64 = 1_000_000;
    for minute in 0..MINUTES {
        let trades = if minute % 97 == 5 { 0 } else { random.next_u64() % 40 };
        let mut times: Vec<i64> =
            (0..trades).map(|_| (random.next_u64() % 60_000) as i64 / 50 * 50).collect();
        times.sort_unstable();
        for time in times {
            cents += (random.next_u64() % 2_001) as i64 - 1_000;
            let size = random.next_u64() % 1_000_000 + 1;
            let sign = if random.next_u64().is_multiple_of(2) { "" } else { "-" };
            let at = START_MS + minute * 60_000 + time;
            writeln!(file, "{at},{}.{:02},{sign}0.{size:06}", cents / 100, cents % 100).unwrap();
        }
    }
    file
}

/// The platform as a process of its own.
struct Process {
    child: Child,
    port: u16,
}

impl Process {
    fn start(simulator: &Running, dir: &Path, port: u16) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_platform"))
            .args(["run", "--exchange", &simulator.url(), "--exchange-speed", &format!("{SPEED}x")])
            .args(["--listen", &format!("127.0.0.1:{port}"), "--data-dir"])
            .arg(dir)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        Self { child, port }
    }

    async fn get(&self, path: &str) -> Option<String> {
        let response = reqwest::get(format!("http://127.0.0.1:{}{path}", self.port)).await.ok()?;
        response.status().is_success().then_some(())?;
        response.text().await.ok()
    }

    /// Trades stored, and until when coverage reaches in one piece from the first trade on.
    async fn stored(&self) -> (u64, i64) {
        let Some(text) = self.get("/v1/status").await else { return (0, 0) };
        let status: actors::status::Status = serde_json::from_str(&text).unwrap();
        let Some(symbol) = status.symbols.first() else { return (0, 0) };
        let live = symbol.coverage.iter().filter(|row| row.0 == "trades");
        let whole = live.filter(|row| row.1 <= START_MS + 60_000).map(|row| row.2).max();
        (symbol.trades, whole.unwrap_or(0))
    }

    /// SIGKILL: nothing is flushed, nothing is said.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A port that is free now.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_doubled() {
    // Who installed a provider first does not matter.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let seed = std::env::var("KILL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    println!("KILL_SEED={seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let dir = tempfile::tempdir().unwrap();
    let file = recording(&mut random);
    let path = dir.path().join("trades.csv");
    std::fs::write(&path, &file).unwrap();
    let rows = file.lines().count() as u64 - 1;
    let last_ms: i64 = file.lines().last().unwrap().split(',').next().unwrap().parse().unwrap();

    let (tape, report) = Tape::open(&path, Some(&Listing::parse("BTCUSD").unwrap())).unwrap();
    assert!(report.is_good(), "{report}");
    let mut config = Config::new(Market::Tape(Arc::new(tape)));
    config.speed = SPEED;
    let simulator = Simulator::start(config).await.unwrap();

    let data = dir.path().join("data");
    for _ in 0..3 {
        let process = Process::start(&simulator, &data, free_port());
        let begun = Instant::now();
        while process.stored().await.0 == 0 {
            assert!(begun.elapsed() < DEADLINE, "the platform stores nothing");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(500 + random.next_u64() % 3_000)).await;
        process.kill();
    }
    let process = Process::start(&simulator, &data, free_port());
    let begun = Instant::now();
    loop {
        let (trades, whole_ms) = process.stored().await;
        if whole_ms > last_ms + 61_000 {
            assert_eq!(trades, rows, "every trade once");
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "{trades} of {rows} trades, whole until {whole_ms} of {last_ms}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for (interval, width_ms) in [("1m", 60_000), ("1h", 3_600_000)] {
        let to = (last_ms + 1).div_euclid(width_ms) * width_ms;
        let query =
            format!("/v1/candles?symbol=BTCUSD&interval={interval}&from={START_MS}&to={to}&format=csv");
        let found = parse(&process.get(&query).await.unwrap());
        let mut expected = fold(&file, width_ms);
        expected.retain(|bucket, _| *bucket < to);
        assert_eq!(found, expected, "{interval}");
    }
    process.kill();
    simulator.stop().await;
}
