//! Candles: folded exactly from trades, taken from the exchange, and as they are served.
//!
//! Folding is associative and does not depend on the order of arrival: first and last are chosen by [`TradeOrd`], sums
//! are exact. So a late trade, a merge of five minutes into one bucket, and a rebuild from scratch give the same candle.

use super::decimal::add_exact;
use super::{Interval, MarketError, Trade, TradeOrd};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// A candle folded from trades. It exists only where something was traded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeCandle {
    /// Start of the bucket, µs.
    pub bucket_us: i64,
    /// Price of the first trade.
    pub open: Decimal,
    /// Highest price.
    pub high: Decimal,
    /// Lowest price.
    pub low: Decimal,
    /// Price of the last trade.
    pub close: Decimal,
    /// Sum of sizes, base currency.
    pub volume: Decimal,
    /// Sum of price × size, quote currency.
    pub quote_volume: Decimal,
    /// Number of trades: also the candle's revision, for inserts only ever raise it.
    pub trades: u64,
    /// Key of the first trade.
    pub first_ord: TradeOrd,
    /// Key of the last trade.
    pub last_ord: TradeOrd,
}

impl TradeCandle {
    /// The candle of a single trade.
    ///
    /// # Errors
    /// [`MarketError::Inexact`] when the trade is outside the exact range.
    pub fn of(interval: Interval, trade: &Trade) -> Result<Self, MarketError> {
        let quote_volume = value(trade)?;
        let ord = trade.ord();
        Ok(Self {
            bucket_us: interval.floor_us(trade.time_us),
            open: trade.price,
            high: trade.price,
            low: trade.price,
            close: trade.price,
            volume: trade.size,
            quote_volume,
            trades: 1,
            first_ord: ord.clone(),
            last_ord: ord,
        })
    }

    /// Merges a candle of other trades of the same bucket into this one.
    ///
    /// # Errors
    /// [`MarketError::BucketMismatch`], or [`MarketError::SumOverflow`] when a sum would lose digits; the candle is
    /// unchanged then.
    pub fn merge(&mut self, other: &TradeCandle) -> Result<(), MarketError> {
        if self.bucket_us != other.bucket_us {
            return Err(MarketError::BucketMismatch { left_us: self.bucket_us, right_us: other.bucket_us });
        }
        self.sum_up(other.volume, other.quote_volume, other.trades)?;
        self.high = self.high.max(other.high);
        self.low = self.low.min(other.low);
        self.begin_with(&other.first_ord, other.open);
        self.end_with(&other.last_ord, other.close);
        Ok(())
    }

    /// Adds a trade of this bucket, as merging its candle would.
    fn add(&mut self, trade: &Trade) -> Result<(), MarketError> {
        self.sum_up(trade.size, value(trade)?, 1)?;
        self.high = self.high.max(trade.price);
        self.low = self.low.min(trade.price);
        let ord = trade.ord();
        self.begin_with(&ord, trade.price);
        self.end_with(&ord, trade.price);
        Ok(())
    }

    /// Both sums or neither.
    fn sum_up(&mut self, volume: Decimal, quote_volume: Decimal, trades: u64) -> Result<(), MarketError> {
        let volume = add_exact(self.volume, volume)?;
        self.quote_volume = add_exact(self.quote_volume, quote_volume)?;
        self.volume = volume;
        self.trades = self.trades.saturating_add(trades);
        Ok(())
    }

    fn begin_with(&mut self, ord: &TradeOrd, open: Decimal) {
        if *ord < self.first_ord {
            self.open = open;
            self.first_ord = ord.clone();
        }
    }

    fn end_with(&mut self, ord: &TradeOrd, close: Decimal) {
        if *ord > self.last_ord {
            self.close = close;
            self.last_ord = ord.clone();
        }
    }

    /// The same candle as a part of a wider bucket.
    pub fn widen(&self, interval: Interval) -> TradeCandle {
        TradeCandle { bucket_us: interval.floor_us(self.bucket_us), ..self.clone() }
    }
}

/// Folds trades in any order into candles by bucket start. Duplicates must have been removed.
///
/// # Errors
/// As [`TradeCandle::of`] and [`TradeCandle::merge`].
pub fn fold_trades<'a>(
    interval: Interval,
    trades: impl IntoIterator<Item = &'a Trade>,
) -> Result<BTreeMap<i64, TradeCandle>, MarketError> {
    let mut out: BTreeMap<i64, TradeCandle> = BTreeMap::new();
    for trade in trades {
        let bucket_us = interval.floor_us(trade.time_us);
        match out.get_mut(&bucket_us) {
            Some(sum) => sum.add(trade)?,
            None => {
                out.insert(bucket_us, TradeCandle::of(interval, trade)?);
            }
        }
    }
    Ok(out)
}

