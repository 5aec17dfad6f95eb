//! What a plan is made from.

use super::{CoverageRow, CoverageState, Interval, Source, TimeRange};

/// A request for candles, in exchange time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanRequest {
    /// Wanted: every bucket that *starts* in this range.
    pub range: TimeRange,
    /// Wanted width.
    pub interval: Interval,
    /// Nothing later than this is expected yet. A bucket that reaches past it is open: it counts as whole when its
    /// past part is covered. Usually from [`live_horizon`].
    pub horizon_us: i64,
    /// First moment of trading, when known: nothing is missing before it.
    pub listed_us: Option<i64>,
}

/// How far the world is known: the end of the live trade coverage when it is at most `lag_us` behind the exchange's
/// clock (records take a moment), else the clock itself, which leaves an honest gap.
pub fn live_horizon(coverage: &[CoverageRow], now_us: i64, lag_us: i64) -> i64 {
    coverage
        .iter()
        .filter(|row| row.source == Source::Trades && row.state == CoverageState::Covered)
        .map(|row| row.range.to_us)
        .max()
        .filter(|end_us| *end_us >= now_us.saturating_sub(lag_us))
        .unwrap_or(now_us)
}
