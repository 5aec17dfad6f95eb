//! The three ports of the platform: a log, a store and a cache, as object-safe traits.
//!
//! ```text
//! Producer ──append──▶ Log ──fetch──▶ Consumer ──ingest──▶ Store ──▶ Datastore
//!                                        └────────put────▶ Cache ──▶ Datastore
//! ```
//!
//! The log delivers at least once; [`Store::ingest`] writes data and position in one transaction, which makes the
//! effect exactly once. The cache is a hint: losing it costs time, never correctness. Embedded adapters are in
//! `crate::embedded`, those for servers in `crate::postgres` and `crate::redis`; all pass the same `contract` suite.

mod batch;
mod cache;
#[cfg(any(test, feature = "contract-tests"))]
pub mod contract;
mod lease;
mod log;
mod read;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) mod steps;
mod store;
mod store_types;

pub use batch::{
    Batch, BatchBuilder, CoverageMark, DeadLetter, MAX_BATCH_ITEMS, Placed, Position, PositionKey, RestRows,
};
pub use cache::{Cache, CacheAnswer, CacheError, CacheKey, PutReport, Wake};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use lease::check_lease;
pub use lease::{Lease, LeaseRow, Leases, MAX_LEASE_NAME};
pub use log::{
    Fetched, FetchedRecord, Log, LogError, LogRecord, MAX_APPEND_BYTES, MAX_PARTITIONS, Topic, Watermarks,
    is_valid_topic,
};
pub use read::{MAX_PAGE, read_plan};
pub use store::{Store, StoreError};
pub use store_types::{
    CsvPart, Fetch, FetchRequest, FetchState, FetchUpdate, Ingested, InstrumentStats, Maintained, StoreMode,
    StoreStats, StoredDeadLetter, TopicEntry, TopicState, Touched,
};
