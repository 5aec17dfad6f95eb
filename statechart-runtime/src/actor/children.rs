//! Child machines: an actor each, its end reported to its parent, and gone with it.
//!
//! ```text
//! parent: Effects::spawn ─▶ Children::launch ─▶ Nursery ─▶ task of the child
//!         send id EVENT  ─▶ ChildTasks::deliver ─▶ the child's mailbox
//!         stop id        ─▶ ChildTasks::stop ─▶ the child leaves its states and ends
//!         its messages and, behind them, ChildDone or ChildFailed ◀─ the mailbox ◀─ the child's task
//! ```
//!
//! A child is not restarted when it fails: its parent sees a fault and decides.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak, atomic::Ordering},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    task::{AbortHandle, Id, JoinError, JoinSet},
    time::Instant,
};

use super::{
    Actor, ActorRef, Clock, Handle, Inspector, Options, Peers, ServicePanic, Status, StopReason, TellError,
    Undelivered, life,
    mailbox::Refused,
    perform::child_name,
    services::panic_text,
    shared::{Item, Shared, Signal},
    shell::Shell,
};
use crate::chart::{Host, Link, Upward};

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
    /// Has it leave its states, and end.
    fn halt(&self);
    fn reference(&self) -> ActorRef;
    /// Asks for a snapshot, where the child can give one.
    #[cfg(feature = "snapshot")]
    fn snapshot(&self) -> Option<super::snapshots::ChildSnapshot>;
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

    fn halt(&self) {
        let shared = self.handle.shared();
        shared.halting.store(true, Ordering::Release);
        shared.signal(Signal::Abort);
    }

    fn reference(&self) -> ActorRef {
        self.handle.reference()
    }

    #[cfg(feature = "snapshot")]
    fn snapshot(&self) -> Option<super::snapshots::ChildSnapshot> {
        self.link.persist.map(|persist| super::snapshots::ask_child(self.handle.shared(), persist))
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
    /// Each yields its end, unless that stands in the parent's mailbox.
    tasks: JoinSet<Option<ChildEnd<P::Returned>>>,
    running: Vec<Running<P>>,
    /// Those that could not be started; they end as others do.
    stillborn: Vec<(u16, u32, String)>,
    /// The parent is being stopped, and its children with it.
    until: Option<Instant>,
}

/// What a child inherits from its parent.
pub(super) struct Nursery<P: Actor> {
    shared: Weak<Shared<P>>,
    life: u32,
    parent: Arc<str>,
    inspector: Option<Inspector>,
    clock: Clock,
    on_service_panic: ServicePanic,
    mailbox: usize,
    generation: u32,
}

/// A child's way to the machine that started it: its peer of that kind.
struct Parent<P: Actor, K: Actor> {
    shared: Weak<Shared<P>>,
    name: Arc<str>,
    life: u32,
    child: u16,
    generation: u32,
    event: Upward<P, K>,
}

impl<P: Actor, K: Actor> Peers<K::Message> for Parent<P, K> {
    fn deliver(&mut self, message: K::Message) -> Result<(), Undelivered> {
        let event = (self.event)(message)
            .map_err(|other| Undelivered::Unconnected { peer: Arc::from(format!("of {other:?}")) })?;
        let stopped = || Undelivered::Stopped { peer: self.name.clone() };
        let parent = self.shared.upgrade().ok_or_else(stopped)?;
        let Self { life, child, generation, .. } = *self;
        let item = |event| Item::FromChild { life, child, generation, event };
        parent.mailbox.push(event, item).map_err(|refused| match refused {
            Refused::Full(_) => Undelivered::Full { peer: self.name.clone(), limit: parent.mailbox.limit() },
            Refused::Closed(_) => stopped(),
        })
    }
}

