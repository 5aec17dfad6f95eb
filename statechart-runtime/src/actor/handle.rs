//! The typed way to reach a running actor.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    sync::{broadcast, watch},
    time::Instant,
};

use super::{
    Actor, ActorRef, AskError, Snapshot, Status, StopReason, TellError, Undelivered, ask,
    mailbox::Refused,
    shared::{Item, Shared, Signal},
};

/// Reaches one actor; cheap to clone. Dropping the last handle of an actor that nothing else can wake
/// ends it.
pub struct Handle<C: Actor> {
    shared: Arc<Shared<C>>,
}

impl<C: Actor> Handle<C> {
    pub(super) fn new(shared: Arc<Shared<C>>) -> Self {
        shared.handles.fetch_add(1, Ordering::Relaxed);
        Self { shared }
    }

    /// Puts an event into the mailbox, without waiting.
    ///
    /// # Errors
    /// [`TellError::Full`] and [`TellError::Stopped`] give the event back.
    #[inline]
    pub fn try_tell(&self, event: C::Event) -> Result<(), TellError<C::Event>> {
        self.put(event).map_err(|refused| match refused {
            Refused::Full(event) => self.shared.full(event),
            Refused::Closed(event) => self.shared.stopped(event),
        })
    }

    /// Puts an event into the mailbox, waiting while it is full. Dropping the future drops the event.
    ///
    /// # Errors
    /// [`TellError::Stopped`] gives the event back.
    pub async fn tell(&self, event: C::Event) -> Result<(), TellError<C::Event>> {
        let event = match self.put(event) {
            Ok(()) => return Ok(()),
            Err(Refused::Closed(event)) => return Err(self.shared.stopped(event)),
            Err(Refused::Full(event)) => event,
        };
        match self.shared.mailbox.wait(Item::Event(event), None).await.map_err(Item::into_event) {
            Err(Some(event)) => Err(self.shared.stopped(event)),
            // What was put in is an event, so it comes back as one.
            Ok(()) | Err(None) => Ok(()),
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared<C>> {
        &self.shared
    }

    #[inline]
    fn put(&self, event: C::Event) -> Result<(), Refused<C::Event>> {
        self.shared.mailbox.push(event, Item::Event)
    }

    /// [`Handle::try_tell`] in the form that [`super::Peers`] asks for.
    ///
    /// # Errors
    /// [`Undelivered`] names this actor as the peer.
    pub fn deliver(&self, event: C::Event) -> Result<(), Undelivered> {
        self.try_tell(event).map_err(Undelivered::from)
    }

    /// Sends an event and waits for the first output that `pick` accepts, among the outputs emitted
    /// from the moment the actor takes that event. `pick` runs in the actor's loop: it must be quick
    /// and must not panic. With several askers at once it has to tell its answer from theirs.
    ///
    /// # Errors
    /// See [`AskError`]; the deadline includes waiting for room in the mailbox.
    pub async fn ask<R: Send + 'static>(
        &self,
        event: C::Event,
        pick: impl FnMut(&C::Output) -> Option<R> + Send + 'static,
        deadline: Duration,
    ) -> Result<R, AskError> {
        ask::ask(&self.shared, event, pick, deadline).await
    }

    /// The outputs from now on. A subscriber that falls behind is told how many it missed; it ends
    /// when the actor does.
    #[must_use]
    pub fn outputs(&self) -> broadcast::Receiver<C::Output> {
        self.shared.subscribe()
    }

    /// The actor's state, now and whenever it has changed. Only the newest is kept. The context of the
    /// first value is filled in as soon as the actor has a moment.
    #[must_use]
    pub fn states(&self) -> watch::Receiver<Arc<Snapshot>> {
        let states = self.shared.states();
        self.shared.refresh.store(true, Ordering::Release);
        self.shared.mailbox.attend();
        states
    }

    /// The name given in [`super::Options::name`].
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        self.shared.name()
    }

    /// Whether it runs, and if not, why.
    #[must_use]
    pub fn status(&self) -> Status {
        self.shared.status()
    }

    /// Whether it runs no more.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.status(), Status::Stopped(_))
    }

    /// The active leaf states as the spec spells them; after the end, the last ones.
    #[must_use]
    pub fn leaves(&self) -> Vec<&'static str> {
        self.shared.leaves()
    }

    /// The configurations that the machine has been in, oldest first, each as its leaves joined by
    /// `, `; states left again within one macrostep are among them. At most [`super::Options::recent`].
    #[must_use]
    pub fn path(&self) -> Vec<String> {
        self.shared.path()
    }

    /// The child machines that run, the first started first. Each is named after this actor and the child's name
    /// in the spec: `parent.child`.
    #[must_use]
    pub fn children(&self) -> Vec<ActorRef> {
        self.shared.children()
    }

    /// How many events nothing enabled, deferred or ignored.
    #[must_use]
    pub fn unhandled(&self) -> u64 {
        self.shared.unhandled.load(Ordering::Relaxed)
    }

    /// How many times the actor has been restarted.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.shared.restarts.load(Ordering::Relaxed)
    }

    /// Stops it gracefully: nothing more is accepted, what waits is processed, running services may
    /// finish and their results are processed too. What is left after `within` is cancelled.
    pub async fn stop(&self, within: Duration) -> StopReason {
        self.request_stop(within);
        self.join().await
    }

    /// As [`Handle::stop`], without waiting for the end.
    pub fn request_stop(&self, within: Duration) {
        self.shared.signal(Signal::Stop { until: super::timers::later(Instant::now(), within) });
    }

    /// Stops it at once: no further step, services cancelled, waiting events dropped.
    pub fn abort(&self) {
        self.shared.signal(Signal::Abort);
    }

    /// Waits for its end.
    pub async fn join(&self) -> StopReason {
        self.shared.join().await
    }

    /// The untyped view, for lists of actors of different machines.
    #[must_use]
    pub fn reference(&self) -> ActorRef {
        ActorRef::new(self.clone())
    }
}

impl<C: Actor> Clone for Handle<C> {
    fn clone(&self) -> Self {
        Self::new(self.shared.clone())
    }
}

impl<C: Actor> Drop for Handle<C> {
    fn drop(&mut self) {
        // Release: what was told before is visible to the loop when it sees that nobody is left.
        if self.shared.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.mailbox.attend();
        }
    }
}

impl<C: Actor> fmt::Debug for Handle<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("name", &self.name()).field("status", &self.status()).finish()
    }
}
