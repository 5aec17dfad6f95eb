//! The live feed against the simulator: what it covers is what the exchange has traded, whatever goes wrong.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use statechart_runtime::{
    market::{CoverageState, Instrument, Source, TimeRange},
    ports::{Batch, BatchBuilder, CoverageMark, FetchedRecord, Placed},
};
use tokio::time::{Instant, sleep};

use super::{Live, LiveConfig, Publisher};
use crate::{
    exchange::{BackoffPolicy, Client, ClientConfig, Endpoints, FeedConfig, RetryPolicy, wall_clock},
    parts::{ExchangeClock, Parts, testing::embedded},
    simulator::{Config, Listing, Market, Position, Running, Simulator, Tape},
};

const SECOND: i64 = 1_000_000;
const START: i64 = 1_600_000_020 * SECOND;
/// A trade each tenth of a second for ten minutes.
const TRADES: i64 = 6_000;
/// Exchange seconds a second.
const SPEED: f64 = 100.0;

struct World {
    _dir: tempfile::TempDir,
    parts: Arc<Parts>,
    live: Live,
    instrument: Arc<Instrument>,
    exchange: Running,
    dead: AtomicUsize,
}

impl World {
    async fn new(speed: f64, faults: &str) -> Self {
        let mut csv = String::new();
        for at in 0..TRADES {
            writeln!(csv, "{},{}.5,0.01", (START + at * SECOND / 10) / 1_000, 100 + at % 7).unwrap();
        }
        let tape = Tape::read(csv.as_bytes(), "test.csv", Some(&Listing::new("BTC", "USD"))).unwrap().0;
        let mut config = Config::new(Market::Tape(Arc::new(tape)));
        config.speed = speed;
        config.faults = faults.parse().unwrap();
        let exchange = Simulator::start(config).await.unwrap();

        let (dir, mut parts) = embedded().await;
        Arc::get_mut(&mut parts).unwrap().clock = ExchangeClock::new(1.0 / speed, wall_clock());
        let instrument = Arc::new(parts.instruments.get().get("BTCUSD").unwrap().clone());
        let endpoints: Endpoints = exchange.url().parse().unwrap();
        let retry = RetryPolicy { attempts: 2, first_ms: 5, cap_ms: 10, deadline_ms: 5_000 };
        let client =
            Client::new(endpoints.clone(), ClientConfig { retry, ..ClientConfig::default() }).unwrap();
        let time_scale = 1.0 / speed;
        let config = LiveConfig {
            endpoints,
            feed: FeedConfig { time_scale, ..FeedConfig::default() },
            backoff: BackoffPolicy { time_scale, ..BackoffPolicy::default() },
            seed: 1,
        };
        let publisher = Publisher::start(parts.log.clone(), None);
        let live = Live::new(parts.clone(), client, config, vec![instrument.clone()], &publisher);
        Self { _dir: dir, parts, live, instrument, exchange, dead: AtomicUsize::new(0) }
    }

    /// Stores the next batch, as the consumer of the log would.
    async fn store(&self) -> bool {
        let batch = self.live.take();
        let table = self.parts.instruments.get();
        let mut builder = BatchBuilder::new(&table, None);
        for record in batch.0.values().flatten() {
            builder.push(&FetchedRecord { offset: 0, record: record.clone() });
        }
        let mut batch = builder.finish();
        self.dead.fetch_add(std::mem::take(&mut batch.dead_letters).len(), Ordering::Relaxed);
        self.parts.store.ingest(batch).await.unwrap();
        true
    }

    /// One life of the socket, ended by us once the coverage is as wanted.
    async fn live_until(&self, is_enough: impl Fn(&[TimeRange]) -> bool) {
        self.live.connect().await.unwrap();
        tokio::select! {
            reason = self.live.read(|| self.store()) => panic!("{reason}"),
            () = self.until(is_enough) => {}
        }
    }

