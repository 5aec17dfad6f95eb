//! Child machines: an actor each, its end reported to its parent, and gone with it.
//!
//! ```text
//! parent: Effects::spawn ─▶ Children::launch ─▶ Nursery ─▶ task of the child
//!         send id EVENT  ─▶ ChildTasks::deliver ─▶ the child's mailbox
//!         ChildDone, ChildFailed ◀─ ChildTasks::poll_ended ◀─ the task has ended
//! ```
//!
//! A child is not restarted when it fails: its parent sees a fault and decides.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    task::{AbortHandle, Id, JoinError, JoinSet},
    time::Instant,
};

use super::{
    Actor, ActorRef, Clock, Handle, Inspector, Options, ServicePanic, Status, StopReason, TellError,
    Undelivered, life, perform::child_name, services::panic_text, shared::Signal, shell::Shell,
};
use crate::chart::{Host, Link};

/// How a child ended, unless its parent stopped it.
pub(super) enum ChildEnd<R> {
    /// Its machine is done, and may have returned something.
    Done(Option<R>),
    /// It will not complete.
    Failed(String),
}

/// What a parent asks of a child of any machine.
trait Reach<P: Actor>: Send {
    fn deliver(&self, message: P::Message) -> Result<(), Undelivered>;
    fn stop(&self, until: Instant);
    fn reference(&self) -> ActorRef;
}

struct Reached<P: Actor, K: Actor> {
    handle: Handle<K>,
    link: Link<P, K>,
}

impl<P: Actor, K: Actor> Reach<P> for Reached<P, K> {
    fn deliver(&self, message: P::Message) -> Result<(), Undelivered> {
        match (self.link.event)(message) {
            Some(event) => {
                self.handle.try_tell(event).map_err(|error: TellError<_>| Undelivered::from(error))
            }
            None => Err(Undelivered::Unconnected { peer: self.handle.name().clone() }),
        }
    }

    fn stop(&self, until: Instant) {
        self.handle.shared().signal(Signal::Stop { until });
    }

    fn reference(&self) -> ActorRef {
        self.handle.reference()
    }
}

struct Running<P: Actor> {
    child: u16,
    generation: u32,
    task: AbortHandle,
    reach: Box<dyn Reach<P>>,
}

/// The children of one machine: at most one for each that the spec names.
pub(super) struct ChildTasks<P: Actor> {
    tasks: JoinSet<ChildEnd<P::Returned>>,
    running: Vec<Running<P>>,
    /// Those that could not be started; they end as others do.
    stillborn: Vec<(u16, u32, String)>,
    /// The parent is being stopped, and its children with it.
    until: Option<Instant>,
}

/// What a child inherits from its parent.
pub(super) struct Nursery {
    parent: Arc<str>,
    inspector: Option<Inspector>,
    clock: Clock,
    on_service_panic: ServicePanic,
    mailbox: usize,
    generation: u32,
}

impl Nursery {
    pub(super) fn new<P: Actor>(shell: &Shell<P>, generation: u32) -> Self {
        Self {
            parent: shell.shared.name().clone(),
            inspector: shell.inspector.clone(),
            clock: shell.clock.clone(),
            on_service_panic: shell.on_service_panic,
            mailbox: shell.shared.mailbox.limit(),
            generation,
        }
    }

    fn options<P: Actor, K: Actor>(&self, child: u16) -> Options<K> {
        let name = format!("{}.{}", self.parent, child_name::<P>(child));
        let mut options = Options::default()
            .name(name)
            .mailbox(self.mailbox)
            .clock(self.clock.clone())
            .on_service_panic(self.on_service_panic);
        if let Some(inspector) = &self.inspector {
            options = options.inspector(inspector);
        }
        options
    }
}

/// Runs the child that a spawn describes.
struct Cradle<'a, P: Actor> {
    children: &'a mut ChildTasks<P>,
    nursery: Nursery,
}

