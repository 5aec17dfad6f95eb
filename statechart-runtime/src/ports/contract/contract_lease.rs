//! The contract of a store's leases.

use super::contract_data::{key, placed, position, trades};
use crate::market::NewInstrument;
use crate::ports::{Batch, Lease, Store, StoreError};
use futures_util::future::join_all;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(40);

/// Checks the leases of a store, and that a batch under a lost one is refused.
pub(super) async fn leases(store: &dyn Store, prefix: &str) {
    take_and_renew(store, prefix).await;
    contention(store, prefix).await;
    fencing(store, prefix).await;
}

fn names(prefix: &str, what: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{prefix}:{what}:{n}")).collect()
}

async fn take_and_renew(store: &dyn Store, prefix: &str) {
    let names = names(prefix, "take", 3);
    let mine = store.take_leases(&names, "a", LONG, 2).await.unwrap();
    assert_eq!(
        mine.iter().map(|lease| (&lease.name, lease.epoch)).collect::<Vec<_>>(),
        [(&names[0], 1), (&names[1], 1)]
    );
    let others = store.take_leases(&names, "b", SHORT, 9).await.unwrap();
    assert_eq!(others.iter().map(|lease| &lease.name).collect::<Vec<_>>(), [&names[2]]);
    assert!(store.take_leases(&names, "a", LONG, 9).await.unwrap().is_empty(), "taken is taken");
    let listed = store.leases().await.unwrap();
    let row = listed.iter().find(|row| row.lease == mine[0]).unwrap();
    assert!(row.remaining > LONG / 2 && row.remaining <= LONG, "{row:?}");

    // What has run out is held until somebody takes it; then it cannot be renewed.
    pause(SHORT * 2).await;
    let renewed = store.renew_leases(&others, SHORT).await.unwrap();
    assert_eq!(renewed, others);
    pause(SHORT * 2).await;
    let taken = store.take_leases(&names, "a", LONG, 9).await.unwrap();
    assert_eq!(taken, [Lease { name: names[2].clone(), holder: "a".into(), epoch: 2 }]);
    assert!(store.renew_leases(&others, LONG).await.unwrap().is_empty());
    store.release_leases(&others).await.unwrap();
    assert_eq!(store.renew_leases(&taken, LONG).await.unwrap(), taken, "a lost lease cannot be given back");

    store.release_leases(&mine).await.unwrap();
    let free = store.take_leases(&names, "c", LONG, 9).await.unwrap();
    assert_eq!(free.iter().map(|lease| lease.epoch).collect::<Vec<_>>(), [2, 2]);
    let stolen = store.steal_lease(&names[0], "d", LONG).await.unwrap();
    assert_eq!((stolen.holder.as_str(), stolen.epoch), ("d", 3));
    assert_eq!(store.renew_leases(&free, LONG).await.unwrap(), free[1..]);
    for (name, holder, ttl) in [("", "a", LONG), ("x", "", LONG), ("x", "a", Duration::ZERO)] {
        assert!(matches!(store.steal_lease(name, holder, ttl).await, Err(StoreError::BadLease { .. })));
    }
}

/// Many ask at once: each lease goes to one of them.
async fn contention(store: &dyn Store, prefix: &str) {
    let names = names(prefix, "race", 8);
    let mut taken: Vec<Lease> = Vec::new();
    // A lease that somebody else is looking at is passed over, so it may take several rounds.
    for _ in 0..50 {
        let holders: Vec<String> = (0..6).map(|n| format!("h{n}")).collect();
        let round = join_all(holders.iter().map(|holder| store.take_leases(&names, holder, LONG, 2))).await;
        taken.extend(round.into_iter().flat_map(Result::unwrap));
        if taken.len() >= names.len() {
            break;
        }
    }
    taken.sort();
    assert_eq!(taken.iter().map(|lease| &lease.name).collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
    assert!(taken.iter().all(|lease| lease.epoch == 1));
}

async fn fencing(store: &dyn Store, prefix: &str) {
    let symbol = format!("{prefix}LEASEUSD");
    let new = NewInstrument { symbol: symbol.clone(), ..NewInstrument::pair("LEASE", "USD") };
    let one = store.ensure_instrument(&new).await.unwrap();
    let key = key(prefix, &symbol);
    let all = trades(&symbol, 5, 20);
    let batch = |from: i64, to: i64, lease: &Lease| Batch {
        position: position(&key, from, to),
        lease: Some(lease.clone()),
        trades: placed(one.id, from, &all[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()]),
        ..Batch::default()
    };
    let name = names(prefix, "fence", 1).remove(0);
    let never = Lease { name: name.clone(), holder: "a".into(), epoch: 1 };
    let refused = store.ingest(batch(0, 10, &never)).await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::StaleLease { epoch: 0, .. }) && !refused.is_transient(),
        "{refused}"
    );
    let old = store.take_leases(std::slice::from_ref(&name), "a", SHORT, 1).await.unwrap().remove(0);
    assert_eq!(store.ingest(batch(0, 10, &old)).await.unwrap().inserted, 10);
    pause(SHORT * 2).await;
    let new = store.take_leases(&[name], "b", LONG, 1).await.unwrap().remove(0);
    match store.ingest(batch(10, 20, &old)).await {
        Err(StoreError::StaleLease { lease, holder, epoch: 2 }) => {
            assert_eq!((lease, holder.as_str()), (old, "b"))
        }
        other => panic!("a write under a lost lease must be refused: {other:?}"),
    }
    assert_eq!(store.next_offset(&key).await.unwrap(), Some(10), "nothing was written");
    assert_eq!(store.ingest(batch(10, 20, &new)).await.unwrap().inserted, 10);
}

/// Sleeps without a runtime: contracts run on whatever the adapter uses.
async fn pause(time: Duration) {
    std::thread::sleep(time);
}
