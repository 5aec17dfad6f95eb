//! Market data as values: instruments, trades, candles, log records, coverage, and the plan of a read.
//!
//! Everything here is pure: no clock, no input or output. Data flows like this:
//!
//! ```text
//! log record (JSON) ──decode──▶ Record ──▶ Trade ──fold──▶ TradeCandle (1m … 1d)     "what was traded"
//!                                      └─▶ CandlePage ───▶ RestCandle                "what the exchange says"
//!                                      └─▶ Coverage ─────▶ CoverageRow               "what is known, even if empty"
//! coverage rows + a requested range ──plan──▶ segments (which source, which range) + gaps (why, and what to fetch)
//! ```
//!
//! Conventions: times are `i64` microseconds UTC, ranges are half-open `[from, to)`, prices and sizes are
//! [`Decimal`] whose digits come from the JSON text and never pass through a float. "Now" is always an argument and
//! always the exchange's clock.

mod candle;
mod coverage;
mod decimal;
mod error;
mod fetch_id;
mod instrument;
mod interval;
mod plain_trade;
mod plan;
mod plan_input;
mod range;
mod record;
mod trade;

#[cfg(test)]
mod plan_tests;

pub use candle::{Candle, CandleSource, RestCandle, TradeCandle, fold_rest, fold_trades, roll_up};
pub use coverage::{CoverageMap, CoverageRow, CoverageState, GapReason, Resolution, Source};
pub use decimal::{canonical, parse_decimal};
pub use error::MarketError;
pub use fetch_id::FetchId;
pub use instrument::{
    DEFAULT_MARKET, Instrument, InstrumentId, InstrumentTable, NewInstrument, PARTITIONS, UnknownSymbol,
    is_valid_symbol,
};
pub use interval::Interval;
pub use plan::{Gap, MinuteSource, Plan, Read, Segment, plan};
pub use plan_input::{PlanRequest, live_horizon};
pub use range::{RangeSet, TimeRange};
pub use record::{
    CandlePage, Coverage, FetchEnd, MAX_PAGE_ROWS, MAX_RECORD_BYTES, RECORD_VERSION, Record, RestRow,
};
pub use rust_decimal::Decimal;
pub use trade::{Side, Trade, TradeOrd, TradeOrigin, check_exact};

/// Microseconds in one second.
pub const US_PER_SECOND: i64 = 1_000_000;
/// Microseconds in one minute, the finest bucket.
pub const US_PER_MINUTE: i64 = 60 * US_PER_SECOND;
