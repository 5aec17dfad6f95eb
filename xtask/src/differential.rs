//! `cargo xtask differential`: many random charts, compiled and interpreted, on many random words.
//!
//! Charts are compiled fifty at a time, so that the compiler neither runs out of memory nor starts too often. What
//! differs is told with its seed, its chart and the shortest word that was found.

use std::time::Instant;

use crate::{error::Error, tools};

/// Charts that one build holds.
const SHARD: u64 = 50;
/// Seeds from one build to the next: not every seed makes a chart that is kept.
const STRIDE: u64 = 1_000;

/// Runs `words` words on each of `charts` charts.
pub(crate) fn run(charts: u64, words: u64, seed: u64) -> Result<(), Error> {
    let start = Instant::now();
    let shards = charts.div_ceil(SHARD);
    for shard in 0..shards {
        let count = SHARD.min(charts - shard * SHARD);
        let from = seed.wrapping_add(shard * STRIDE);
        tools::progress(&format!(
            "build {} of {shards}: {count} charts from seed {from}, {words} words each",
            shard + 1
        ));
        let mut command = tools::cargo([
            "test",
            "--quiet",
            "--package",
            "statechart-tests",
            "--test",
            "agreement",
            "--",
            "random_words_do_the_same_in_both_engines",
        ]);
        command
            .env("STATECHART_ONLY_RANDOM", "1")
            .env("STATECHART_RANDOM_CHARTS", count.to_string())
            .env("STATECHART_RANDOM_SEED", from.to_string())
            .env("STATECHART_WORDS", words.to_string());
        tools::run(
            &mut command,
            "the report above names the chart and the word on which the engines differ",
        )?;
    }
    let seconds = start.elapsed().as_secs_f64();
    tools::progress(&format!("{charts} charts agree on {words} words each: {seconds:.0} s, seed {seed}"));
    Ok(())
}
