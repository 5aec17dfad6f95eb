//! An exchange to try everything against: CryptoCompare's REST and socket in one small server, fed by a made-up
//! market or by a recording, at any speed, with switchable misbehaviour.
//!
//! ```text
//! Market (random.rs | tape.rs) ── trades at any instant ──┐
//! SimClock ── exchange time, real or faster ──────────────┤
//! Faults ── seeded bad luck ──────────────────────────────┤
//!                                                         ├─→ rest.rs    candle and trade history
//!                                                         └─→ socket.rs  welcome, replay, live trades, heartbeats
//! ```
//!
//! The sources keep no position, so every socket and call reads the market by itself; a slow client slows nobody
//! else. The clock by default stands still until the first subscription, so that a tape is played whole; at the
//! end of a tape it runs on, so that the last minute closes. A tape starts a minute before the minute of its first
//! trade.

mod candles;
mod clock;
#[cfg(test)]
mod fault_tests;
mod faults;
mod frames;
mod listing;
mod random;
mod report;
mod rest;
mod socket;
mod source;
mod tape;
mod tape_reader;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::serve::ListenerExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use clock::{ClockStart, parse_speed};
pub use faults::Faults;
pub use listing::{DEFAULT_MARKET, Listing};
pub use random::RandomMarket;
pub use report::{BadRow, MAX_BAD_ROWS, TapeReport};
pub use source::{Fold, Market, Position, SimId, SimTrade};
pub use tape::{MAX_TAPE_ROWS, Tape, check};

use clock::SimClock;

/// Start of a made-up market's clock unless another is given: 2024-01-01 UTC, in µs.
pub const DEFAULT_START_US: i64 = 1_704_067_200_000_000;

/// How the simulator runs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What is traded.
    pub market: Market,
    /// Exchange seconds per wall second; see [`parse_speed`].
    pub speed: f64,
    /// Start of the exchange's clock, µs UTC. Without it: a minute before the minute of a tape's first trade, or
    /// [`DEFAULT_START_US`].
    pub start_us: Option<i64>,
    /// When the clock starts to run.
    pub clock_start: ClockStart,
    /// What goes wrong.
    pub faults: Faults,
    /// The only key that is answered; without it every call is.
    pub api_key: Option<String>,
    /// Minute history reaches back only this many days.
    pub minute_depth_days: Option<u32>,
    /// A socket that takes nothing for this long is ended with FORCE_DISCONNECT, in ms of wall time.
    pub slow_client_ms: u64,
    /// Seed of the faults.
    pub seed: u64,
}

impl Config {
    /// Real speed, no faults, a free port on 127.0.0.1.
    pub fn new(market: Market) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            market,
            speed: 1.0,
            start_us: None,
            clock_start: ClockStart::default(),
            faults: Faults::default(),
            api_key: None,
            minute_depth_days: None,
            slow_client_ms: 10_000,
            seed: 0,
        }
    }
}

/// Why the simulator cannot run.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The address cannot be listened on.
    #[error("the simulator cannot listen on {listen}: {reason}; give another address with --listen")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// The system's words.
        reason: String,
    },
    /// The tape cannot be used.
    #[error("tape {path}: {reason}")]
    Tape {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A setting cannot be used.
    #[error("simulator: {setting} is {value}: {reason}")]
    Config {
        /// Name of the setting.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What is accepted.
        reason: &'static str,
    },
}

/// What the simulator has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// REST calls answered, faults included.
    pub rest_calls: u64,
    /// REST calls answered with a fault.
    pub rest_faults: u64,
    /// Sockets opened, refused ones included.
    pub sockets_opened: u64,
    /// Sockets open now.
    pub sockets_now: u64,
    /// Trades sent live, copies not counted.
    pub trades_sent: u64,
    /// Trades sent twice.
    pub duplicates: u64,
    /// Trades sent late.
    pub late: u64,
    /// Sockets cut or fallen silent by a fault.
    pub socket_faults: u64,
    /// Sockets ended because they took nothing.
    pub forced_disconnects: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    rest_calls: AtomicU64,
    rest_faults: AtomicU64,
    sockets_opened: AtomicU64,
    sockets_now: AtomicU64,
    trades_sent: AtomicU64,
    duplicates: AtomicU64,
    late: AtomicU64,
    socket_faults: AtomicU64,
    forced_disconnects: AtomicU64,
}

/// Counts one up.
pub(crate) fn count(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::Relaxed)
}

