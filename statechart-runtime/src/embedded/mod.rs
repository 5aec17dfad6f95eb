//! The ports' defaults, for one process and no servers: log and store in one SQLite file, the cache in memory.
//!
//! ```text
//! Embedded::open(file) ─┬─ log()   ──▶ SqliteLog   ─┐ one writer connection, writes one after another
//!                       └─ store() ──▶ SqliteStore ─┘ four reader connections, each on its own snapshot
//! MokaCache::new()      ──▶ memory
//! ```
//!
//! What an append or an ingest has acknowledged survives `kill -9` at any moment: it is in the file's write-ahead log.
//! Surviving a power cut as well costs one disk flush per commit, see [`Durability`].
//! The log needs no outbox or spool beside it: appending *is* the durable write.

#[cfg(feature = "sqlite")]
mod codec;
#[cfg(feature = "sqlite")]
mod database;
#[cfg(feature = "sqlite")]
mod ingest;
#[cfg(feature = "sqlite")]
mod ingest_marks;
#[cfg(feature = "sqlite")]
mod ingest_trades;
#[cfg(feature = "moka")]
mod moka;
#[cfg(feature = "sqlite")]
mod spool;
#[cfg(feature = "sqlite")]
mod sqlite_leases;
#[cfg(feature = "sqlite")]
mod sqlite_log;
#[cfg(feature = "sqlite")]
mod sqlite_reads;
#[cfg(feature = "sqlite")]
mod sqlite_store;

#[cfg(all(test, feature = "sqlite"))]
mod sqlite_tests;

#[cfg(feature = "moka")]
pub use self::moka::{MokaCache, NEWEST_CANDLES};
#[cfg(feature = "sqlite")]
pub use database::{Durability, Embedded};
#[cfg(feature = "sqlite")]
pub use spool::{SPOOL_BYTES, Spool, SpoolError, Spooled};
#[cfg(feature = "sqlite")]
pub use sqlite_log::SqliteLog;
#[cfg(feature = "sqlite")]
pub use sqlite_store::SqliteStore;
