//! `platform simulate`: the exchange simulator as a process of its own, and the check of a tape.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::{Args, ValueEnum};

use super::{
    error::CliError,
    output::{
        self,
        style::{BOLD, DIM, RESET},
    },
    signal::Interrupt,
    symbols, time_text,
};
use crate::simulator::{
    self, ClockStart, Config, DEFAULT_START_US, Faults, Listing, Market, RandomMarket, Simulator, Tape,
    parse_speed,
};

/// Runs an exchange simulator in CryptoCompare's wire format.
///
/// It plays a made-up market, or a recorded tape of trades: CSV lines `timestamp_ms,price,size` or
/// `timestamp_ms,symbol,price,size,id`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Simulate {
    /// Where it listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// A recorded tape to play instead of a made-up market
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seed", "symbols", "listed"])]
    tape: Option<PathBuf>,
    /// The tape's symbol, where its lines name none
    #[arg(long, value_name = "SYMBOL", value_parser = Listing::parse)]
    symbol: Option<Listing>,
    /// Says what is wrong with a tape, line by line, and plays nothing
    #[arg(long, value_name = "FILE", conflicts_with = "tape")]
    check: Option<PathBuf>,
    /// Seed of the made-up market and of the faults
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Symbols of the made-up market, separated by commas
    #[arg(long, value_name = "LIST", default_value = "BTCUSD,ETHUSD")]
    symbols: String,
    /// First day of the made-up market: milliseconds or a date
    #[arg(long, value_name = "TIME", default_value_t = String::from("2015-01-01"))]
    listed: String,
    /// How fast its clock runs: `real`, or a factor like 1000x
    #[arg(long, value_name = "SPEED", default_value = "real", value_parser = parse_speed)]
    speed: f64,
    /// Start of its clock: `now`, milliseconds or a UTC time [default: the tape's start, or 2024-01-01]
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// When its clock starts to run; before that, it stands
    #[arg(long, value_name = "WHEN", default_value = "subscription")]
    clock: ClockFrom,
    /// What goes wrong: drop=30s, half-open=60s, duplicate=0.01, late=0.01, rate-limit=0.05, http-500=0.02,
    /// html-errors=0.02, slow=0.02, open-at-previous-close, no-sequence, number-types, one-socket
    #[arg(long, value_name = "LIST", default_value = "", hide_default_value = true, value_parser = faults)]
    fault: Faults,
    /// Answers this key only, and 401 without it
    #[arg(long, value_name = "KEY")]
    require_key: Option<String>,
    /// Minute history reaches back only this many days, as on a basic plan
    #[arg(long, value_name = "DAYS")]
    minute_depth: Option<u32>,
}

const EXAMPLES: &str = "\
Examples:
  platform simulate --speed 60x
  platform simulate --tape trades.csv --symbol BTCUSD --speed 1000x
  platform simulate --check trades.csv
  platform simulate --fault drop=30s,duplicate=0.01,rate-limit=0.05 --seed 3";

/// See [`ClockStart`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ClockFrom {
    /// With the first subscription, so that a tape is played whole
    Subscription,
    /// At once
    Start,
}

/// A named function, because clap looks for `Faults: Clone` behind it.
fn faults(text: &str) -> Result<Faults, String> {
    text.parse()
}

impl Simulate {
    pub(crate) async fn run(self) -> Result<(), CliError> {
        if let Some(path) = &self.check {
            return check(path, self.symbol.as_ref());
        }
        let config = self.config()?;
        let mut interrupt = Interrupt::listen()?;
        let what = told(&config.market);
        let running = Simulator::start(config).await?;
        output::print(&self.started(&running, &what))?;
        interrupt.wait().await;
        let stats = running.stats();
        interrupt.unless_again(running.stop()).await;
        output::note(&format!(
            "stopped after {} REST calls ({} faulty), {} sockets ({} cut), {} trades ({} twice, {} late)",
            time_text::count(stats.rest_calls),
            stats.rest_faults,
            stats.sockets_opened,
            stats.socket_faults + stats.forced_disconnects,
            time_text::count(stats.trades_sent),
            stats.duplicates,
            stats.late,
        ));
        Ok(())
    }

