//! The client against a misbehaving simulator: every fault, over real sockets.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use super::tests::*;
use crate::exchange::{
    ApiKey, Client, ClientConfig, CloseReason, ExchangeError, Feed, FeedConfig, FeedEvent, FloorReason, Pair,
    Resolution, RetryPolicy, TradeCursor, WireTrade,
};

#[tokio::test]
async fn switched_market_habits_show_in_candles() {
    let running = simulate(random(), |c| {
        c.faults.open_at_previous_close = true;
        c.minute_depth_days = Some(1);
    })
    .await;
    let client = client(&running, 1);
    let page = client.history_page(&pair(), Resolution::Minute, START, 50, None).await.unwrap();
    assert!(page.rows.windows(2).all(|w| w[1].open == w[0].close));
    let old =
        client.history_page(&pair(), Resolution::Minute, START - 1_500 * MINUTE, 50, None).await.unwrap();
    assert_eq!((old.rows.len(), old.floor), (0, Some(FloorReason::PlanDepth)));
    assert_eq!(old.absent_to_us, Some(START - 1_500 * MINUTE));
    let hours =
        client.history_page(&pair(), Resolution::Hour, START - 1_500 * MINUTE, 5, None).await.unwrap();
    assert_eq!(hours.rows.len(), 5, "the depth holds for minutes only");
    running.stop().await;
}

#[tokio::test]
async fn dropped_sockets_lose_nothing_with_trade_history() {
    let running = simulate(random(), |c| {
        c.speed = 1_000.0;
        c.faults = "drop=150ms,duplicate=0.05,late=0.05".parse().unwrap();
    })
    .await;
    let client = client(&running, 1);
    let mut seen: BTreeMap<(i64, String), WireTrade> = BTreeMap::new();
    let until = START + 20 * 60 * MINUTE / 10;
    let mut ends = 0;
    let mut repaired_from = START + 1;
    while repaired_from < until {
        // The socket may be cut while it is still subscribing.
        let mut feed = match feed(&running, &[pair()]).await {
            Ok(feed) => feed,
            Err(error) if error.is_transient() => continue,
            Err(error) => panic!("{error}"),
        };
        // What was missed since the last known good time.
        let mut cursor = TradeCursor::from_time(repaired_from);
        loop {
            let page = client.trades_page(&pair(), cursor, 5_000).await.unwrap();
            cursor = page.next;
            seen.extend(page.trades.into_iter().map(|t| ((t.time_us, t.id.clone()), t)));
            if page.complete {
                repaired_from = page.exchange_now_us.unwrap().max(repaired_from) - MINUTE;
                break;
            }
        }
        loop {
            match next(&mut feed).await {
                FeedEvent::Trade { trade, .. } => drop(seen.insert((trade.time_us, trade.id.clone()), trade)),
                FeedEvent::Closed { reason } => {
                    assert!(
                        matches!(reason, CloseReason::ByPeer { .. } | CloseReason::Broken { .. }),
                        "{reason}"
                    );
                    ends += 1;
                    break;
                }
                _ => {}
            }
        }
    }
    let expected: Vec<(i64, String)> =
        source(&running, START + 1, until - MINUTE).iter().map(|t| (t.time_us, t.id.to_string())).collect();
    let got: Vec<(i64, String)> =
        seen.into_keys().filter(|(t, _)| (START + 1..until - MINUTE).contains(t)).collect();
    assert!(ends >= 3 && expected.len() > 300, "{ends} {}", expected.len());
    assert_eq!(got, expected);
    let stats = running.stats();
    assert!(stats.duplicates > 0 && stats.late > 0 && stats.socket_faults >= 3, "{stats:?}");
    running.stop().await;
}

#[tokio::test]
async fn copies_and_late_trades_arrive_out_of_order_but_all() {
    let running = simulate(random(), |c| {
        c.speed = 1_000.0;
        c.faults = "duplicate=0.2,late=0.2,number-types".parse().unwrap();
    })
    .await;
    let mut feed = feed(&running, &[pair()]).await.unwrap();
    let until = START + 120 * MINUTE;
    let (trades, _) = gather(&mut feed, until).await;
    let live: Vec<&WireTrade> = trades.iter().filter(|(_, r)| !r).map(|(t, _)| t).collect();
    let expected = source(&running, START + 1, until - 10_000_000);
    let mut got: Vec<String> =
        live.iter().filter(|t| t.time_us < until - 10_000_000).map(|t| t.id.clone()).collect();
    assert!(!live.windows(2).all(|w| w[0].time_us <= w[1].time_us), "some are late");
    assert!(got.len() > expected.len(), "some come twice");
    got.sort();
    got.dedup();
    let mut expected = ids(&expected);
    expected.sort();
    assert_eq!(got, expected);
    running.stop().await;
}

