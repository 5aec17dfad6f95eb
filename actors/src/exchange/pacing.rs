//! How often we ask: the token budget, the retry policy and the reconnect back-off. Policies are data; the
//! random jitter comes from a seed, the time from the caller or tokio's clock (which tests can pause).

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::time::Instant;

use super::ExchangeError;

/// How many calls we allow ourselves, below what the plan allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Calls in any second.
    pub per_second: u32,
    /// Calls in any minute.
    pub per_minute: u32,
}

impl Default for Budget {
    /// Two thirds of the smallest plan seen (20 a second, 300 a minute).
    fn default() -> Self {
        Self { per_second: 12, per_minute: 200 }
    }
}

/// The calls of the last minute; bounded by `per_minute` entries.
#[derive(Debug)]
pub(crate) struct BudgetState {
    budget: Budget,
    recent: VecDeque<Instant>,
}

impl BudgetState {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { budget, recent: VecDeque::new() }
    }

    /// Books one call and returns when it may start. Calls are booked in order, so nobody starves.
    pub(crate) fn book(&mut self, now: Instant) -> Instant {
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        while self.recent.front().is_some_and(|&at| at + minute <= now) {
            self.recent.pop_front();
        }
        let mut start = now;
        for (calls, window) in [(self.budget.per_second, second), (self.budget.per_minute, minute)] {
            let calls = usize::try_from(calls.max(1)).unwrap_or(usize::MAX);
            // The call `calls` before this one must lie a whole window back.
            if let Some(&earlier) = self.recent.len().checked_sub(calls).and_then(|i| self.recent.get(i)) {
                start = start.max(earlier + window);
            }
        }
        if let Some(&last) = self.recent.back() {
            start = start.max(last);
        }
        self.recent.push_back(start);
        start
    }
}

/// How often and how long one call is repeated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// Attempts in all, at least 1.
    pub attempts: u32,
    /// Wait before the second attempt, in ms; doubles from there.
    pub first_ms: u64,
    /// Longest wait, in ms.
    pub cap_ms: u64,
    /// The whole call, waits included, ends by then, in ms.
    pub deadline_ms: u64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 5, first_ms: 500, cap_ms: 15_000, deadline_ms: 90_000 }
    }
}

impl RetryPolicy {
    /// One attempt only: the caller decides what a failure means.
    pub fn once() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// Wait after the failed `attempt` (from 1), with ±25 % of jitter so that clients do not march in step.
    pub(crate) fn wait(&self, attempt: u32, wish_ms: Option<u64>, rng: &mut ChaCha8Rng) -> Duration {
        let doubled = self.first_ms.saturating_mul(1 << attempt.saturating_sub(1).min(20)).min(self.cap_ms);
        Duration::from_millis(jittered(doubled.max(wish_ms.unwrap_or(0)), 0.25, rng))
    }
}

/// Runs `call` until it succeeds, fails for good, or the policy is used up. `call` gets the attempt, from 1.
pub(crate) async fn retry<T, F, Fut>(
    policy: RetryPolicy,
    rng: &std::sync::Mutex<ChaCha8Rng>,
    at: &str,
    mut call: F,
) -> Result<T, ExchangeError>
where
    F: FnMut(u32) -> Fut,
    Fut: Future<Output = Result<T, ExchangeError>>,
{
    let deadline = Instant::now() + Duration::from_millis(policy.deadline_ms);
    let timeout = || ExchangeError::Timeout { at: at.to_owned(), after_ms: policy.deadline_ms };
    let mut attempt = 1;
    loop {
        let error = match tokio::time::timeout_at(deadline, call(attempt)).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => return Err(timeout()),
        };
        if !error.is_transient() || attempt >= policy.attempts {
            return Err(error);
        }
        let wait = {
            // A poisoned lock only means that another task panicked between two draws: the rng is still sound.
            let mut rng = rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            policy.wait(attempt, error.retry_after_ms(), &mut rng)
        };
        if Instant::now() + wait >= deadline {
            return Err(error);
        }
        tracing::debug!(at, attempt, wait_ms = wait.as_millis() as u64, %error, "asking the exchange again");
        tokio::time::sleep(wait).await;
        attempt += 1;
    }
}

/// When to open the next socket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BackoffPolicy {
    /// First wait, in ms of exchange speed: the exchange asks for at least 5 s.
    pub first_ms: u64,
    /// Longest wait, in ms.
    pub cap_ms: u64,
    /// Share of the wait that is added at random, 0..1; never subtracted, so that the first wait stays a minimum.
    pub jitter: f64,
    /// More connects than this in a minute are refused by the exchange.
    pub max_per_minute: u32,
    /// Wall seconds per exchange second: 1.0 at real speed, 0.001 against a simulator at 1000x. No wait gets
    /// shorter than 50 ms.
    pub time_scale: f64,
}

impl Default for BackoffPolicy {
    fn default() -> Self {
        Self { first_ms: 5_000, cap_ms: 60_000, jitter: 0.2, max_per_minute: 60, time_scale: 1.0 }
    }
}

