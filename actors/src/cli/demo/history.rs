//! The demo's request: asked over HTTP, each fetch that it causes as a bar, until the answer is whole.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use reqwest::StatusCode;
use tokio::time::{Instant, sleep};

use super::texts;
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

/// Between two looks at a fetch.
const LOOK_EACH: Duration = Duration::from_millis(40);

/// Between two attempts, where there is no fetch to look at.
const RETRY_EACH: Duration = Duration::from_millis(150);

/// Steps of a bar.
const STEPS: u64 = 1_000;

/// Asks until every candle is there.
///
/// # Errors
/// `NoCandles` after half a minute; what the client says.
pub(super) async fn ask(client: &ApiClient, path: &str, symbol: &str) -> Result<Candles, CliError> {
    let began = Instant::now();
    output::print(&texts::request(path))?;
    let mut watched: Vec<String> = Vec::new();
    let mut last = "nothing was answered".to_owned();
    while began.elapsed() < DEADLINE {
        // The first time without waiting, so that there is a fetch to watch.
        let wait = if watched.is_empty() { "0s" } else { "2s" };
        let raw = client.get(&format!("{path}&wait={wait}")).await?;
        match raw.status {
            StatusCode::OK => {
                let answer: Candles = client.read(&raw)?;
                if answer.complete && answer.cursor.is_none() && !answer.candles.is_empty() {
                    output::print(&done(&answer, began.elapsed()))?;
                    return Ok(answer);
                }
                last = format!("{} candles so far", answer.candles.len());
            }
            StatusCode::ACCEPTED => {
                let fetch: FetchRow = client.read(&raw)?;
                if watched.contains(&fetch.fetch) {
                    // It has ended, yet something is missing: the next look will tell.
                    sleep(RETRY_EACH).await;
                } else {
                    output::print(&format!(
                        "  {WARN}202{RESET}  not stored yet; fetch {DIM}{}{RESET}\n",
                        fetch.fetch
                    ))?;
                    last = watch(client, &fetch.fetch, symbol, began + DEADLINE).await?;
                    watched.push(fetch.fetch);
                }
                continue;
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => last = raw.problem(),
            _ => return Err(CliError::Answer { url: client.base().to_owned(), reason: raw.problem() }),
        }
        // Once something was there, the API is asked to wait for the rest.
        if watched.is_empty() {
            watched.push(String::new());
        }
        sleep(RETRY_EACH).await;
    }
    Err(CliError::NoCandles { within_s: DEADLINE.as_secs(), reason: last })
}

/// Follows a fetch to its end, or to the deadline; returns the last thing known about it.
async fn watch(client: &ApiClient, id: &str, symbol: &str, until: Instant) -> Result<String, CliError> {
    let bar = output::bars().add(ProgressBar::new(STEPS));
    let style =
        ProgressStyle::with_template("       {msg} {bar:40.cyan/black.bright} {percent:>3} %  {prefix}");
    // The template is constant; were it wrong, indicatif's own would do.
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─"));
    bar.set_message(format!("{symbol} 1m"));
    let mut tenth = 0;
    let mut known = FetchRow::default();
    while Instant::now() < until {
        let raw = client.get(&format!("/v1/fetches/{id}")).await?;
        if raw.status.is_success() {
            known = client.read(&raw)?;
            let rows = known.rows.map(|rows| format!("{} candles", count(rows))).unwrap_or_default();
            let progress =
                if known.state == "done" { 1.0 } else { known.progress.unwrap_or(0.0).clamp(0.0, 1.0) };
            bar.set_prefix(rows.clone());
            bar.set_position((progress * STEPS as f64) as u64);
            // Without a terminal: a line each tenth.
            let now = (progress * 10.0) as u32;
            if !output::moves() && now > tenth {
                tenth = now;
                output::print(&format!("       {symbol} 1m {:>3.0} %  {rows}\n", progress * 100.0))?;
            }
            match known.state.as_str() {
                "done" => {
                    // Its last picture stays as an ordinary line: a bar would move below what is printed next.
                    bar.finish_and_clear();
                    if output::moves() {
                        let full = "━".repeat(40);
                        output::print(&format!("       {symbol} 1m {NAME}{full}{RESET} 100 %  {rows}\n"))?;
                    }
                    return Ok("the fetch is done".into());
                }
                "failed" => {
                    bar.finish_and_clear();
                    let why = known.error.unwrap_or_else(|| "no reason given".into());
                    output::warn(&format!("fetch {id} failed: {why}; asking again"));
                    return Ok(format!("the fetch failed: {why}"));
                }
                _ => {}
            }
        }
        sleep(LOOK_EACH).await;
    }
    bar.finish_and_clear();
    Ok(format!("fetch {id} is {}", known.state))
}

/// The line about the answer.
fn done(answer: &Candles, took: Duration) -> String {
    let took = length(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    let number = count(answer.candles.len() as u64);
    format!("  {UP}200{RESET}  {BOLD}{number} candles{RESET}, complete, after {NAME}{took}{RESET}\n")
}
