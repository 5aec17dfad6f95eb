//! What stands in for lists and joined texts where there is no allocator: it compiles for no machine, and
//! says why.

use ::core::{convert::Infallible, fmt, marker::PhantomData, ops::Deref};

use super::{Fault, Text};

/// Implemented by nothing, so that whatever asks for it is a compile error with these words.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this machine needs an allocator, and statechart-runtime is built without one",
    label = "a list, or texts joined with `+`, in the spec",
    note = "enable the feature `alloc` of statechart-runtime (and declare a `#[global_allocator]` where there is no `std`), \
            or keep lists and `+` on Text out of the spec"
)]
pub trait Allocated: Sized {
    /// Nothing can be given.
    const NEVER: Infallible;
}

/// A list that cannot be made.
#[doc(hidden)]
pub struct List<T: Allocated> {
    never: Infallible,
    item: PhantomData<T>,
}

impl<T: Allocated> Deref for List<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        match self.never {}
    }
}

impl<T: Allocated> Clone for List<T> {
    fn clone(&self) -> Self {
        match self.never {}
    }
}

impl<T: Allocated> fmt::Debug for List<T> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.never {}
    }
}

impl<T: Allocated> PartialEq for List<T> {
    fn eq(&self, _: &Self) -> bool {
        match self.never {}
    }
}

impl<T: Allocated> Default for List<T> {
    fn default() -> Self {
        match T::NEVER {}
    }
}

impl<T: Allocated, const N: usize> From<[T; N]> for List<T> {
    fn from(_: [T; N]) -> Self {
        match T::NEVER {}
    }
}

impl Text {
    /// Cannot be called.
    ///
    /// # Errors
    /// None.
    #[doc(hidden)]
    pub fn concat<T: Allocated>(&self, _: &T) -> Result<Self, Fault> {
        match T::NEVER {}
    }
}
