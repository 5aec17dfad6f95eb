//! One screen of numbers about a running platform, as `GET /v1/status` serves it and `platform status` shows it.

use serde::{Deserialize, Serialize};

/// Everything at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    /// Exchange time, ms; `None` before the first frame.
    pub exchange_now_ms: Option<i64>,
    /// Milliseconds since the platform started.
    pub uptime_ms: u64,
    /// The exchange's base URL.
    pub exchange: String,
    /// One row an actor, in the order they were started.
    pub actors: Vec<ActorStatus>,
    /// One row a symbol.
    pub symbols: Vec<SymbolStatus>,
    /// One row a partition that is consumed.
    pub partitions: Vec<PartitionStatus>,
    /// Fetches that are open, oldest first.
    pub fetches: Vec<FetchStatus>,
    /// Records that could not be read, since the data directory was made.
    pub dead_letters: u64,
    /// Batches of this process that were refused because another process had taken their partition meanwhile.
    #[serde(default)]
    pub refused_writes: u64,
}

/// An actor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActorStatus {
    /// Its name.
    pub name: String,
    /// Its active leaf states.
    pub states: Vec<String>,
    /// The configurations it went through lately, oldest first.
    pub path: Vec<String>,
    /// `running`, or why it stopped.
    pub status: String,
    /// Events that nothing handled.
    pub unhandled: u64,
    /// How often it was restarted.
    pub restarts: u64,
}

/// A symbol.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SymbolStatus {
    /// The symbol.
    pub symbol: String,
    /// Trades stored.
    pub trades: u64,
    /// Time of the newest stored trade, ms.
    pub last_trade_ms: Option<i64>,
    /// What is covered, by source name, as `[from, to)` in ms, newest last, at most 5 each.
    pub coverage: Vec<(String, i64, i64)>,
}

/// A partition.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PartitionStatus {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// Offset that the consumer reads next.
    pub next_offset: i64,
    /// Offset that the next record gets.
    pub high_watermark: i64,
}

/// A fetch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FetchStatus {
    /// Its id.
    pub id: String,
    /// The symbol.
    pub symbol: String,
    /// `queued`, `running`, `done` or `failed`.
    pub state: String,
    /// The range, ms.
    pub from_ms: i64,
    /// See `from_ms`.
    pub to_ms: i64,
    /// Rows fetched.
    pub rows: i64,
}