impl<P: Actor> Nursery<P> {
    pub(super) fn new(shell: &Shell<P>, generation: u32) -> Self {
        Self {
            shared: Arc::downgrade(&shell.shared),
            life: shell.life,
            parent: shell.shared.name().clone(),
            inspector: shell.inspector.clone(),
            clock: shell.clock.clone(),
            on_service_panic: shell.on_service_panic,
            mailbox: shell.shared.mailbox.limit(),
            generation,
        }
    }

    fn options<K: Actor>(&self, child: u16, link: Link<P, K>) -> Options<K> {
        let name = format!("{}.{}", self.parent, child_name::<P>(child));
        let mut options = Options::default()
            .name(name)
            .mailbox(self.mailbox)
            .clock(self.clock.clone())
            .on_service_panic(self.on_service_panic);
        if let Some(inspector) = &self.inspector {
            options = options.inspector(inspector);
        }
        if let Some(event) = link.parent {
            let (shared, name) = (self.shared.clone(), self.parent.clone());
            let (life, generation) = (self.life, self.generation);
            options = options.peers(Parent::<P, K> { shared, name, life, child, generation, event });
        }
        options
    }
}

/// Runs the child that a spawn describes.
struct Cradle<'a, P: Actor> {
    children: &'a mut ChildTasks<P>,
    nursery: Nursery<P>,
}

impl<P: Actor> Cradle<'_, P> {
    fn keep<K: Actor>(&mut self, child: u16, handle: Handle<K>, task: Box<life::Task<K>>, link: Link<P, K>) {
        let reached = Reached { handle: handle.clone(), link };
        let (parent, life, generation) =
            (self.nursery.shared.clone(), self.nursery.life, self.nursery.generation);
        let task = self.children.tasks.spawn(async move {
            let returned = task.await;
            let end = match handle.status() {
                Status::Stopped(StopReason::Done) => {
                    ChildEnd::Done(returned.as_ref().and_then(|returned| (link.result)(returned)))
                }
                Status::Stopped(reason) => ChildEnd::Failed(reason.to_string()),
                Status::Running | Status::Restarting => ChildEnd::Failed(String::from("its task has ended")),
            };
            // Behind what the child has said, also where the mailbox is full: there are not more ends than children.
            let Some(parent) = parent.upgrade() else { return Some(end) };
            match parent.mailbox.push_over(Item::ChildEnded { life, child, generation, end }) {
                Err(Item::ChildEnded { end, .. }) => Some(end),
                // Nothing but what was given comes back.
                Ok(()) | Err(_) => None,
            }
        });
        if let Some(until) = self.children.until {
            reached.stop(until);
        }
        self.children.running.push(Running { child, generation, task, reach: Box::new(reached) });
    }
}

impl<P: Actor> Host<P> for Cradle<'_, P> {
    fn run<K: Actor>(&mut self, child: u16, machine: K, link: Link<P, K>) {
        let (handle, task) = life::prepare(Some(machine), None, self.nursery.options::<K>(child, link));
        self.keep(child, handle, task, link);
    }
}

/// Runs a child that goes on from its snapshot.
#[cfg(feature = "snapshot")]
struct Revived<'a, P: Actor> {
    cradle: Cradle<'a, P>,
    snapshot: &'a crate::snapshot::Snapshot,
    result: Result<(), crate::snapshot::SnapshotError>,
}

#[cfg(feature = "snapshot")]
impl<P: Actor> Host<P> for Revived<'_, P> {
    fn run<K: Actor>(&mut self, child: u16, machine: K, link: Link<P, K>) {
        self.cradle.run(child, machine, link);
    }
}

#[cfg(feature = "snapshot")]
impl<P: Actor> crate::snapshot::Reviver<P> for Revived<'_, P> {
    fn revive<K: Actor + crate::snapshot::Restorable>(
        &mut self,
        child: u16,
        machine: K,
        pending: crate::snapshot::Pending,
        link: Link<P, K>,
    ) {
        let options = self.cradle.nursery.options::<K>(child, link);
        let (handle, mut task) = life::prepare(Some(machine), None, options);
        // The child's own children stand in its snapshot.
        self.result = task.go_on(pending, self.snapshot);
        if self.result.is_ok() {
            self.cradle.keep(child, handle, task, link);
        }
    }
}

