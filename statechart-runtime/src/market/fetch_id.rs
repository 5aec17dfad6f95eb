//! Identity of fetches.

use super::error::{MarketError, cut};
use std::fmt;

/// Identity of a fetch: a UUID as text. Random bits come from the caller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FetchId(String);

impl FetchId {
    /// A version-4 UUID of 128 random bits.
    pub fn from_random(bits: u128) -> Self {
        let bits = (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
        let hex = format!("{bits:032x}");
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        Self([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
    }

    /// Reads an id, e.g. from a URL.
    ///
    /// # Errors
    /// [`MarketError::Record`] unless it is 32 hexadecimal digits grouped 8-4-4-4-12.
    pub fn parse(text: &str) -> Result<Self, MarketError> {
        let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
        let sound = text.len() == 36
            && text
                .bytes()
                .enumerate()
                .all(|(at, b)| if dash(at) { b == b'-' } else { b.is_ascii_hexdigit() });
        if sound {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(MarketError::Record {
                why: format!("`{}` is not a fetch id (a UUID is expected)", cut(text, 40)),
            })
        }
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FetchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
