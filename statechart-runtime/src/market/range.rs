//! Time ranges and sets of them: the interval arithmetic under coverage and plans.

use super::{Interval, MarketError};
use std::fmt;

/// A half-open range of time `[from_us, to_us)`, microseconds UTC. May be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeRange {
    /// First microsecond inside.
    pub from_us: i64,
    /// First microsecond after it.
    pub to_us: i64,
}

impl TimeRange {
    /// A range that is known not to be empty.
    ///
    /// # Errors
    /// [`MarketError::Range`] unless `0 ≤ from < to`.
    pub fn new(from_us: i64, to_us: i64) -> Result<Self, MarketError> {
        if from_us < 0 || from_us >= to_us {
            return Err(MarketError::Range { from_us, to_us });
        }
        Ok(Self { from_us, to_us })
    }

    /// Whether no time is inside.
    pub const fn is_empty(self) -> bool {
        self.from_us >= self.to_us
    }

    /// Length in microseconds, 0 for an empty range.
    pub const fn len_us(self) -> i64 {
        if self.is_empty() { 0 } else { self.to_us.saturating_sub(self.from_us) }
    }

    /// Whether `time_us` is inside.
    pub const fn contains(self, time_us: i64) -> bool {
        self.from_us <= time_us && time_us < self.to_us
    }

    /// Whether all of `other` is inside.
    pub const fn covers(self, other: TimeRange) -> bool {
        other.is_empty() || (self.from_us <= other.from_us && other.to_us <= self.to_us)
    }

    /// What both have in common; empty when nothing.
    pub fn intersect(self, other: TimeRange) -> TimeRange {
        let from_us = self.from_us.max(other.from_us);
        TimeRange { from_us, to_us: self.to_us.min(other.to_us).max(from_us) }
    }

    /// The whole buckets inside: inward rounding. Empty when there is none.
    pub fn align_in(self, interval: Interval) -> TimeRange {
        let from_us = interval.ceil_us(self.from_us);
        TimeRange { from_us, to_us: interval.floor_us(self.to_us).max(from_us) }
    }

    /// All buckets touched: outward rounding.
    pub fn align_out(self, interval: Interval) -> TimeRange {
        if self.is_empty() {
            let from_us = interval.floor_us(self.from_us);
            return TimeRange { from_us, to_us: from_us };
        }
        TimeRange { from_us: interval.floor_us(self.from_us), to_us: interval.ceil_us(self.to_us) }
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.from_us, self.to_us)
    }
}

/// A set of times as disjoint, non-touching, ordered ranges. Operations are linear in the number of ranges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RangeSet {
    ranges: Vec<TimeRange>,
}

impl RangeSet {
    /// The empty set.
    pub const fn new() -> Self {
        Self { ranges: Vec::new() }
    }

    /// The ranges, ordered.
    pub fn ranges(&self) -> &[TimeRange] {
        &self.ranges
    }

    /// Whether no time is inside.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Adds a range; neighbours merge.
    pub fn insert(&mut self, range: TimeRange) {
        if range.is_empty() {
            return;
        }
        // Ranges that overlap or touch the new one lie between these two places.
        let start = self.ranges.partition_point(|old| old.to_us < range.from_us);
        let end = self.ranges.partition_point(|old| old.from_us <= range.to_us);
        let merged = self.ranges.get(start..end).unwrap_or_default().iter().fold(range, |sum, old| {
            TimeRange { from_us: sum.from_us.min(old.from_us), to_us: sum.to_us.max(old.to_us) }
        });
        self.ranges.splice(start..end.max(start), [merged]);
    }

    /// Whether all of `range` is inside.
    pub fn covers(&self, range: TimeRange) -> bool {
        let at = self.ranges.partition_point(|old| old.to_us <= range.from_us);
        range.is_empty() || self.ranges.get(at).is_some_and(|old| old.covers(range))
    }

    /// Times in either set.
    pub fn union(&self, other: &RangeSet) -> RangeSet {
        let mut all: Vec<TimeRange> = self.ranges.iter().chain(&other.ranges).copied().collect();
        all.sort_unstable();
        all.into_iter().collect()
    }

