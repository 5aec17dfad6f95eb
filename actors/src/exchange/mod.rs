//! The exchange client: candle history, trade history and the live socket, in CryptoCompare's wire format.
//!
//! The same code talks to the real hosts and to the [simulator](crate::simulator). Data flows one way:
//!
//! ```text
//! Endpoints ─→ Client ── history_page ──→ Page  (closed candles, what they cover, why history ends)
//!                 │    └─ trades_page ───→ TradesPage (trades to repair gaps with, cursor)
//!                 └─ budget · retry · deadline around each call
//! Endpoints ─→ Feed ──── next ──────────→ FeedEvent (trades, heartbeats, the end and its reason)
//!                 └─ Backoff says when to connect again
//! ```
//!
//! - [`endpoints`](Endpoints): addresses, key, pair.  [`wire`](WireTrade): decimals and trades from JSON text.
//! - `envelope`: the two reply envelopes and the two kinds of error.  `rest`: one bounded HTTP call.
//! - `history`, `trades`: pages.  `frame`, `feed`: the socket.  `pacing`: rate budget, retry, reconnect.
//!
//! Times are `i64` µs UTC and ranges half-open; the exchange's inclusive seconds stay in here. Prices and sizes
//! take their digits from the JSON text. Nothing here reads a clock for market logic: "now" is a parameter, or
//! the time the exchange itself stated.

mod endpoints;
mod envelope;
mod error;
mod feed;
mod frame;
mod history;
mod pacing;
mod rest;
mod tls;
mod trades;
mod wire;

pub use endpoints::{ApiKey, Endpoints, KEY_VARIABLE, Pair};
pub use error::ExchangeError;
pub use feed::{CloseReason, Feed, FeedConfig, FeedEvent, MAX_SUBSCRIPTIONS};
pub use history::{CLOSED_AFTER_US, FloorReason, HistoryWalk, MAX_PAGE_ROWS, Page, Resolution, Row};
pub use pacing::{Backoff, BackoffPolicy, Budget, RetryPolicy};
pub use rest::{Client, ClientConfig, NowUs, wall_clock};
pub use trades::{FILED_AFTER_US, MAX_TRADES_PAGE, TradeCursor, TradesPage};
pub use wire::{DecimalError, Side, WireTrade, decimal_from_json};
