//! Trades as [`super::Record::encode`] writes them, read field by field where they stand. Nearly every record of the log is
//! one, and a JSON parser takes several times as long to find the same. Whatever looks different is left to the parser,
//! which also says what is wrong.

use super::decimal::parse_decimal;
use super::is_valid_symbol;
use super::trade::{Side, Trade, TradeOrigin};

/// The trade, when the line has exactly the form that this build writes, with nothing to unescape.
pub(super) fn read(json: &[u8]) -> Option<Trade> {
    let mut rest = Rest(str::from_utf8(json).ok()?);
    rest.literal(r#"{"k":"t","v":1,"s":""#)?;
    let symbol = rest.text()?;
    rest.literal(r#","t":"#)?;
    let time_us = rest.number()?;
    rest.literal(r#","i":""#)?;
    let id = rest.text()?;
    rest.literal(r#","p":""#)?;
    let price = rest.text()?;
    rest.literal(r#","q":""#)?;
    let size = rest.text()?;
    rest.literal(r#","d":""#)?;
    let side = rest.text()?;
    rest.literal(r#","r":"#)?;
    let received_us = rest.number()?;
    rest.literal(r#","src":""#)?;
    let origin = rest.text()?;
    if rest.0 != "}" || !is_valid_symbol(symbol) {
        return None;
    }
    Some(Trade {
        symbol: symbol.into(),
        time_us,
        id: id.into(),
        price: parse_decimal(price).ok()?,
        size: parse_decimal(size).ok()?,
        side: Side::from_letter(side)?,
        received_us,
        origin: TradeOrigin::from_name(origin)?,
    })
}

/// What has not been read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn literal(&mut self, text: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    /// The rest of a string, and its closing quote.
    fn text(&mut self) -> Option<&'a str> {
        let (text, rest) = self.0.split_once('"')?;
        self.0 = rest;
        // JSON escapes these, and has no control characters.
        text.bytes().all(|byte| byte != b'\\' && byte >= b' ').then_some(text)
    }

    /// A whole number ≥ 0 that JSON writes like this.
    fn number(&mut self) -> Option<i64> {
        let end = self.0.bytes().position(|byte| !byte.is_ascii_digit())?;
        let (digits, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        let is_plain = digits == "0" || !digits.starts_with('0');
        if is_plain { digits.parse().ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::market::{MarketError, Record};
    use proptest::prelude::*;

    const PLAIN: &str =
        r#"{"k":"t","v":1,"s":"BTCUSD","t":5,"i":"1","p":"2.50","q":"3","d":"B","r":6,"src":"ws"}"#;

    /// A space in front keeps a record from the short way: both ways say the same.
    fn assert_both_ways_agree(line: &str) {
        let other = line.replacen('{', "{ ", 1);
        let text = |read: Result<Record, MarketError>| match read {
            Ok(record) => format!("{record:?}"),
            // Columns differ by the space.
            Err(error) => error.to_string().split(" at line").next().unwrap_or_default().to_owned(),
        };
        let (short, long) = (Record::decode(line.as_bytes()), Record::decode(other.as_bytes()));
        assert_eq!(text(short), text(long), "{line}");
    }

    #[test]
    fn a_trade_is_read_as_it_is_written() {
        let trade = read(PLAIN.as_bytes()).unwrap();
        let written = Record::Trade(trade.clone()).encode();
        assert_eq!(read(&written), Some(trade), "the version that is written is the one that is read");
    }

    #[test]
    fn what_is_unlike_is_left_to_the_parser() {
        for (old, new) in [
            ("", ""),
            ("\"v\":1,", ""),
            ("\"v\":1", "\"v\":2"),
            ("\"p\":\"2.50\"", "\"p\":2.50"),
            ("\"2.50\"", "\"\\u0032\""),
            ("\"2.50\"", "\"two\""),
            ("\"i\":\"1\"", "\"i\":\"a\\\"b\""),
            ("\"i\":\"1\"", "\"i\":\"a\tb\""),
            ("\"i\":\"1\"", "\"i\":\"Zürich\""),
            ("\"B\"", "\"?\""),
            ("\"B\"", "\"X\""),
            ("\"ws\"", "\"hist\""),
            ("\"ws\"", "\"fax\""),
            ("\"t\":5", "\"t\":-5"),
            ("\"t\":5", "\"t\":+5"),
            ("\"t\":5", "\"t\":05"),
            ("\"t\":5", "\"t\":0"),
            ("\"t\":5", "\"t\":"),
            ("\"t\":5", "\"t\":5.5"),
            ("\"t\":5", "\"t\":5e3"),
            ("\"t\":5", "\"t\":99999999999999999999"),
            ("\"t\":5", "\"t\":5,\"t\":6"),
            ("BTCUSD", "btc usd"),
            ("\"r\":6,", ""),
            ("\"r\":6", "\"r\":6,\"new\":[1]"),
            ("\"k\":\"t\"", "\"k\":\"t\",\"k\":\"birth\""),
            ("}", "} "),
            ("}", "}}"),
            ("}", ""),
        ] {
            assert_both_ways_agree(&PLAIN.replacen(old, new, 1));
        }
    }

    proptest! {
        /// Whatever is done to a line, the short way never says something of its own.
        #[test]
        fn a_damaged_line_is_read_alike(at in 0..PLAIN.len(), to in 0..=4_usize, new in "[\"\\\\{}:,0-9+.a-z\u{0}-\u{20}ü-]{0,3}") {
            let mut line = PLAIN.to_owned();
            let end = (at + to).min(line.len());
            line.replace_range(at..end, &new);
            assert_both_ways_agree(&line);
        }
    }
}
