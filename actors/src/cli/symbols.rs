//! Instruments as they are written on the command line and in the configuration.

use statechart_runtime::market::{DEFAULT_MARKET, NewInstrument};

use crate::{platform::one_topic, simulator::Listing};

/// Most symbols that one platform is started with.
pub(crate) const MAX_SYMBOLS: usize = 200;

/// Reads `BTCUSD`, `BTC-USD`, `Kraken:BTC-USD` or `NAME=Kraken:BTC-USD`.
///
/// The symbol is base and quote together, with the market behind it where that is not the default one.
///
/// # Errors
/// A sentence that says what is accepted.
pub(crate) fn instrument(text: &str) -> Result<NewInstrument, String> {
    let (name, pair) = match text.split_once('=') {
        Some((name, pair)) => (Some(name.trim()), pair),
        None => (None, text),
    };
    let listing = Listing::parse(pair)?;
    let symbol = match name {
        Some(name) => name.to_ascii_uppercase(),
        None if listing.market.eq_ignore_ascii_case(DEFAULT_MARKET) => listing.symbol,
        None => format!("{}.{}", listing.symbol, listing.market.to_ascii_uppercase()),
    };
    let instrument = NewInstrument {
        symbol,
        base: listing.base,
        quote: listing.quote,
        market: listing.market,
        listed_us: None,
    };
    instrument.check().map_err(|error| error.to_string())?;
    Ok(instrument)
}

/// Reads symbols separated by commas; each may stand once.
///
/// # Errors
/// A sentence about the first bad one.
pub(crate) fn instruments(text: &str) -> Result<Vec<NewInstrument>, String> {
    let mut all: Vec<NewInstrument> = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let one = instrument(part)?;
        if all.iter().any(|other| other.symbol == one.symbol) {
            return Err(format!("symbol `{}` stands there twice; name each once", one.symbol));
        }
        if let Some(why) = all.iter().find_map(|other| one_topic(&other.symbol, &one.symbol)) {
            return Err(why);
        }
        all.push(one);
    }
    match all.len() {
        0 => Err("give at least one symbol, like BTCUSD".into()),
        1..=MAX_SYMBOLS => Ok(all),
        more => Err(format!("these are {more} symbols; give at most {MAX_SYMBOLS}")),
    }
}

/// Reads the simulator's listings, separated by commas.
///
/// # Errors
/// A sentence about the first bad one.
pub(crate) fn listings(text: &str) -> Result<Vec<Listing>, String> {
    instruments(text)?;
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| Listing::parse(part.split_once('=').map_or(part, |(_, pair)| pair))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notations() {
        for (text, expected) in [
            ("BTCUSD", Ok("BTCUSD Coinbase BTC USD")),
            ("btc-usd", Ok("BTCUSD Coinbase BTC USD")),
            ("Kraken:BTC-USD", Ok("BTCUSD.KRAKEN Kraken BTC USD")),
            ("XBT=Kraken:BTC-USD", Ok("XBT Kraken BTC USD")),
            (" BTCUSD , ETH/USD ", Ok("BTCUSD Coinbase BTC USD, ETHUSD Coinbase ETH USD")),
            ("FOOBAR", Err("write base and quote apart")),
            ("BTCUSD,btc-usd", Err("twice")),
            ("X.Y=BTC-USD,X_Y=ETH-USD", Err("`X.Y` and `X_Y` differ only in")),
            ("__X=BTC-USD", Err("__X")),
            ("_X=BTC-USD", Ok("_X Coinbase BTC USD")),
            ("B$=BTC-USD", Err("B$")),
            (",", Err("at least one")),
        ] {
            let got = instruments(text).map(|all| {
                let one = |i: &NewInstrument| format!("{} {} {} {}", i.symbol, i.market, i.base, i.quote);
                all.iter().map(one).collect::<Vec<_>>().join(", ")
            });
            match (got, expected) {
                (Ok(got), Ok(expected)) => assert_eq!(got, expected),
                (Err(got), Err(part)) => assert!(got.contains(part), "{got}"),
                (got, _) => panic!("{text}: {got:?}"),
            }
        }
    }
}
