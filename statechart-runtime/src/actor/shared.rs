//! What an actor's loop and its handles share: the mailbox, status, states, outputs.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::{
    sync::{Notify, broadcast, watch},
    time::Instant,
};

use super::{ActorRef, AskError, Options, StopReason, TellError, children::ChildEnd, mailbox::Mailbox};
use crate::{
    chart::{Chart, Configuration as _, Shape},
    value::Time,
};

/// Whether an actor runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It runs, or will as soon as its task is polled.
    Running,
    /// It has failed and waits to be started anew.
    Restarting,
    /// It runs no more.
    Stopped(StopReason),
}

/// An actor's state at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The actor's name.
    pub name: Arc<str>,
    /// Whether it runs.
    pub status: Status,
    /// The active leaf states, in document order, as the spec spells them.
    pub leaves: Vec<&'static str>,
    /// The context, `name: value` in declaration order.
    pub context: String,
    /// Since when these states are active, on the actor's clock.
    pub since: Time,
}

/// What a mailbox holds.
pub(super) enum Item<C: super::Actor> {
    Event(C::Event),
    /// One that the machine has sent to itself.
    Own(C::Event),
    Ask(Box<dyn Question<C>>),
    /// An item of a streaming service, with the life of the actor that started it.
    Streamed {
        life: u32,
        activity: u16,
        generation: u32,
        event: C::Event,
    },
    /// What a child says to the machine that started it, with the life of the actor in which it did.
    FromChild {
        life: u32,
        child: u16,
        generation: u32,
        event: C::Event,
    },
    /// The end of a child, behind everything that it has said.
    ChildEnded {
        life: u32,
        child: u16,
        generation: u32,
        end: ChildEnd<C::Returned>,
    },
    /// Something to be done between two macrosteps.
    #[cfg(feature = "snapshot")]
    Look(super::snapshots::Look<C>),
}

impl<C: super::Actor> Item<C> {
    /// The event of a tell.
    pub(super) fn into_event(self) -> Option<C::Event> {
        match self {
            Self::Event(event)
            | Self::Own(event)
            | Self::Streamed { event, .. }
            | Self::FromChild { event, .. } => Some(event),
            Self::Ask(_) | Self::ChildEnded { .. } => None,
            #[cfg(feature = "snapshot")]
            Self::Look(_) => None,
        }
    }

    /// The event that the machine has sent to itself.
    #[cfg(feature = "snapshot")]
    pub(super) fn own(&self) -> Option<&C::Event> {
        if let Self::Own(event) = self { Some(event) } else { None }
    }
}

/// What is offered to a waiting ask: an output, or an error, or nothing in order to learn whether
/// anybody still waits.
pub(super) type Offered<'a, C> = Result<Option<&'a <C as Chart>::Output>, AskError>;

/// An event whose sender waits for an output: one allocation for the event, the way back, and what picks the
/// answer.
pub(super) trait Question<C: Chart>: Send {
    /// The event, the first time.
    fn event(&mut self) -> Option<C::Event>;
    /// `true` when it is settled.
    fn offer(&mut self, offered: Offered<'_, C>) -> bool;
}

/// What a loop is told by its handles.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signal {
    Run,
    Stop { until: Instant },
    Abort,
}

/// The outputs' way to subscribers; made when the first one comes.
enum Outputs<O> {
    Nobody,
    Open(broadcast::Sender<O>),
    Closed,
}

/// Configurations of the recent past. Most actors that idle have only been in one, which needs no queue.
struct Recent<C: Chart> {
    limit: usize,
    last: Option<Active<C>>,
    earlier: VecDeque<Active<C>>,
    since: Time,
}

/// The active states of a machine.
pub(super) type Active<C> = <<C as Chart>::Shape as Shape>::Configuration;

