//! What can go wrong between an actor and those who talk to it.

use std::sync::Arc;

/// An event that was not accepted. It is given back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TellError<E> {
    /// The mailbox is full.
    #[error(
        "actor {actor}: the mailbox holds its limit of {limit} events; wait with `tell`, or raise `Options::mailbox`"
    )]
    Full {
        /// Who would have received it.
        actor: Arc<str>,
        /// How many events the mailbox holds.
        limit: usize,
        /// The event.
        event: E,
    },
    /// The actor has stopped or is stopping.
    #[error(
        "actor {actor} accepts no more events: it has stopped or is stopping; see `Handle::status` for the reason"
    )]
    Stopped {
        /// Who would have received it.
        actor: Arc<str>,
        /// The event.
        event: E,
    },
}

impl<E> TellError<E> {
    /// The event that was not accepted.
    #[must_use]
    pub fn into_event(self) -> E {
        match self {
            Self::Full { event, .. } | Self::Stopped { event, .. } => event,
        }
    }
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The actor does not run.
    #[error("actor {actor} was asked but accepts no more events: it has stopped or is stopping")]
    Stopped {
        /// Who was asked.
        actor: Arc<str>,
    },
    /// The actor took the event, then failed or stopped before an output matched.
    #[error("actor {actor} failed or stopped before it answered; ask again if its status says that it runs")]
    Ended {
        /// Who was asked.
        actor: Arc<str>,
    },
    /// Nothing in the actor's configuration reacts to the event.
    #[error("actor {actor} does not react to the event in its present state; see `Handle::leaves`")]
    Unhandled {
        /// Who was asked.
        actor: Arc<str>,
    },
    /// No output matched in time. The event may have been processed, or may still be.
    #[error(
        "actor {actor} gave no matching output within {deadline_ms} ms; the event may still be processed"
    )]
    Deadline {
        /// Who was asked.
        actor: Arc<str>,
        /// How long was waited.
        deadline_ms: u64,
    },
    /// Too many questions wait for an answer; the event was not processed.
    #[error(
        "actor {actor} has its limit of {limit} unanswered questions; retry later, or raise `Options::asks`"
    )]
    TooMany {
        /// Who was asked.
        actor: Arc<str>,
        /// How many questions may wait.
        limit: usize,
    },
}

/// A message that its peer did not get. The sender's machine sees `fault(undelivered)`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// The peer's mailbox is full.
    #[error("peer {peer}: its mailbox holds its limit of {limit} events")]
    Full {
        /// The peer's name.
        peer: Arc<str>,
        /// How many events its mailbox holds.
        limit: usize,
    },
    /// The peer has stopped or is stopping.
    #[error("peer {peer} has stopped or is stopping")]
    Stopped {
        /// The peer's name.
        peer: Arc<str>,
    },
    /// Nobody was given for this peer.
    #[error("peer {peer} is not connected: give it in `Options::peers`")]
    Unconnected {
        /// The peer's name, or the message's text where no name is known.
        peer: Arc<str>,
    },
}

impl<E> From<TellError<E>> for Undelivered {
    fn from(error: TellError<E>) -> Self {
        match error {
            TellError::Full { actor, limit, .. } => Self::Full { peer: actor, limit },
            TellError::Stopped { actor, .. } => Self::Stopped { peer: actor },
        }
    }
}

/// Why an actor runs no more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StopReason {
    /// The machine reached a final state of its root.
    #[error("its machine is done")]
    Done,
    /// It was asked to stop and did so.
    #[error(
        "stopped; {cancelled} running services cancelled and {dropped} waiting events dropped at the deadline"
    )]
    Stopped {
        /// Services that still ran at the deadline.
        cancelled: usize,
        /// Events that still waited at the deadline.
        dropped: usize,
    },
    /// It was aborted, or its runtime ended.
    #[error("aborted")]
    Aborted,
    /// Nobody holds a handle any more, and no timer and no service could wake it.
    #[error("unreachable: no handle, no timer and no service is left")]
    Unreachable,
    /// It failed and is not supervised.
    #[error("failed: {why}; start it with `supervise` to have it restarted")]
    Failed {
        /// The panic's message and where it came from.
        why: Arc<str>,
    },
    /// It failed more often than its policy allows.
    #[error("given up: failed again after {restarts} restarts within {within_ms} ms, at last because: {why}")]
    GaveUp {
        /// Restarts within the span, the limit of the policy.
        restarts: u32,
        /// The policy's span.
        within_ms: u64,
        /// The last failure.
        why: Arc<str>,
    },
}

impl StopReason {
    /// Whether the actor ended because something failed.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::GaveUp { .. })
    }
}
