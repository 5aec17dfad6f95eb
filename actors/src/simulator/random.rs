//! A made-up market: every minute's trades are a pure function of (seed, symbol, minute), so any instant can be
//! asked for at once and two runs agree.
//!
//! The price is value noise summed over six scales, from two months down to a minute, between two lattice points
//! each; within a minute it runs straight with a little jitter. Only addition and multiplication of `f64` are used,
//! which are the same on every machine. Prices are whole ticks and sizes whole lots, so candles are summed exactly
//! in integers.

use std::collections::BTreeMap;
use std::sync::Mutex;

use rust_decimal::Decimal;

use super::listing::Listing;
use super::source::{Fold, Position, SimId, SimTrade};
use crate::exchange::Side;

const MINUTE_US: i64 = 60_000_000;
const DAY_MINUTES: i64 = 1_440;

/// Most trades in a minute; ids leave room for them.
const MAX_PER_MINUTE: usize = 32;
const IDS_PER_MINUTE: u64 = 64;

/// Sizes are counted in 1e-8 of the base currency.
const LOT_SCALE: u32 = 8;

/// Days whose candle is kept, over all symbols.
const MAX_DAYS_KEPT: usize = 20_000;

/// Longest search for the last trades before an instant, in minutes. Some 5 % of minutes are empty, so no run of
/// empty ones comes near it.
const MAX_LOOK_BACK: i64 = 1_000;

/// Period in minutes and amplitude of each scale; the amplitudes stay below 1 in sum, so prices stay positive.
const SCALES: [(i64, f64); 6] = [
    (64 * DAY_MINUTES, 0.30),
    (8 * DAY_MINUTES, 0.12),
    (DAY_MINUTES, 0.05),
    (180, 0.015),
    (20, 0.004),
    (3, 0.001),
];

/// Typical prices, so that the made-up market looks familiar.
const PRICES: &[(&str, &str, f64)] = &[
    ("BTC", "USD", 42_000.0),
    ("BTC", "EUR", 38_500.0),
    ("BTC", "USDT", 42_000.0),
    ("ETH", "USD", 2_300.0),
    ("ETH", "BTC", 0.055),
    ("SOL", "USD", 98.0),
    ("LTC", "USD", 71.0),
    ("XRP", "USD", 0.61),
    ("ADA", "USD", 0.52),
    ("DOGE", "USD", 0.085),
];

/// The made-up market.
#[derive(Debug)]
pub struct RandomMarket {
    listings: Vec<Listing>,
    symbols: Vec<Symbol>,
    listed_us: i64,
    /// Candles of whole days already folded: daily history asks for the same thousand days again and again.
    days: Mutex<BTreeMap<(usize, i64), Option<Sums>>>,
}

#[derive(Debug, Clone, Copy)]
struct Symbol {
    seed: u64,
    price: f64,
    tick_scale: u32,
    ticks_per_unit: f64,
}

/// One trade in whole numbers.
#[derive(Debug, Clone, Copy, Default)]
struct RawTrade {
    offset_us: i64,
    ticks: i64,
    lots: i64,
    buy: bool,
}

/// A minute's trades, without a heap allocation.
struct Minute {
    trades: [RawTrade; MAX_PER_MINUTE],
    count: usize,
}

impl Minute {
    fn trades(&self) -> &[RawTrade] {
        self.trades.get(..self.count).unwrap_or_default()
    }
}

/// A candle in whole ticks and lots.
#[derive(Debug, Clone, Copy)]
struct Sums {
    open: i64,
    high: i64,
    low: i64,
    close: i64,
    lots: i128,
    tick_lots: i128,
    trades: u64,
}

impl Sums {
    fn add(sum: &mut Option<Self>, later: Self) {
        *sum = Some(match *sum {
            None => later,
            Some(s) => Self {
                open: s.open,
                high: s.high.max(later.high),
                low: s.low.min(later.low),
                close: later.close,
                lots: s.lots + later.lots,
                tick_lots: s.tick_lots + later.tick_lots,
                trades: s.trades + later.trades,
            },
        });
    }
}

impl RandomMarket {
    /// A market of these symbols, traded from the minute of `listed_us` on.
    pub fn new(seed: u64, listings: Vec<Listing>, listed_us: i64) -> Self {
        let symbols = listings.iter().map(|listing| Symbol::new(seed, listing)).collect();
        let listed_us = listed_us - listed_us.rem_euclid(MINUTE_US);
        Self { listings, symbols, listed_us, days: Mutex::new(BTreeMap::new()) }
    }

