//! Recorded trades: one symbol's, or dealt out to several.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use actors::simulator::{Listing, Market, Tape};

/// Trades as the exchange plays them, and what is expected of each symbol.
pub struct Recorded {
    /// The rows of a tape.
    tape: String,
    /// By symbol: `timestamp_ms,price,size`, in order of time, with a header.
    pub by_symbol: BTreeMap<String, String>,
    /// As `--symbols` takes them.
    pub symbols: String,
    pub first_ms: i64,
    pub last_ms: i64,
    pub trades: usize,
}

impl Recorded {
    /// The first trades of the recording, dealt out in turn.
    pub fn new(trades: usize, bases: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let path = std::env::var_os("SAMPLE_TRADES")
            .map_or_else(|| root.join("target/sample-data/Bitmex_XBTUSD_1M.csv"), PathBuf::from);
        let all = std::fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!("{}: {error}; get the recorded trades with `cargo xtask sample-data`", path.display())
        });
        let mut tape = String::from("timestamp_ms,symbol,price,size,id\n");
        let mut by_symbol: BTreeMap<String, String> = BTreeMap::new();
        let (mut first_ms, mut last_ms) = (None, 0);
        for (number, line) in all.lines().skip(1).take(trades).enumerate() {
            let fields: Vec<&str> = line.split(',').collect();
            let [time, price, size] = fields[..] else { panic!("{line}: no row of three") };
            let base = bases[number % bases.len()];
            writeln!(tape, "{time},{base}-USD,{price},{size},{number}").unwrap();
            let file =
                by_symbol.entry(format!("{base}USD")).or_insert_with(|| "time,price,size\n".to_owned());
            writeln!(file, "{line}").unwrap();
            last_ms = time.parse().unwrap();
            first_ms = first_ms.or(Some(last_ms));
        }
        let symbols: Vec<String> = bases.iter().map(|base| format!("{base}-USD")).collect();
        let first_ms = first_ms.expect("the recording has trades");
        Self { tape, by_symbol, symbols: symbols.join(","), first_ms, last_ms, trades }
    }

    pub fn market(&self, dir: &Path) -> Market {
        let path = dir.join("tape.csv");
        std::fs::write(&path, &self.tape).unwrap();
        let (tape, report) = Tape::open(&path, None::<&Listing>).unwrap();
        assert!(report.is_good(), "{report}");
        Market::Tape(Arc::new(tape))
    }
}
