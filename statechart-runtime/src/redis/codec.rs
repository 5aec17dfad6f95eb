//! Candles as the texts of a series.

use crate::market::{Candle, CandleSource, canonical, parse_decimal};

/// `rev|open|high|low|close|volume|quote volume|trades|source`; trades are empty where they are unknown.
pub(super) fn encode(candle: &Candle) -> String {
    let [open, high, low, close, volume, quote] =
        [candle.open, candle.high, candle.low, candle.close, candle.volume, candle.quote_volume]
            .map(canonical);
    let trades = candle.trades.map(|trades| trades.to_string()).unwrap_or_default();
    let (revision, source) = (candle.revision, candle.source.name());
    format!("{revision}|{open}|{high}|{low}|{close}|{volume}|{quote}|{trades}|{source}")
}

/// Reads it back; `None` when it is none.
pub(super) fn decode(bucket_us: i64, text: &str) -> Option<Candle> {
    let mut parts = text.split('|');
    let mut next = || parts.next();
    let revision = next()?.parse().ok()?;
    let mut decimal = || parse_decimal(next()?).ok();
    let (open, high, low, close) = (decimal()?, decimal()?, decimal()?, decimal()?);
    let (volume, quote_volume) = (decimal()?, decimal()?);
    let trades = match next()? {
        "" => None,
        count => Some(count.parse().ok()?),
    };
    let name = next()?;
    let source = [CandleSource::Rest, CandleSource::Mixed, CandleSource::Trades]
        .into_iter()
        .find(|source| source.name() == name)?;
    let candle = Candle { bucket_us, open, high, low, close, volume, quote_volume, trades, source, revision };
    next().is_none().then_some(candle)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::market::Decimal;

    #[test]
    fn candles_come_back_and_damage_is_seen() {
        let candle = Candle {
            bucket_us: 60_000_000,
            open: Decimal::new(1_371_565, 2),
            high: Decimal::new(2, 0),
            low: Decimal::new(1, 8),
            close: Decimal::ONE,
            volume: Decimal::ZERO,
            quote_volume: Decimal::new(-5, 1),
            trades: Some(3),
            source: CandleSource::Trades,
            revision: 3,
        };
        let text = encode(&candle);
        assert_eq!(text, "3|13715.65|2|0.00000001|1|0|-0.5|3|trades");
        assert_eq!(decode(60_000_000, &text), Some(candle.clone()));
        let rest = Candle { trades: None, source: CandleSource::Rest, ..candle };
        assert_eq!(decode(60_000_000, &encode(&rest)), Some(rest));
        for bad in ["", "3", "x|1|1|1|1|1|1|1|trades", "3|1|1|1|1|1|1|1|gossip", &format!("{text}|4")] {
            assert_eq!(decode(0, bad), None, "{bad}");
        }
    }
}