    pub(crate) fn listings(&self) -> &[Listing] {
        &self.listings
    }

    pub(crate) fn listed_us(&self) -> i64 {
        self.listed_us
    }

    pub(crate) fn trades_after(
        &self,
        listing: usize,
        position: Position,
        to_us: i64,
        most: usize,
    ) -> Vec<SimTrade> {
        let mut out = Vec::new();
        let Some(symbol) = self.symbols.get(listing) else { return out };
        let start_us = position.time_us.max(self.listed_us);
        // Each minute is looked at once; an empty stretch cannot be longer than the range asked for.
        for minute in start_us.div_euclid(MINUTE_US)..=(to_us - 1).div_euclid(MINUTE_US) {
            for trade in symbol.sim_trades(minute) {
                let here = Position { time_us: trade.time_us, ccseq: trade.ccseq };
                if here > position && trade.time_us < to_us {
                    if out.len() >= most {
                        return out;
                    }
                    out.push(trade);
                }
            }
        }
        out
    }

    pub(crate) fn trades_before(&self, listing: usize, to_us: i64, most: usize) -> Vec<SimTrade> {
        let Some(symbol) = self.symbols.get(listing) else { return Vec::new() };
        let mut out = Vec::new();
        let last = (to_us - 1).div_euclid(MINUTE_US);
        let first = (last - MAX_LOOK_BACK).max(self.listed_us.div_euclid(MINUTE_US));
        for minute in (first..=last).rev() {
            let trades: Vec<SimTrade> = symbol.sim_trades(minute).collect();
            out.extend(trades.into_iter().rev().filter(|trade| trade.time_us < to_us));
            if out.len() >= most {
                break;
            }
        }
        out.truncate(most);
        out.reverse();
        out
    }

    pub(crate) fn fold(&self, listing: usize, from_us: i64, to_us: i64) -> Option<Fold> {
        let symbol = self.symbols.get(listing)?;
        let from_us = from_us.max(self.listed_us);
        let mut sum = None;
        let mut at_us = from_us;
        while at_us < to_us {
            let minute = at_us.div_euclid(MINUTE_US);
            let whole_day = at_us == minute * MINUTE_US
                && minute.rem_euclid(DAY_MINUTES) == 0
                && at_us + DAY_MINUTES * MINUTE_US <= to_us;
            let (part, end_us) = if whole_day {
                (self.day(listing, symbol, minute), at_us + DAY_MINUTES * MINUTE_US)
            } else {
                let end_us = ((minute + 1) * MINUTE_US).min(to_us);
                (symbol.sums(minute, at_us, end_us), end_us)
            };
            if let Some(part) = part {
                Sums::add(&mut sum, part);
            }
            at_us = end_us;
        }
        sum.map(|sum: Sums| symbol.fold(&sum))
    }

    /// A whole day's candle, kept once made.
    fn day(&self, listing: usize, symbol: &Symbol, first_minute: i64) -> Option<Sums> {
        let key = (listing, first_minute);
        let lock = || self.days.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(kept) = lock().get(&key) {
            return *kept;
        }
        let mut sum = None;
        let mut from = symbol.price_at(first_minute);
        for minute in first_minute..first_minute + DAY_MINUTES {
            let to = symbol.price_at(minute + 1);
            for trade in symbol.minute_between(minute, from, to).trades() {
                Sums::add(&mut sum, trade.sums());
            }
            from = to;
        }
        let mut days = lock();
        if days.len() >= MAX_DAYS_KEPT {
            days.clear();
        }
        days.insert(key, sum);
        sum
    }
}

impl RawTrade {
    fn sums(&self) -> Sums {
        Sums {
            open: self.ticks,
            high: self.ticks,
            low: self.ticks,
            close: self.ticks,
            lots: i128::from(self.lots),
            tick_lots: i128::from(self.ticks) * i128::from(self.lots),
            trades: 1,
        }
    }
}

