//! The cache in Redis: the newest candles of each series, shared by processes, and the channel that wakes waiters.
//!
//! ```text
//! md:{BTCUSD}:1m   hash   <bucket ms> → rev|open|high|low|close|volume|quote volume|trades|source
//!                         lo, hi      → the window known to be whole, ms
//!                         token       → who has put everything since the window began
//!                         newest, floor → newest bucket; end of what was dropped
//! md:{BTCUSD}:1m:fresh     there for 10 s after each put of the writer; without it reads miss
//! md:wake          channel  fetch:<id>  candle:<symbol>:<interval>:<bucket ms>
//! ```
//!
//! One script writes a series, so a stale candle never replaces a better one and the window never claims what is not
//! there. A server forgets: it restarts, evicts, is flushed. The token tells; then a put is an error, and its caller
//! begins the series anew from the store, and what another has put there goes. A writer that alone has lost the server cannot take back what it has put: after
//! 10 s nobody believes it any more. While the server is away reads miss at once and nothing waits for it.

mod cache;
mod codec;
#[cfg(test)]
mod tests;

pub use cache::{RedisCache, RedisOptions, RedisUnusable};
