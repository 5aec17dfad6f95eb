//! Which process reads which partition: by leases in the store, on the store's clock.
//!
//! ```text
//! every quarter of a lease:  renew what is held ─▶ stop what is lost
//!                            count the members  ─▶ give back what is too much, take what is free
//! ```
//!
//! A consumer writes under its lease's epoch, so one that was stopped past its lease and goes on is refused by the
//! store, however late it notices. Giving back waits for the batch under way.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use statechart_runtime::{
    actor::{ActorRef, Status, shutdown_all},
    ports::{Lease, LeaseRow, StoreError, TopicState},
};
use tokio::sync::watch;

use super::Wiring;
use crate::parts::FIXED_TOPIC;

/// How a lease of a partition begins.
const PARTITION: &str = "part:";
/// How the lease begins that says that a consumer process lives.
const MEMBER: &str = "member:";
/// How long a consumer may go on with its batch when its partition is given back, at most; never so long that the leases
/// that are kept run out meanwhile.
const HAND_OVER: Duration = Duration::from_secs(2);

/// The partitions of this process.
pub(super) struct Shares {
    wiring: Arc<Wiring>,
    holder: String,
    ttl: Duration,
    /// Whether partitions of the fixed topic are shared out, too.
    fixed: bool,
    member: Option<Lease>,
    held: BTreeMap<String, (Lease, ActorRef)>,
}

impl Shares {
    pub(super) fn new(wiring: Arc<Wiring>, holder: String, ttl: Duration, fixed: bool) -> Self {
        Self { wiring, holder, ttl, fixed, member: None, held: BTreeMap::new() }
    }

