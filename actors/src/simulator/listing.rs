//! What the simulated market lists: a symbol and the currencies behind it.

use std::fmt;

/// Market of a listing that names none.
pub const DEFAULT_MARKET: &str = "Coinbase";

/// Symbols that may be written without a separator. A table, because no rule splits `USDTUSD` rightly.
const KNOWN: &[(&str, &str)] = &[
    ("ADA", "USD"),
    ("ADA", "USDT"),
    ("AVAX", "USD"),
    ("AVAX", "USDT"),
    ("BCH", "USD"),
    ("BCH", "USDT"),
    ("BNB", "BTC"),
    ("BNB", "USD"),
    ("BNB", "USDT"),
    ("BTC", "EUR"),
    ("BTC", "GBP"),
    ("BTC", "USD"),
    ("BTC", "USDC"),
    ("BTC", "USDT"),
    ("DOGE", "USD"),
    ("DOGE", "USDT"),
    ("DOT", "USD"),
    ("DOT", "USDT"),
    ("ETC", "USD"),
    ("ETC", "USDT"),
    ("ETH", "BTC"),
    ("ETH", "EUR"),
    ("ETH", "GBP"),
    ("ETH", "USD"),
    ("ETH", "USDC"),
    ("ETH", "USDT"),
    ("ETH", "XBT"),
    ("LINK", "USD"),
    ("LINK", "USDT"),
    ("LTC", "BTC"),
    ("LTC", "USD"),
    ("LTC", "USDT"),
    ("SHIB", "USD"),
    ("SHIB", "USDT"),
    ("SOL", "BTC"),
    ("SOL", "EUR"),
    ("SOL", "USD"),
    ("SOL", "USDC"),
    ("SOL", "USDT"),
    ("TRX", "USD"),
    ("TRX", "USDT"),
    ("UNI", "USD"),
    ("UNI", "USDT"),
    ("USDC", "USD"),
    ("USDT", "USD"),
    ("XBT", "EUR"),
    ("XBT", "GBP"),
    ("XBT", "USD"),
    ("XBT", "USDT"),
    ("XLM", "USD"),
    ("XLM", "USDT"),
    ("XMR", "USD"),
    ("XMR", "USDT"),
    ("XRP", "BTC"),
    ("XRP", "EUR"),
    ("XRP", "USD"),
    ("XRP", "USDT"),
];

/// A pair of currencies the simulator trades.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listing {
    /// Symbol, base and quote joined, e.g. `BTCUSD`.
    pub symbol: String,
    /// Market, e.g. `Coinbase`.
    pub market: String,
    /// Base currency.
    pub base: String,
    /// Quote currency.
    pub quote: String,
}

impl Listing {
    /// A listing on the default market.
    pub fn new(base: &str, quote: &str) -> Self {
        Self {
            symbol: format!("{base}{quote}"),
            market: DEFAULT_MARKET.into(),
            base: base.into(),
            quote: quote.into(),
        }
    }

    /// Reads `BTC-USD`, `BTC/USD`, `Kraken:BTC-USD`, or a well-known symbol like `BTCUSD`, in any case.
    ///
    /// # Errors
    /// A sentence that says what is accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (market, pair) = match text.split_once(':') {
            Some((market, pair)) => (market, pair.to_ascii_uppercase()),
            None => (DEFAULT_MARKET, text.to_ascii_uppercase()),
        };
        let (base, quote) = match pair.split_once(['-', '/']) {
            Some((base, quote)) => (base.to_owned(), quote.to_owned()),
            None => KNOWN
                .iter()
                .find(|(base, quote)| pair.strip_prefix(base) == Some(quote))
                .map(|(base, quote)| ((*base).to_owned(), (*quote).to_owned()))
                .ok_or_else(|| {
                    format!("symbol `{text}` is not known: write base and quote apart, like BTC-USD")
                })?,
        };
        let plain = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        if !plain(&base, 16) || !plain(&quote, 16) || !plain(market, 30) {
            return Err(format!(
                "symbol `{text}` must look like BTC-USD or Kraken:BTC-USD, letters and digits only"
            ));
        }
        Ok(Self { symbol: format!("{base}{quote}"), market: market.into(), base, quote })
    }

    /// Whether the exchange would take these names for this listing.
    pub(crate) fn matches(&self, market: &str, base: &str, quote: &str) -> bool {
        self.market.eq_ignore_ascii_case(market)
            && self.base.eq_ignore_ascii_case(base)
            && self.quote.eq_ignore_ascii_case(quote)
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}-{}", self.market, self.base, self.quote)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols() {
        let rows = [
            ("BTCUSD", Some("Coinbase:BTC-USD")),
            ("btc-usd", Some("Coinbase:BTC-USD")),
            ("ETH/BTC", Some("Coinbase:ETH-BTC")),
            ("Kraken:xbt-usd", Some("Kraken:XBT-USD")),
            ("BTCUSDT", Some("Coinbase:BTC-USDT")),
            ("FOOBAR", None),
            ("-USD", None),
            ("A-B-C", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(Listing::parse(text).ok().map(|l| l.to_string()).as_deref(), expected, "{text}");
        }
    }
}
