//! `platform demo`: an exchange, the platform and its API in one process, with nothing to set up.
//!
//! ```text
//! World (simulator + platform) ──▶ history: a request over HTTP, its fetches as bars
//!                                ──▶ chart, table, the actors' paths, lines to paste
//!                                ──▶ live: the feed until Ctrl-C
//! ```

mod fetches;
mod history;
mod live;
mod texts;
mod world;

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{
    chart,
    client::{ApiClient, Candles},
    error::CliError,
    output,
    signal::Interrupt,
    status, symbols, table,
};
use crate::simulator::{Listing, parse_speed};
use world::World;

pub(crate) use world::NOTE_FILE;

/// What the first request asks for: three days of minutes, which fit one answer.
const HISTORY_MS: i64 = 3 * 86_400_000;

/// The newest minutes that the first request leaves out: the exchange has not closed them for good.
const UNSETTLED_MS: i64 = 2 * 60_000;

/// Rows of the table.
const TABLE_ROWS: usize = 12;

/// Lines of the chart's candlesticks.
const CHART_LINES: usize = 14;

/// Columns beside the chart, for its prices.
const CHART_MARGIN: usize = 18;

/// Longest orderly end.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Shows everything at work in one process: a simulated exchange, the five actors, the HTTP API.
///
/// Asks the API for three days of minute candles that nobody has stored yet, shows how they are fetched, and then
/// follows the live feed until Ctrl-C. Data is kept in a temporary directory unless one is given.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Demo {
    /// Seed of the made-up market: the same seed gives the same prices at the same times
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// What is traded
    #[arg(long, value_name = "SYMBOL", default_value = "BTCUSD", value_parser = listing)]
    symbol: Listing,
    /// How fast the exchange's clock runs: `real`, or a factor like 60x
    #[arg(long, value_name = "SPEED", default_value = "60x", value_parser = parse_speed)]
    speed: f64,
    /// Start of the exchange's clock: `now`, milliseconds or a UTC time
    #[arg(long, value_name = "TIME", default_value_t = String::from("now"))]
    start: String,
    /// Port of the HTTP API on 127.0.0.1 [default: 8080, or a free one where that is taken]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Keeps the data here instead of in a temporary directory; a later demo goes on where this one ended
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Ends after the first answer instead of following the live feed
    #[arg(long)]
    exit: bool,
}

const EXAMPLES: &str = "\
Examples:
  platform demo
  platform demo --exit
  platform demo --symbol ETH-USD --seed 42 --speed 600x
  platform demo --data-dir ./demo-data --port 8081";

/// A named function with a plain error, as clap wants it.
fn listing(text: &str) -> Result<Listing, String> {
    Listing::parse(text)
}

impl Demo {
    pub(crate) async fn run(self) -> Result<(), CliError> {
        let mut interrupt = Interrupt::listen()?;
        let world = tokio::select! {
            world = World::start(&self) => world?,
            () = interrupt.wait() => return Ok(()),
        };
        let result = tokio::select! {
            result = self.show(&world) => result,
            () = interrupt.wait() => {
                output::note("stopping; Ctrl-C again stops at once");
                Ok(())
            }
        };
        interrupt.unless_again(world.stop(STOP_WITHIN)).await;
        result
    }

    /// The screenplay.
    async fn show(&self, world: &World) -> Result<(), CliError> {
        let symbol = world.symbol();
        let client =
            ApiClient::new(&world.url()).map_err(|reason| CliError::Answer { url: world.url(), reason })?;
        output::print(&texts::heading(world, self.seed, self.speed))?;

        let to_ms = (world.exchange_now_ms() - UNSETTLED_MS).div_euclid(60_000) * 60_000;
        let from_ms = to_ms - HISTORY_MS;
        let answer = history::Question { symbol, from_ms, to_ms }.ask(&client).await?;

        output::print(&picture(symbol, &answer))?;
        output::print(&format!("\n{}", texts::title("what the actors did, newest last")))?;
        output::print(&status::actors(&world.actors(), output::columns()))?;
        output::print(&texts::paste(&world.url(), symbol, from_ms, to_ms))?;
        if self.exit {
            return output::print(texts::ENDED);
        }
        live::follow(world, &client, &answer.candles).await
    }
}

/// Chart and table of the answer.
fn picture(symbol: &str, answer: &Candles) -> String {
    let columns = output::columns().saturating_sub(CHART_MARGIN);
    let (sticks, width_ms) = chart::sticks(&answer.candles, columns);
    let newest = answer.candles.len().saturating_sub(TABLE_ROWS);
    let newest = answer.candles.get(newest..).unwrap_or_default();
    format!(
        "\n{}\n{}\n{}",
        chart::caption(symbol, &sticks, width_ms),
        chart::draw(&sticks, width_ms, CHART_LINES),
        table::candles(newest)
    )
}

/// The instrument that the platform knows the listing as.
fn instrument(listing: &Listing) -> Result<statechart_runtime::market::NewInstrument, CliError> {
    symbols::instrument(&listing.to_string()).map_err(|reason| CliError::Setting {
        place: "--symbol".into(),
        value: listing.to_string(),
        reason,
    })
}
