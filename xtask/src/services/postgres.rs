//! PostgreSQL from Debian's packages, in a cluster of its own.

use std::{
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use super::{Place, Protocol, Service, free_port, process, started};
use crate::{error::Error, tools};

pub(super) const NAME: &str = "postgres";

/// The version that the tests were written on; any later one may serve where it is not installed.
const VERSION: u32 = 15;
pub(super) const HINT: &str =
    "install PostgreSQL 15 or later (Debian: `apt-get install postgresql`) and run this again";

/// Where the server's programs are.
pub(super) struct Programs(PathBuf);

impl Programs {
    /// A program. PostgreSQL refuses to run as root, so then it runs as the user that its package has made.
    fn command(&self, name: &str) -> Command {
        let program = self.0.join(name);
        if !tools::is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
        command
    }
}

/// Finds the server, or installs it.
pub(super) fn prepare() -> Result<Programs, Error> {
    if let Some(found) = find() {
        return Ok(found);
    }
    // `postgres` itself is never in the path of Debian, so this installs.
    tools::ensure("postgres", "postgresql", "the tests of the store need PostgreSQL")?;
    find().ok_or_else(|| Error::Unexpected {
        what: "PostgreSQL".to_owned(),
        why: "there are no programs in /usr/lib/postgresql/VERSION/bin, nor where `pg_config` says"
            .to_owned(),
        hint: HINT.to_owned(),
    })
}

fn find() -> Option<Programs> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let mut versions: Vec<(u32, PathBuf)> = installed
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(version, programs)| *version >= VERSION && programs.join("postgres").is_file())
        .collect();
    versions.sort();
    if let Some((_, programs)) = versions.into_iter().next() {
        return Some(Programs(programs));
    }
    let asked = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output().ok()?;
    let programs = PathBuf::from(String::from_utf8_lossy(&asked.stdout).trim());
    programs.join("postgres").is_file().then_some(Programs(programs))
}

/// Makes a cluster with a password and starts it.
pub(super) fn start(place: &Place, programs: &Programs) -> Result<(Service, Child), Error> {
    let (port, password) = (free_port()?, process::random_hex()?);
    let mut server = command(programs, &place.directory(NAME)?, port, &password)?;
    let log = super::log_file(NAME)?;
    let (process, child) = process::Process::spawn(&mut server, &log, HINT)?;
    let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
    Ok((started(NAME, url, port, Protocol::Postgres, process)?, child))
}

/// The server on a directory; a new one gets a cluster whose superuser has the password.
pub(super) fn command(
    programs: &Programs,
    directory: &Path,
    port: u16,
    password: &str,
) -> Result<Command, Error> {
    let data = directory.join("data");
    if !data.is_dir() {
        initialize(programs, directory, &data, password)?;
    }
    let mut server = programs.command("postgres");
    server.arg("-D").arg(&data).current_dir(directory);
    for setting in [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        "max_connections=200".to_owned(),
        // Its data ends with the run, so nothing has to survive a power cut.
        "fsync=off".to_owned(),
    ] {
        server.arg("-c").arg(setting);
    }
    Ok(server)
}

fn initialize(programs: &Programs, directory: &Path, data: &Path, password: &str) -> Result<(), Error> {
    let secret = directory.join("password");
    fs::write(&secret, password).map_err(Error::file("write", &secret))?;
    if tools::is_root() {
        let (user, group) = owner()?;
        for path in [directory, secret.as_path()] {
            chown(path, Some(user), Some(group)).map_err(Error::file("hand over", path))?;
        }
    }
    let mut make = programs.command("initdb");
    make.arg("--pgdata").arg(data).arg("--pwfile").arg(&secret).stdout(Stdio::null()).current_dir(directory);
    make.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    tools::errors(&mut make, HINT).map(|_| ())
}

/// The user and the group that the package has made.
fn owner() -> Result<(u32, u32), Error> {
    let path = Path::new("/etc/passwd");
    let users = fs::read_to_string(path).map_err(Error::file("read", path))?;
    let found = users.lines().find_map(|line| {
        let mut fields = line.strip_prefix("postgres:")?.split(':').skip(1);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    found.ok_or_else(|| Error::Unexpected {
        what: "/etc/passwd".to_owned(),
        why: "it has no user `postgres`, and PostgreSQL does not run as root".to_owned(),
        hint: HINT.to_owned(),
    })
}
