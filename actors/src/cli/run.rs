//! `platform run`: the platform on an exchange, until it is told to stop.

use std::time::Duration;

use clap::Args;

use super::{
    error::CliError,
    output::{
        self,
        style::{BOLD, DIM, RESET},
    },
    settings::{Layers, Settings},
    signal::Interrupt,
};
use crate::{
    exchange::{ApiKey, Endpoints, KEY_VARIABLE},
    platform,
};

/// Longest orderly end.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Largest configuration file that is read, in bytes.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// Runs the platform on an exchange.
///
/// Each setting is taken from its flag, else from its environment variable PLATFORM_<NAME>, else from the TOML file.
/// The exchange's key is read from CRYPTOCOMPARE_API_KEY and from nowhere else.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Run {
    /// The exchange: `cryptocompare`, or the base URL of a simulator [PLATFORM_EXCHANGE]
    #[arg(long, value_name = "URL")]
    exchange: Option<String>,
    /// How fast a simulator's clock runs, like 1000x [PLATFORM_EXCHANGE_SPEED] [default: real]
    #[arg(long, value_name = "SPEED")]
    exchange_speed: Option<String>,
    /// Where the HTTP API listens [PLATFORM_LISTEN] [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Where the data is kept [PLATFORM_DATA_DIR] [default: platform-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// What is recorded: BTCUSD, BTC-USD, Kraken:BTC-USD or NAME=Kraken:BTC-USD, separated by commas
    /// [PLATFORM_SYMBOLS] [default: BTCUSD]
    #[arg(long, value_name = "LIST")]
    symbols: Option<String>,
    /// Seed of all jitter, for repeatable runs [PLATFORM_SEED]
    #[arg(long, value_name = "N")]
    seed: Option<String>,
    /// Whether the live feed is subscribed; without it, history is fetched on request only [PLATFORM_LIVE] [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    live: Option<String>,
    /// Where the log is: `embedded`, or `kafka://HOST:PORT` [PLATFORM_LOG] [default: embedded]
    #[arg(long, value_name = "URL")]
    log: Option<String>,
    /// Where the store is: `embedded`, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE` [PLATFORM_STORE]
    /// [default: embedded]
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Where the cache is: `embedded`, or `redis://HOST:PORT` [PLATFORM_CACHE] [default: embedded]
    #[arg(long, value_name = "URL")]
    cache: Option<String>,
    /// Compress stored trades that are older, like 7d or 36h; TimescaleDB only [PLATFORM_COMPRESS_AFTER]
    #[arg(long, value_name = "TIME")]
    compress_after: Option<String>,
    /// Remove stored trades that are older by the server's clock, like 90d, and keep their candles; TimescaleDB only
    /// [PLATFORM_KEEP_TRADES]
    #[arg(long, value_name = "TIME")]
    keep_trades: Option<String>,
    /// What this process does: all, producer, consumer or api [PLATFORM_ROLE] [default: all]
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Partitions of the fixed topic that this process reads, like 0,3; without it they are shared out by leases
    /// [PLATFORM_PARTITIONS]
    #[arg(long, value_name = "LIST")]
    partitions: Option<String>,
    /// How long the work of a process that has died stays its own [PLATFORM_LEASE] [default: 10s]
    #[arg(long, value_name = "TIME")]
    lease: Option<String>,
    /// After which time without use the topic of a symbol is deleted [PLATFORM_TOPIC_IDLE] [default: 600s]
    #[arg(long, value_name = "TIME")]
    topic_idle: Option<String>,
    /// A TOML file with these settings, e.g. `symbols = ["BTC-USD", "ETH-USD"]` [PLATFORM_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  platform run --exchange http://127.0.0.1:9000 --exchange-speed 60x
  platform run --exchange cryptocompare --symbols BTC-USD,ETH-USD --data-dir ./data
  platform run --config platform.toml --listen 127.0.0.1:8081
  platform run --exchange cryptocompare --log kafka://127.0.0.1:9092

Names in the file are those of the flags with `_`: exchange, exchange_speed, listen, data_dir, symbols, seed, live,
log, store, cache, compress_after, keep_trades, role, partitions, lease, topic_idle.
The real hosts answer 401 to calls without a key of a paid plan; a simulator needs none.";

