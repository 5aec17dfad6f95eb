//! Redis from Debian's packages, in memory only.

use std::{
    path::Path,
    process::{Child, Command},
};

use super::{Place, Protocol, Service, free_port, process, started};
use crate::{error::Error, tools};

pub(super) const NAME: &str = "redis";

pub(super) const HINT: &str = "install Redis (Debian: `apt-get install redis-server`)";

/// Installs it where it is missing.
pub(super) fn prepare() -> Result<(), Error> {
    tools::ensure("redis-server", "redis-server", "the tests of the cache need Redis")
}

pub(super) fn start(place: &Place) -> Result<(Service, Child), Error> {
    let port = free_port()?;
    let mut server = command(&place.directory(NAME)?, port, None);
    let log = super::log_file(NAME)?;
    let (process, child) = process::Process::spawn(&mut server, &log, HINT)?;
    Ok((started(NAME, format!("redis://127.0.0.1:{port}"), port, Protocol::Redis, process)?, child))
}

/// The server; what it holds ends with it.
pub(super) fn command(directory: &Path, port: u16, password: Option<&str>) -> Command {
    let mut server = Command::new("redis-server");
    server.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"]);
    server.arg("--dir").arg(directory);
    if let Some(password) = password {
        server.args(["--requirepass", password]);
    }
    server
}
