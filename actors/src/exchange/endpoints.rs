//! Where the exchange lives and with which key it is asked. The one place where real host names stand.

use std::fmt;
use std::str::FromStr;

use super::ExchangeError;

/// Name of the environment variable the API key is read from.
pub const KEY_VARIABLE: &str = "CRYPTOCOMPARE_API_KEY";

/// The three addresses of the exchange, without a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Base of the candle history, e.g. `http://127.0.0.1:9000`.
    pub rest_legacy: String,
    /// Base of the trade history.
    pub data_api: String,
    /// Base of the socket, `ws://` or `wss://`; the path `/v2` is appended.
    pub streamer: String,
}

impl Endpoints {
    /// The real hosts. They answer only keys of an active subscription.
    pub fn cryptocompare() -> Self {
        Self {
            rest_legacy: "https://min-api.cryptocompare.com".into(),
            data_api: "https://data-api.cryptocompare.com".into(),
            streamer: "wss://streamer.cryptocompare.com".into(),
        }
    }

    /// All three on one base URL, as the simulator serves them.
    ///
    /// # Errors
    /// `Config` when the URL is neither `http://…` nor `https://…`.
    pub fn single(url: &str) -> Result<Self, ExchangeError> {
        let base = url.trim().trim_end_matches('/');
        let lower = base.to_ascii_lowercase();
        let socket = if lower.starts_with("http://") && base.len() > 7 {
            format!("ws://{}", &base[7..])
        } else if lower.starts_with("https://") && base.len() > 8 {
            format!("wss://{}", &base[8..])
        } else {
            return Err(ExchangeError::Config {
                at: "--exchange".into(),
                value: url.into(),
                reason: "give `cryptocompare` or a base URL such as http://127.0.0.1:9000".into(),
            });
        };
        if base.contains(['?', '#', ' ']) {
            return Err(ExchangeError::Config {
                at: "--exchange".into(),
                value: url.into(),
                reason: "a base URL has no query, fragment or space".into(),
            });
        }
        Ok(Self { rest_legacy: base.into(), data_api: base.into(), streamer: socket })
    }
}

impl FromStr for Endpoints {
    type Err = ExchangeError;

    /// `cryptocompare`, or the base URL of a simulator.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().eq_ignore_ascii_case("cryptocompare") {
            Ok(Self::cryptocompare())
        } else {
            Self::single(text)
        }
    }
}

/// The secret key of an account: goes into the `authorization` header and nowhere else; never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Wraps a key; `None` when it is blank or cannot stand in a header.
    pub fn new(key: &str) -> Option<Self> {
        let key = key.trim();
        (!key.is_empty() && key.bytes().all(|b| b.is_ascii_graphic())).then(|| Self(key.to_owned()))
    }

    /// Reads `CRYPTOCOMPARE_API_KEY`; `None` when it is unset or blank.
    pub fn from_env() -> Option<Self> {
        Self::new(&std::env::var(KEY_VARIABLE).ok()?)
    }

    /// The value of the `authorization` header.
    pub(crate) fn header(&self) -> String {
        format!("Apikey {}", self.0)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

/// What is asked for: a pair of currencies on one market, spelled as the exchange spells them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// Market, e.g. `Coinbase`.
    pub market: String,
    /// Base currency, e.g. `BTC`.
    pub base: String,
    /// Quote currency, e.g. `USD`.
    pub quote: String,
}

impl Pair {
    /// A pair from its three parts.
    pub fn new(market: &str, base: &str, quote: &str) -> Self {
        Self { market: market.into(), base: base.into(), quote: quote.into() }
    }

    /// Name of its trade subscription, `0~MARKET~BASE~QUOTE`.
    pub fn subscription(&self) -> String {
        format!("0~{self}")
    }

    /// Reads `0~MARKET~BASE~QUOTE`; `None` for any other channel or shape.
    pub fn from_subscription(sub: &str) -> Option<Self> {
        let mut parts = sub.split('~');
        let (channel, market, base, quote) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let whole = parts.next().is_none() && channel == "0" && ![market, base, quote].contains(&"");
        whole.then(|| Self::new(market, base, quote))
    }

    /// Same pair, whatever the case of its letters: the exchange answers `COINBASE` to `Coinbase`.
    pub fn matches(&self, market: &str, base: &str, quote: &str) -> bool {
        self.market.eq_ignore_ascii_case(market)
            && self.base.eq_ignore_ascii_case(base)
            && self.quote.eq_ignore_ascii_case(quote)
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}~{}", self.market, self.base, self.quote)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses() {
        let rows = [
            ("http://127.0.0.1:9000/", Some(("http://127.0.0.1:9000", "ws://127.0.0.1:9000"))),
            ("HTTPS://sim.example", Some(("HTTPS://sim.example", "wss://sim.example"))),
            (
                "cryptocompare",
                Some(("https://min-api.cryptocompare.com", "wss://streamer.cryptocompare.com")),
            ),
            ("ftp://x", None),
            ("http://", None),
            ("http://x?api_key=1", None),
            ("", None),
        ];
        for (text, expected) in rows {
            let got = text.parse::<Endpoints>().ok();
            let got = got.as_ref().map(|e| (e.rest_legacy.as_str(), e.streamer.as_str()));
            assert_eq!(got, expected, "{text}");
        }
    }

    #[test]
    fn the_key_is_never_shown() {
        let key = ApiKey::new(" abc123 ").unwrap();
        assert_eq!(format!("{key:?}"), "ApiKey(hidden)");
        assert_eq!(key.header(), "Apikey abc123");
        assert!(ApiKey::new("a\nb").is_none() && ApiKey::new("  ").is_none());
    }

    #[test]
    fn subscriptions() {
        let pair = Pair::new("Coinbase", "BTC", "USD");
        assert_eq!(Pair::from_subscription(&pair.subscription()), Some(pair));
        for bad in ["5~CCCAGG~BTC~USD", "0~A~B", "0~A~B~C~D", "0~~B~C", ""] {
            assert_eq!(Pair::from_subscription(bad), None, "{bad}");
        }
    }
}
