//! Against a server that `cargo xtask services up` has started, and one that is started and stopped here.
#![allow(clippy::unwrap_used)]

use super::{RedisCache, RedisOptions};
use crate::market::{Candle, CandleSource, Decimal, FetchId, Interval, TimeRange};
use crate::ports::{Cache, CacheAnswer, CacheKey, Wake, contract};
use futures_util::StreamExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const MINUTE_US: i64 = 60_000_000;

/// Options with keys that no other run uses.
fn options(url: String) -> RedisOptions {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    RedisOptions { prefix: format!("test-{now}"), ..RedisOptions::new(url) }
}

fn key() -> CacheKey {
    CacheKey { symbol: "BTCUSD".into(), interval: Interval::M1 }
}

fn candle(minute: i64, revision: u64) -> Candle {
    let one = Decimal::ONE;
    Candle {
        bucket_us: minute * MINUTE_US,
        open: one,
        high: one,
        low: one,
        close: one,
        volume: one,
        quote_volume: one,
        trades: Some(revision),
        source: CandleSource::Trades,
        revision,
    }
}

fn minutes(from: i64, to: i64) -> TimeRange {
    TimeRange { from_us: from * MINUTE_US, to_us: to * MINUTE_US }
}

#[tokio::test]
async fn the_contract_holds() {
    let cache = RedisCache::connect(&options(contract::service("redis"))).await.unwrap();
    contract::cache(&cache, "T").await;
    cache.close().await;
}

/// What the server has lost is not claimed again, whoever lost it.
#[tokio::test]
async fn a_lost_series_begins_anew() {
    let options = options(contract::service("redis"));
    let cache = RedisCache::connect(&options).await.unwrap();
    let other = RedisCache::connect(&options).await.unwrap();
    cache.put(&key(), &[candle(1, 1)], Some(minutes(0, 2))).await.unwrap();
    cache.put(&key(), &[candle(2, 1)], Some(minutes(0, 3))).await.unwrap();
    assert!(
        matches!(other.get(&key(), minutes(0, 3)).await.unwrap(), CacheAnswer::Hit(found) if found.len() == 2)
    );
    // Another process forgets it, as an eviction would.
    other.forget(&key()).await.unwrap();
    let error = cache.put(&key(), &[candle(3, 1)], Some(minutes(0, 4))).await.unwrap_err();
    assert!(error.to_string().contains("begins anew"), "{error}");
    assert_eq!(cache.get(&key(), minutes(0, 4)).await.unwrap(), CacheAnswer::Miss);
    assert!(cache.put(&key(), &[], Some(minutes(0, 5))).await.is_err(), "until it is forgotten");
    cache.forget(&key()).await.unwrap();
    cache.put(&key(), &[candle(3, 1)], Some(minutes(3, 5))).await.unwrap();
    assert_eq!(cache.get(&key(), minutes(3, 5)).await.unwrap(), CacheAnswer::Hit(vec![candle(3, 1)]));
    assert_eq!(cache.get(&key(), minutes(0, 5)).await.unwrap(), CacheAnswer::Miss);

    // Another process takes over: its window counts, and the first one's claims do not.
    other.put(&key(), &[candle(3, 2), candle(4, 1)], Some(minutes(3, 6))).await.unwrap();
    assert!(cache.put(&key(), &[candle(4, 9)], Some(minutes(0, 9))).await.is_err());
    assert_eq!(
        other.get(&key(), minutes(3, 6)).await.unwrap(),
        CacheAnswer::Hit(vec![candle(3, 2), candle(4, 1)])
    );
    cache.close().await;
    other.close().await;
}

/// A window that begins with nothing takes the place of another's all the same.
#[tokio::test]
async fn an_empty_window_claims_nothing() {
    let options = options(contract::service("redis"));
    let (old, new) =
        (RedisCache::connect(&options).await.unwrap(), RedisCache::connect(&options).await.unwrap());
    old.put(&key(), &[candle(1, 1)], Some(minutes(0, 3))).await.unwrap();
    assert!(matches!(new.get(&key(), minutes(0, 3)).await.unwrap(), CacheAnswer::Hit(_)));
    // Less than a minute: no bucket of it is whole.
    let part = TimeRange { from_us: 2 * MINUTE_US + 1, to_us: 3 * MINUTE_US };
    new.put(&key(), &[], Some(part)).await.unwrap();
    assert_eq!(new.get(&key(), minutes(0, 3)).await.unwrap(), CacheAnswer::Miss);
    // What it goes on with is its own alone.
    new.put(&key(), &[candle(3, 1)], Some(minutes(3, 5))).await.unwrap();
    assert_eq!(new.get(&key(), minutes(3, 5)).await.unwrap(), CacheAnswer::Hit(vec![candle(3, 1)]));
    assert_eq!(new.get(&key(), minutes(0, 5)).await.unwrap(), CacheAnswer::Miss);
    old.close().await;
    new.close().await;
}

