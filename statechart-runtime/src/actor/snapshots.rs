//! Snapshots of running actors, and actors that go on from one. Feature `snapshot`.
//!
//! ```text
//! Handle::snapshot ─▶ mailbox ─▶ between two macrosteps: the machine, what is left of its timers, its delayed
//!      ▲                         messages, what it has sent to itself; and a question to each child, which comes
//!      └── the children's ◀───── behind everything that the parent has sent it
//! resume ─▶ a task whose machine goes on: timers with what was left, messages, services anew, children
//! ```
//!
//! What others have told the actor and it has not processed is theirs to tell again: it is in no snapshot.

use std::{
    collections::VecDeque,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
};

use tokio::{sync::oneshot, time::Instant};

use super::{
    Actor, Handle, Options,
    children::ChildTasks,
    life::{self, Task},
    services::panic_text,
    shared::{Item, Shared},
    shell::Shell,
    timers::Due,
};
use crate::{
    chart::{Configuration as _, Input},
    snapshot::{Pending, Persist, Restorable, SavedMessage, Snapshot, SnapshotError, child_now},
    value::Duration,
};

/// How often a snapshot is begun anew because a child has ended meanwhile.
const TRIES: usize = 8;

/// What the loop does between two macrosteps: it sees the shell, the machine, and what waits to be processed.
pub(super) type Look<C> = Box<dyn FnOnce(&mut Shell<C>, &C, &VecDeque<Item<C>>) + Send>;

/// The snapshot of a child that is on its way; none where the child has ended before it was asked.
pub(super) type ChildSnapshot = Pin<Box<dyn Future<Output = Option<Result<Snapshot, SnapshotError>>> + Send>>;

/// A snapshot without those of the children, which come later.
struct Taken {
    snapshot: Snapshot,
    children: Vec<(&'static str, ChildSnapshot)>,
}

/// Why there is no snapshot of an actor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSnapshot {
    /// It runs no more, or failed while the snapshot was taken.
    #[error("actor {actor} has ended, so there is nothing to take a snapshot of; see `Handle::status`")]
    Ended {
        /// Whose.
        actor: Arc<str>,
    },
    /// Its children end faster than snapshots are taken of them.
    #[error("actor {actor}: in {TRIES} attempts a child ended while its snapshot was taken; try again later")]
    Unsettled {
        /// Whose.
        actor: Arc<str>,
    },
    /// A value cannot be written.
    #[error("actor {actor}: {error}")]
    Unwritable {
        /// Whose.
        actor: Arc<str>,
        /// What cannot.
        error: SnapshotError,
    },
}

impl<C: Actor + Restorable> Handle<C> {
    /// The actor between two macrosteps, behind everything that was told before: its machine, what is left of
    /// timers and delayed messages, and its children. [`resume`] goes on from there.
    ///
    /// # Errors
    /// See [`NoSnapshot`].
    pub async fn snapshot(&self) -> Result<Snapshot, NoSnapshot> {
        let (shared, actor) = (self.shared(), || self.name().clone());
        for _ in 0..TRIES {
            let (reply, answer) = oneshot::channel();
            let item = Item::Look(look(Persist::of(), reply));
            let Ok(()) = shared.mailbox.wait(item, None).await else {
                return Err(NoSnapshot::Ended { actor: actor() });
            };
            let Ok(taken) = answer.await else { return Err(NoSnapshot::Ended { actor: actor() }) };
            match complete(taken).await {
                Some(Ok(snapshot)) => return Ok(snapshot),
                Some(Err(error)) => return Err(NoSnapshot::Unwritable { actor: actor(), error }),
                None => {}
            }
        }
        Err(NoSnapshot::Unsettled { actor: actor() })
    }
}

/// Adds the children's; none when one of them has ended meanwhile.
async fn complete(taken: Result<Taken, SnapshotError>) -> Option<Result<Snapshot, SnapshotError>> {
    let Taken { mut snapshot, children } = match taken {
        Ok(taken) => taken,
        Err(error) => return Some(Err(error)),
    };
    for (name, child) in children {
        match child.await? {
            Ok(one) => {
                if let Some(saved) = snapshot.children.iter_mut().find(|saved| saved.id == name) {
                    saved.snapshot = Some(Box::new(one));
                }
            }
            Err(error) => return Some(Err(error)),
        }
    }
    Some(Ok(snapshot))
}

