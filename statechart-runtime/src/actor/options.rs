//! How an actor is set up: names, limits, clock, and where its messages go.

use std::{
    fmt,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use super::{Inspector, Shutdown, Undelivered};
use crate::{chart::Chart, value::Time};

/// Where outputs go besides the subscribers.
pub(super) type Sink<O> = Box<dyn FnMut(&O) + Send>;

/// The set-up of one actor; [`Options::default`] is enough for a machine without peers.
pub struct Options<C: Chart> {
    /// The machine's, where none was given.
    pub(super) name: Option<Arc<str>>,
    pub(super) mailbox: usize,
    pub(super) outputs: usize,
    pub(super) asks: usize,
    pub(super) delayed: usize,
    pub(super) recent: usize,
    pub(super) clock: Clock,
    pub(super) inspector: Option<Inspector>,
    pub(super) shutdown: Option<Shutdown>,
    pub(super) on_service_panic: ServicePanic,
    pub(super) peers: Option<Box<dyn Peers<C::Message>>>,
    pub(super) sink: Option<Sink<C::Output>>,
}

/// Performs a machine's `send`: gives the message to the peer that it is for. Called from the actor's
/// loop, so it must not wait; [`super::Handle::deliver`] is the usual body.
pub trait Peers<M>: Send {
    /// Delivers one message.
    ///
    /// # Errors
    /// [`Undelivered`] says why the peer did not get it; the machine then sees a fault.
    fn deliver(&mut self, message: M) -> Result<(), Undelivered>;
}

impl<M, F: FnMut(M) -> Result<(), Undelivered> + Send> Peers<M> for F {
    fn deliver(&mut self, message: M) -> Result<(), Undelivered> {
        self(message)
    }
}

/// What a panic in a service means for its actor. It is reported in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServicePanic {
    /// The actor has failed: a supervised one is restarted, any other ends.
    #[default]
    Fail,
    /// The machine goes on and sees a fault; the service reports no result.
    Fault,
}

/// Where `now` comes from.
#[derive(Clone)]
pub struct Clock(Reading);

/// The system's clock, the usual one, needs no allocation.
#[derive(Clone)]
enum Reading {
    System,
    Own(Arc<dyn Fn() -> Time + Send + Sync>),
}

impl Clock {
    /// A clock of the caller's.
    pub fn new(read: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        Self(Reading::Own(Arc::new(read)))
    }

    /// The system's wall clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Reading::System)
    }

    /// A clock that shows `start` now and advances with Tokio's, which tests can pause.
    #[must_use]
    pub fn tokio(start: Time) -> Self {
        let origin = tokio::time::Instant::now();
        Self::new(move || {
            let passed_us = i64::try_from(origin.elapsed().as_micros()).unwrap_or(i64::MAX);
            Time(start.0.saturating_add(passed_us))
        })
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        match &self.0 {
            Reading::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Time(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Reading::Own(read) => read(),
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

impl<C: Chart> Default for Options<C> {
    fn default() -> Self {
        Self {
            name: None,
            mailbox: 1024,
            outputs: 256,
            asks: 1024,
            delayed: 1024,
            recent: 32,
            clock: Clock::system(),
            inspector: None,
            shutdown: None,
            on_service_panic: ServicePanic::default(),
            peers: None,
            sink: None,
        }
    }
}

impl<C: Chart> Options<C> {
    /// The name in logs, inspection events and errors. Default: the machine's.
    #[must_use]
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How many events the mailbox holds. As many again may be under way: the loop takes all there are at
    /// once; and as many that the machine sends to itself while it is full. At least 1; default 1024.
    #[must_use]
    pub fn mailbox(mut self, limit: usize) -> Self {
        self.mailbox = limit.max(1);
        self
    }

    /// How many outputs are kept for a subscriber that lags. At least 1; default 256.
    #[must_use]
    pub fn outputs(mut self, limit: usize) -> Self {
        self.outputs = limit.max(1);
        self
    }

    /// How many asks may wait for their answer. Default 1024.
    #[must_use]
    pub fn asks(mut self, limit: usize) -> Self {
        self.asks = limit;
        self
    }

    /// How many sends with a delay may be under way. Default 1024.
    #[must_use]
    pub fn delayed(mut self, limit: usize) -> Self {
        self.delayed = limit;
        self
    }

    /// How many configurations [`super::Handle::path`] remembers. At least 1; default 32.
    #[must_use]
    pub fn recent(mut self, limit: usize) -> Self {
        self.recent = limit.max(1);
        self
    }

    /// What the machine's `now` reads. Default: the system's clock. Timers run on Tokio's. Events that are
    /// processed together, at most 64, see one reading.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Where inspection events go. Default: nowhere.
    #[must_use]
    pub fn inspector(mut self, inspector: &Inspector) -> Self {
        self.inspector = Some(inspector.clone());
        self
    }

    /// A token that stops the actor with others.
    #[must_use]
    pub fn shutdown(mut self, shutdown: &Shutdown) -> Self {
        self.shutdown = Some(shutdown.clone());
        self
    }

    /// What a panic in a service means. Default: the actor has failed.
    #[must_use]
    pub fn on_service_panic(mut self, decision: ServicePanic) -> Self {
        self.on_service_panic = decision;
        self
    }

    /// Where the machine's messages go: a closure over the peers' handles, or any [`Peers`].
    #[must_use]
    pub fn peers(mut self, peers: impl Peers<C::Message> + 'static) -> Self {
        self.peers = Some(Box::new(peers));
        self
    }

    /// Sees every output as it is emitted, before subscribers do and without loss. Called from the
    /// actor's loop, so it must not wait.
    #[must_use]
    pub fn on_output(mut self, sink: impl FnMut(&C::Output) + Send + 'static) -> Self {
        self.sink = Some(Box::new(sink));
        self
    }
}

impl<C: Chart> fmt::Debug for Options<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("name", &self.name)
            .field("mailbox", &self.mailbox)
            .field("outputs", &self.outputs)
            .field("asks", &self.asks)
            .field("delayed", &self.delayed)
            .field("recent", &self.recent)
            .field("on_service_panic", &self.on_service_panic)
            .finish_non_exhaustive()
    }
}
