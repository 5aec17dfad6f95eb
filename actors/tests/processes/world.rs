//! What the processes of a test share, and what must hold of it in the end.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use actors::simulator::{Config, Running, Simulator};
use sqlx::{Connection as _, Executor as _};
use statechart_runtime::{
    market::{Interval, TimeRange},
    ports::{Store as _, contract::service},
    postgres::{PostgresOptions, PostgresStore},
};

use super::{process::Process, recorded::Recorded, servers::place};
use crate::common::{Expected, fold, parse};

/// How long anything may take. Machines that test are busy.
pub const DEADLINE: Duration = Duration::from_secs(180);
/// Between two looks.
pub const LOOK: Duration = Duration::from_millis(250);

/// Where log, store and cache are.
pub struct Places {
    pub log: String,
    pub store: String,
    pub cache: String,
}

pub struct World {
    pub recorded: Recorded,
    pub places: Places,
    pub dir: tempfile::TempDir,
    /// The build that runs.
    pub program: PathBuf,
    pub simulator: Running,
    pub speed: String,
}

impl World {
    /// An exchange that plays the trades in so much time, from the first subscription on.
    pub async fn new(recorded: Recorded, replay: Duration, places: Places) -> Self {
        // Who installed a provider first does not matter.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = place();
        let mut config = Config::new(recorded.market(dir.path()));
        let length_s = (recorded.last_ms - recorded.first_ms) as f64 / 1_000.0;
        config.speed = (length_s / replay.as_secs_f64()).floor().max(1.0);
        let speed = format!("{}x", config.speed);
        let simulator = Simulator::start(config).await.unwrap();
        let program = PathBuf::from(env!("CARGO_BIN_EXE_platform"));
        Self { recorded, places, dir, program, simulator, speed }
    }

    /// Starts a process of a role under a name of its own.
    pub fn start(&self, role: &str, name: &str) -> Process {
        self.start_with(role, name, &[])
    }

    /// The same with more arguments.
    pub fn start_with(&self, role: &str, name: &str, more: &[&str]) -> Process {
        let Places { log, store, cache } = &self.places;
        let arguments = [
            ["--role", role],
            ["--lease", "2s"],
            ["--exchange", &self.simulator.url()],
            ["--exchange-speed", &self.speed],
            ["--symbols", &self.recorded.symbols],
            ["--log", log],
            ["--store", store],
            ["--cache", cache],
        ];
        let arguments = [arguments.as_flattened(), more].concat();
        Process::start(&self.program, name, self.dir.path(), &arguments)
    }

    /// Waits until at least so many trades are stored, while all processes run.
    pub async fn until_stored(&self, at_least: u64, processes: &mut [Process]) {
        let begun = Instant::now();
        loop {
            for process in processes.iter_mut() {
                process.assert_runs();
            }
            let stored: u64 = match processes[0].status().await {
                Some(status) => self.symbols(&status).map(|one| one.trades).sum(),
                None => 0,
            };
            if stored >= at_least {
                return;
            }
            assert!(begun.elapsed() < DEADLINE, "{stored} trades are stored, {at_least} were waited for");
            tokio::time::sleep(LOOK).await;
        }
    }