impl Symbol {
    fn new(seed: u64, listing: &Listing) -> Self {
        let mut hash = mix(seed);
        for byte in listing
            .market
            .bytes()
            .chain([0])
            .chain(listing.base.bytes())
            .chain([0])
            .chain(listing.quote.bytes())
        {
            hash = mix(hash ^ u64::from(byte));
        }
        let known = PRICES.iter().find(|(base, quote, _)| listing.base == *base && listing.quote == *quote);
        let price = known.map_or_else(|| 1.0 + 400.0 * unit(mix(hash ^ 1)), |(_, _, price)| *price);
        let tick_scale = if price >= 10.0 {
            2
        } else if price >= 1.0 {
            4
        } else {
            5
        };
        Self { seed: hash, price, tick_scale, ticks_per_unit: 10f64.powi(tick_scale as i32) }
    }

    /// The price at the start of a minute.
    fn price_at(&self, minute: i64) -> f64 {
        let mut sum = 0.0;
        for (scale, (period, amplitude)) in (0u64..).zip(SCALES) {
            let point = minute.div_euclid(period);
            let t = minute.rem_euclid(period) as f64 / period as f64;
            let smooth = t * t * (3.0 - 2.0 * t);
            let (a, b) = (self.lattice(scale, point), self.lattice(scale, point + 1));
            sum += amplitude * (a + (b - a) * smooth);
        }
        self.price * (1.0 + sum)
    }

    /// A number in [-1, 1) for a lattice point of a scale.
    fn lattice(&self, scale: u64, point: i64) -> f64 {
        2.0 * unit(mix(self.seed ^ mix(scale.wrapping_mul(0x9e37_79b9) ^ (point as u64).rotate_left(16))))
            - 1.0
    }

    fn minute(&self, minute: i64) -> Minute {
        self.minute_between(minute, self.price_at(minute), self.price_at(minute + 1))
    }

    /// The trades of a minute whose price runs between two values.
    fn minute_between(&self, minute: i64, from: f64, to: f64) -> Minute {
        let mut state = mix(self.seed ^ mix(minute as u64 ^ 0x5bd1_e995_0000_0000));
        let mut draw = || {
            state = mix(state.wrapping_add(0x9e37_79b9_7f4a_7c15));
            state
        };
        // One minute in 20 is empty, one in 50 is a rush.
        let count = match draw() % 100 {
            0..5 => 0,
            5..7 => MAX_PER_MINUTE,
            _ => 1 + (draw() % 9) as usize,
        };
        let mut minute = Minute { trades: [RawTrade::default(); MAX_PER_MINUTE], count };
        let trades = minute.trades.get_mut(..count).unwrap_or_default();
        for trade in trades.iter_mut() {
            trade.offset_us = (draw() % 60_000) as i64 * 1_000;
        }
        trades.sort_unstable_by_key(|trade| trade.offset_us);
        let mut previous_us = 0;
        for trade in trades.iter_mut() {
            // One order often meets several others: trades of the same millisecond.
            if draw() % 8 == 0 && previous_us > 0 {
                trade.offset_us = previous_us;
            }
            previous_us = trade.offset_us;
            let along = trade.offset_us as f64 / MINUTE_US as f64;
            let jitter = (unit(draw()) - 0.5) * 0.000_4;
            let price = (from + (to - from) * along) * (1.0 + jitter);
            trade.ticks = ((price * self.ticks_per_unit) as i64).max(1);
            // Many small trades, few large ones; a third of them in round sizes.
            let u = unit(draw());
            let notional = 5.0 + 20_000.0 * u * u * u * u;
            let lots = ((notional / price * 1e8) as i64).max(1_000);
            trade.lots = if draw() % 3 == 0 { round_lots(lots) } else { lots };
            trade.buy = draw() % 2 == 0;
        }
        minute
    }

    /// The trades of `minute` within `[from_us, to_us)`, summed.
    fn sums(&self, minute: i64, from_us: i64, to_us: i64) -> Option<Sums> {
        let mut sum = None;
        for trade in self.minute(minute).trades() {
            let time_us = minute * MINUTE_US + trade.offset_us;
            if (from_us..to_us).contains(&time_us) {
                Sums::add(&mut sum, trade.sums());
            }
        }
        sum
    }