impl<P: Actor> ChildTasks<P> {
    pub(super) fn new() -> Self {
        Self { tasks: JoinSet::new(), running: Vec::new(), stillborn: Vec::new(), until: None }
    }

    /// Starts a child. One that cannot be made has failed.
    pub(super) fn start(&mut self, machine: &mut P, nursery: Nursery<P>, child: u16, spawn: P::Spawn) {
        let generation = nursery.generation;
        let mut cradle = Cradle { children: self, nursery };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| machine.launch(spawn, &mut cradle))) {
            self.stillborn.push((child, generation, panic_text(panic)));
        }
    }

    /// Has a child go on from its snapshot.
    #[cfg(feature = "snapshot")]
    pub(super) fn revive(
        shell: &mut Shell<P>,
        machine: &mut P,
        (child, generation): (u16, u32),
        snapshot: &crate::snapshot::Snapshot,
    ) -> Result<(), crate::snapshot::SnapshotError>
    where
        P: crate::snapshot::Restorable,
    {
        let (nursery, now) = (Nursery::new(shell, generation), shell.clock.now());
        let children = shell.children.get_or_insert_with(|| Box::new(Self::new()));
        let mut host = Revived { cradle: Cradle { children, nursery }, snapshot, result: Ok(()) };
        machine.relaunch(child, snapshot, now, &mut host)?;
        host.result?;
        shell.list_children();
        Ok(())
    }

    /// A snapshot of each child that can give one, all of them asked now.
    #[cfg(feature = "snapshot")]
    pub(super) fn snapshots(&self) -> Vec<(&'static str, super::snapshots::ChildSnapshot)> {
        let asked = self.running.iter();
        asked
            .filter_map(|running| Some((child_name::<P>(running.child), running.reach.snapshot()?)))
            .collect()
    }

    /// Stops a child: it leaves its states, and what it still says is void. `false` when it does not run.
    pub(super) fn stop(&mut self, child: u16) -> bool {
        self.stillborn.retain(|(stillborn, ..)| *stillborn != child);
        match self.running.iter().position(|running| running.child == child) {
            Some(position) => {
                self.running.remove(position).reach.halt();
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
            Poll::Ready(Some(Ok((id, Some(end))))) => Poll::Ready(self.ended(id, end)),
            // Its end stands in the mailbox.
            Poll::Ready(Some(Ok((_, None)))) => Poll::Ready(None),
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
        self.matters(&end).then_some((child, generation, end))
    }

    /// The end of a child that the mailbox held; nothing where the parent has stopped it since.
    pub(super) fn told(
        &mut self,
        child: u16,
        generation: u32,
        end: ChildEnd<P::Returned>,
    ) -> Option<ChildEnd<P::Returned>> {
        let meant = |running: &Running<P>| running.child == child && running.generation == generation;
        let position = self.running.iter().position(meant)?;
        self.running.remove(position);
        self.matters(&end).then_some(end)
    }

    /// One that stopped because its parent does has not failed, and its parent needs no word of it.
    fn matters(&self, end: &ChildEnd<P::Returned>) -> bool {
        self.until.is_none() || matches!(end, ChildEnd::Done(_))
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
    /// cancelled. Those that were stopped before still leave their states.
    pub(super) async fn cancel(mut self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        self.running.drain(..).for_each(|running| running.task.abort());
        if tokio::time::timeout(PATIENCE, async { while self.tasks.join_next().await.is_some() {} })
            .await
            .is_err()
        {
            self.tasks.abort_all();
            self.tasks.detach_all();
        }
    }
}

fn task_error(error: JoinError) -> String {
    error.try_into_panic().map_or_else(|_| String::from("cancelled from outside"), panic_text)
}
