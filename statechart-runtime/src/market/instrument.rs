//! Instruments: the table that says what `BTCUSD` is. No code ever splits a symbol by guessing.

use super::error::{MarketError, cut};
use std::collections::BTreeMap;
use thiserror::Error;

/// Partitions of the fixed topic; instruments are dealt to them in turn.
pub const PARTITIONS: u32 = 8;
/// The market asked when none is given.
pub const DEFAULT_MARKET: &str = "Coinbase";

/// Key of an instrument within one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstrumentId(pub i32);

/// A tradable pair on one market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// Key in the store.
    pub id: InstrumentId,
    /// Unique name, `^[A-Z0-9._-]{1,32}$`; also the name of its dynamic topic.
    pub symbol: String,
    /// Base currency, e.g. `BTC`.
    pub base: String,
    /// Quote currency, e.g. `USD`.
    pub quote: String,
    /// Market, the same for REST and socket.
    pub market: String,
    /// Partition of the fixed topic, `0 ..` [`PARTITIONS`].
    pub partition: u32,
    /// First moment of trading, µs, when known.
    pub listed_us: Option<i64>,
    /// +1 in every transaction that changes a closed bucket; ETags hash it.
    pub version: i64,
}

/// What is needed to add an instrument; the store gives id and partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInstrument {
    /// Unique name.
    pub symbol: String,
    /// Base currency.
    pub base: String,
    /// Quote currency.
    pub quote: String,
    /// Market.
    pub market: String,
    /// First moment of trading, µs, when known.
    pub listed_us: Option<i64>,
}

impl NewInstrument {
    /// A pair on [`DEFAULT_MARKET`], its symbol the two currencies together.
    pub fn pair(base: &str, quote: &str) -> Self {
        Self {
            symbol: format!("{base}{quote}").to_ascii_uppercase(),
            base: base.to_ascii_uppercase(),
            quote: quote.to_ascii_uppercase(),
            market: DEFAULT_MARKET.to_owned(),
            listed_us: None,
        }
    }

    /// Checks the names.
    ///
    /// # Errors
    /// [`MarketError::Symbol`] naming the first bad one.
    pub fn check(&self) -> Result<(), MarketError> {
        for name in [&self.symbol, &self.base, &self.quote] {
            if !is_valid_symbol(name) {
                return Err(MarketError::Symbol(cut(name, 40)));
            }
        }
        let market_ok = (1..=32).contains(&self.market.len())
            && self.market.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if market_ok { Ok(()) } else { Err(MarketError::Symbol(cut(&self.market, 40))) }
    }
}

/// Whether a text is `^[A-Z0-9._-]{1,32}$`, not `.` or `..`, and does not begin with `__` (symbols name topics too, and
/// those belong to the broker).
pub fn is_valid_symbol(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text != "."
        && text != ".."
        && !text.starts_with("__")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"._-".contains(&byte))
}

/// No instrument goes by this name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no instrument `{asked}`{}; `GET /v1/symbols` lists them all", hint(near))]
pub struct UnknownSymbol {
    /// What was asked for, cut to 40 characters.
    pub asked: String,
    /// Up to five symbols that look alike, nearest first.
    pub near: Vec<String>,
}

fn hint(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!(", did you mean {}?", near.join(", ")) }
}

/// All instruments in memory, found by symbol, id, or any usual spelling.
#[derive(Debug, Clone, Default)]
pub struct InstrumentTable {
    by_symbol: BTreeMap<String, Instrument>,
    /// Symbol without separators → symbol; `None` where two symbols share the spelling.
    by_spelling: BTreeMap<String, Option<String>>,
    by_id: BTreeMap<InstrumentId, String>,
}

impl InstrumentTable {
    /// Builds the table.
    pub fn new(instruments: impl IntoIterator<Item = Instrument>) -> Self {
        let mut table = Self::default();
        for instrument in instruments {
            table.insert(instrument);
        }
        table
    }

    /// Adds or replaces an instrument.
    pub fn insert(&mut self, instrument: Instrument) {
        let symbol = instrument.symbol.clone();
        self.by_spelling
            .entry(spelling(&symbol))
            .and_modify(|known| {
                if known.as_ref() != Some(&symbol) {
                    *known = None;
                }
            })
            .or_insert_with(|| Some(symbol.clone()));
        self.by_id.insert(instrument.id, symbol.clone());
        self.by_symbol.insert(symbol, instrument);
    }

    /// All instruments by symbol.
    pub fn iter(&self) -> impl Iterator<Item = &Instrument> {
        self.by_symbol.values()
    }

