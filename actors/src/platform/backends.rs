//! Where log, store and cache are: embedded, or on servers. Nothing above the ports knows which.

use std::{fmt, sync::Arc, time::Duration};

use statechart_runtime::{
    embedded::{Embedded, MokaCache, SPOOL_BYTES, Spool},
    kafka::{KafkaLog, KafkaUrl},
    market::{NewInstrument, PARTITIONS, Record},
    ports::{Cache, FetchedRecord, Log, LogError, Store},
    postgres::{PostgresOptions, PostgresStore},
    redis::{RedisCache, RedisOptions},
};

use super::{Config, StartError};
use crate::{lock::DATA_FILE, parts::FIXED_TOPIC};

/// File of the records that wait for the broker.
pub const SPOOL_FILE: &str = "spool.sqlite";

/// Records looked at to see whether a topic is ours.
const SAMPLE: usize = 100;
/// How long that may take.
const SAMPLE_WAIT: std::time::Duration = std::time::Duration::from_millis(200);
/// How often they are asked for: a broker that is busy with something else answers without any.
const SAMPLE_TRIES: u32 = 10;

/// Where the log is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LogAt {
    /// In the data directory.
    #[default]
    Embedded,
    /// On a broker.
    Kafka(KafkaUrl),
}

/// An address as it was given. It may hold a password, so it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// From its text, when it begins with one of the schemes.
    pub fn parse(text: &str, schemes: &[&str]) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        (schemes.contains(&scheme) && !rest.is_empty()).then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", ""));
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        // A password may hold an `@` itself, a host may not.
        write!(f, "{scheme}://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// Where the store is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum StoreAt {
    /// In the data directory.
    #[default]
    Embedded,
    /// In PostgreSQL or TimescaleDB.
    Postgres(Address),
}

/// Where the cache is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CacheAt {
    /// In memory.
    #[default]
    Embedded,
    /// In Redis.
    Redis(Address),
}

/// Log, store and cache: each may be somewhere else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backends {
    /// The log.
    pub log: LogAt,
    /// The store.
    pub store: StoreAt,
    /// The cache.
    pub cache: CacheAt,
    /// Compress stored trades that are older, where TimescaleDB holds them.
    pub compress_after: Option<Duration>,
    /// Remove stored trades that are older, where TimescaleDB holds them.
    pub keep_trades: Option<Duration>,
}

impl Backends {
    /// Whether other processes may work on the same log and store. What is in a data directory is its process's own.
    pub fn is_shared(&self) -> bool {
        self.log != LogAt::Embedded && self.store != StoreAt::Embedded
    }
}

impl fmt::Display for LogAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogAt::Embedded => f.write_str("embedded"),
            LogAt::Kafka(url) => url.fmt(f),
        }
    }
}

impl fmt::Display for StoreAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreAt::Embedded => f.write_str("embedded"),
            StoreAt::Postgres(url) => url.fmt(f),
        }
    }
}

impl fmt::Display for CacheAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CacheAt::Embedded => f.write_str("embedded"),
            CacheAt::Redis(url) => url.fmt(f),
        }
    }
}

/// The ports, opened.
pub(super) struct Opened {
    pub(super) log: Arc<dyn Log>,
    pub(super) store: Arc<dyn Store>,
    pub(super) cache: Arc<dyn Cache>,
    /// For records that a log elsewhere cannot take at the moment.
    pub(super) spool: Option<Arc<Spool>>,
    /// The file in the data directory.
    pub(super) database: Embedded,
}

/// Opens what is embedded and connects to the rest. `now_us` is the wall clock.
///
/// # Errors
/// One sentence for each: what was tried, why it failed, what to do.
pub(super) async fn open(config: &Config, now_us: i64) -> Result<Opened, StartError> {
    let path = config.data_dir.join(DATA_FILE);
    let database = Embedded::open(&path, config.durability)
        .await
        .map_err(|error| StartError::Database { path, why: error.to_string() })?;
    let store: Arc<dyn Store> = match &config.backends.store {
        StoreAt::Embedded => Arc::new(database.store()),
        StoreAt::Postgres(url) => Arc::new(connect_store(url, &config.backends).await?),
    };
    let cache: Arc<dyn Cache> = match &config.backends.cache {
        CacheAt::Embedded => Arc::new(MokaCache::new()),
        CacheAt::Redis(url) => {
            let id = store.identity().await.map_err(|error| StartError::Unusable(error.to_string()))?;
            Arc::new(connect_cache(url, &id).await?)
        }
    };
    let (log, spool): (Arc<dyn Log>, _) = match &config.backends.log {
        // A new directory may meet a store that knows an older one.
        LogAt::Embedded => (Arc::new(database.log().first_incarnation(now_us.div_euclid(1_000_000))), None),
        LogAt::Kafka(url) => {
            let log = connect_log(url, store.clone()).await?;
            check_topic(&log, url).await?;
            make_topic(&log, url).await?;
            let path = config.data_dir.join(SPOOL_FILE);
            let spool = Spool::open(&path, SPOOL_BYTES)
                .await
                .map_err(|error| StartError::Database { path, why: error.to_string() })?;
            (Arc::new(log), Some(Arc::new(spool)))
        }
    };
    Ok(Opened { log, store, cache, spool, database })
}

