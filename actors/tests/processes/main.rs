//! The platform as processes of their own on real services, and what goes wrong there: processes killed and stopped,
//! servers taken away, records lost from the log, a build that is wrong on purpose.
//!
//! Shared services come from `cargo xtask services up`, the recorded trades from `cargo xtask sample-data`. Tests that
//! stop a server, or need a broker without anybody else's topics, start servers of their own; so all of them run side by
//! side.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

#[path = "../common/mod.rs"]
mod common;

#[path = "."]
mod processes {
    mod fetches;
    mod leases;
    mod lost;
    mod mixed;
    mod outage;
    mod process;
    mod recorded;
    mod refusals;
    mod roles;
    mod sabotage;
    mod servers;
    mod topics;
    mod world;
}
