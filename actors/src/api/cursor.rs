//! Cursors: where a list of candles goes on. Opaque to callers, and checked so that a damaged one is noticed.
//!
//! A cursor holds what remains of the range, not a place in some server's memory: it stays good across restarts.

use super::fnv::Fnv;
use statechart_runtime::market::{Interval, TimeRange, is_valid_symbol};

/// The direction of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Oldest first.
    Asc,
    /// Newest first.
    Desc,
}

impl Order {
    pub(super) const ALL: [Order; 2] = [Order::Asc, Order::Desc];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Order::Asc => "asc",
            Order::Desc => "desc",
        }
    }
}

/// The rest of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) symbol: String,
    pub(super) interval: Interval,
    pub(super) order: Order,
    /// Start of what remains, µs.
    pub(super) from_us: i64,
    /// End of what remains, µs; `None` for "now", which moves.
    pub(super) to_us: Option<i64>,
}

impl Cursor {
    /// The cursor as a text of hexadecimal digits.
    pub(super) fn encode(&self) -> String {
        let to = self.to_us.map_or_else(|| "-".to_owned(), |to_us| to_us.to_string());
        let text = format!("1|{}|{}|{}|{}|{to}", self.symbol, self.interval, self.order.name(), self.from_us);
        let bytes = text.bytes().chain(check(text.as_bytes()));
        bytes.map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads [`Cursor::encode`] back; `None` for anything else.
    pub(super) fn decode(text: &str) -> Option<Cursor> {
        if text.len() > MAX_TEXT || !text.len().is_multiple_of(2) {
            return None;
        }
        let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
        let bytes: Vec<u8> = digits
            .chunks_exact(2)
            .map(|pair| u8::try_from(pair.iter().fold(0, |sum, digit| sum * 16 + digit)).ok())
            .collect::<Option<_>>()?;
        let (body, check) = bytes.split_at_checked(bytes.len().checked_sub(CHECK_BYTES)?)?;
        if self::check(body) != check {
            return None;
        }
        let fields: Vec<&str> = str::from_utf8(body).ok()?.split('|').collect();
        let ["1", symbol, interval, order, from, to] = fields.as_slice() else { return None };
        let cursor = Cursor {
            symbol: (*symbol).to_owned(),
            interval: interval.parse().ok()?,
            order: Order::ALL.into_iter().find(|one| one.name() == *order)?,
            from_us: from.parse().ok()?,
            to_us: if *to == "-" { None } else { Some(to.parse().ok()?) },
        };
        let sound = is_valid_symbol(symbol)
            && TimeRange::new(cursor.from_us, cursor.to_us.unwrap_or(i64::MAX)).is_ok();
        sound.then_some(cursor)
    }
}

const CHECK_BYTES: usize = 4;

/// The low end of the hash: there every single changed byte shows.
fn check(body: &[u8]) -> [u8; CHECK_BYTES] {
    let low = Fnv::of(body) & u128::from(u32::MAX);
    u32::try_from(low).unwrap_or_default().to_be_bytes()
}

/// Twice the longest text that [`Cursor::encode`] makes, rounded up.
const MAX_TEXT: usize = 256;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_damage_is_noticed() {
        for (order, to_us) in [(Order::Asc, None), (Order::Desc, Some(1_514_764_800_000_000))] {
            let cursor = Cursor {
                symbol: "A-VERY_LONG.SYMBOL-OF-32-LETTERS".into(),
                interval: Interval::M15,
                order,
                from_us: 1_514_764_740_000_000,
                to_us,
            };
            let text = cursor.encode();
            assert!(text.len() <= MAX_TEXT);
            assert_eq!(Cursor::decode(&text), Some(cursor.clone()));
            assert_eq!(Cursor::decode(&text.to_uppercase()), Some(cursor));
            for at in 0..text.len() {
                let mut bytes = text.clone().into_bytes();
                bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
                assert_eq!(Cursor::decode(&String::from_utf8(bytes).unwrap()), None, "{at}");
            }
            assert_eq!(Cursor::decode(&text[2..]), None);
            assert_eq!(Cursor::decode(&text[1..]), None);
        }
        for text in ["", "00", "zz", "é", "0000000000", &"0".repeat(300)] {
            assert_eq!(Cursor::decode(text), None, "{text}");
        }
    }
}
