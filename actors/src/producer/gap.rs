//! Repairing a gap: trades between the last covered moment and the new subscription, page by page.

use std::{collections::BTreeMap, time::Duration};

use statechart_runtime::{
    market::{CoverageState, GapReason, Instrument, Source, TimeRange},
    ports::{Batch, CoverageMark, Placed},
};
use tokio::time::Instant;

use crate::{
    exchange::{
        Client, ExchangeError, FILED_AFTER_US, FeedConfig, MAX_TRADES_PAGE, Pair, TradeCursor, WireTrade,
    },
    parts::Parts,
};

/// Trades before the last covered moment that are read again: late ones may have been filed since, µs.
const OVERLAP_US: i64 = 60_000_000;
/// First and longest pause before a gap is asked for again that the exchange did not give, at real speed.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// A pause that no time scale goes below.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// A longer gap is left to the candle history, µs.
const LONGEST_US: i64 = 31 * 24 * 3_600_000_000;

/// A range of one pair's trades that the socket did not see.
#[derive(Debug, Clone)]
pub(super) struct Gap {
    /// Index of the pair.
    pub(super) pair: usize,
    /// What will be covered when it is repaired.
    pub(super) range: TimeRange,
    cursor: TradeCursor,
    /// It is not asked for before.
    pub(super) not_before: Option<Instant>,
    /// How often in a row the exchange did not give it.
    failures: u32,
}

/// What one page brought.
pub(super) struct Repaired {
    /// Index of the pair.
    pub(super) pair: usize,
    /// The gap before this page.
    pub(super) range: TimeRange,
    /// What is known whole with this page: to the gap's end with the last one. Empty when the page is too short to say.
    pub(super) covered: TimeRange,
    pub(super) trades: Vec<WireTrade>,
    pub(super) malformed: Vec<String>,
    /// What is still to be read of the gap, or `None` when it is closed.
    pub(super) rest: Option<Gap>,
}

impl Gap {
    fn new(pair: usize, range: TimeRange) -> Self {
        let cursor = TradeCursor::from_time(range.from_us);
        Self { pair, range, cursor, not_before: None, failures: 0 }
    }

    /// A hole between ranges that are covered.
    pub(super) fn hole(pair: usize, range: TimeRange) -> Self {
        Self::new(pair, TimeRange { from_us: range.from_us.saturating_sub(OVERLAP_US).max(0), ..range })
    }

    /// The same gap from its beginning, on a new socket or together with an older one that it overlaps.
    pub(super) fn anew(&self, range: TimeRange) -> Self {
        Self::new(self.pair, range)
    }

    /// The gap between what is covered and a subscription; `None` where nothing was covered before.
    pub(super) fn between(pair: usize, covered_to_us: Option<i64>, subscribed_us: i64) -> Option<Self> {
        let from_us = covered_to_us?.saturating_sub(OVERLAP_US).max(0);
        if from_us >= subscribed_us || subscribed_us - from_us > LONGEST_US {
            return None;
        }
        Some(Self::new(pair, TimeRange { from_us, to_us: subscribed_us }))
    }

    /// Reads the next page. `now_us` is the exchange's clock; what was traded shortly before it is not filed yet, and
    /// is read once more when it is.
    pub(super) async fn page(
        mut self,
        client: &Client,
        pair: &Pair,
        now_us: i64,
        feed: &FeedConfig,
    ) -> Result<Repaired, ExchangeError> {
        let page = client.trades_page(pair, self.cursor, MAX_TRADES_PAGE).await?;
        let now_us = page.exchange_now_us.map_or(now_us, |stated_us| stated_us.min(now_us));
        let filed_us = now_us.saturating_sub(FILED_AFTER_US);
        let reached_us = page.trades.iter().map(|trade| trade.time_us).max().unwrap_or(0);
        // A page comes in the order of time, but what is still being filed belongs in between.
        let whole_us = if page.complete { now_us } else { reached_us }.saturating_sub(FILED_AFTER_US);
        let range = self.range;
        let to_us = whole_us.min(filed_us).clamp(range.from_us, range.to_us);
        self.failures = 0;
        self.range.from_us = to_us;
        if page.complete {
            let wait_us = range.to_us.saturating_sub(filed_us).max(0).unsigned_abs();
            // The clock of an answer is cut to whole seconds.
            let wait = Duration::from_micros(wait_us) + Duration::from_secs(1);
            self.cursor = TradeCursor::from_time(to_us);
            self.not_before = Some(Instant::now() + feed.scaled(wait).max(SHORTEST_PAUSE));
        } else {
            self.cursor = page.next;
        }
        Ok(Repaired {
            pair: self.pair,
            range,
            covered: TimeRange { from_us: range.from_us, to_us },
            trades: page.trades,
            malformed: page.malformed,
            rest: (to_us < range.to_us).then_some(self),
        })
    }

