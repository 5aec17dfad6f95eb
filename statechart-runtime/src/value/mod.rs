//! The values of the spec language, and their total arithmetic.

mod ops;
mod text;
#[cfg(not(feature = "alloc"))]
mod unallocated;

pub use ops::{Arithmetic, count, item, len};
#[cfg(feature = "alloc")]
pub use text::TEXT_LIMIT;
pub use text::Text;
#[cfg(not(feature = "alloc"))]
pub use unallocated::{Allocated, List};

/// `[T]` of the spec language. Needs the feature `alloc`.
#[cfg(feature = "alloc")]
pub type List<T> = alloc::vec::Vec<T>;

use ::core::fmt;

/// A point in time: microseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "snapshot", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Time(pub i64);

/// A span of time in microseconds; negative when it runs backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "snapshot", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Duration(pub i64);

impl Duration {
    /// The span as the standard library's type; a negative one is zero.
    #[must_use]
    pub fn to_std(self) -> ::core::time::Duration {
        ::core::time::Duration::from_micros(u64::try_from(self.0).unwrap_or(0))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}us", self.0)
    }
}

impl fmt::Display for Duration {
    /// The largest unit that divides the span, as a spec would spell it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(i64, &str); 5] =
            [(3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s"), (1_000, "ms"), (1, "us")];
        let unit = UNITS.iter().find(|(size, _)| self.0 != 0 && self.0 % size == 0);
        let (size, name) = unit.copied().unwrap_or((1_000_000, "s"));
        write!(f, "{}{name}", self.0 / size)
    }
}

/// What can go wrong inside a step. A fault aborts its action block and raises `fault`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// An Int left the range of 64 bits.
    Overflow,
    /// `/` or `%` by zero.
    DivisionByZero,
    /// A Float result is infinite or not a number.
    NonFinite,
    /// A text joined of two is longer than 1 MiB.
    TextTooLong,
    /// A value is used that is not there; a checked machine never comes to that.
    NoValue,
    /// The internal queue is full.
    QueueFull {
        /// How many events it holds.
        limit: u32,
    },
    /// Too many events are deferred.
    DeferredFull {
        /// How many events are kept.
        limit: u32,
    },
    /// A macrostep did not end.
    Microsteps {
        /// How many microsteps it may take.
        limit: u32,
    },
    /// The `for`s of a macrostep took too many turns.
    Turns {
        /// How many they may take together.
        limit: u32,
    },
    /// A message could not be delivered: its peer does not take it, or its child does not run.
    Undelivered,
    /// A service panicked, so that it will not report a result.
    ServicePanicked,
    /// More actions wait to be undone than the machine may keep.
    UndoFull {
        /// How many are kept.
        limit: u32,
    },
    /// A child machine failed, so that it will not complete.
    Child,
}

impl Fault {
    /// The name under which `event.kind` of `on fault` and reports tell of it.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Overflow => "overflow",
            Self::DivisionByZero => "division_by_zero",
            Self::NonFinite => "not_finite",
            Self::TextTooLong => "text_too_long",
            Self::NoValue => "no_value",
            Self::QueueFull { .. } => "queue_full",
            Self::DeferredFull { .. } => "deferred_full",
            Self::Microsteps { .. } => "microsteps",
            Self::Turns { .. } => "turns",
            Self::Undelivered => "undelivered",
            Self::ServicePanicked => "service_panicked",
            Self::UndoFull { .. } => "undo_full",
            Self::Child => "child",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overflow => write!(f, "an Int result does not fit 64 bits"),
            Self::DivisionByZero => write!(f, "division by zero"),
            Self::NonFinite => write!(f, "a Float result is not finite"),
            Self::TextTooLong => write!(f, "a joined text is longer than 1 MiB"),
            Self::NoValue => write!(f, "a value is used that is none"),
            Self::QueueFull { limit } => {
                write!(f, "the internal queue is full: more than {limit} events were raised in one macrostep")
            }
            Self::DeferredFull { limit } => write!(f, "more than {limit} events are deferred"),
            Self::Microsteps { limit } => write!(f, "the macrostep did not end within {limit} microsteps"),
            Self::Turns { limit } => write!(f, "the `for`s of the macrostep took more than {limit} turns"),
            Self::Undelivered => write!(f, "a message could not be delivered"),
            Self::ServicePanicked => write!(f, "a service panicked and reports no result"),
            Self::UndoFull { limit } => write!(f, "more than {limit} actions wait to be undone"),
            Self::Child => write!(f, "a child machine failed and does not complete"),
        }
    }
}

impl ::core::error::Error for Fault {}
