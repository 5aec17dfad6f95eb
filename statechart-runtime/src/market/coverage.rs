//! Coverage: what is known about an instrument's past, so that "no trades" and "not fetched" are different answers.

use super::{Interval, MarketError, RangeSet, TimeRange};
use std::fmt;
use std::str::FromStr;

/// Bar widths in which the exchange serves candles itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// 60 s.
    Minute,
    /// 3600 s.
    Hour,
    /// 86400 s.
    Day,
}

impl Resolution {
    /// All, finest first.
    pub const ALL: [Resolution; 3] = [Resolution::Minute, Resolution::Hour, Resolution::Day];

    /// Width in seconds, the `res` of records and tables.
    pub const fn seconds(self) -> i64 {
        self.interval().seconds()
    }

    /// The resolution of a `res` value.
    pub const fn from_seconds(seconds: i64) -> Option<Self> {
        match seconds {
            60 => Some(Resolution::Minute),
            3_600 => Some(Resolution::Hour),
            86_400 => Some(Resolution::Day),
            _ => None,
        }
    }

    /// The candle interval of the same width.
    pub const fn interval(self) -> Interval {
        match self {
            Resolution::Minute => Interval::M1,
            Resolution::Hour => Interval::H1,
            Resolution::Day => Interval::D1,
        }
    }
}

/// Where market data comes from. Each source has coverage of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Single trades, from the socket or the trade history.
    Trades,
    /// Ready-made candles from the REST interface.
    Rest(Resolution),
}

impl Source {
    /// All sources.
    pub const ALL: [Source; 4] = [
        Source::Trades,
        Source::Rest(Resolution::Minute),
        Source::Rest(Resolution::Hour),
        Source::Rest(Resolution::Day),
    ];

    /// 1 trades, 2 minute, 3 hour, 4 day, as tables write it.
    pub const fn code(self) -> i64 {
        match self {
            Source::Trades => 1,
            Source::Rest(Resolution::Minute) => 2,
            Source::Rest(Resolution::Hour) => 3,
            Source::Rest(Resolution::Day) => 4,
        }
    }

    /// The source of a table's code.
    pub const fn from_code(code: i64) -> Option<Self> {
        match code {
            1 => Some(Source::Trades),
            2 => Some(Source::Rest(Resolution::Minute)),
            3 => Some(Source::Rest(Resolution::Hour)),
            4 => Some(Source::Rest(Resolution::Day)),
            _ => None,
        }
    }

    /// `trades`, `rest60`, `rest3600` or `rest86400`.
    pub const fn name(self) -> &'static str {
        match self {
            Source::Trades => "trades",
            Source::Rest(Resolution::Minute) => "rest60",
            Source::Rest(Resolution::Hour) => "rest3600",
            Source::Rest(Resolution::Day) => "rest86400",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why there is no data for a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GapReason {
    /// Nobody has asked for it yet.
    NotFetched,
    /// The exchange or the plan's depth does not serve it.
    ExchangeLimit,
    /// The instrument was not traded yet: nothing is missing.
    BeforeListing,
    /// The live feed was down, and the trades could not be read again.
    FeedLost,
}

impl GapReason {
    /// The word of the API and the tables.
    pub const fn name(self) -> &'static str {
        match self {
            GapReason::NotFetched => "not_fetched",
            GapReason::ExchangeLimit => "exchange_limit",
            GapReason::BeforeListing => "before_listing",
            GapReason::FeedLost => "feed_lost",
        }
    }
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for GapReason {
    type Err = MarketError;

    fn from_str(text: &str) -> Result<Self, MarketError> {
        [GapReason::NotFetched, GapReason::ExchangeLimit, GapReason::BeforeListing, GapReason::FeedLost]
            .into_iter()
            .find(|reason| reason.name() == text)
            .ok_or_else(|| MarketError::Record { why: format!("`{text}` is not a reason of a gap") })
    }
}

/// What is known about a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CoverageState {
    /// Everything that happened in it is stored.
    Covered,
    /// It cannot be had from this source, and why.
    Unavailable(GapReason),
}

/// One row of the coverage table: disjoint per source, neighbours of equal state merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CoverageRow {
    /// The source it speaks of.
    pub source: Source,
    /// The range, not empty.
    pub range: TimeRange,
    /// What is known.
    pub state: CoverageState,
}

/// The coverage of one source as disjoint ordered ranges, with the rule for new marks: covered always wins, because
/// data that is there does not become unavailable; among unavailable marks the newest reason wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoverageMap {
    rows: Vec<(TimeRange, CoverageState)>,
}

impl CoverageMap {
    /// From rows in any order.
    pub fn new(rows: impl IntoIterator<Item = (TimeRange, CoverageState)>) -> Self {
        let mut map = Self::default();
        for (range, state) in rows {
            map.mark(range, state);
        }
        map
    }

    /// The rows, ordered and disjoint.
    pub fn rows(&self) -> &[(TimeRange, CoverageState)] {
        &self.rows
    }

    /// Adds a mark. Returns whether anything changed.
    pub fn mark(&mut self, range: TimeRange, state: CoverageState) -> bool {
        if range.is_empty() {
            return false;
        }
        let keeps = |old: CoverageState| old == CoverageState::Covered || old == state;
        let kept: RangeSet = self.rows.iter().filter(|row| keeps(row.1)).map(|row| row.0).collect();
        let added = if state == CoverageState::Covered {
            let covered: RangeSet =
                self.rows.iter().filter(|row| row.1 == CoverageState::Covered).map(|row| row.0).collect();
            RangeSet::from(range).subtract(&covered)
        } else {
            RangeSet::from(range).subtract(&kept)
        };
        if added.is_empty() {
            return false;
        }
        let mut rows: Vec<(TimeRange, CoverageState)> = Vec::with_capacity(self.rows.len() + 2);
        for (old, old_state) in &self.rows {
            rows.extend(
                RangeSet::from(*old).subtract(&added).ranges().iter().map(|part| (*part, *old_state)),
            );
        }
        rows.extend(added.ranges().iter().map(|part| (*part, state)));
        rows.sort_unstable();
        self.rows.clear();
        for (part, part_state) in rows {
            match self.rows.last_mut() {
                Some((last, last_state)) if *last_state == part_state && last.to_us == part.from_us => {
                    last.to_us = part.to_us;
                }
                _ => self.rows.push((part, part_state)),
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn marks_agree_with_a_point_model(marks in prop::collection::vec((0i64..40, 1i64..15, 0usize..3), 0..12)) {
            let states = [
                CoverageState::Covered,
                CoverageState::Unavailable(GapReason::ExchangeLimit),
                CoverageState::Unavailable(GapReason::FeedLost),
            ];
            let mut model = [None; 60];
            let mut map = CoverageMap::default();
            for (from, len, state) in marks {
                let before = map.clone();
                let changed = map.mark(TimeRange { from_us: from, to_us: from + len }, states[state]);
                prop_assert_eq!(changed, before != map);
                for slot in &mut model[from as usize..(from + len) as usize] {
                    if *slot != Some(CoverageState::Covered) { *slot = Some(states[state]); }
                }
            }
            for (time, expected) in model.iter().enumerate() {
                let found: Vec<_> = map.rows().iter().filter(|row| row.0.contains(time as i64)).collect();
                prop_assert!(found.len() <= 1);
                prop_assert_eq!(found.first().map(|row| row.1), *expected);
            }
            let merged = map.rows().windows(2).all(|pair| pair[0].0.to_us < pair[1].0.from_us || pair[0].1 != pair[1].1);
            prop_assert!(merged);
        }
    }
}
