//! Redis from Debian's packages, in memory only.

use std::process::{Child, Command};

use super::{Place, Protocol, Service, free_port, process, started};
use crate::{error::Error, tools};

const NAME: &str = "redis";

/// Installs it where it is missing.
pub(super) fn prepare() -> Result<(), Error> {
    tools::ensure("redis-server", "redis-server", "the tests of the cache need Redis")
}

pub(super) fn start(place: &Place) -> Result<(Service, Child), Error> {
    let directory = place.directory(NAME)?;
    let port = free_port()?;
    let mut server = Command::new("redis-server");
    server.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"]);
    server.arg("--dir").arg(&directory);
    let log = super::log_file(NAME)?;
    let (process, child) =
        process::Process::spawn(&mut server, &log, "install Redis (Debian: `apt-get install redis-server`)")?;
    Ok((started(NAME, format!("redis://127.0.0.1:{port}"), port, Protocol::Redis, process)?, child))
}
