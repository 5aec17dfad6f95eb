//! The plan against a brute-force model that looks at every slot of time.
#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

/// Every time in these tests is a multiple of this; a minute has three.
const SLOT: i64 = 20 * US_PER_SECOND;
const MINUTE: i64 = US_PER_MINUTE;

fn covered(source: Source, from: i64, to: i64) -> CoverageRow {
    CoverageRow { source, range: TimeRange { from_us: from, to_us: to }, state: CoverageState::Covered }
}

fn unavailable(source: Source, from: i64, to: i64, reason: GapReason) -> CoverageRow {
    CoverageRow { state: CoverageState::Unavailable(reason), ..covered(source, from, to) }
}

fn request(interval: Interval, from: i64, to: i64, horizon_us: i64) -> PlanRequest {
    PlanRequest { range: TimeRange { from_us: from, to_us: to }, interval, horizon_us, listed_us: None }
}

const MIN: Source = Source::Rest(Resolution::Minute);
const HOUR: Source = Source::Rest(Resolution::Hour);

#[test]
fn history_then_live_has_one_mixed_bucket_at_the_seam() {
    let rows =
        [covered(MIN, 0, 22 * MINUTE), covered(Source::Trades, 21 * MINUTE + SLOT, 33 * MINUTE + SLOT)];
    let plan = plan(&request(Interval::M5, 0, 60 * MINUTE, 33 * MINUTE + SLOT), &rows);
    let parts: Vec<_> =
        plan.segments.iter().map(|s| (s.range.from_us / MINUTE, s.range.to_us / MINUTE, &s.read)).collect();
    let range = |from: i64, to: i64| TimeRange { from_us: from * MINUTE, to_us: to * MINUTE };
    let pieces =
        Read::Minutes(vec![(MinuteSource::Rest, range(20, 22)), (MinuteSource::Trades, range(22, 25))]);
    assert_eq!(parts, [(0, 20, &Read::Rest(Resolution::Minute)), (20, 25, &pieces), (25, 35, &Read::Trades)]);
    assert!(plan.is_complete() && plan.is_closed(25 * MINUTE) && !plan.is_closed(30 * MINUTE));
}

#[test]
fn an_empty_store_says_what_to_fetch() {
    let plan = plan(&request(Interval::H1, 0, 600 * MINUTE, 150 * MINUTE + SLOT), &[]);
    let native = Gap {
        range: TimeRange { from_us: 0, to_us: 120 * MINUTE },
        reason: GapReason::NotFetched,
        fetch: Some((HOUR, TimeRange { from_us: 0, to_us: 120 * MINUTE })),
    };
    // The open hour has no row of its own yet: its minutes do.
    let open = Gap {
        range: TimeRange { from_us: 120 * MINUTE, to_us: 180 * MINUTE },
        reason: GapReason::NotFetched,
        fetch: Some((MIN, TimeRange { from_us: 120 * MINUTE, to_us: 150 * MINUTE })),
    };
    assert_eq!((plan.gaps.as_slice(), plan.ready_until_us()), (&[native, open][..], 0));
}

#[test]
fn gaps_have_reasons() {
    let rows = [
        unavailable(MIN, 0, 5 * MINUTE, GapReason::BeforeListing),
        unavailable(MIN, 5 * MINUTE, 8 * MINUTE, GapReason::ExchangeLimit),
        unavailable(Source::Trades, 9 * MINUTE, 10 * MINUTE, GapReason::FeedLost),
    ];
    let plan = plan(&request(Interval::M1, 0, 12 * MINUTE, 1000 * MINUTE), &rows);
    let gaps: Vec<_> =
        plan.gaps.iter().map(|g| (g.range.from_us / MINUTE, g.reason, g.fetch.is_some())).collect();
    assert_eq!(
        gaps,
        [
            (0, GapReason::BeforeListing, false),
            (5, GapReason::ExchangeLimit, false),
            (8, GapReason::NotFetched, true),
            (9, GapReason::FeedLost, true),
            (10, GapReason::NotFetched, true),
        ]
    );
    assert_eq!(plan.ready_until_us(), 8 * MINUTE);
}

