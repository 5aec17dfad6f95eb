//! `target/services/state.json`: what runs where. Tests read it, and `down` ends what it names.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{health::Protocol, kept, process::Process};
use crate::error::Error;

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) name: String,
    /// As the platform's options and the tests take it.
    pub(super) url: String,
    pub(super) port: u16,
    pub(super) protocol: Protocol,
    /// None in Docker.
    pub(super) process: Option<Process>,
    pub(super) log: PathBuf,
}

impl Service {
    /// The variable that tests read.
    pub(super) fn variable(&self) -> String {
        format!("TEST_{}", self.name.to_uppercase())
    }

    /// Whether it can still be there.
    pub(super) fn alive(&self) -> bool {
        self.process.as_ref().is_none_or(Process::alive)
    }

    /// Whether it answers.
    pub(super) fn health(&self) -> Result<(), String> {
        if !self.alive() {
            return Err("its process has ended".to_owned());
        }
        self.protocol.ask(self.port)
    }
}

/// All services.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct State {
    /// None in Docker.
    pub(super) data: Option<PathBuf>,
    pub(super) services: Vec<Service>,
}

impl State {
    pub(super) fn native(data: &Path) -> Self {
        Self { data: Some(data.to_owned()), services: Vec::new() }
    }

    pub(super) const fn docker(services: Vec<Service>) -> Self {
        Self { data: None, services }
    }

    pub(super) const fn is_docker(&self) -> bool {
        self.data.is_none()
    }

    /// With what each service answers.
    pub(super) fn to_json(&self, health: &[(&Service, Result<(), String>)]) -> Value {
        let mut value = self.value();
        if let Some(services) = value["services"].as_array_mut() {
            for (service, (_, health)) in services.iter_mut().zip(health) {
                service["healthy"] = json!(health.is_ok());
                service["why"] = json!(health.as_ref().err());
            }
        }
        value
    }

    fn value(&self) -> Value {
        let services = self.services.iter().map(|one| {
            json!({
                "name": one.name,
                "url": one.url,
                "port": one.port,
                "protocol": one.protocol.name(),
                "pid": one.process.as_ref().map(|process| process.pid),
                "started": one.process.as_ref().map(|process| &process.started),
                "log": one.log,
            })
        });
        json!({"docker": self.is_docker(), "data": self.data, "services": services.collect::<Vec<_>>()})
    }

    fn from_value(value: &Value) -> Option<Self> {
        let services = value["services"].as_array()?.iter().map(|one| {
            let pid = one["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok());
            Some(Service {
                name: one["name"].as_str()?.to_owned(),
                url: one["url"].as_str()?.to_owned(),
                port: u16::try_from(one["port"].as_u64()?).ok()?,
                protocol: Protocol::from_name(one["protocol"].as_str()?)?,
                process: pid.map(|pid| Process {
                    pid,
                    started: one["started"].as_str().unwrap_or_default().to_owned(),
                }),
                log: PathBuf::from(one["log"].as_str()?),
            })
        });
        Some(Self {
            data: value["data"].as_str().map(PathBuf::from),
            services: services.collect::<Option<_>>()?,
        })
    }
}

fn path() -> PathBuf {
    kept().join("state.json")
}

/// The state, where there is one.
pub(super) fn read() -> Result<Option<State>, Error> {
    let path = path();
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    let state = serde_json::from_str(&text).ok().and_then(|value| State::from_value(&value));
    state.map(Some).ok_or_else(|| Error::Unexpected {
        what: path.display().to_string(),
        why: "it is no state file of the services".to_owned(),
        hint: "end the services yourself and remove the file".to_owned(),
    })
}

/// Replaces the state in one step.
pub(super) fn write(state: &State) -> Result<(), Error> {
    let (path, unfinished) = (path(), path().with_extension("part"));
    fs::write(&unfinished, format!("{:#}\n", state.value())).map_err(Error::file("write", &unfinished))?;
    fs::rename(&unfinished, &path).map_err(Error::file("write", &path))
}

pub(super) fn remove() -> Result<(), Error> {
    let path = path();
    fs::remove_file(&path).map_err(Error::file("remove", &path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_state_is_read_as_it_was_written() {
        let service = Service {
            name: "redis".to_owned(),
            url: "redis://127.0.0.1:7".to_owned(),
            port: 7,
            protocol: Protocol::Redis,
            process: Some(Process { pid: 12, started: "99".to_owned() }),
            log: PathBuf::from("/x/redis.log"),
        };
        assert_eq!(service.variable(), "TEST_REDIS");
        let mut state = State::native(Path::new("/tmp/x"));
        state.services.push(service.clone());
        assert_eq!(State::from_value(&state.value()), Some(state.clone()));
        let docker = State::docker(vec![Service { process: None, ..service.clone() }]);
        assert_eq!(State::from_value(&docker.value()), Some(docker));
        let json = state.to_json(&[(&service, Err("away".to_owned()))]);
        assert_eq!(
            (&json["services"][0]["healthy"], &json["services"][0]["why"]),
            (&json!(false), &json!("away"))
        );
        assert_eq!(State::from_value(&json!({"services": [{}]})), None);
    }
}
