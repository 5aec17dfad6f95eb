//! Where the simulated trades come from. Both sources answer the same four questions, for any instant, without
//! keeping a position: sockets and REST calls can ask about different times at once.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::listing::Listing;
use super::random::RandomMarket;
use super::tape::Tape;
use crate::exchange::Side;

/// The simulated market.
#[derive(Debug, Clone)]
pub enum Market {
    /// Made up from a seed: the same seed gives the same trades, for any minute, on any machine.
    Random(Arc<RandomMarket>),
    /// A recording.
    Tape(Arc<Tape>),
}

/// One trade of the simulated market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimTrade {
    /// Time, µs UTC.
    pub time_us: i64,
    /// Sequence within its listing, rising with time; the order of trades of one instant.
    pub ccseq: u64,
    /// Id.
    pub id: SimId,
    /// Price.
    pub price: Decimal,
    /// Size.
    pub size: Decimal,
    /// Side of the taker.
    pub side: Side,
}

/// A trade's id.
///
/// Ordered as ties are: numbers first, then the others by their bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SimId {
    /// A number: made up, or the line of the recording.
    Number(u64),
    /// As recorded.
    Text(Arc<str>),
}

impl std::fmt::Display for SimId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// A place in the order of trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Time, µs UTC.
    pub time_us: i64,
    /// Sequence.
    pub ccseq: u64,
}

impl Position {
    /// After every trade up to and including `time_us`.
    pub fn after(time_us: i64) -> Self {
        Self { time_us, ccseq: u64::MAX }
    }
}

/// Some trades folded into one candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fold {
    /// First price.
    pub open: Decimal,
    /// Highest price.
    pub high: Decimal,
    /// Lowest price.
    pub low: Decimal,
    /// Last price.
    pub close: Decimal,
    /// Sum of sizes.
    pub volume: Decimal,
    /// Sum of size · price.
    pub quote_volume: Decimal,
    /// Number of trades.
    pub trades: u64,
}

impl Fold {
    /// One trade as a candle.
    pub fn of(price: Decimal, size: Decimal) -> Self {
        Self {
            open: price,
            high: price,
            low: price,
            close: price,
            volume: size,
            quote_volume: price * size,
            trades: 1,
        }
    }

    /// This candle, followed by a later one.
    #[must_use]
    pub fn then(self, later: &Self) -> Self {
        Self {
            open: self.open,
            high: self.high.max(later.high),
            low: self.low.min(later.low),
            close: later.close,
            volume: self.volume + later.volume,
            quote_volume: self.quote_volume + later.quote_volume,
            trades: self.trades + later.trades,
        }
    }

    /// Adds a later candle to what may be nothing yet.
    pub(crate) fn push(sum: &mut Option<Self>, later: &Self) {
        *sum = Some(match sum {
            None => *later,
            Some(sum) => sum.then(later),
        });
    }
}

impl Market {
    /// A made-up market.
    pub fn random(seed: u64, listings: Vec<Listing>, listed_us: i64) -> Self {
        Self::Random(Arc::new(RandomMarket::new(seed, listings, listed_us)))
    }

    /// What is traded.
    pub fn listings(&self) -> &[Listing] {
        match self {
            Self::Random(market) => market.listings(),
            Self::Tape(tape) => tape.listings(),
        }
    }

    /// Index of a listing by the exchange's names.
    pub(crate) fn find(&self, market: &str, base: &str, quote: &str) -> Option<usize> {
        self.listings().iter().position(|listing| listing.matches(market, base, quote))
    }

    /// Start of the minute of the first trade, µs.
    pub fn listed_us(&self, listing: usize) -> i64 {
        match self {
            Self::Random(market) => market.listed_us(),
            Self::Tape(tape) => tape.listed_us(listing),
        }
    }

    /// Up to `most` trades after `position` and before `to_us`, in order.
    pub fn trades_after(&self, listing: usize, position: Position, to_us: i64, most: usize) -> Vec<SimTrade> {
        match self {
            Self::Random(market) => market.trades_after(listing, position, to_us, most),
            Self::Tape(tape) => tape.trades_after(listing, position, to_us, most),
        }
    }

    /// The last `most` trades before `to_us`, in order.
    pub fn trades_before(&self, listing: usize, to_us: i64, most: usize) -> Vec<SimTrade> {
        match self {
            Self::Random(market) => market.trades_before(listing, to_us, most),
            Self::Tape(tape) => tape.trades_before(listing, to_us, most),
        }
    }

    /// All trades in `[from_us, to_us)` as one candle.
    pub fn fold(&self, listing: usize, from_us: i64, to_us: i64) -> Option<Fold> {
        match self {
            Self::Random(market) => market.fold(listing, from_us, to_us),
            Self::Tape(tape) => tape.fold(listing, from_us, to_us),
        }
    }
}
