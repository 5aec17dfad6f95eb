//! `Text`: a string that is cheap to copy.

use ::core::{cmp::Ordering, fmt, hash, ops::Deref};
#[cfg(feature = "alloc")]
use alloc::sync::Arc;

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

#[cfg(feature = "alloc")]
impl Text {
    /// Joins two texts; allocates.
    #[must_use]
    pub fn concat(&self, other: &str) -> Self {
        let mut joined = alloc::string::String::with_capacity(self.len() + other.len());
        joined.push_str(self);
        joined.push_str(other);
        Self::from(joined)
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
