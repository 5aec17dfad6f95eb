//! What can be wrong with a piece of market data. None of these goes away by trying again: the input is dead-lettered
//! (records) or refused (requests).

use thiserror::Error;

/// A value that the platform refuses, with the offending text and what would be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MarketError {
    /// Text that is not a decimal number, or one that 96 bits and 28 decimals cannot hold exactly.
    #[error("`{text}` is not an exact decimal number: {why}; give digits such as 13715.65 or 1.5e-7")]
    Decimal {
        /// The text as it came, cut to 64 characters.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A trade whose product could not be summed without rounding.
    #[error(
        "the trade price {price} × size {size} is outside the exact range: {why}; scale(price)+scale(size) must be ≤ 16 and price·size < 1000000000"
    )]
    Inexact {
        /// Price, canonical.
        price: String,
        /// Size, canonical.
        size: String,
        /// The limit that is broken.
        why: &'static str,
    },
    /// A sum that no longer fits 28 digits exactly.
    #[error(
        "the sum {left} + {right} of a candle needs more than 28 digits; the trade that caused it must be dead-lettered"
    )]
    SumOverflow {
        /// The sum so far.
        left: String,
        /// What was to be added.
        right: String,
    },
    /// Candles of different buckets were merged: a bug in the caller, reported instead of a wrong candle.
    #[error("candles of the buckets {left_us} and {right_us} cannot be merged; fold per bucket")]
    BucketMismatch {
        /// Start of the one, µs.
        left_us: i64,
        /// Start of the other, µs.
        right_us: i64,
    },
    /// A log record that cannot be read.
    #[error("the record cannot be read: {why}; it is dead-lettered and the ones after it go on")]
    Record {
        /// What is wrong, with the place.
        why: String,
    },
    /// An order key that was not written by this platform.
    #[error("the order key {hex} is damaged: {why}; rebuild the row from the trade's time and id")]
    OrdKey {
        /// The bytes, in hexadecimal, cut to 32 bytes.
        hex: String,
        /// What is wrong.
        why: &'static str,
    },
    /// Unknown candle interval.
    #[error("`{0}` is not an interval; use one of 1m 5m 15m 1h 4h 1d")]
    Interval(String),
    /// A symbol outside `^[A-Z0-9._-]{1,32}$`.
    #[error("`{0}` is not a symbol; use 1 to 32 characters of A-Z 0-9 . _ -")]
    Symbol(String),
    /// A range that is empty, reversed, or outside the representable times.
    #[error(
        "the range [{from_us}, {to_us}) is impossible; `from` must be before `to`, both in microseconds ≥ 0"
    )]
    Range {
        /// Start, µs.
        from_us: i64,
        /// End, µs.
        to_us: i64,
    },
}

/// Text of at most `max` characters for an error message.
pub(crate) fn cut(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}