/// Price × size.
fn value(trade: &Trade) -> Result<Decimal, MarketError> {
    // Exact: this limits the product to 16 decimals and 25 digits.
    trade.check()?;
    Ok(trade.price.normalize() * trade.size.normalize())
}

/// Merges finer candles into candles of `interval` by bucket start.
///
/// # Errors
/// As [`TradeCandle::merge`].
pub fn roll_up<'a>(
    interval: Interval,
    candles: impl IntoIterator<Item = &'a TradeCandle>,
) -> Result<BTreeMap<i64, TradeCandle>, MarketError> {
    let mut out: BTreeMap<i64, TradeCandle> = BTreeMap::new();
    for candle in candles {
        let candle = candle.widen(interval);
        match out.get_mut(&candle.bucket_us) {
            Some(sum) => sum.merge(&candle)?,
            None => {
                out.insert(candle.bucket_us, candle);
            }
        }
    }
    Ok(out)
}

/// A closed candle as the exchange's REST interface gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestCandle {
    /// Start of the bucket, µs.
    pub bucket_us: i64,
    /// First price.
    pub open: Decimal,
    /// Highest price.
    pub high: Decimal,
    /// Lowest price.
    pub low: Decimal,
    /// Last price.
    pub close: Decimal,
    /// Volume in the base currency.
    pub volume: Decimal,
    /// Volume in the quote currency.
    pub quote_volume: Decimal,
    /// When it was fetched, ms: its revision.
    pub fetched_ms: i64,
}

/// Folds REST candles of one resolution, ordered by time, into wider buckets.
///
/// # Errors
/// [`MarketError::SumOverflow`].
pub fn fold_rest(interval: Interval, rows: &[RestCandle]) -> Result<Vec<RestCandle>, MarketError> {
    let mut out: Vec<RestCandle> = Vec::new();
    for row in rows {
        let bucket_us = interval.floor_us(row.bucket_us);
        match out.last_mut() {
            Some(sum) if sum.bucket_us == bucket_us => {
                sum.high = sum.high.max(row.high);
                sum.low = sum.low.min(row.low);
                sum.close = row.close;
                sum.volume = add_exact(sum.volume, row.volume)?;
                sum.quote_volume = add_exact(sum.quote_volume, row.quote_volume)?;
                sum.fetched_ms = sum.fetched_ms.max(row.fetched_ms);
            }
            _ => out.push(RestCandle { bucket_us, ..row.clone() }),
        }
    }
    Ok(out)
}

/// What a served candle was made of. The order is the order of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CandleSource {
    /// The exchange's own candles.
    Rest,
    /// Minutes from both: at the seam between history and the live feed.
    Mixed,
    /// Single trades.
    Trades,
}

impl CandleSource {
    /// `trades`, `rest` or `mixed`.
    pub const fn name(self) -> &'static str {
        match self {
            CandleSource::Rest => "rest",
            CandleSource::Mixed => "mixed",
            CandleSource::Trades => "trades",
        }
    }
}

/// A candle as readers get it, whatever it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candle {
    /// Start of the bucket, µs.
    pub bucket_us: i64,
    /// First price.
    pub open: Decimal,
    /// Highest price.
    pub high: Decimal,
    /// Lowest price.
    pub low: Decimal,
    /// Last price.
    pub close: Decimal,
    /// Volume in the base currency.
    pub volume: Decimal,
    /// Volume in the quote currency.
    pub quote_volume: Decimal,
    /// Number of trades; `None` unless all of it came from trades.
    pub trades: Option<u64>,
    /// What it was made of.
    pub source: CandleSource,
    /// Rises with every change; comparable within one source only.
    pub revision: u64,
}

impl Candle {
    /// Source and revision: the greater one is the better candle of the same bucket.
    pub fn rank(&self) -> (CandleSource, u64) {
        (self.source, self.revision)
    }
}

// Sums keep the widest scale they met; readers get every number without trailing zeros.
impl From<TradeCandle> for Candle {
    fn from(candle: TradeCandle) -> Self {
        Self {
            bucket_us: candle.bucket_us,
            open: candle.open.normalize(),
            high: candle.high.normalize(),
            low: candle.low.normalize(),
            close: candle.close.normalize(),
            volume: candle.volume.normalize(),
            quote_volume: candle.quote_volume.normalize(),
            trades: Some(candle.trades),
            source: CandleSource::Trades,
            revision: candle.trades,
        }
    }
}

