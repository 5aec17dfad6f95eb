//! Fetches as bars, while something waits for them.

use std::{collections::BTreeMap, future::Future, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{
    cli::{
        client::{ApiClient, FetchRow},
        error::CliError,
        output::{
            self,
            style::{NAME, RESET},
        },
        time_text::count,
    },
    status::Status,
};

/// Between two looks.
const LOOK_EACH: Duration = Duration::from_millis(20);

/// Steps of a bar.
const STEPS: u64 = 1_000;

/// Characters of a bar.
const BAR_COLUMNS: usize = 40;

/// The fetches of one symbol that have been seen, by id.
pub(super) struct Fetches<'a> {
    client: &'a ApiClient,
    symbol: &'a str,
    seen: BTreeMap<String, Seen>,
}

struct Seen {
    bar: ProgressBar,
    open: bool,
    /// Tenths that have been told where nothing moves.
    tenths: u32,
}

impl<'a> Fetches<'a> {
    pub(super) fn new(client: &'a ApiClient, symbol: &'a str) -> Self {
        Self { client, symbol, seen: BTreeMap::new() }
    }

    /// Shows the symbol's fetches until `done` is.
    ///
    /// # Errors
    /// What the client says.
    pub(super) async fn during<T>(&mut self, done: impl Future<Output = T>) -> Result<T, CliError> {
        tokio::pin!(done);
        let mut looks = interval(LOOK_EACH);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                value = &mut done => {
                    self.look().await?;
                    return Ok(value);
                }
                _ = looks.tick() => {
                    self.find().await?;
                    self.look().await?;
                }
            }
        }
    }

    /// Follows one fetch to its end, or to the deadline.
    ///
    /// # Errors
    /// What the client says.
    pub(super) async fn follow(&mut self, id: &str, until: Instant) -> Result<(), CliError> {
        self.add(id);
        while Instant::now() < until && self.seen.get(id).is_some_and(|seen| seen.open) {
            self.look().await?;
            tokio::time::sleep(LOOK_EACH).await;
        }
        Ok(())
    }

    /// Adds the fetches that have been opened since.
    async fn find(&mut self) -> Result<(), CliError> {
        let raw = self.client.get("/v1/status").await?;
        if raw.status.is_success() {
            let status: Status = self.client.read(&raw)?;
            let symbol = self.symbol;
            for fetch in status.fetches.iter().filter(|fetch| fetch.symbol == symbol) {
                self.add(&fetch.id);
            }
        }
        Ok(())
    }

    fn add(&mut self, id: &str) {
        if self.seen.contains_key(id) {
            return;
        }
        let bar = output::bars().add(ProgressBar::new(STEPS));
        let template =
            format!("  {{msg}} {{bar:{BAR_COLUMNS}.cyan/black.bright}} {{percent:>3}} %  {{prefix}}");
        // The template is constant; were it wrong, indicatif's own would do.
        let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("━╸─"));
        bar.set_message(self.label(id));
        self.seen.insert(id.to_owned(), Seen { bar, open: true, tenths: 0 });
    }

    /// `fetch 0b9f6d3e`: enough of the id to tell one from another.
    fn label(&self, id: &str) -> String {
        format!("fetch {}", id.chars().take(8).collect::<String>())
    }

    /// Looks at every open fetch.
    async fn look(&mut self) -> Result<(), CliError> {
        let open: Vec<String> =
            self.seen.iter().filter(|(_, seen)| seen.open).map(|(id, _)| id.clone()).collect();
        for id in open {
            let raw = self.client.get(&format!("/v1/fetches/{id}")).await?;
            if raw.status.is_success() {
                let row: FetchRow = self.client.read(&raw)?;
                self.show(&id, &row)?;
            }
        }
        Ok(())
    }

    fn show(&mut self, id: &str, row: &FetchRow) -> Result<(), CliError> {
        let label = self.label(id);
        let Some(seen) = self.seen.get_mut(id) else { return Ok(()) };
        let rows = row.rows.map(|rows| format!("{} rows", count(rows))).unwrap_or_default();
        let done = row.state == "done";
        let progress = if done { 1.0 } else { row.progress.unwrap_or(0.0).clamp(0.0, 1.0) };
        seen.bar.set_prefix(rows.clone());
        seen.bar.set_position((progress * STEPS as f64) as u64);
        // Where nothing moves: a line each tenth.
        let tenths = (progress * 10.0) as u32;
        if !output::moves() && tenths > seen.tenths {
            seen.tenths = tenths;
            output::print(&format!("  {label} {:>3.0} %  {rows}\n", progress * 100.0))?;
        }
        if done || row.state == "failed" {
            seen.open = false;
            seen.bar.finish_and_clear();
        }
        if done && output::moves() {
            // Its last picture stays as an ordinary line: a bar would move below what is printed next.
            let full = "━".repeat(BAR_COLUMNS);
            output::print(&format!("  {label} {NAME}{full}{RESET} 100 %  {rows}\n"))?;
        }
        if row.state == "failed" {
            let why = row.error.as_deref().unwrap_or("no reason given");
            output::warn(&format!("{label} failed: {why}; asking again"));
        }
        Ok(())
    }
}

impl Drop for Fetches<'_> {
    fn drop(&mut self) {
        for seen in self.seen.values().filter(|seen| seen.open) {
            seen.bar.finish_and_clear();
        }
    }
}