    /// Puts the gap off after an answer that did not bring it.
    pub(super) fn put_off(&mut self, wish_ms: Option<u64>, feed: &FeedConfig) -> Duration {
        let doubled = AGAIN.0.saturating_mul(1 << self.failures.min(6)).min(AGAIN.1);
        self.failures = self.failures.saturating_add(1);
        let wait = feed.scaled(doubled.max(Duration::from_millis(wish_ms.unwrap_or(0)))).max(SHORTEST_PAUSE);
        self.not_before = Some(Instant::now() + wait);
        wait
    }
}

/// Holes that are repaired after one subscription, the newest.
const MOST_HOLES: usize = 16;

/// Holes between ranges that are covered: what was lost from the log before it was stored, for example. They do not
/// close by themselves, since the feed only looks at the end. Newest last.
pub(super) async fn holes(
    parts: &Parts,
    instrument: &Instrument,
    now_us: i64,
) -> Result<Vec<TimeRange>, String> {
    let range = TimeRange { from_us: now_us.saturating_sub(LONGEST_US).max(0), to_us: now_us };
    let rows = parts.store.coverage(instrument.id, range).await.map_err(|error| error.to_string())?;
    let known: Vec<TimeRange> =
        rows.iter().filter(|row| row.source == Source::Trades).map(|row| row.range).collect();
    let mut holes = between(&known);
    let excess = holes.len().saturating_sub(MOST_HOLES);
    Ok(holes.split_off(excess))
}

/// Which holes are read again, and when once more: what was read may be on its way still, or be lost as well.
#[derive(Debug, Default)]
pub(super) struct Holes(BTreeMap<(usize, i64, i64), Tries>);

#[derive(Debug)]
struct Tries {
    made: u32,
    /// Looks until the next one.
    wait: u32,
}

/// Longest pause between two attempts at a hole, as a power of two of looks.
const MOST_PATIENCE: u32 = 6;

impl Holes {
    /// Those that are to be read now; a hole that is no longer there is forgotten.
    pub(super) fn due(&mut self, pair: usize, holes: &[TimeRange]) -> Vec<TimeRange> {
        self.0.retain(|(known, from_us, to_us), _| {
            *known != pair || holes.contains(&TimeRange { from_us: *from_us, to_us: *to_us })
        });
        let mut due = Vec::new();
        for range in holes {
            let tries =
                self.0.entry((pair, range.from_us, range.to_us)).or_insert(Tries { made: 0, wait: 0 });
            if tries.wait == 0 {
                tries.made += 1;
                tries.wait = 1 << tries.made.min(MOST_PATIENCE);
                due.push(*range);
            }
            tries.wait -= 1;
        }
        due
    }
}

/// What lies between ranges.
fn between(known: &[TimeRange]) -> Vec<TimeRange> {
    let mut known = known.to_vec();
    known.sort_unstable_by_key(|range| (range.from_us, range.to_us));
    let (mut holes, mut reached_us) = (Vec::new(), None);
    for range in known {
        if let Some(reached_us) = reached_us.filter(|reached_us| *reached_us < range.from_us) {
            holes.push(TimeRange { from_us: reached_us, to_us: range.from_us });
        }
        reached_us = reached_us.max(Some(range.to_us));
    }
    holes
}

/// A range between what is covered and a subscription that is longer than what is read again.
pub(super) fn too_long(covered_to_us: Option<i64>, subscribed_us: i64) -> Option<TimeRange> {
    let range = TimeRange { from_us: covered_to_us?, to_us: subscribed_us };
    (subscribed_us - range.from_us > LONGEST_US - OVERLAP_US).then_some(range)
}

