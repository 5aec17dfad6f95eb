//! A market-data platform of five statechart actors.
//!
//! ```text
//! exchange ──REST, WebSocket──▶ Producer ──▶ log ──▶ consumers ──▶ store, cache
//!                                  ▲                                  │
//!                             Coordinator ◀── Datastore ◀─────────────┘
//!                                                 ▲
//!                                            HTTP API ◀── applications
//! ```
//!
//! # Layout
//! - [`machines`]: the machines, generated from `specs/`.
//! - [`producer`], [`coordinator`], [`consumer`], [`datastore`]: what each spec leaves to Rust.
//! - [`parts`]: what every actor shares: ports, clock, instruments.
//! - [`platform`]: puts the parts together and takes them down again.
//! - [`exchange`], [`simulator`]: the exchange's wire formats, from both sides.
//! - [`api`], [`cli`], [`status`]: how people and programs reach it.

pub mod api;
pub mod cli;
pub mod consumer;
pub mod coordinator;
pub mod datastore;
pub mod exchange;
pub mod lock;
pub mod machines;
pub mod parts;
pub mod platform;
pub mod producer;
pub mod simulator;
pub mod status;
