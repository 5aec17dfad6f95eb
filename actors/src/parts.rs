//! What every actor shares: the three ports, the exchange's clock, the instruments, the live edge.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock, atomic::AtomicU64},
};

use statechart_runtime::{
    market::{InstrumentId, InstrumentTable, TimeRange},
    ports::{Cache, Log, Store},
};
use tokio::time::Instant;

use crate::exchange::NowUs;

/// The fixed topic: trades and their coverage, partitioned by instrument.
pub const FIXED_TOPIC: &str = "tick-data";

/// The parts that the actors are built around.
pub struct Parts {
    /// Where records go before anything else.
    pub log: Arc<dyn Log>,
    /// The platform's memory.
    pub store: Arc<dyn Store>,
    /// The newest candles, and wake-ups.
    pub cache: Arc<dyn Cache>,
    /// The exchange's time.
    pub clock: ExchangeClock,
    /// What the store's instrument table holds.
    pub instruments: Instruments,
    /// Until when the live feed is stored.
    pub live: LiveEdge,
    /// The wall clock, for what is not market logic.
    pub wall: NowUs,
    /// Batches of this process that the store has refused, because another process had taken the lease.
    pub refused: AtomicU64,
}

/// How far the live feed may lag at real speed, µs of the exchange's time.
pub(crate) const LIVE_LAG_US: i64 = 65_000_000;
/// How far it may lag at any speed, µs of wall time.
const LEAST_LAG_US: i64 = 2_000_000;

/// The exchange's clock: the newest time it stated, and what has passed since.
pub struct ExchangeClock {
    stated: Mutex<Option<(i64, Instant)>>,
    /// Wall seconds for each second of the exchange.
    time_scale: f64,
    wall: NowUs,
}

impl ExchangeClock {
    /// A clock that nobody has told the time yet: it shows the wall clock until then.
    pub fn new(time_scale: f64, wall: NowUs) -> Self {
        Self { stated: Mutex::new(None), time_scale: if time_scale > 0.0 { time_scale } else { 1.0 }, wall }
    }

    /// Takes a time that the exchange stated, µs.
    pub fn heard(&self, time_us: i64) {
        let mut stated = self.stated.lock().unwrap_or_else(PoisonError::into_inner);
        if stated.is_none_or(|(known, _)| time_us > known) {
            *stated = Some((time_us, Instant::now()));
        }
    }

    /// The exchange's time, µs.
    pub fn now_us(&self) -> i64 {
        self.stated_now_us().unwrap_or_else(|| (self.wall)())
    }

    /// How far the live feed may lag behind the exchange's clock and still count as up to date: heartbeats come every
    /// 30 s and coverage is settled 2 s later; a clock that runs faster leaves less wall time for it, µs.
    pub fn live_lag_us(&self) -> i64 {
        LIVE_LAG_US.max((LEAST_LAG_US as f64 / self.time_scale) as i64)
    }

    /// The exchange's time where it has stated any, µs.
    pub fn stated_now_us(&self) -> Option<i64> {
        let stated = *self.stated.lock().unwrap_or_else(PoisonError::into_inner);
        stated.map(|(time_us, at)| {
            time_us.saturating_add((at.elapsed().as_micros() as f64 / self.time_scale) as i64)
        })
    }
}

/// The instruments in memory; the store's table is their home.
#[derive(Default)]
pub struct Instruments(RwLock<Arc<InstrumentTable>>);

impl Instruments {
    /// Replaces the table by what the store holds now.
    pub fn set(&self, table: InstrumentTable) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(table);
    }

    /// The table as it is now.
    pub fn get(&self) -> Arc<InstrumentTable> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How far back a new live edge reaches at most: its candles are read from the store into the cache, µs.
const EDGE_REACH_US: i64 = 1_000 * 60_000_000;

/// For each instrument, the newest contiguous range of live trades that this process has stored.
#[derive(Default)]
pub struct LiveEdge(Mutex<BTreeMap<InstrumentId, TimeRange>>);

impl LiveEdge {
    /// Adds a stored range: it extends the end of the known one, or replaces it when there is a gap between. Says
    /// whether the edge is new: then trades of it may have been stored by an earlier process, without passing by here.
    pub fn stored(&self, instrument: InstrumentId, range: TimeRange) -> (TimeRange, bool) {
        let mut edges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = edges.get(&instrument).copied();
        let touching = |edge: &TimeRange| range.from_us <= edge.to_us && edge.from_us <= range.to_us;
        let (edge, is_new) = match known {
            // Never back in time: what lies there may be an earlier process's as well.
            Some(edge) if touching(&edge) => {
                (TimeRange { to_us: edge.to_us.max(range.to_us), ..edge }, false)
            }
            Some(edge) if range.to_us <= edge.to_us => (edge, false),
            _ => {
                let reach_us = range.to_us.saturating_sub(EDGE_REACH_US);
                (TimeRange { from_us: range.from_us.max(reach_us), ..range }, true)
            }
        };
        edges.insert(instrument, edge);
        (edge, is_new)
    }

