//! Candles computed from a file of trades by a few lines that share nothing with the platform.

use std::{collections::BTreeMap, str::FromStr};

use rust_decimal::Decimal;

/// One candle, computed here without any of the platform's code.
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct Expected {
    pub open: Decimal,
    pub high: Decimal,
    pub low: Decimal,
    pub close: Decimal,
    pub volume: Decimal,
    pub quote_volume: Decimal,
    pub trades: u64,
}

/// Folds the file, which is in order of time, into candles by bucket start in ms.
pub fn fold(file: &str, width_ms: i64) -> BTreeMap<i64, Expected> {
    let mut candles: BTreeMap<i64, Expected> = BTreeMap::new();
    for line in file.lines().skip(1) {
        let mut fields = line.split(',');
        let time: i64 = fields.next().unwrap().parse().unwrap();
        let price = Decimal::from_str(fields.next().unwrap()).unwrap();
        let size = Decimal::from_str(fields.next().unwrap()).unwrap().abs();
        let bucket = time.div_euclid(width_ms) * width_ms;
        let candle = candles.entry(bucket).or_insert_with(|| Expected {
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Decimal::ZERO,
            quote_volume: Decimal::ZERO,
            trades: 0,
        });
        candle.high = candle.high.max(price);
        candle.low = candle.low.min(price);
        candle.close = price;
        candle.volume += size;
        candle.quote_volume += price * size;
        candle.trades += 1;
    }
    candles
}

/// `time,open,high,low,close,volume,quote_volume,trades,closed,source` as the API writes it.
pub fn parse(csv: &str) -> BTreeMap<i64, Expected> {
    let number = |text: &str| Decimal::from_str(text).unwrap();
    csv.lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            assert_eq!(fields[9], "trades", "every minute of the tape was seen live: {line}");
            let candle = Expected {
                open: number(fields[1]),
                high: number(fields[2]),
                low: number(fields[3]),
                close: number(fields[4]),
                volume: number(fields[5]),
                quote_volume: number(fields[6]),
                trades: fields[7].parse().unwrap(),
            };
            (fields[0].parse().unwrap(), candle)
        })
        .collect()
}
