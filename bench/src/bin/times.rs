//! Processor time of every subject, or one run of one subject for an instruction counter.

use std::{hint::black_box, process::ExitCode};

use clap::{Parser, Subcommand};
use statechart_bench::{actors, figure::Figure, flat, interpreter, subject::Subject, tiers, time::medians};

/// Measures the generated machines, the interpreter and the actors. `cargo xtask bench` runs this and reads what it prints.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The flat machine, in nanoseconds an event.
    Flat(Rounds),
    /// The machine of three levels, in nanoseconds an event.
    Tiers(Rounds),
    /// Macrosteps a second of the interpreter.
    Interpreter(Rounds),
    /// Telling, asking and starting actors, in nanoseconds of processor time.
    Actors(Rounds),
    /// The same of other libraries.
    OtherActors(Rounds),
    /// The subjects that `run` knows, one a line.
    List,
    /// One subject reads some events once: for callgrind.
    Run {
        /// As `list` prints it, without the tabs.
        #[arg(num_args = 4)]
        subject: Vec<String>,
        /// How many events are read.
        #[arg(long)]
        events: usize,
        /// How many are prepared.
        #[arg(long)]
        prepared: usize,
    },
}

#[derive(Debug, Clone, Copy, clap::Args)]
struct Rounds {
    /// How often each is run; the median counts.
    #[arg(long, default_value_t = 21)]
    rounds: usize,
}

/// Events that a timed machine reads in a round: more than a branch predictor remembers.
const EVENTS: usize = 1_000_000;

fn costs(rounds: usize, of_others: bool) -> ExitCode {
    for actors::Costs { name, case, ns } in actors::costs(rounds, of_others) {
        print(&Figure { group: "actor", subject: name, case: case.into(), unit: "ns", value: ns });
    }
    ExitCode::SUCCESS
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Flat(Rounds { rounds }) => machines(rounds, flat::all(EVENTS)),
        Command::Tiers(Rounds { rounds }) => machines(rounds, tiers::all(EVENTS)),
        Command::Interpreter(Rounds { rounds }) => {
            let value = interpreter::per_second(rounds);
            print(&Figure {
                group: "interpreter",
                subject: "ours",
                case: "random".into(),
                unit: "per-second",
                value,
            });
            ExitCode::SUCCESS
        }
        Command::Actors(Rounds { rounds }) => costs(rounds, false),
        Command::OtherActors(Rounds { rounds }) => costs(rounds, true),
        Command::List => {
            for subject in subjects(0) {
                println!("{}\t{}\t{}\t{}", subject.group, subject.name, subject.mode.name(), subject.word);
            }
            ExitCode::SUCCESS
        }
        Command::Run { subject, events, prepared } => {
            let names = |known: &Subject| [known.group, known.name, known.mode.name(), known.word];
            match subjects(prepared).iter().find(|known| names(known).iter().eq(subject.iter())) {
                Some(known) => {
                    black_box((known.run)(events));
                    ExitCode::SUCCESS
                }
                None => {
                    eprintln!("error: there is no subject {subject:?}; `times list` prints all of them");
                    ExitCode::from(2)
                }
            }
        }
    }
}

fn subjects(length: usize) -> Vec<Subject> {
    let mut subjects = flat::all(length);
    subjects.extend(tiers::all(length));
    subjects
}

/// Times the subjects of one group, and sees to it that all come to the same state.
fn machines(rounds: usize, subjects: Vec<Subject>) -> ExitCode {
    for subject in &subjects {
        let expected =
            subjects.iter().find(|other| other.word == subject.word).map(|other| (other.run)(EVENTS));
        if expected != Some((subject.run)(EVENTS)) {
            eprintln!("error: {subject:?} comes to another state than its twins");
            return ExitCode::FAILURE;
        }
    }
    let mut runs: Vec<_> = subjects
        .iter()
        .map(|subject| {
            move || {
                black_box((subject.run)(EVENTS));
            }
        })
        .collect();
    let mut work: Vec<&mut dyn FnMut()> = runs.iter_mut().map(|run| run as _).collect();
    let times = medians(rounds, &mut work);
    for (subject, ns) in subjects.iter().zip(times) {
        print(&Figure {
            group: subject.group,
            subject: subject.name,
            case: format!("{} {}", subject.mode.name(), subject.word),
            unit: "ns",
            value: ns / EVENTS as f64,
        });
    }
    ExitCode::SUCCESS
}

fn print(figure: &Figure) {
    println!("{figure}");
}
