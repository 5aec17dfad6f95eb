//! Trades and their order.

use super::decimal::canonical;
use super::error::MarketError;
use rust_decimal::Decimal;
use smol_str::SmolStr;

/// One execution on the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// Symbol of the instrument, e.g. `BTCUSD`.
    pub symbol: SmolStr,
    /// When the exchange executed it, µs.
    pub time_us: i64,
    /// The exchange's id of it, unique per instrument and time; for recordings without ids the line number.
    pub id: SmolStr,
    /// Price in the quote currency, > 0.
    pub price: Decimal,
    /// Amount of the base currency, > 0.
    pub size: Decimal,
    /// Side of the taker.
    pub side: Side,
    /// When we received it, µs of our wall clock (only for latency; never for market logic).
    pub received_us: i64,
    /// How we learned of it.
    pub origin: TradeOrigin,
}

impl Trade {
    /// The trade's place in the order of all trades of its instrument, and its identity.
    pub fn ord(&self) -> TradeOrd {
        TradeOrd::new(self.time_us, &self.id)
    }

    /// Checks the limits within which all sums stay exact.
    ///
    /// # Errors
    /// As [`check_exact`].
    pub fn check(&self) -> Result<(), MarketError> {
        check_exact(self.price, self.size)
    }
}

/// Which side took liquidity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The taker bought.
    Buy,
    /// The taker sold.
    Sell,
    /// The exchange did not say.
    Unknown,
}

impl Side {
    /// `B`, `S` or `?`, as records write it.
    pub const fn letter(self) -> &'static str {
        match self {
            Side::Buy => "B",
            Side::Sell => "S",
            Side::Unknown => "?",
        }
    }

    /// The side of a record's letter.
    pub fn from_letter(letter: &str) -> Option<Self> {
        [Side::Buy, Side::Sell, Side::Unknown].into_iter().find(|side| side.letter() == letter)
    }

    /// 1 buy, 2 sell, 0 unknown, as tables write it.
    pub const fn code(self) -> i64 {
        match self {
            Side::Unknown => 0,
            Side::Buy => 1,
            Side::Sell => 2,
        }
    }

    /// The side of a table's code; anything else is unknown.
    pub const fn from_code(code: i64) -> Self {
        match code {
            1 => Side::Buy,
            2 => Side::Sell,
            _ => Side::Unknown,
        }
    }
}

/// How a trade came to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TradeOrigin {
    /// The WebSocket stream (`ws`).
    Socket,
    /// The trade-history endpoint, or a recording (`hist`).
    History,
}

impl TradeOrigin {
    /// `ws` or `hist`, as records write it.
    pub const fn name(self) -> &'static str {
        match self {
            TradeOrigin::Socket => "ws",
            TradeOrigin::History => "hist",
        }
    }

    /// The origin of a record's name.
    pub fn from_name(name: &str) -> Option<Self> {
        [TradeOrigin::Socket, TradeOrigin::History].into_iter().find(|origin| origin.name() == name)
    }

    /// 1 socket, 2 history, as tables write it.
    pub const fn code(self) -> i64 {
        match self {
            TradeOrigin::Socket => 1,
            TradeOrigin::History => 2,
        }
    }

    /// The origin of a table's code.
    pub const fn from_code(code: i64) -> Self {
        match code {
            2 => TradeOrigin::History,
            _ => TradeOrigin::Socket,
        }
    }
}

/// Total order of one instrument's trades: time, then numeric ids by value, then other ids by their UTF-8 bytes.
///
/// [`TradeOrd::to_bytes`] has the same order bytewise, so that databases sort alike: big-endian `u64` µs, then `01` and
/// the id as big-endian `u64`, or `02` and the id's text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TradeOrd {
    time_us: u64,
    tie: Tie,
}

/// Breaks ties within a microsecond. The derived order is the bytewise one: numbers before text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Tie {
    Number(u64),
    Text(Box<str>),
}

impl TradeOrd {
    /// The key of a trade; times before 1970 count as 1970 (the exchange has none).
    pub fn new(time_us: i64, id: &str) -> Self {
        // Only a number that prints back as the same text may become one: the id is recovered from the key.
        let plain = !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_digit())
            && (id == "0" || !id.starts_with('0'));
        let tie = match if plain { id.parse().ok() } else { None } {
            Some(number) => Tie::Number(number),
            None => Tie::Text(id.into()),
        };
        Self { time_us: u64::try_from(time_us).unwrap_or(0), tie }
    }

    /// The time inside the key, µs.
    pub fn time_us(&self) -> i64 {
        i64::try_from(self.time_us).unwrap_or(i64::MAX)
    }

    /// The trade's id inside the key.
    pub fn id(&self) -> String {
        match &self.tie {
            Tie::Number(number) => number.to_string(),
            Tie::Text(text) => text.to_string(),
        }
    }

    /// The key as bytes that sort like the key.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(17);
        self.write(&mut bytes);
        bytes
    }

    /// Appends [`TradeOrd::to_bytes`].
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.time_us.to_be_bytes());
        match &self.tie {
            Tie::Number(number) => {
                out.push(1);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Tie::Text(text) => {
                out.push(2);
                out.extend_from_slice(text.as_bytes());
            }
        }
    }

    /// Reads [`TradeOrd::to_bytes`] back.
    ///
    /// # Errors
    /// [`MarketError::OrdKey`] when the bytes are none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MarketError> {
        let bad = |why| MarketError::OrdKey {
            hex: bytes.iter().take(32).map(|byte| format!("{byte:02x}")).collect(),
            why,
        };
        let (time, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| bad("shorter than a time"))?;
        let tie = match rest.split_first() {
            Some((1, number)) => {
                Tie::Number(u64::from_be_bytes(number.try_into().map_err(|_| bad("the id is not 8 bytes"))?))
            }
            Some((2, text)) => {
                Tie::Text(str::from_utf8(text).map_err(|_| bad("the id is not UTF-8"))?.into())
            }
            _ => return Err(bad("no id")),
        };
        Ok(Self { time_us: u64::from_be_bytes(*time), tie })
    }
}

