//! Trades as the exchange writes them, and the decimals inside: digits come from the JSON text, never through
//! a float.

use rust_decimal::Decimal;
use serde_json::value::RawValue;

/// Who took liquidity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The taker bought.
    Buy,
    /// The taker sold.
    Sell,
    /// The market does not say.
    Unknown,
}

impl Side {
    /// From the socket's bit mask `F`: 1 sell, 2 buy, 4 unknown, 8 reversed (the pair is quoted upside down).
    pub(crate) fn from_flags(flags: u64) -> Self {
        match (flags & 1 != 0, flags & 2 != 0) {
            (true, false) => Self::Sell,
            (false, true) => Self::Buy,
            _ => Self::Unknown,
        }
    }
}

/// One trade, checked: positive price and size, a time, an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireTrade {
    /// Market, as the exchange spells it.
    pub market: String,
    /// Base currency.
    pub base: String,
    /// Quote currency.
    pub quote: String,
    /// The exchange's id. Where it sends none, one is made from time, price and size, so that a copy of the
    /// trade gets the same id.
    pub id: String,
    /// Time of the trade, µs UTC (nanoseconds are cut).
    pub time_us: i64,
    /// Price in the quote currency, > 0.
    pub price: Decimal,
    /// Size in the base currency, > 0.
    pub size: Decimal,
    /// Side of the taker.
    pub side: Side,
    /// When the exchange's collector received it, µs UTC; our own clock where it does not say.
    pub received_us: i64,
    /// Sequence within market and pair, where the market has one. Unique and rising, but not in time order.
    pub ccseq: Option<u64>,
}

/// The raw fields that socket and trade history share, still text.
#[derive(Debug, Default)]
pub(crate) struct RawTrade<'a> {
    pub(crate) market: &'a str,
    pub(crate) base: &'a str,
    pub(crate) quote: &'a str,
    pub(crate) side: Option<Side>,
    pub(crate) id: Option<&'a RawValue>,
    pub(crate) ts_s: Option<&'a RawValue>,
    pub(crate) ts_ns: Option<&'a RawValue>,
    pub(crate) received_s: Option<&'a RawValue>,
    pub(crate) received_ns: Option<&'a RawValue>,
    pub(crate) price: Option<&'a RawValue>,
    pub(crate) size: Option<&'a RawValue>,
    pub(crate) ccseq: Option<&'a RawValue>,
}

impl RawTrade<'_> {
    /// Checks every field. The error names the field and what is wrong with it.
    pub(crate) fn check(&self, now_us: i64) -> Result<WireTrade, String> {
        for (name, value) in [("market", self.market), ("base", self.base), ("quote", self.quote)] {
            if value.is_empty() {
                return Err(format!("{name} is missing"));
            }
        }
        let positive = |name: &str, raw: Option<&RawValue>| -> Result<Decimal, String> {
            let text = raw.ok_or_else(|| format!("{name} is missing"))?.get();
            let value = decimal_from_json(text).map_err(|error| format!("{name}: {error}"))?;
            if value <= Decimal::ZERO {
                return Err(format!("{name} is {value}, it must be above zero"));
            }
            Ok(value)
        };
        let price = positive("price", self.price)?;
        let size = positive("size", self.size)?;
        let time_us = time_us(self.ts_s, self.ts_ns)
            .map_err(|reason| format!("time: {reason}"))?
            .ok_or_else(|| "time is missing".to_owned())?;
        // The collector's time is a courtesy: a broken one is not worth losing the trade.
        let received_us = time_us_lenient(self.received_s, self.received_ns).unwrap_or(now_us);
        let id = self.id.map(|raw| unquoted(raw.get())).filter(|id| !id.is_empty() && id != "null");
        Ok(WireTrade {
            market: self.market.to_owned(),
            base: self.base.to_owned(),
            quote: self.quote.to_owned(),
            id: id.unwrap_or_else(|| format!("{time_us}:{}:{}", price.normalize(), size.normalize())),
            time_us,
            price,
            size,
            side: self.side.unwrap_or(Side::Unknown),
            received_us,
            ccseq: self.ccseq.and_then(integer).and_then(|seq| u64::try_from(seq).ok()),
        })
    }
}

/// The seconds and the nanosecond part as µs; `None` when there are no seconds.
fn time_us(seconds: Option<&RawValue>, nanos: Option<&RawValue>) -> Result<Option<i64>, String> {
    let Some(seconds) = seconds.filter(|raw| raw.get() != "null") else { return Ok(None) };
    let whole = integer(seconds).ok_or_else(|| format!("`{}` is not a count of seconds", seconds.get()))?;
    // Up to the year 9999: beyond it the value is milliseconds or garbage.
    if !(0..=253_402_300_799).contains(&whole) {
        return Err(format!("{whole} s is outside the years 1970 to 9999"));
    }
    let nanos = match nanos.filter(|raw| raw.get() != "null") {
        None => 0,
        Some(raw) => integer(raw)
            .filter(|ns| (0..1_000_000_000).contains(ns))
            .ok_or_else(|| format!("`{}` is not a nanosecond part", raw.get()))?,
    };
    Ok(Some(whole * 1_000_000 + nanos / 1_000))
}