    async fn until(&self, is_enough: impl Fn(&[TimeRange]) -> bool) {
        let begun = Instant::now();
        while !is_enough(&self.covered().await) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", self.covered().await);
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn covered(&self) -> Vec<TimeRange> {
        let everything = TimeRange { from_us: 0, to_us: i64::MAX };
        let rows = self.parts.store.coverage(self.instrument.id, everything).await.unwrap();
        let is_covered = |row: &&statechart_runtime::market::CoverageRow| {
            row.source == Source::Trades && row.state == CoverageState::Covered
        };
        rows.iter().filter(is_covered).map(|row| row.range).collect()
    }

    /// Says that a range is covered already, without any trade in it.
    async fn cover(&self, range: TimeRange) {
        let item = CoverageMark { source: Source::Trades, range, state: CoverageState::Covered, epoch: None };
        let coverage = vec![Placed { offset: 0, instrument: self.instrument.id, item }];
        self.parts.store.ingest(Batch { coverage, ..Batch::default() }).await.unwrap();
    }

    /// Every trade of what is covered is stored, and no other.
    async fn assert_true(&self) {
        let covered = self.covered().await;
        for range in &covered {
            let stored = self.parts.store.trades(self.instrument.id, *range, None, 100_000).await.unwrap();
            let stored: Vec<i64> = stored.iter().map(|trade| trade.time_us).collect();
            let market = self.exchange.market();
            let made = market.trades_after(0, Position::after(range.from_us - 1), range.to_us, usize::MAX);
            let made: Vec<i64> = made.iter().map(|trade| trade.time_us).collect();
            assert_eq!(stored.len(), made.len(), "{range} of {covered:?}");
            assert_eq!(stored, made, "{range} of {covered:?}");
        }
    }
}

fn reaches(covered: &[TimeRange], to_us: i64) -> bool {
    covered.last().is_some_and(|range| range.to_us >= to_us)
}

/// What the exchange has not filed yet when a gap is read is read once more; the feed goes on meanwhile.
#[tokio::test]
async fn a_gap_is_whole_only_when_its_trades_are_filed() {
    let world = World::new(SPEED, "filed-after=55s").await;
    world.live_until(|covered| reaches(covered, START + 60 * SECOND)).await;
    sleep(Duration::from_millis(300)).await;
    world
        .live_until(|covered| {
            // The newest are whole while the gap is not.
            covered.len() == 2 && reaches(covered, world.exchange.now_us() - 40 * SECOND)
        })
        .await;
    world.assert_true().await;
    // The socket is lost once more before the gap is closed.
    world.live_until(|covered| covered.len() == 1 && reaches(covered, START + 300 * SECOND)).await;
    world.assert_true().await;
    assert_eq!(world.dead.load(Ordering::Relaxed), 0);
}

/// Neither coverage nor clock follow a trade that is dated ahead, and a socket that is lost then is repaired.
#[tokio::test]
async fn a_trade_of_the_future_moves_nothing() {
    let world = World::new(SPEED, "ahead=0.05").await;
    for lives in 1..=3 {
        world
            .live_until(|covered| covered.len() == 1 && reaches(covered, START + lives * 120 * SECOND))
            .await;
        let (now_us, stated_us) = (world.exchange.now_us(), world.parts.clock.now_us());
        assert!(!reaches(&world.covered().await, now_us), "{:?} at {now_us}", world.covered().await);
        // The clock stands until the first subscription, which we do not see.
        assert!(stated_us < now_us + 60 * SECOND, "{stated_us} at {now_us}");
        sleep(Duration::from_millis(200)).await;
    }
    world.assert_true().await;
    let dead = world.dead.load(Ordering::Relaxed);
    assert!(dead > 20, "{dead}");
}

/// Where a trade that is dated ahead may still be right, it is stored, and moves nothing either.
#[tokio::test]
async fn a_trade_slightly_ahead_moves_no_clock() {
    // Half an hour is less than two seconds of such a clock.
    let world = World::new(1_000.0, "ahead=0.05").await;
    world.live_until(|covered| reaches(covered, START + 500 * SECOND)).await;
    let (now_us, stated_us) = (world.exchange.now_us(), world.parts.clock.now_us());
    assert!(!reaches(&world.covered().await, now_us), "{:?} at {now_us}", world.covered().await);
    assert!(stated_us < now_us + 600 * SECOND, "{stated_us} at {now_us}");
    let ahead = TimeRange { from_us: START + 1_200 * SECOND, to_us: i64::MAX };
    let ahead = world.parts.store.trades(world.instrument.id, ahead, None, 10).await.unwrap();
    assert!(!ahead.is_empty() && world.dead.load(Ordering::Relaxed) == 0);
}

/// A life that is ended before anything of a new symbol was stored: it is whole all the same from the first subscription
/// on, whether the socket lives on or not.
#[tokio::test]
async fn what_is_lost_before_anything_was_stored_is_read_again() {
    for lives_on in [true, false] {
        let world = World::new(SPEED, "").await;
        world.live.connect().await.unwrap();
        let is_lost = AtomicBool::new(true);
        // What is gone from the log before anybody has read it.
        let lose = async || {
            if is_lost.load(Ordering::Relaxed) {
                world.live.take();
                return true;
            }
            world.store().await
        };
        let is_whole =
            |covered: &[TimeRange]| covered.first().is_some_and(|first| first.from_us < START + 30 * SECOND);
        let ended = async {
            world.until(|_| world.exchange.now_us() > START + 100 * SECOND).await;
            assert!(world.covered().await.is_empty());
            // A consumer has seen it.
            let (id, epoch) = (world.instrument.id, (world.parts.wall)() / 1_000);
            world.parts.store.end_feed(id, epoch).await.unwrap();
            is_lost.store(false, Ordering::Relaxed);
            if lives_on {
                world.until(is_whole).await;
            }
        };
        tokio::select! {
            reason = world.live.read(lose) => panic!("{reason}"),
            () = ended => {}
        }
        if !lives_on {
            world.live_until(is_whole).await;
        }
        world.assert_true().await;
    }
}

/// A trade history that refuses keeps back its gap and nothing else.
#[tokio::test]
async fn what_is_live_goes_on_while_the_history_refuses() {
    for faults in ["http-500=1", "rate-limit=0,html-errors=1", "slow=1,http-500=1"] {
        let world = World::new(SPEED, faults).await;
        let before = TimeRange { from_us: START - 900 * SECOND, to_us: START - 600 * SECOND };
        world.cover(before).await;
        world.live_until(|covered| reaches(covered, START + 200 * SECOND)).await;
        let covered = world.covered().await;
        assert_eq!((covered.len(), covered[0]), (2, before), "{covered:?}");
        world.assert_true().await;
        assert!(world.exchange.stats().rest_calls > 0);
    }
}
