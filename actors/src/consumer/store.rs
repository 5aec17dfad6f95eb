//! From fetched records to the store and on to the cache: what both consumers do alike.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Instant,
};

use futures_util::future::join_all;
use statechart_runtime::{
    market::{Candle, CoverageState, GapReason, InstrumentId, InstrumentTable, Interval, Source, TimeRange},
    ports::{
        Batch, CacheKey, CoverageMark, FetchState, FetchUpdate, Ingested, MAX_PAGE, Placed, Position, Store,
        StoreError, Wake,
    },
};

use super::{Decoded, LogBatch, Parsed, Reader, Records, Touched, Written};
use crate::{parts::Parts, producer::EXCHANGE_LIMIT};

/// Decodes and validates; what cannot be used becomes a dead letter. The end of a fetch that met the
/// exchange's floor says what can never be had.
pub(super) async fn process(parts: &Parts, batch: &LogBatch) -> Result<Records, String> {
    let fetch = &batch.0;
    let before = fetch.parsed.lock().unwrap_or_else(PoisonError::into_inner).take();
    // A symbol may have come since it was decoded: what looks like poison then is looked at again.
    let before = before.filter(|parsed| parsed.batch.dead_letters.is_empty());
    let mut parsed = before.unwrap_or_else(|| Parsed::new(&parts.instruments.get(), &fetch.records));
    if !parsed.batch.dead_letters.is_empty() && renew_instruments(parts).await? {
        // Another process has added a symbol since this one looked.
        parsed = Parsed::new(&parts.instruments.get(), &fetch.records);
    }
    let Parsed { batch: mut decoded, pages, ends } = parsed;
    decoded.position = Some(Position { key: fetch.key.clone(), expected: fetch.committed, next: fetch.next });
    decoded.lease = fetch.lease.clone();
    for (offset, end) in &ends {
        let Some(floor_us) = end.floor_us else { continue };
        let known = parts.store.fetch(&end.fetch).await.map_err(|error| error.to_string())?;
        let Some(known) = known else { continue };
        let range = TimeRange { from_us: known.range.from_us, to_us: floor_us.min(known.range.to_us) };
        if range.is_empty() {
            continue;
        }
        let reason = match end.error.as_deref() {
            Some(EXCHANGE_LIMIT) => GapReason::ExchangeLimit,
            _ => GapReason::BeforeListing,
        };
        let state = CoverageState::Unavailable(reason);
        let item = CoverageMark { source: known.source, range, state, epoch: None };
        decoded.coverage.push(Placed { offset: *offset, instrument: known.instrument, item });
    }
    let ends = ends.into_iter().map(|(_, end)| end).collect();
    Ok(Records(Arc::new(Decoded { batch: Mutex::new(Some(decoded)), pages, ends })))
}

/// Reads the instruments again; says whether there are new ones.
async fn renew_instruments(parts: &Parts) -> Result<bool, String> {
    let stored = parts.store.instruments().await.map_err(|error| error.to_string())?;
    let known = parts.instruments.get();
    let is_new = stored.iter().any(|one| known.get(&one.symbol).is_none());
    if is_new {
        parts.instruments.set(InstrumentTable::new(stored));
    }
    Ok(is_new)
}

/// Whether a decoded batch holds nothing to store.
pub(super) fn is_stored(records: &Records) -> bool {
    let batch = records.0.batch.lock().unwrap_or_else(PoisonError::into_inner);
    batch.as_ref().is_none_or(|batch| {
        batch.trades.is_empty()
            && batch.rest.is_empty()
            && batch.coverage.is_empty()
            && batch.dead_letters.is_empty()
    })
}

/// One transaction, position included; then the fetches that the batch belongs to.
pub(super) async fn write(parts: &Arc<Parts>, reader: &Reader, records: &Records) -> Result<Touched, String> {
    let batch = records.0.batch.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(batch) = batch else {
        reader.forget().await;
        return Err("this batch was taken by an attempt that failed; it is read again".to_owned());
    };
    let covered: Vec<_> = batch
        .coverage
        .iter()
        .filter(|mark| mark.item.source == Source::Trades && mark.item.state == CoverageState::Covered)
        .map(|mark| (mark.instrument, mark.item.range))
        .collect();
    let (dead, begun) = (batch.dead_letters.len(), Instant::now());
    let count = batch.position.as_ref().map_or(0, |position| position.next - position.expected);
    let ingested = match ingest(parts, batch).await {
        Ok(ingested) => ingested,
        Err(error) => {
            reader.forget().await;
            return Err(error.to_string());
        }
    };
    if dead > 0 {
        tracing::warn!(
            topic = reader.topic(),
            count = dead,
            "records that cannot be used are kept as dead letters"
        );
    }
    reader.stored(ingested.next_offset, usize::try_from(count).unwrap_or(0), begun.elapsed()).await;
    for (_, range) in &covered {
        // The exchange's clock has come at least so far: a process without the feed learns it here.
        parts.clock.heard(range.to_us);
    }
    let fetches = progress(parts, records).await;
    Ok(Touched(Arc::new(Written { ingested, covered, fetches })))
}