#[tokio::test]
async fn a_half_open_socket_is_found_stale() {
    let running = simulate(random(), |c| {
        c.speed = 1_000.0;
        c.faults.half_open_ms = Some(100);
    })
    .await;
    let mut feed = feed(&running, &[pair()]).await.unwrap();
    let (_, end) = gather(&mut feed, i64::MAX).await;
    assert_eq!(end, Some(CloseReason::Stale { after_ms: 1_000 }));
    running.stop().await;
}

#[tokio::test]
async fn markets_without_sequence_and_nanoseconds() {
    let running = simulate(random(), |c| {
        c.speed = 1_000.0;
        c.faults = "no-sequence,number-types".parse().unwrap();
    })
    .await;
    let mut feed = feed(&running, &[pair()]).await.unwrap();
    let (trades, _) = gather(&mut feed, START + 30 * MINUTE).await;
    assert!(
        !trades.is_empty() && trades.iter().all(|(t, _)| t.ccseq.is_none() && t.time_us % 1_000_000 == 0)
    );
    // Trade history states the same times, so that copies are still recognised.
    let page = client(&running, 1)
        .trades_page(&pair(), TradeCursor::from_time(trades[0].0.time_us), 1)
        .await
        .unwrap();
    let same = |t: &WireTrade| (t.id.clone(), t.time_us);
    assert_eq!(page.trades.first().map(same), Some(same(&trades[0].0)));
    running.stop().await;
}

#[tokio::test]
async fn rest_faults_are_typed_and_retried() {
    type Check = fn(&ExchangeError) -> bool;
    let rows: [(&str, Check, Check); 3] = [
        ("rate-limit=1", |e| e.retry_after_ms() == Some(1_000), |e| e.retry_after_ms() == Some(10_000)),
        (
            "http-500=1",
            |e| matches!(e, ExchangeError::Http { status: 500, .. }),
            |e| matches!(e, ExchangeError::Http { status: 500, .. }),
        ),
        (
            "html-errors=1",
            |e| matches!(e, ExchangeError::Http { status: 502, .. }),
            |e| matches!(e, ExchangeError::Http { status: 502, .. }),
        ),
    ];
    for (faults, candles, trades) in rows {
        let running = simulate(random(), |c| c.faults = faults.parse().unwrap()).await;
        let client = client(&running, 1);
        let error = client.history_page(&pair(), Resolution::Hour, START, 5, None).await.unwrap_err();
        assert!(candles(&error) && error.is_transient(), "{faults}: {error:?}");
        let error = client.trades_page(&pair(), TradeCursor::from_time(START), 5).await.unwrap_err();
        assert!(trades(&error) && error.is_transient(), "{faults}: {error:?}");
        running.stop().await;
    }
    let running = simulate(random(), |c| c.faults = "http-500=0.3,html-errors=0.3".parse().unwrap()).await;
    let client = client(&running, 20);
    for _ in 0..5 {
        client.history_page(&pair(), Resolution::Hour, START, 5, None).await.unwrap();
    }
    assert!(running.stats().rest_faults > 0);
    running.stop().await;
}