    fn sim_trades(&self, minute: i64) -> impl Iterator<Item = SimTrade> + use<> {
        let tick_scale = self.tick_scale;
        let trades = self.minute(minute);
        (0..trades.count).filter_map(move |index| {
            let trade = trades.trades.get(index)?;
            let number = (minute as u64).wrapping_mul(IDS_PER_MINUTE) + index as u64;
            Some(SimTrade {
                time_us: minute * MINUTE_US + trade.offset_us,
                ccseq: number,
                id: SimId::Number(number),
                price: Decimal::new(trade.ticks, tick_scale).normalize(),
                size: Decimal::new(trade.lots, LOT_SCALE).normalize(),
                side: if trade.buy { Side::Buy } else { Side::Sell },
            })
        })
    }

    fn fold(&self, sums: &Sums) -> Fold {
        let price = |ticks| Decimal::new(ticks, self.tick_scale).normalize();
        // No trade is worth more than 20,005 of the quote currency, 2.1e17 tick·lots at most, and none has more than
        // 2e14 lots: a century of full minutes sums to 4e26, far below the 7.9e28 a decimal holds.
        let exact = |value: i128, scale| {
            Decimal::try_from_i128_with_scale(value, scale).unwrap_or(Decimal::MAX).normalize()
        };
        Fold {
            open: price(sums.open),
            high: price(sums.high),
            low: price(sums.low),
            close: price(sums.close),
            volume: exact(sums.lots, LOT_SCALE),
            quote_volume: exact(sums.tick_lots, LOT_SCALE + self.tick_scale),
            trades: sums.trades,
        }
    }
}

/// Two leading digits, the rest zeros.
fn round_lots(lots: i64) -> i64 {
    let mut unit = 1;
    // 18 powers of ten cover every i64.
    for _ in 0..18 {
        if lots / unit < 100 {
            break;
        }
        unit *= 10;
    }
    lots / unit * unit
}

/// SplitMix64's finisher: a good 64-bit hash of a number.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A number in [0, 1).
fn unit(value: u64) -> f64 {
    (value >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const START: i64 = 1_700_000_000_000_000 - 1_700_000_000_000_000 % MINUTE_US;

    fn market(seed: u64) -> RandomMarket {
        RandomMarket::new(seed, vec![Listing::new("BTC", "USD"), Listing::new("DOGE", "USD")], START)
    }

    #[test]
    fn the_same_seed_gives_the_same_trades_from_any_side() {
        let (a, b) = (market(1), market(1));
        let all = a.trades_after(0, Position::after(START - 1), START + 600 * MINUTE_US, usize::MAX);
        assert!(all.len() > 1_500, "{}", all.len());
        assert!(all.windows(2).all(|w| (w[0].time_us, w[0].ccseq) < (w[1].time_us, w[1].ccseq)));
        assert!(
            all.windows(2).filter(|w| w[0].time_us == w[1].time_us).count() > 20,
            "trades of one instant"
        );
        // Read in pages, and from the middle, by another instance.
        let mut paged = Vec::new();
        let mut position = Position::after(START - 1);
        loop {
            let page = b.trades_after(0, position, START + 600 * MINUTE_US, 7);
            let Some(last) = page.last() else { break };
            position = Position { time_us: last.time_us, ccseq: last.ccseq };
            paged.extend(page);
        }
        assert_eq!(all, paged);
        let middle = all[700].time_us;
        let before = b.trades_before(0, middle, 50);
        let end = all.partition_point(|t| t.time_us < middle);
        assert_eq!(before, all[end - 50..end]);
        assert_ne!(
            all,
            market(2).trades_after(0, Position::after(START - 1), START + 600 * MINUTE_US, usize::MAX)
        );
        assert!(b.trades_before(0, START, 5).is_empty(), "nothing before the listing");
    }

    #[test]
    fn folds_equal_the_trades_one_by_one() {
        let market = market(3);
        let days = [
            (START + 17_000_123, START + 59_999_999),
            (START - 5, START + 3 * 86_400_000_000),
            (START, START),
        ];
        for listing in 0..2 {
            for (from, to) in days {
                let mut sum = None;
                for trade in market.trades_after(listing, Position::after(from - 1), to, usize::MAX) {
                    Fold::push(&mut sum, &Fold::of(trade.price, trade.size));
                }
                assert_eq!(market.fold(listing, from, to), sum, "{listing} {from} {to}");
                assert_eq!(market.fold(listing, from, to), sum, "again, from what was kept");
            }
        }
    }
}
