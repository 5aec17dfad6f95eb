//! The adapter.

use super::codec::{decode, encode};
use crate::market::{Candle, Interval, TimeRange};
use crate::ports::{Cache, CacheAnswer, CacheError, CacheKey, PutReport, Wake};
use async_trait::async_trait;
use fred::clients::{Client, SubscriberClient};
use fred::interfaces::{ClientLike, EventInterface, HashesInterface, KeysInterface, PubsubInterface};
use fred::types::config::{Config, ReconnectPolicy, UnresponsiveConfig};
use fred::types::scripts::Script;
use fred::types::{Builder, Value};
use futures_util::future::try_join;
use futures_util::stream::{self, BoxStream};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::broadcast::error::RecvError;

/// Candles kept per series.
const NEWEST_CANDLES: i64 = 1_500;
/// How many more there may be before the oldest are dropped: dropping sorts them all.
const SLACK: i64 = 60;
/// Seconds after which a series that nobody writes is forgotten.
const LIFE: i64 = 3_600;
/// How long a series is believed after its writer was last here. A writer that has lost the server cannot say that a
/// closed candle has changed, so this bounds how stale an answer may be.
const FRESH: Duration = Duration::from_secs(10);
/// Buckets up to which a read names each one; a wider range reads the whole series.
const NAMED_BUCKETS: i64 = 600;
/// Longest time of a command.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(500);
/// Longest time of the first connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Commands that wait for the connection.
const MAX_COMMANDS: usize = 4_096;
/// Wakes that a slow subscriber may lag behind before it loses some.
const WAKES: usize = 4_096;

/// How to reach the server.
#[derive(Clone)]
pub struct RedisOptions {
    /// `redis://USER:PASSWORD@HOST:PORT/DATABASE`.
    pub url: String,
    /// What every key and the channel begin with, `md` unless set. Platforms that share a server but no store need
    /// different ones.
    pub prefix: String,
    /// How long a series is believed after its writer was last here, 10 s unless set.
    pub fresh: Duration,
}

// Without the password.
impl std::fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RedisOptions({})", self.prefix)
    }
}

impl RedisOptions {
    /// The server at `redis://USER:PASSWORD@HOST:PORT/DATABASE`, or `rediss://` with TLS.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), prefix: "md".to_owned(), fresh: FRESH }
    }
}

/// A server that cannot serve as a cache.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the cache {at} cannot be used: {why}; {hint}")]
pub struct RedisUnusable {
    /// Its address, without the password.
    pub at: String,
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub hint: &'static str,
}

/// A cache in Redis. Cheap to clone.
#[derive(Clone)]
pub struct RedisCache {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    wakes: SubscriberClient,
    prefix: String,
    fresh_ms: i64,
    put: Script,
    latest: Script,
    /// This adapter's name in the series that it writes.
    token: String,
    /// The series whose windows this adapter has begun. After an error the server's part is unknown: gone from here.
    begun: Mutex<BTreeMap<CacheKey, Window>>,
}

/// What became of the window of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Window {
    Begun,
    /// A put failed: claims are refused until the series is forgotten.
    Unknown,
}

impl std::fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RedisCache({})", self.shared.prefix)
    }
}

