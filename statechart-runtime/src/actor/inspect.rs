//! What an actor does, as events that can be watched.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::sync::broadcast;

use super::StopReason;
use crate::value::{Duration, Fault, Time};

/// Collects the inspection events of any number of actors and hands them to subscribers. Cheap to
/// clone. While nobody subscribes, nothing is formatted and nothing is kept.
#[derive(Clone)]
pub struct Inspector {
    hub: Arc<Hub>,
}

struct Hub {
    records: broadcast::Sender<Arc<Record>>,
    /// How many actors were given to it.
    actors: AtomicU32,
}

/// One inspection event with its place and time.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The actor's name.
    pub actor: Arc<str>,
    /// Counts the actors of the inspector from 1, as they are made: tells apart those of one name, as of a child that
    /// is started again.
    pub instance: u32,
    /// Counts this actor's inspection events from 1; a hole is what was not watched.
    pub sequence: u64,
    /// When, on the actor's clock.
    pub time: Time,
    /// What.
    pub what: Inspection,
}

/// What an actor has just done.
#[derive(Debug, Clone, PartialEq)]
pub enum Inspection {
    /// A machine starts.
    Started {
        /// The machine's name.
        machine: &'static str,
        /// How many times the actor has been restarted.
        restarts: u64,
    },
    /// A machine goes on from a snapshot instead of being started.
    Resumed {
        /// The machine's name.
        machine: &'static str,
    },
    /// A machine leaves its states, since its parent has stopped it.
    Halted,
    /// An event is taken from the mailbox, or the result of a service.
    Event {
        /// The event's name.
        name: &'static str,
        /// The event with its fields.
        text: String,
    },
    /// A transition is taken.
    Transition {
        /// As the spec says it.
        text: &'static str,
        /// Line in the spec, from 1.
        line: u32,
        /// The state that declares it.
        from: &'static str,
        /// Its targets; empty for a targetless one.
        to: Vec<&'static str>,
    },
    /// A state has been entered.
    Entered {
        /// Its name.
        state: &'static str,
    },
    /// A state has been left.
    Exited {
        /// Its name.
        state: &'static str,
    },
    /// An output symbol was emitted.
    Output {
        /// The symbol with its fields.
        text: String,
    },
    /// A message was sent.
    Message {
        /// The message with its fields.
        text: String,
        /// How long it waits.
        delay: Option<Duration>,
    },
    /// A message did not reach its peer.
    Undelivered {
        /// The message, and why.
        text: String,
    },
    /// A service starts.
    ServiceStarted {
        /// Its name.
        service: &'static str,
    },
    /// A service has reported its result.
    ServiceFinished {
        /// Its name.
        service: &'static str,
    },
    /// A service was cancelled: its state was left.
    ServiceCancelled {
        /// Its name.
        service: &'static str,
    },
    /// A service panicked.
    ServicePanicked {
        /// Its name.
        service: &'static str,
        /// The panic's message.
        why: String,
    },
    /// A child machine was started.
    ChildStarted {
        /// Its name in the spec.
        child: &'static str,
    },
    /// A child machine is done.
    ChildFinished {
        /// Its name in the spec.
        child: &'static str,
        /// What it returned, where it returned anything.
        result: Option<String>,
    },
    /// A child machine was stopped by its parent.
    ChildStopped {
        /// Its name in the spec.
        child: &'static str,
    },
    /// A child machine failed.
    ChildFailed {
        /// Its name in the spec.
        child: &'static str,
        /// Why.
        why: String,
    },
    /// A timer was armed.
    TimerArmed {
        /// The state that owns it.
        state: &'static str,
        /// How long it runs.
        after: Duration,
    },
    /// A timer has elapsed.
    TimerFired {
        /// The state that owns it.
        state: &'static str,
    },
    /// Nothing enables, defers or ignores an event.
    Unhandled {
        /// The event's name.
        name: &'static str,
    },
    /// An event is kept for a state that wants it.
    Deferred {
        /// The event's name.
        name: &'static str,
    },
    /// A fault was raised.
    Fault(Fault),
    /// A `log` action.
    Log {
        /// Its text.
        text: String,
    },
    /// The actor failed and will be started anew.
    Restarting {
        /// The failure.
        why: Arc<str>,
        /// How long it waits first.
        backoff_ms: u64,
    },
    /// The actor runs no more.
    Stopped {
        /// Why.
        reason: StopReason,
    },
}

impl Inspector {
    /// A hub that keeps at most `limit` events for a subscriber that lags; it is told how many it missed.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let records = broadcast::Sender::new(limit.max(1));
        Self { hub: Arc::new(Hub { records, actors: AtomicU32::new(0) }) }
    }

    /// The inspection events from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Record>> {
        self.hub.records.subscribe()
    }

    /// Whether anybody would see an event.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.hub.records.receiver_count() > 0
    }

    /// The number of one more actor.
    pub(super) fn admit(&self) -> u32 {
        self.hub.actors.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    pub(super) fn publish(&self, record: Record) {
        // Fails only when the last subscriber has gone since `is_watched`.
        let _ = self.hub.records.send(Arc::new(record));
    }
}

impl Default for Inspector {
    /// A hub that keeps 1024 events.
    fn default() -> Self {
        Self::new(1024)
    }
}

impl fmt::Debug for Inspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspector").field("subscribers", &self.hub.records.receiver_count()).finish()
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} #{} {}", self.time, self.actor, self.sequence, self.what)
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { restarts: 0, .. } => write!(f, "started"),
            Self::Started { restarts, .. } => write!(f, "started, restart {restarts}"),
            Self::Resumed { .. } => write!(f, "resumed"),
            Self::Halted => write!(f, "halted"),
            Self::Event { text, .. } => write!(f, "event {text}"),
            Self::Transition { text, line, from, .. } => write!(f, "transition {from}: {text} (line {line})"),
            Self::Entered { state } => write!(f, "entered {state}"),
            Self::Exited { state } => write!(f, "exited {state}"),
            Self::Output { text } => write!(f, "output {text}"),
            Self::Message { text, delay: None } => write!(f, "message {text}"),
            Self::Message { text, delay: Some(delay) } => write!(f, "message {text} in {delay}"),
            Self::Undelivered { text } => write!(f, "undelivered {text}"),
            Self::ServiceStarted { service } => write!(f, "service {service} started"),
            Self::ServiceFinished { service } => write!(f, "service {service} finished"),
            Self::ServiceCancelled { service } => write!(f, "service {service} cancelled"),
            Self::ServicePanicked { service, why } => write!(f, "service {service} panicked: {why}"),
            Self::ChildStarted { child } => write!(f, "child {child} started"),
            Self::ChildFinished { child, .. } => write!(f, "child {child} finished"),
            Self::ChildStopped { child } => write!(f, "child {child} stopped"),
            Self::ChildFailed { child, why } => write!(f, "child {child} failed: {why}"),
            Self::TimerArmed { state, after } => write!(f, "timer of {state} armed for {after}"),
            Self::TimerFired { state } => write!(f, "timer of {state} fired"),
            Self::Unhandled { name } => write!(f, "unhandled {name}"),
            Self::Deferred { name } => write!(f, "deferred {name}"),
            Self::Fault(fault) => write!(f, "fault: {fault}"),
            Self::Log { text } => write!(f, "log {text}"),
            Self::Restarting { why, backoff_ms } => write!(f, "restarting in {backoff_ms} ms: {why}"),
            Self::Stopped { reason } => write!(f, "stopped: {reason}"),
        }
    }
}