/// Connects to a database, and makes or completes its tables.
pub(super) async fn connect_store(url: &Address, backends: &Backends) -> Result<PostgresStore, StartError> {
    let options = PostgresOptions {
        compress_after: backends.compress_after,
        keep_trades: backends.keep_trades,
        ..PostgresOptions::new(&url.0)
    };
    let connected = PostgresStore::connect(&options).await;
    connected.map_err(|error| StartError::Unusable(error.to_string()))
}

/// Connects to a cache. What it holds of another store than this is not seen.
pub(super) async fn connect_cache(url: &Address, store: &str) -> Result<RedisCache, StartError> {
    let options = RedisOptions::new(&url.0);
    let prefix = format!("{}:{store}", options.prefix);
    let connected = RedisCache::connect(&RedisOptions { prefix, ..options }).await;
    connected.map_err(|error| StartError::Unusable(error.to_string()))
}

/// Connects to a broker.
pub(super) async fn connect_log(url: &KafkaUrl, store: Arc<dyn Store>) -> Result<KafkaLog, StartError> {
    KafkaLog::connect(url, store).await.map_err(|error| {
        let hint = "check address and password, or leave out --log for the embedded one";
        unusable("log", url, reason(&error), hint)
    })
}

/// Why, without what was being done: the sentence says that already.
fn reason(error: &LogError) -> String {
    let why = match error {
        LogError::Io { source, .. } => source.to_string(),
        other => other.to_string(),
    };
    // The client tells how it has retried before it tells why.
    why.rsplit("Source: ").next().unwrap_or_default().to_owned()
}

/// Makes the fixed topic where it is missing: without it nothing can be recorded.
async fn make_topic(log: &KafkaLog, url: &KafkaUrl) -> Result<(), StartError> {
    log.create_topic(FIXED_TOPIC, PARTITIONS).await.map(drop).map_err(|error| {
        let why = format!("its topic `{FIXED_TOPIC}` cannot be made, {}", reason(&error));
        let hint = if error.is_transient() {
            "look whether the broker is well, then start again".to_owned()
        } else {
            format!("set the broker up so that this user may make it, or make it by hand with {PARTITIONS} partitions")
        };
        unusable("log", url, why, &hint)
    })
}

/// Why two symbols cannot be told apart: to a broker, names that differ only in `.` and `_` are one topic.
pub(crate) fn one_topic(one: &str, other: &str) -> Option<String> {
    let same = one != other && one.replace('.', "_") == other.replace('.', "_");
    same.then(|| {
        format!(
            "symbols `{one}` and `{other}` differ only in `.` and `_`, which a broker does not tell apart; give one of them another name, like NAME=Kraken:BTC-USD"
        )
    })
}

/// A symbol that is new must not be mistaken for one that was stored under another setting.
pub(super) async fn check_symbols(store: &dyn Store, symbols: &[NewInstrument]) -> Result<(), StartError> {
    let stored = store.instruments().await.map_err(|error| StartError::Provisioning(error.to_string()))?;
    let is_new = |new: &&NewInstrument| stored.iter().all(|one| one.symbol != new.symbol);
    for new in symbols.iter().filter(is_new) {
        for one in &stored {
            if let Some(why) = one_topic(&one.symbol, &new.symbol) {
                return Err(StartError::Settings(format!("`{}` is stored already: {why}", one.symbol)));
            }
        }
    }
    Ok(())
}

