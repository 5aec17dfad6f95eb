//! The demo's surroundings: where its data lies, the exchange it talks to, the platform itself.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::{Demo, instrument};
use crate::{
    cli::{error::CliError, settings::DEFAULT_LISTEN, simulate::now_ms, time_text},
    exchange::Endpoints,
    platform,
    simulator::{self, ClockStart, Market, RandomMarket, Simulator},
    status::ActorStatus,
};

/// A file in the demo's data directory that says which made-up market its data is of.
pub(crate) const NOTE_FILE: &str = "demo.json";

/// First day of the made-up market, 2015-01-01 UTC, µs.
const LISTED_US: i64 = 1_420_070_400_000_000;

/// Simulator and platform at work.
pub(super) struct World {
    exchange: simulator::Running,
    platform: platform::Running,
    place: Place,
    note: Note,
    symbol: String,
}

/// Where the data lies.
enum Place {
    /// Removed when it is dropped.
    Temporary(TempDir),
    Given(PathBuf),
}

/// What [`NOTE_FILE`] says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Note {
    seed: u64,
    /// Exchange time when the demo ended: the next one goes on from there, because time runs only forward.
    exchange_ms: i64,
}

impl World {
    /// Starts both.
    pub(super) async fn start(demo: &Demo) -> Result<Self, CliError> {
        let new = instrument(&demo.symbol)?;
        let place = match &demo.data_dir {
            Some(dir) => Place::Given(dir.clone()),
            None => {
                let temp = tempfile::Builder::new().prefix("platform-demo-").tempdir();
                Place::Temporary(temp.map_err(|source| CliError::Io {
                    doing: "create a temporary directory in",
                    what: std::env::temp_dir().display().to_string(),
                    source,
                })?)
            }
        };
        let start_ms = start_ms(demo, Note::read(place.path()))?;
        let symbol = new.symbol.clone();

        let market = RandomMarket::new(demo.seed, vec![demo.symbol.clone()], LISTED_US);
        let exchange = Simulator::start(simulator::Config {
            speed: demo.speed,
            start_us: Some(start_ms * 1_000),
            clock_start: ClockStart::FirstSubscription,
            seed: demo.seed,
            ..simulator::Config::new(Market::Random(Arc::new(market)))
        })
        .await?;
        let endpoints = Endpoints::single(&exchange.url()).map_err(|error| CliError::Setting {
            place: "the simulator's address".into(),
            value: exchange.url(),
            reason: error.to_string(),
        })?;

        let mut config = platform::Config::new(endpoints, place.path().to_owned());
        config.listen = listen(demo.port);
        config.symbols =
            vec![statechart_runtime::market::NewInstrument { listed_us: Some(LISTED_US), ..new }];
        config.time_scale = 1.0 / demo.speed;
        config.seed = demo.seed;
        config.live = true;
        let note = Note { seed: demo.seed, exchange_ms: start_ms };
        match platform::start(config).await {
            Ok(platform) => {
                let world = Self { exchange, platform, place, note, symbol };
                world.write_note();
                Ok(world)
            }
            Err(error) => {
                exchange.stop().await;
                Err(error.into())
            }
        }
    }

    /// Ends both, the platform first: it would only complain about a vanished exchange.
    pub(super) async fn stop(self, within: Duration) {
        self.write_note();
        let Self { exchange, platform, place, .. } = self;
        platform.stop(within).await;
        exchange.stop().await;
        drop(place);
    }

    /// The API's base URL.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.platform.addr())
    }

    /// The exchange's base URL.
    pub(super) fn exchange_url(&self) -> String {
        self.exchange.url()
    }

    /// The exchange's clock.
    pub(super) fn exchange_now_ms(&self) -> i64 {
        self.exchange.now_us() / 1_000
    }

    /// Trades that the exchange has sent.
    pub(super) fn trades_sent(&self) -> u64 {
        self.exchange.stats().trades_sent
    }

    /// The symbol, as the API calls it.
    pub(super) fn symbol(&self) -> &str {
        &self.symbol
    }

    /// What the actors are doing.
    pub(super) fn actors(&self) -> Vec<ActorStatus> {
        self.platform.actors()
    }

    /// Where the data lies, and whether it will be removed.
    pub(super) fn place(&self) -> (&Path, bool) {
        (self.place.path(), matches!(self.place, Place::Temporary(_)))
    }

    /// Keeps the exchange's time for the next demo in this directory. Without the note, that one would refuse
    /// nothing and repeat some minutes: no reason to fail here.
    fn write_note(&self) {
        if let Place::Given(dir) = &self.place {
            let note = Note { exchange_ms: self.exchange_now_ms(), ..self.note };
            let written = serde_json::to_vec(&note)
                .map_err(std::io::Error::from)
                .and_then(|text| fs::write(dir.join(NOTE_FILE), text));
            if let Err(error) = written {
                tracing::warn!(%error, file = NOTE_FILE, "the exchange's time is not kept");
            }
        }
    }
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::Temporary(dir) => dir.path(),
            Self::Given(dir) => dir,
        }
    }
}

impl Note {
    fn read(dir: &Path) -> Option<Self> {
        let text = fs::read(dir.join(NOTE_FILE)).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

/// Start of the exchange's clock: as asked, but not before what an earlier demo has stored here.
fn start_ms(demo: &Demo, note: Option<Note>) -> Result<i64, CliError> {
    let asked = time_text::parse(&demo.start, now_ms())
        .and_then(|ms| {
            if ms * 1_000 > LISTED_US {
                Ok(ms)
            } else {
                Err("the market opens on 2015-01-01; give a later time".into())
            }
        })
        .map_err(|reason| CliError::Setting { place: "--start".into(), value: demo.start.clone(), reason })?;
    match (note, &demo.data_dir) {
        (Some(note), Some(dir)) if note.seed != demo.seed => {
            Err(CliError::OtherSeed { dir: dir.display().to_string(), seed: note.seed })
        }
        (Some(note), _) => Ok(asked.max(note.exchange_ms)),
        (None, _) => Ok(asked),
    }
}

/// The port that was asked for; else the usual one, where `platform status` looks first; else a free one.
fn listen(port: Option<u16>) -> SocketAddr {
    let on = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match port {
        Some(port) => on(port),
        None if TcpListener::bind(DEFAULT_LISTEN).is_ok() => DEFAULT_LISTEN,
        None => on(0),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        demo: Demo,
    }

    #[test]
    fn the_clock_never_goes_back() {
        let note = |seed, exchange_ms| Some(Note { seed, exchange_ms });
        for (start, note, expected) in [
            ("2024-01-01", None, Ok(1_704_067_200_000)),
            ("2024-01-01", note(7, 1_704_067_300_000), Ok(1_704_067_300_000)),
            ("2024-01-01", note(7, 5), Ok(1_704_067_200_000)),
            ("2024-01-01", note(8, 5), Err("of seed 8")),
            ("2014-01-01", None, Err("opens on 2015-01-01")),
            ("soon", None, Err("--start is `soon`")),
        ] {
            let demo = Only::try_parse_from(["demo", "--start", start, "--data-dir", "d"]).unwrap().demo;
            match (start_ms(&demo, note), expected) {
                (Ok(got), Ok(expected)) => assert_eq!(got, expected),
                (Err(got), Err(part)) => assert!(got.to_string().contains(part), "{got}"),
                (got, _) => panic!("{start}: {got:?}"),
            }
        }
    }
}
