//! What every adapter of the ports must do, as functions to call from the adapter's tests: [`log`], [`store`], [`cache`].
//!
//! They panic on the first violation. `prefix` keeps the names of one run apart from those of earlier runs on the same
//! server: use 1 to 8 characters of `A-Z0-9`.
// A violated contract is reported by a panic: that is what a test function is for.
#![allow(clippy::unwrap_used)]

mod contract_cache;
mod contract_data;
mod contract_lease;
mod contract_log;
mod contract_store;
mod services;

pub use contract_cache::cache;
pub use contract_log::log;
pub use contract_store::store;
pub use services::service;
