//! The topic of a symbol: left alone when it is somebody else's, made for a history request, deleted after its last
//! use, made anew when it is needed again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actors::simulator::{Config, DEFAULT_START_US, Listing, Market, RandomMarket, Simulator};
use statechart_runtime::{
    market::Record,
    ports::{Log as _, LogRecord, Store as _, TopicEntry, TopicState},
    postgres::{PostgresOptions, PostgresStore},
};

use super::{
    process::Process,
    servers::{Server, broker, place},
    world::{DEADLINE, LOOK, database},
};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const SYMBOL: &str = "BTCUSD";

/// Minutes of an hour, so many days before the market's start.
fn hour(days: i64) -> String {
    let from = DEFAULT_START_US / 1_000 - days * DAY_MS;
    let to = from + 60 * 60 * 1_000;
    format!("/v1/candles?symbol={SYMBOL}&interval=1m&from={from}&to={to}&wait=20s")
}

/// Asks until the answer holds a text.
async fn until_answered(asked: &Process, query: &str, text: &str) {
    let begun = Instant::now();
    loop {
        let answer = asked.answer(query).await;
        if answer.as_ref().is_some_and(|answer| answer.contains(text)) {
            return;
        }
        assert!(begun.elapsed() < DEADLINE, "{query} never answers `{text}`: {answer:?}");
        tokio::time::sleep(LOOK).await;
    }
}

async fn entry(store: &PostgresStore) -> Option<TopicEntry> {
    store.topics().await.unwrap().into_iter().find(|topic| topic.name == SYMBOL)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_is_deleted_after_its_last_use_and_made_anew_when_it_is_needed() {
    // Who installed a provider first does not matter.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let dir = place();
    let server = Server::start("kafka", dir.path()).await;
    let (log_at, store_at) = (server.url(), database("topics").await);
    let market = RandomMarket::new(
        7,
        vec![Listing::parse("BTC-USD").unwrap()],
        DEFAULT_START_US - 30 * DAY_MS * 1_000,
    );
    let simulator = Simulator::start(Config::new(Market::Random(Arc::new(market)))).await.unwrap();
    // Somebody else's topic has the symbol's name.
    let (_dir, log) = broker(&log_at).await;
    log.create_topic(SYMBOL, 1).await.unwrap();
    log.append(SYMBOL, 0, &[LogRecord::new("", "<order/>", 1_600_000_000_000_000)]).await.unwrap();

    let processes: Vec<Process> = ["api", "producer", "consumer"]
        .map(|role| {
            let arguments = [
                ["--role", role],
                ["--lease", "2s"],
                ["--topic-idle", "4s"],
                ["--exchange", &simulator.url()],
                ["--symbols", "BTC-USD"],
                ["--log", &log_at],
                ["--store", &store_at],
            ];
            let program = env!("CARGO_BIN_EXE_platform").as_ref();
            Process::start(program, role, dir.path(), arguments.as_flattened())
        })
        .into();
    let [api, ..] = &processes[..] else { unreachable!() };
    until_answered(api, &hour(1), "records of another program").await;
    let there = log.fetch(SYMBOL, 0, 0, 10, usize::MAX, Duration::from_secs(5)).await.unwrap();
    assert_eq!(there.records.len(), 1, "nothing is written to a foreign topic");
    log.delete_topic(SYMBOL).await.unwrap();

    until_answered(api, &hour(2), "\"complete\":true").await;
    let store = PostgresStore::connect(&PostgresOptions::new(&store_at)).await.unwrap();
    let first = entry(&store).await.unwrap();
    let begun = Instant::now();
    loop {
        let now = entry(&store).await.unwrap();
        assert_eq!(now.incarnation, first.incarnation);
        if now.state == TopicState::Deleted {
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "the topic is not deleted: {now:?}");
        tokio::time::sleep(LOOK).await;
    }
    assert!(!log.topics().await.unwrap().iter().any(|topic| topic.name == SYMBOL));

    until_answered(api, &hour(3), "\"complete\":true").await;
    let second = entry(&store).await.unwrap();
    assert_eq!(second.incarnation, first.incarnation + 1);
    let there = log.fetch(SYMBOL, 0, 0, 10, usize::MAX, Duration::from_secs(5)).await.unwrap();
    let birth = Record::decode(&there.records[0].record.value).unwrap();
    assert!(matches!(birth, Record::Birth { inc } if inc == second.incarnation), "{birth:?}");
    store.close().await;
    drop(processes);
    simulator.stop().await;
}
