//! Configuration of `platform run`, from three places of falling strength: flags, `PLATFORM_…` variables, a TOML file.
//!
//! ```text
//! flags ──┐
//! env ────┼─▶ Layers ──strongest text of each key──▶ Settings (parsed once, wherever the text came from)
//! file ───┘
//! ```
//!
//! A value that cannot be used is an error that names the place it stands at, also when it is the weakest.

mod file;
mod near;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, str::FromStr as _, time::Duration};

use statechart_runtime::market::NewInstrument;

use super::{error::CliError, symbols};
use crate::{
    exchange::Endpoints,
    platform::{Address, Backends, CacheAt, LogAt, Role, StoreAt},
    simulator::parse_speed,
};

/// Every key: its name in the file, in `PLATFORM_<NAME>`, and as `--<name>`.
pub(crate) const KEYS: [&str; 16] = [
    "exchange",
    "exchange_speed",
    "listen",
    "data_dir",
    "symbols",
    "seed",
    "live",
    "log",
    "store",
    "cache",
    "compress_after",
    "keep_trades",
    "role",
    "partitions",
    "lease",
    "topic_idle",
];

/// Where the API listens unless told otherwise.
pub(crate) const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

/// Where it listens in a process that is not there to answer: a free port, which it tells.
const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// Shortest and longest lease, in seconds.
const LEASE_SECONDS: std::ops::RangeInclusive<u64> = 1..=600;

/// Shortest and longest time without use after which a topic is deleted, in seconds.
const IDLE_SECONDS: std::ops::RangeInclusive<u64> = 1..=86_400;

/// Shortest and longest age at which stored trades are compressed or removed: a day, as a chunk of them is, to ten years.
const AGE_HOURS: std::ops::RangeInclusive<u64> = 24..=24 * 3_650;

/// Names of variables that start like ours and are none of the keys.
const OTHER_VARIABLES: [&str; 1] = ["PLATFORM_CONFIG"];

/// The settings, all checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    /// The exchange as it was written.
    pub(crate) exchange_text: String,
    /// Its addresses.
    pub(crate) exchange: Endpoints,
    /// Wall seconds per exchange second.
    pub(crate) time_scale: f64,
    /// Where the API listens.
    pub(crate) listen: SocketAddr,
    /// Where the data is kept.
    pub(crate) data_dir: PathBuf,
    /// What is recorded.
    pub(crate) symbols: Vec<NewInstrument>,
    /// Seed of all jitter; the platform's own default without one.
    pub(crate) seed: Option<u64>,
    /// Whether the live feed is subscribed.
    pub(crate) live: bool,
    /// Where log, store and cache are.
    pub(crate) backends: Backends,
    /// What this process does.
    pub(crate) role: Role,
    /// The partitions it reads, where they are not shared out.
    pub(crate) partitions: Option<Vec<u32>>,
    /// How long a lease runs; the platform's own default without one.
    pub(crate) lease: Option<Duration>,
    /// After which time without use a topic is deleted; the platform's own default without one.
    pub(crate) topic_idle: Option<Duration>,
}

/// The texts of each layer, by key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layers {
    flags: BTreeMap<&'static str, String>,
    env: BTreeMap<String, String>,
    file: BTreeMap<String, FileValue>,
    /// Variables that look like ours and are not, with what may have been meant.
    pub(crate) unknown_variables: Vec<String>,
}

/// A text of the file and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct FileValue {
    pub(crate) text: String,
    pub(crate) place: String,
}