/// A topic that someone else has made for something else must not be taken for ours.
pub(super) async fn check_topic(log: &KafkaLog, url: &KafkaUrl) -> Result<(), StartError> {
    let hint = "give another broker, or remove the topic when it is no longer needed";
    let topics = log.topics().await.map_err(|error| unusable("log", url, error, hint))?;
    let Some(topic) = topics.into_iter().find(|topic| topic.name == FIXED_TOPIC) else { return Ok(()) };
    if topic.partitions < PARTITIONS {
        let why = format!("its topic `{FIXED_TOPIC}` has {} partitions, not {PARTITIONS}", topic.partitions);
        return Err(unusable("log", url, why, hint));
    }
    for partition in 0..PARTITIONS {
        let ends = log.watermarks(FIXED_TOPIC, partition).await;
        let ends = ends.map_err(|error| unusable("log", url, error, hint))?;
        if ends.low == ends.high {
            continue;
        }
        let unread = |error| {
            let why = format!("its topic `{FIXED_TOPIC}` cannot be read, {}", reason(&error));
            unusable("log", url, why, "look whether the broker is well, then start again")
        };
        let Some(fetched) = sample(log, partition, ends.low).await.map_err(unread)? else { continue };
        // Single records may be unreadable: they become dead letters. All of them are not ours.
        let readable = |one: &FetchedRecord| Record::decode(&one.record.value);
        let Some(first) = fetched.first() else { continue };
        if fetched.iter().all(|one| readable(one).is_err()) {
            let why = format!(
                "its topic `{FIXED_TOPIC}` holds records of another program, at offset {} of partition {partition} for example",
                first.offset
            );
            return Err(unusable("log", url, why, hint));
        }
    }
    Ok(())
}

/// The first records of a partition that has some. A broker under load may answer without any at first; none at all are
/// there when they were trimmed meanwhile, or are the broker's own.
async fn sample(log: &KafkaLog, partition: u32, from: i64) -> Result<Option<Vec<FetchedRecord>>, LogError> {
    for _ in 0..SAMPLE_TRIES {
        match log.fetch(FIXED_TOPIC, partition, from, SAMPLE, usize::MAX, SAMPLE_WAIT).await {
            Ok(fetched) if fetched.records.is_empty() => {}
            Ok(fetched) => return Ok(Some(fetched.records)),
            Err(LogError::OffsetOutOfRange { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// An error of one of the three.
pub(super) fn unusable(
    part: &'static str,
    at: &impl fmt::Display,
    why: impl fmt::Display,
    hint: &str,
) -> StartError {
    StartError::Backend { part, at: at.to_string(), why: why.to_string(), hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_new_symbol_is_told_from_the_stored_ones() {
        let (_dir, parts) = crate::parts::testing::embedded().await;
        let named =
            |symbol: &str| NewInstrument { symbol: symbol.to_owned(), ..NewInstrument::pair("BTC", "USD") };
        parts.store.ensure_instrument(&named("BTC.KRAKEN")).await.unwrap();
        for good in ["BTCUSD", "BTC.KRAKEN", "BTCKRAKEN", "BTC-KRAKEN"] {
            check_symbols(&*parts.store, &[named(good)]).await.unwrap();
        }
        let error = check_symbols(&*parts.store, &[named("X"), named("BTC_KRAKEN")]).await.unwrap_err();
        assert!(matches!(error, StartError::Settings(_)), "{error}");
        for part in
            ["`BTC.KRAKEN` is stored already", "`BTC_KRAKEN` differ only in", "give one of them another name"]
        {
            assert!(error.to_string().contains(part), "`{part}` is not in: {error}");
        }
        // Who has both keeps both.
        parts.store.ensure_instrument(&named("BTC_KRAKEN")).await.unwrap();
        check_symbols(&*parts.store, &[named("BTC_KRAKEN"), named("BTC.KRAKEN")]).await.unwrap();
    }

    #[test]
    fn an_address_hides_its_password() {
        for (text, shown) in [
            ("postgres://me:se@cret@host:5432/data?sslmode=disable", "postgres://host:5432/data"),
            ("postgres://host/data", "postgres://host/data"),
            ("redis://:secret@host:1", "redis://host:1"),
        ] {
            let address = Address::parse(text, &["postgres", "redis"]).unwrap();
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?}").contains("cret"));
        }
        assert!(Address::parse("mysql://x", &["postgres"]).is_none());
        assert!(Address::parse("postgres://", &["postgres"]).is_none());
    }
}