impl Run {
    pub(crate) async fn run(self) -> Result<(), CliError> {
        let settings = self.settings()?;
        let key = ApiKey::from_env();
        caution(&settings, key.is_some());
        let mut interrupt = Interrupt::listen()?;

        let mut config = platform::Config::new(settings.exchange.clone(), settings.data_dir.clone());
        config.key = key;
        config.listen = settings.listen;
        config.symbols = settings.symbols.clone();
        config.time_scale = settings.time_scale;
        config.live = settings.live;
        config.backends = settings.backends.clone();
        config.role = settings.role;
        config.partitions = settings.partitions.clone();
        if let Some(lease) = settings.lease {
            config.lease = lease;
        }
        if let Some(idle) = settings.topic_idle {
            config.topic_idle = idle;
        }
        if let Some(seed) = settings.seed {
            config.seed = seed;
        }
        let running = tokio::select! {
            running = platform::start(config) => running?,
            // What it had begun ends with it: the data directory's lock is released, its file is sound.
            () = interrupt.wait() => return Ok(()),
        };

        output::print(&started(&settings, &format!("http://{}", running.addr())))?;
        interrupt.wait().await;
        output::note("stopping; Ctrl-C again stops at once");
        interrupt.unless_again(running.stop(STOP_WITHIN)).await;
        Ok(())
    }

    fn settings(&self) -> Result<Settings, CliError> {
        let flags = [
            ("exchange", self.exchange.clone()),
            ("exchange_speed", self.exchange_speed.clone()),
            ("listen", self.listen.clone()),
            ("data_dir", self.data_dir.clone()),
            ("symbols", self.symbols.clone()),
            ("seed", self.seed.clone()),
            ("live", self.live.clone()),
            ("log", self.log.clone()),
            ("store", self.store.clone()),
            ("cache", self.cache.clone()),
            ("compress_after", self.compress_after.clone()),
            ("keep_trades", self.keep_trades.clone()),
            ("role", self.role.clone()),
            ("partitions", self.partitions.clone()),
            ("lease", self.lease.clone()),
            ("topic_idle", self.topic_idle.clone()),
        ];
        Settings::resolve(&layers(flags, self.config.clone())?)
    }
}

/// All places that settings are taken from; says which variables are none.
///
/// # Errors
/// `Setting` for a file that cannot be read.
pub(super) fn layers(
    flags: impl IntoIterator<Item = (&'static str, Option<String>)>,
    config: Option<String>,
) -> Result<Layers, CliError> {
    // As far as they are text.
    let variables: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let config = config.or_else(|| {
        let named = variables.iter().find(|(name, _)| name == "PLATFORM_CONFIG");
        named.map(|(_, path)| path.clone()).filter(|path| !path.trim().is_empty())
    });
    let mut layers = Layers::default().with_env(variables).with_flags(flags);
    if let Some(path) = config {
        layers = layers.with_file(&path, &read(&path)?)?;
    }
    for unknown in &layers.unknown_variables {
        output::warn(unknown);
    }
    Ok(layers)
}

/// The configuration file's text.
fn read(path: &str) -> Result<String, CliError> {
    let wrong =
        |reason: String| CliError::Setting { place: "--config".into(), value: path.to_owned(), reason };
    let size = std::fs::metadata(path).map_err(|error| wrong(format!("{error}; give a TOML file")))?.len();
    if size > MAX_CONFIG_BYTES {
        return Err(wrong(format!("it has {size} bytes; a configuration has at most {MAX_CONFIG_BYTES}")));
    }
    std::fs::read_to_string(path).map_err(|error| wrong(format!("{error}; give a TOML file in UTF-8")))
}

/// Says what will surprise.
fn caution(settings: &Settings, has_key: bool) {
    if settings.exchange == Endpoints::cryptocompare() && !has_key {
        output::warn(&format!(
            "{KEY_VARIABLE} is not set: the real hosts answer 401 to calls without a key of a paid plan, so nothing new will arrive"
        ));
    }
    if !settings.listen.ip().is_loopback() {
        output::warn(&format!(
            "the API on {} asks for no password: whoever reaches this address reads everything and causes fetches",
            settings.listen
        ));
    }
}

/// What is told once it runs.
fn started(settings: &Settings, url: &str) -> String {
    let symbols: Vec<&str> = settings.symbols.iter().map(|one| one.symbol.as_str()).collect();
    let first = symbols.first().unwrap_or(&"BTCUSD");
    let live = if settings.live { "live feed and history" } else { "history only" };
    format!(
        "{BOLD}{url}{RESET}  {DIM}the HTTP API{RESET}\n  \
         exchange  {} ({live})\n  \
         symbols   {}\n  \
         data      {}\n  \
         log       {}\n  \
         store     {}\n  \
         cache     {}\n\n  \
         curl '{url}/v1/candles?symbol={first}&interval=1h&limit=24&format=csv'\n  \
         platform status --url {url}\n\n\
         {DIM}Ctrl-C stops it.{RESET}\n",
        settings.exchange_text,
        symbols.join(", "),
        settings.data_dir.display(),
        settings.backends.log,
        settings.backends.store,
        settings.backends.cache,
    )
}
