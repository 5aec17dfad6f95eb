//! The segment plan: which source answers which part of a request, and what is missing.
//!
//! ```text
//! rest60    ████████████████████░░░░░░░░░░          request: 5m buckets
//! trades    ░░░░░░░░░░░░░███████████████▒▒  ▒ open  ├─────┼─────┼─────┼─────┼─────┤
//! plan                                               rest  rest  mixed trades trades
//! ```
//!
//! A bucket is taken from trades when they cover all of it, else from the exchange's candles of its own width, else
//! from finer ones. Where no single source covers a bucket, it is folded from minutes, each minute wholly from trades
//! or wholly from REST: at most one such bucket lies at each seam. What nothing covers is a gap with a reason, and
//! with what to fetch in order to close it. Pure interval arithmetic: linear in the coverage rows, never in the buckets.

use super::plan_input::PlanRequest;
use super::{
    CoverageRow, CoverageState, GapReason, Interval, RangeSet, Resolution, Source, TimeRange, US_PER_SECOND,
};

/// REST rows are trusted when their bucket has been closed for this long, µs of exchange time.
const REST_SETTLES_US: i64 = 15 * US_PER_SECOND;

/// The answer to a [`PlanRequest`]. Segments and gaps together tile `range` without overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Width of the candles.
    pub interval: Interval,
    /// The whole buckets asked for, up to the one that contains the horizon.
    pub range: TimeRange,
    /// As requested: buckets that end after it are open.
    pub horizon_us: i64,
    /// Readable parts, ordered and disjoint, each a whole number of buckets.
    pub segments: Vec<Segment>,
    /// Missing parts, ordered and disjoint, each a whole number of buckets.
    pub gaps: Vec<Gap>,
}

/// A readable part of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Whole buckets.
    pub range: TimeRange,
    /// Where to read them.
    pub read: Read,
}

/// Where a segment is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// The trade candles of the plan's interval.
    Trades,
    /// REST candles of this resolution, folded when the plan's interval is wider.
    Rest(Resolution),
    /// One bucket from minutes; the pieces tile it, each from one source.
    Minutes(Vec<(MinuteSource, TimeRange)>),
}

/// Source of a minute in a mixed bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MinuteSource {
    /// One-minute trade candles.
    Trades,
    /// One-minute REST candles.
    Rest,
}

/// A missing part of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Whole buckets.
    pub range: TimeRange,
    /// Why it is missing.
    pub reason: GapReason,
    /// What would close it, if anything can now: a source and the range to ask it for.
    pub fetch: Option<(Source, TimeRange)>,
}

impl Plan {
    /// Whether nothing is missing. Time before the listing is not missing.
    pub fn is_complete(&self) -> bool {
        self.gaps.iter().all(|gap| gap.reason == GapReason::BeforeListing)
    }

    /// End of the contiguous part that can be served now: the first gap that a fetch would close, or the end.
    pub fn ready_until_us(&self) -> i64 {
        self.gaps.iter().find(|gap| gap.fetch.is_some()).map_or(self.range.to_us, |gap| gap.range.from_us)
    }

    /// What to fetch, in order of time.
    pub fn fetches(&self) -> impl Iterator<Item = (Source, TimeRange)> + '_ {
        self.gaps.iter().filter_map(|gap| gap.fetch)
    }

    /// Whether the bucket can no longer grow (late trades excepted).
    pub fn is_closed(&self, bucket_us: i64) -> bool {
        self.interval.bucket(bucket_us).to_us <= self.horizon_us
    }
}