impl RedisCache {
    /// Connects. From then on it reconnects by itself.
    ///
    /// # Errors
    /// [`RedisUnusable`] with one sentence about what is wrong and what to do.
    pub async fn connect(options: &RedisOptions) -> Result<Self, RedisUnusable> {
        let address = address(&options.url);
        let unusable = |why: String, hint| RedisUnusable { at: address.clone(), why, hint };
        let config = match options.url.split_once("://") {
            Some(("redis" | "rediss" | "valkey" | "valkeys", _)) => Config::from_url(&options.url),
            _ => {
                let why = "its address does not begin with redis:// or rediss://".to_owned();
                return Err(unusable(why, "give redis://USER:PASSWORD@HOST:PORT/DATABASE"));
            }
        };
        let config = config.map_err(|error| {
            let why = format!("its address cannot be read ({})", error.details());
            unusable(why, "give redis://USER:PASSWORD@HOST:PORT/DATABASE")
        })?;
        let mut builder = Builder::from_config(config);
        builder
            .with_connection_config(|connection| {
                connection.connection_timeout = CONNECT_TIMEOUT;
                connection.internal_command_timeout = CONNECT_TIMEOUT;
                // A command whose answer was lost is not sent again: the caller decides.
                connection.max_command_attempts = 1;
                connection.max_command_buffer_len = MAX_COMMANDS;
                connection.unresponsive =
                    UnresponsiveConfig { max_timeout: Some(COMMAND_TIMEOUT * 4), interval: COMMAND_TIMEOUT };
            })
            .with_performance_config(|performance| {
                performance.default_command_timeout = COMMAND_TIMEOUT;
                performance.broadcast_channel_capacity = WAKES;
            })
            .set_policy(ReconnectPolicy::new_exponential(0, 50, 2_000, 2));
        let broken = |error: fred::error::Error| unusable(error.details().to_owned(), "check its address");
        let client = builder.build().map_err(broken)?;
        let wakes = builder.build_subscriber_client().map_err(broken)?;
        let both = async {
            client.init().await?;
            wakes.init().await
        };
        match tokio::time::timeout(CONNECT_TIMEOUT, both).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(explain(&address, &error)),
            Err(_) => {
                let why = format!("nothing answered within {} s", CONNECT_TIMEOUT.as_secs());
                return Err(unusable(why, "start the server, or correct host and port"));
            }
        }
        // Subscribes again after each reconnect. It ends with the client.
        drop(wakes.manage_subscriptions());
        let channel = format!("{}:wake", options.prefix);
        wakes.subscribe(channel).await.map_err(|error| explain(&address, &error))?;
        let random = RandomState::new().hash_one(std::process::id());
        Ok(Self {
            shared: Arc::new(Shared {
                client,
                wakes,
                prefix: options.prefix.clone(),
                fresh_ms: i64::try_from(options.fresh.as_millis()).unwrap_or(i64::MAX).max(1),
                put: Script::from_lua(include_str!("put.lua")),
                latest: Script::from_lua(include_str!("latest.lua")),
                token: format!("{}:{random:x}", std::process::id()),
                begun: Mutex::new(BTreeMap::new()),
            }),
        })
    }

    /// Closes the connections; calls after that fail.
    pub async fn close(&self) {
        // They may be closed already.
        let _ = self.shared.client.quit().await;
        let _ = self.shared.wakes.quit().await;
    }
}

impl Shared {
    fn key(&self, key: &CacheKey) -> String {
        format!("{}:{{{}}}:{}", self.prefix, key.symbol, key.interval)
    }

    /// There while the writer of the series is.
    fn fresh_key(&self, key: &CacheKey) -> String {
        format!("{}:fresh", self.key(key))
    }

    /// Nothing waits for a server that is away.
    fn connected(&self, doing: &'static str) -> Result<&Client, CacheError> {
        if self.client.is_connected() {
            Ok(&self.client)
        } else {
            Err(CacheError { doing, source: "the server is away".into() })
        }
    }

