//! Log, store and cache: each of the three may be on a server or stay embedded, whatever the others do.

use std::time::{Duration, Instant};

use actors::parts::FIXED_TOPIC;
use futures_util::future::join_all;
use sqlx::Connection as _;
use statechart_runtime::{
    market::Interval,
    ports::{Log as _, contract::service},
};

use super::{
    recorded::Recorded,
    servers::{Server, broker, place},
    world::{DEADLINE, LOOK, Places, World, database},
};

/// Trades that are played, and how long that takes.
const TRADES: usize = 2_000;
const REPLAY: Duration = Duration::from_secs(4);
const EMBEDDED: &str = "embedded";

/// Plays the recording to a platform of one process, and looks at everything it answers and stores.
async fn is_right(log: &str, store: &str, cache: &str) {
    let places = Places { log: log.to_owned(), store: store.to_owned(), cache: cache.to_owned() };
    let world = World::new(Recorded::new(TRADES, &["BTC"]), REPLAY, places).await;
    let mut process = world.start("all", "all");
    world.until_whole(&process).await;
    let status = process.status().await.unwrap();
    assert_eq!(status.dead_letters, 0, "{log} {store} {cache}");
    assert_eq!(status.symbols.iter().map(|one| one.trades).sum::<u64>(), TRADES as u64);
    world.assert_answers(&process, Interval::M1).await;
    process.assert_runs();
    if store != EMBEDDED {
        world.assert_right().await;
    }
    if log == EMBEDDED && store != EMBEDDED {
        process.end();
        assert_a_new_directory_is_another_log(&world).await;
    }
}

/// The incarnations of the fixed topic that the store has positions in.
async fn incarnations(world: &World) -> Vec<i64> {
    let mut connection = sqlx::PgConnection::connect(&world.places.store).await.unwrap();
    let sql = "SELECT DISTINCT inc FROM consumer_offset WHERE topic = $1 ORDER BY inc";
    let found = sqlx::query_scalar(sql).bind(FIXED_TOPIC).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    found
}

/// A store on a server outlives the data directory: positions in the log that is gone say nothing of the new one.
async fn assert_a_new_directory_is_another_log(world: &World) {
    let before = incarnations(world).await;
    let [old] = before[..] else { panic!("one log was read: {before:?}") };
    let mut process = world.start("all", "new");
    let begun = Instant::now();
    loop {
        process.assert_runs();
        match incarnations(world).await[..] {
            [first, second] => {
                // The next number would mean that the new log was taken for the old one, and found to be shorter.
                assert!(first == old && second > old + 1, "{first} {second}");
                break;
            }
            [_] => assert!(begun.elapsed() < DEADLINE, "the new log is not read: {}", process.said()),
            ref found => panic!("{found:?}"),
        }
        tokio::time::sleep(LOOK).await;
    }
    world.assert_right().await;
}

/// One of several databases of the shared cache.
fn cache(number: u32) -> String {
    format!("{}/{number}", service("redis"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_log_store_and_cache_may_stay_embedded() {
    let dir = place();
    let server = Server::start("kafka", dir.path()).await;
    let url = server.url();
    let on_a_broker = async {
        let (_dir, broker) = broker(&url).await;
        // They share the broker, so one after the other.
        for (store, cache) in [(EMBEDDED, EMBEDDED.to_owned()), (EMBEDDED, cache(1))] {
            is_right(&url, store, &cache).await;
            for topic in broker.topics().await.unwrap() {
                broker.delete_topic(&topic.name).await.unwrap();
            }
        }
        partitions_are_assigned_by_hand(&url).await;
    };
    let embedded = async {
        let (one, other) = (database("mixed_one").await, database("mixed_other").await);
        let rows = [(EMBEDDED.to_owned(), cache(2)), (one, EMBEDDED.to_owned()), (other, cache(3))];
        join_all(rows.iter().map(|(store, cache)| is_right(EMBEDDED, store, cache))).await;
    };
    tokio::join!(on_a_broker, embedded);
}

/// The cache alone stays embedded, so several processes may share the work; here by a list for each.
async fn partitions_are_assigned_by_hand(log: &str) {
    let store = database("mixed_by_hand").await;
    let places = Places { log: log.to_owned(), store, cache: EMBEDDED.to_owned() };
    // Two symbols are in partitions 0 and 1.
    let world = World::new(Recorded::new(TRADES, &["BTC", "ETH"]), REPLAY, places).await;
    let one = world.start_with("all", "one", &["--partitions", "0"]);
    let begun = Instant::now();
    loop {
        let status = one.status().await;
        let covered = status.iter().flat_map(|status| &status.symbols);
        let is_over = |one: &actors::status::SymbolStatus| {
            one.coverage.iter().any(|row| row.0 == "trades" && row.2 > world.recorded.last_ms + 61_000)
        };
        let over: Vec<&str> = covered.filter(|one| is_over(one)).map(|one| one.symbol.as_str()).collect();
        match over[..] {
            ["BTCUSD"] => break,
            [] => assert!(begun.elapsed() < DEADLINE, "partition 0 is not read: {status:?}"),
            _ => panic!("it was told to read partition 0 only: {over:?}"),
        }
        tokio::time::sleep(LOOK).await;
    }
    let status = one.status().await.unwrap();
    let ether = status.symbols.iter().find(|one| one.symbol == "ETHUSD").unwrap();
    assert_eq!(ether.trades, 0, "nobody reads partition 1");
    let other = world.start_with("consumer", "other", &["--partitions", "1,7"]);
    world.until_whole(&other).await;
    world.assert_right().await;
    let mut connection = sqlx::PgConnection::connect(&world.places.store).await.unwrap();
    let leased: Vec<String> = sqlx::query_scalar("SELECT name FROM lease WHERE name LIKE $1 AND epoch > 0")
        .bind(format!("%{FIXED_TOPIC}%"))
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert!(leased.is_empty(), "what is assigned by hand is not leased: {leased:?}");
    drop((one, other));
}
