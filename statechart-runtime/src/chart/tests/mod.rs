//! Tests of the engine: [`probe`] for the shape of charts, [`worker`] for a machine as it is generated.
#![allow(clippy::unwrap_used)]

mod deferral;
mod language;
mod probe;
mod queues;
mod regions;
mod ring;
pub(crate) mod worker;
