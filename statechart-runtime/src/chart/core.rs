//! The state of a running machine that the engine works on.

use super::{Configuration, Queue, Ring, Tables, Trigger};
use crate::value::{Fault, Time};

/// Sizes and types of a chart that the engine's state depends on.
pub trait Shape {
    /// Σ and the internal events.
    type Event: Clone + ::core::fmt::Debug;
    /// The active states: [`super::Leaf`] in a chart without parallel states, else [`super::Bits`].
    type Configuration: Configuration;
    /// Events that wait for a state that wants them.
    type Deferred: Queue<Pending<Self::Event>>;
    /// States whose activities start when the macrostep ends.
    type Entered: Queue<u16>;
    /// One cell a timer.
    type Timers: Default + AsRef<[u32]> + AsMut<[u32]>;
    /// One cell an activity.
    type Activities: Default + AsRef<[u32]> + AsMut<[u32]>;
    /// Whether the spec asks for `now`. Where it does not, [`super::Effects::now`] need not read a clock.
    const READS_NOW: bool = true;
}

/// An event with where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending<E> {
    /// The event.
    pub event: E,
    /// The activity and generation that reported it; such an event is dropped once they are gone.
    pub origin: Option<(u16, u32)>,
}

/// An entry of the internal queue.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Internal<E> {
    Event(E),
    Done(u16),
    Fault(Fault),
}

/// Limit of the internal queue; both engines share it.
pub(crate) const INTERNAL_LIMIT: usize = 16;

/// Most states that a chart compiled to Rust may have.
pub(crate) const WORDS: usize = 4;

/// Configuration, queues and generations of one machine.
pub struct Core<S: Shape> {
    pub(crate) active: S::Configuration,
    pub(crate) internal: Ring<Internal<S::Event>, INTERNAL_LIMIT>,
    pub(crate) deferred: S::Deferred,
    pub(crate) entered: S::Entered,
    pub(crate) timers: S::Timers,
    pub(crate) activities: S::Activities,
    pub(crate) generation: u32,
    pub(crate) now: Time,
    pub(crate) done: bool,
}

impl<S: Shape> Default for Core<S> {
    fn default() -> Self {
        Self {
            active: S::Configuration::default(),
            internal: Ring::default(),
            deferred: S::Deferred::default(),
            entered: S::Entered::default(),
            timers: S::Timers::default(),
            activities: S::Activities::default(),
            generation: 0,
            now: Time::default(),
            done: false,
        }
    }
}

impl<S: Shape> Core<S> {
    /// Whether a state is active: `in(state)`.
    #[inline]
    #[must_use]
    pub fn is_in(&self, state: u16) -> bool {
        self.active.contains(state)
    }

    /// The active states in document order.
    pub fn active(&self) -> impl Iterator<Item = u16> + use<S> {
        // `use<S>`: the set is copied, so that the machine can change meanwhile.
        Configuration::iter(self.active)
    }

    /// The time that `now` stands for in this macrostep.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// Whether the machine has reached a final state of its root.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Whether the configuration accepts: a state marked `accept` is active, or the machine is done.
    #[must_use]
    pub fn accepts(&self, tables: &Tables) -> bool {
        self.done
            || self.active().any(|state| tables.states.get(usize::from(state)).is_some_and(|row| row.accept))
    }

    /// Whether the trigger is one that some active state reacts to, guards aside.
    #[must_use]
    pub fn reacts(&self, tables: &Tables, trigger: Trigger) -> bool {
        self.active().any(|state| {
            tables
                .states
                .get(usize::from(state))
                .is_some_and(|row| row.on.iter().any(|(on, _)| *on == trigger))
        })
    }

    /// `raise`: appends an event to the internal queue.
    ///
    /// # Errors
    /// [`Fault::QueueFull`] when the queue is at its limit.
    pub fn raise(&mut self, event: S::Event) -> Result<(), Fault> {
        self.internal
            .push(Internal::Event(event))
            .map_err(|_| Fault::QueueFull { limit: INTERNAL_LIMIT as u32 })
    }
}
