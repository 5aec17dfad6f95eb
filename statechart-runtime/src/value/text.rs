//! `Text`: a string that is cheap to copy.

use ::core::{cmp::Ordering, fmt, hash, ops::Deref};
#[cfg(feature = "alloc")]
use alloc::sync::Arc;

#[cfg(feature = "alloc")]
use super::Fault;

/// A static or shared string: cloning, assigning and emitting never allocate. Without the feature `alloc`
/// there are static ones only.
#[derive(Clone)]
pub enum Text {
    /// A literal.
    Static(&'static str),
    /// Anything made at run time.
    #[cfg(feature = "alloc")]
    Shared(Arc<str>),
}

/// Most bytes of a text that a spec joins with `+`.
#[cfg(feature = "alloc")]
pub const TEXT_LIMIT: usize = 1 << 20;

#[cfg(feature = "alloc")]
impl Text {
    /// Joins two texts; allocates.
    ///
    /// # Errors
    /// [`Fault::TextTooLong`] when together they have more than [`TEXT_LIMIT`] bytes.
    pub fn concat(&self, other: &str) -> Result<Self, Fault> {
        if self.len() + other.len() > TEXT_LIMIT {
            return Err(Fault::TextTooLong);
        }
        let mut joined = alloc::string::String::with_capacity(self.len() + other.len());
        joined.push_str(self);
        joined.push_str(other);
        Ok(Self::from(joined))
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        match self {
            Self::Static(text) => text,
            #[cfg(feature = "alloc")]
            Self::Shared(text) => text,
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::Static("")
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self::Static(text)
    }
}

#[cfg(feature = "alloc")]
impl From<alloc::string::String> for Text {
    fn from(text: alloc::string::String) -> Self {
        Self::Shared(text.into())
    }
}

#[cfg(feature = "alloc")]
impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Self {
        Self::Shared(text)
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
impl Eq for Text {}
impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}
impl hash::Hash for Text {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

#[cfg(feature = "snapshot")]
impl serde::Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

#[cfg(feature = "snapshot")]
impl<'de> serde::Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        alloc::string::String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;

    #[test]
    fn joined_texts_have_a_limit() {
        let half = Text::from(alloc::string::String::from("é").repeat(TEXT_LIMIT / 4));
        let whole = half.concat(&half).expect("it fits");
        assert_eq!(whole.len(), TEXT_LIMIT);
        assert_eq!(whole.concat(""), Ok(whole.clone()));
        assert_eq!(whole.concat("x"), Err(Fault::TextTooLong));
    }
}
