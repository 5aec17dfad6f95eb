//! `cargo xtask bench pipeline`: the store's ingest beside a bare COPY, on the services that tests use.

use std::process::Command;

use crate::{error::Error, services, tools};

const HINT: &str = "a ratio is below its gate, or a service failed; the lines above say which";

/// Starts the services where they do not run, measures, and ends what it started.
pub(crate) fn run() -> Result<(), Error> {
    let build = [
        "build",
        "--quiet",
        "--profile",
        "bench",
        "--package",
        "statechart-bench",
        "--features",
        "pipeline",
        "--bin",
        "pipeline",
    ];
    tools::run(&mut tools::cargo(build), "the compiler's output above says why")?;
    let up = services::up()?;
    let mut program = Command::new(tools::target().join("release/pipeline"));
    let databases = up.variables().into_iter().filter_map(|(variable, url)| {
        let name =
            ["postgres", "timescaledb"].into_iter().find(|name| variable.ends_with(&name.to_uppercase()))?;
        Some(format!("{name}={url}"))
    });
    let result = tools::run(program.args(databases), HINT);
    if up.started {
        services::down()?;
    }
    result
}
