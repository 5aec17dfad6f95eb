//! The services in containers, as `compose.yaml` says, on free ports.

use std::{
    fs,
    process::{Command, Stdio},
};

use super::{Protocol, Service, State, free_port, log_file, state};
use crate::{error::Error, tools};

const HINT: &str = "`docker compose --profile tests logs` says what the containers wrote";

/// Name in `compose.yaml`, how its URL begins and ends, what it speaks.
const SERVICES: [(&str, &str, &str, Protocol); 4] = [
    ("kafka", "kafka://", "", Protocol::Kafka),
    ("postgres", "postgres://postgres:postgres@", "/postgres", Protocol::Postgres),
    ("timescaledb", "postgres://postgres:postgres@", "/postgres", Protocol::Postgres),
    ("redis", "redis://", "", Protocol::Redis),
];

/// Whether there is an engine that we may use, and the compose command with it.
pub(super) fn answers() -> bool {
    let silent = |arguments: &[&str]| {
        let asked =
            Command::new("docker").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    silent(&["info"]) && silent(&["compose", "version"])
}

pub(super) fn up() -> Result<State, Error> {
    let mut services = Vec::new();
    let mut compose = compose();
    for (name, scheme, rest, protocol) in SERVICES {
        let port = free_port()?;
        compose.env(format!("{}_PORT", name.to_uppercase()), port.to_string());
        services.push(Service {
            name: name.to_owned(),
            url: format!("{scheme}127.0.0.1:{port}{rest}"),
            port,
            protocol,
            process: None,
            log: log_file(name)?,
        });
    }
    let state = State::docker(services);
    state::write(&state)?;
    tools::run(compose.args(["up", "--detach", "--wait", "--wait-timeout", "180"]), HINT)?;
    Ok(state)
}

pub(super) fn down() -> Result<(), Error> {
    for (name, ..) in SERVICES {
        let log = log_file(name)?;
        // Kept for whoever looks for the reason of a failure; without them the rest still goes down.
        if let Ok(said) = compose().args(["logs", "--no-color", name]).output() {
            fs::write(&log, said.stdout).map_err(Error::file("write", &log))?;
        }
    }
    tools::run(compose().args(["down", "--volumes", "--timeout", "5"]), HINT)
}

fn compose() -> Command {
    let mut command = Command::new("docker");
    command.current_dir(tools::root()).args(["compose", "--profile", "tests"]);
    command
}