#[tokio::test]
async fn keys_pairs_and_parameters_are_checked() {
    let running = simulate(random(), |c| c.api_key = Some("sesame".into())).await;
    let none = client(&running, 1);
    let error = none.history_page(&pair(), Resolution::Hour, START, 5, None).await.unwrap_err();
    assert!(matches!(error, ExchangeError::Unauthorized { .. }), "{error}");
    assert!(
        error.to_string().contains("paid subscription")
            && error.to_string().contains("CRYPTOCOMPARE_API_KEY"),
        "{error}"
    );
    let error = none.trades_page(&pair(), TradeCursor::from_time(START), 5).await.unwrap_err();
    assert!(matches!(error, ExchangeError::Unauthorized { .. }), "{error}");
    let error = feed(&running, &[pair()]).await.err();
    assert!(matches!(error, Some(ExchangeError::Unauthorized { .. })), "{error:?}");

    let config = ClientConfig { key: ApiKey::new("sesame"), ..ClientConfig::default() };
    let known = Client::new(endpoints(&running), config).unwrap();
    assert_eq!(
        known.history_page(&pair(), Resolution::Hour, START - 60 * MINUTE, 5, None).await.unwrap().rows.len(),
        5
    );
    for pair in [Pair::new("Coinbase", "NO", "USD"), Pair::new("Kraken", "BTC", "USD")] {
        let error = known.history_page(&pair, Resolution::Hour, START, 5, None).await.unwrap_err();
        assert!(matches!(error, ExchangeError::UnknownPair { .. }) && !error.is_transient(), "{error}");
        let error = known.trades_page(&pair, TradeCursor::from_time(START), 5).await.unwrap_err();
        assert!(matches!(error, ExchangeError::UnknownPair { .. }), "{error}");
    }
    let error = known
        .history_page(&Pair::new("Coinbase", "", "USD"), Resolution::Hour, START, 5, None)
        .await
        .unwrap_err();
    assert!(matches!(&error, ExchangeError::BadRequest { parameter, .. } if parameter == "fsym"), "{error}");
    let config = FeedConfig { key: ApiKey::new("sesame"), ..FeedConfig::default() };
    Feed::connect(&endpoints(&running), config, &[pair()]).await.unwrap().close().await;
    let url = endpoints(&running);
    running.stop().await;
    let gone =
        Client::new(url, ClientConfig { retry: RetryPolicy::once(), ..ClientConfig::default() }).unwrap();
    let error = gone.history_page(&pair(), Resolution::Hour, START, 5, None).await.unwrap_err();
    assert!(matches!(error, ExchangeError::Unreachable { .. }) && error.is_transient(), "{error}");
}

#[tokio::test]
async fn refused_sockets_are_typed() {
    let running = simulate(random(), |c| c.faults.one_socket = true).await;
    let mut first = feed(&running, &[pair()]).await.unwrap();
    let second = feed(&running, &[pair()]).await.err();
    assert!(
        matches!(&second, Some(ExchangeError::RateLimited { message, .. }) if message.contains("TOO_MANY_SOCKETS")),
        "{second:?}"
    );
    first.close().await;
    running.stop().await;
    let running = simulate(random(), |c| c.faults.rate_limit = 1.0).await;
    let refused = feed(&running, &[pair()]).await.err();
    assert!(
        matches!(&refused, Some(ExchangeError::RateLimited { message, .. }) if message.contains("TOO_FAST")),
        "{refused:?}"
    );
    running.stop().await;
}

#[tokio::test]
async fn bodies_and_answers_are_bounded() {
    let running = simulate(random(), |c| c.faults.slow = 1.0).await;
    let once = RetryPolicy::once();
    let small = ClientConfig { max_body_bytes: 1_000, retry: once, ..ClientConfig::default() };
    let small = Client::new(endpoints(&running), small).unwrap();
    let error = small.history_page(&pair(), Resolution::Minute, START, 100, None).await.unwrap_err();
    assert_eq!(error, ExchangeError::TooLarge { at: "/data/v2/histominute".into(), limit_bytes: 1_000 });
    let hasty = ClientConfig { timeout_ms: 100, retry: once, ..ClientConfig::default() };
    let hasty = Client::new(endpoints(&running), hasty).unwrap();
    let error = hasty.history_page(&pair(), Resolution::Minute, START, 100, None).await.unwrap_err();
    assert_eq!(error, ExchangeError::Timeout { at: "/data/v2/histominute".into(), after_ms: 100 });
    running.stop().await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_disconnected() {
    let running = simulate(random(), |c| {
        c.speed = 1_000_000.0;
        c.slow_client_ms = 300;
    })
    .await;
    // Subscribes, then never reads: the system's buffers fill up within a few megabytes.
    let feed = feed(&running, &[pair(), Pair::new("Coinbase", "ETH", "USD")]).await.unwrap();
    let mut patience = 200;
    while running.stats().forced_disconnects == 0 && patience > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        patience -= 1;
    }
    let stats = running.stats();
    assert_eq!(stats.forced_disconnects, 1, "{stats:?}");
    drop(feed);
    running.stop().await;
}
