//! The log on a broker that speaks Kafka's protocol: Redpanda, Apache Kafka.
//!
//! ```text
//! append ─▶ pieces of ≤ 512 KiB, Snappy ─▶ produce client ─┐
//! fetch  ◀─ what was left over ◀──────── fetch client ◀─┼─▶ broker
//! watermarks, trim ──────────────────────── meta client ─┘
//! create, delete ─▶ controller, and the topic's row in the store: the incarnation has its home there
//! ```
//!
//! # What the protocol does not give
//! - The client knows no topic ids, so a topic that was deleted and made anew looks like the old one. Its incarnation
//!   is kept in the store's topic table, counted up by whoever creates the topic; consumers check it on every fetch and
//!   the first record of a dynamic topic says it as well.
//! - A produce request that got no answer may have happened. The records are sent again then: delivery is at least
//!   once. Requests of one partition follow each other, since a coverage record must not overtake its trades; requests
//!   of different partitions run side by side.
//! - Timestamps have milliseconds, so the µs of [`LogRecord::published_us`](crate::ports::LogRecord) are cut.
//! - Metadata of a topic that does not exist may create it, where a broker is set up so. So existence is looked up in
//!   the list of all topics before a topic is asked for by its name.

mod clients;
mod error;
mod log;
mod url;

#[cfg(all(test, feature = "sqlite"))]
mod tests;

pub use log::{FETCH_BYTES, KafkaLog, PRODUCE_BYTES};
pub use url::{KafkaUrl, KafkaUrlError};
