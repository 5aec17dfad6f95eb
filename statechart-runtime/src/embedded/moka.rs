//! The embedded cache: the newest candles of each series, in memory, and a broadcast of wakes.

use crate::market::{Candle, TimeRange};
use crate::ports::{Cache, CacheAnswer, CacheError, CacheKey, PutReport, Wake};
use async_trait::async_trait;
use futures_util::stream::{self, BoxStream};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast;

/// Candles kept per series.
pub const NEWEST_CANDLES: usize = 1_500;
/// Series kept; the least used go first.
const MAX_SERIES: u64 = 4_096;
/// Wakes that a slow subscriber may lag behind before it loses some.
const WAKES: usize = 1_024;

/// A cache in this process. Cheap to clone; clones share their content.
#[derive(Debug, Clone)]
pub struct MokaCache {
    series: moka::future::Cache<CacheKey, Arc<Mutex<Series>>>,
    /// Series whose windows were begun. One of them that is gone was dropped for others: who extends it would claim what
    /// is not there any more.
    begun: Arc<Mutex<BTreeSet<CacheKey>>>,
    wakes: broadcast::Sender<Wake>,
}

impl MokaCache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::holding(MAX_SERIES)
    }

    fn holding(series: u64) -> Self {
        Self {
            series: moka::future::Cache::builder().max_capacity(series).build(),
            begun: Arc::default(),
            wakes: broadcast::Sender::new(WAKES),
        }
    }
}

impl Default for MokaCache {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Debug, Default)]
struct Series {
    candles: BTreeMap<i64, Candle>,
    /// Every candle of these buckets is known. Starts at a bucket's edge.
    window: Option<TimeRange>,
    /// End of the newest bucket that was dropped: no later claim reaches back behind it.
    dropped_to_us: Option<i64>,
}

impl Series {
    fn put(&mut self, key: &CacheKey, candles: &[Candle], whole: Option<TimeRange>) -> PutReport {
        let mut report = PutReport::default();
        for candle in candles {
            let better = self.candles.get(&candle.bucket_us).is_none_or(|known| candle.rank() > known.rank());
            if better {
                self.candles.insert(candle.bucket_us, candle.clone());
                report.stored += 1;
            } else {
                report.ignored += 1;
            }
        }
        if let Some(whole) = whole {
            // The bucket that a range begins in the middle of is not known whole.
            self.widen(TimeRange { from_us: key.interval.ceil_us(whole.from_us), ..whole });
        }
        while self.candles.len() > NEWEST_CANDLES {
            let Some((bucket_us, _)) = self.candles.pop_first() else { break };
            self.dropped_to_us = self.dropped_to_us.max(Some(key.interval.bucket(bucket_us).to_us));
        }
        if let (Some(window), Some(dropped_to_us)) = (&mut self.window, self.dropped_to_us) {
            window.from_us = window.from_us.max(dropped_to_us);
        }
        self.window = self.window.filter(|window| !window.is_empty());
        report
    }

    fn widen(&mut self, whole: TimeRange) {
        if whole.is_empty() {
            return;
        }
        self.window = Some(match self.window {
            Some(old) if whole.from_us <= old.to_us && old.from_us <= whole.to_us => {
                TimeRange { from_us: old.from_us.min(whole.from_us), to_us: old.to_us.max(whole.to_us) }
            }
            // Two islands: the newer one is what readers ask for.
            Some(old) if old.to_us > whole.to_us => old,
            _ => whole,
        });
    }

    fn get(&self, range: TimeRange) -> CacheAnswer {
        match self.window {
            Some(window) if window.covers(range) => {
                let inside = self.candles.range(range.from_us..range.to_us.max(range.from_us));
                CacheAnswer::Hit(inside.map(|(_, candle)| candle.clone()).collect())
            }
            _ => CacheAnswer::Miss,
        }
    }
}

