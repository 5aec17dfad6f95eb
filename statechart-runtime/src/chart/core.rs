//! The state of a running machine that the engine works on.

use super::{Bits, Configuration, Leaf, Nesting, Queue, Set, Tables, Trigger};
use crate::value::{Fault, Time};

/// Sizes and types of a chart that the engine's state depends on.
pub trait Shape {
    /// Σ and the internal events.
    type Event: Clone + ::core::fmt::Debug;
    /// What final states and child machines return; `()` where none does.
    type Returned: Clone + ::core::fmt::Debug;
    /// What `compensate` runs; `()` where the chart undoes nothing.
    type Undo: Clone + ::core::fmt::Debug;
    /// The active states: [`super::Leaf`] in a chart without parallel states, else [`super::Bits`].
    type Configuration: Configuration;
    /// What a step leaves and enters: [`super::Bits`] with room for every state.
    type Set: Set;
    /// Events raised inside a macrostep.
    type Internal: Queue<Internal<Self::Event, Self::Returned>>;
    /// Events that wait for a state that wants them.
    type Deferred: Queue<Pending<Self::Event>>;
    /// States whose activities start when the macrostep ends.
    type Entered: Queue<u16>;
    /// One cell a timer: its generation, or zero.
    type Timers: Default + AsRef<[u32]> + AsMut<[u32]>;
    /// One cell a timer: when it elapses, in microseconds.
    type Deadlines: Default + AsRef<[i64]> + AsMut<[i64]>;
    /// One cell an activity.
    type Activities: Default + AsRef<[u32]> + AsMut<[u32]>;
    /// One cell a child machine: its generation, or zero.
    type Children: Default + AsRef<[u32]> + AsMut<[u32]>;
    /// One cell a history state: what was active, once its parent has been left.
    type Histories: Default + AsRef<[Recorded]> + AsMut<[Recorded]>;
    /// What `compensate` would run, the latest last.
    type Undos: Queue<Self::Undo>;
    /// How many raised events and faults may wait at once. [`Shape::Internal`] may have room for more: for the
    /// completions of states, which do not count.
    const RAISED: usize = <Self::Internal as Queue<Internal<Self::Event, Self::Returned>>>::LIMIT;
    /// Whether the spec asks for `now`. Where it does not, [`super::Effects::now`] need not read a clock.
    const READS_NOW: bool = true;
}

/// What a history state stands for, once its parent has been left.
pub type Recorded = Option<Bits<WORDS>>;

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
pub enum Internal<E, R> {
    /// A raised event.
    Event(E),
    /// A state has completed, with what its final state returned.
    Done(u16, Option<R>),
    /// A fault.
    Fault(Fault),
}

