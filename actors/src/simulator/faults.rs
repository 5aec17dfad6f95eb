//! The simulator's bad days, switched on one by one: `--fault drop=30s,duplicate=0.01,html-errors`.
//!
//! Shares are probabilities from 0 to 1, per trade or per call; intervals of sockets are wall time and vary by half.

use std::str::FromStr;

use super::source::SimTrade;

/// Share used by a fault that is named without a value.
const DEFAULT_SHARE: f64 = 0.02;

/// What goes wrong, and how often. The default is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Faults {
    /// `drop=30s`: each socket is cut, without a farewell, after about this time, in ms.
    pub drop_ms: Option<u64>,
    /// `half-open=60s`: each socket falls silent, without being closed, after about this time, in ms.
    pub half_open_ms: Option<u64>,
    /// `duplicate=0.01`: share of trades sent twice.
    pub duplicate: f64,
    /// `late=0.01`: share of trades sent 0.5 to 8 s of exchange time too late, out of order.
    pub late: f64,
    /// `rate-limit=0.05`: share of calls answered with Type 99 (candles) or 429 (trades, sockets).
    pub rate_limit: f64,
    /// `http-500=0.02`: share of calls answered with HTTP 500.
    pub http_500: f64,
    /// `html-errors=0.02`: share of calls answered with a proxy's HTML page.
    pub html_errors: f64,
    /// `slow=0.02`: share of calls answered 3 s late.
    pub slow: f64,
    /// `ahead=0.01`: share of trades sent once more, dated half an hour ahead; and of pages of trades that end with one.
    pub ahead: f64,
    /// `filed-after=30s`: a trade stands in the trade history up to this much exchange time after it was made, in ms;
    /// not in the order in which they were made.
    pub filed_after_ms: Option<u64>,
    /// `open-at-previous-close`: candles open at the close before them, as on some markets.
    pub open_at_previous_close: bool,
    /// `no-sequence`: trades come without `CCSEQ` and nanoseconds, as on some markets.
    pub no_sequence: bool,
    /// `number-types`: `TYPE` is a number in every frame.
    pub number_types: bool,
    /// `one-socket`: a second socket is refused.
    pub one_socket: bool,
}

impl FromStr for Faults {
    type Err = String;

    /// Faults separated by commas; the error lists what is accepted.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut faults = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) =
                part.split_once('=').map_or((part, None), |(name, value)| (name.trim(), Some(value.trim())));
            match name {
                "drop" => faults.drop_ms = Some(interval_ms(name, value)?),
                "half-open" => faults.half_open_ms = Some(interval_ms(name, value)?),
                "duplicate" => faults.duplicate = share(name, value)?,
                "late" => faults.late = share(name, value)?,
                "rate-limit" => faults.rate_limit = share(name, value)?,
                "http-500" => faults.http_500 = share(name, value)?,
                "html-errors" => faults.html_errors = share(name, value)?,
                "slow" => faults.slow = share(name, value)?,
                "ahead" => faults.ahead = share(name, value)?,
                "filed-after" => faults.filed_after_ms = Some(interval_ms(name, value)?),
                "open-at-previous-close" => faults.open_at_previous_close = on(name, value)?,
                "no-sequence" => faults.no_sequence = on(name, value)?,
                "number-types" => faults.number_types = on(name, value)?,
                "one-socket" => faults.one_socket = on(name, value)?,
                _ => {
                    return Err(format!(
                        "fault `{name}` is not known: use drop=30s, half-open=60s, duplicate=0.01, late=0.01, rate-limit=0.05, \
                         http-500=0.02, html-errors=0.02, slow=0.02, ahead=0.01, filed-after=30s, open-at-previous-close, \
                         no-sequence, number-types, one-socket"
                    ));
                }
            }
        }
        Ok(faults)
    }
}

fn share(name: &str, value: Option<&str>) -> Result<f64, String> {
    let Some(value) = value else { return Ok(DEFAULT_SHARE) };
    match value.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(format!("fault `{name}={value}`: give a share from 0 to 1, like {name}=0.01")),
    }
}

fn interval_ms(name: &str, value: Option<&str>) -> Result<u64, String> {
    let text = value.unwrap_or("");
    let (number, unit_ms) = if let Some(number) = text.strip_suffix("ms") {
        (number, 1)
    } else if let Some(number) = text.strip_suffix('s') {
        (number, 1_000)
    } else if let Some(number) = text.strip_suffix('m') {
        (number, 60_000)
    } else {
        ("", 1)
    };
    match number.parse::<u64>() {
        Ok(count) if (1..=86_400_000).contains(&count.saturating_mul(unit_ms)) => Ok(count * unit_ms),
        _ => {
            Err(format!("fault `{name}={text}`: give a time of 1 ms to a day, like {name}=30s, 500ms or 2m"))
        }
    }
}

fn on(name: &str, value: Option<&str>) -> Result<bool, String> {
    match value {
        None | Some("on") => Ok(true),
        Some("off") => Ok(false),
        Some(value) => Err(format!("fault `{name}={value}`: it is on or off, write {name}")),
    }
}

/// How far ahead the trades of `ahead` are dated, µs.
const AHEAD_US: i64 = 1_800_000_000;

impl Faults {
    /// The same trade, dated ahead.
    pub(crate) fn dated_ahead(trade: &SimTrade) -> SimTrade {
        SimTrade { time_us: trade.time_us.saturating_add(AHEAD_US), ..trade.clone() }
    }

    /// Whether a trade stands in the trade history.
    pub(crate) fn is_filed(&self, trade: &SimTrade, now_us: i64) -> bool {
        let Some(longest_ms) = self.filed_after_ms else { return true };
        // Of a thousand steps, one that seems to be drawn but is the same for each call.
        let step = trade.ccseq.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & 1_023;
        let longest_us = i64::try_from(longest_ms).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000);
        let after_us = longest_us / 1_023 * i64::try_from(step).unwrap_or(0);
        trade.time_us.saturating_add(after_us) <= now_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_or_refused() {
        let all = "drop=30s, half-open=2m,duplicate=0.01,late=1,rate-limit=0,http-500,html-errors=0.5,slow=0.1,ahead=0.2,filed-after=30s,open-at-previous-close,no-sequence=on,number-types=off,one-socket";
        let expected = Faults {
            drop_ms: Some(30_000),
            half_open_ms: Some(120_000),
            duplicate: 0.01,
            late: 1.0,
            rate_limit: 0.0,
            http_500: DEFAULT_SHARE,
            html_errors: 0.5,
            slow: 0.1,
            ahead: 0.2,
            filed_after_ms: Some(30_000),
            open_at_previous_close: true,
            no_sequence: true,
            number_types: false,
            one_socket: true,
        };
        assert_eq!(all.parse(), Ok(expected));
        assert_eq!("".parse(), Ok(Faults::default()));
        for bad in [
            "drop",
            "drop=0s",
            "drop=5",
            "late=2",
            "late=x",
            "one-socket=1",
            "fire=1",
            "drop=99999999999999999999s",
        ] {
            let error = bad.parse::<Faults>().err();
            assert!(
                error
                    .as_ref()
                    .is_some_and(|e| e.contains("give") || e.contains("use") || e.contains("write")),
                "{bad}: {error:?}"
            );
        }
    }
}