    /// The simulator's configuration.
    fn config(&self) -> Result<Config, CliError> {
        let start_us = self.start.as_deref().map(|text| instant("--start", text)).transpose()?;
        let market = match &self.tape {
            Some(path) => {
                let (tape, report) = Tape::open(path, self.symbol.as_ref())?;
                if !report.is_good() {
                    output::warn(&format!(
                        "{} of {} rows cannot be used and are left out; `platform simulate --check {}` names them",
                        report.bad_count,
                        report.rows,
                        path.display()
                    ));
                }
                Market::Tape(Arc::new(tape))
            }
            None => {
                let setting = |reason| CliError::Setting {
                    place: "--symbols".into(),
                    value: self.symbols.clone(),
                    reason,
                };
                let listings = symbols::listings(&self.symbols).map_err(setting)?;
                let listed_us = instant("--listed", &self.listed)?;
                if listed_us > start_us.unwrap_or(DEFAULT_START_US) {
                    return Err(CliError::Setting {
                        place: "--listed".into(),
                        value: self.listed.clone(),
                        reason: "the market would open after the clock's start; give an earlier day, or a later --start".into(),
                    });
                }
                Market::Random(Arc::new(RandomMarket::new(self.seed, listings, listed_us)))
            }
        };
        Ok(Config {
            listen: self.listen,
            speed: self.speed,
            start_us,
            clock_start: match self.clock {
                ClockFrom::Subscription => ClockStart::FirstSubscription,
                ClockFrom::Start => ClockStart::Immediately,
            },
            faults: self.fault,
            api_key: self.require_key.clone(),
            minute_depth_days: self.minute_depth,
            seed: self.seed,
            ..Config::new(market)
        })
    }

    /// What is told once it runs, with a `platform run` line that fits it.
    fn started(&self, running: &simulator::Running, what: &str) -> String {
        let url = running.url();
        let mut run = format!("platform run --exchange {url}");
        if self.speed != 1.0 {
            run.push_str(&format!(" --exchange-speed {}x", self.speed));
        }
        let symbols: Vec<String> = running.market().listings().iter().map(short).collect();
        run.push_str(&format!(" --symbols {}", symbols.join(",")));
        if self.require_key.is_some() {
            run = format!("{}=… {run}", crate::exchange::KEY_VARIABLE);
        }
        let clock = match self.clock {
            ClockFrom::Subscription => "stands until the first subscription, then runs",
            ClockFrom::Start => "runs",
        };
        format!(
            "{BOLD}{url}{RESET}  {DIM}the simulated exchange{RESET}\n  \
             market  {what}\n  \
             clock   {} UTC, {clock} {}\n\n  \
             {run}\n\n\
             {DIM}Ctrl-C stops it.{RESET}\n",
            time_text::full(running.now_us() / 1_000),
            pace(self.speed),
        )
    }
}

/// `at real speed`, `60 times as fast`.
fn pace(speed: f64) -> String {
    if speed == 1.0 { "at real speed".into() } else { format!("{speed} times as fast") }
}

/// The market in a few words.
fn told(market: &Market) -> String {
    let symbols: Vec<String> = market.listings().iter().map(ToString::to_string).collect();
    match market {
        Market::Random(_) => format!("made up: {}", symbols.join(", ")),
        Market::Tape(tape) => {
            format!("tape from {} UTC: {}", time_text::full(tape.first_us() / 1_000), symbols.join(", "))
        }
    }
}

/// A listing as `--symbols` takes it, without the market where that is the default one.
fn short(listing: &Listing) -> String {
    if listing.market == simulator::DEFAULT_MARKET {
        format!("{}-{}", listing.base, listing.quote)
    } else {
        listing.to_string()
    }
}

/// Reads an instant into µs.
fn instant(place: &str, text: &str) -> Result<i64, CliError> {
    let now_ms = now_ms();
    time_text::parse(text, now_ms).map(|ms| ms * 1_000).map_err(|reason| CliError::Setting {
        place: place.into(),
        value: text.into(),
        reason,
    })
}

/// Wall clock, ms: what `now` means.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Prints what is wrong with a tape.
fn check(path: &Path, symbol: Option<&Listing>) -> Result<(), CliError> {
    let report = simulator::check(path, symbol)?;
    output::print(&report.to_string())?;
    match report.bad_count {
        0 => output::print("every row can be played\n"),
        bad => Err(CliError::Tape { path: path.display().to_string(), bad }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_tape_is_checked() {
        let temp = tempfile::tempdir().unwrap();
        for (text, bad) in [
            ("timestamp_ms,price,size\n1514764800123,13715.65,0.5\n1514764800124,13715.7,-0.25\n", None),
            ("1514764800123,abc,0.5\n1514764800124,13715.7,1\n1514764800125,1,0\n", Some(2)),
        ] {
            let path = temp.path().join("tape.csv");
            std::fs::write(&path, text).unwrap();
            let listing = Listing::parse("BTCUSD").unwrap();
            match (check(&path, Some(&listing)), bad) {
                (Ok(()), None) => {}
                (Err(CliError::Tape { bad, .. }), Some(expected)) => assert_eq!(bad, expected),
                (got, _) => panic!("{text}: {got:?}"),
            }
        }
    }
}
