//! The store in PostgreSQL, with TimescaleDB where it is there.
//!
//! ```text
//!                        ┌ lease and position locked, stale ones refused
//! ingest ─transaction────┤ COPY into `trade`; staged after a duplicate
//!                        │ candles: merged here (plain), or `dirty` minutes noted (timescale)
//!                        └ REST candles, coverage, dead letters, position
//! ```
//!
//! - **timescale**: `trade` is a hypertable and candles are continuous aggregates that show unmaterialized trades too.
//!   [`crate::ports::Store::maintain`] materializes what is old enough. Minutes that change behind that line are noted
//!   as dirty in the transaction that changes them and read from the trades until they are refreshed.
//! - **plain**: any PostgreSQL. Candles are tables, merged in the transaction from the trades that were really new.
//!
//! Both give the embedded store's candles to the last digit. The mode is chosen once, when the tables are made.

mod connect;
mod copy;
mod csv;
mod deadline;
mod error;
mod ingest;
mod ingest_marks;
mod ingest_trades;
mod leases;
mod maintain;
mod mode;
mod number;
mod reads;
mod rows;
mod schema;
mod session;
mod stats;
mod store;
#[cfg(test)]
mod tests;

pub use connect::PostgresOptions;
pub use mode::{Mode, ModeChoice};
pub use store::PostgresStore;
