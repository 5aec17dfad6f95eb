//! Stopping several actors.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

use super::{ActorRef, StopReason, shared::Member};

/// A token that tells every actor that shares it to stop gracefully. Cheap to clone.
#[derive(Clone)]
pub struct Shutdown {
    until: watch::Sender<Option<Instant>>,
    /// Told directly, so that an actor's loop has nothing to wait for.
    members: Arc<Mutex<Members>>,
}

#[derive(Default)]
struct Members {
    list: Vec<Weak<dyn Member>>,
    /// Those that have gone are forgotten when the list has grown to this length.
    prune_at: usize,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { until: watch::Sender::new(None), members: Arc::default() }
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown").field("until", &*self.until.borrow()).finish()
    }
}

impl Shutdown {
    /// A token that has not been used.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops every actor that shares the token, all at once; each may take until the deadline. Only
    /// the first request counts.
    pub fn request(&self, within: Duration) {
        let until = super::timers::later(Instant::now(), within);
        let is_first = self.until.send_if_modified(|held| {
            let is_first = held.is_none();
            held.get_or_insert(until);
            is_first
        });
        if is_first {
            let list = std::mem::take(&mut self.members.lock().unwrap_or_else(PoisonError::into_inner).list);
            for member in list.iter().filter_map(Weak::upgrade) {
                member.stop(until);
            }
        }
    }

    /// Tells an actor once it is requested; at once, where it has been.
    pub(super) fn join(&self, member: Weak<dyn Member>) {
        {
            let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
            if members.list.len() >= members.prune_at {
                members.list.retain(|one| one.strong_count() > 0);
                members.prune_at = (members.list.len() * 2).max(16);
            }
            members.list.push(member.clone());
        }
        // Looked at after the list has it: a request in between tells it twice, which does no harm.
        let until = *self.until.borrow();
        if let (Some(until), Some(member)) = (until, member.upgrade()) {
            member.stop(until);
        }
    }

    /// Whether it has been requested.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.until.borrow().is_some()
    }

    /// Waits until it is requested, and tells the deadline. For tasks that are not actors, too.
    pub async fn requested(&self) -> Instant {
        let mut until = self.until.subscribe();
        let found = until.wait_for(Option::is_some).await.ok().and_then(|held| *held);
        match found {
            Some(until) => until,
            // This token holds the sender, so the wait cannot fail.
            None => std::future::pending().await,
        }
    }
}

/// Stops actors one after another, in the order given, so that each still reaches those after it:
/// sources first. Every actor gets an equal share of the time that is left of `within`.
pub async fn shutdown_all(
    actors: impl IntoIterator<Item = ActorRef>,
    within: Duration,
) -> Vec<(Arc<str>, StopReason)> {
    let until = super::timers::later(Instant::now(), within);
    let actors: Vec<ActorRef> = actors.into_iter().collect();
    let mut reasons = Vec::with_capacity(actors.len());
    for (index, actor) in actors.iter().enumerate() {
        let left = u32::try_from(actors.len() - index).unwrap_or(u32::MAX);
        let share = until.saturating_duration_since(Instant::now()) / left;
        reasons.push((actor.name().clone(), actor.stop(share).await));
    }
    reasons
}