#[test]
fn the_bucket_of_the_listing_is_whole() {
    let mut request = request(Interval::H1, 0, 240 * MINUTE, 1000 * MINUTE);
    request.listed_us = Some(90 * MINUTE);
    let plan = plan(&request, &[covered(MIN, 90 * MINUTE, 240 * MINUTE)]);
    assert_eq!(
        plan.gaps.iter().map(|g| (g.range.to_us, g.reason)).collect::<Vec<_>>(),
        [(60 * MINUTE, GapReason::BeforeListing)]
    );
    assert!(plan.is_complete());
}

/// What the model says about a bucket.
#[derive(Debug, PartialEq)]
enum Expected {
    Prelisted,
    Read(Option<Resolution>),
    Mixed,
    Gap,
}

struct Model<'a> {
    rows: &'a [CoverageRow],
    horizon: i64,
    listed: Option<i64>,
}

impl Model<'_> {
    fn prelisted(&self, time: i64) -> bool {
        self.listed.is_some_and(|listed| time < listed)
            || self.has(time, |row| row.state == CoverageState::Unavailable(GapReason::BeforeListing))
    }

    fn has(&self, time: i64, test: impl Fn(&CoverageRow) -> bool) -> bool {
        self.rows.iter().any(|row| test(row) && row.range.contains(time))
    }

    fn slot(&self, source: Source, time: i64) -> bool {
        // After the horizon, the feed is as good as at its last moment.
        let time = if source == Source::Trades { time.min(self.horizon - SLOT) } else { time };
        self.has(time, |row| row.source == source && row.state == CoverageState::Covered)
            || self.prelisted(time)
    }

    fn all(&self, range: TimeRange, test: impl Fn(i64) -> bool) -> bool {
        (range.from_us..range.to_us).step_by(SLOT as usize).all(test)
    }

    fn rest(&self, res: Resolution, range: TimeRange) -> bool {
        range.to_us <= self.horizon && self.all(range, |time| self.slot(Source::Rest(res), time))
    }

    fn trades(&self, range: TimeRange) -> bool {
        self.all(range, |time| self.slot(Source::Trades, time))
    }

    fn minutes(&self, range: TimeRange) -> impl Iterator<Item = TimeRange> {
        (range.from_us..range.to_us).step_by(MINUTE as usize).map(|from| Interval::M1.bucket(from))
    }

    fn bucket(&self, interval: Interval, bucket: TimeRange) -> Expected {
        if self.all(bucket, |time| self.prelisted(time)) {
            return Expected::Prelisted;
        }
        if self.trades(bucket) {
            return Expected::Read(None);
        }
        for res in interval.rest_resolutions() {
            if self.rest(*res, bucket) {
                return Expected::Read(Some(*res));
            }
        }
        if self.minutes(bucket).all(|minute| self.trades(minute) || self.rest(Resolution::Minute, minute)) {
            return Expected::Mixed;
        }
        Expected::Gap
    }
}

