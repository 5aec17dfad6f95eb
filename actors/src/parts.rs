//! What every actor shares: the three ports, the exchange's clock, the instruments, the live edge.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
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
}

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

/// For each instrument, the newest contiguous range of live trades that this process has stored.
#[derive(Default)]
pub struct LiveEdge(Mutex<BTreeMap<InstrumentId, TimeRange>>);

impl LiveEdge {
    /// Adds a stored range: it extends the known one, or replaces it when there is a gap between.
    pub fn stored(&self, instrument: InstrumentId, range: TimeRange) -> TimeRange {
        let mut edges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let edge = edges.entry(instrument).or_insert(range);
        let touching = range.from_us <= edge.to_us && edge.from_us <= range.to_us;
        if touching {
            edge.from_us = edge.from_us.min(range.from_us);
            edge.to_us = edge.to_us.max(range.to_us);
        } else if range.to_us > edge.to_us {
            *edge = range;
        }
        *edge
    }

    /// The range, where there is one.
    pub fn get(&self, instrument: InstrumentId) -> Option<TimeRange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&instrument).copied()
    }
}
