//! `cargo xtask test`: every test there is.
//!
//! What a test needs is fetched or started here, before any test runs. What cannot be had is a failure,
//! never a skip: a run that says "passed" has tested everything.

use std::time::{Duration, Instant};

use crate::{
    conformance, diagrams, differential, error::Error, fuzz, grammar, sample_data, services, tex, tools,
};

/// Everything but the end-to-end run, and what has a step of its own.
const WORKSPACE: [&str; 8] = [
    "test",
    "--workspace",
    "--no-fail-fast",
    "--",
    "--skip",
    "every_candle_of_a_recording_is_right",
    "--skip",
    "processes::",
];

/// The platform as processes on servers that come and go. Mostly they wait, so all of them run side by side.
const PROCESSES: [&str; 8] =
    ["test", "--workspace", "--test", "processes", "--", "--test-threads=8", "--skip", ON_TIMESCALEDB];

/// The same on TimescaleDB, which serves one transaction at a time here: by itself, or everybody waits for it.
const PROCESSES_ON_TIMESCALEDB: [&str; 6] =
    ["test", "--workspace", "--test", "processes", "--", ON_TIMESCALEDB];
const ON_TIMESCALEDB: &str = "partitions_move_on_timescaledb_too";

/// The end-to-end run over the recorded trades, a million of them. It prints how long they took. The whole workspace is
/// named, so that it is the build of the tests before it.
const END_TO_END: [&str; 6] = ["test", "--workspace", "--test", "tape", "--", "--nocapture"];

/// The platform that is wrong on purpose. The whole workspace is named, so that it is built from what the tests are
/// built from; only its own library is compiled once more.
const SABOTAGED: [&str; 6] =
    ["build", "--workspace", "--features", "actors/sabotage", "--example", "platform-sabotaged"];

/// Where tests find the recorded trades.
const SAMPLE_TRADES: &str = "SAMPLE_TRADES";

/// Every test, then a summary.
pub(crate) fn run() -> Result<(), Error> {
    let mut summary = Summary::default();
    summary.step("Graphviz", |_| tools::ensure_graphviz());
    summary.step("TeX", |_| tex::install());
    summary.step("Python", |_| {
        tools::ensure("python3", "python3-minimal", "the documents' Python is parsed by Python")
    });
    summary.step("recorded trades", |_| sample_data::run());
    let mut services = None;
    summary.step("services", |_| {
        services::prepare()?;
        services = Some(services::up()?);
        Ok(())
    });
    let mut variables = services.as_ref().map(services::Up::variables).unwrap_or_default();
    summary.step("sabotaged platform", |_| {
        let hint = "the errors are above; it is the platform with the feature `sabotage`";
        tools::run(&mut tools::cargo(SABOTAGED), hint)?;
        let built = tools::target().join("debug/examples/platform-sabotaged");
        variables.push(("SABOTAGED_PLATFORM".to_owned(), built.display().to_string()));
        // Tests start servers by this program.
        let this = std::env::current_exe().map_err(Error::file("find", std::path::Path::new("xtask")))?;
        variables.push(("XTASK".to_owned(), this.display().to_string()));
        Ok(())
    });
    summary.step("workspace tests", |counts| {
        let hint = "the failures are listed above; one package alone: `cargo test --package NAME`";
        cargo_test(&WORKSPACE, &variables, hint, counts)
    });
    summary.step("processes", |counts| {
        let hint = "the failures are above; these alone: `cargo test --package actors --test processes`";
        cargo_test(&PROCESSES, &variables, hint, counts)
    });
    summary.step("processes on TimescaleDB", |counts| {
        let hint =
            "the failure is above; it alone: `cargo test --package actors --test processes timescaledb`";
        cargo_test(&PROCESSES_ON_TIMESCALEDB, &variables, hint, counts)
    });
    // Services that were there before this run belong to someone else.
    if services.is_some_and(|services| services.started) {
        summary.step("services ended", |_| services::down());
    }
    summary.step("end to end", |counts| {
        cargo_test(&END_TO_END, &[], "the failure is above; the data is in target/sample-data", counts)
    });
    summary.step("parser is fresh", |_| grammar::run(true));
    summary.step("diagrams are fresh", |_| diagrams::run(true));
    summary.step("TikZ compiles", |_| tex::check());
    summary.step("a million mutated specs", |_| fuzz::run(1_000_000, 1));
    summary.step("random charts in both engines", |_| differential::run(200, 1_000, 1));
    summary.step("conformance", |_| conformance::all());
    summary.finish()
}

/// Runs `cargo test`, counting what it reports.
fn cargo_test(
    arguments: &[&str],
    variables: &[(String, String)],
    hint: &str,
    counts: &mut Counts,
) -> Result<(), Error> {
    let mut cargo = tools::cargo(arguments);
    cargo.env(SAMPLE_TRADES, sample_data::path()).envs(variables.iter().cloned());
    tools::watch(&mut cargo, hint, |line| counts.add(line))
}

/// What became of the steps.
#[derive(Debug, Default)]
struct Summary {
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    took: Duration,
    counts: Counts,
    failed: bool,
}

impl Summary {
    /// Runs a step and reports its failure at once; the steps after it run all the same, so that one run
    /// shows everything that is wrong.
    fn step(&mut self, name: &'static str, run: impl FnOnce(&mut Counts) -> Result<(), Error>) {
        tools::progress(&format!("── {name}"));
        let start = Instant::now();
        let mut counts = Counts::default();
        let result = run(&mut counts);
        if let Err(error) = &result {
            tools::progress(&format!("FAILED: {error}"));
        }
        self.steps.push(Step { name, took: start.elapsed(), counts, failed: result.is_err() });
    }

    fn finish(self) -> Result<(), Error> {
        tools::progress("── summary");
        for step in &self.steps {
            tools::progress(&step.line());
        }
        let failed: Vec<String> =
            self.steps.iter().filter(|step| step.failed).map(|step| step.name.to_owned()).collect();
        if failed.is_empty() { Ok(()) } else { Err(Error::Steps(failed)) }
    }
}

impl Step {
    fn line(&self) -> String {
        let verdict = if self.failed { "FAILED" } else { "ok" };
        let counts = if self.counts == Counts::default() { String::new() } else { self.counts.text() };
        let line = format!("{verdict:<7}{:<22}{:>7.1} s  {counts}", self.name, self.took.as_secs_f64());
        line.trim_end().to_owned()
    }
}

/// Sums of the `test result:` lines of the test programs.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Counts {
    fn add(&mut self, line: &str) {
        let Some((_, result)) = line.split_once("test result: ") else { return };
        let Some((_, sums)) = result.split_once(". ") else { return };
        for part in sums.split("; ") {
            let (number, what) = part.trim().split_once(' ').unwrap_or_default();
            let number: u64 = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{} passed", self.passed);
        for (number, what) in [(self.failed, "failed"), (self.ignored, "ignored")] {
            if number > 0 {
                text.push_str(&format!(", {number} {what}"));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn counts_are_summed_over_test_programs() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test a ... ok",
            "test result: ok. 45 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.30s",
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.30s",
        ] {
            counts.add(line);
        }
        assert_eq!(counts, Counts { passed: 47, failed: 1, ignored: 1 });
        assert_eq!(counts.text(), "47 passed, 1 failed, 1 ignored");
    }

    #[test]
    fn one_failed_step_fails_the_run_and_is_named() {
        let mut summary = Summary::default();
        summary.step("good", |_| Ok(()));
        summary.step("bad", |_| Err(Error::Steps(vec!["why".to_owned()])));
        assert_eq!(summary.finish().unwrap_err().to_string(), "failed: bad");
    }
}
