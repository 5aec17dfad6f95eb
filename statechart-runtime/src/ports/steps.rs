//! The steps of an ingest that need no database: every adapter takes them alike.

use super::batch::{Batch, DeadLetter, MAX_BATCH_ITEMS, Placed};
use super::store::StoreError;
use crate::market::{
    InstrumentId, Interval, MarketError, Trade, TradeCandle, TradeOrd, fold_trades, roll_up,
};
use std::collections::BTreeMap;

/// Refuses a batch that contradicts itself.
pub(crate) fn check(batch: &Batch) -> Result<(), StoreError> {
    let bad = |why| Err(StoreError::BadBatch { why });
    for count in [batch.trades.len(), batch.rest.len(), batch.coverage.len(), batch.dead_letters.len()] {
        if count > MAX_BATCH_ITEMS {
            return bad(format!("{count} items of one kind, more than {MAX_BATCH_ITEMS}"));
        }
    }
    let Some(position) = &batch.position else { return Ok(()) };
    if position.expected < 0 || position.expected > position.next {
        return bad(format!("its range {}..{} is impossible", position.expected, position.next));
    }
    let offsets = (batch.trades.iter().map(|one| one.offset))
        .chain(batch.rest.iter().map(|one| one.offset))
        .chain(batch.coverage.iter().map(|one| one.offset))
        .chain(batch.dead_letters.iter().map(|one| one.offset));
    for offset in offsets {
        if !(position.expected..position.next).contains(&offset) {
            return bad(format!("offset {offset} is outside {}..{}", position.expected, position.next));
        }
    }
    Ok(())
}

/// The year 10000: a trade from then on, or from before 1970, is a mistake that databases take differently.
pub(crate) const MAX_TIME_US: i64 = 253_402_300_800_000_000;

/// Turns trades that can never be summed, or that are outside of all time, into dead letters.
pub(crate) fn bury_impossible(batch: &mut Batch) {
    bury(batch, |_, trade| {
        let is_in_time = (0..MAX_TIME_US).contains(&trade.time_us);
        let range = MarketError::Range { from_us: trade.time_us, to_us: trade.time_us };
        trade.check().err().or((!is_in_time).then_some(range))
    });
}

/// A sum that needs more than 28 digits, met while folding.
#[derive(Debug)]
pub(crate) struct Overflow {
    pub(crate) instrument: InstrumentId,
    /// Start of the day it happened in. No bucket is wider.
    pub(crate) day_us: i64,
    pub(crate) error: MarketError,
}

/// Turns the trades of the day that led to an overflow into dead letters. When there is none left the overflow is the
/// error; so a caller that starts over after each burial comes to an end.
pub(crate) fn bury_day(batch: &mut Batch, overflow: &Overflow) -> Result<(), StoreError> {
    let before = batch.trades.len();
    bury(batch, |of, trade| {
        let hit = of == overflow.instrument && Interval::D1.floor_us(trade.time_us) == overflow.day_us;
        hit.then(|| overflow.error.clone())
    });
    if batch.trades.len() == before { Err(overflow.error.clone().into()) } else { Ok(()) }
}

fn bury(batch: &mut Batch, error: impl Fn(InstrumentId, &Trade) -> Option<MarketError>) {
    let Batch { trades, dead_letters, .. } = batch;
    trades.retain(|placed| match error(placed.instrument, &placed.item) {
        None => true,
        Some(error) => {
            let payload = crate::market::Record::Trade(placed.item.clone()).encode();
            dead_letters.push(DeadLetter { offset: placed.offset, reason: error.to_string(), payload });
            false
        }
    });
}

/// The items at or above the stored position; counts the others.
pub(crate) fn keep<'a, T>(items: &'a [Placed<T>], floor: i64, dropped: &mut usize) -> Vec<&'a Placed<T>> {
    let kept: Vec<_> = items.iter().filter(|one| one.offset >= floor).collect();
    *dropped += items.len() - kept.len();
    kept
}

/// A trade with its key.
pub(crate) type Keyed<'a> = (InstrumentId, TradeOrd, &'a Trade);

/// In the order of the table's key: neighbours in the tree come one after another, and duplicates within the batch show.
pub(crate) fn keyed<'a>(trades: &[&'a Placed<Trade>]) -> Vec<Keyed<'a>> {
    let mut keyed: Vec<Keyed<'_>> =
        trades.iter().map(|one| (one.instrument, one.item.ord(), &one.item)).collect();
    keyed.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    keyed.dedup_by(|a, b| (a.0, &a.1) == (b.0, &b.1));
    keyed
}

/// Candles by the start of their bucket, for each width.
pub(crate) type Levels = Vec<(Interval, BTreeMap<i64, TradeCandle>)>;

/// What new trades, in order, add to the candles of one instrument.
pub(crate) fn fold_levels(instrument: InstrumentId, trades: &[&Trade]) -> Result<Levels, Overflow> {
    let mut levels: Levels = Interval::ALL.into_iter().map(|interval| (interval, BTreeMap::new())).collect();
    let day = |trade: &Trade| Interval::D1.floor_us(trade.time_us);
    // Day by day, so that a sum that overflows names its day. No bucket is wider than a day.
    for part in trades.chunk_by(|a, b| day(a) == day(b)) {
        let day_us = part.first().map_or(0, |trade| day(trade));
        let overflow = |error| Overflow { instrument, day_us, error };
        let mut finer = fold_trades(Interval::M1, part.iter().copied()).map_err(overflow)?;
        for (interval, level) in &mut levels {
            // Each level from the one below.
            finer = roll_up(*interval, finer.values()).map_err(overflow)?;
            level.extend(finer.iter().map(|(bucket_us, candle)| (*bucket_us, candle.clone())));
        }
    }
    Ok(levels)
}