/// Plans a read. `rows` are the coverage rows that overlap the request, in any order; rows further away do no harm.
pub fn plan(request: &PlanRequest, rows: &[CoverageRow]) -> Plan {
    let interval = request.interval;
    let horizon_us = request.horizon_us;
    let from_us = interval.ceil_us(request.range.from_us);
    let to_us = interval.ceil_us(request.range.to_us.min(horizon_us)).max(from_us);
    let whole = TimeRange { from_us, to_us };
    let known = Known::new(request, rows, whole);

    let prelisted = known.prelisted.align_in(interval).clip(whole);
    let mut rest = RangeSet::from(whole).subtract(&prelisted);
    let mut segments = Vec::new();
    let mut take = |rest: &mut RangeSet, usable: &RangeSet, read: Read| {
        let taken = usable.align_in(interval).intersect(rest);
        segments.extend(taken.ranges().iter().map(|range| Segment { range: *range, read: read.clone() }));
        *rest = rest.subtract(&taken);
    };
    take(&mut rest, &known.trades, Read::Trades);
    for res in interval.rest_resolutions() {
        take(&mut rest, known.rest(*res), Read::Rest(*res));
    }
    if interval > Interval::M1 {
        let by_trades = known.trades.align_in(Interval::M1);
        let by_rest = known.minute.subtract(&by_trades);
        let mixed = by_trades.union(&by_rest).align_in(interval).intersect(&rest);
        rest = rest.subtract(&mixed);
        for range in mixed.ranges() {
            let mut bucket = interval.bucket(range.from_us);
            while bucket.from_us < range.to_us {
                segments.push(Segment {
                    range: bucket,
                    read: Read::Minutes(pieces(bucket, &by_trades, &by_rest)),
                });
                bucket = interval.bucket(bucket.to_us);
            }
        }
    }
    segments.sort_unstable_by_key(|segment| segment.range);

    let mut gaps: Vec<Gap> = prelisted
        .ranges()
        .iter()
        .map(|range| Gap { range: *range, reason: GapReason::BeforeListing, fetch: None })
        .collect();
    known.explain(interval, horizon_us, rest, &mut gaps);
    gaps.sort_unstable_by_key(|gap| gap.range);
    Plan { interval, range: whole, horizon_us, segments, gaps }
}

/// The minutes of a bucket, from both sources, in order.
fn pieces(bucket: TimeRange, by_trades: &RangeSet, by_rest: &RangeSet) -> Vec<(MinuteSource, TimeRange)> {
    let of =
        |set: &RangeSet, source| set.clip(bucket).ranges().iter().map(|r| (source, *r)).collect::<Vec<_>>();
    let mut pieces = of(by_trades, MinuteSource::Trades);
    pieces.extend(of(by_rest, MinuteSource::Rest));
    pieces.sort_unstable_by_key(|piece| piece.1);
    pieces
}

/// Coverage as sets of times, ready for rounding to buckets.
struct Known {
    prelisted: RangeSet,
    trades: RangeSet,
    minute: RangeSet,
    hour: RangeSet,
    day: RangeSet,
    unavailable: Vec<(Source, GapReason, TimeRange)>,
}

impl Known {
    fn new(request: &PlanRequest, rows: &[CoverageRow], whole: TimeRange) -> Self {
        let horizon_us = request.horizon_us;
        let mut unavailable = Vec::new();
        // A whole day around the request is enough for every rounding below.
        let start_us = Interval::D1.floor_us(whole.from_us.min(request.range.from_us));
        let mut prelisted = RangeSet::new();
        if let Some(listed_us) = request.listed_us {
            prelisted.insert(TimeRange { from_us: start_us, to_us: listed_us });
        }
        let mut covered = [RangeSet::new(), RangeSet::new(), RangeSet::new(), RangeSet::new()];
        for row in rows {
            match row.state {
                CoverageState::Unavailable(GapReason::BeforeListing) => prelisted.insert(row.range),
                CoverageState::Unavailable(reason) => unavailable.push((row.source, reason, row.range)),
                CoverageState::Covered => {
                    let slot =
                        usize::try_from(row.source.code() - 1).ok().and_then(|slot| covered.get_mut(slot));
                    if let Some(set) = slot {
                        set.insert(row.range);
                    }
                }
            }
        }
        // Before the listing every source is complete, so a bucket that contains the listing can be whole.
        let [trades, minute, hour, day] = covered.map(|set| set.union(&prelisted));
        // Past the horizon nothing has happened: coverage up to it is coverage of the open buckets, too.
        let open_end_us = Interval::D1.ceil_us(horizon_us);
        let trades = trades
            .ranges()
            .iter()
            .filter(|range| range.from_us < horizon_us)
            .map(|range| TimeRange {
                to_us: if range.to_us >= horizon_us { open_end_us } else { range.to_us },
                ..*range
            })
            .collect();
        let closed = |set: RangeSet, res: Resolution| {
            set.clip(TimeRange { from_us: i64::MIN, to_us: horizon_us }).align_in(res.interval())
        };
        Self {
            prelisted,
            trades,
            minute: closed(minute, Resolution::Minute),
            hour: closed(hour, Resolution::Hour),
            day: closed(day, Resolution::Day),
            unavailable,
        }
    }