/// Nothing panics while one of them is locked, so even a poisoned lock guards something whole.
fn lock<T>(guarded: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    guarded.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Cache for MokaCache {
    async fn put(
        &self,
        key: &CacheKey,
        candles: &[Candle],
        whole: Option<TimeRange>,
    ) -> Result<PutReport, CacheError> {
        let begins = whole.is_some() && lock(&self.begun).insert(key.clone());
        let known = if begins { None } else { self.series.get(key).await };
        if known.is_none() && !begins && lock(&self.begun).contains(key) {
            let source = "the series was dropped to make room for others; it begins anew".into();
            return Err(CacheError { doing: "writing candles", source });
        }
        let series = match known {
            Some(series) => series,
            None => {
                let new: Arc<Mutex<Series>> = Arc::default();
                self.series.insert(key.clone(), new.clone()).await;
                new
            }
        };
        let report = lock(&series).put(key, candles, whole);
        Ok(report)
    }

    async fn get(&self, key: &CacheKey, range: TimeRange) -> Result<CacheAnswer, CacheError> {
        let series = self.series.get(key).await;
        Ok(series.map_or(CacheAnswer::Miss, |series| lock(&series).get(range)))
    }

    async fn latest(&self, key: &CacheKey) -> Result<Option<Candle>, CacheError> {
        let series = self.series.get(key).await;
        Ok(series.and_then(|series| lock(&series).candles.last_key_value().map(|(_, candle)| candle.clone())))
    }

    async fn forget(&self, key: &CacheKey) -> Result<(), CacheError> {
        self.series.invalidate(key).await;
        lock(&self.begun).remove(key);
        Ok(())
    }

    async fn notify(&self, wake: &Wake) -> Result<(), CacheError> {
        // Without subscribers there is nobody to wake.
        let _ = self.wakes.send(wake.clone());
        Ok(())
    }

    async fn subscribe(&self) -> Result<BoxStream<'static, Wake>, CacheError> {
        let wakes = stream::unfold(self.wakes.subscribe(), |mut receiver| async {
            loop {
                match receiver.recv().await {
                    Ok(wake) => return Some((wake, receiver)),
                    // Some were lost: allowed, waiters poll as well.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        });
        Ok(Box::pin(wakes))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::market::{CandleSource, Decimal, Interval};
    use crate::ports::contract;

    const MINUTE_US: i64 = 60_000_000;

    fn candle(minute: i64) -> Candle {
        let one = Decimal::ONE;
        Candle {
            bucket_us: minute * MINUTE_US,
            open: one,
            high: one,
            low: one,
            close: one,
            volume: one,
            quote_volume: one,
            trades: Some(1),
            source: CandleSource::Trades,
            revision: 1,
        }
    }

    #[tokio::test]
    async fn what_was_dropped_is_not_claimed_again() {
        let cache = MokaCache::new();
        let key = CacheKey { symbol: "BTCUSD".into(), interval: Interval::M1 };
        let range = |from: i64, to: i64| TimeRange { from_us: from * MINUTE_US, to_us: to * MINUTE_US };
        let (all, excess) = (NEWEST_CANDLES as i64 + 10, 10);
        let candles: Vec<Candle> = (0..all).map(candle).collect();
        cache.put(&key, &candles, Some(range(0, all))).await.unwrap();
        // A quiet minute later the same claim grows at its end only.
        cache.put(&key, &[], Some(range(0, all + 1))).await.unwrap();
        assert_eq!(cache.get(&key, range(0, all)).await.unwrap(), CacheAnswer::Miss);
        assert_eq!(cache.get(&key, range(excess - 1, all)).await.unwrap(), CacheAnswer::Miss);
        let CacheAnswer::Hit(found) = cache.get(&key, range(excess, all + 1)).await.unwrap() else {
            panic!("what is left is known whole")
        };
        assert_eq!(found.len(), NEWEST_CANDLES);
    }

    #[tokio::test]
    async fn a_series_that_was_dropped_for_others_is_not_claimed_again() {
        let cache = MokaCache::holding(2);
        let key = |symbol: &str| CacheKey { symbol: symbol.to_owned(), interval: Interval::M1 };
        let range = |from: i64, to: i64| TimeRange { from_us: from * MINUTE_US, to_us: to * MINUTE_US };
        cache.put(&key("A"), &[candle(1)], Some(range(0, 2))).await.unwrap();
        for other in ["B", "C", "D"] {
            cache.put(&key(other), &[candle(1)], Some(range(0, 2))).await.unwrap();
            // Read often: A is what can be spared.
            for _ in 0..10 {
                cache.get(&key(other), range(0, 1)).await.unwrap();
            }
        }
        cache.series.run_pending_tasks().await;
        let gone =
            ["A", "B", "C", "D"].map(key).into_iter().find(|key| !cache.series.contains_key(key)).unwrap();
        assert!(cache.put(&gone, &[], Some(range(0, 3))).await.is_err(), "minute 1 is not there any more");
        cache.forget(&gone).await.unwrap();
        cache.put(&gone, &[candle(2)], Some(range(2, 3))).await.unwrap();
        assert_eq!(cache.get(&gone, range(2, 3)).await.unwrap(), CacheAnswer::Hit(vec![candle(2)]));
    }

    #[tokio::test]
    async fn passes_the_contract() {
        contract::cache(&MokaCache::new(), "T").await;
    }
}
