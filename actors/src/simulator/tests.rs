//! The client against the simulator: every behaviour and every fault, over real sockets.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::exchange::{
    Client, ClientConfig, CloseReason, Endpoints, ExchangeError, Feed, FeedConfig, FeedEvent, FloorReason,
    HistoryWalk, Pair, Resolution, RetryPolicy, Row, TradeCursor, WireTrade,
};

pub(super) const MINUTE: i64 = 60_000_000;
pub(super) const START: i64 = DEFAULT_START_US;

pub(super) fn pair() -> Pair {
    Pair::new("Coinbase", "BTC", "USD")
}

/// BTC and ETH, listed two days and seven hours before the start.
pub(super) fn random() -> Market {
    Market::random(7, vec![Listing::new("BTC", "USD"), Listing::new("ETH", "USD")], START - 55 * 60 * MINUTE)
}

fn tape(csv: &str) -> Market {
    Market::Tape(Arc::new(
        Tape::read(csv.as_bytes(), "test.csv", Some(&Listing::new("BTC", "USD"))).unwrap().0,
    ))
}

pub(super) async fn simulate(market: Market, set: impl FnOnce(&mut Config)) -> Running {
    let mut config = Config::new(market);
    set(&mut config);
    Simulator::start(config).await.unwrap()
}

pub(super) fn endpoints(running: &Running) -> Endpoints {
    running.url().parse().unwrap()
}

pub(super) fn client(running: &Running, attempts: u32) -> Client {
    let retry = RetryPolicy { attempts, first_ms: 5, cap_ms: 50, deadline_ms: 30_000 };
    Client::new(endpoints(running), ClientConfig { retry, ..ClientConfig::default() }).unwrap()
}

pub(super) async fn feed(running: &Running, pairs: &[Pair]) -> Result<Feed, ExchangeError> {
    let config = FeedConfig { time_scale: 0.001, ..FeedConfig::default() };
    Feed::connect(&endpoints(running), config, pairs).await
}

pub(super) async fn next(feed: &mut Feed) -> FeedEvent {
    tokio::time::timeout(Duration::from_secs(20), feed.next()).await.expect("an event within 20 s")
}

/// Reads until a heartbeat of at least `until_us`, or the end.
pub(super) async fn gather(feed: &mut Feed, until_us: i64) -> (Vec<(WireTrade, bool)>, Option<CloseReason>) {
    let mut trades = Vec::new();
    loop {
        match next(feed).await {
            FeedEvent::Trade { trade, replayed, .. } => trades.push((trade, replayed)),
            FeedEvent::Heartbeat { time_us } if time_us >= until_us => return (trades, None),
            FeedEvent::Closed { reason } => return (trades, Some(reason)),
            FeedEvent::Malformed { text, reason } => panic!("{reason}: {text}"),
            _ => {}
        }
    }
}

pub(super) fn ids(trades: &[SimTrade]) -> Vec<String> {
    trades.iter().map(|trade| trade.id.to_string()).collect()
}

pub(super) fn source(running: &Running, from_us: i64, to_us: i64) -> Vec<SimTrade> {
    running.market().trades_after(0, Position::after(from_us - 1), to_us, usize::MAX)
}

/// Candles folded trade by trade: the slow and obvious way.
fn brute_force(running: &Running, resolution: Resolution, from_us: i64, to_us: i64) -> BTreeMap<i64, Fold> {
    let mut candles = BTreeMap::new();
    for trade in source(running, from_us, to_us) {
        let mut sum = candles.remove(&resolution.floor(trade.time_us));
        Fold::push(&mut sum, &Fold::of(trade.price, trade.size));
        candles.insert(resolution.floor(trade.time_us), sum.unwrap());
    }
    candles
}

fn assert_row(row: &Row, candles: &BTreeMap<i64, Fold>, before: &mut Option<rust_decimal::Decimal>) {
    match candles.get(&row.time_us) {
        Some(fold) => {
            assert_eq!(
                (row.open, row.high, row.low, row.close),
                (fold.open, fold.high, fold.low, fold.close)
            );
            assert_eq!((row.volume, row.quote_volume), (fold.volume, fold.quote_volume), "{row:?}");
            *before = Some(row.close);
        }
        None => {
            let flat = before.expect("a close to carry on");
            assert!(row.is_carried() && [row.open, row.high, row.low, row.close] == [flat; 4], "{row:?}");
        }
    }
}

