//! From fetched records to the store: what both consumers do alike.

use std::{
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Instant,
};

use statechart_runtime::{
    market::{CoverageState, GapReason, InstrumentTable, Source, TimeRange},
    ports::{
        Batch, CoverageMark, FetchState, FetchUpdate, Ingested, Placed, Position, Store, StoreError, Wake,
    },
};

use super::{Content, Decoded, LogBatch, Parsed, Reader, Records, Touched, Written};
use crate::{parts::Parts, producer::EXCHANGE_LIMIT};

/// Decodes and validates; what cannot be used becomes a dead letter. The end of a fetch that met the
/// exchange's floor says what can never be had.
pub(super) async fn process(parts: &Parts, batch: &LogBatch) -> Result<Records, String> {
    let fetch = &batch.0;
    let content = fetch.content.lock().unwrap_or_else(PoisonError::into_inner).take();
    let parsed = match content {
        Some(Content::Parsed(parsed)) => *parsed,
        Some(Content::Raw(records)) => {
            let parsed = Parsed::new(&parts.instruments.get(), &records);
            if !parsed.batch.dead_letters.is_empty() && renew_instruments(parts).await? {
                // Another process has added a symbol since this one looked.
                Parsed::new(&parts.instruments.get(), &records)
            } else {
                parsed
            }
        }
        None => return Err("this batch was taken by an attempt that failed; it is read again".to_owned()),
    };
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

/// Wakes whoever waits for the fetches that a batch moved on.
pub(super) async fn wake(parts: &Parts, fetches: &[statechart_runtime::market::FetchId]) {
    for id in fetches {
        // Losing a wake-up costs a poll interval.
        let _ = parts.cache.notify(&Wake::Fetch(id.clone())).await;
    }
}
