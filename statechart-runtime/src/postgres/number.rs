//! Numbers and times in PostgreSQL's binary form, exactly.
//!
//! The driver's own conversion rounds a `numeric` that a [`Decimal`] cannot hold; sums are exact here or they are errors.

use crate::market::Decimal;
use crate::ports::steps::MAX_TIME_US;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type};
use thiserror::Error;

/// 2000-01-01, PostgreSQL's epoch, µs.
const EPOCH_US: i64 = 946_684_800_000_000;
/// The earliest `timestamptz` that is not `-infinity`, µs from 2000: 4714 BC.
const EARLIEST_US: i64 = -211_813_488_000_000_000;
/// Largest coefficient of a [`Decimal`].
const MAX_COEFFICIENT: u128 = (1 << 96) - 1;
/// Most decimals of a [`Decimal`].
const MAX_SCALE: i32 = 28;

/// A `numeric`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Num(pub(super) Decimal);

/// A `timestamptz`, µs since 1970. Times before 4714 BC and after [`MAX_TIME_US`] are cut to that: TimescaleDB's end of
/// time is earlier than ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ts(pub(super) i64);

/// A `numeric` that no [`Decimal`] holds.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum BadNumber {
    /// More digits than 96 bits, or than 28 decimals.
    #[error("a number has more than 28 digits")]
    Inexact,
    /// NaN, an infinity, or bytes that are no number.
    #[error("a number is {0}")]
    Malformed(&'static str),
}

/// Writes a `numeric`: count of digits, weight of the first, sign, decimals, and the digits to base 10,000.
pub(super) fn write_numeric(value: Decimal, out: &mut Vec<u8>) {
    let value = value.normalize();
    let scale = value.scale();
    // Digits are groups of four decimals: fill up the last group. 2^96 × 1000 fits easily.
    let padding = (4 - scale % 4) % 4;
    let mut rest = value.mantissa().unsigned_abs() * 10_u128.pow(padding);
    let fraction_groups = ((scale + padding) / 4) as i16;
    let mut groups = [0_u16; 10];
    let mut count = 0_usize;
    while rest > 0 {
        // Nearly every number fits into a word, which is divided much faster.
        let (left, group) = match u64::try_from(rest) {
            Ok(word) => (u128::from(word / 10_000), (word % 10_000) as u16),
            Err(_) => (rest / 10_000, (rest % 10_000) as u16),
        };
        if let Some(place) = groups.get_mut(count) {
            *place = group;
        }
        count += 1;
        rest = left;
    }
    let weight = count as i16 - fraction_groups - 1;
    let groups = groups.get(..count).unwrap_or_default();
    // Trailing zero groups are not written.
    let skip = groups.iter().take_while(|group| **group == 0).count();
    let groups = groups.get(skip..).unwrap_or_default();
    out.extend_from_slice(&(groups.len() as i16).to_be_bytes());
    out.extend_from_slice(&(if groups.is_empty() { 0 } else { weight }).to_be_bytes());
    let sign: u16 = if value.is_sign_negative() && !value.is_zero() { 0x4000 } else { 0 };
    out.extend_from_slice(&sign.to_be_bytes());
    out.extend_from_slice(&(scale as i16).to_be_bytes());
    for group in groups.iter().rev() {
        out.extend_from_slice(&group.to_be_bytes());
    }
}

/// Reads a `numeric`, without trailing zeros.
pub(super) fn read_numeric(bytes: &[u8]) -> Result<Decimal, BadNumber> {
    let short = BadNumber::Malformed("cut short");
    let (head, digits) = bytes.split_first_chunk::<8>().ok_or(short.clone())?;
    let [c0, c1, w0, w1, s0, s1, _, _] = *head;
    let (count, weight) = (u16::from_be_bytes([c0, c1]), i32::from(i16::from_be_bytes([w0, w1])));
    let negative = match u16::from_be_bytes([s0, s1]) {
        0 => false,
        0x4000 => true,
        0xC000 => return Err(BadNumber::Malformed("NaN")),
        _ => return Err(BadNumber::Malformed("infinite")),
    };
    if digits.len() != usize::from(count) * 2 {
        return Err(short);
    }
    let mut coefficient: u128 = 0;
    for pair in digits.chunks_exact(2) {
        let group = pair.iter().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
        coefficient = coefficient
            .checked_mul(10_000)
            .and_then(|shifted| shifted.checked_add(group))
            .ok_or(BadNumber::Inexact)?;
    }
    if coefficient == 0 {
        return Ok(Decimal::ZERO);
    }
    let mut scale = (i32::from(count) - 1 - weight) * 4;
    while scale > 0 && coefficient.is_multiple_of(10) {
        coefficient /= 10;
        scale -= 1;
    }
    while scale < 0 {
        coefficient = coefficient.checked_mul(10).ok_or(BadNumber::Inexact)?;
        scale += 1;
    }
    if coefficient > MAX_COEFFICIENT || scale > MAX_SCALE {
        return Err(BadNumber::Inexact);
    }
    let coefficient = i128::try_from(coefficient).map_err(|_| BadNumber::Inexact)?;
    let mut value = Decimal::try_from_i128_with_scale(coefficient, scale.unsigned_abs())
        .map_err(|_| BadNumber::Inexact)?;
    value.set_sign_negative(negative);
    Ok(value)
}

