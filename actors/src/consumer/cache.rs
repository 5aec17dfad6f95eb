//! What a stored batch means for the cache, and putting it there.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures_util::future::join_all;
use statechart_runtime::{
    market::{Candle, InstrumentId, InstrumentTable, Interval, TimeRange},
    ports::{CacheKey, MAX_PAGE, Wake},
};

use tokio::{sync::Mutex, task::JoinSet};

use super::Touched;
use crate::parts::Parts;

/// Tells the cache of one batch after the other, each while the next one is read and stored. The cache is a hint, so
/// nobody waits for it, but the batch after the next. What is under way ends with the teller.
pub(super) struct Teller {
    parts: Arc<Parts>,
    under_way: Mutex<JoinSet<()>>,
}

impl Teller {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self { parts, under_way: Mutex::default() }
    }

    pub(super) async fn tell(&self, touched: &Touched) {
        let mut under_way = self.under_way.lock().await;
        while under_way.join_next().await.is_some() {}
        let (parts, update) = (self.parts.clone(), Update::new(&self.parts, touched));
        under_way.spawn(async move { update.put(&parts).await });
    }

    /// Forgets what the cache holds of some instruments: nobody knows whether it was told of all that is stored.
    pub(super) async fn forget(&self, instruments: &[InstrumentId]) {
        let mut under_way = self.under_way.lock().await;
        while under_way.join_next().await.is_some() {}
        let known = self.parts.instruments.get();
        for instrument in instruments.iter().filter_map(|id| known.by_id(*id)) {
            self.parts.live.forget(instrument.id);
            for interval in Interval::ALL {
                let key = CacheKey { symbol: instrument.symbol.clone(), interval };
                // A cache that is away is not believed for long, and takes nothing before it has forgotten.
                if let Err(error) = self.parts.cache.forget(&key).await {
                    tracing::debug!(symbol = key.symbol, %error, "the cache could not be made to forget");
                }
            }
        }
    }
}

/// The touched candles, and what is now known whole.
pub(super) struct Update {
    series: BTreeMap<CacheKey, Vec<Candle>>,
    /// Until where each live feed is stored.
    edges: BTreeMap<InstrumentId, TimeRange>,
    /// Feeds of which the cache knows nothing yet.
    begun: BTreeSet<InstrumentId>,
}

impl Update {
    /// Moves the live edges on. An update must be put, or the edges be forgotten: they say that the cache has been told.
    pub(super) fn new(parts: &Parts, touched: &Touched) -> Self {
        let instruments = parts.instruments.get();
        let mut series: BTreeMap<CacheKey, Vec<Candle>> = BTreeMap::new();
        for one in &touched.0.ingested.touched {
            if let Some(instrument) = instruments.by_id(one.instrument) {
                let key = CacheKey { symbol: instrument.symbol.clone(), interval: one.interval };
                series.entry(key).or_default().push(Candle::from(one.candle.clone()));
            }
        }
        let (mut edges, mut begun) = (BTreeMap::new(), BTreeSet::new());
        for (instrument, range) in &touched.0.covered {
            let (edge, is_new) = parts.live.stored(*instrument, *range);
            edges.insert(*instrument, edge);
            if is_new {
                begun.insert(*instrument);
            }
        }
        Self { series, edges, begun }
    }

    /// Puts it. The cache is a hint: it may fail.
    pub(super) async fn put(mut self, parts: &Parts) {
        let instruments = parts.instruments.get();
        self.begin(parts, &instruments).await;
        for instrument in self.edges.keys() {
            if let Some(instrument) = instruments.by_id(*instrument) {
                for interval in Interval::ALL {
                    self.series.entry(CacheKey { symbol: instrument.symbol.clone(), interval }).or_default();
                }
            }
        }
        // Side by side: each is a round trip.
        let (edges, instruments) = (&self.edges, &instruments);
        let puts = self.series.into_iter().map(|(key, candles)| async move {
            let edge = instruments.get(&key.symbol).and_then(|one| edges.get(&one.id)).copied();
            put_series(parts, instruments, key, &candles, edge).await;
        });
        join_all(puts).await;
    }

    /// Adds what the store holds from each new live edge on.
    async fn begin(&mut self, parts: &Parts, instruments: &InstrumentTable) {
        for id in std::mem::take(&mut self.begun) {
            let (Some(edge), Some(instrument)) = (self.edges.get(&id).copied(), instruments.by_id(id)) else {
                continue;
            };
            for interval in Interval::ALL {
                let key = CacheKey { symbol: instrument.symbol.clone(), interval };
                match stored(parts, id, interval, edge.from_us).await {
                    Ok(candles) => self.series.entry(key).or_default().extend(candles),
                    Err(error) => {
                        tracing::warn!(symbol = key.symbol, error, "the cache begins later");
                        parts.live.forget(id);
                        self.edges.remove(&id);
                        break;
                    }
                }
            }
        }
    }
}

async fn put_series(
    parts: &Parts,
    instruments: &InstrumentTable,
    key: CacheKey,
    candles: &[Candle],
    edge: Option<TimeRange>,
) {
    if let Err(error) = parts.cache.put(&key, candles, edge).await {
        tracing::warn!(symbol = key.symbol, %error, "the cache is not up to date");
        // Better nothing than something stale. What is put next must stand for itself. While the cache is away there
        // is nothing to begin.
        if parts.cache.forget(&key).await.is_ok()
            && let Some(instrument) = instruments.get(&key.symbol)
        {
            parts.live.forget(instrument.id);
        }
        return;
    }
    if key.interval == Interval::M1
        && let Some(newest) = candles.last()
    {
        let wake = Wake::Candle { symbol: key.symbol, interval: key.interval, bucket_us: newest.bucket_us };
        let _ = parts.cache.notify(&wake).await;
    }
}

/// What the store holds from a new live edge on: the candles that an earlier process made are not touched again.
async fn stored(
    parts: &Parts,
    instrument: InstrumentId,
    interval: Interval,
    from_us: i64,
) -> Result<Vec<Candle>, String> {
    let range = TimeRange { from_us: interval.ceil_us(from_us), to_us: i64::MAX };
    let rows = parts.store.trade_candles(instrument, interval, range, MAX_PAGE).await;
    let rows = rows.map_err(|error| error.to_string())?;
    if rows.len() >= MAX_PAGE {
        return Err(format!("there are more than {MAX_PAGE} candles behind it"));
    }
    Ok(rows.into_iter().map(Candle::from).collect())
}
