//! How often and how soon a failed actor is started anew.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// Limits of restarting. Deterministic: no randomness in the waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartPolicy {
    /// So many restarts within [`RestartPolicy::within`]; at one more failure the actor is given up.
    pub max_restarts: u32,
    /// The sliding span in which restarts count.
    pub within: Duration,
    /// The wait before the first restart; it doubles with every further one in the span.
    pub backoff: Duration,
    /// The longest wait.
    pub backoff_limit: Duration,
}

impl Default for RestartPolicy {
    /// Five restarts a minute, after 100 ms doubling to at most 5 s.
    fn default() -> Self {
        Self {
            max_restarts: 5,
            within: Duration::from_secs(60),
            backoff: Duration::from_millis(100),
            backoff_limit: Duration::from_secs(5),
        }
    }
}

/// The restarts of one actor that still count.
#[derive(Debug)]
pub(super) struct Restarts {
    policy: RestartPolicy,
    recent: VecDeque<Instant>,
}

impl Restarts {
    pub(super) fn new(policy: RestartPolicy) -> Self {
        Self { policy, recent: VecDeque::new() }
    }

    pub(super) fn policy(&self) -> RestartPolicy {
        self.policy
    }

    /// How long to wait before the next restart; none when the actor has to be given up.
    pub(super) fn next(&mut self, now: Instant) -> Option<Duration> {
        while self.recent.front().is_some_and(|at| now.saturating_duration_since(*at) >= self.policy.within) {
            self.recent.pop_front();
        }
        let earlier = u32::try_from(self.recent.len()).unwrap_or(u32::MAX);
        if earlier >= self.policy.max_restarts {
            return None;
        }
        let doubled = 2_u32.checked_pow(earlier).unwrap_or(u32::MAX);
        let wait = self.policy.backoff.saturating_mul(doubled).min(self.policy.backoff_limit);
        // A restart counts from when it happens, after the wait.
        self.recent.push_back(super::timers::later(now, wait));
        Some(wait)
    }
}
