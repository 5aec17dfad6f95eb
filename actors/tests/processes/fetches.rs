//! Many requests at once for what nobody has stored yet.

use std::{sync::Arc, time::Duration};

use actors::{
    exchange::Endpoints,
    platform,
    simulator::{Config, DEFAULT_START_US, Listing, Market, RandomMarket, Simulator},
};
use futures_util::future::join_all;

const HOUR_MS: i64 = 60 * 60 * 1_000;
const FETCHES: i64 = 100;

/// Each asks for another hour, so each is a fetch of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_fetches_at_once_are_all_answered() {
    // Who installed a provider first does not matter.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listing = Listing::parse("BTC-USD").unwrap();
    let market = RandomMarket::new(7, vec![listing], DEFAULT_START_US - 30 * 24 * HOUR_MS * 1_000);
    let mut config = Config::new(Market::Random(Arc::new(market)));
    config.speed = 60.0;
    let simulator = Simulator::start(config).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut config =
        platform::Config::new(Endpoints::single(&simulator.url()).unwrap(), dir.path().to_owned());
    config.time_scale = 1.0 / 60.0;
    let platform = platform::start(config).await.unwrap();

    let (client, addr) = (reqwest::Client::new(), platform.addr());
    let ask = async |fetch: i64| {
        // Every other hour: no two of them are one range.
        let from = DEFAULT_START_US / 1_000 - 2 * (fetch + 1) * HOUR_MS;
        let to = from + HOUR_MS;
        let url = format!("http://{addr}/v1/candles?symbol=BTCUSD&interval=1m&from={from}&to={to}&wait=30s");
        let answer = client.get(&url).timeout(Duration::from_secs(60)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{url}");
        let answer: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(answer["complete"], true, "{url}: {answer}");
        let candles = answer["candles"].as_array().unwrap();
        let times: Vec<i64> = candles.iter().map(|one| one["time"].as_i64().unwrap()).collect();
        assert!(times.len() > 50 && times.iter().all(|time| (from..to).contains(time)), "{url}: {times:?}");
    };
    join_all((0..FETCHES).map(ask)).await;
    let status = platform.front().status().await;
    assert!(status.fetches.is_empty(), "{:?}", status.fetches);
    platform.stop(Duration::from_secs(5)).await;
    simulator.stop().await;
}