#[tokio::test]
async fn candles_equal_the_fold_of_the_trades() {
    let running = simulate(random(), |c| c.start_us = Some(START + 17_500_000)).await;
    let client = client(&running, 1);
    for (resolution, rows_at_least) in
        [(Resolution::Minute, 3_000), (Resolution::Hour, 54), (Resolution::Day, 2)]
    {
        let candles = brute_force(&running, resolution, 0, START + 17_500_001);
        let mut walk = HistoryWalk::new(pair(), resolution, 0, START + 10 * MINUTE);
        let mut pages = Vec::new();
        while let Some(page) = walk.next(&client, None).await.unwrap() {
            pages.push(page);
        }
        let newest = &pages[0];
        let open = newest.open.as_ref().unwrap();
        assert_eq!(open.time_us, resolution.floor(START), "the open bucket is set apart");
        let oldest = pages.last().unwrap();
        assert_eq!((oldest.floor, oldest.next_to_us), (Some(FloorReason::BeforeListing), None));
        let mut rows: Vec<&Row> = pages.iter().flat_map(|page| &page.rows).collect();
        rows.sort_by_key(|row| row.time_us);
        assert!(rows.len() >= rows_at_least, "{resolution:?} {}", rows.len());
        assert!(
            rows.windows(2).all(|w| w[1].time_us - w[0].time_us == resolution.us()),
            "one row per bucket"
        );
        assert_eq!(rows[0].time_us, *candles.keys().next().unwrap(), "from the first trade on");
        let mut before = None;
        for row in rows.into_iter().chain([open]) {
            assert_row(row, &candles, &mut before);
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn a_bucket_is_closed_fifteen_seconds_after_its_end() {
    let running = simulate(random(), |c| c.start_us = Some(START + 14_000_000)).await;
    let page = client(&running, 1).history_page(&pair(), Resolution::Minute, START, 5, None).await.unwrap();
    assert_eq!((page.rows.len(), page.open.unwrap().time_us), (4, START - MINUTE), "by the exchange's Date");
    let page = client(&running, 1)
        .history_page(&pair(), Resolution::Minute, START, 5, Some(START + 15_000_000))
        .await;
    assert_eq!(page.unwrap().covered, Some((START - 5 * MINUTE, START)), "by the clock given");
    running.stop().await;
}

#[tokio::test]
async fn trade_history_pages_give_every_trade_once() {
    let running = simulate(random(), |c| c.start_us = Some(START)).await;
    let client = client(&running, 1);
    let from = START - 600 * MINUTE + 12_345_678;
    let expected = source(&running, from, START + 1);
    for (limit, least_pages) in [(5_000, 1), (97, 20)] {
        let (mut cursor, mut trades, mut pages) = (TradeCursor::from_time(from), Vec::new(), 0);
        loop {
            let page = client.trades_page(&pair(), cursor, limit).await.unwrap();
            (cursor, pages) = (page.next, pages + 1);
            trades.extend(page.trades);
            if page.complete {
                assert_eq!(page.exchange_now_us, Some(START));
                break;
            }
        }
        assert!(pages >= least_pages, "{pages}");
        assert_eq!(trades.len(), expected.len());
        for (got, sim) in trades.iter().zip(&expected) {
            let same = (sim.id.to_string(), sim.time_us, sim.price, sim.size, sim.side, Some(sim.ccseq));
            assert_eq!((got.id.clone(), got.time_us, got.price, got.size, got.side, got.ccseq), same);
            assert_eq!((got.market.as_str(), got.base.as_str()), ("Coinbase", "BTC"));
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn the_feed_replays_then_tells_every_trade() {
    let running = simulate(random(), |c| c.speed = 1_000.0).await;
    let mut feed = feed(&running, &[pair(), Pair::new("Coinbase", "ETH", "USD")]).await.unwrap();
    let until = START + 1_200 * MINUTE / 20;
    let (trades, end) = gather(&mut feed, until).await;
    assert_eq!(end, None);
    for (index, base) in ["BTC", "ETH"].into_iter().enumerate() {
        let of = |flag| -> Vec<String> {
            trades
                .iter()
                .filter(|(t, r)| *r == flag && t.base == base && t.time_us < until)
                .map(|(t, _)| t.id.clone())
                .collect()
        };
        let market = running.market();
        assert_eq!(of(true), ids(&market.trades_before(index, START + 1, 20)), "the last 20, marked");
        assert_eq!(of(false), ids(&market.trades_after(index, Position::after(START), until, usize::MAX)));
    }
    assert!(feed.exchange_now_us() >= until);
    let live: Vec<i64> = trades.iter().filter(|(_, replayed)| !replayed).map(|(t, _)| t.time_us).collect();
    assert!(live.is_sorted(), "in time order over both pairs");
    feed.close().await;
    assert_eq!(next(&mut feed).await, FeedEvent::Closed { reason: CloseReason::Local });
    running.stop().await;
}

#[tokio::test]
async fn subscriptions_come_and_go() {
    let running = simulate(random(), |c| c.speed = 1_000.0).await;
    let (eth, none) = (Pair::new("Coinbase", "ETH", "USD"), Pair::new("Coinbase", "NO", "USD"));
    let unknown = feed(&running, std::slice::from_ref(&none)).await.err();
    assert!(matches!(unknown, Some(ExchangeError::UnknownPair { .. })), "{unknown:?}");
    let mut feed = feed(&running, &[pair(), none.clone()]).await.unwrap();
    assert_eq!(feed.rejected().iter().map(|(pair, _)| pair).collect::<Vec<_>>(), [&none]);
    feed.add(&[eth.clone(), pair()]).await.unwrap();
    loop {
        match next(&mut feed).await {
            FeedEvent::Subscribed { pair, time_us } if pair == eth => break assert!(time_us >= START),
            FeedEvent::Closed { reason } => panic!("{reason}"),
            _ => {}
        }
    }
    feed.remove(&[pair()]).await.unwrap();
    while next(&mut feed).await != (FeedEvent::Unsubscribed { pair: pair() }) {}
    let until = feed.exchange_now_us() + 60 * MINUTE;
    let (trades, _) = gather(&mut feed, until).await;
    assert!(!trades.is_empty() && trades.iter().all(|(trade, _)| trade.base == "ETH"));
    running.stop().await;
}

#[tokio::test]
async fn a_tape_is_played_whole_and_its_last_minute_closes() {
    let start_ms = 1_514_764_805_000i64;
    let mut csv = String::from("timestamp_ms,price,size\n");
    for i in 0..3_000i64 {
        // Some of the same millisecond, one long silence.
        let at = start_ms + i / 3 * 700 + if i > 1_500 { 900_000 } else { 0 };
        csv += &format!(
            "{at},{}.{:02},{}0.{:03}\n",
            13_000 + i % 91,
            i % 100,
            if i % 2 == 0 { "-" } else { "" },
            1 + i % 500
        );
    }
    let running = simulate(tape(&csv), |c| c.speed = 1_000.0).await;
    assert_eq!(running.now_us(), (1_514_764_800_000 - 60_000) * 1_000, "it waits for the first subscription");
    let mut feed = feed(&running, &[pair()]).await.unwrap();
    let last_us = (start_ms + 999 * 700 + 900_000) * 1_000;
    let (trades, end) = gather(&mut feed, last_us + 3 * MINUTE).await;
    assert_eq!((trades.len(), end), (3_000, None));
    assert!(trades.iter().all(|(_, replayed)| !replayed));
    let all = source(&running, 0, i64::MAX);
    for ((got, _), sim) in trades.iter().zip(&all) {
        assert_eq!(
            (got.time_us, got.price, got.size, got.side, &got.id),
            (sim.time_us, sim.price, sim.size, sim.side, &sim.id.to_string())
        );
    }
    // Its candles, once closed, equal the fold; before the first trade there was nothing.
    let page = client(&running, 1)
        .history_page(&pair(), Resolution::Minute, last_us + 2 * MINUTE, 2_000, None)
        .await
        .unwrap();
    assert_eq!(
        (page.floor, page.absent_to_us),
        (Some(FloorReason::BeforeListing), Some(1_514_764_800_000_000))
    );
    let candles = brute_force(&running, Resolution::Minute, 0, i64::MAX);
    let mut before = None;
    page.rows.iter().for_each(|row| assert_row(row, &candles, &mut before));
    assert!(
        page.rows.last().unwrap().time_us >= Resolution::Minute.floor(last_us),
        "the last minute is closed"
    );
    assert!(page.rows.iter().any(Row::is_carried), "the silence is carried on");
    running.stop().await;
}