impl From<RestCandle> for Candle {
    fn from(candle: RestCandle) -> Self {
        Self {
            bucket_us: candle.bucket_us,
            open: candle.open.normalize(),
            high: candle.high.normalize(),
            low: candle.low.normalize(),
            close: candle.close.normalize(),
            volume: candle.volume.normalize(),
            quote_volume: candle.quote_volume.normalize(),
            trades: None,
            source: CandleSource::Rest,
            revision: u64::try_from(candle.fetched_ms).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::market::{Side, TradeOrigin};
    use proptest::prelude::*;

    fn trades() -> impl Strategy<Value = Vec<Trade>> {
        // Times are drawn from few values, so that ties and shared buckets are the rule.
        prop::collection::btree_set((0i64..4_000, 0u32..4), 1..60).prop_flat_map(|keys| {
            let keys: Vec<_> = keys.into_iter().collect();
            let count = keys.len();
            (Just(keys), prop::collection::vec((1i64..1_000_000, 1i64..1_000_000), count)).prop_map(
                |(keys, values)| {
                    keys.into_iter()
                        .zip(values)
                        .map(|((second, id), (price, size))| Trade {
                            symbol: "BTCUSD".into(),
                            time_us: second * 1_000_000,
                            id: id.to_string().into(),
                            price: Decimal::new(price, 2),
                            size: Decimal::new(size, 8),
                            side: Side::Unknown,
                            received_us: 0,
                            origin: TradeOrigin::Socket,
                        })
                        .collect()
                },
            )
        })
    }

    proptest! {
        #[test]
        fn folding_is_associative_and_order_free(trades in trades(), seed in any::<u64>(), cut in 0usize..60) {
            let whole = fold_trades(Interval::M5, &trades).unwrap();
            // Brute force, from the definition.
            for (bucket, candle) in &whole {
                let mut inside: Vec<_> = trades.iter().filter(|t| Interval::M5.bucket(*bucket).contains(t.time_us)).collect();
                inside.sort_by_key(|t| t.ord());
                prop_assert_eq!(candle.open, inside[0].price);
                prop_assert_eq!(candle.close, inside[inside.len() - 1].price);
                prop_assert_eq!(Some(candle.high), inside.iter().map(|t| t.price).max());
                prop_assert_eq!(Some(candle.low), inside.iter().map(|t| t.price).min());
                prop_assert_eq!(candle.volume, inside.iter().map(|t| t.size).sum::<Decimal>());
                prop_assert_eq!(candle.quote_volume, inside.iter().map(|t| t.size * t.price).sum::<Decimal>());
                prop_assert_eq!(candle.trades, inside.len() as u64);
            }
            prop_assert_eq!(whole.values().map(|c| c.trades).sum::<u64>(), trades.len() as u64);
            // Any order, any grouping, and by way of the minutes.
            let mut shuffled = trades.clone();
            shuffled.sort_by_key(|t| (t.ord().to_bytes(), seed).0.iter().fold(seed, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(*b))));
            prop_assert_eq!(&fold_trades(Interval::M5, &shuffled).unwrap(), &whole);
            let (left, right) = shuffled.split_at(cut.min(shuffled.len()));
            let mut parts: Vec<_> = fold_trades(Interval::M1, left).unwrap().into_values().collect();
            parts.extend(fold_trades(Interval::M1, right).unwrap().into_values());
            prop_assert_eq!(&roll_up(Interval::M5, &parts).unwrap(), &whole);
        }
    }

    #[test]
    fn a_lossy_sum_leaves_the_candle_alone() {
        let mut trade = Trade {
            symbol: "X".into(),
            time_us: 0,
            id: "1".into(),
            price: Decimal::ONE,
            size: Decimal::new(1, 16),
            side: Side::Buy,
            received_us: 0,
            origin: TradeOrigin::Socket,
        };
        let mut candle = TradeCandle::of(Interval::D1, &trade).unwrap();
        candle.volume = Decimal::MAX;
        let before = candle.clone();
        trade.id = "2".into();
        let other = TradeCandle::of(Interval::D1, &trade).unwrap();
        assert!(matches!(candle.merge(&other), Err(MarketError::SumOverflow { .. })));
        assert_eq!(candle, before);
    }
}
