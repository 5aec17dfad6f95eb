//! The steps of an ingest that need no database: every adapter takes them alike.

use super::batch::{Batch, CoverageMark, DeadLetter, MAX_BATCH_ITEMS, Placed};
use super::store::StoreError;
use crate::market::{
    CoverageMap, CoverageState, InstrumentId, Interval, MarketError, Source, TimeRange, Trade, TradeCandle,
    TradeOrd, fold_trades, roll_up,
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

/// Coverage marks that count, by what they speak of, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks<'a> {
    pub(crate) groups: BTreeMap<(InstrumentId, Source), Vec<&'a CoverageMark>>,
    /// Lives of feeds that are newer than the stored ones.
    pub(crate) epochs: BTreeMap<InstrumentId, i64>,
}

/// Groups marks; `stored` has the newest life of each instrument's feed.
pub(crate) fn group_marks<'a>(
    marks: &[&'a Placed<CoverageMark>],
    stored: impl Fn(InstrumentId) -> i64,
) -> Marks<'a> {
    let mut out = Marks::default();
    for mark in marks.iter().filter(|mark| !mark.item.range.is_empty()) {
        if let Some(epoch) = mark.item.epoch {
            let newest = out.epochs.get(&mark.instrument).copied().unwrap_or_else(|| stored(mark.instrument));
            // A feed that was replaced may still be sending: its word is void.
            if epoch < newest {
                continue;
            }
            if epoch > newest {
                out.epochs.insert(mark.instrument, epoch);
            }
        }
        out.groups.entry((mark.instrument, mark.item.source)).or_default().push(&mark.item);
    }
    out
}

/// What the marks lie within: stored rows that neither overlap nor touch it stay as they are.
pub(crate) fn hull(marks: &[&CoverageMark]) -> Option<TimeRange> {
    marks.iter().map(|mark| mark.range).reduce(|sum, range| TimeRange {
        from_us: sum.from_us.min(range.from_us),
        to_us: sum.to_us.max(range.to_us),
    })
}

/// What marks change in the rows of one source.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Rewrite {
    /// Starts of rows that are no more.
    pub(crate) gone: Vec<i64>,
    /// Rows that are new, or that end elsewhere or say something else than the stored row with the same start.
    pub(crate) put: Vec<(TimeRange, CoverageState)>,
}

/// Applies marks to the stored rows that they overlap or touch, in order of time.
pub(crate) fn rewrite(old: &[(TimeRange, CoverageState)], marks: &[&CoverageMark]) -> Rewrite {
    let mut map = CoverageMap::new(old.iter().copied());
    for mark in marks {
        map.mark(mark.range, mark.state);
    }
    let start = |rows: &[(TimeRange, CoverageState)], from_us| {
        rows.binary_search_by_key(&from_us, |(range, _)| range.from_us).ok()
    };
    let is_gone = |from_us: &i64| start(map.rows(), *from_us).is_none();
    let is_new = |row: &&(TimeRange, CoverageState)| {
        start(old, row.0.from_us).and_then(|at| old.get(at)) != Some(*row)
    };
    Rewrite {
        gone: old.iter().map(|(range, _)| range.from_us).filter(is_gone).collect(),
        put: map.rows().iter().filter(is_new).copied().collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::market::GapReason;

    const COVERED: CoverageState = CoverageState::Covered;
    const LOST: CoverageState = CoverageState::Unavailable(GapReason::FeedLost);

    fn range(from_us: i64, to_us: i64) -> TimeRange {
        TimeRange { from_us, to_us }
    }

    fn mark(from_us: i64, to_us: i64, state: CoverageState, epoch: Option<i64>) -> CoverageMark {
        CoverageMark { source: Source::Trades, range: range(from_us, to_us), state, epoch }
    }

    #[test]
    fn marks_of_replaced_feeds_and_empty_ones_do_not_count() {
        let placed: Vec<_> = [
            (1, mark(0, 5, COVERED, Some(3))),
            (1, mark(5, 9, COVERED, Some(2))),
            (1, mark(9, 9, COVERED, Some(8))),
            (1, mark(9, 12, COVERED, Some(4))),
            (1, mark(12, 15, COVERED, Some(3))),
            (2, mark(0, 1, COVERED, Some(7))),
            (2, mark(1, 2, COVERED, None)),
        ]
        .into_iter()
        .map(|(id, item)| Placed { offset: 0, instrument: InstrumentId(id), item })
        .collect();
        let marks: Vec<_> = placed.iter().collect();
        let grouped = group_marks(&marks, |id| if id.0 == 1 { 3 } else { 7 });
        let ends: Vec<Vec<i64>> = grouped
            .groups
            .values()
            .map(|group| group.iter().map(|mark| mark.range.to_us).collect())
            .collect();
        assert_eq!(ends, [vec![5, 12], vec![1, 2]]);
        assert_eq!(grouped.epochs, BTreeMap::from([(InstrumentId(1), 4)]), "the other one is stored already");
    }

    #[test]
    fn only_rows_that_change_are_written() {
        let old = [(range(0, 10), COVERED), (range(20, 30), COVERED), (range(30, 40), LOST)];
        for (marks, gone, put) in [
            (vec![mark(2, 8, COVERED, None)], vec![], vec![]),
            // It grows: the row keeps its start.
            (vec![mark(10, 15, COVERED, None)], vec![], vec![(range(0, 15), COVERED)]),
            (vec![mark(10, 20, COVERED, None)], vec![20], vec![(range(0, 30), COVERED)]),
            (
                vec![mark(15, 35, COVERED, None)],
                vec![20, 30],
                vec![(range(15, 35), COVERED), (range(35, 40), LOST)],
            ),
            (vec![mark(30, 40, COVERED, None)], vec![30], vec![(range(20, 40), COVERED)]),
            (vec![mark(12, 14, LOST, None)], vec![], vec![(range(12, 14), LOST)]),
        ] {
            let marks: Vec<_> = marks.iter().collect();
            assert_eq!(rewrite(&old, &marks), Rewrite { gone, put }, "{marks:?}");
        }
        let (one, other) = (mark(5, 7, COVERED, None), mark(1, 2, LOST, None));
        assert_eq!((hull(&[&one, &other]), hull(&[])), (Some(range(1, 7)), None));
    }
}
