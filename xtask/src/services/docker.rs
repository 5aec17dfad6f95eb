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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use super::*;

    /// The lines of each service, without what is further left.
    fn services(text: &str) -> BTreeMap<&str, Vec<&str>> {
        let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut name = None;
        for line in text.lines().skip_while(|line| *line != "services:").skip(1) {
            let indent = line.len() - line.trim_start().len();
            match indent {
                _ if line.trim().is_empty() || line.trim_start().starts_with('#') => {}
                0 => break,
                2 => name = line.trim().strip_suffix(':'),
                _ => services.entry(name.unwrap()).or_default().push(line),
            }
        }
        services
    }

    /// What is wrong with the image and the health check of a service.
    fn problem(lines: &[&str]) -> Option<&'static str> {
        let Some(image) = lines.iter().find_map(|line| line.strip_prefix("    image: ")) else {
            return Some("no image");
        };
        let tag = image.rsplit('/').next().and_then(|name| name.split_once(':')).map(|(_, tag)| tag);
        // A version of three numbers or two: what has one moves.
        let parts = tag.map_or(0, |tag| {
            let number = tag.trim_start_matches('v').split('-').next().unwrap_or_default();
            number.split('.').filter(|part| part.parse::<u32>().is_ok()).count()
        });
        if parts < 2 {
            return Some("its tag is not fixed");
        }
        let check = lines.iter().skip_while(|line| **line != "    healthcheck:").skip(1);
        let is_checked =
            check.take_while(|line| line.starts_with("      ")).any(|line| line.starts_with("      test: ["));
        (!is_checked).then_some("it has no health check")
    }

    #[test]
    fn every_image_is_fixed_and_watched() {
        let text = fs::read_to_string(tools::root().join("compose.yaml")).unwrap();
        let services = services(&text);
        let mut ours = SERVICES.map(|(name, ..)| name);
        ours.sort_unstable();
        assert_eq!(services.keys().copied().collect::<Vec<_>>(), ours);
        for (name, lines) in &services {
            assert_eq!(problem(lines), None, "{name}");
        }
        let good = ["    image: a/b:v1.2.3-pg16", "    healthcheck:", "      test: [\"CMD\"]"];
        assert_eq!(problem(&good), None);
        for bad in ["    image: a/b", "    image: a/b:latest", "    image: a/b:16", "    image: host:1234/b"]
        {
            assert_eq!(problem(&[bad, good[1], good[2]]), Some("its tag is not fixed"), "{bad}");
        }
        assert_eq!(problem(&good[..1]), Some("it has no health check"));
        assert_eq!(problem(&[good[0], good[2]]), Some("it has no health check"));
    }
}