/// Writes a batch, in a task of its own: a consumer is stopped as soon as its lease is seen to be lost, and that its
/// last write was refused is to be told all the same.
async fn ingest(parts: &Arc<Parts>, batch: Batch) -> Result<Ingested, StoreError> {
    let parts = parts.clone();
    let writing = tokio::spawn(async move {
        let written = put(&*parts.store, batch).await;
        if let Err(error @ StoreError::StaleLease { .. }) = &written {
            parts.refused.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%error, "a write is refused");
        }
        written
    });
    writing.await.unwrap_or_else(|error| {
        Err(StoreError::Io { doing: "writing a batch", transient: false, source: error.into() })
    })
}

/// Data and position in one transaction.
#[cfg(not(feature = "sabotage"))]
async fn put(store: &dyn Store, batch: Batch) -> Result<Ingested, StoreError> {
    store.ingest(batch).await
}

/// Wrong on purpose: the position is committed before the data, in a transaction of its own. Tests show that they see
/// what is lost by it.
#[cfg(feature = "sabotage")]
async fn put(store: &dyn Store, mut batch: Batch) -> Result<Ingested, StoreError> {
    let (position, lease) = (batch.position.take(), batch.lease.clone());
    let moved = store.ingest(Batch { position, lease, ..Batch::default() }).await?;
    let written = store.ingest(batch).await?;
    Ok(Ingested { next_offset: moved.next_offset, ..written })
}

/// Moves fetches on. Their rows are stored already, so a failure here only delays whoever waits.
async fn progress(parts: &Parts, records: &Records) -> Vec<statechart_runtime::market::FetchId> {
    let now_us = (parts.wall)();
    let mut updates: Vec<(statechart_runtime::market::FetchId, FetchUpdate)> = Vec::new();
    for page in &records.0.pages {
        let update = FetchUpdate {
            state: FetchState::Running,
            done_to_us: Some(page.range.from_us),
            rows_added: page.rows.len() as u64,
            error: None,
            now_us,
        };
        match updates.iter_mut().find(|(id, _)| *id == page.fetch) {
            Some((_, known)) => {
                known.rows_added += update.rows_added;
                known.done_to_us = known.done_to_us.min(update.done_to_us);
            }
            None => updates.push((page.fetch.clone(), update)),
        }
    }
    for end in &records.0.ends {
        let state = if end.ok { FetchState::Done } else { FetchState::Failed };
        let update = FetchUpdate { state, done_to_us: None, rows_added: 0, error: end.error.clone(), now_us };
        updates.push((end.fetch.clone(), update));
    }
    let mut touched = Vec::new();
    for (id, update) in updates {
        if let Err(error) = parts.store.update_fetch(&id, &update).await {
            tracing::warn!(fetch = %id, %error, "a fetch could not be moved on");
        }
        if touched.last() != Some(&id) {
            touched.push(id);
        }
    }
    touched
}

/// The touched candles to the cache, and what is now known whole. The cache is a hint: it may fail.
pub(super) async fn update_cache(parts: &Parts, touched: &Touched) {
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
    for id in begun {
        let (Some(edge), Some(instrument)) = (edges.get(&id), instruments.by_id(id)) else { continue };
        for interval in Interval::ALL {
            let key = CacheKey { symbol: instrument.symbol.clone(), interval };
            match begin(parts, id, interval, edge.from_us).await {
                Ok(candles) => series.entry(key).or_default().extend(candles),
                Err(error) => {
                    tracing::warn!(symbol = key.symbol, error, "the cache begins later");
                    parts.live.forget(id);
                    edges.remove(&id);
                    break;
                }
            }
        }
    }
    for instrument in edges.keys() {
        if let Some(instrument) = instruments.by_id(*instrument) {
            for interval in Interval::ALL {
                series.entry(CacheKey { symbol: instrument.symbol.clone(), interval }).or_default();
            }
        }
    }
    // Side by side: each is a round trip, and the next batch waits for all of them.
    let (edges, instruments) = (&edges, &instruments);
    let puts = series.into_iter().map(|(key, candles)| async move {
        let edge = instruments.get(&key.symbol).and_then(|instrument| edges.get(&instrument.id)).copied();
        if let Err(error) = parts.cache.put(&key, &candles, edge).await {
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
            let wake =
                Wake::Candle { symbol: key.symbol, interval: key.interval, bucket_us: newest.bucket_us };
            let _ = parts.cache.notify(&wake).await;
        }
    });
    join_all(puts).await;
}

/// What the store holds from a new live edge on: the candles that an earlier process made are not touched again.
async fn begin(
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

/// Wakes whoever waits for the fetches that a batch moved on.
pub(super) async fn wake(parts: &Parts, fetches: &[statechart_runtime::market::FetchId]) {
    for id in fetches {
        // Losing a wake-up costs a poll interval.
        let _ = parts.cache.notify(&Wake::Fetch(id.clone())).await;
    }
}