/// Digits of the largest `price × size`, counted from its last decimal: three less than a [`Decimal`] holds, so that a
/// thousand of the largest still add up exactly. What goes beyond is found when it is summed.
const PRODUCT_DIGITS: u32 = 25;

/// Checks that `price × size` is exact and leaves room for sums.
///
/// # Errors
/// [`MarketError::Inexact`] when scale(price)+scale(size) > 16, when the product has more than 25 digits, or when
/// either is not > 0.
pub fn check_exact(price: Decimal, size: Decimal) -> Result<(), MarketError> {
    let bad = |why| Err(MarketError::Inexact { price: canonical(price), size: canonical(size), why });
    let (price_mantissa, size_mantissa) = (price.mantissa(), size.mantissa());
    if price_mantissa <= 0 {
        return bad("the price is not above zero");
    }
    if size_mantissa <= 0 {
        return bad("the size is not above zero");
    }
    // Nearly all are this short, and their product cannot overflow.
    let product = match (i64::try_from(price_mantissa), i64::try_from(size_mantissa)) {
        (Ok(price), Ok(size)) => Some(i128::from(price) * i128::from(size)),
        _ => price_mantissa.checked_mul(size_mantissa),
    };
    // Trailing zeros only add digits: who is within the limits with them is within them.
    if price.scale() + size.scale() <= 16
        && product.is_some_and(|product| product < 10_i128.pow(PRODUCT_DIGITS))
    {
        return Ok(());
    }
    let (price_digits, size_digits) = (price.normalize(), size.normalize());
    if price_digits.scale() + size_digits.scale() > 16 {
        return bad("more than 16 decimals in the product");
    }
    match price_digits.mantissa().checked_mul(size_digits.mantissa()) {
        Some(product) if product < 10_i128.pow(PRODUCT_DIGITS) => Ok(()),
        _ => bad("the product has more than 25 digits"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::market::parse_decimal;
    use proptest::prelude::*;

    #[test]
    fn order_is_bytewise_and_ids_come_back() {
        let keys =
            ["0", "1", "9", "10", "18446744073709551615", "", "007", "18446744073709551616", "a", "b", "é"];
        let keys: Vec<_> = keys.iter().map(|id| (id, TradeOrd::new(5, id))).collect();
        for pair in keys.windows(2) {
            assert!(pair[0].1 < pair[1].1, "{} {}", pair[0].0, pair[1].0);
            assert!(pair[0].1.to_bytes() < pair[1].1.to_bytes());
        }
        for (id, key) in keys {
            let back = TradeOrd::from_bytes(&key.to_bytes()).unwrap();
            assert_eq!((&back, back.id().as_str(), back.time_us()), (&key, *id, 5));
        }
        for bad in [
            &[][..],
            &[0; 8],
            &[0, 0, 0, 0, 0, 0, 0, 1, 1, 9],
            &[0, 0, 0, 0, 0, 0, 0, 1, 3],
            &[0, 0, 0, 0, 0, 0, 0, 1, 2, 0xff],
        ] {
            assert!(TradeOrd::from_bytes(bad).is_err());
        }
    }

    #[test]
    fn exactness_limits() {
        for (price, size, ok) in [
            ("13715.65", "0.5", true),
            ("0.00000001", "0.00000001", true),
            ("0.000000001", "0.00000001", false),
            ("0.10000000", "0.1000000000000", true),
            ("999999999.99999999", "0.99999999", true),
            ("999999999.99999999", "100.00000001", false),
            ("14000.5", "5000000", true),
            ("1000000000000", "1000000000001", true),
            ("10000000000001", "1000000000001", false),
            ("0", "1", false),
            ("1", "0", false),
            ("1", "-1", false),
            ("79228162514264337593543950335", "2", false),
        ] {
            let (price, size) = (parse_decimal(price).unwrap(), parse_decimal(size).unwrap());
            assert_eq!(check_exact(price, size).is_ok(), ok, "{price} {size}");
        }
    }

    proptest! {
        #[test]
        fn bytes_sort_like_keys(a in (0i64..3, "[0-9a]{0,3}"), b in (0i64..3, "[0-9a]{0,3}")) {
            let (a, b) = (TradeOrd::new(a.0, &a.1), TradeOrd::new(b.0, &b.1));
            prop_assert_eq!(a.cmp(&b), a.to_bytes().cmp(&b.to_bytes()));
        }
    }
}
