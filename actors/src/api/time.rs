//! Times as callers write them: integer milliseconds, RFC 3339, or a date.

/// Milliseconds of 9999-12-31T23:59:59.999Z: the last moment that RFC 3339 can write.
pub(super) const LAST_MS: i64 = 253_402_300_799_999;

/// Why a text is no usable time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeFault {
    /// Not a time at all.
    Malformed(&'static str),
    /// A time that cannot be meant.
    Impossible(&'static str),
}

/// Microseconds since 1970 UTC of `1514764800000`, `2018-01-01T00:00:00.5+02:00` or `2018-01-01`; digits below the
/// microsecond are cut off.
///
/// # Errors
/// [`TimeFault`], with a sentence for the caller.
pub(super) fn read_time_us(text: &str) -> Result<i64, TimeFault> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return read_ms(text);
    }
    let (date, rest) = text.split_at_checked(10).ok_or(TimeFault::Malformed(SHAPE))?;
    let day = read_date(date)?;
    let seconds_us = match rest.split_at_checked(1) {
        None => 0,
        Some(("T" | "t" | " ", clock)) => read_clock_us(clock)?,
        Some(_) => return Err(TimeFault::Malformed(SHAPE)),
    };
    let time_us = day.saturating_mul(86_400_000_000).saturating_add(seconds_us);
    if time_us < 0 {
        return Err(TimeFault::Impossible("it lies before 1970"));
    }
    Ok(time_us)
}

const SHAPE: &str =
    "it is neither an integer number of milliseconds since 1970 nor a time like 2018-01-01T00:00:00Z";

fn read_ms(text: &str) -> Result<i64, TimeFault> {
    match text.parse::<i64>() {
        Ok(ms) if ms < 0 => Err(TimeFault::Impossible("it lies before 1970")),
        // As milliseconds these are 1970 … 1973, when nothing was traded; as seconds they are 2001 … 2100.
        Ok(1_000_000_000..=4_102_444_800) => {
            Err(TimeFault::Impossible("it looks like seconds, but milliseconds are expected"))
        }
        Ok(ms) if ms <= LAST_MS => Ok(ms * 1000),
        _ if text.starts_with('-') => Err(TimeFault::Impossible("it lies before 1970")),
        _ => Err(TimeFault::Impossible("it lies after the year 9999; milliseconds are expected")),
    }
}

/// Days since 1970 of `YYYY-MM-DD`.
fn read_date(text: &str) -> Result<i64, TimeFault> {
    let shape = TimeFault::Malformed(SHAPE);
    let mut parts = text.split('-');
    let year = number(parts.next(), 4).ok_or(shape)?;
    let month = number(parts.next(), 2).ok_or(shape)?;
    let day = number(parts.next(), 2).ok_or(shape)?;
    if parts.next().is_some() {
        return Err(shape);
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return Err(TimeFault::Malformed("its month is not one of 01 to 12")),
    };
    if !(1..=days_in_month).contains(&day) {
        return Err(TimeFault::Malformed("its month does not have this day"));
    }
    // Years that begin in March put the leap day last; 719468 days lie between 0000-03-01 and 1970-01-01.
    let march_year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let leap_days = march_year.div_euclid(4) - march_year.div_euclid(100) + march_year.div_euclid(400);
    Ok(march_year * 365 + leap_days + day_of_year - 719_468)
}

