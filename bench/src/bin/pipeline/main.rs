//! What the way of the data costs, beside the shortest ways there are: from the log into the store, into the log, into
//! the database, and out of it over HTTP. Ratios of interleaved rounds, for times depend on the machine.
//!
//! Usage: `pipeline kafka=URL postgres=URL timescaledb=URL redis=URL platform=PROGRAM python=PROGRAM`, as
//! `cargo xtask bench pipeline` calls it. Figures go to stdout, one a line; each round is told on stderr.

mod consume;
mod csv;
mod database;
mod produce;
mod setup;
mod trades;
mod writer;

use std::{error::Error, process::ExitCode};

use setup::Setup;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Rounds of each comparison; the median of their ratios counts.
const ROUNDS: usize = 5;

/// As in the platform.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match measure().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> Outcome<()> {
    let setup = Setup::from_args(std::env::args().skip(1))?;
    let only = std::env::var("PIPELINE_ONLY").unwrap_or_default();
    let wanted = |part: &str| only.is_empty() || only.split(',').any(|one| one == part);
    if wanted("produce") {
        produce::measure(&setup).await?;
    }
    if wanted("consume") {
        consume::measure(&setup).await?;
    }
    if wanted("writer") {
        writer::measure(&setup).await?;
    }
    if wanted("csv") {
        csv::measure(&setup).await?;
    }
    // Last: it is the slowest by far, and nothing waits for it.
    if wanted("timescaledb") {
        consume::timescale(&setup).await?;
    }
    Ok(())
}

/// One figure for `cargo xtask bench`.
fn figure(subject: &str, case: &str, unit: &str, value: f64) {
    println!("pipeline\t{subject}\t{case}\t{unit}\t{value}");
}

/// Speeds of interleaved rounds, ours and theirs: the medians of both, and the median of the rounds' ratios.
fn compare(peer: &str, case: &str, rounds: &[(f64, f64)]) {
    let column = |of: fn(&(f64, f64)) -> f64| median(rounds.iter().map(of).collect());
    figure("ours", case, "per-second", column(|(ours, _)| *ours));
    figure(peer, case, "per-second", column(|(_, theirs)| *theirs));
    figure("ours", case, "ratio", column(|(ours, theirs)| ours / theirs));
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
