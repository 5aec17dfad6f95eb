//! TimescaleDB from npm: PostgreSQL with the extension as WebAssembly, behind our own small server.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use super::{Protocol, Service, free_port, kept, process, source, started};
use crate::{error::Error, tools};

const NAME: &str = "timescaledb";

/// Gets Node.js and the package, where they are missing.
pub(super) fn prepare() -> Result<(), Error> {
    tools::ensure("node", "nodejs", "TimescaleDB as WebAssembly needs Node.js")?;
    tools::ensure("npm", "npm", "TimescaleDB is fetched by npm")?;
    let (directory, package) = (directory(), source("timescaledb/package.json"));
    fs::create_dir_all(&directory).map_err(Error::file("make", &directory))?;
    let wanted = fs::read_to_string(&package).map_err(Error::file("read", &package))?;
    let (installed, modules) = (directory.join("package.json"), directory.join("node_modules"));
    let same = fs::read_to_string(&installed).is_ok_and(|there| there == wanted);
    if !same || !modules.is_dir() {
        let _ = fs::remove_dir_all(&modules);
        let unfinished = directory.join("unfinished");
        let _ = fs::remove_dir_all(&unfinished);
        fs::create_dir_all(&unfinished).map_err(Error::file("make", &unfinished))?;
        let to = unfinished.join("package.json");
        fs::write(&to, &wanted).map_err(Error::file("write", &to))?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"]);
        npm.current_dir(&unfinished).stdout(Stdio::null());
        let hint = "it fetches TimescaleDB once, so it needs the registry that npm is configured for";
        tools::run(&mut npm, hint)?;
        let fetched = unfinished.join("node_modules");
        fs::rename(&fetched, &modules).map_err(Error::file("write", &modules))?;
        fs::rename(&to, &installed).map_err(Error::file("write", &installed))?;
    }
    // Node looks for packages beside the script.
    let (from, to) = (source("timescaledb/server.mjs"), directory.join("server.mjs"));
    fs::copy(&from, &to).map_err(Error::file("write", &to))?;
    Ok(())
}

pub(super) fn start() -> Result<(Service, Child), Error> {
    let port = free_port()?;
    let mut node = Command::new("node");
    node.arg(directory().join("server.mjs")).arg(port.to_string());
    let log = super::log_file(NAME)?;
    let (process, child) =
        process::Process::spawn(&mut node, &log, "install Node.js (Debian: `apt-get install nodejs npm`)")?;
    let url = format!("postgres://postgres:postgres@127.0.0.1:{port}/postgres");
    Ok((started(NAME, url, port, Protocol::Postgres, process)?, child))
}

fn directory() -> PathBuf {
    kept().join(NAME)
}