/// Microseconds of `HH:MM:SS[.fraction](Z|±HH:MM)` since midnight UTC, negative or beyond a day with an offset.
fn read_clock_us(text: &str) -> Result<i64, TimeFault> {
    let shape = TimeFault::Malformed(SHAPE);
    let (clock, rest) = text.split_at_checked(8).ok_or(shape)?;
    let mut parts = clock.split(':');
    let hour = number(parts.next(), 2).ok_or(shape)?;
    let minute = number(parts.next(), 2).ok_or(shape)?;
    let second = number(parts.next(), 2).ok_or(shape)?;
    // A leap second counts as the first moment of the next minute.
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return Err(TimeFault::Malformed("its time of day does not exist"));
    }
    let (fraction_us, zone) = match rest.strip_prefix('.') {
        None => (0, rest),
        Some(rest) => {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (digits, zone) = rest.split_at_checked(end).ok_or(shape)?;
            if !(1..=18).contains(&digits.len()) {
                return Err(shape);
            }
            let micros = digits.get(..digits.len().min(6)).unwrap_or_default();
            (format!("{micros:0<6}").parse().map_err(|_| shape)?, zone)
        }
    };
    let offset_minutes = match zone.split_at_checked(1) {
        None => {
            return Err(TimeFault::Malformed("its offset is missing: write Z for UTC at the end, or +02:00"));
        }
        Some(("Z" | "z", "")) => 0,
        Some((sign @ ("+" | "-"), offset)) => {
            let (hours, minutes) = offset.split_once(':').ok_or(shape)?;
            let (hours, minutes) =
                (number(Some(hours), 2).ok_or(shape)?, number(Some(minutes), 2).ok_or(shape)?);
            if hours > 23 || minutes > 59 {
                return Err(TimeFault::Malformed("its offset does not exist"));
            }
            (hours * 60 + minutes) * if sign == "-" { -1 } else { 1 }
        }
        Some(_) => return Err(shape),
    };
    Ok(((hour * 60 + minute - offset_minutes) * 60 + second) * 1_000_000 + fraction_us)
}

/// Exactly `len` digits.
fn number(text: Option<&str>, len: usize) -> Option<i64> {
    let text = text.filter(|text| text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn times_that_are_read() {
        for (text, us) in [
            ("0", 0),
            ("1514764800000", 1_514_764_800_000_000),
            ("253402300799999", 253_402_300_799_999_000),
            ("1970-01-01", 0),
            ("2018-01-01", 1_514_764_800_000_000),
            ("2018-01-01T00:00:00Z", 1_514_764_800_000_000),
            ("2018-01-01 00:00:00z", 1_514_764_800_000_000),
            ("2018-01-01T02:00:00+02:00", 1_514_764_800_000_000),
            ("2017-12-31t19:30:00-04:30", 1_514_764_800_000_000),
            ("2018-01-01T00:00:00.5Z", 1_514_764_800_500_000),
            ("2018-01-01T00:00:00.1234569Z", 1_514_764_800_123_456),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
            ("2000-02-29T00:00:00Z", 951_782_400_000_000),
            ("2024-02-29T12:34:56Z", 1_709_210_096_000_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
        ] {
            assert_eq!(read_time_us(text), Ok(us), "{text}");
        }
    }

    #[test]
    fn times_that_are_refused() {
        for (text, impossible, why) in [
            ("", false, "neither"),
            ("now", false, "neither"),
            ("1.5", false, "neither"),
            ("+5", false, "neither"),
            ("1e12", false, "neither"),
            ("2018-01-01T00:00:00", false, "offset is missing"),
            ("2018-1-1", false, "neither"),
            ("2018-13-01", false, "month"),
            ("2018-02-29", false, "day"),
            ("1900-02-29", false, "day"),
            ("2018-01-01T24:00:00Z", false, "time of day"),
            ("2018-01-01T00:00:00.Z", false, "neither"),
            ("2018-01-01T00:00:00+2:00", false, "neither"),
            ("2018-01-01T00:00:00+25:00", false, "offset"),
            ("2018-01-01X00:00:00Z", false, "neither"),
            ("２018-01-01", false, "neither"),
            ("2018-01-0é", false, "neither"),
            ("-1", true, "before 1970"),
            ("1969-12-31T23:59:59Z", true, "before 1970"),
            ("1970-01-01T00:00:00+00:01", true, "before 1970"),
            ("1514764800", true, "seconds"),
            ("253402300800000", true, "9999"),
            ("99999999999999999999999999", true, "9999"),
            ("-99999999999999999999999999", true, "before 1970"),
        ] {
            match read_time_us(text).unwrap_err() {
                TimeFault::Malformed(said) => assert!(!impossible && said.contains(why), "{text}: {said}"),
                TimeFault::Impossible(said) => assert!(impossible && said.contains(why), "{text}: {said}"),
            }
        }
    }
}
