//! The whole platform over real recorded trades: every candle that the API returns equals one computed from the file.
//!
//! `cargo xtask test` fetches the recording and sets `SAMPLE_TRADES`; any file of `timestamp_ms,price,size` will do.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod common;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use actors::{
    exchange::Endpoints,
    platform,
    simulator::{Config, Listing, Market, Simulator, Tape},
};
use common::{fold, parse};
use statechart_runtime::market::NewInstrument;

const SYMBOL: &str = "BTCUSD";
/// Exchange seconds a wall second: the four days of the recording take under half a minute.
const SPEED: f64 = 20_000.0;
const DEADLINE: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_candle_of_a_recording_is_right() {
    let path = std::env::var("SAMPLE_TRADES").expect(
        "SAMPLE_TRADES names no file of recorded trades: run `cargo xtask test`, or `cargo xtask sample-data` and set it",
    );
    // RUST_LOG=info shows what the platform reports meanwhile.
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    // reqwest is built without a default; who installed one first does not matter.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let file = std::fs::read_to_string(Path::new(&path)).unwrap();
    let last_ms: i64 = file.lines().last().unwrap().split(',').next().unwrap().parse().unwrap();

    let listing = Listing::parse(SYMBOL).unwrap();
    let (tape, report) = Tape::open(Path::new(&path), Some(&listing)).unwrap();
    assert!(report.is_good(), "{report}");
    let mut config = Config::new(Market::Tape(Arc::new(tape)));
    config.speed = SPEED;
    let simulator = Simulator::start(config).await.unwrap();

    let dir = tempfile::tempdir().unwrap();
    let mut config =
        platform::Config::new(Endpoints::single(&simulator.url()).unwrap(), dir.path().to_owned());
    config.symbols = vec![NewInstrument::pair("BTC", "USD")];
    config.time_scale = 1.0 / SPEED;
    let platform = platform::start(config).await.unwrap();

    // The tape is over when its last minute is covered.
    let begun = Instant::now();
    let front = platform.front();
    loop {
        let status = front.status().await;
        let covered = status.symbols.iter().flat_map(|one| &one.coverage).filter(|row| row.0 == "trades");
        if covered.map(|row| row.2).max().is_some_and(|to_ms| to_ms > last_ms + 61_000) {
            assert_eq!(status.dead_letters, 0);
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "the tape is not over after {DEADLINE:?}: {status:#?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    let rows = file.lines().count() - 1;
    println!("{rows} trades stored in {:.1} s", begun.elapsed().as_secs_f64());
    let from_ms: i64 = file.lines().nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    for (interval, width_ms) in [
        ("1m", 60_000),
        ("5m", 300_000),
        ("15m", 900_000),
        ("1h", 3_600_000),
        ("4h", 14_400_000),
        ("1d", 86_400_000),
    ] {
        // Wider buckets begin before the feed did: only whole ones are asked for.
        let from = (from_ms + width_ms - 1).div_euclid(width_ms) * width_ms;
        let from = if interval == "1m" { from_ms.div_euclid(width_ms) * width_ms } else { from };
        let to = (last_ms + 1).div_euclid(width_ms) * width_ms;
        let url = format!(
            "http://{}/v1/candles?symbol={SYMBOL}&interval={interval}&from={from}&to={to}&format=csv",
            platform.addr()
        );
        let response = reqwest::get(&url).await.unwrap();
        assert!(response.status().is_success(), "{url}: {}", response.text().await.unwrap());
        assert_eq!(response.headers()["x-complete"], "true", "{url}");
        let found = parse(&response.text().await.unwrap());
        let mut expected = fold(&file, width_ms);
        expected.retain(|bucket, _| (from..to).contains(bucket));
        assert_eq!(found.len(), expected.len(), "{interval}: number of candles");
        for (bucket, candle) in &expected {
            assert_eq!(found.get(bucket), Some(candle), "{interval} at {bucket}");
        }
        println!("{interval}: {} candles equal", found.len());
    }
    platform.stop(Duration::from_secs(5)).await;
    simulator.stop().await;
}
