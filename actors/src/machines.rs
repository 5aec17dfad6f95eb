//! The five actors and the system machine, generated from `specs/`.
//!
//! Extern types of the specs are the items imported here: the machines move them around and never
//! look into them. What the machines leave to Rust is implemented in the module of each actor.

use crate::{
    consumer::{LogBatch, Records, Touched},
    datastore::{Answer, Inquiry, Job, Request},
    producer::TickBatch,
};

statechart_runtime::statechart!("specs/producer.sc");
statechart_runtime::statechart!("specs/coordinator.sc");
statechart_runtime::statechart!("specs/consumer_fixed.sc");
statechart_runtime::statechart!("specs/consumer_dynamic.sc");
statechart_runtime::statechart!("specs/datastore.sc");
statechart_runtime::statechart!("specs/platform.sc");
