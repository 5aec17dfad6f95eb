//! Leases: which process may do what, told by the store's clock and fenced inside its transactions.

use async_trait::async_trait;
use std::time::Duration;

use super::store::StoreError;

/// Most bytes of a lease's name or holder.
pub const MAX_LEASE_NAME: usize = 200;

/// A lease that somebody took. Its epoch is the fence: a write that names it is refused once the epoch has moved on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease {
    /// What is leased, e.g. `part:tick-data:3`.
    pub name: String,
    /// Who took it: unique to a process's life, so that a restarted one does not take itself for the old one.
    pub holder: String,
    /// +1 each time somebody takes it; renewing keeps it.
    pub epoch: i64,
}

/// A lease as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRow {
    /// The lease as it was taken last.
    pub lease: Lease,
    /// How long it still runs, by the store's clock; zero when it is free.
    pub remaining: Duration,
}

/// Leases in a store. All times are the store's own, so the clocks of processes do not matter.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes at most `max` of the named leases that are free or have run out, in the order of `names`. One that another
    /// transaction is just looking at is passed over, not waited for.
    ///
    /// # Errors
    /// [`StoreError::BadLease`], or those of the database.
    async fn take_leases(
        &self,
        names: &[String],
        holder: &str,
        ttl: Duration,
        max: usize,
    ) -> Result<Vec<Lease>, StoreError>;

    /// Takes a lease whoever holds it: the holder's writes are refused from then on.
    ///
    /// # Errors
    /// As [`Leases::take_leases`].
    async fn steal_lease(&self, name: &str, holder: &str, ttl: Duration) -> Result<Lease, StoreError>;

    /// Lets leases run for `ttl` from now on, and returns those that are still held. One that has run out but that
    /// nobody took meanwhile is still held; the others are lost, and their work must stop.
    ///
    /// # Errors
    /// As [`Leases::take_leases`].
    async fn renew_leases(&self, leases: &[Lease], ttl: Duration) -> Result<Vec<Lease>, StoreError>;

    /// Gives leases back before they run out. Those that are lost already are passed over.
    ///
    /// # Errors
    /// Those of the database.
    async fn release_leases(&self, leases: &[Lease]) -> Result<(), StoreError>;

    /// All leases that were ever taken, by name.
    ///
    /// # Errors
    /// Those of the database.
    async fn leases(&self) -> Result<Vec<LeaseRow>, StoreError>;
}

/// Names, holders and times that every adapter refuses alike.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn check_lease<'a>(
    names: impl IntoIterator<Item = &'a str>,
    holder: &str,
    ttl: Duration,
) -> Result<i64, StoreError> {
    let bad = |why: String| StoreError::BadLease { why };
    for (what, text) in names.into_iter().map(|name| ("name", name)).chain([("holder", holder)]) {
        if text.is_empty() || text.len() > MAX_LEASE_NAME {
            return Err(bad(format!(
                "its {what} has {} bytes, 1 to {MAX_LEASE_NAME} are allowed",
                text.len()
            )));
        }
    }
    let ttl_us = i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX);
    if !(1_000..=86_400_000_000).contains(&ttl_us) {
        return Err(bad(format!("it would run for {ttl:?}, 1 ms to 1 day are allowed")));
    }
    Ok(ttl_us)
}
