//! `cargo xtask conformance`: the SCXML suite of SCION, through `import`, on both engines.
//!
//! ```text
//! npm package ──suite──▶ documents ──import──▶ specifications ─┬─▶ interpreter ─┐
//!                                                              └─▶ Rust, one    ├─▶ results ─▶ the list of what
//!                                                                  crate        ─┘              does not pass, held
//! ```
//!
//! `tests/conformance/expected.txt` lists each test that does not pass, with the reason. A test that passes and
//! is listed, or fails and is not, fails the task.

mod interpreter;
mod list;
mod rust;
mod suite;

use clap::{Args, ValueEnum};
use serde_json::json;
use suite::Test;

use crate::{error::Error, tools};

/// What to run.
#[derive(Debug, Args)]
pub(crate) struct Conformance {
    /// SCION's own tests, those of the W3C in its collection, or all.
    #[arg(long, value_enum, default_value_t)]
    suite: Suite,
    /// Which engine runs them.
    #[arg(long, value_enum, default_value_t)]
    engine: Engine,
    /// Results as JSON on stdout.
    #[arg(long)]
    json: bool,
    /// Only tests whose name contains this; their specifications are shown.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Write the list of tests that do not pass, and the numbers in the documentation, as they are now.
    #[arg(long, conflicts_with_all = ["suite", "engine", "only"])]
    write: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Suite {
    Scion,
    W3c,
    #[default]
    All,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Engine {
    Interpreter,
    Rust,
    #[default]
    Both,
}

/// What became of a test; none on an engine that was not asked.
pub(crate) struct Ran {
    name: String,
    w3c: bool,
    interpreter: Option<Result<(), String>>,
    rust: Option<Result<(), String>>,
}

/// Everything, for `cargo xtask test`.
pub(crate) fn all() -> Result<(), Error> {
    run(&Conformance { suite: Suite::All, engine: Engine::Both, json: false, only: None, write: false })
}

/// Runs the suite.
pub(crate) fn run(options: &Conformance) -> Result<(), Error> {
    let mut tests = suite::tests()?;
    tests.retain(|test| match options.suite {
        Suite::Scion => !test.w3c,
        Suite::W3c => test.w3c,
        Suite::All => true,
    });
    if let Some(only) = &options.only {
        tests.retain(|test| test.name.contains(only.as_str()));
        tests.iter().for_each(show);
    }
    let rust = match options.engine {
        Engine::Interpreter => None,
        Engine::Rust | Engine::Both => Some(rust::run(&tests)?),
    };
    let mut rust = rust.map(Vec::into_iter);
    let results: Vec<Ran> = tests
        .iter()
        .map(|test| Ran {
            name: test.name.clone(),
            w3c: test.w3c,
            interpreter: (options.engine != Engine::Rust).then(|| interpreter::run(test)),
            rust: rust.as_mut().and_then(Iterator::next),
        })
        .collect();
    if options.json {
        print_json(&results);
    } else {
        print!("{}", list::summary(&results));
        if options.only.is_some() || options.engine != Engine::Both || options.suite != Suite::All {
            print!("{}", list::failures(&results));
        }
    }
    if options.write { list::write(&results) } else { list::check(&results) }
}

fn show(test: &Test) {
    let Ok(imported) = &test.imported else { return };
    println!("// {}\n{}", test.name, imported.text);
    for note in &imported.notes {
        println!("// {}: {note}", if note.lost { "not carried over" } else { "note" });
    }
}

fn print_json(results: &[Ran]) {
    let of = |result: &Option<Result<(), String>>| match result {
        None => serde_json::Value::Null,
        Some(Ok(())) => json!({ "passed": true }),
        Some(Err(why)) => json!({ "passed": false, "reason": why }),
    };
    let rows: Vec<serde_json::Value> = results
        .iter()
        .map(|ran| {
            json!({
                "test": ran.name,
                "suite": if ran.w3c { "w3c" } else { "scion" },
                "interpreter": of(&ran.interpreter),
                "rust": of(&ran.rust),
            })
        })
        .collect();
    println!("{:#}", serde_json::Value::from(rows));
}

/// Whether the leaves are those that the test wants after so many events.
fn compare(test: &Test, events: usize, mut found: Vec<String>) -> Result<(), String> {
    let (step, wanted) = match events.checked_sub(1).and_then(|at| test.events.get(at)) {
        Some(event) => (format!("event {events} ({})", event.name), &event.next),
        None => ("start".to_owned(), &test.initial),
    };
    found.sort();
    match test.paths(wanted) {
        None => Err(format!("{step}: the document has no state `{}`", wanted.join("`, `"))),
        Some(paths) if paths == found => Ok(()),
        Some(paths) => Err(format!("{step}: in {}, not in {}", found.join(", "), paths.join(", "))),
    }
}

/// A line of progress.
fn progress(line: &str) {
    tools::progress(line);
}
