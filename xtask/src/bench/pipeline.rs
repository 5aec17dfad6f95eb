//! `cargo xtask bench pipeline`: what the way of the data costs, on the services that tests use.

use std::{path::PathBuf, process::Command};

use super::{figures::Figures, measured, program};
use crate::{error::Error, services, tools};

const HINT: &str = "the compiler's output above says why";
/// The version that is compared with, and what its writer needs.
const CRYPTOFEED: [&str; 2] = ["cryptofeed==2.4.1", "asyncpg"];
/// What is measured with; a run without one of them would measure something else.
const SERVICES: [&str; 4] = ["kafka", "postgres", "timescaledb", "redis"];

/// Starts the services where they do not run, measures, and ends what it started.
pub(super) fn measure(figures: &mut Figures) -> Result<(), Error> {
    // As it is built for users, and the measuring program with it.
    let build = [
        "build",
        "--quiet",
        "--release",
        "--package",
        "actors",
        "--package",
        "statechart-bench",
        "--features",
        "statechart-bench/pipeline",
        "--bin",
        "platform",
        "--bin",
        "pipeline",
    ];
    tools::run(&mut tools::cargo(build), HINT)?;
    tools::ensure("psql", "postgresql-client", "the CSV of the API is compared with what `psql` copies")?;
    let python = cryptofeed()?;
    let up = services::up()?;
    let result = run(&up, &python, figures);
    if up.started {
        services::down()?;
    }
    result
}

fn run(up: &services::Up, python: &std::path::Path, figures: &mut Figures) -> Result<(), Error> {
    let mut pipeline = program("pipeline");
    let variables = up.variables();
    for name in SERVICES {
        let variable = format!("TEST_{}", name.to_uppercase());
        let url = variables.iter().find(|(known, _)| *known == variable).map(|(_, url)| url);
        let url = url.ok_or_else(|| Error::Unexpected {
            what: format!("the service {name}"),
            why: "it does not run, so nothing was measured".to_owned(),
            hint: "start all of them with `cargo xtask services up`".to_owned(),
        })?;
        pipeline.arg(format!("{name}={url}"));
    }
    pipeline.arg(format!("platform={}", program("platform").get_program().to_string_lossy()));
    pipeline.arg(format!("python={}", python.display()));
    figures.read(&measured(&mut pipeline)?);
    Ok(())
}

/// cryptofeed in an environment of its own; its Python.
fn cryptofeed() -> Result<PathBuf, Error> {
    let directory = tools::target().join("cryptofeed");
    let (python, done) = (directory.join("bin/python"), directory.join(CRYPTOFEED[0]));
    if done.exists() {
        return Ok(python);
    }
    tools::progress("cryptofeed is installed into target/cryptofeed");
    let hint = "cryptofeed is compared with, so Python 3 with `venv` and a package index are needed";
    tools::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&directory), hint)?;
    let mut pip = Command::new(&python);
    tools::run(pip.args(["-m", "pip", "install", "--quiet"]).args(CRYPTOFEED), hint)?;
    std::fs::write(&done, "").map_err(Error::file("write", &done))?;
    Ok(python)
}
