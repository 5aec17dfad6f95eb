//! Stopping several actors.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};

use super::{ActorRef, StopReason};

/// A token that tells every actor that shares it to stop gracefully. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown {
    until: watch::Sender<Option<Instant>>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { until: watch::Sender::new(None) }
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
        self.until.send_if_modified(|held| {
            let is_first = held.is_none();
            held.get_or_insert(until);
            is_first
        });
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
