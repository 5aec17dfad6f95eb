//! The project's own commands: `cargo xtask help` lists them.
//!
//! ```text
//! arguments ──▶ one task a file ──▶ cargo, dot, files below the workspace
//!                     │
//!                     └──▶ progress on stderr, exit code 0 or 1 (2: wrong usage)
//! ```
//!
//! A task that makes files can also `--check` them: it changes nothing then, and says which are stale.

mod bench;
mod ci;
mod conformance;
mod diagrams;
mod differential;
mod error;
mod fuzz;
mod generated;
mod grammar;
mod sample_data;
mod services;
mod test;
mod tex;
mod tools;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run every test there is, with what it needs, and check that generated files are fresh.
    Test,
    /// Run what decides whether a change may go in: formatting, lints, then `test`.
    Ci,
    /// Make the parser of the language from its grammar.
    Grammar(Fresh),
    /// Draw every specification below `specs/` into `docs/diagrams/`.
    Diagrams(Fresh),
    /// Run the SCXML suite of SCION, with the W3C's tests in it, through `import` on both engines.
    Conformance(conformance::Conformance),
    /// Compile random charts, and run random words through them and the interpreter: both must do the same.
    #[command(
        after_help = "Examples:\n  cargo xtask differential\n  cargo xtask differential --charts 50 --words 10000 --seed 7"
    )]
    Differential {
        /// How many charts.
        #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=100_000))]
        charts: u64,
        /// How many words for each chart.
        #[arg(long, value_name = "M", default_value_t = 1_000)]
        words: u64,
        /// Where the charts come from.
        #[arg(long, value_name = "S", default_value_t = 1)]
        seed: u64,
    },
    /// Get the recorded trades that the end-to-end test plays.
    SampleData,
    /// Kafka, PostgreSQL, TimescaleDB and Redis on this machine, for development and tests.
    #[command(subcommand)]
    Services(services::Action),
    /// Measure what everything costs, beside other libraries, and hold it against the gates.
    ///
    /// Counts that miss their gate (instructions, allocations, bytes) end in exit code 1. Times are printed only.
    Bench(bench::Options),
    /// Put mutated specs through the parser and the checker: an answer to each, never a panic.
    Fuzz {
        /// How many.
        #[arg(long, default_value_t = 1_000_000)]
        inputs: u64,
        /// Where the random numbers start.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

#[derive(Debug, Args)]
struct Fresh {
    /// Change nothing; fail when a file is not what the task would make.
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Test => test::run(),
        Task::Ci => ci::run(),
        Task::Grammar(fresh) => grammar::run(fresh.check),
        Task::Diagrams(fresh) => diagrams::run(fresh.check),
        Task::Conformance(options) => conformance::run(&options),
        Task::Differential { charts, words, seed } => differential::run(charts, words, seed),
        Task::SampleData => sample_data::run(),
        Task::Services(action) => services::run(action),
        Task::Bench(options) => bench::run(&options),
        Task::Fuzz { inputs, seed } => fuzz::run(inputs, seed),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