impl<P: Actor> Host<P> for Cradle<'_, P> {
    fn run<K: Actor>(&mut self, child: u16, machine: K, link: Link<P, K>) {
        let (handle, task) = life::prepare(Some(machine), None, self.nursery.options::<P, K>(child));
        let reached = Reached { handle: handle.clone(), link };
        let task = self.children.tasks.spawn(async move {
            let returned = task.await;
            match handle.status() {
                Status::Stopped(StopReason::Done) => {
                    ChildEnd::Done(returned.as_ref().and_then(|returned| (link.result)(returned)))
                }
                Status::Stopped(reason) => ChildEnd::Failed(reason.to_string()),
                Status::Running | Status::Restarting => ChildEnd::Failed(String::from("its task has ended")),
            }
        });
        if let Some(until) = self.children.until {
            reached.stop(until);
        }
        let generation = self.nursery.generation;
        self.children.running.push(Running { child, generation, task, reach: Box::new(reached) });
    }
}

impl<P: Actor> ChildTasks<P> {
    pub(super) fn new() -> Self {
        Self { tasks: JoinSet::new(), running: Vec::new(), stillborn: Vec::new(), until: None }
    }

    /// Starts a child. One that cannot be made has failed.
    pub(super) fn start(&mut self, machine: &mut P, nursery: Nursery, child: u16, spawn: P::Spawn) {
        let generation = nursery.generation;
        let mut cradle = Cradle { children: self, nursery };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| machine.launch(spawn, &mut cradle))) {
            self.stillborn.push((child, generation, panic_text(panic)));
        }
    }

    /// Stops a child at once; `false` when it does not run.
    pub(super) fn stop(&mut self, child: u16) -> bool {
        self.stillborn.retain(|(stillborn, ..)| *stillborn != child);
        match self.running.iter().position(|running| running.child == child) {
            Some(position) => {
                self.running.remove(position).task.abort();
                true
            }
            None => false,
        }
    }

    /// Has every child stop gracefully: it processes what it has accepted.
    pub(super) fn stop_all(&mut self, until: Instant) {
        if self.until.replace(until) != Some(until) {
            for running in &self.running {
                running.reach.stop(until);
            }
        }
    }

    /// Gives a message to a running child.
    pub(super) fn deliver(&self, child: u16, message: P::Message) -> Result<(), Undelivered> {
        match self.running.iter().find(|running| running.child == child) {
            Some(running) => running.reach.deliver(message),
            None => Err(Undelivered::Stopped { peer: Arc::from(child_name::<P>(child)) }),
        }
    }

    /// The end of a child that the parent has not stopped; none where it has.
    #[allow(clippy::type_complexity)]
    pub(super) fn poll_ended(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<(u16, u32, ChildEnd<P::Returned>)>> {
        if let Some((child, generation, why)) = self.stillborn.pop() {
            return Poll::Ready(Some((child, generation, ChildEnd::Failed(why))));
        }
        match self.tasks.poll_join_next_with_id(context) {
            Poll::Ready(Some(Ok((id, end)))) => Poll::Ready(self.ended(id, end)),
            Poll::Ready(Some(Err(error))) => {
                let id = error.id();
                Poll::Ready(self.ended(id, ChildEnd::Failed(task_error(error))))
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    fn ended(&mut self, id: Id, end: ChildEnd<P::Returned>) -> Option<(u16, u32, ChildEnd<P::Returned>)> {
        let position = self.running.iter().position(|running| running.task.id() == id)?;
        let Running { child, generation, .. } = self.running.remove(position);
        // One that stopped because its parent does has not failed, and its parent needs no word of it.
        let is_stopping = self.until.is_some() && matches!(end, ChildEnd::Failed(_));
        (!is_stopping).then_some((child, generation, end))
    }

    /// How many children run.
    pub(super) fn running(&self) -> usize {
        self.running.len() + self.stillborn.len()
    }

    /// The running children, the first started first.
    pub(super) fn references(&self) -> Vec<ActorRef> {
        self.running.iter().map(|running| running.reach.reference()).collect()
    }

    /// Cancels everything and waits for it, but not for a task that never comes to a point where it can be
    /// cancelled.
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

fn task_error(error: JoinError) -> String {
    error.try_into_panic().map_or_else(|_| String::from("cancelled from outside"), panic_text)
}