    /// Nothing panics while it is locked.
    fn begun(&self) -> std::sync::MutexGuard<'_, BTreeMap<CacheKey, Window>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn try_put(
        &self,
        key: &CacheKey,
        candles: &[Candle],
        whole: Option<TimeRange>,
        claim: &'static str,
    ) -> Result<PutReport, CacheError> {
        let doing = "writing candles";
        let client = self.connected(doing)?;
        let width_ms = key.interval.seconds() * 1_000;
        // The bucket that a range begins in the middle of is not known whole, and what is not a whole millisecond
        // at the end is left out.
        let window = whole.map(|whole| (ceil_ms(key.interval, whole.from_us), whole.to_us.div_euclid(1_000)));
        let (lo, hi) = window.unwrap_or((0, 0));
        let mut arguments: Vec<Value> = vec![claim.into(), self.token.clone().into()];
        arguments.extend([lo, hi, width_ms, NEWEST_CANDLES, SLACK, LIFE, self.fresh_ms].map(Value::from));
        for candle in candles {
            arguments.push(candle.bucket_us.div_euclid(1_000).into());
            arguments.push(encode(candle).into());
        }
        let (stored, ignored): (i64, i64) = self
            .put
            .evalsha_with_reload(client, vec![self.key(key), self.fresh_key(key)], arguments)
            .await
            .map_err(|error| failed(doing, error))?;
        if stored < 0 {
            let source = "the series was lost or taken over by another process; it begins anew".into();
            return Err(CacheError { doing, source });
        }
        let count = |value: i64| usize::try_from(value).unwrap_or(0);
        Ok(PutReport { stored: count(stored), ignored: count(ignored) })
    }

    async fn try_get(&self, key: &CacheKey, range: TimeRange) -> Result<CacheAnswer, CacheError> {
        let doing = "reading candles";
        let client = self.connected(doing)?;
        let width_ms = key.interval.seconds() * 1_000;
        let (from_ms, to_ms) =
            (ceil_ms(key.interval, range.from_us), range.to_us.saturating_add(999).div_euclid(1_000));
        let buckets = to_ms.saturating_sub(from_ms) / width_ms + 1;
        // Both are sent at once, in this order.
        let fresh = client.exists::<i64, _>(self.fresh_key(key));
        let (is_fresh, lo, hi, found) = if buckets <= NAMED_BUCKETS {
            let named: Vec<i64> =
                (from_ms..to_ms).step_by(usize::try_from(width_ms).unwrap_or(usize::MAX)).collect();
            let fields =
                ["lo".to_owned(), "hi".to_owned()].into_iter().chain(named.iter().map(i64::to_string));
            let values = client.hmget::<Vec<Option<String>>, _, _>(self.key(key), fields.collect::<Vec<_>>());
            let (is_fresh, values) = try_join(fresh, values).await.map_err(|error| failed(doing, error))?;
            let mut values = values.into_iter();
            let mut number = || values.next().flatten().and_then(|text| text.parse::<i64>().ok());
            let (lo, hi) = (number(), number());
            let found: Vec<(i64, String)> =
                named.into_iter().zip(values).filter_map(|(bucket, text)| Some((bucket, text?))).collect();
            (is_fresh, lo, hi, found)
        } else {
            let all = client.hgetall::<BTreeMap<String, String>, _>(self.key(key));
            let (is_fresh, all) = try_join(fresh, all).await.map_err(|error| failed(doing, error))?;
            let number = |field: &str| all.get(field).and_then(|text| text.parse::<i64>().ok());
            let (lo, hi) = (number("lo"), number("hi"));
            let mut found: Vec<(i64, String)> = (all.into_iter())
                .filter_map(|(field, text)| Some((field.parse().ok()?, text)))
                .filter(|(bucket, _)| (from_ms..to_ms).contains(bucket))
                .collect();
            found.sort_unstable();
            (is_fresh, lo, hi, found)
        };
        if is_fresh == 0 {
            return Ok(CacheAnswer::Miss);
        }
        let (Some(lo), Some(hi)) = (lo, hi) else { return Ok(CacheAnswer::Miss) };
        let window = TimeRange { from_us: lo.saturating_mul(1_000), to_us: hi.saturating_mul(1_000) };
        if !window.covers(range) {
            return Ok(CacheAnswer::Miss);
        }
        let candles: Option<Vec<Candle>> =
            found.iter().map(|(bucket_ms, text)| decode(bucket_ms.saturating_mul(1_000), text)).collect();
        // What cannot be read is as good as not there.
        Ok(candles.map_or(CacheAnswer::Miss, CacheAnswer::Hit))
    }
}

#[async_trait]
impl Cache for RedisCache {
    async fn put(
        &self,
        key: &CacheKey,
        candles: &[Candle],
        whole: Option<TimeRange>,
    ) -> Result<PutReport, CacheError> {
        let shared = &self.shared;
        let claim = match (whole, shared.begun().get(key)) {
            (None, _) => "none",
            (Some(_), None) => "begin",
            (Some(_), Some(Window::Begun)) => "extend",
            (Some(_), Some(Window::Unknown)) => {
                let source = "an earlier write failed, and the series was not forgotten since".into();
                return Err(CacheError { doing: "writing candles", source });
            }
        };
        let result = shared.try_put(key, candles, whole, claim).await;
        let mut begun = shared.begun();
        match &result {
            Ok(_) if claim != "none" => {
                begun.insert(key.clone(), Window::Begun);
            }
            Ok(_) => {}
            Err(_) => {
                begun.insert(key.clone(), Window::Unknown);
            }
        }
        drop(begun);
        result
    }