/// What was dropped for want of room is not claimed again.
#[tokio::test]
async fn old_candles_are_dropped_and_not_claimed() {
    let cache = RedisCache::connect(&options(contract::service("redis"))).await.unwrap();
    let all: Vec<Candle> = (0..1_700).map(|minute| candle(minute, 1)).collect();
    cache.put(&key(), &all, Some(minutes(0, 1_700))).await.unwrap();
    cache.put(&key(), &[], Some(minutes(0, 1_701))).await.unwrap();
    assert_eq!(cache.get(&key(), minutes(199, 1_701)).await.unwrap(), CacheAnswer::Miss);
    assert_eq!(cache.get(&key(), minutes(200, 1_701)).await.unwrap(), CacheAnswer::Hit(all[200..].to_vec()));
    assert_eq!(cache.latest(&key()).await.unwrap(), Some(candle(1_699, 1)));
    cache.close().await;
}

/// A writer that has lost the server cannot take back a closed candle that has changed since: others soon ask the store.
#[tokio::test]
async fn what_its_writer_has_left_is_not_believed() {
    let options = RedisOptions { fresh: Duration::from_millis(300), ..options(contract::service("redis")) };
    let writer = RedisCache::connect(&options).await.unwrap();
    let reader = RedisCache::connect(&options).await.unwrap();
    let hit = |answer| matches!(answer, CacheAnswer::Hit(found) if found.len() == 2);
    writer.put(&key(), &[candle(1, 1), candle(2, 1)], Some(minutes(0, 3))).await.unwrap();
    assert!(hit(reader.get(&key(), minutes(0, 3)).await.unwrap()));
    // The writer's connection is gone, the reader's is not.
    writer.close().await;
    let start = Instant::now();
    for range in [minutes(0, 3), minutes(1, 2), minutes(0, 1)] {
        while reader.get(&key(), range).await.unwrap() != CacheAnswer::Miss {
            assert!(start.elapsed() < Duration::from_secs(5), "a stale candle is still served");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    // Candles of somebody who claims nothing do not speak for it; a window does.
    reader.put(&key(), &[candle(2, 2)], None).await.unwrap();
    assert_eq!(reader.get(&key(), minutes(0, 3)).await.unwrap(), CacheAnswer::Miss);
    let back = RedisCache::connect(&options).await.unwrap();
    back.forget(&key()).await.unwrap();
    back.put(&key(), &[candle(1, 2), candle(2, 2)], Some(minutes(0, 3))).await.unwrap();
    assert!(hit(reader.get(&key(), minutes(0, 3)).await.unwrap()));
    back.close().await;
    reader.close().await;
}

#[tokio::test]
async fn what_cannot_be_used_is_said_in_a_sentence() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (url, words) in [
        ("http://me:secret@h".to_owned(), "does not begin with redis://"),
        (format!("redis://me:secret@127.0.0.1:{closed}"), "start the server"),
        (
            contract::service("redis").replacen("redis://", "redis://nobody:secret@", 1),
            "correct user and password",
        ),
    ] {
        let text = RedisCache::connect(&RedisOptions::new(url)).await.unwrap_err().to_string();
        assert!(text.contains(words) && !text.contains("secret") && !text.contains('\n'), "{text}");
    }
}

/// A server of this test's own.
struct Server(Child);

impl Server {
    fn start(port: u16) -> Self {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string()]);
        Server(command.stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// With the server away reads miss at once, writes say so, and everything comes back by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_and_comes_back() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Server::start(port);
    let options = options(format!("redis://127.0.0.1:{port}"));
    let start = Instant::now();
    let cache = loop {
        match RedisCache::connect(&options).await {
            Ok(cache) => break cache,
            Err(error) if start.elapsed() > Duration::from_secs(10) => panic!("{error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    let mut wakes = cache.subscribe().await.unwrap();
    cache.put(&key(), &[candle(1, 1)], Some(minutes(0, 2))).await.unwrap();
    drop(server);
    for _ in 0..5 {
        let start = Instant::now();
        assert_eq!(cache.get(&key(), minutes(0, 2)).await.unwrap(), CacheAnswer::Miss);
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
    assert!(cache.put(&key(), &[candle(2, 1)], Some(minutes(0, 3))).await.unwrap_err().is_transient());
    let server = Server::start(port);
    let start = Instant::now();
    while cache.forget(&key()).await.is_err() {
        assert!(start.elapsed() < Duration::from_secs(20), "it does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    cache.put(&key(), &[candle(1, 1), candle(2, 1)], Some(minutes(0, 3))).await.unwrap();
    assert!(
        matches!(cache.get(&key(), minutes(0, 3)).await.unwrap(), CacheAnswer::Hit(found) if found.len() == 2)
    );
    // The subscription as well.
    let wake = Wake::Fetch(FetchId::from_random(7));
    let start = Instant::now();
    loop {
        cache.notify(&wake).await.unwrap();
        match tokio::time::timeout(Duration::from_millis(100), wakes.next()).await {
            Ok(heard) => break assert_eq!(heard, Some(wake)),
            Err(_) => assert!(start.elapsed() < Duration::from_secs(20), "nobody listens"),
        }
    }
    cache.close().await;
    drop(server);
}
