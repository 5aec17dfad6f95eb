//! What statechart-generated machines run on.
//!
//! # Layout
//! - [`chart`]: what a generated machine is and how one step runs; no allocation, no I/O, no async.
//! - [`value`]: the values of the spec language and their total arithmetic.
//! - `snapshot` (feature `snapshot`): a running machine as JSON, and back.
//! - `actor` (feature `actor`): mailbox, timers, services, supervision and inspection on Tokio.
//! - `market` (feature `market`): exact decimals, trades, candles, coverage, the reading plan.
//! - `ports` (feature `market`): log, store and cache as traits.
//! - `embedded` (features `sqlite`, `moka`): their defaults, in one file and in memory.
//! - `kafka` (feature `kafka`): the log on a broker.
//! - `postgres` (feature `postgres`): the store in PostgreSQL or TimescaleDB.
//! - `redis` (feature `redis`): the cache in Redis.
//!
//! # Without `std`
//! With no feature at all, [`chart`] and [`value`] need neither `std` nor an allocator: a machine on a
//! microcontroller is a static table, a few words of state, and [`chart::Effects`] of its user's own. The
//! feature `alloc` adds lists, texts made at run time, and `chart::Recorder` and `chart::Step`; `std` is
//! asked for by everything below it.
//!
//! # Data flow
//! Data flows one way: a mailbox hands an event to [`chart::Chart::step`]; the step reports what it
//! wants done to its [`chart::Effects`]; the actor performs it and reports results back as events.
#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "alloc")]
extern crate alloc;

#[cfg(feature = "actor")]
pub mod actor;
pub mod chart;
#[cfg(any(feature = "sqlite", feature = "moka"))]
pub mod embedded;
#[cfg(feature = "kafka")]
pub mod kafka;
#[cfg(feature = "market")]
pub mod market;
#[cfg(feature = "market")]
pub mod ports;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "snapshot")]
pub mod snapshot;
pub mod value;

#[cfg(feature = "macros")]
pub use statechart_macros::statechart;