/// What guards and actions see of what set them off: `event` in a spec.
#[derive(Debug)]
pub enum Cue<'a, E, R> {
    /// Nothing: an eventless transition, a timer, an entry list.
    None,
    /// An event.
    Event(&'a E),
    /// A completion, with what was returned.
    Done(Option<&'a R>),
    /// A fault.
    Fault(Fault),
}

impl<E, R> Copy for Cue<'_, E, R> {}

impl<E, R> Clone for Cue<'_, E, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E, R> Cue<'_, E, R> {
    /// `event.name`: what it is called, given how events are.
    pub fn name(self, of: fn(&E) -> &'static str) -> &'static str {
        match self {
            Self::None => "",
            Self::Event(event) => of(event),
            Self::Done(_) => "done",
            Self::Fault(_) => "fault",
        }
    }

    /// `event.kind`: what kind of fault it is.
    #[must_use]
    pub fn fault_kind(self) -> &'static str {
        if let Self::Fault(fault) = self { fault.kind() } else { "" }
    }
}

/// An action that undoes another, its arguments evaluated: what generated machines keep for `compensate`.
#[derive(Debug, Clone, PartialEq)]
pub struct Undo<A, O, E, M> {
    /// Which `undo` of the spec, in document order.
    pub index: u16,
    /// What it does.
    pub action: Undoing<A, O, E, M>,
}

/// See [`Undo`].
#[derive(Debug, Clone, PartialEq)]
pub enum Undoing<A, O, E, M> {
    /// An extern action.
    Act(A),
    /// An output.
    Emit(O),
    /// An internal event.
    Raise(E),
    /// A message.
    Send(M),
}

/// Words of what a history records: a chart with histories has at most 256 states.
pub(crate) const WORDS: usize = 4;

/// Configuration, queues and generations of one machine.
pub struct Core<S: Shape> {
    pub(crate) active: S::Configuration,
    pub(crate) internal: S::Internal,
    pub(crate) deferred: S::Deferred,
    pub(crate) entered: S::Entered,
    pub(crate) timers: S::Timers,
    pub(crate) deadlines: S::Deadlines,
    pub(crate) activities: S::Activities,
    pub(crate) children: S::Children,
    pub(crate) histories: S::Histories,
    pub(crate) undos: S::Undos,
    pub(crate) generation: u32,
    pub(crate) now: Time,
    pub(crate) done: bool,
    pub(crate) result: Option<S::Returned>,
}

impl<S: Shape> Default for Core<S> {
    fn default() -> Self {
        Self {
            active: S::Configuration::default(),
            internal: S::Internal::default(),
            deferred: S::Deferred::default(),
            entered: S::Entered::default(),
            timers: S::Timers::default(),
            deadlines: S::Deadlines::default(),
            activities: S::Activities::default(),
            children: S::Children::default(),
            histories: S::Histories::default(),
            undos: S::Undos::default(),
            generation: 0,
            now: Time::default(),
            done: false,
            result: None,
        }
    }
}

/// What generated steps ask of a chart without parallel states.
impl<S: Shape<Configuration = Leaf<S>> + Nesting> Core<S> {
    /// The active leaf as [`Leaf::held`] gives it.
    #[inline(always)]
    #[must_use]
    pub fn held(&self) -> u32 {
        self.active.held()
    }

    /// Makes a leaf the active one.
    #[inline(always)]
    pub fn hold(&mut self, held: u32) {
        self.active.hold(held);
    }
}

impl<S: Shape> Core<S> {
    /// Whether no deferred event waits for the end of a step.
    #[inline(always)]
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.deferred.is_empty()
    }

    /// Sets what `now` stands for in a step.
    #[inline(always)]
    pub fn set_now(&mut self, now: Time) {
        self.now = now;
    }

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

    /// What the final state of the root returned, once the machine is done.
    #[must_use]
    pub fn result(&self) -> Option<&S::Returned> {
        self.result.as_ref()
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

    /// The generation under which a child machine runs.
    #[must_use]
    pub fn child(&self, child: u16) -> Option<u32> {
        self.children.as_ref().get(usize::from(child)).copied().filter(|generation| *generation != 0)
    }

    /// `raise`: appends an event to the internal queue.
    ///
    /// # Errors
    /// [`Fault::QueueFull`] when the queue is at its limit.
    pub fn raise(&mut self, event: S::Event) -> Result<(), Fault> {
        self.queue(Internal::Event(event)).map_err(|_| Self::queue_full())
    }

    /// What is raised joins the internal queue while it may.
    pub(super) fn queue(
        &mut self,
        entry: Internal<S::Event, S::Returned>,
    ) -> Result<(), Internal<S::Event, S::Returned>> {
        if self.internal.len() >= S::RAISED {
            // Seldom: completions wait among what was raised, or the limit is reached.
            let waiting = (0..self.internal.len()).filter_map(|position| self.internal.get(position));
            if waiting.filter(|entry| !matches!(entry, Internal::Done(..))).count() >= S::RAISED {
                return Err(entry);
            }
        }
        self.internal.push(entry)
    }

    /// `undo`: keeps what `compensate` will run.
    ///
    /// # Errors
    /// [`Fault::UndoFull`] when as many are kept as may be.
    pub fn push_undo(&mut self, undo: S::Undo) -> Result<(), Fault> {
        let limit = limit::<S::Undo, S::Undos>();
        self.undos.push(undo).map_err(|_| Fault::UndoFull { limit })
    }

    /// `compensate`: the latest undo.
    pub fn pop_undo(&mut self) -> Option<S::Undo> {
        let latest = self.undos.len().checked_sub(1)?;
        self.undos.take(latest)
    }

    /// `commit`: forgets every undo.
    pub fn forget_undos(&mut self) {
        while self.undos.pop().is_some() {}
    }

    pub(super) fn queue_full() -> Fault {
        Fault::QueueFull { limit: u32::try_from(S::RAISED).unwrap_or(u32::MAX) }
    }

    pub(super) fn deferred_full() -> Fault {
        Fault::DeferredFull { limit: limit::<Pending<S::Event>, S::Deferred>() }
    }
}

fn limit<T, Q: Queue<T>>() -> u32 {
    u32::try_from(Q::LIMIT).unwrap_or(u32::MAX)
}
