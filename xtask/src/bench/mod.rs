//! `cargo xtask bench`: what everything costs, held against the gates.
//!
//! ```text
//! bench/ (release, with its peers) ─┬─ times flat|tiers|interpreter|actors ─┐
//!                                   ├─ callgrind, two lengths of word ──────┼─▶ figures ─▶ gates ─▶ table or JSON
//!                                   ├─ allocations ─────────────────────────┤
//! bench/build/*.rs ─ clean builds ──┴───────────────────────────────────────┘
//! ```
//!
//! Counts (instructions, allocations, bytes) decide the exit code. Times depend on the machine and on what
//! else it does: they are printed, and decide nothing.

mod build;
mod callgrind;
mod figures;
mod gates;
mod pipeline;
mod report;

use std::process::Command;

use clap::{Args, ValueEnum};

use self::figures::Figures;
use crate::{error::Error, tools};

/// What is measured.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  cargo xtask bench                             everything, in about five minutes
  cargo xtask bench --only instructions         what callgrind counts; needs valgrind
  cargo xtask bench --only flat --only tiers    times of the machines
  cargo xtask bench --json > bench.json         every figure and gate for a program
  cargo xtask bench pipeline                    log, store and API, on real services; about three minutes"
)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: Option<What>,
    /// Only this part; may be given several times.
    #[arg(long, value_name = "NAME")]
    only: Vec<Part>,
    /// JSON on stdout instead of tables.
    #[arg(long)]
    json: bool,
    /// How often each piece of work is timed; the median counts.
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
}

/// What is measured by itself.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
enum What {
    /// The way of the data, on Kafka, PostgreSQL, TimescaleDB and Redis, which it starts where they do not run: into the
    /// log, from the log into the store, out of it over HTTP. Its ratios decide the exit code.
    Pipeline {
        /// JSON on stdout instead of tables.
        #[arg(long)]
        json: bool,
    },
}

/// One part of the measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Times of the machine with one level of states.
    Flat,
    /// Times of the machine with three levels.
    Tiers,
    /// Instructions an event, counted by callgrind.
    Instructions,
    /// Allocations of machines and actors, bytes of an idle actor.
    Allocations,
    /// Times of actors.
    Actors,
    /// Macrosteps a second of the interpreter.
    Interpreter,
    /// Processor time of a clean build of one machine.
    Build,
}

const HINT: &str = "the compiler's output above says why; the measured programs are in `bench/`";

/// Measures, and prints every gate beside its figure.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    if let Some(What::Pipeline { json }) = options.what {
        let mut figures = Figures::default();
        pipeline::measure(&mut figures)?;
        return show(&figures, json);
    }
    let parts: Vec<Part> =
        if options.only.is_empty() { Part::value_variants().to_vec() } else { options.only.clone() };
    if parts.contains(&Part::Instructions) {
        tools::ensure("valgrind", "valgrind", "counting instructions needs Valgrind")?;
    }
    let mut figures = Figures::default();
    if parts.iter().any(|part| *part != Part::Build) {
        let build = [
            "build",
            "--quiet",
            "--profile",
            "bench",
            "--package",
            "statechart-bench",
            "--features",
            "peers",
        ];
        tools::run(&mut tools::cargo(build), HINT)?;
    }
    for part in parts {
        match part {
            Part::Flat => times(&mut figures, "flat", options)?,
            Part::Tiers => times(&mut figures, "tiers", options)?,
            Part::Actors => {
                times(&mut figures, "actors", options)?;
                times(&mut figures, "other-actors", options)?;
            }
            Part::Interpreter => times(&mut figures, "interpreter", options)?,
            Part::Instructions => callgrind::count(&mut figures)?,
            Part::Allocations => figures.read(&measured(&mut program("allocations"))?),
            Part::Build => build::measure(&mut figures)?,
        }
    }
    show(&figures, options.json)
}

/// Prints what was measured; an error names the gates that decide and were missed.
fn show(figures: &Figures, json: bool) -> Result<(), Error> {
    let verdicts = gates::judge(figures);
    if json {
        println!("{}", report::json(figures, &verdicts));
    } else {
        print!("{}", report::text(figures, &verdicts));
    }
    let missed: Vec<String> = verdicts
        .iter()
        .filter(|verdict| verdict.decides && !verdict.passed)
        .map(|verdict| verdict.gate.clone())
        .collect();
    if missed.is_empty() { Ok(()) } else { Err(Error::Steps(missed)) }
}

/// One of the measured programs, as cargo built it.
fn program(name: &str) -> Command {
    let mut command = Command::new(tools::target().join("release").join(name));
    command.current_dir(tools::root());
    command
}

fn times(figures: &mut Figures, what: &str, options: &Options) -> Result<(), Error> {
    let rounds = options.rounds.to_string();
    figures.read(&measured(program("times").args([what, "--rounds", &rounds]))?);
    Ok(())
}

fn measured(command: &mut Command) -> Result<String, Error> {
    tools::progress(&tools::line(command));
    tools::output(command, HINT)
}
