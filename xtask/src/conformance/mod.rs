//! `cargo xtask conformance`: the SCXML suite of SCION, through `import`, on both engines.

mod interpreter;
mod suite;

use clap::{Args, ValueEnum};
use suite::Test;

use crate::error::Error;

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
    /// Only tests whose name contains this; prints each specification.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
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
        for test in &tests {
            if let Ok(imported) = &test.imported {
                println!("{}", imported.text);
                for note in &imported.notes {
                    println!("{} {note}", if note.lost { "LOST" } else { "note" });
                }
            }
        }
    }
    let mut passed = [0, 0];
    let mut total = [0, 0];
    for test in &tests {
        let result = interpreter::run(test);
        total[usize::from(test.w3c)] += 1;
        passed[usize::from(test.w3c)] += usize::from(result.is_ok());
        if let Err(why) = result {
            println!("{}: {why}", test.name);
        }
    }
    println!("scion {}/{}, w3c {}/{}", passed[0], total[0], passed[1], total[1]);
    Ok(())
}

/// Whether the leaves are those that the test wants.
fn compare(test: &Test, step: &str, wanted: &[String], mut found: Vec<String>) -> Result<(), String> {
    found.sort();
    match test.paths(wanted) {
        None => Err(format!("{step}: the document has no state for one of {}", wanted.join(", "))),
        Some(paths) if paths == found => Ok(()),
        Some(paths) => Err(format!("{step}: in {}, not in {}", found.join(", "), paths.join(", "))),
    }
}