    /// Forgets the range: the next one stored begins a new edge.
    pub fn forget(&self, instrument: InstrumentId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&instrument);
    }

    /// The range, where there is one.
    pub fn get(&self, instrument: InstrumentId) -> Option<TimeRange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&instrument).copied()
    }
}

/// Real parts in a directory of a test's own.
#[cfg(test)]
pub(crate) mod testing {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::exchange::wall_clock;
    use async_trait::async_trait;
    use statechart_runtime::{
        embedded::{Durability, Embedded, MokaCache},
        market::NewInstrument,
        ports::{Fetched, LogError, LogRecord, Topic, Watermarks},
    };
    use std::{
        sync::atomic::{AtomicBool, AtomicUsize, Ordering},
        time::Duration,
    };

    /// Embedded ones that know BTCUSD.
    pub(crate) async fn embedded() -> (tempfile::TempDir, Arc<Parts>) {
        let dir = tempfile::tempdir().unwrap();
        let file = Embedded::open(dir.path().join("data.sqlite"), Durability::ProcessKill).await.unwrap();
        let store = file.store();
        store.ensure_instrument(&NewInstrument::pair("BTC", "USD")).await.unwrap();
        let wall = wall_clock();
        let parts = Parts {
            log: Arc::new(file.log()),
            store: Arc::new(store),
            cache: Arc::new(MokaCache::new()),
            clock: ExchangeClock::new(1.0, wall.clone()),
            instruments: Instruments::default(),
            live: LiveEdge::default(),
            wall,
            refused: AtomicU64::default(),
        };
        parts.instruments.set(InstrumentTable::new(parts.store.instruments().await.unwrap()));
        (dir, Arc::new(parts))
    }

    /// A log that can be away, that takes records of so many bytes, and that answers with so many.
    pub(crate) struct Tampered {
        pub(crate) log: Arc<dyn Log>,
        pub(crate) is_there: AtomicBool,
        /// Bytes of a record.
        pub(crate) largest: AtomicUsize,
        /// Records of one answer.
        pub(crate) answer: usize,
    }

    impl Tampered {
        /// Nothing is wrong with it yet.
        pub(crate) fn new(log: Arc<dyn Log>) -> Self {
            Self {
                log,
                is_there: AtomicBool::new(true),
                largest: AtomicUsize::new(usize::MAX),
                answer: usize::MAX,
            }
        }
    }

    #[async_trait]
    impl Log for Tampered {
        async fn create_topic(&self, name: &str, partitions: u32) -> Result<Topic, LogError> {
            self.log.create_topic(name, partitions).await
        }
        async fn delete_topic(&self, name: &str) -> Result<(), LogError> {
            self.log.delete_topic(name).await
        }
        async fn disown(&self, name: &str, incarnation: i64) -> Result<(), LogError> {
            self.log.disown(name, incarnation).await
        }
        async fn topics(&self) -> Result<Vec<Topic>, LogError> {
            self.log.topics().await
        }
        async fn append(&self, topic: &str, partition: u32, records: &[LogRecord]) -> Result<i64, LogError> {
            if !self.is_there.load(Ordering::Acquire) {
                let doing = "appending".to_owned();
                return Err(LogError::Io { doing, transient: true, source: "switched off".into() });
            }
            let largest = self.largest.load(Ordering::Acquire);
            let fitting = records.iter().take_while(|record| record.bytes() <= largest).count();
            let (fit, rest) = records.split_at(fitting);
            let appended = self.log.append(topic, partition, fit).await;
            let Some(refused) = rest.first() else { return appended };
            let (topic, bytes, appended) = (topic.to_owned(), refused.bytes(), fitting);
            Err(LogError::RecordRefused { topic, partition, bytes, appended })
        }
        async fn fetch(
            &self,
            topic: &str,
            partition: u32,
            from: i64,
            records: usize,
            bytes: usize,
            wait: Duration,
        ) -> Result<Fetched, LogError> {
            self.log.fetch(topic, partition, from, records.min(self.answer), bytes, wait).await
        }
        async fn watermarks(&self, topic: &str, partition: u32) -> Result<Watermarks, LogError> {
            self.log.watermarks(topic, partition).await
        }
        async fn trim(&self, topic: &str, partition: u32, below: i64) -> Result<(), LogError> {
            self.log.trim(topic, partition, below).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    #[test]
    fn an_edge_grows_at_its_end_only() {
        // stored from and to, expected from and to, whether it is a new edge
        let rows = [
            ((10, 12), (10, 12), true),
            ((12, 15), (10, 15), false),
            ((9, 13), (10, 15), false),
            ((1, 5), (10, 15), false),
            ((16, 20), (16, 20), true),
            ((10_000, 20_000), (19_000, 20_000), true),
        ];
        let live = LiveEdge::default();
        for (stored, expected, is_new) in rows {
            let range = |(from, to): (i64, i64)| TimeRange { from_us: from * MINUTE, to_us: to * MINUTE };
            let found = live.stored(InstrumentId(1), range(stored));
            assert_eq!(found, (range(expected), is_new), "{stored:?}");
        }
    }
}