/// What all calls and sockets share.
#[derive(Debug)]
pub(crate) struct Shared {
    market: Market,
    clock: SimClock,
    faults: Faults,
    api_key: Option<String>,
    minute_depth_days: Option<u32>,
    slow_client: Duration,
    seed: u64,
    rng: Mutex<ChaCha8Rng>,
    counters: Counters,
    stop: watch::Receiver<bool>,
}

impl Shared {
    /// Draws against a share.
    fn draw(&self, share: f64) -> bool {
        share > 0.0 && unit(&mut self.rng.lock().unwrap_or_else(PoisonError::into_inner)) < share
    }

    /// Whether a call with this `authorization` header or this `api_key` parameter is answered.
    fn admits(&self, header: Option<&str>, query: Option<&String>) -> bool {
        let Some(key) = &self.api_key else { return true };
        let given = header.and_then(|h| h.trim().strip_prefix("Apikey ")).map(str::trim);
        given == Some(key.as_str()) || query == Some(key)
    }
}

/// A number in [0, 1).
pub(crate) fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// The simulator.
#[derive(Debug)]
pub struct Simulator;

impl Simulator {
    /// Listens and answers until [`Running::stop`].
    ///
    /// # Errors
    /// `Listen` when the address is taken, `Config` for settings out of range.
    pub async fn start(config: Config) -> Result<Running, SimulatorError> {
        let bad = |setting, value: String, reason| Err(SimulatorError::Config { setting, value, reason });
        if !(0.01..=1_000_000.0).contains(&config.speed) {
            return bad("speed", config.speed.to_string(), "give a factor from 0.01 to 1000000");
        }
        if config.market.listings().is_empty() {
            return bad("market", "empty".into(), "give at least one symbol");
        }
        if config.slow_client_ms == 0 {
            return bad("slow_client_ms", "0".into(), "give at least 1 ms");
        }
        let start_us = config.start_us.unwrap_or(match &config.market {
            Market::Random(_) => DEFAULT_START_US,
            // A minute for clients to subscribe in, so that the first minute with trades is seen whole.
            Market::Tape(tape) => (tape.first_us().div_euclid(60_000_000) - 1) * 60_000_000,
        });
        // Far enough from both ends of i64 that a bucket or a year can be added without a check.
        if !(0..253_402_300_799_000_000).contains(&start_us) {
            return bad("start", start_us.to_string(), "give a time between the years 1970 and 9999");
        }
        let fail = |error: std::io::Error| SimulatorError::Listen {
            listen: config.listen,
            reason: error.to_string(),
        };
        let listener = TcpListener::bind(config.listen).await.map_err(fail)?;
        let addr = listener.local_addr().map_err(fail)?;
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared {
            market: config.market,
            clock: SimClock::new(start_us, config.speed),
            faults: config.faults,
            api_key: config.api_key,
            minute_depth_days: config.minute_depth_days,
            slow_client: Duration::from_millis(config.slow_client_ms),
            seed: config.seed,
            rng: Mutex::new(ChaCha8Rng::seed_from_u64(config.seed)),
            counters: Counters::default(),
            stop: stopped.clone(),
        });
        if config.clock_start == ClockStart::Immediately {
            shared.clock.start();
        }
        let router = rest::router(Arc::clone(&shared));
        let mut until = stopped;
        let server = axum::serve(listener.tap_io(|stream| drop(stream.set_nodelay(true))), router)
            .with_graceful_shutdown(async move { drop(until.wait_for(|stop| *stop).await) });
        let task = tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the simulator's server ended");
            }
        });
        tracing::info!(%addr, start_ms = start_us / 1_000, speed = config.speed, "simulator listening");
        Ok(Running { addr, shared, stop, task })
    }
}

/// A simulator at work. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Base URL, for `--exchange`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The exchange's clock, µs UTC.
    pub fn now_us(&self) -> i64 {
        self.shared.clock.now_us()
    }

    /// The market, to compare answers with.
    pub fn market(&self) -> &Market {
        &self.shared.market
    }

    /// What it has done so far.
    pub fn stats(&self) -> Stats {
        let c = &self.shared.counters;
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            rest_calls: get(&c.rest_calls),
            rest_faults: get(&c.rest_faults),
            sockets_opened: get(&c.sockets_opened),
            sockets_now: get(&c.sockets_now),
            trades_sent: get(&c.trades_sent),
            duplicates: get(&c.duplicates),
            late: get(&c.late),
            socket_faults: get(&c.socket_faults),
            forced_disconnects: get(&c.forced_disconnects),
        }
    }

    /// Closes all sockets, finishes open calls, and ends within five seconds.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let mut task = self.task;
        if tokio::time::timeout(Duration::from_secs(5), &mut task).await.is_err() {
            task.abort();
        }
    }
}