    /// Times in both sets.
    pub fn intersect(&self, other: &RangeSet) -> RangeSet {
        let (mut left, mut right) = (self.ranges.iter().peekable(), other.ranges.iter().peekable());
        let mut out = RangeSet::new();
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            out.push(a.intersect(**b));
            if a.to_us <= b.to_us {
                left.next()
            } else {
                right.next()
            };
        }
        out
    }

    /// Times in this set and not in the other.
    pub fn subtract(&self, other: &RangeSet) -> RangeSet {
        let mut out = RangeSet::new();
        let mut cuts = other.ranges.iter().peekable();
        for range in &self.ranges {
            let mut from_us = range.from_us;
            while let Some(cut) = cuts.peek() {
                if cut.from_us >= range.to_us {
                    break;
                }
                if cut.to_us > from_us {
                    out.push(TimeRange { from_us, to_us: cut.from_us });
                    from_us = from_us.max(cut.to_us);
                }
                // A cut that reaches past this range may cut the next one too.
                if cut.to_us > range.to_us {
                    break;
                }
                cuts.next();
            }
            out.push(TimeRange { from_us, to_us: range.to_us });
        }
        out
    }

    /// The whole buckets inside each range.
    pub fn align_in(&self, interval: Interval) -> RangeSet {
        self.ranges.iter().map(|range| range.align_in(interval)).collect()
    }

    /// All buckets touched by any range.
    pub fn align_out(&self, interval: Interval) -> RangeSet {
        self.ranges.iter().map(|range| range.align_out(interval)).collect()
    }

    /// The part inside `range`.
    pub fn clip(&self, range: TimeRange) -> RangeSet {
        self.intersect(&range.into())
    }

    /// Appends a range that starts at or after the last one's start.
    fn push(&mut self, range: TimeRange) {
        if range.is_empty() {
            return;
        }
        match self.ranges.last_mut() {
            Some(last) if range.from_us <= last.to_us => last.to_us = last.to_us.max(range.to_us),
            _ => self.ranges.push(range),
        }
    }
}

impl From<TimeRange> for RangeSet {
    fn from(range: TimeRange) -> Self {
        [range].into_iter().collect()
    }
}

impl FromIterator<TimeRange> for RangeSet {
    fn from_iter<I: IntoIterator<Item = TimeRange>>(ranges: I) -> Self {
        let mut out = RangeSet::new();
        for range in ranges {
            match out.ranges.last() {
                Some(last) if range.from_us < last.from_us => out.insert(range),
                _ => out.push(range),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set() -> impl Strategy<Value = RangeSet> {
        prop::collection::vec((0i64..60, 0i64..12), 0..10).prop_map(|rows| {
            rows.into_iter().map(|(from_us, len)| TimeRange { from_us, to_us: from_us + len }).collect()
        })
    }

    fn points(set: &RangeSet) -> Vec<i64> {
        (0..80).filter(|time| set.ranges().iter().any(|range| range.contains(*time))).collect()
    }

    proptest! {
        #[test]
        fn agrees_with_sets_of_points(a in set(), b in set(), extra in (0i64..60, 0i64..20)) {
            let (pa, pb) = (points(&a), points(&b));
            for result in [&a.union(&b), &a.intersect(&b), &a.subtract(&b)] {
                prop_assert!(result.ranges().iter().all(|range| !range.is_empty()));
                prop_assert!(result.ranges().windows(2).all(|pair| pair[0].to_us < pair[1].from_us));
            }
            prop_assert_eq!(points(&a.intersect(&b)), pa.iter().copied().filter(|p| pb.contains(p)).collect::<Vec<_>>());
            prop_assert_eq!(points(&a.subtract(&b)), pa.iter().copied().filter(|p| !pb.contains(p)).collect::<Vec<_>>());
            prop_assert_eq!(points(&a.union(&b)), (0..80).filter(|p| pa.contains(p) || pb.contains(p)).collect::<Vec<_>>());
            let range = TimeRange { from_us: extra.0, to_us: extra.0 + extra.1 };
            prop_assert_eq!(a.covers(range), (range.from_us..range.to_us).all(|p| pa.contains(&p)));
            let mut inserted = a.clone();
            inserted.insert(range);
            prop_assert_eq!(inserted, a.union(&range.into()));
        }
    }
}