fn time_us_lenient(seconds: Option<&RawValue>, nanos: Option<&RawValue>) -> Option<i64> {
    time_us(seconds, nanos).or_else(|_| time_us(seconds, None)).ok().flatten()
}

/// An integer written as a number or as a string.
pub(crate) fn integer(raw: &RawValue) -> Option<i64> {
    raw.get().trim_matches('"').parse().ok()
}

/// A JSON string without its quotes and escapes, or the text of a number.
pub(crate) fn unquoted(text: &str) -> String {
    if text.starts_with('"') { serde_json::from_str(text).unwrap_or_default() } else { text.to_owned() }
}

/// Why a text is not an exact decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not a number in JSON's grammar.
    #[error("not a number")]
    Malformed,
    /// More digits than a decimal of 28 places and 96 bits holds: rounding would be silent.
    #[error("more digits than can be kept exactly (28)")]
    TooLong,
}

/// Reads a decimal from JSON text, exactly: a number or a string holding one, with or without an exponent.
///
/// # Errors
/// [`DecimalError`] when the text is no number or would have to be rounded.
pub fn decimal_from_json(text: &str) -> Result<Decimal, DecimalError> {
    let text = text.trim();
    let text = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits_only = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let bad_fraction = mantissa.contains('.') && fraction.is_empty();
    if whole.is_empty() || bad_fraction || !digits_only(whole) || !digits_only(fraction) {
        return Err(DecimalError::Malformed);
    }
    let mut value: i128 = 0;
    let mut scale = -i64::from(exponent);
    // Trailing zeros after the point carry no value, but may not fit: cut them before counting.
    let fraction = fraction.trim_end_matches('0');
    for byte in whole.bytes().chain(fraction.bytes()) {
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(i128::from(byte - b'0')))
            .ok_or(DecimalError::TooLong)?;
    }
    scale += i64::try_from(fraction.len()).map_err(|_| DecimalError::TooLong)?;
    if value == 0 {
        return Ok(Decimal::ZERO);
    }
    // A negative scale is a large number written short (`1e5`), one above 28 may still be trailing zeros.
    for _ in 0..64 {
        if scale < 0 {
            value = value.checked_mul(10).ok_or(DecimalError::TooLong)?;
            scale += 1;
        } else if scale > 28 && value % 10 == 0 {
            value /= 10;
            scale -= 1;
        } else {
            break;
        }
    }
    let scale = u32::try_from(scale).map_err(|_| DecimalError::TooLong)?;
    let value = if negative { -value } else { value };
    Decimal::try_from_i128_with_scale(value, scale).map_err(|_| DecimalError::TooLong)
}

fn parse_exponent(text: &str) -> Result<i32, DecimalError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DecimalError::Malformed);
    }
    let value: i32 = digits.parse().map_err(|_| DecimalError::TooLong)?;
    if value > 1_000 {
        return Err(DecimalError::TooLong);
    }
    Ok(if text.starts_with('-') { -value } else { value })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn decimals_keep_every_digit() {
        let rows = [
            ("13715.65", Ok("13715.65")),
            ("0.1", Ok("0.1")),
            ("\"0.30000000000000004\"", Ok("0.30000000000000004")),
            ("1e-8", Ok("0.00000001")),
            ("1.5E+3", Ok("1500")),
            ("-2.50", Ok("-2.5")),
            ("0e999", Ok("0")),
            ("79228162514264337593543950335", Ok("79228162514264337593543950335")),
            ("1.00000000000000000000000000000000", Ok("1")),
            ("79228162514264337593543950336", Err(DecimalError::TooLong)),
            ("0.12345678901234567890123456789", Err(DecimalError::TooLong)),
            ("1e400", Err(DecimalError::TooLong)),
            ("1e99999999999", Err(DecimalError::TooLong)),
            ("1e-400", Err(DecimalError::TooLong)),
            ("", Err(DecimalError::Malformed)),
            ("NaN", Err(DecimalError::Malformed)),
            ("1.", Err(DecimalError::Malformed)),
            (".5", Err(DecimalError::Malformed)),
            ("1e", Err(DecimalError::Malformed)),
            ("--1", Err(DecimalError::Malformed)),
            ("null", Err(DecimalError::Malformed)),
        ];
        for (text, expected) in rows {
            assert_eq!(decimal_from_json(text).map(|d| d.to_string()), expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn sides() {
        let rows = [
            (1, Side::Sell),
            (2, Side::Buy),
            (4, Side::Unknown),
            (9, Side::Sell),
            (10, Side::Buy),
            (3, Side::Unknown),
        ];
        for (flags, side) in rows {
            assert_eq!(Side::from_flags(flags), side, "{flags}");
        }
    }
}
