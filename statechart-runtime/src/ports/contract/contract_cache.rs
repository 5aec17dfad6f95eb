//! The contract of a cache.

use crate::market::{Candle, CandleSource, Decimal, FetchId, Interval, TimeRange, US_PER_MINUTE};
use crate::ports::{Cache, CacheAnswer, CacheKey, Wake};
use futures_util::StreamExt;

fn candle(minute: i64, source: CandleSource, revision: u64) -> Candle {
    let price = Decimal::from(revision + 1);
    Candle {
        bucket_us: minute * US_PER_MINUTE,
        open: price,
        high: price,
        low: price,
        close: price,
        volume: Decimal::new(5, 1),
        quote_volume: Decimal::ONE,
        trades: (source == CandleSource::Trades).then_some(revision),
        source,
        revision,
    }
}

fn minutes(from: i64, to: i64) -> TimeRange {
    TimeRange { from_us: from * US_PER_MINUTE, to_us: to * US_PER_MINUTE }
}

/// Checks a cache.
pub async fn cache(cache: &dyn Cache, prefix: &str) {
    let key = CacheKey { symbol: format!("{prefix}USD"), interval: Interval::M1 };
    let trades = |minute, revision| candle(minute, CandleSource::Trades, revision);
    let get = |from, to| cache.get(&key, minutes(from, to));
    cache.forget(&key).await.unwrap();
    assert_eq!(get(0, 1).await.unwrap(), CacheAnswer::Miss);
    assert_eq!(cache.latest(&key).await.unwrap(), None);

    // Candles alone are no window; the window may have buckets without trades.
    cache.put(&key, &[trades(10, 9), trades(11, 9), trades(12, 1)], None).await.unwrap();
    assert_eq!(get(10, 11).await.unwrap(), CacheAnswer::Miss);
    assert_eq!(cache.latest(&key).await.unwrap(), Some(trades(12, 1)));
    // The first claim stands for itself.
    cache.put(&key, &[trades(10, 3), trades(12, 1)], Some(minutes(10, 13))).await.unwrap();
    assert_eq!(get(10, 13).await.unwrap(), CacheAnswer::Hit(vec![trades(10, 3), trades(12, 1)]));
    assert_eq!(get(11, 12).await.unwrap(), CacheAnswer::Hit(Vec::new()));
    for (from, to) in [(9, 11), (12, 14), (20, 21)] {
        assert_eq!(get(from, to).await.unwrap(), CacheAnswer::Miss, "{from} {to}");
    }

    // Only better candles replace: a higher revision, or trades instead of REST.
    let report = cache
        .put(&key, &[trades(10, 2), trades(10, 3), candle(12, CandleSource::Rest, 9_999)], None)
        .await
        .unwrap();
    assert_eq!((report.stored, report.ignored), (0, 3));
    let report = cache
        .put(&key, &[trades(10, 4), candle(11, CandleSource::Rest, 5), trades(11, 1)], None)
        .await
        .unwrap();
    assert_eq!((report.stored, report.ignored), (3, 0));
    assert_eq!(
        get(10, 13).await.unwrap(),
        CacheAnswer::Hit(vec![trades(10, 4), trades(11, 1), trades(12, 1)])
    );

    // A touching range extends the window, an older island does not, a newer one replaces it.
    cache.put(&key, &[], Some(minutes(13, 15))).await.unwrap();
    assert!(matches!(get(10, 15).await.unwrap(), CacheAnswer::Hit(_)));
    cache.put(&key, &[], Some(minutes(1, 3))).await.unwrap();
    assert!(matches!(get(10, 15).await.unwrap(), CacheAnswer::Hit(_)));
    let island = TimeRange { from_us: minutes(100, 0).from_us + 1, to_us: minutes(0, 103).to_us };
    cache.put(&key, &[trades(102, 1)], Some(island)).await.unwrap();
    assert_eq!(get(10, 15).await.unwrap(), CacheAnswer::Miss);
    assert_eq!(get(100, 102).await.unwrap(), CacheAnswer::Miss, "the bucket it begins in is not whole");
    assert_eq!(get(101, 103).await.unwrap(), CacheAnswer::Hit(vec![trades(102, 1)]));

    // The capacity moves the window's start; what remains in it is whole.
    let many: Vec<_> = (200..1_900).map(|minute| trades(minute, 1)).collect();
    cache.put(&key, &many, Some(minutes(103, 1_900))).await.unwrap();
    assert_eq!(get(150, 1_900).await.unwrap(), CacheAnswer::Miss);
    assert_eq!(get(1_000, 1_900).await.unwrap(), CacheAnswer::Hit(many[800..].to_vec()));
    cache.forget(&key).await.unwrap();
    assert_eq!(get(1_000, 1_900).await.unwrap(), CacheAnswer::Miss);

    let mut wakes = cache.subscribe().await.unwrap();
    let sent = [
        Wake::Fetch(FetchId::from_random(7)),
        Wake::Candle {
            symbol: key.symbol.clone(),
            interval: Interval::H4,
            bucket_us: minutes(240, 0).from_us,
        },
    ];
    for wake in &sent {
        cache.notify(wake).await.unwrap();
        assert_eq!(Wake::decode(&wake.encode()).as_ref(), Some(wake));
        assert_eq!(wakes.next().await.as_ref(), Some(wake));
    }
    assert_eq!(Wake::decode("candle:X:2m:0"), None);
}