fn rows() -> impl Strategy<Value = Vec<CoverageRow>> {
    // Long ranges in slots, so that they cross hours and days; most start at whole minutes or hours.
    let row = (0usize..4, 0i64..4_400, 1i64..2_500, prop::sample::select(vec![1i64, 3, 180]), 0u8..12);
    prop::collection::vec(row, 0..9).prop_map(|rows| {
        rows.into_iter()
            .map(|(source, from, len, step, state)| {
                let (from, to) = (from / step * step, (from + len + step - 1) / step * step);
                let row = covered(Source::ALL[source], from * SLOT, to * SLOT);
                match state {
                    0 => CoverageRow { state: CoverageState::Unavailable(GapReason::BeforeListing), ..row },
                    1 => CoverageRow { state: CoverageState::Unavailable(GapReason::ExchangeLimit), ..row },
                    2 => CoverageRow { state: CoverageState::Unavailable(GapReason::FeedLost), ..row },
                    _ => row,
                }
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn agrees_with_brute_force(
        rows in rows(),
        interval in prop::sample::select(Interval::ALL.to_vec()),
        from in 0i64..3_000,
        len in 1i64..5_000,
        horizon in 1i64..9_000,
        listed in prop::option::of(0i64..3_000),
    ) {
        let horizon_us = horizon * SLOT;
        let mut request = request(interval, from * SLOT, (from + len) * SLOT, horizon_us);
        request.listed_us = listed.map(|slot| slot * SLOT);
        let plan = plan(&request, &rows);
        let model = Model { rows: &rows, horizon: horizon_us, listed: request.listed_us };

        // Segments and gaps tile the range.
        let mut tiles: Vec<TimeRange> = plan.segments.iter().map(|s| s.range).chain(plan.gaps.iter().map(|g| g.range)).collect();
        tiles.sort();
        let mut at = plan.range.from_us;
        for tile in &tiles {
            prop_assert_eq!(tile.from_us, at);
            prop_assert!(tile.to_us > tile.from_us);
            at = tile.to_us;
        }
        prop_assert_eq!(at, plan.range.to_us);
        prop_assert!(plan.segments.windows(2).all(|p| p[0].range.to_us <= p[1].range.from_us));
        prop_assert!(plan.gaps.windows(2).all(|p| p[0].range.to_us <= p[1].range.from_us));

        // Every bucket that starts in the request and before the horizon is judged as the model judges it.
        let first = interval.ceil_us(request.range.from_us);
        let mut start = first;
        while start < request.range.to_us.min(horizon_us) {
            let bucket = interval.bucket(start);
            let segment = plan.segments.iter().find(|s| s.range.covers(bucket));
            let gap = plan.gaps.iter().find(|g| g.range.covers(bucket));
            let expected = model.bucket(interval, bucket);
            match (segment.map(|s| &s.read), gap) {
                (Some(Read::Trades), None) => prop_assert_eq!(expected, Expected::Read(None)),
                (Some(Read::Rest(res)), None) => prop_assert_eq!(expected, Expected::Read(Some(*res))),
                (Some(Read::Minutes(pieces)), None) => {
                    prop_assert_eq!(expected, Expected::Mixed);
                    let mut at = bucket.from_us;
                    for (source, piece) in pieces {
                        prop_assert_eq!(piece.from_us, at);
                        at = piece.to_us;
                        for minute in model.minutes(*piece) {
                            // Trades wherever they cover the minute, REST only elsewhere: one source per minute.
                            prop_assert_eq!(model.trades(minute), *source == MinuteSource::Trades);
                        }
                    }
                    prop_assert_eq!(at, bucket.to_us);
                }
                (None, Some(gap)) if gap.reason == GapReason::BeforeListing => prop_assert_eq!(expected, Expected::Prelisted),
                (None, Some(gap)) => {
                    prop_assert_eq!(expected, Expected::Gap);
                    if let Some((source, wish)) = gap.fetch {
                        prop_assert!(gap.range.covers(wish) && !wish.is_empty());
                        prop_assert!(source != Source::Trades && wish.to_us <= horizon_us - 15 * US_PER_SECOND);
                    }
                }
                other => prop_assert!(false, "{:?}", other),
            }
            start = bucket.to_us;
        }
        prop_assert_eq!(plan.range, TimeRange { from_us: first, to_us: start });
    }

    /// Doing what the plan asks for leaves nothing to ask: fetching ends.
    #[test]
    fn fetching_what_is_asked_closes_the_gaps(
        rows in rows(),
        interval in prop::sample::select(Interval::ALL.to_vec()),
        from in 0i64..3_000,
        len in 1i64..5_000,
        horizon in 1i64..9_000,
    ) {
        let request = request(interval, from * SLOT, (from + len) * SLOT, horizon * SLOT);
        let mut rows = rows;
        let wishes: Vec<_> = plan(&request, &rows).fetches().collect();
        rows.extend(wishes.iter().map(|(source, range)| covered(*source, range.from_us, range.to_us)));
        prop_assert_eq!(plan(&request, &rows).fetches().count(), 0);
    }
}