pub(super) struct Shared<C: super::Actor> {
    name: OnceLock<Arc<str>>,
    pub(super) mailbox: Mailbox<Item<C>>,
    pub(super) aborting: AtomicBool,
    /// The machine leaves its states before it ends: its parent has stopped it.
    pub(super) halting: AtomicBool,
    pub(super) handles: AtomicUsize,
    pub(super) unhandled: AtomicU64,
    pub(super) restarts: AtomicU64,
    /// A subscriber of the states wants a fresh snapshot.
    pub(super) refresh: AtomicBool,
    signal: Mutex<Signal>,
    /// There is one: most rounds of the loop need not look for which.
    is_signalled: AtomicBool,
    status: Mutex<Status>,
    ended: Notify,
    states: OnceLock<watch::Sender<Arc<Snapshot>>>,
    /// The actors of the machine's children; made when the first starts.
    children: OnceLock<Box<Mutex<Vec<ActorRef>>>>,
    has_listeners: AtomicBool,
    outputs: Mutex<Outputs<C::Output>>,
    outputs_limit: usize,
    recent: Mutex<Recent<C>>,
}

impl<C: super::Actor> Shared<C> {
    pub(super) fn new(options: &mut Options<C>) -> Self {
        Self {
            name: options.name.take().map(OnceLock::from).unwrap_or_default(),
            mailbox: Mailbox::new(options.mailbox),
            aborting: AtomicBool::new(false),
            halting: AtomicBool::new(false),
            handles: AtomicUsize::new(0),
            unhandled: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            refresh: AtomicBool::new(false),
            signal: Mutex::new(Signal::Run),
            is_signalled: AtomicBool::new(false),
            status: Mutex::new(Status::Running),
            ended: Notify::new(),
            states: OnceLock::new(),
            children: OnceLock::new(),
            has_listeners: AtomicBool::new(false),
            outputs: Mutex::new(Outputs::Nobody),
            outputs_limit: options.outputs,
            recent: Mutex::new(Recent {
                limit: options.recent,
                last: None,
                earlier: VecDeque::new(),
                since: Time::default(),
            }),
        }
    }

    /// The name; the machine's, made when somebody asks for it, where none was given.
    pub(super) fn name(&self) -> &Arc<str> {
        self.name.get_or_init(|| Arc::from(C::TABLES.name))
    }

    /// Nothing is accepted from now on. An abort overrides a stop; a second stop may only come earlier.
    pub(super) fn signal(&self, signal: Signal) {
        {
            let mut held = lock(&self.signal);
            *held = match (*held, signal) {
                (Signal::Abort, _) | (_, Signal::Abort) => {
                    self.aborting.store(true, Ordering::Release);
                    Signal::Abort
                }
                (Signal::Stop { until }, Signal::Stop { until: other }) => {
                    Signal::Stop { until: until.min(other) }
                }
                (held, Signal::Run) => held,
                (Signal::Run, other) => other,
            };
            self.is_signalled.store(true, Ordering::Release);
        }
        self.mailbox.close();
    }

    pub(super) fn signalled(&self) -> Signal {
        if self.is_signalled.load(Ordering::Acquire) { *lock(&self.signal) } else { Signal::Run }
    }

    pub(super) fn stopped(&self, event: C::Event) -> TellError<C::Event> {
        TellError::Stopped { actor: self.name().clone(), event }
    }

    pub(super) fn full(&self, event: C::Event) -> TellError<C::Event> {
        TellError::Full { actor: self.name().clone(), limit: self.mailbox.limit(), event }
    }

    pub(super) fn status(&self) -> Status {
        lock(&self.status).clone()
    }

    pub(super) fn set_status(&self, status: Status) {
        *lock(&self.status) = status;
    }

    /// The end: subscribers see the last state, the outputs close, joins return. Only the first counts.
    pub(super) fn end(&self, reason: StopReason) {
        if matches!(*lock(&self.status), Status::Stopped(_)) {
            return;
        }
        // Waiting tells and asks end before joins do.
        self.mailbox.close();
        drop(self.mailbox.clear());
        *lock(&self.status) = Status::Stopped(reason);
        *lock(&self.outputs) = Outputs::Closed;
        if let Some(states) = self.states.get() {
            let context = states.borrow().context.clone();
            states.send_replace(Arc::new(self.snapshot(context)));
        }
        self.ended.notify_waiters();
    }

