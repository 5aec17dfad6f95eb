//! Arithmetic that reports faults instead of panicking or wrapping.

use super::{Duration, Fault, Text, Time};

/// The operators `+ - * / %` and unary minus of the spec language on one type.
pub trait Arithmetic<Rhs = Self>: Sized {
    /// The type of the result.
    type Output;
    /// `a + b`.
    ///
    /// # Errors
    /// [`Fault::Overflow`] or [`Fault::NonFinite`].
    fn plus(self, rhs: Rhs) -> Result<Self::Output, Fault>;
    /// `a - b`.
    ///
    /// # Errors
    /// [`Fault::Overflow`] or [`Fault::NonFinite`].
    fn minus(self, rhs: Rhs) -> Result<Self::Output, Fault>;
    /// `a * b`.
    ///
    /// # Errors
    /// [`Fault::Overflow`] or [`Fault::NonFinite`].
    fn times(self, rhs: Rhs) -> Result<Self::Output, Fault>;
    /// `a / b`, truncating towards zero on Int.
    ///
    /// # Errors
    /// [`Fault::DivisionByZero`], [`Fault::Overflow`] or [`Fault::NonFinite`].
    fn over(self, rhs: Rhs) -> Result<Self::Output, Fault>;
    /// `a % b`; the sign follows the dividend.
    ///
    /// # Errors
    /// [`Fault::DivisionByZero`], [`Fault::Overflow`] or [`Fault::NonFinite`].
    fn modulo(self, rhs: Rhs) -> Result<Self::Output, Fault>;
}

impl Arithmetic for i64 {
    type Output = Self;
    fn plus(self, rhs: Self) -> Result<Self, Fault> {
        self.checked_add(rhs).ok_or(Fault::Overflow)
    }
    fn minus(self, rhs: Self) -> Result<Self, Fault> {
        self.checked_sub(rhs).ok_or(Fault::Overflow)
    }
    fn times(self, rhs: Self) -> Result<Self, Fault> {
        self.checked_mul(rhs).ok_or(Fault::Overflow)
    }
    fn over(self, rhs: Self) -> Result<Self, Fault> {
        if rhs == 0 { Err(Fault::DivisionByZero) } else { self.checked_div(rhs).ok_or(Fault::Overflow) }
    }
    fn modulo(self, rhs: Self) -> Result<Self, Fault> {
        if rhs == 0 { Err(Fault::DivisionByZero) } else { self.checked_rem(rhs).ok_or(Fault::Overflow) }
    }
}

fn finite(value: f64) -> Result<f64, Fault> {
    if value.is_finite() { Ok(value) } else { Err(Fault::NonFinite) }
}

impl Arithmetic for f64 {
    type Output = Self;
    fn plus(self, rhs: Self) -> Result<Self, Fault> {
        finite(self + rhs)
    }
    fn minus(self, rhs: Self) -> Result<Self, Fault> {
        finite(self - rhs)
    }
    fn times(self, rhs: Self) -> Result<Self, Fault> {
        finite(self * rhs)
    }
    fn over(self, rhs: Self) -> Result<Self, Fault> {
        if rhs == 0.0 { Err(Fault::DivisionByZero) } else { finite(self / rhs) }
    }
    fn modulo(self, rhs: Self) -> Result<Self, Fault> {
        if rhs == 0.0 { Err(Fault::DivisionByZero) } else { finite(self % rhs) }
    }
}

macro_rules! on_micros {
    ($left:ty, $right:ty, $output:ident) => {
        impl Arithmetic<$right> for $left {
            type Output = $output;
            fn plus(self, rhs: $right) -> Result<$output, Fault> {
                self.0.plus(rhs.0).map($output)
            }
            fn minus(self, rhs: $right) -> Result<$output, Fault> {
                self.0.minus(rhs.0).map($output)
            }
            fn times(self, rhs: $right) -> Result<$output, Fault> {
                self.0.times(rhs.0).map($output)
            }
            fn over(self, rhs: $right) -> Result<$output, Fault> {
                self.0.over(rhs.0).map($output)
            }
            fn modulo(self, rhs: $right) -> Result<$output, Fault> {
                self.0.modulo(rhs.0).map($output)
            }
        }
    };
}

// The checker admits `Time ± Duration`, `Time - Time`, `Duration ± Duration` only; the other
// operators of these impls are unreachable from a spec.
on_micros!(Time, Duration, Time);
on_micros!(Time, Time, Duration);
on_micros!(Duration, Duration, Duration);

/// `Duration * Int` and `Duration / Int`.
impl Arithmetic<i64> for Duration {
    type Output = Self;
    fn plus(self, rhs: i64) -> Result<Self, Fault> {
        self.0.plus(rhs).map(Self)
    }
    fn minus(self, rhs: i64) -> Result<Self, Fault> {
        self.0.minus(rhs).map(Self)
    }
    fn times(self, rhs: i64) -> Result<Self, Fault> {
        self.0.times(rhs).map(Self)
    }
    fn over(self, rhs: i64) -> Result<Self, Fault> {
        self.0.over(rhs).map(Self)
    }
    fn modulo(self, rhs: i64) -> Result<Self, Fault> {
        self.0.modulo(rhs).map(Self)
    }
}

/// `list[index]`: none when the index is outside the list.
pub fn item<T: Clone>(list: &[T], index: i64) -> Option<T> {
    list.get(usize::try_from(index).ok()?).cloned()
}

/// `len(text)`, in characters.
#[must_use]
pub fn len(text: &Text) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// `len(list)`.
#[must_use]
pub fn count<T>(list: &[T]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}
