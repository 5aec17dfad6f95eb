//! `platform doctor`: whether log, store and cache can be used, and how.

use clap::Args;

use super::{
    error::CliError,
    output::{
        self,
        style::{BOLD, DIM, RESET, UP, WARN},
    },
    run, settings,
};
use crate::platform;

/// Tries log, store and cache as `run` would use them, and says what it found.
///
/// Tables of a database are made or completed, as a start does; else nothing is changed. Exit code 2 when one of them cannot be used.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Doctor {
    /// Where the log is: `embedded`, or `kafka://HOST:PORT` [PLATFORM_LOG] [default: embedded]
    #[arg(long, value_name = "URL")]
    log: Option<String>,
    /// Where the store is: `embedded`, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE` [PLATFORM_STORE]
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Where the cache is: `embedded`, or `redis://HOST:PORT` [PLATFORM_CACHE]
    #[arg(long, value_name = "URL")]
    cache: Option<String>,
    /// Where the data is kept [PLATFORM_DATA_DIR] [default: platform-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// Compress stored trades that are older, like 7d or 36h; TimescaleDB only [PLATFORM_COMPRESS_AFTER]
    #[arg(long, value_name = "TIME")]
    compress_after: Option<String>,
    /// Remove stored trades that are older, like 90d; TimescaleDB only [PLATFORM_KEEP_TRADES]
    #[arg(long, value_name = "TIME")]
    keep_trades: Option<String>,
    /// A TOML file with the settings of `run` [PLATFORM_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  platform doctor
  platform doctor --log kafka://127.0.0.1:9092
  platform doctor --config platform.toml";

impl Doctor {
    pub(crate) async fn run(self) -> Result<(), CliError> {
        let flags = [
            ("log", self.log),
            ("store", self.store),
            ("cache", self.cache),
            ("data_dir", self.data_dir),
            ("compress_after", self.compress_after),
            ("keep_trades", self.keep_trades),
        ];
        let layers = run::layers(flags, self.config)?;
        let (backends, data_dir) = (settings::backends(&layers)?, settings::data_dir(&layers)?);
        let findings = platform::examine(&backends, &data_dir).await;
        let mut wrong = Vec::new();
        let mut text = String::new();
        for finding in &findings {
            let (colour, verdict) = match &finding.result {
                Ok(found) => (UP, found.clone()),
                Err(why) => {
                    wrong.push(finding.part);
                    (WARN, why.clone())
                }
            };
            let (part, at) = (finding.part, &finding.at);
            text.push_str(&format!(
                "{BOLD}{part:<6}{RESET} {DIM}{at}{RESET}\n       {colour}{verdict}{RESET}\n"
            ));
        }
        output::print(&text)?;
        if wrong.is_empty() { Ok(()) } else { Err(CliError::NotUsable(wrong.join(", "))) }
    }
}