/// Records that the trades of a range will never be had from the exchange. What of it is stored stays covered.
pub(super) async fn record_lost(
    parts: &Parts,
    instrument: &Instrument,
    range: TimeRange,
) -> Result<(), String> {
    let state = CoverageState::Unavailable(GapReason::FeedLost);
    let item = CoverageMark { source: Source::Trades, range, state, epoch: None };
    let placed = Placed { offset: 0, instrument: instrument.id, item };
    let batch = Batch { coverage: vec![placed], ..Batch::default() };
    let doing = |error| format!("recording that trades of {} are lost: {error}", instrument.symbol);
    parts.store.ingest(batch).await.map(|_| ()).map_err(|error| doing(error.to_string()))
}

/// Until when an instrument's trades are known to be stored, of what lies before a moment, from the store. Where nobody
/// could say so yet, that is the first stored trade, or when this process first subscribed.
pub(super) async fn covered_to_us(
    parts: &Parts,
    instrument: &Instrument,
    since_us: i64,
    before_us: i64,
) -> Result<Option<i64>, String> {
    let range = TimeRange { from_us: 0, to_us: before_us };
    let rows = parts.store.coverage(instrument.id, range).await.map_err(|error| error.to_string())?;
    let covered = rows
        .iter()
        .filter(|row| row.source == Source::Trades && row.state == CoverageState::Covered)
        .map(|row| row.range.to_us.min(before_us))
        .max();
    if covered.is_some() {
        return Ok(covered);
    }
    let first = parts.store.trades(instrument.id, range, None, 1).await.map_err(|error| error.to_string())?;
    let since_us = (since_us < before_us).then_some(since_us);
    Ok(first.first().map(|trade| trade.time_us).into_iter().chain(since_us).min())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_lie_between_what_is_known() {
        let ranges = |pairs: &[(i64, i64)]| {
            pairs.iter().map(|(from, to)| TimeRange { from_us: *from, to_us: *to }).collect::<Vec<_>>()
        };
        type Pairs = &'static [(i64, i64)];
        // known, holes
        let rows: [(Pairs, Pairs); 4] = [
            (&[], &[]),
            (&[(0, 10)], &[]),
            (&[(20, 30), (0, 10), (40, 50)], &[(10, 20), (30, 40)]),
            (&[(0, 10), (2, 30), (10, 12), (30, 40)], &[]),
        ];
        for (known, expected) in rows {
            assert_eq!(between(&ranges(known)), ranges(expected), "{known:?}");
        }
    }

    #[test]
    fn a_hole_that_stays_is_read_ever_less_often() {
        let mut holes = Holes::default();
        let (one, other) = (TimeRange { from_us: 0, to_us: 5 }, TimeRange { from_us: 7, to_us: 9 });
        let looks = |holes: &mut Holes, count: u32| -> Vec<u32> {
            (0..count).filter(|_| !holes.due(0, &[one]).is_empty()).collect()
        };
        // `filter` shows the looks at which it was due.
        assert_eq!(looks(&mut holes, 40), [0, 2, 6, 14, 30]);
        assert_eq!(holes.due(1, &[one]), [one], "another pair's hole is another one");
        assert_eq!(holes.due(0, &[other]), [other]);
        assert_eq!(holes.due(0, &[one]), [one], "it was closed in between");
    }

    #[test]
    fn a_gap_needs_something_covered_before_it_and_an_end_after_it() {
        const MINUTE: i64 = 60_000_000;
        // covered to, subscribed at, expected range
        let rows = [
            (None, 10 * MINUTE, None),
            (Some(5 * MINUTE), 10 * MINUTE, Some((4 * MINUTE, 10 * MINUTE))),
            (Some(MINUTE / 2), 10 * MINUTE, Some((0, 10 * MINUTE))),
            // The overlap is read again even when nothing was missed.
            (Some(10 * MINUTE), 10 * MINUTE, Some((9 * MINUTE, 10 * MINUTE))),
            (Some(20 * MINUTE), 10 * MINUTE, None),
            (Some(0), LONGEST_US + MINUTE, None),
        ];
        for (covered, subscribed, expected) in rows {
            let found = Gap::between(0, covered, subscribed).map(|gap| (gap.range.from_us, gap.range.to_us));
            assert_eq!(found, expected, "{covered:?} {subscribed}");
            let is_long = covered == Some(0) && expected.is_none();
            assert_eq!(too_long(covered, subscribed).is_some(), is_long, "{covered:?} {subscribed}");
        }
    }
}
