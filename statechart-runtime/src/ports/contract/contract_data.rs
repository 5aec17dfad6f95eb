//! Data for the contracts: trades that tie, repeat and come late, from a fixed sequence of numbers.

use crate::market::{Decimal, InstrumentId, RestRow, Side, Trade, TradeOrigin};
use crate::ports::{Batch, Placed, Position, PositionKey};

/// A small generator; the contracts must not depend on a crate for it.
pub(super) struct Sequence(pub(super) u64);

impl Sequence {
    pub(super) fn below(&mut self, bound: u64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % bound).unwrap()
    }
}

pub(super) fn trade(symbol: &str, time_us: i64, id: i64, price_cents: i64, size_e8: i64) -> Trade {
    Trade {
        symbol: symbol.into(),
        time_us,
        id: id.to_string().into(),
        price: Decimal::new(price_cents, 2).normalize(),
        size: Decimal::new(size_e8, 8).normalize(),
        side: if id % 2 == 0 { Side::Buy } else { Side::Sell },
        received_us: 0,
        origin: TradeOrigin::Socket,
    }
}

/// Trades in a few hours around a midnight, many in the same microsecond, without duplicates.
pub(super) fn trades(symbol: &str, seed: u64, count: i64) -> Vec<Trade> {
    let mut next = Sequence(seed);
    let midnight = 1_514_764_800_000_000;
    (0..count)
        .map(|id| {
            let time_us = midnight + (next.below(4_000) - 2_000) * 3_000_000;
            trade(symbol, time_us, id, 1_000_000 + next.below(500_000), 1 + next.below(900_000_000))
        })
        .collect()
}

pub(super) fn placed(instrument: InstrumentId, first: i64, trades: &[Trade]) -> Vec<Placed<Trade>> {
    trades
        .iter()
        .zip(first..)
        .map(|(trade, offset)| Placed { offset, instrument, item: trade.clone() })
        .collect()
}

pub(super) fn position(key: &PositionKey, expected: i64, next: i64) -> Option<Position> {
    Some(Position { key: key.clone(), expected, next })
}

pub(super) fn key(prefix: &str, topic: &str) -> PositionKey {
    PositionKey { group: format!("{prefix}-group"), topic: topic.to_owned(), incarnation: 1, partition: 0 }
}

/// A batch of trades without a position.
pub(super) fn loose(instrument: InstrumentId, trades: &[Trade]) -> Batch {
    Batch { trades: placed(instrument, 0, trades), ..Batch::default() }
}

pub(super) fn rest_row(bucket_us: i64, price: i64, volume: i64) -> RestRow {
    let price = Decimal::from(price);
    RestRow {
        bucket_us,
        open: price,
        high: price + Decimal::ONE,
        low: price - Decimal::ONE,
        close: price + Decimal::new(5, 1),
        volume: Decimal::from(volume),
        quote_volume: Decimal::from(volume) * price,
    }
}
