//! The demo's request: asked over HTTP, each fetch that it causes as a bar, until the answer is whole.

use std::time::Duration;

use reqwest::StatusCode;
use tokio::time::{Instant, sleep};

use super::{fetches::Fetches, texts};
use crate::cli::{
    client::{ApiClient, Candles, FetchRow},
    error::CliError,
    output::{
        self,
        style::{BOLD, DIM, NAME, RESET, UP, WARN},
    },
    time_text::{count, length},
};

/// Longest wait for the whole answer.
const DEADLINE: Duration = Duration::from_secs(30);

/// Between two attempts.
const RETRY_EACH: Duration = Duration::from_millis(150);

/// What is asked: minutes of a symbol in `[from, to)`, ms.
pub(super) struct Question<'a> {
    pub(super) symbol: &'a str,
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
}

impl Question<'_> {
    /// The request as it is sent.
    fn path(&self) -> String {
        let Self { symbol, from_ms, to_ms } = self;
        format!("/v1/candles?symbol={symbol}&interval=1m&from={from_ms}&to={to_ms}&limit=5000&wait=10s")
    }

    /// Asks until every candle is there.
    ///
    /// # Errors
    /// `NoCandles` after half a minute; what the client says.
    pub(super) async fn ask(&self, client: &ApiClient) -> Result<Candles, CliError> {
        let began = Instant::now();
        let path = self.path();
        output::print(&texts::request(&path))?;
        let mut fetches = Fetches::new(client, self.symbol);
        let mut last = "nothing was answered".to_owned();
        while began.elapsed() < DEADLINE {
            let raw = fetches.during(client.get(&path)).await??;
            match raw.status {
                StatusCode::OK => {
                    let answer: Candles = client.read(&raw)?;
                    if answer.complete && answer.cursor.is_none() && !answer.candles.is_empty() {
                        output::print(&self.done(&answer, began.elapsed()))?;
                        return Ok(answer);
                    }
                    last = format!("{} candles so far", answer.candles.len());
                }
                StatusCode::ACCEPTED => {
                    let fetch: FetchRow = client.read(&raw)?;
                    let id = &fetch.fetch;
                    output::print(&format!("  {WARN}202{RESET}  {DIM}not stored yet; fetch {id}{RESET}\n"))?;
                    fetches.follow(id, began + DEADLINE).await?;
                    last = format!("fetch {id} was {}", fetch.state);
                }
                StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => last = raw.problem(),
                _ => return Err(CliError::Answer { url: client.base().to_owned(), reason: raw.problem() }),
            }
            sleep(RETRY_EACH).await;
        }
        Err(CliError::NoCandles { within_s: DEADLINE.as_secs(), reason: last })
    }

    /// The line about the answer.
    fn done(&self, answer: &Candles, took: Duration) -> String {
        let took = length(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        let minutes = u64::try_from((self.to_ms - self.from_ms) / 60_000).unwrap_or(0);
        let number = answer.candles.len() as u64;
        let quiet = match minutes.saturating_sub(number) {
            0 => String::new(),
            quiet => format!(" {DIM}({} minutes had no trade){RESET}", count(quiet)),
        };
        let number = count(number);
        format!(
            "  {UP}200{RESET}  {BOLD}{number} candles{RESET}, complete{quiet}, after {NAME}{took}{RESET}\n"
        )
    }
}