    fn rest(&self, res: Resolution) -> &RangeSet {
        match res {
            Resolution::Minute => &self.minute,
            Resolution::Hour => &self.hour,
            Resolution::Day => &self.day,
        }
    }

    /// Whole buckets touched by what `source` cannot serve, by reason.
    fn missing(
        &self,
        source: Source,
        interval: Interval,
    ) -> impl Iterator<Item = (GapReason, RangeSet)> + '_ {
        [GapReason::ExchangeLimit, GapReason::FeedLost, GapReason::NotFetched].into_iter().map(
            move |reason| {
                let rows = self.unavailable.iter().filter(|row| row.0 == source && row.1 == reason);
                (reason, rows.map(|row| row.2).collect::<RangeSet>().align_out(interval))
            },
        )
    }

    /// Turns the rest into gaps: first what can never be had, then what can be fetched.
    fn explain(&self, interval: Interval, horizon_us: i64, mut rest: RangeSet, gaps: &mut Vec<Gap>) {
        let native = interval.fetch_resolution();
        for (reason, set) in self.missing(Source::Rest(native), interval) {
            let lost = set.intersect(&rest);
            gaps.extend(lost.ranges().iter().map(|range| Gap { range: *range, reason, fetch: None }));
            rest = rest.subtract(&lost);
        }
        let settled_us = horizon_us.saturating_sub(REST_SETTLES_US);
        let closed_to_us = interval.floor_us(settled_us);
        let mut fetchable = |range: TimeRange, reason: GapReason| {
            let closed = TimeRange { to_us: range.to_us.min(closed_to_us), ..range };
            if !closed.is_empty() {
                gaps.push(Gap { range: closed, reason, fetch: Some((Source::Rest(native), closed)) });
            }
            let open = TimeRange { from_us: range.from_us.max(closed_to_us), ..range };
            if !open.is_empty() {
                gaps.push(Gap { range: open, reason, fetch: self.minutes_to_fetch(open, settled_us) });
            }
        };
        for (reason, set) in self.missing(Source::Trades, interval) {
            let lost = set.intersect(&rest);
            lost.ranges().iter().for_each(|range| fetchable(*range, reason));
            rest = rest.subtract(&lost);
        }
        rest.ranges().iter().for_each(|range| fetchable(*range, GapReason::NotFetched));
    }

    /// The settled minutes of open buckets that neither source has: an open bucket's own REST row is never stored.
    fn minutes_to_fetch(&self, open: TimeRange, settled_us: i64) -> Option<(Source, TimeRange)> {
        let settled = TimeRange { to_us: Interval::M1.floor_us(settled_us).min(open.to_us), ..open };
        let source = Source::Rest(Resolution::Minute);
        let mut lacking =
            RangeSet::from(settled).subtract(&self.trades.align_in(Interval::M1)).subtract(&self.minute);
        for (_, lost) in self.missing(source, Interval::M1) {
            lacking = lacking.subtract(&lost);
        }
        let (first, last) = (lacking.ranges().first()?, lacking.ranges().last()?);
        Some((source, TimeRange { from_us: first.from_us, to_us: last.to_us }))
    }
}