    /// The instrument of an exact symbol.
    pub fn get(&self, symbol: &str) -> Option<&Instrument> {
        self.by_symbol.get(symbol)
    }

    /// The instrument of an id.
    pub fn by_id(&self, id: InstrumentId) -> Option<&Instrument> {
        self.by_symbol.get(self.by_id.get(&id)?)
    }

    /// The instrument of a pair on a market, as the exchange's messages name it.
    pub fn by_pair(&self, market: &str, base: &str, quote: &str) -> Option<&Instrument> {
        self.iter()
            .find(|one| one.base == base && one.quote == quote && one.market.eq_ignore_ascii_case(market))
    }

    /// The instrument meant by user input: `BTC-USD`, `BTC/USD`, `btc_usd` and `btcusd` are all `BTCUSD`.
    ///
    /// # Errors
    /// [`UnknownSymbol`] with near names.
    pub fn resolve(&self, input: &str) -> Result<&Instrument, UnknownSymbol> {
        let input = input.trim();
        let upper = cut(input, 40).to_ascii_uppercase();
        let found = self.by_symbol.get(&upper).or_else(|| {
            let symbol = self.by_spelling.get(&spelling(&upper))?.as_ref()?;
            self.by_symbol.get(symbol)
        });
        found.ok_or_else(|| UnknownSymbol { asked: cut(input, 40), near: self.near(&upper) })
    }

    /// Up to five symbols within a third of the length in edits, or sharing the start; nearest first.
    fn near(&self, asked: &str) -> Vec<String> {
        let asked = spelling(asked);
        if asked.is_empty() {
            return Vec::new();
        }
        let mut scored: Vec<(usize, &String)> = self
            .by_symbol
            .keys()
            .filter_map(|symbol| {
                let spelled = spelling(symbol);
                let distance = edits(&asked, &spelled);
                let alike = distance <= asked.len().div_ceil(3).min(3) || spelled.starts_with(&asked);
                alike.then_some((distance, symbol))
            })
            .collect();
        scored.sort();
        scored.into_iter().take(5).map(|(_, symbol)| symbol.clone()).collect()
    }
}

/// A symbol without the separators that people put between currencies. The dot stays: it names a market.
fn spelling(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '-' | '/' | '_' | ' ' | ':'))
        .collect::<String>()
        .to_ascii_uppercase()
}

/// Levenshtein distance; both texts are at most 40 characters.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        let mut next = vec![before];
        for (b, above) in right.iter().zip(row.iter().skip(1)) {
            before = (diagonal + usize::from(a != *b)).min(before + 1).min(above + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn table(symbols: &[&str]) -> InstrumentTable {
        InstrumentTable::new(symbols.iter().zip(1..).map(|(symbol, id)| Instrument {
            id: InstrumentId(id),
            symbol: (*symbol).into(),
            base: symbol.get(..3).unwrap().into(),
            quote: "USD".into(),
            market: DEFAULT_MARKET.into(),
            partition: 0,
            listed_us: None,
            version: 0,
        }))
    }

    #[test]
    fn usual_spellings_resolve() {
        let table = table(&["BTCUSD", "ETHUSD", "BTCUSD.KRAKEN", "LTC-USD", "LTCUSD"]);
        for (input, symbol) in [
            ("BTCUSD", "BTCUSD"),
            ("btcusd", "BTCUSD"),
            (" BTC-USD ", "BTCUSD"),
            ("BTC/USD", "BTCUSD"),
            ("btc_usd", "BTCUSD"),
            ("btc-usd.kraken", "BTCUSD.KRAKEN"),
            ("LTCUSD", "LTCUSD"),
            ("ltc-usd", "LTC-USD"),
        ] {
            assert_eq!(table.resolve(input).unwrap().symbol, symbol, "{input}");
        }
        // Two symbols share this spelling: guessing would be wrong half of the time.
        assert!(table.resolve("LTC/USD").is_err());
        assert_eq!(table.by_pair("coinbase", "ETH", "USD").unwrap().symbol, "ETHUSD");
    }

    #[test]
    fn unknown_symbols_get_near_names() {
        let table = table(&["BTCUSD", "ETHUSD", "BTCUSD.KRAKEN", "DOGEUSDT"]);
        for (input, near) in [
            ("BTCUDS", &["BTCUSD"][..]),
            ("btc", &["BTCUSD", "BTCUSD.KRAKEN"]),
            ("zzzzzzzzzz", &[]),
            ("", &[]),
        ] {
            assert_eq!(table.resolve(input).unwrap_err().near, near, "{input}");
        }
    }
}