    pub(super) async fn join(&self) -> StopReason {
        loop {
            let ended = self.ended.notified();
            tokio::pin!(ended);
            // Registered before the look, so that an end in between is not missed.
            ended.as_mut().enable();
            if let Status::Stopped(reason) = self.status() {
                return reason;
            }
            ended.await;
        }
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<C::Output> {
        let mut outputs = lock(&self.outputs);
        match &*outputs {
            Outputs::Open(sender) => sender.subscribe(),
            Outputs::Closed => broadcast::channel(1).1,
            Outputs::Nobody => {
                let (sender, receiver) = broadcast::channel(self.outputs_limit);
                *outputs = Outputs::Open(sender);
                self.has_listeners.store(true, Ordering::Release);
                receiver
            }
        }
    }

    pub(super) fn emit(&self, output: C::Output) {
        if !self.has_listeners.load(Ordering::Acquire) {
            return;
        }
        if let Outputs::Open(sender) = &*lock(&self.outputs) {
            // Fails only when no subscriber is left.
            let _ = sender.send(output);
        }
    }

    pub(super) fn states(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.states.get_or_init(|| watch::Sender::new(Arc::new(self.snapshot(String::new())))).subscribe()
    }

    pub(super) fn set_children(&self, children: Vec<ActorRef>) {
        *lock(self.children.get_or_init(Box::default)) = children;
    }

    pub(super) fn children(&self) -> Vec<ActorRef> {
        self.children.get().map(|children| lock(children).clone()).unwrap_or_default()
    }

    /// Whether anybody watches the states.
    pub(super) fn is_watched(&self) -> bool {
        self.states.get().is_some_and(|states| states.receiver_count() > 0)
    }

    pub(super) fn publish(&self, context: String) {
        if let Some(states) = self.states.get() {
            let fresh = self.snapshot(context);
            states.send_if_modified(|held| {
                let is_changed = **held != fresh;
                if is_changed {
                    *held = Arc::new(fresh);
                }
                is_changed
            });
        }
    }

    fn snapshot(&self, context: String) -> Snapshot {
        let since = lock(&self.recent).since;
        Snapshot { name: self.name().clone(), status: self.status(), leaves: self.leaves(), context, since }
    }

    /// Remembers configurations, the last of which was entered at `now`.
    pub(super) fn record(&self, fresh: &[Active<C>], now: Time) {
        let mut recent = lock(&self.recent);
        for states in fresh {
            if let Some(before) = recent.last.replace(*states) {
                if recent.earlier.len() + 1 >= recent.limit {
                    recent.earlier.pop_front();
                }
                if recent.limit > 1 {
                    recent.earlier.push_back(before);
                }
            }
        }
        recent.since = now;
    }

    pub(super) fn leaves(&self) -> Vec<&'static str> {
        let last = lock(&self.recent).last;
        last.map(|states| names::<C>(states)).unwrap_or_default()
    }

    pub(super) fn path(&self) -> Vec<String> {
        let recent: Vec<_> = {
            let recent = lock(&self.recent);
            recent.earlier.iter().copied().chain(recent.last).collect()
        };
        recent.into_iter().map(|states| names::<C>(states).join(", ")).collect()
    }
}

/// What a shutdown asks of those who share it.
pub(super) trait Member: Send + Sync {
    fn stop(&self, until: Instant);
}

impl<C: super::Actor> Member for Shared<C> {
    fn stop(&self, until: Instant) {
        self.signal(Signal::Stop { until });
    }
}

fn names<C: Chart>(states: Active<C>) -> Vec<&'static str> {
    C::TABLES.leaves(states.iter()).map(|state| state.name).collect()
}

/// What a lock guards is valid between any two statements, so a panic elsewhere leaves it usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