    fn symbols<'a>(
        &'a self,
        status: &'a actors::status::Status,
    ) -> impl Iterator<Item = &'a actors::status::SymbolStatus> {
        status.symbols.iter().filter(|one| self.recorded.by_symbol.contains_key(&one.symbol))
    }

    /// Whether the trades of every symbol are covered in one piece, to behind the last one.
    fn is_whole(&self, status: &actors::status::Status) -> bool {
        let (first_ms, last_ms) = (self.recorded.first_ms, self.recorded.last_ms);
        let whole = self.symbols(status).filter(|one| {
            let ranges: Vec<(i64, i64)> =
                one.coverage.iter().filter(|row| row.0 == "trades").map(|row| (row.1, row.2)).collect();
            matches!(ranges[..], [(from, to)] if from <= first_ms + 60_000 && to > last_ms + 61_000)
        });
        whole.count() == self.recorded.by_symbol.len()
    }

    /// Waits until the tape is over and everything of it stored.
    pub async fn until_whole(&self, asked: &Process) {
        let begun = Instant::now();
        loop {
            let status = asked.status().await;
            if status.as_ref().is_some_and(|status| self.is_whole(status)) {
                return;
            }
            let symbols = status.map(|status| status.symbols);
            assert!(begun.elapsed() < DEADLINE, "not whole to {}: {symbols:#?}", self.recorded.last_ms);
            tokio::time::sleep(LOOK).await;
        }
    }

    pub async fn store(&self) -> PostgresStore {
        PostgresStore::connect(&PostgresOptions::new(&self.places.store)).await.unwrap()
    }

    /// Trades in the database.
    pub async fn count(&self) -> u64 {
        let stats = self.store().await.stats().await.unwrap();
        let ours = stats.instruments.iter();
        ours.filter(|one| self.recorded.by_symbol.contains_key(&one.instrument.symbol))
            .map(|one| one.trades)
            .sum()
    }

    /// Every trade is in the database once, and every candle of every width is right, the first and the last as well.
    pub async fn assert_right(&self) {
        let store = self.store().await;
        let everything = TimeRange { from_us: 0, to_us: i64::MAX };
        assert_eq!(self.count().await, self.recorded.trades as u64, "every trade once");
        self.assert_rows().await;
        for instrument in store.instruments().await.unwrap() {
            let Some(file) = self.recorded.by_symbol.get(&instrument.symbol) else { continue };
            for interval in Interval::ALL {
                let expected = fold(file, interval.seconds() * 1_000);
                let found =
                    store.trade_candles(instrument.id, interval, everything, 1_000_000).await.unwrap();
                let found: Vec<(i64, Expected)> = found
                    .into_iter()
                    .map(|one| {
                        let candle = Expected {
                            open: one.open,
                            high: one.high,
                            low: one.low,
                            close: one.close,
                            volume: one.volume,
                            quote_volume: one.quote_volume,
                            trades: one.trades,
                        };
                        (one.bucket_us / 1_000, candle)
                    })
                    .collect();
                let symbol = &instrument.symbol;
                assert_eq!(found.len(), expected.len(), "candles of {symbol} {interval}");
                for (found, (bucket, candle)) in found.iter().zip(expected) {
                    assert_eq!(*found, (bucket, candle), "{symbol} {interval}");
                }
            }
        }
        store.close().await;
    }

    /// The rows themselves, as many as were recorded and none twice, whatever candles and counters say.
    async fn assert_rows(&self) {
        let mut connection = sqlx::PgConnection::connect(&self.places.store).await.unwrap();
        for (symbol, file) in &self.recorded.by_symbol {
            let rows: (i64, i64) = sqlx::query_as(
                "SELECT count(*), count(DISTINCT (t.ts, t.ord)) FROM trade t
                 JOIN instrument i ON i.id = t.instrument_id WHERE i.symbol = $1",
            )
            .bind(symbol)
            .fetch_one(&mut connection)
            .await
            .unwrap();
            // One line is the header.
            let expected = file.lines().count() as i64 - 1;
            assert_eq!(rows, (expected, expected), "rows of {symbol}, and different ones");
        }
        connection.close().await.unwrap();
    }

    /// What the API answers of whole intervals is right, too.
    pub async fn assert_answers(&self, asked: &Process, interval: Interval) {
        let width_ms = interval.seconds() * 1_000;
        let (first_ms, last_ms) = (self.recorded.first_ms, self.recorded.last_ms);
        let from = first_ms.div_euclid(width_ms) * width_ms + width_ms;
        let to = (last_ms + 1).div_euclid(width_ms) * width_ms;
        for (symbol, file) in &self.recorded.by_symbol {
            let query =
                format!("/v1/candles?symbol={symbol}&interval={interval}&from={from}&to={to}&format=csv");
            let mut expected = fold(file, width_ms);
            expected.retain(|bucket, _| *bucket >= from && *bucket < to);
            let text = asked.get(&query).await.unwrap();
            assert!(text.starts_with("time,"), "{interval}: {text}");
            assert_eq!(parse(&text), expected, "{query}");
        }
    }
}

/// A database of its own on the shared server.
pub async fn database(name: &str) -> String {
    let server = service("postgres");
    let name = format!("{name}_{}", std::process::id());
    let mut connection = sqlx::PgConnection::connect(&server).await.unwrap();
    for sql in [format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), format!("CREATE DATABASE {name}")] {
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await.unwrap();
    }
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}
