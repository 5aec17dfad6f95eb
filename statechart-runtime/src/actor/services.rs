//! Running services: one task each, cancelled with their state, their result kept until it is due.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

use super::{
    Actor,
    shared::{Item, Shared},
};
use crate::chart::{Chart, Report};

/// A streaming service's way to its machine: each item waits for room in the mailbox.
pub struct Reporter<C: Chart> {
    shared: Arc<Shared<C>>,
    sent: Arc<AtomicU64>,
    life: u32,
    activity: u16,
    generation: u32,
}

impl<C: Chart> Clone for Reporter<C> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), sent: self.sent.clone(), ..*self }
    }
}

impl<C: Actor> Report<C::Event> for Reporter<C> {
    async fn report(&self, event: C::Event) -> bool {
        let Self { life, activity, generation, .. } = *self;
        let item = Item::Streamed { life, activity, generation, event };
        self.shared.mailbox.wait(item, Some(&self.sent)).await.is_ok()
    }
}

/// A service whose state is active.
struct Running<E> {
    activity: u16,
    generation: u32,
    task: AbortHandle,
    sent: Arc<AtomicU64>,
    taken: u64,
    /// Its result, while items that it reported before are still in the mailbox.
    result: Option<E>,
}

/// A result that is due.
pub(super) struct Finished<E> {
    pub(super) activity: u16,
    pub(super) generation: u32,
    pub(super) event: E,
}

/// What a task that ended means for the machine.
pub(super) enum Ended<E> {
    Finished(Finished<E>),
    Panicked {
        activity: u16,
        why: String,
    },
    /// Cancelled before, or its result has to wait for the items before it.
    Nothing,
}

/// The services of one machine: at most one for each activity of the chart.
pub(super) struct ServiceTasks<C: Chart> {
    tasks: JoinSet<C::Event>,
    running: Vec<Running<C::Event>>,
}

impl<C: Actor> ServiceTasks<C> {
    pub(super) fn new() -> Self {
        Self { tasks: JoinSet::new(), running: Vec::new() }
    }

    /// Starts a service.
    ///
    /// # Errors
    /// The message of a panic before there was a future.
    pub(super) fn start(
        &mut self,
        machine: &mut C,
        shared: Arc<Shared<C>>,
        (life, activity, generation): (u32, u16, u32),
        call: C::Call,
    ) -> Result<(), String> {
        let sent = Arc::new(AtomicU64::new(0));
        let reporter = Reporter { shared, sent: sent.clone(), life, activity, generation };
        let future = catch_unwind(AssertUnwindSafe(|| machine.invoke(call, reporter))).map_err(panic_text)?;
        let task = self.tasks.spawn(future);
        self.running.push(Running { activity, generation, task, sent, taken: 0, result: None });
        Ok(())
    }

    /// Cancels a service; `false` when it does not run.
    pub(super) fn stop(&mut self, activity: u16) -> bool {
        match self.running.iter().position(|running| running.activity == activity) {
            Some(position) => {
                self.running.remove(position).task.abort();
                true
            }
            None => false,
        }
    }

    /// What the next task that ends means; never ready while there is none.
    pub(super) fn poll_ended(&mut self, context: &mut Context<'_>) -> Poll<Ended<C::Event>> {
        match self.tasks.poll_join_next_with_id(context) {
            Poll::Ready(Some(Ok((id, event)))) => Poll::Ready(self.finished(id, event)),
            Poll::Ready(Some(Err(error))) => Poll::Ready(self.failed(error)),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    fn finished(&mut self, id: Id, event: C::Event) -> Ended<C::Event> {
        let Some(position) = self.running.iter().position(|running| running.task.id() == id) else {
            return Ended::Nothing;
        };
        let Some(running) = self.running.get_mut(position) else { return Ended::Nothing };
        if running.taken < running.sent.load(Ordering::Acquire) {
            running.result = Some(event);
            return Ended::Nothing;
        }
        let Running { activity, generation, .. } = self.running.remove(position);
        Ended::Finished(Finished { activity, generation, event })
    }

    fn failed(&mut self, error: JoinError) -> Ended<C::Event> {
        let Some(position) = self.running.iter().position(|running| running.task.id() == error.id()) else {
            return Ended::Nothing;
        };
        let activity = self.running.remove(position).activity;
        let why = error.try_into_panic().map_or_else(|_| String::from("cancelled from outside"), panic_text);
        Ended::Panicked { activity, why }
    }

    /// Whether an item comes from a service that still runs. Counts it.
    pub(super) fn count(&mut self, activity: u16, generation: u32) -> bool {
        let found =
            self.running.iter_mut().find(|one| one.activity == activity && one.generation == generation);
        match found {
            Some(running) => {
                running.taken += 1;
                true
            }
            None => false,
        }
    }

    /// The result of a service whose last item has just been taken.
    pub(super) fn due(&mut self, activity: u16, generation: u32) -> Option<Finished<C::Event>> {
        let position = self.running.iter().position(|one| {
            one.activity == activity
                && one.generation == generation
                && one.taken >= one.sent.load(Ordering::Acquire)
        })?;
        let event = self.running.get_mut(position)?.result.take()?;
        self.running.remove(position);
        Some(Finished { activity, generation, event })
    }

    /// How many services run, those whose result waits included.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    /// Cancels everything and waits for it, but not for a task that never comes to a point where it
    /// can be cancelled.
    pub(super) async fn cancel(mut self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        self.running.clear();
        self.tasks.abort_all();
        if tokio::time::timeout(PATIENCE, async { while self.tasks.join_next().await.is_some() {} })
            .await
            .is_err()
        {
            self.tasks.detach_all();
        }
    }
}

/// What a panic said.
pub(super) fn panic_text(payload: Box<dyn Any + Send>) -> String {
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload
            .downcast_ref::<&'static str>()
            .map_or_else(|| String::from("panic without a message"), |text| String::from(*text)),
    }
}