/// Asks a child, behind everything that it was sent.
pub(super) fn ask_child<K: Actor>(shared: &Arc<Shared<K>>, persist: Persist<K>) -> ChildSnapshot {
    let (reply, answer) = oneshot::channel();
    let asked = shared.mailbox.push_over(Item::Look(look(persist, reply)));
    Box::pin(async move {
        asked.ok()?;
        complete(answer.await.ok()?).await
    })
}

fn look<C: Actor>(persist: Persist<C>, reply: oneshot::Sender<Result<Taken, SnapshotError>>) -> Look<C> {
    Box::new(move |shell, machine, waiting| {
        // What writes values of extern types is the user's, and may panic; the asker then learns that there is none.
        let taken = catch_unwind(AssertUnwindSafe(|| take(persist, shell, machine, waiting)));
        match taken {
            // The asker may have given up.
            Ok(taken) => drop(reply.send(taken)),
            Err(panic) => {
                let why = panic_text(panic);
                tracing::error!(target: "statechart", actor = %shell.shared.name(), why, "taking a snapshot panicked");
            }
        }
    })
}

fn take<C: Actor>(
    persist: Persist<C>,
    shell: &mut Shell<C>,
    machine: &C,
    waiting: &VecDeque<Item<C>>,
) -> Result<Taken, SnapshotError> {
    let mut snapshot = (persist.take)(machine, shell.clock.now())?;
    let own = |event: &C::Event| (persist.own)(event, Duration(0), None);
    let sent = waiting.iter().filter_map(Item::own).map(own);
    let mut messages: Vec<SavedMessage> = sent.collect::<Result<_, _>>()?;
    let mut later = Vec::new();
    shell.shared.mailbox.each(|item| later.extend(item.own().map(own)));
    messages.extend(later.into_iter().collect::<Result<Vec<_>, _>>()?);
    for event in &shell.own {
        messages.push(own(event)?);
    }
    if let Some(timers) = &shell.timers {
        // What Tokio's clock leaves counts; that of the machine may have been set meanwhile.
        let now = Instant::now();
        for saved in &mut snapshot.timers {
            if let Some(left) = u16::try_from(saved.index).ok().and_then(|timer| timers.remaining(timer, now))
            {
                saved.remaining_us = left.0;
            }
        }
        for (due, left, id) in timers.delayed(now) {
            match due {
                Due::Own(event) => messages.push((persist.own)(event, left, id)?),
                Due::Peer(message) => messages.push((persist.message)(message, left, id)?),
                Due::After { .. } => {}
            }
        }
    }
    snapshot.messages = messages;
    let children = shell.children.as_ref().map(|children| children.snapshots()).unwrap_or_default();
    Ok(Taken { snapshot, children })
}

/// Starts an actor whose machine goes on where the snapshot was taken: `Machine::revive` gives the machine and what is
/// pending. Timers run with what was left of them, delayed messages are sent again with theirs, services that ran are
/// started anew, and children go on from their own snapshots; one without a snapshot has failed.
///
/// # Errors
/// What is wrong with the snapshot of a child.
///
/// # Panics
/// Outside a Tokio runtime whose timers are enabled.
pub fn resume<C: Actor + Restorable>(
    machine: C,
    pending: Pending,
    snapshot: &Snapshot,
    options: Options<C>,
) -> Result<Handle<C>, SnapshotError> {
    let (handle, mut task) = life::prepare(Some(machine), None, options);
    task.go_on(pending, snapshot)?;
    tokio::spawn(task);
    Ok(handle)
}

impl<C: Actor + Restorable> Task<C> {
    /// Has the machine go on instead of being started.
    pub(super) fn go_on(&mut self, pending: Pending, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        let Some(machine) = &mut self.machine else { return Ok(()) };
        for state in machine.core().active() {
            self.shell.active.insert(state);
        }
        self.shell.has_entered = true;
        let mut lost = Vec::new();
        for saved in &snapshot.children {
            let id = child_now(C::ABOUT, snapshot, &saved.id);
            let Some(child) = C::TABLES.children.iter().position(|name| Some(*name) == id) else { continue };
            let Ok(child) = u16::try_from(child) else { continue };
            match &saved.snapshot {
                Some(one) => ChildTasks::revive(&mut self.shell, machine, (child, saved.generation), one)?,
                None => lost.push((child, saved.generation)),
            }
        }
        self.resumption = Some(Box::new(move |machine, shell| {
            shell.resume(machine, &pending)?;
            for (child, generation) in lost {
                shell.turn(machine, Some(Input::ChildFailed { child, generation }))?;
            }
            Ok(())
        }));
        Ok(())
    }
}
