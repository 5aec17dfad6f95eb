//! The cache port: the newest candles of each series, and the channel that wakes waiters. A hint, never the truth.

use crate::market::{Candle, FetchId, Interval, TimeRange};
use async_trait::async_trait;
use futures_util::stream::BoxStream;
use thiserror::Error;

/// Newest candles per symbol and interval.
///
/// Written after the store's commit, so it may lag or be lost; readers fall back to the store on any miss or error.
#[async_trait]
pub trait Cache: Send + Sync + 'static {
    /// Stores candles that are better than what is there (greater [`Candle::rank`] for the same bucket; ties are
    /// ignored). `whole` says that the cache, with these candles, knows every candle of that range: it extends the
    /// window when it touches it, and replaces it when it is newer. Old buckets beyond the capacity are dropped.
    ///
    /// The first claim of this writer begins the series anew: its candles are all that is known of its range, and what
    /// others have put is dropped. A series that was lost since is an error.
    ///
    /// After an error what the cache holds is unknown: forget the series, and claim only what the candles of the next
    /// put alone make whole.
    async fn put(
        &self,
        key: &CacheKey,
        candles: &[Candle],
        whole: Option<TimeRange>,
    ) -> Result<PutReport, CacheError>;

    /// The candles of all buckets that start in the range, if the window is known whole there; ordered by time.
    async fn get(&self, key: &CacheKey, range: TimeRange) -> Result<CacheAnswer, CacheError>;

    /// The newest candle, whole or not: for live display only.
    async fn latest(&self, key: &CacheKey) -> Result<Option<Candle>, CacheError>;

    /// Forgets a series: after a failed write, or when a partition is taken over.
    async fn forget(&self, key: &CacheKey) -> Result<(), CacheError>;

    /// Wakes all subscribers, in every process that shares the cache.
    async fn notify(&self, wake: &Wake) -> Result<(), CacheError>;

    /// Wakes from now on. Messages may be lost (a slow reader, a broken connection): waiters also poll.
    async fn subscribe(&self) -> Result<BoxStream<'static, Wake>, CacheError>;
}

/// A series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheKey {
    /// Symbol of the instrument.
    pub symbol: String,
    /// Width of the candles.
    pub interval: Interval,
}

/// Answer of [`Cache::get`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheAnswer {
    /// All candles of the range; buckets without trades have none.
    Hit(Vec<Candle>),
    /// The cache does not know all of it: ask the store.
    Miss,
}

/// What a put did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PutReport {
    /// Candles that were new or better.
    pub stored: usize,
    /// Candles that were older than what is there, or too old for the window.
    pub ignored: usize,
}

/// A hint that something changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// A fetch made progress or ended.
    Fetch(FetchId),
    /// A candle changed.
    Candle {
        /// Symbol of the instrument.
        symbol: String,
        /// Width.
        interval: Interval,
        /// Start of the bucket, µs.
        bucket_us: i64,
    },
}

impl Wake {
    /// The message on the wire: `fetch:<uuid>` or `candle:<symbol>:<interval>:<bucket_ms>`.
    pub fn encode(&self) -> String {
        match self {
            Wake::Fetch(id) => format!("fetch:{id}"),
            Wake::Candle { symbol, interval, bucket_us } => {
                format!("candle:{symbol}:{interval}:{}", bucket_us.div_euclid(1000))
            }
        }
    }

    /// Reads a message; `None` when it is none, which is ignored.
    pub fn decode(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("fetch", id) => FetchId::parse(id).ok().map(Wake::Fetch),
            ("candle", rest) => {
                let mut parts = rest.split(':');
                let wake = Wake::Candle {
                    symbol: parts.next()?.to_owned(),
                    interval: parts.next()?.parse().ok()?,
                    bucket_us: parts.next()?.parse::<i64>().ok()?.checked_mul(1000)?,
                };
                parts.next().is_none().then_some(wake)
            }
            _ => None,
        }
    }
}

/// What can go wrong with the cache. Every error is transient: go on with the store.
#[derive(Debug, Error)]
#[error("the cache failed while {doing}: {source}; reads go to the store until it is back")]
pub struct CacheError {
    /// What was being done.
    pub doing: &'static str,
    /// The cause.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl CacheError {
    /// Always true; symmetric to the other ports.
    pub fn is_transient(&self) -> bool {
        true
    }
}
