//! Instants as people read and write them. Everything is UTC.

/// Milliseconds of a day.
pub(crate) const DAY_MS: i64 = 86_400_000;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A date of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Date {
    year: i64,
    month: i64,
    day: i64,
}

/// The date of a day counted from 1970-01-01, by the method of 400-year eras that start on 1 March.
fn date(days: i64) -> Date {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date { year, month, day: day_of_year - (153 * from_march + 2) / 5 + 1 }
}

/// The day of a date, counted from 1970-01-01; the inverse of [`date`].
fn days(Date { year, month, day }: Date) -> i64 {
    let year = year - i64::from(month <= 2);
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let year_of_era = year.rem_euclid(400);
    let day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * from_march + 2) / 5 + day - 1;
    year.div_euclid(400) * 146_097 + day_of_era - 719_468
}

/// `2024-01-01 00:05:00`.
pub(crate) fn full(time_ms: i64) -> String {
    let Date { year, month, day } = date(time_ms.div_euclid(DAY_MS));
    format!("{year:04}-{month:02}-{day:02} {}", clock(time_ms))
}

/// `2024-01-01 00:05`.
pub(crate) fn minute(time_ms: i64) -> String {
    let mut text = full(time_ms);
    text.truncate(text.len().saturating_sub(3));
    text
}

/// `00:05:00`.
pub(crate) fn clock(time_ms: i64) -> String {
    let second = time_ms.rem_euclid(DAY_MS) / 1_000;
    format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)
}

/// `00:05`, or `1 Jan` at midnight: for an axis.
pub(crate) fn tick(time_ms: i64) -> String {
    if time_ms.rem_euclid(DAY_MS) == 0 {
        let Date { month, day, .. } = date(time_ms.div_euclid(DAY_MS));
        let name = usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).unwrap_or(&"?");
        format!("{day} {name}")
    } else {
        let mut text = clock(time_ms);
        text.truncate(5);
        text
    }
}

/// A length of time in its largest useful unit: `250 ms`, `4.2 s`, `3 min`, `5.5 h`, `3 days`.
pub(crate) fn length(ms: u64) -> String {
    let one_digit = |value: f64, unit: &str| {
        let text = format!("{value:.1}");
        format!("{} {unit}", text.strip_suffix(".0").unwrap_or(&text))
    };
    let ms_f = ms as f64;
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => one_digit(ms_f / 1e3, "s"),
        60_000..3_600_000 => one_digit(ms_f / 6e4, "min"),
        3_600_000..86_400_000 => one_digit(ms_f / 3.6e6, "h"),
        _ => one_digit(ms_f / 8.64e7, "days"),
    }
}

/// `1234567` as `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Reads `now`, milliseconds, `2024-01-01`, `2024-01-01T00:05` or `2024-01-01T00:05:00Z`, into ms.
///
/// # Errors
/// A sentence that says what is accepted.
pub(crate) fn parse(text: &str, now_ms: i64) -> Result<i64, String> {
    let wrong = || {
        "give `now`, milliseconds since 1970, a date like 2024-01-31, or a UTC time like 2024-01-31T23:59:00Z"
            .to_owned()
    };
    let text = text.trim();
    if text.eq_ignore_ascii_case("now") {
        return Ok(now_ms);
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().filter(|ms| *ms < 253_402_300_800_000).ok_or_else(wrong);
    }
    let (day, rest) = text.split_once(['T', 't', ' ']).unwrap_or((text, "00:00:00Z"));
    let rest = rest.strip_suffix(['Z', 'z']).unwrap_or(rest);
    let [year, month, dom] = numbers::<3>(day, '-', &[4, 2, 2]).ok_or_else(wrong)?;
    let [hour, minute, second] = match numbers::<3>(rest, ':', &[2, 2, 2]) {
        Some(all) => all,
        None => numbers::<2>(rest, ':', &[2, 2]).map(|[h, m]| [h, m, 0]).ok_or_else(wrong)?,
    };
    let asked = Date { year, month, day: dom };
    let day = days(asked);
    // A day that does not exist comes back as another one.
    let exists = (1..=12).contains(&month) && date(day) == asked && year >= 1970;
    if !exists || hour > 23 || minute > 59 || second > 59 {
        return Err(wrong());
    }
    Ok(day * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1_000)
}

/// `N` numbers of these widths between separators.
fn numbers<const N: usize>(text: &str, separator: char, widths: &[usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut out = [0; N];
    for (slot, width) in out.iter_mut().zip(widths) {
        let part = parts.next().filter(|part| part.len() == *width)?;
        *slot = part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants() {
        for (text, ms, shown) in [
            ("0", Some(0), "1970-01-01 00:00:00"),
            ("2024-02-29", Some(1_709_164_800_000), "2024-02-29 00:00:00"),
            ("2018-01-01T00:05:09Z", Some(1_514_765_109_000), "2018-01-01 00:05:09"),
            ("2018-01-01 23:59", Some(1_514_851_140_000), "2018-01-01 23:59:00"),
            ("now", Some(86_399_000), "1970-01-01 23:59:59"),
            ("2023-02-29", None, ""),
            ("2023-13-01", None, ""),
            ("2023-1-1", None, ""),
            ("2023-01-01T24:00:00Z", None, ""),
            ("2023-01-01T00:00:00+01:00", None, ""),
            ("1969-12-31", None, ""),
            ("99999999999999999", None, ""),
            ("yesterday", None, ""),
            ("", None, ""),
        ] {
            let got = parse(text, 86_399_000).ok();
            assert_eq!(got, ms, "{text}");
            assert_eq!(got.map(full).unwrap_or_default(), shown, "{text}");
        }
        for day in -200_000..200_000 {
            assert_eq!(days(date(day)), day);
        }
    }

    #[test]
    fn short_forms() {
        assert_eq!(tick(1_709_164_800_000), "29 Feb");
        assert_eq!(tick(1_709_164_800_000 + 3_900_000), "01:05");
        assert_eq!(minute(1_709_164_800_000), "2024-02-29 00:00");
        for (ms, text) in [
            (7, "7 ms"),
            (4_200, "4.2 s"),
            (60_000, "1 min"),
            (5_400_000, "1.5 h"),
            (3 * 86_400_000, "3 days"),
        ] {
            assert_eq!(length(ms), text);
        }
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
    }
}
