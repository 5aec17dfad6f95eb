//! Candle intervals and the arithmetic of their buckets. Every bucket starts at a multiple of its width since 1970 UTC.

use super::error::{MarketError, cut};
use super::{Resolution, TimeRange, US_PER_SECOND};
use std::fmt;
use std::str::FromStr;

/// The width of a candle, finest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interval {
    /// One minute.
    M1,
    /// Five minutes.
    M5,
    /// Fifteen minutes.
    M15,
    /// One hour.
    H1,
    /// Four hours.
    H4,
    /// One day, UTC.
    D1,
}

impl Interval {
    /// All intervals, finest first; each one's width is a multiple of the width before it.
    pub const ALL: [Interval; 6] =
        [Interval::M1, Interval::M5, Interval::M15, Interval::H1, Interval::H4, Interval::D1];

    /// Width in seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Interval::M1 => 60,
            Interval::M5 => 300,
            Interval::M15 => 900,
            Interval::H1 => 3_600,
            Interval::H4 => 14_400,
            Interval::D1 => 86_400,
        }
    }

    /// Width in microseconds.
    pub const fn width_us(self) -> i64 {
        self.seconds() * US_PER_SECOND
    }

    /// `1m` … `1d`, as the API and the specs write it.
    pub const fn name(self) -> &'static str {
        match self {
            Interval::M1 => "1m",
            Interval::M5 => "5m",
            Interval::M15 => "15m",
            Interval::H1 => "1h",
            Interval::H4 => "4h",
            Interval::D1 => "1d",
        }
    }

    /// Start of the bucket that contains `time_us`.
    pub const fn floor_us(self, time_us: i64) -> i64 {
        time_us - time_us.rem_euclid(self.width_us())
    }

    /// Start of the first bucket at or after `time_us`; saturates at the end of time.
    pub const fn ceil_us(self, time_us: i64) -> i64 {
        let floor = self.floor_us(time_us);
        if floor == time_us { floor } else { floor.saturating_add(self.width_us()) }
    }

    /// The bucket that contains `time_us`.
    pub const fn bucket(self, time_us: i64) -> TimeRange {
        let from_us = self.floor_us(time_us);
        TimeRange { from_us, to_us: from_us.saturating_add(self.width_us()) }
    }

    /// The resolution in which the exchange itself serves this interval, or the one it is best derived from.
    pub const fn fetch_resolution(self) -> Resolution {
        match self {
            Interval::M1 | Interval::M5 | Interval::M15 => Resolution::Minute,
            Interval::H1 | Interval::H4 => Resolution::Hour,
            Interval::D1 => Resolution::Day,
        }
    }

    /// The resolutions a REST candle of this interval may come from, best first: native, then the coarsest to derive from.
    pub const fn rest_resolutions(self) -> &'static [Resolution] {
        match self {
            Interval::M1 | Interval::M5 | Interval::M15 => &[Resolution::Minute],
            Interval::H1 | Interval::H4 => &[Resolution::Hour, Resolution::Minute],
            Interval::D1 => &[Resolution::Day, Resolution::Hour, Resolution::Minute],
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Interval {
    type Err = MarketError;

    fn from_str(text: &str) -> Result<Self, MarketError> {
        Interval::ALL
            .into_iter()
            .find(|interval| interval.name() == text)
            .ok_or_else(|| MarketError::Interval(cut(text, 16)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets() {
        let day = Interval::D1.width_us();
        for (interval, time, floor, ceil) in [
            (Interval::M1, 0, 0, 0),
            (Interval::M1, 1, 0, 60_000_000),
            (Interval::M1, 60_000_000, 60_000_000, 60_000_000),
            (Interval::H4, 14_400_000_001, 14_400_000_000, 28_800_000_000),
            (Interval::D1, -1, -day, 0),
        ] {
            assert_eq!((interval.floor_us(time), interval.ceil_us(time)), (floor, ceil), "{interval} {time}");
        }
        for pair in Interval::ALL.windows(2) {
            assert_eq!(pair[1].width_us() % pair[0].width_us(), 0);
            assert_eq!(pair[0].name().parse::<Interval>(), Ok(pair[0]));
        }
        assert!("2m".parse::<Interval>().is_err());
    }
}