/// µs since 2000 of a time in µs since 1970.
pub(super) fn from_epoch(time_us: i64) -> i64 {
    time_us.min(MAX_TIME_US).saturating_sub(EPOCH_US).max(EARLIEST_US)
}

impl Type<Postgres> for Num {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1700))
    }
}

impl PgHasArrayType for Num {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1231))
    }
}

impl Encode<'_, Postgres> for Num {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        write_numeric(self.0, buffer);
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Num {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => Ok(Num(read_numeric(value.as_bytes()?)?)),
            PgValueFormat::Text => Err("a number came as text".into()),
        }
    }
}

impl Type<Postgres> for Ts {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1184))
    }
}

impl PgHasArrayType for Ts {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1185))
    }
}

impl Encode<'_, Postgres> for Ts {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(&from_epoch(self.0).to_be_bytes());
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Ts {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => {
                let bytes: [u8; 8] = value.as_bytes()?.try_into()?;
                Ok(Ts(i64::from_be_bytes(bytes).saturating_add(EPOCH_US)))
            }
            PgValueFormat::Text => Err("a time came as text".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::market::parse_decimal;
    use proptest::prelude::*;

    fn written(value: Decimal) -> Vec<u8> {
        let mut out = Vec::new();
        write_numeric(value, &mut out);
        out
    }

    #[test]
    fn known_bytes() {
        for (text, bytes) in [
            ("0", &[0, 0, 0, 0, 0, 0, 0, 0][..]),
            ("1", &[0, 1, 0, 0, 0, 0, 0, 0, 0, 1]),
            ("10000", &[0, 1, 0, 1, 0, 0, 0, 0, 0, 1]),
            ("-12345.678", &[0, 3, 0, 1, 0x40, 0, 0, 3, 0, 1, 0x09, 0x29, 0x1A, 0x7C]),
            ("0.00000001", &[0, 1, 0xFF, 0xFE, 0, 0, 0, 8, 0, 1]),
        ] {
            let value = parse_decimal(text).unwrap();
            assert_eq!(written(value), bytes, "{text}");
            assert_eq!(read_numeric(bytes).unwrap(), value);
        }
    }

    #[test]
    fn what_cannot_be_held_is_refused() {
        // 10^40, 10^-29, NaN, infinity, and every cut.
        assert_eq!(read_numeric(&[0, 1, 0, 10, 0, 0, 0, 0, 0, 1]), Err(BadNumber::Inexact));
        assert_eq!(read_numeric(&[0, 1, 0xFF, 0xF8, 0, 0, 0, 29, 0, 1]), Err(BadNumber::Inexact));
        assert!(matches!(read_numeric(&[0, 0, 0, 0, 0xC0, 0, 0, 0]), Err(BadNumber::Malformed("NaN"))));
        assert!(matches!(read_numeric(&[0, 0, 0, 0, 0xD0, 0, 0, 0]), Err(BadNumber::Malformed(_))));
        let whole = written(parse_decimal("-12345.678").unwrap());
        for cut in 0..whole.len() {
            assert!(read_numeric(whole.get(..cut).unwrap()).is_err());
        }
    }

    #[test]
    fn times_are_cut_at_the_ends() {
        assert_eq!(from_epoch(EPOCH_US), 0);
        assert_eq!(from_epoch(i64::MIN), EARLIEST_US);
        assert_eq!(from_epoch(i64::MAX), from_epoch(MAX_TIME_US));
    }

    proptest! {
        #[test]
        fn every_decimal_comes_back(mantissa in -(1_i128 << 96) + 1..1_i128 << 96, scale in 0_u32..=28) {
            let value = Decimal::from_i128_with_scale(mantissa, scale);
            let back = read_numeric(&written(value)).unwrap();
            prop_assert_eq!(back, value);
            prop_assert_eq!(back.scale(), value.normalize().scale());
        }

        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = read_numeric(&bytes);
        }
    }
}
