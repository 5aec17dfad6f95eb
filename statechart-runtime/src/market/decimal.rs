//! Exact decimals: from JSON digits into [`Decimal`] and back to one canonical text.
//!
//! `rust_decimal` rounds silently when a number does not fit; this parser refuses instead, and it understands exponents
//! because exchanges print small sizes as `1e-8`.

use super::error::{MarketError, cut};
use rust_decimal::Decimal;

/// Largest coefficient of a [`Decimal`]: 96 bits.
const MAX_COEFFICIENT: u128 = (1 << 96) - 1;
/// Largest number of decimals of a [`Decimal`].
const MAX_SCALE: i64 = 28;
/// Longest accepted text; longer ones are attacks or damage.
const MAX_TEXT: usize = 128;

/// Reads a JSON number (`-12.50`, `1.5e-7`) exactly; trailing zeros are dropped.
///
/// # Errors
/// [`MarketError::Decimal`] when the text is no JSON number (a leading `+`, `.5` and `5.` are refused too) or has more
/// digits than can be kept exactly.
pub fn parse_decimal(text: &str) -> Result<Decimal, MarketError> {
    let bad = |why| MarketError::Decimal { text: cut(text, 64), why };
    if text.len() > MAX_TEXT {
        return Err(bad("longer than 128 characters"));
    }
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, parse_exponent(exponent).ok_or_else(|| bad("malformed exponent"))?)
        }
        None => (rest, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return Err(bad("no digit after the point")),
        Some((whole, fraction)) => (whole, fraction.trim_end_matches('0')),
        None => (mantissa, ""),
    };
    if whole.is_empty() {
        return Err(bad("no digit before the point"));
    }
    let mut coefficient: u128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        if !byte.is_ascii_digit() {
            return Err(bad("unexpected character"));
        }
        coefficient = coefficient * 10 + u128::from(byte - b'0');
        if coefficient > MAX_COEFFICIENT * 100 {
            return Err(bad("more than 28 significant digits"));
        }
    }
    if coefficient == 0 {
        return Ok(Decimal::ZERO);
    }
    let mut scale = fraction.len() as i64 - exponent;
    while scale > 0 && coefficient.is_multiple_of(10) {
        coefficient /= 10;
        scale -= 1;
    }
    while scale < 0 {
        if coefficient > MAX_COEFFICIENT {
            return Err(bad("too large"));
        }
        coefficient *= 10;
        scale += 1;
    }
    if coefficient > MAX_COEFFICIENT {
        return Err(bad("more than 28 significant digits"));
    }
    if scale > MAX_SCALE {
        return Err(bad("more than 28 decimals"));
    }
    let value = i128::try_from(coefficient).map_err(|_| bad("too large"))?;
    let mut decimal = Decimal::try_from_i128_with_scale(value, scale as u32).map_err(|_| bad("too large"))?;
    decimal.set_sign_negative(negative);
    Ok(decimal)
}

/// The one text of a number: no exponent, no trailing zeros, no `-0`.
pub fn canonical(value: Decimal) -> String {
    value.normalize().to_string()
}

/// Adds without rounding: the sum keeps every digit or there is none.
pub(crate) fn add_exact(left: Decimal, right: Decimal) -> Result<Decimal, MarketError> {
    let exact = |left: Decimal, right: Decimal| {
        left.checked_add(right).filter(|sum| sum.scale() >= left.scale().max(right.scale()))
    };
    // The second try drops trailing zeros, which may free the digits that the first lacked.
    exact(left, right)
        .or_else(|| exact(left.normalize(), right.normalize()))
        .ok_or_else(|| MarketError::SumOverflow { left: canonical(left), right: canonical(right) })
}

/// `-7`, `+07`, `12`: at most four digits, which is more than any exact number has.
fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sound = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let value: i64 = if sound { digits.parse().ok()? } else { return None };
    Some(if text.starts_with('-') { -value } else { value })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_digits_exactly() {
        for (text, canon) in [
            ("13715.65", "13715.65"),
            ("0.50000000", "0.5"),
            ("-0", "0"),
            ("0e5", "0"),
            ("1e-8", "0.00000001"),
            ("1.5E+3", "1500"),
            ("12300e-2", "123"),
            ("79228162514264337593543950335", "79228162514264337593543950335"),
            ("0.1000000000000000000000000000000000", "0.1"),
            ("1000000000000000000000000000000e-3", "1000000000000000000000000000"),
        ] {
            assert_eq!(canonical(parse_decimal(text).unwrap()), canon, "{text}");
        }
    }

    #[test]
    fn refuses_what_it_cannot_hold() {
        for text in [
            "",
            "-",
            "+1",
            ".5",
            "5.",
            "1,5",
            "NaN",
            "0x10",
            "1e",
            "1e99999",
            "1e30",
            "1e-29",
            "1 ",
            "--1",
            "1.2.3",
            "79228162514264337593543950336",
            "0.12345678901234567890123456789",
            "٣",
        ] {
            assert!(parse_decimal(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_sum_is_exact_or_refused() {
        let large = parse_decimal("7922816251426433759354395033").unwrap();
        assert_eq!(canonical(add_exact(large, parse_decimal("0.5").unwrap()).unwrap()), format!("{large}.5"));
        assert!(add_exact(large, parse_decimal("0.25").unwrap()).is_err());
    }
}
