//! What the demo says around its pictures.

use super::World;
use crate::cli::{
    output::style::{BOLD, DIM, NAME, RESET},
    time_text,
};

/// What runs where.
pub(super) fn heading(world: &World, seed: u64, speed: f64) -> String {
    let (dir, removed) = world.place();
    let fate = if removed { "removed at the end" } else { "kept" };
    let pace = if speed == 1.0 { "at real speed".to_owned() } else { format!("{speed} times as fast") };
    format!(
        "{BOLD}A made-up exchange, five actors and an HTTP API in one process{RESET}\n\n  \
         exchange  {}  {DIM}seed {seed}, its clock at {} UTC, {pace}{RESET}\n  \
         platform  {NAME}{}{RESET}\n  \
         data      {}  {DIM}{fate}{RESET}\n\n",
        world.exchange_url(),
        time_text::full(world.exchange_now_ms()),
        world.url(),
        dir.display(),
    )
}

/// A line above a part of the screen.
pub(super) fn title(text: &str) -> String {
    format!("{BOLD}{text}{RESET}\n")
}

/// The request as it is sent.
pub(super) fn request(path: &str) -> String {
    format!("{BOLD}GET{RESET}  {path}\n")
}

/// Said below lines to paste that no longer have anybody to answer them.
pub(super) const ENDED: &str = "\nThis demo has ended; without --exit it stays up to answer these.\n";

/// Lines to paste, with the real address.
pub(super) fn paste(url: &str, symbol: &str, from_ms: i64, to_ms: i64) -> String {
    let candles = format!("{url}/v1/candles?symbol={symbol}");
    format!(
        "\n{}  curl '{candles}&interval=1m&limit=5'\n  \
         curl '{candles}&interval=1h&from={from_ms}&to={to_ms}&format=csv'\n  \
         curl '{url}/v1/status'\n\n\
         {}  import pandas as pd\n  \
         candles = pd.read_csv(\"{candles}&interval=15m&from={from_ms}&to={to_ms}&format=csv\", index_col=\"time\")\n  \
         candles.index = pd.to_datetime(candles.index, unit=\"ms\", utc=True)\n  \
         print(candles.tail())\n",
        title("try it"),
        title("or in Python"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_to_paste_carry_the_real_address() {
        let text = anstream::adapter::strip_str(&paste("http://127.0.0.1:4711", "BTCUSD", 60_000, 120_000))
            .to_string();
        assert!(
            text.contains("\n  curl 'http://127.0.0.1:4711/v1/candles?symbol=BTCUSD&interval=1m&limit=5'\n"),
            "{text}"
        );
        assert!(
            text.contains("interval=15m&from=60000&to=120000&format=csv\", index_col=\"time\")"),
            "{text}"
        );
    }
}