impl Layers {
    /// The flags that were given.
    pub(crate) fn with_flags(
        mut self,
        flags: impl IntoIterator<Item = (&'static str, Option<String>)>,
    ) -> Self {
        self.flags = flags.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        self
    }

    /// The variables of the environment; blank ones count as unset.
    pub(crate) fn with_env(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        for (name, value) in variables {
            let Some(key) = name.strip_prefix("PLATFORM_").map(str::to_ascii_lowercase) else { continue };
            if KEYS.contains(&key.as_str()) {
                if !value.trim().is_empty() {
                    self.env.insert(key, value);
                }
            } else if !OTHER_VARIABLES.contains(&name.as_str()) {
                let known: Vec<String> = KEYS.iter().map(|key| variable(key)).collect();
                self.unknown_variables.push(format!("{name} is not a setting{}", near::hint(&name, &known)));
            }
        }
        self
    }

    /// The configuration file's text.
    ///
    /// # Errors
    /// `ConfigFile`, also for a key that does not exist.
    pub(crate) fn with_file(mut self, path: &str, text: &str) -> Result<Self, CliError> {
        self.file = file::read(path, text)?;
        Ok(self)
    }

    /// The strongest text of a key, and where it stands.
    fn get(&self, key: &'static str) -> Option<(&str, String)> {
        if let Some(text) = self.flags.get(key) {
            return Some((text, format!("--{}", key.replace('_', "-"))));
        }
        if let Some(text) = self.env.get(key) {
            return Some((text, variable(key)));
        }
        self.file.get(key).map(|value| (value.text.as_str(), value.place.clone()))
    }

    /// Reads a key with `read`, if it is given at all.
    fn parsed<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, CliError> {
        let Some((text, place)) = self.get(key) else { return Ok(None) };
        let value = text.trim().to_owned();
        read(&value).map(Some).map_err(|reason| CliError::Setting { place, value, reason })
    }
}

impl Settings {
    /// The strongest value of each key, or its default.
    ///
    /// # Errors
    /// `Setting` for a value that cannot be used, `Missing` without an exchange.
    pub(crate) fn resolve(layers: &Layers) -> Result<Self, CliError> {
        let exchange = layers.parsed("exchange", |text| {
            Endpoints::from_str(text)
                .map(|endpoints| (text.to_owned(), endpoints))
                .map_err(|_| "give `cryptocompare`, or a base URL such as http://127.0.0.1:9000".into())
        })?;
        let (exchange_text, exchange) = exchange.ok_or(CliError::Missing(
            "which exchange? Give --exchange http://127.0.0.1:9000 (what `platform simulate` prints) or --exchange cryptocompare",
        ))?;
        let speed = layers.parsed("exchange_speed", parse_speed)?.unwrap_or(1.0);
        let listen = layers.parsed("listen", |text| {
            text.parse().map_err(|_| "give an address and a port, like 127.0.0.1:8080".to_owned())
        })?;
        let role = layers.parsed("role", str::parse::<Role>)?.unwrap_or_default();
        let symbols = layers.parsed("symbols", symbols::instruments)?;
        let seed = layers
            .parsed("seed", |text| text.parse().map_err(|_| "give a whole number from 0 on".to_owned()))?;
        let live = layers.parsed("live", |text| match text {
            "true" | "1" | "yes" => Ok(true),
            "false" | "0" | "no" => Ok(false),
            _ => Err("give true or false".to_owned()),
        })?;
        Ok(Self {
            exchange_text,
            exchange,
            time_scale: 1.0 / speed,
            listen: listen.unwrap_or(match role {
                Role::All | Role::Api => DEFAULT_LISTEN,
                Role::Producer | Role::Consumer => ANY_PORT,
            }),
            data_dir: data_dir(layers)?,
            symbols: match symbols {
                Some(symbols) => symbols,
                None => vec![NewInstrument::pair("BTC", "USD")],
            },
            seed,
            live: live.unwrap_or(true),
            backends: backends(layers)?,
            role,
            partitions: layers.parsed("partitions", partitions)?,
            lease: layers.parsed("lease", |text| seconds(text, LEASE_SECONDS))?,
            topic_idle: layers.parsed("topic_idle", |text| seconds(text, IDLE_SECONDS))?,
        })
    }
}

/// Where log, store and cache are.
///
/// # Errors
/// `Setting` for an address that cannot be read.
pub(crate) fn backends(layers: &Layers) -> Result<Backends, CliError> {
    let log = layers.parsed("log", |text| match text {
        "embedded" => Ok(LogAt::Embedded),
        url => url
            .parse()
            .map(LogAt::Kafka)
            .map_err(|error| format!("{error}, or `embedded`; what is told on stderr is set by --log-level")),
    })?;
    let store = layers.parsed("store", |text| match text {
        "embedded" => Ok(StoreAt::Embedded),
        url => {
            let hint = "give postgres://USER:PASSWORD@HOST:PORT/DATABASE, or `embedded`";
            let address = Address::parse(url, &["postgres", "postgresql"]);
            address.map(StoreAt::Postgres).ok_or_else(|| hint.to_owned())
        }
    })?;
    let cache = layers.parsed("cache", |text| match text {
        "embedded" => Ok(CacheAt::Embedded),
        url => {
            let hint = "give redis://HOST:PORT, or `embedded`";
            let address = Address::parse(url, &["redis", "rediss"]);
            address.map(CacheAt::Redis).ok_or_else(|| hint.to_owned())
        }
    })?;
    let store = store.unwrap_or_default();
    let stored_age = |text: &str| match store {
        StoreAt::Embedded => {
            Err("the embedded store keeps everything; leave it out, or name a TimescaleDB with --store"
                .to_owned())
        }
        StoreAt::Postgres(_) => age(text),
    };
    Ok(Backends {
        compress_after: layers.parsed("compress_after", stored_age)?,
        keep_trades: layers.parsed("keep_trades", stored_age)?,
        log: log.unwrap_or_default(),
        cache: cache.unwrap_or_default(),
        store,
    })
}

/// Where the data is kept.
///
/// # Errors
/// `Setting` for an empty name.
pub(crate) fn data_dir(layers: &Layers) -> Result<PathBuf, CliError> {
    let given = layers.parsed("data_dir", |text| match text {
        "" => Err("give a directory, like ./platform-data".to_owned()),
        text => Ok(PathBuf::from(text)),
    })?;
    Ok(given.unwrap_or_else(|| PathBuf::from("platform-data")))
}

/// `0,3`
fn partitions(text: &str) -> Result<Vec<u32>, String> {
    let numbers: Result<Vec<u32>, _> = text.split(',').map(|one| one.trim().parse()).collect();
    let mut numbers = numbers.map_err(|_| "give numbers separated by commas, like 0,3".to_owned())?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

/// `10s`
fn seconds(text: &str, within: std::ops::RangeInclusive<u64>) -> Result<Duration, String> {
    let seconds = text.strip_suffix('s').unwrap_or(text).parse().ok();
    let seconds: Option<u64> = seconds.filter(|seconds| within.contains(seconds));
    let hint = || format!("give {} to {} seconds, like 10s", within.start(), within.end());
    seconds.map(Duration::from_secs).ok_or_else(hint)
}

/// `7d` or `36h`
fn age(text: &str) -> Result<Duration, String> {
    let number = |unit: char| text.strip_suffix(unit).and_then(|number| number.parse::<u64>().ok());
    let hours = number('h').or_else(|| number('d').and_then(|days| days.checked_mul(24)));
    hours
        .filter(|hours| AGE_HOURS.contains(hours))
        .map(|hours| Duration::from_secs(hours * 3_600))
        .ok_or_else(|| format!("give days or hours, from 1d to {}d, like 7d or 36h", AGE_HOURS.end() / 24))
}

/// The environment variable of a key.
fn variable(key: &str) -> String {
    format!("PLATFORM_{}", key.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const FILE: &str = "exchange = \"http://file:1\"\nlisten = \"127.0.0.1:1\"\nsymbols = [\"ETH-USD\", \"BTCUSD\"]\nseed = 7\nlive = false\n";

    fn layers(flags: &[(&'static str, &str)], env: &[(&str, &str)], file: &str) -> Result<Layers, CliError> {
        let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        Layers::default()
            .with_flags(flags.iter().map(|(key, value)| (*key, Some((*value).to_owned()))))
            .with_env(env.iter().map(owned))
            .with_file("p.toml", file)
    }

    fn shown(settings: &Settings) -> String {
        let symbols: Vec<_> = settings.symbols.iter().map(|one| one.symbol.as_str()).collect();
        let Settings { exchange_text, listen, seed, live, time_scale, data_dir, .. } = settings;
        let data_dir = data_dir.display();
        format!("{exchange_text} {listen} {} {seed:?} {live} {time_scale} {data_dir}", symbols.join("+"))
    }

    #[test]
    fn flags_beat_environment_beats_file_beats_defaults() {
        type Row = (
            &'static [(&'static str, &'static str)],
            &'static [(&'static str, &'static str)],
            &'static str,
            &'static str,
        );
        let rows: [Row; 5] = [
            (
                &[("exchange", "http://x")],
                &[],
                "",
                "http://x 127.0.0.1:8080 BTCUSD None true 1 platform-data",
            ),
            (&[], &[], FILE, "http://file:1 127.0.0.1:1 ETHUSD+BTCUSD Some(7) false 1 platform-data"),
            (
                &[],
                &[("PLATFORM_LISTEN", "127.0.0.1:2"), ("PLATFORM_SEED", " "), ("PLATFORM_CONFIG", "p.toml")],
                FILE,
                "http://file:1 127.0.0.1:2 ETHUSD+BTCUSD Some(7) false 1 platform-data",
            ),
            (
                &[("listen", "127.0.0.1:3"), ("symbols", "Kraken:BTC-USD"), ("exchange_speed", "1000x")],
                &[("PLATFORM_LISTEN", "127.0.0.1:2"), ("PLATFORM_DATA_DIR", "/d"), ("PLATFORM_LIVE", "1")],
                FILE,
                "http://file:1 127.0.0.1:3 BTCUSD.KRAKEN Some(7) true 0.001 /d",
            ),
            // A bad value that is overridden is not looked at.
            (
                &[("listen", "127.0.0.1:3")],
                &[("PLATFORM_LISTEN", "junk")],
                FILE,
                "http://file:1 127.0.0.1:3 ETHUSD+BTCUSD Some(7) false 1 platform-data",
            ),
        ];
        for (flags, env, file, expected) in rows {
            let settings = Settings::resolve(&layers(flags, env, file).unwrap()).unwrap();
            assert_eq!(shown(&settings), expected);
        }
    }

    /// From any place, for a store that can do it.
    #[test]
    fn ages_of_stored_trades() {
        let read = |flags: &[(&'static str, &str)], env: &[(&str, &str)], file: &str| {
            let found = layers(flags, env, file).and_then(|layers| backends(&layers));
            found.map(|found| (found.compress_after, found.keep_trades)).map_err(|error| error.to_string())
        };
        let hours = |hours: u64| Some(Duration::from_secs(hours * 3_600));
        let store = ("store", "postgres://h/d");
        assert_eq!(read(&[store], &[], "").unwrap(), (None, None));
        let flags = [store, ("compress_after", "36h")];
        assert_eq!(read(&flags, &[], "keep_trades = \"90d\"").unwrap(), (hours(36), hours(2_160)));
        let env = [("PLATFORM_KEEP_TRADES", "3650d")];
        assert_eq!(read(&[store], &env, "keep_trades = \"90d\"").unwrap(), (None, hours(87_600)));
        for bad in
            ["7", "d", "-1d", "1h", "23h", "3651d", "7 d", "99999999999999999999d", "18446744073709551615d"]
        {
            let error = read(&[store, ("keep_trades", bad)], &[], "").unwrap_err();
            let expected = format!("--keep-trades is `{bad}`: give days or hours, from 1d to 3650d");
            assert!(error.contains(&expected), "{error}");
        }
        let error = read(&[("compress_after", "7d")], &[], "").unwrap_err();
        assert!(error.contains("--compress-after is `7d`: the embedded store keeps everything"), "{error}");
    }

    #[test]
    fn errors_name_the_place() {
        for (flag, env, file, expected) in [
            ("", "", "", "which exchange? Give --exchange http"),
            ("ftp://x", "", FILE, "--exchange is `ftp://x`: give `cryptocompare`, or a base URL"),
            ("", "x", FILE, "PLATFORM_LISTEN is `x`: give an address and a port"),
            (
                "",
                "",
                "listen = \"x\"\nexchange = \"http://x\"",
                "listen in p.toml, line 1 is `x`: give an address",
            ),
            (
                "",
                "",
                "\nlitsen = \"x\"",
                "p.toml, line 2: there is no setting `litsen`, did you mean listen?",
            ),
            ("", "", "api_key = \"x\"", "is read from the environment variable CRYPTOCOMPARE_API_KEY only"),
            ("", "", "symbols = [1]", "p.toml, line 1: `symbols` must be text"),
            ("", "", "seed = 1\nb", "p.toml, line 2: this is not TOML"),
            ("http://x", "", "symbols = [\"FOOBAR\"]", "symbols in p.toml, line 1 is `FOOBAR`: symbol"),
        ] {
            let flags: &[_] = if flag.is_empty() { &[] } else { &[("exchange", flag)] };
            let env: &[_] = if env.is_empty() { &[] } else { &[("PLATFORM_LISTEN", env)] };
            let error = layers(flags, env, file).and_then(|layers| Settings::resolve(&layers)).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            assert_eq!(error.exit_code(), 2);
        }
        let typo = layers(&[], &[("PLATFORM_LISTN", "x"), ("HOME", "y")], "").unwrap();
        assert_eq!(
            typo.unknown_variables,
            ["PLATFORM_LISTN is not a setting, did you mean PLATFORM_LISTEN?"]
        );
    }
}