    async fn get(&self, key: &CacheKey, range: TimeRange) -> Result<CacheAnswer, CacheError> {
        // A server that is away is a miss: whoever asks goes on to the store.
        Ok(self.shared.try_get(key, range).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "a read of the cache is taken for a miss");
            CacheAnswer::Miss
        }))
    }

    async fn latest(&self, key: &CacheKey) -> Result<Option<Candle>, CacheError> {
        let doing = "reading the newest candle";
        let client = self.shared.connected(doing)?;
        let found: Vec<String> = self
            .shared
            .latest
            .evalsha_with_reload(client, self.shared.key(key), Vec::<Value>::new())
            .await
            .map_err(|error| failed(doing, error))?;
        let [bucket, text] = found.as_slice() else { return Ok(None) };
        Ok(bucket.parse::<i64>().ok().and_then(|bucket_ms| decode(bucket_ms.saturating_mul(1_000), text)))
    }

    async fn forget(&self, key: &CacheKey) -> Result<(), CacheError> {
        let doing = "forgetting a series";
        // Until it has succeeded the server may still hold what nobody answers for.
        if let Some(window) = self.shared.begun().get_mut(key) {
            *window = Window::Unknown;
        }
        let client = self.shared.connected(doing)?;
        let keys = vec![self.shared.key(key), self.shared.fresh_key(key)];
        let _: i64 = client.del(keys).await.map_err(|error| failed(doing, error))?;
        self.shared.begun().remove(key);
        Ok(())
    }

    async fn notify(&self, wake: &Wake) -> Result<(), CacheError> {
        let doing = "waking waiters";
        let client = self.shared.connected(doing)?;
        let channel = format!("{}:wake", self.shared.prefix);
        let _: i64 = client.publish(channel, wake.encode()).await.map_err(|error| failed(doing, error))?;
        Ok(())
    }

    async fn subscribe(&self) -> Result<BoxStream<'static, Wake>, CacheError> {
        // The receiver alone would not keep the connection.
        let receiver = (self.shared.wakes.message_rx(), self.shared.clone());
        Ok(Box::pin(stream::unfold(receiver, |(mut receiver, shared)| async {
            loop {
                match receiver.recv().await {
                    Ok(message) => {
                        let text = message.value.as_string().unwrap_or_default();
                        // What is no wake is ignored.
                        if let Some(wake) = Wake::decode(&text) {
                            return Some((wake, (receiver, shared)));
                        }
                    }
                    // Some were lost: allowed, waiters poll as well.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        })))
    }
}

fn ceil_ms(interval: Interval, time_us: i64) -> i64 {
    interval.ceil_us(time_us.max(0)).div_euclid(1_000)
}

fn failed(doing: &'static str, error: fred::error::Error) -> CacheError {
    CacheError { doing, source: error.into() }
}

/// The address without user and password.
fn address(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("?", ""));
    let host = rest.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

fn explain(at: &str, error: &fred::error::Error) -> RedisUnusable {
    let details = error.details();
    let hint = if details.contains("WRONGPASS") || details.contains("NOAUTH") || details.contains("AUTH") {
        "correct user and password in the address"
    } else if details.contains("DB index") {
        "name a database that the server has"
    } else {
        "start the server, or correct host and port; it must be Redis or Valkey"
    };
    // What the system says comes as the text of a structure.
    let said = details.split_once("message: \"").and_then(|(_, rest)| Some(rest.split_once('"')?.0));
    let why = said.map_or_else(|| details.to_owned(), |said| format!("nothing answers ({said})"));
    RedisUnusable { at: at.to_owned(), why, hint }
}
