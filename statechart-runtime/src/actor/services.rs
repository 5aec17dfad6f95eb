//! Running services: one task each, cancelled with their state, their result kept until it is due.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::mpsc,
    task::{AbortHandle, Id, JoinError, JoinSet},
};

use super::{Actor, shared::Item};
use crate::chart::{Chart, Report};

/// A streaming service's way to its machine: each item waits for room in the mailbox.
pub struct Reporter<C: Chart> {
    sender: mpsc::Sender<Item<C>>,
    sent: Arc<AtomicU64>,
    life: u32,
    activity: u16,
    generation: u32,
}

impl<C: Chart> Clone for Reporter<C> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), sent: self.sent.clone(), ..*self }
    }
}

impl<C: Actor> Report<C::Event> for Reporter<C> {
    async fn report(&self, event: C::Event) -> bool {
        let Ok(permit) = self.sender.reserve().await else { return false };
        // Counted before it can be taken, so that the loop never has taken more than were sent.
        self.sent.fetch_add(1, Ordering::Release);
        let Self { life, activity, generation, .. } = *self;
        permit.send(Item::Streamed { life, activity, generation, event });
        true
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
        sender: mpsc::Sender<Item<C>>,
        (life, activity, generation): (u32, u16, u32),
        call: C::Call,
    ) -> Result<(), String> {
        let sent = Arc::new(AtomicU64::new(0));
        let reporter = Reporter { sender, sent: sent.clone(), life, activity, generation };
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

    /// Waits for a task to end; only while [`ServiceTasks::has_tasks`].
    pub(super) async fn ended(&mut self) -> Ended<C::Event> {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, event))) => self.finished(id, event),
            Some(Err(error)) => self.failed(error),
            None => std::future::pending().await,
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

    /// Whether a task, cancelled or not, has not ended yet.
    pub(super) fn has_tasks(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Cancels everything and waits for it, but not for a task that never comes to a point where it
    /// can be cancelled.
    pub(super) async fn cancel(&mut self) {
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