    /// Goes on until it is told to stop; then everything is given back.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "the leases of partitions cannot be looked at");
            }
            tokio::select! {
                () = tokio::time::sleep(self.ttl / 4) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        let names: Vec<String> = self.held.keys().cloned().collect();
        // They run out by themselves otherwise.
        let _ = self.give_back(&names).await;
        if let Some(member) = self.member.take() {
            let _ = self.wiring.parts.store.release_leases(&[member]).await;
        }
    }

    async fn round(&mut self) -> Result<(), StoreError> {
        let store = self.wiring.parts.store.clone();
        self.renew().await?;
        let rows = store.leases().await?;
        let wanted = self.wanted().await?;
        // A topic that is gone needs no reader.
        let gone: Vec<String> = self.held.keys().filter(|name| !wanted.contains(*name)).cloned().collect();
        let ended: Vec<String> = self
            .held
            .iter()
            .filter(|(_, (_, actor))| matches!(actor.status(), Status::Stopped(_)))
            .map(|(name, _)| name.clone())
            .collect();
        self.give_back(&[gone, ended].concat()).await?;
        let share = wanted.len().div_ceil(members(&rows, &self.holder));
        if self.held.len() > share {
            let excess: Vec<String> = self.held.keys().skip(share).cloned().collect();
            return self.give_back(&excess).await;
        }
        let free: Vec<String> = wanted.into_iter().filter(|name| !self.held.contains_key(name)).collect();
        let room = share - self.held.len();
        if room == 0 || free.is_empty() {
            return Ok(());
        }
        for lease in store.take_leases(&free, &self.holder, self.ttl, room).await? {
            let Some((topic, partition)) = place(&lease.name) else { continue };
            tracing::info!(lease = lease.name, epoch = lease.epoch, "a partition is read here from now on");
            let actor = if topic == FIXED_TOPIC {
                self.wiring.start_fixed(partition, Some(lease.clone()))
            } else {
                self.wiring.start_dynamic(&topic, Some(lease.clone()))
            };
            self.held.insert(lease.name.clone(), (lease, actor));
        }
        Ok(())
    }

    /// Renews what is held, and stops the consumers of what is lost: their writes are refused already.
    async fn renew(&mut self) -> Result<(), StoreError> {
        let store = self.wiring.parts.store.clone();
        let mut mine: Vec<Lease> = self.held.values().map(|(lease, _)| lease.clone()).collect();
        mine.extend(self.member.clone());
        let kept: BTreeSet<Lease> = store.renew_leases(&mine, self.ttl).await?.into_iter().collect();
        let lost: Vec<String> = self
            .held
            .iter()
            .filter(|(_, (lease, _))| !kept.contains(lease))
            .map(|(name, _)| name.clone())
            .collect();
        for name in lost {
            if let Some((lease, actor)) = self.held.remove(&name) {
                tracing::warn!(lease = name, epoch = lease.epoch, "a partition was lost to another process");
                self.wiring.unregister(&actor);
                shutdown_all(vec![actor], Duration::ZERO).await;
            }
        }
        if !self.member.as_ref().is_some_and(|member| kept.contains(member)) {
            let name = format!("{MEMBER}{}", self.holder);
            self.member = store.take_leases(&[name], &self.holder, self.ttl, 1).await?.into_iter().next();
        }
        Ok(())
    }

    /// All that has to be read: partitions of the fixed topic, and the topics that the Coordinator has made.
    async fn wanted(&self) -> Result<BTreeSet<String>, StoreError> {
        let partitions = if self.fixed { self.wiring.used_partitions() } else { Vec::new() };
        let fixed = partitions.into_iter().map(|partition| name(FIXED_TOPIC, partition));
        let topics = self.wiring.parts.store.topics().await?;
        let dynamic = topics
            .iter()
            .filter(|topic| topic.state == TopicState::Ready && topic.instrument.is_some())
            .map(|topic| name(&topic.name, 0));
        Ok(fixed.chain(dynamic).collect())
    }

    async fn give_back(&mut self, names: &[String]) -> Result<(), StoreError> {
        let (mut leases, mut actors) = (Vec::new(), Vec::new());
        for name in names {
            if let Some((lease, actor)) = self.held.remove(name) {
                tracing::info!(lease = name, "a partition is given back");
                self.wiring.unregister(&actor);
                leases.push(lease);
                actors.push(actor);
            }
        }
        shutdown_all(actors, HAND_OVER.min(self.ttl / 8)).await;
        if leases.is_empty() { Ok(()) } else { self.wiring.parts.store.release_leases(&leases).await }
    }
}

/// Processes that share the partitions, this one included.
fn members(rows: &[LeaseRow], holder: &str) -> usize {
    let others = rows.iter().filter(|row| {
        !row.remaining.is_zero() && row.lease.name.starts_with(MEMBER) && row.lease.holder != holder
    });
    1 + others.count()
}

fn name(topic: &str, partition: u32) -> String {
    format!("{PARTITION}{topic}:{partition}")
}

/// Topic and partition of a lease.
fn place(lease: &str) -> Option<(String, u32)> {
    let (topic, partition) = lease.strip_prefix(PARTITION)?.rsplit_once(':')?;
    Some((topic.to_owned(), partition.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        assert_eq!(place(&name("tick-data", 7)), Some(("tick-data".to_owned(), 7)));
        assert_eq!(place(&name("BTCUSD.KRAKEN", 0)), Some(("BTCUSD.KRAKEN".to_owned(), 0)));
        assert_eq!(place("member:x"), None);
    }

    #[test]
    fn only_living_members_count() {
        let row = |name: &str, holder: &str, seconds| LeaseRow {
            lease: Lease { name: name.to_owned(), holder: holder.to_owned(), epoch: 1 },
            remaining: Duration::from_secs(seconds),
        };
        let rows = [
            row("member:a", "a", 5),
            row("member:b", "b", 5),
            row("member:c", "c", 0),
            row("part:tick-data:0", "b", 5),
        ];
        assert_eq!(members(&rows, "a"), 2);
        assert_eq!(members(&rows, "new"), 3);
        assert_eq!(members(&[], "a"), 1);
    }
}
