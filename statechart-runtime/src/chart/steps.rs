//! What a generated machine offers besides [`super::Chart`] where its steps can be recorded.
//!
//! The code that `statechart!` generates cannot see which features this crate is built with, so it calls a
//! macro of this crate, and the features decide what the macro becomes.

/// `start`, `step` and `step_at` of a generated machine, each of which returns a [`super::Step`].
#[cfg(feature = "alloc")]
#[doc(hidden)]
#[macro_export]
macro_rules! recorded_steps {
    ($machine:ident, $event:ident, $externs:ident) => {
        impl<X: $externs> $machine<X> {
            /// Enters the initial configuration; the first step does it where this was not called.
            pub fn start(&mut self) -> $crate::chart::Step<Self> {
                $crate::chart::Step::record(self, $crate::value::Time(0), ::core::option::Option::None)
            }

            /// Runs one event to completion and returns what it did, at time zero.
            pub fn step(&mut self, event: $event) -> $crate::chart::Step<Self> {
                self.step_at($crate::value::Time(0), $crate::chart::Input::Event(event))
            }

            /// Runs one input at a time of the caller's.
            pub fn step_at(
                &mut self,
                now: $crate::value::Time,
                input: $crate::chart::Input<$event, <Self as $crate::chart::Chart>::Returned>,
            ) -> $crate::chart::Step<Self> {
                $crate::chart::Step::record(self, now, ::core::option::Option::Some(input))
            }
        }
    };
}

/// Nothing: a [`super::Chart`] is stepped with effects of its user's own.
#[cfg(not(feature = "alloc"))]
#[doc(hidden)]
#[macro_export]
macro_rules! recorded_steps {
    ($machine:ident, $event:ident, $externs:ident) => {};
}