/// Shortest wait between two connects, whatever the scale.
const SHORTEST_WAIT: Duration = Duration::from_millis(50);

/// The reconnect policy at work: doubles from failure to failure, starts over after a success.
#[derive(Debug)]
pub struct Backoff {
    policy: BackoffPolicy,
    rng: ChaCha8Rng,
    failures: u32,
    connects: VecDeque<Instant>,
}

impl Backoff {
    /// A fresh back-off; equal seeds draw equal jitter.
    pub fn new(policy: BackoffPolicy, seed: u64) -> Self {
        Self { policy, rng: ChaCha8Rng::seed_from_u64(seed), failures: 0, connects: VecDeque::new() }
    }

    /// A connect failed or a socket ended: how long to wait before the next connect. Call once per end.
    pub fn failed(&mut self, now: Instant) -> Duration {
        let base = self.policy.first_ms.saturating_mul(1 << self.failures.min(16)).min(self.policy.cap_ms);
        self.failures = self.failures.saturating_add(1);
        let extra = unit(&mut self.rng) * self.policy.jitter.clamp(0.0, 1.0);
        let mut wait = self.scaled(base as f64 * (1.0 + extra));
        let window = self.scaled(60_000.0);
        while self.connects.front().is_some_and(|&at| at + window <= now) {
            self.connects.pop_front();
        }
        let most = usize::try_from(self.policy.max_per_minute.max(1)).unwrap_or(usize::MAX);
        if let Some(&earlier) = self.connects.len().checked_sub(most).and_then(|i| self.connects.get(i)) {
            wait = wait.max((earlier + window).saturating_duration_since(now));
        }
        self.connects.push_back(now + wait);
        wait
    }

    /// The socket is up and its subscriptions are complete: the next failure starts with the first wait again.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    fn scaled(&self, ms: f64) -> Duration {
        let scaled_ms = ms * self.policy.time_scale.clamp(0.0, 1.0);
        Duration::from_secs_f64(scaled_ms.max(0.0) / 1_000.0).max(SHORTEST_WAIT)
    }
}

/// A number in [0, 1).
pub(crate) fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

fn jittered(ms: u64, share: f64, rng: &mut ChaCha8Rng) -> u64 {
    let factor = 1.0 + share * (2.0 * unit(rng) - 1.0);
    (ms as f64 * factor) as u64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_budget_spreads_calls_over_both_windows() {
        let mut state = BudgetState::new(Budget { per_second: 2, per_minute: 5 });
        let now = Instant::now();
        let starts: Vec<u64> = (0..7).map(|_| (state.book(now) - now).as_secs()).collect();
        assert_eq!(starts, [0, 0, 1, 1, 2, 60, 60]);
    }

    #[tokio::test(start_paused = true)]
    async fn reconnects_wait_five_seconds_double_and_start_over() {
        let mut backoff = Backoff::new(BackoffPolicy::default(), 7);
        let now = Instant::now();
        let waits: Vec<u64> = (0..5).map(|_| backoff.failed(now).as_secs()).collect();
        for (wait, base) in waits.iter().zip([5, 10, 20, 40, 60]) {
            assert!((base..=base * 12 / 10).contains(wait), "{waits:?}");
        }
        backoff.succeeded();
        assert!(backoff.failed(now).as_secs() < 7);
        let mut fast = Backoff::new(BackoffPolicy { time_scale: 0.001, ..BackoffPolicy::default() }, 7);
        assert_eq!(fast.failed(now), SHORTEST_WAIT);
        let mut many = Backoff::new(
            BackoffPolicy { first_ms: 1, cap_ms: 1, max_per_minute: 3, ..BackoffPolicy::default() },
            7,
        );
        let last = (0..4).map(|_| many.failed(now)).last().unwrap();
        assert!(last >= Duration::from_secs(59), "{last:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn retries_stop_at_attempts_deadline_and_lasting_errors() {
        let rng = std::sync::Mutex::new(ChaCha8Rng::seed_from_u64(1));
        let policy = RetryPolicy { attempts: 3, first_ms: 100, cap_ms: 1_000, deadline_ms: 10_000 };
        let down = || ExchangeError::Unreachable { at: "x".into(), reason: "down".into() };
        let mut calls = 0;
        let result: Result<(), _> = retry(policy, &rng, "x", |n| {
            calls = n;
            async { Err(down()) }
        })
        .await;
        assert_eq!((result, calls), (Err(down()), 3));
        let lasting =
            || ExchangeError::BadRequest { at: "x".into(), parameter: "limit".into(), message: "no".into() };
        let result: Result<(), _> = retry(policy, &rng, "x", |n| {
            calls = n;
            async { Err(lasting()) }
        })
        .await;
        assert_eq!((result, calls), (Err(lasting()), 1));
        let result: Result<(), _> = retry(policy, &rng, "x", |_| std::future::pending()).await;
        assert!(matches!(result, Err(ExchangeError::Timeout { after_ms: 10_000, .. })));
        assert_eq!(
            retry(policy, &rng, "x", |n| async move { if n == 2 { Ok(n) } else { Err(down()) } }).await,
            Ok(2)
        );
    }
}
