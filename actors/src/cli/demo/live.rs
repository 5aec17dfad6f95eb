//! The live feed as the API serves it: one line that moves on a terminal, one line a closed candle elsewhere.

use std::{collections::VecDeque, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use reqwest::StatusCode;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{World, texts};
use crate::cli::{
    chart::sparkline,
    client::{ApiClient, CandleRow, Candles},
    error::CliError,
    output::{
        self,
        style::{BOLD, DIM, DOWN, NAME, RESET, UP},
    },
    time_text,
};

/// Between two looks.
const LOOK_EACH: Duration = Duration::from_millis(250);

/// Closes that the sparkline shows.
const SPARKS: usize = 24;

/// Over how long the rate of trades is taken.
const RATE_OVER: Duration = Duration::from_secs(5);

/// Follows the feed; ends only with an error.
///
/// # Errors
/// `Unreachable`, `Answer` when the API fails.
pub(super) async fn follow(world: &World, client: &ApiClient, history: &[CandleRow]) -> Result<(), CliError> {
    output::print(&format!("\n{}", texts::title("live, until Ctrl-C")))?;
    let line = output::bars().add(ProgressBar::new_spinner());
    let style = ProgressStyle::with_template("  {spinner:.cyan} {wide_msg}");
    line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()).tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
    line.set_message("waiting for the first candle");
    let mut tape = Tape::new(history);
    let mut rate = Rate::default();
    let mut looks = interval(LOOK_EACH);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        line.tick();
        let raw = client.get(&format!("{}&wait=0s", tape.path(world.symbol()))).await?;
        // 202, 503: the minutes between history and feed are being fetched; the next look will find them.
        if raw.status != StatusCode::OK {
            if raw.status.is_client_error() {
                return Err(CliError::Answer { url: client.base().to_owned(), reason: raw.problem() });
            }
            continue;
        }
        let answer: Candles = client.read(&raw)?;
        let fresh = tape.take(&answer.candles);
        let rate = rate.now(Instant::now(), world.trades_sent());
        let Some(newest) = tape.newest.as_ref() else { continue };
        if output::moves() {
            line.set_message(moving(world.symbol(), newest, &tape, rate, world.exchange_now_ms()));
        } else {
            for candle in &fresh {
                output::print(&format!("  {}\n", closed(world.symbol(), candle, rate)))?;
            }
        }
    }
}

/// The last closes, and where the next look begins.
struct Tape {
    closes: VecDeque<f64>,
    /// Start of the newest closed candle, ms.
    seen_ms: Option<i64>,
    newest: Option<CandleRow>,
}

impl Tape {
    fn new(history: &[CandleRow]) -> Self {
        let from = history.len().saturating_sub(SPARKS);
        let closes = history.iter().skip(from).map(|row| CandleRow::number(&row.close)).collect();
        Self { closes, seen_ms: history.last().map(|row| row.time), newest: None }
    }

    /// The request for what is new since the last look.
    fn path(&self, symbol: &str) -> String {
        let from = self.seen_ms.map_or_else(String::new, |seen| format!("&from={}", seen + 60_000));
        format!("/v1/candles?symbol={symbol}&interval=1m&limit=500{from}")
    }

    /// Takes an answer; returns the candles that have closed since the last one.
    fn take(&mut self, rows: &[CandleRow]) -> Vec<CandleRow> {
        let seen = self.seen_ms.unwrap_or(i64::MIN);
        let fresh: Vec<CandleRow> =
            rows.iter().filter(|row| row.closed && row.time > seen).cloned().collect();
        for row in &fresh {
            self.closes.push_back(CandleRow::number(&row.close));
            self.seen_ms = Some(row.time);
        }
        while self.closes.len() > SPARKS {
            self.closes.pop_front();
        }
        if let Some(last) = rows.last() {
            self.newest = Some(last.clone());
        }
        fresh
    }
}

/// Trades a second of wall time.
#[derive(Default)]
struct Rate {
    seen: VecDeque<(Instant, u64)>,
}

impl Rate {
    /// Takes the count at an instant; the rate over the last seconds.
    fn now(&mut self, at: Instant, count: u64) -> f64 {
        while self.seen.len() > 1
            && self.seen.front().is_some_and(|(then, _)| at.duration_since(*then) > RATE_OVER)
        {
            self.seen.pop_front();
        }
        let rate = self.seen.front().map_or(0.0, |(then, before)| {
            let seconds = at.duration_since(*then).as_secs_f64();
            if seconds > 0.0 { count.saturating_sub(*before) as f64 / seconds } else { 0.0 }
        });
        self.seen.push_back((at, count));
        rate
    }
}

/// The moving line.
fn moving(symbol: &str, newest: &CandleRow, tape: &Tape, rate: f64, now_ms: i64) -> String {
    let closes: Vec<f64> = tape.closes.iter().copied().collect();
    let (colour, arrow) = if newest.is_up() { (UP, '▲') } else { (DOWN, '▼') };
    format!(
        "{BOLD}{symbol}{RESET} {colour}{} {arrow}{RESET}  {NAME}{}{RESET}  {rate:.1} trades/s  \
         {DIM}{} UTC  low {} high {}{RESET}",
        newest.close,
        sparkline(&closes),
        time_text::clock(now_ms),
        newest.low,
        newest.high,
    )
}

/// The line of a closed candle.
fn closed(symbol: &str, candle: &CandleRow, rate: f64) -> String {
    let trades = candle.trades.map_or_else(String::new, |trades| format!("  {trades} trades"));
    let (colour, arrow) = if candle.is_up() { (UP, '▲') } else { (DOWN, '▼') };
    let CandleRow { open, high, low, close, volume, .. } = candle;
    let time = time_text::minute(candle.time);
    format!(
        "{time}  {symbol}  {open}  {high}  {low}  {colour}{close} {arrow}{RESET}  volume {volume}{trades}  ({rate:.1} trades/s)"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn row(minute: i64, close: &str, closed: bool) -> CandleRow {
        let [open, high, low, volume] = ["5", "9", "1", "0.5"].map(str::to_owned);
        let (time, close) = (minute * 60_000, close.to_owned());
        CandleRow { time, open, high, low, close, volume, trades: Some(3), closed, source: "trades".into() }
    }

    #[test]
    fn each_candle_is_told_once() {
        let mut tape = Tape::new(&[row(0, "5", true), row(1, "6", true)]);
        assert!(tape.path("X").ends_with("&from=120000"));
        let steps: [(&[CandleRow], &[i64]); 4] = [
            (&[row(2, "7", false)], &[]),
            (&[row(2, "7", true), row(3, "4", false)], &[2]),
            (&[], &[]),
            (&[row(3, "4", true), row(4, "4", true)], &[3, 4]),
        ];
        for (rows, expected) in steps {
            let fresh: Vec<i64> = tape.take(rows).iter().map(|row| row.time / 60_000).collect();
            assert_eq!(fresh, expected);
        }
        assert!(tape.path("X").ends_with("&from=300000"));
        let text = moving("X", tape.newest.as_ref().unwrap(), &tape, 2.0, 0);
        assert!(text.contains("▃▆█▁▁"), "{text}");
    }

    #[test]
    fn rates() {
        let (start, mut rate) = (Instant::now(), Rate::default());
        let at = |ms| start + Duration::from_millis(ms);
        for (ms, count, expected) in [(0, 10, 0.0), (500, 20, 20.0), (1_000, 20, 10.0), (8_000, 90, 10.0)] {
            assert_eq!(rate.now(at(ms), count), expected, "{ms}");
        }
    }
}
