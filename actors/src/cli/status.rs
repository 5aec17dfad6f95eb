//! `platform status`: one screen about a running platform.

use clap::Args;

use super::{
    client::ApiClient,
    error::CliError,
    output::{
        self,
        style::{BOLD, DIM, DOWN, NAME, RESET, UP, WARN},
    },
    path_text::path_lines,
    time_text::{count, full, length, minute},
};
use crate::status::{ActorStatus, PartitionStatus, Status, SymbolStatus};

/// Lines of one actor's path.
const MAX_PATH_LINES: usize = 3;

/// Most fetches shown; the rest is counted.
const MAX_FETCHES: usize = 10;

/// Shows what a running platform is doing.
#[derive(Debug, Args)]
#[command(name = "status", after_help = EXAMPLES)]
pub(crate) struct StatusCommand {
    /// The platform's address
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  platform status
  platform status --url http://127.0.0.1:8081 --json";

impl StatusCommand {
    pub(crate) async fn run(self) -> Result<(), CliError> {
        let client = ApiClient::new(&self.url).map_err(|reason| CliError::Setting {
            place: "--url".into(),
            value: self.url.clone(),
            reason,
        })?;
        let raw = client.get("/v1/status").await?;
        let status: Status = client.read(&raw)?;
        if self.json {
            let body = raw.body.trim_end();
            return output::print(&format!("{body}\n"));
        }
        output::print(&screen(&status, client.base(), output::columns()))
    }
}

/// The screen.
fn screen(status: &Status, url: &str, columns: usize) -> String {
    let mut out = String::new();
    let now =
        status.exchange_now_ms.map_or_else(|| "not known yet".to_owned(), |ms| format!("{} UTC", full(ms)));
    out.push_str(&format!("{BOLD}{url}{RESET}  {DIM}up {}{RESET}\n", length(status.uptime_ms)));
    out.push_str(&format!("  exchange      {}  {DIM}clock{RESET} {now}\n", status.exchange));
    let (colour, reset) = if status.dead_letters > 0 { (WARN, RESET) } else { ("", "") };
    out.push_str(&format!("  dead letters  {colour}{}{reset}\n", count(status.dead_letters)));
    if status.refused_writes > 0 {
        let refused = count(status.refused_writes);
        out.push_str(&format!(
            "  refused       {refused}  {DIM}batches of partitions that were lost{RESET}\n"
        ));
    }

    title(&mut out, "symbols");
    for symbol in &status.symbols {
        out.push_str(&symbol_lines(symbol, status.exchange_now_ms));
    }
    title(&mut out, "actors");
    out.push_str(&actors(&status.actors, columns));
    title(&mut out, "partitions");
    out.push_str(&partitions(&status.partitions));
    if !status.fetches.is_empty() {
        title(&mut out, "open fetches");
        for fetch in status.fetches.iter().take(MAX_FETCHES) {
            out.push_str(&format!(
                "  {NAME}{}{RESET}  {} .. {}  {}  {DIM}{} rows  {}{RESET}\n",
                fetch.symbol,
                minute(fetch.from_ms),
                minute(fetch.to_ms),
                fetch.state,
                count(fetch.rows.max(0).unsigned_abs()),
                fetch.id,
            ));
        }
        if let Some(more) = status.fetches.len().checked_sub(MAX_FETCHES + 1) {
            out.push_str(&format!("  {DIM}and {} more{RESET}\n", more + 1));
        }
    }
    out
}

fn title(out: &mut String, text: &str) {
    out.push_str(&format!("\n{BOLD}{text}{RESET}\n"));
}

fn symbol_lines(symbol: &SymbolStatus, now_ms: Option<i64>) -> String {
    let last = symbol.last_trade_ms.map_or_else(
        || "no trade yet".to_owned(),
        |last| {
            let ago = now_ms.and_then(|now| u64::try_from(now - last).ok());
            let ago = ago.map_or_else(String::new, |ago| format!(" ({} ago)", length(ago)));
            format!("last {} UTC{ago}", full(last))
        },
    );
    let mut out = format!("  {NAME}{}{RESET}  {} trades, {last}\n", symbol.symbol, count(symbol.trades));
    let mut sources: Vec<&str> = symbol.coverage.iter().map(|(source, ..)| source.as_str()).collect();
    sources.dedup();
    for source in sources {
        let ranges = symbol.coverage.iter().filter(|(one, ..)| one == source);
        let ranges: Vec<String> =
            ranges.map(|(_, from, to)| format!("{} .. {}", minute(*from), minute(*to))).collect();
        // One range a line: they are read as columns.
        let indent = format!("\n    {:<8}  ", "");
        out.push_str(&format!("    {DIM}{source:<8}{RESET}  {}\n", ranges.join(&indent)));
    }
    if symbol.coverage.is_empty() {
        out.push_str(&format!("    {DIM}nothing is covered yet{RESET}\n"));
    }
    out
}

/// One line an actor: its states now and how it came there. Neighbours that have done the same share a line.
pub(crate) fn actors(actors: &[ActorStatus], columns: usize) -> String {
    let mut groups: Vec<(&ActorStatus, Vec<&str>)> = Vec::new();
    for actor in actors {
        let alike = |other: &ActorStatus| {
            family(&other.name).0 == family(&actor.name).0
                && (&other.path, &other.states, &other.status) == (&actor.path, &actor.states, &actor.status)
                && (other.unhandled, other.restarts) == (actor.unhandled, actor.restarts)
        };
        match groups.last_mut().filter(|(first, _)| family(&actor.name).1.is_some() && alike(first)) {
            Some((_, names)) => names.push(&actor.name),
            None => groups.push((actor, vec![&actor.name])),
        }
    }
    let labels: Vec<String> = groups.iter().map(|(_, names)| label(names)).collect();
    let width = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for ((actor, _), label) in groups.iter().zip(labels) {
        let mut tail = String::new();
        if actor.restarts > 0 {
            tail.push_str(&format!("  restarted {} times", actor.restarts));
        }
        if actor.unhandled > 0 {
            tail.push_str(&format!("  {} events unhandled", actor.unhandled));
        }
        let room = columns.saturating_sub(width + 4).max(24);
        let now = actor.states.join(" + ");
        let mut lines = match actor.path.is_empty() {
            true => vec![now.clone()],
            false => path_lines(&actor.path, room, MAX_PATH_LINES),
        };
        // The newest state stands out, the way to it does not.
        let last = lines.pop().unwrap_or_default();
        let cut = last.rfind("→ ").map_or(0, |arrow| arrow + "→ ".len());
        let (way, newest) = last.split_at(cut);
        lines = lines.into_iter().map(|line| format!("{DIM}{line}{RESET}")).collect();
        lines.push(format!("{DIM}{way}{RESET}{BOLD}{newest}{RESET}"));
        if actor.status != "running" {
            lines.insert(0, format!("{DOWN}{}{RESET}", actor.status));
        }
        if actor.restarts > 0 || actor.unhandled > 0 {
            let times = |number: u64, what: &str| (number > 0).then(|| format!("{} {what}", count(number)));
            let told = [times(actor.restarts, "restarts"), times(actor.unhandled, "events unhandled")];
            let told: Vec<String> = told.into_iter().flatten().collect();
            lines.push(format!("{WARN}{}{RESET}", told.join(", ")));
        }
        let indent = format!("\n  {:width$}  ", "");
        out.push_str(&format!("  {NAME}{label:<width$}{RESET}  {}\n", lines.join(&indent)));
    }
    out
}

/// A name without its index, and the index: `consumer_fixed[3]`, `consumer-fixed-3` and `consumer 3` have one.
fn family(name: &str) -> (&str, Option<&str>) {
    let bare = name.strip_suffix(']').unwrap_or(name);
    let stem = bare.trim_end_matches(|c: char| c.is_ascii_digit());
    match bare.strip_prefix(stem).filter(|index| !index.is_empty()) {
        Some(index) => (stem.trim_end_matches(['[', '-', ' ', '/', '#', '.', '_', ':']), Some(index)),
        None => (name, None),
    }
}

/// The names of a group: `consumer_fixed 0–7`.
fn label(names: &[&str]) -> String {
    match names {
        [first, .., last] => {
            let ((stem, from), (_, to)) = (family(first), family(last));
            format!("{stem} {}–{}", from.unwrap_or("?"), to.unwrap_or("?"))
        }
        [one] => (*one).to_owned(),
        [] => String::new(),
    }
}

/// How far the consumers are behind: one line a topic that is in step, one a partition that is not.
fn partitions(partitions: &[PartitionStatus]) -> String {
    if partitions.is_empty() {
        return format!("  {DIM}none are consumed{RESET}\n");
    }
    let mut topics: Vec<&str> = partitions.iter().map(|one| one.topic.as_str()).collect();
    topics.dedup();
    let mut out = String::new();
    for topic in topics {
        let of_topic: Vec<_> = partitions.iter().filter(|one| one.topic == topic).collect();
        let lag =
            |one: &PartitionStatus| one.high_watermark.saturating_sub(one.next_offset).max(0).unsigned_abs();
        let records: u64 = of_topic.iter().map(|one| one.next_offset.max(0).unsigned_abs()).sum();
        let behind: u64 = of_topic.iter().map(|one| lag(one)).sum();
        let state = if behind == 0 {
            format!("{UP}in step{RESET}")
        } else {
            format!("{WARN}{} records behind{RESET}", count(behind))
        };
        let number = of_topic.len();
        let plural = if number == 1 { "" } else { "s" };
        let read = count(records);
        out.push_str(&format!(
            "  {NAME}{topic}{RESET}  {number} partition{plural}, {read} records read, {state}\n"
        ));
        for one in of_topic.iter().filter(|one| lag(one) > 0) {
            let (next, end) = (one.next_offset, one.high_watermark);
            out.push_str(&format!(
                "    {:>3}  {} behind  {DIM}{next} of {end}{RESET}\n",
                one.partition,
                count(lag(one))
            ));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(name: &str, path: &str) -> ActorStatus {
        let path: Vec<String> = path.split_whitespace().map(str::to_owned).collect();
        ActorStatus {
            name: name.into(),
            states: path.last().cloned().into_iter().collect(),
            path,
            status: "running".into(),
            unhandled: 0,
            restarts: 0,
        }
    }

    #[test]
    fn a_screen() {
        let failed =
            ActorStatus { status: "failed: disk full".into(), restarts: 2, ..actor("coordinator", "active") };
        let status = Status {
            exchange_now_ms: Some(1_704_067_260_000),
            uptime_ms: 90_000,
            exchange: "http://127.0.0.1:9000".into(),
            actors: vec![
                actor("producer", "init fetching publishing fetching publishing idle"),
                actor("consumer_fixed[0]", "idle work idle work idle"),
                actor("consumer_fixed[1]", "idle"),
                actor("consumer_fixed[2]", "idle"),
                failed,
            ],
            symbols: vec![SymbolStatus {
                symbol: "BTCUSD".into(),
                trades: 12_345,
                last_trade_ms: Some(1_704_067_258_000),
                coverage: vec![
                    ("rest60".into(), 1_703_808_000_000, 1_704_067_200_000),
                    ("trades".into(), 1_704_067_200_000, 1_704_067_260_000),
                ],
            }],
            partitions: (0..2)
                .map(|partition| PartitionStatus {
                    topic: "tick-data".into(),
                    partition,
                    next_offset: 10,
                    high_watermark: 10 + i64::from(partition) * 1_500,
                })
                .collect(),
            fetches: Vec::new(),
            dead_letters: 0,
            refused_writes: 0,
        };
        let text = anstream::adapter::strip_str(&screen(&status, "http://x", 100)).to_string();
        let expected = "\
http://x  up 1.5 min
  exchange      http://127.0.0.1:9000  clock 2024-01-01 00:01:00 UTC
  dead letters  0

symbols
  BTCUSD  12,345 trades, last 2024-01-01 00:00:58 UTC (2 s ago)
    rest60    2023-12-29 00:00 .. 2024-01-01 00:00
    trades    2024-01-01 00:00 .. 2024-01-01 00:01

actors
  producer            init → (fetching → publishing) ×2 → idle
  consumer_fixed[0]   (idle → work) ×2 → idle
  consumer_fixed 1–2  idle
  coordinator         failed: disk full
                      active
                      2 restarts

partitions
  tick-data  2 partitions, 20 records read, 1,500 records behind
      1  1,500 behind  10 of 1510
";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn families() {
        for (name, stem, index) in [
            ("consumer_fixed[12]", "consumer_fixed", Some("12")),
            ("consumer-fixed-3", "consumer-fixed", Some("3")),
            ("consumer_dynamic[BTCUSD]", "consumer_dynamic[BTCUSD]", None),
            ("producer", "producer", None),
        ] {
            assert_eq!(family(name), (stem, index));
        }
    }
}
