//! Puts the parts together: opens the data directory, starts the actors and the API, takes them down again.
//!
//! The Platform machine (`specs/platform.sc`) drives it: provisioning, then initializing, which starts
//! every actor, then ready. What it leaves to Rust is in [`System`].

mod assembly;
mod backends;
mod doctor;
mod roles;
mod shares;
mod wiring;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use statechart_runtime::{
    actor::{self, Handle, Inspector, Options},
    embedded::{Durability, Embedded, Spool},
    market::{NewInstrument, PARTITIONS},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

pub(crate) use assembly::System;
pub(crate) use backends::one_topic;
pub use backends::{Address, Backends, CacheAt, LogAt, SPOOL_FILE, StoreAt};
pub use doctor::{Finding, examine};
pub use roles::Role;
pub use wiring::Wiring;

use crate::{
    api,
    datastore::{ActorFront, Front},
    exchange::{ApiKey, Endpoints, wall_clock},
    lock::{DataDirLock, LockError},
    machines::platform::{Event, Machine, Output},
    parts::{ExchangeClock, Instruments, LiveEdge, Parts},
    status::ActorStatus,
};

/// How long the actors may go on with what waits. Their readers never end by themselves, so all of it passes;
/// what is cut off then is read again after the next start.
const DRAIN: Duration = Duration::from_secs(1);

/// How a platform is set up.
#[derive(Clone)]
pub struct Config {
    /// The exchange.
    pub exchange: Endpoints,
    /// Its key.
    pub key: Option<ApiKey>,
    /// Where the API listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// What is followed.
    pub symbols: Vec<NewInstrument>,
    /// Wall seconds for each second of the exchange: 1.0 for a real one.
    pub time_scale: f64,
    /// Seed of jitter and names.
    pub seed: u64,
    /// Whether the live feed is opened.
    pub live: bool,
    /// A topic that carries nothing for so long is deleted.
    pub topic_idle: Duration,
    /// What an acknowledged write survives.
    pub durability: Durability,
    /// Where log, store and cache are.
    pub backends: Backends,
    /// What this process does of all that.
    pub role: Role,
    /// The partitions of the fixed topic that it reads; without them they are shared out by leases.
    pub partitions: Option<Vec<u32>>,
    /// How long a lease runs without being renewed: what a process that died holds is taken over after it.
    pub lease: Duration,
}

impl Config {
    /// BTCUSD on a free port of the loopback interface, live, at real speed.
    #[must_use]
    pub fn new(exchange: Endpoints, data_dir: PathBuf) -> Self {
        Self {
            exchange,
            key: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir,
            symbols: vec![NewInstrument::pair("BTC", "USD")],
            time_scale: 1.0,
            seed: 0,
            live: true,
            topic_idle: Duration::from_secs(600),
            durability: Durability::ProcessKill,
            backends: Backends::default(),
            role: Role::All,
            partitions: None,
            lease: Duration::from_secs(10),
        }
    }
}

impl Config {
    /// Whether other processes may work on the same log and store.
    pub(crate) fn is_shared(&self) -> bool {
        self.backends.is_shared()
    }

    /// What cannot work together.
    fn check(&self) -> Result<(), StartError> {
        if self.role != Role::All && !self.is_shared() {
            return Err(StartError::Settings(format!(
                "--role {} is one process of several, and they need a log and a store that all of them reach; give --log kafka://… and --store postgres://…, or leave out --role",
                self.role.name()
            )));
        }
        if self.partitions.is_some() && !self.role.consumes() {
            return Err(StartError::Settings(format!(
                "--partitions says what a process reads, and --role {} reads nothing; leave out --partitions, or give --role consumer",
                self.role.name()
            )));
        }
        let wrong = self.partitions.iter().flatten().find(|partition| **partition >= PARTITIONS);
        if let Some(partition) = wrong {
            return Err(StartError::Settings(format!(
                "--partitions names {partition}, and the fixed topic has partitions 0 to {}",
                PARTITIONS - 1
            )));
        }
        Ok(())
    }
}

/// Why a platform does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory.
    #[error("cannot use the data directory {}: {why}; choose another with --data-dir or mend its permissions", .path.display())]
    DataDir {
        /// Where.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Another process.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The database.
    #[error("cannot open the database {}: {why}", .path.display())]
    Database {
        /// Where.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Log, store or cache elsewhere.
    #[error("the {part} at {at} cannot be used: {why}; {hint}")]
    Backend {
        /// `log`, `store` or `cache`.
        part: &'static str,
        /// Its address, without a password.
        at: String,
        /// Why.
        why: String,
        /// What to do.
        hint: String,
    },
    /// A database or a cache that cannot be used, in its adapter's words.
    #[error("{0}")]
    Unusable(String),
    /// A combination that cannot work.
    #[error("{0}")]
    Settings(String),
    /// The port.
    #[error("cannot listen on {addr}: {why}; choose another address with --listen, or port 0 for a free one")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// Why.
        why: String,
    },
    /// The exchange client.
    #[error("cannot set up the exchange client: {0}")]
    Exchange(String),
    /// Provisioning.
    #[error("provisioning failed: {0}")]
    Provisioning(String),
}

/// A running platform. Dropping it without [`Running::stop`] leaves its tasks to the runtime.
pub struct Running {
    addr: SocketAddr,
    wiring: Arc<Wiring>,
    front: Arc<ActorFront>,
    platform: Handle<Machine<System>>,
    server: JoinHandle<()>,
    stop_server: watch::Sender<bool>,
    /// Leases, the relay, the clock: what is no actor.
    tasks: Vec<JoinHandle<()>>,
    stop_tasks: watch::Sender<bool>,
    database: Embedded,
    _lock: DataDirLock,
}

/// Starts a platform and waits until it is ready.
///
/// # Errors
/// One sentence that says what was tried and what to do.
pub async fn start(config: Config) -> Result<Running, StartError> {
    let dir = config.data_dir.clone();
    let unusable = |why: std::io::Error| StartError::DataDir { path: dir.clone(), why: why.to_string() };
    tokio::fs::create_dir_all(&dir).await.map_err(unusable)?;
    let lock = DataDirLock::acquire(&dir)?;
    config.check()?;
    let wall = wall_clock();
    let opened = backends::open(&config, wall()).await?;
    backends::check_symbols(&*opened.store, &config.symbols).await?;

    let parts = Arc::new(Parts {
        log: opened.log,
        store: opened.store,
        cache: opened.cache,
        clock: ExchangeClock::new(config.time_scale, wall.clone()),
        instruments: Instruments::default(),
        live: LiveEdge::default(),
        wall: wall.clone(),
        refused: AtomicU64::new(0),
    });
    let wiring = Arc::new(Wiring::new(parts, &config));
    // The seed makes jitter repeatable; names of fetches must also differ from run to run.
    let named = config.seed ^ u64::try_from(wall()).unwrap_or(0);
    let random = Arc::new(std::sync::Mutex::new(ChaCha8Rng::seed_from_u64(named)));
    let front = Arc::new(ActorFront::new(wiring.clone(), random));

    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| StartError::Listen { addr: config.listen, why: error.to_string() })?;
    let addr = listener
        .local_addr()
        .map_err(|error| StartError::Listen { addr: config.listen, why: error.to_string() })?;

    let (stop_tasks, stop) = watch::channel(false);
    let platform = launch(config.clone(), &wiring, front.clone(), opened.spool).await?;
    let tasks = start_tasks(&config, &wiring, &stop);

    let (stop_server, stopping) = watch::channel(false);
    let router = api::router(front.clone());
    let server = tokio::spawn(async move {
        let mut stopping = stopping;
        let stopped = async move {
            // An error means that the sender is gone, which is a reason to stop as well.
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
            tracing::error!(%error, "the API has stopped");
        }
    });
    let database = opened.database;
    Ok(Running {
        addr,
        wiring,
        front,
        platform,
        server,
        stop_server,
        tasks,
        stop_tasks,
        database,
        _lock: lock,
    })
}

/// What goes on beside the actors.
fn start_tasks(config: &Config, wiring: &Arc<Wiring>, stop: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
    let mut tasks = Vec::new();
    let role = config.role;
    // A process that was restarted is another holder: it must not take the leases of its past for its own.
    let holder = format!("{}-{}-{:x}", role.name(), std::process::id(), (wiring.parts.wall)());
    if config.is_shared() {
        if role.produces() {
            let (wiring, holder) = (wiring.clone(), holder.clone());
            let (live, lease) = (config.live, config.lease);
            tasks.push(tokio::spawn(roles::stand_by(wiring, live, holder, lease, stop.clone())));
        }
        if role.consumes() {
            // Assigned by hand: only topics of single symbols are shared out.
            let fixed = config.partitions.is_none();
            let shares = shares::Shares::new(wiring.clone(), holder.clone(), config.lease, fixed);
            tasks.push(tokio::spawn(shares.run(stop.clone())));
        }
        tasks.push(tokio::spawn(roles::follow_others(wiring.clone(), stop.clone())));
    }
    if role.consumes() && config.backends.log != LogAt::Embedded {
        tasks.push(tokio::spawn(crate::consumer::relay(wiring.parts.clone(), holder, stop.clone())));
    }
    tasks
}

/// Starts the Platform machine and waits for its verdict.
async fn launch(
    config: Config,
    wiring: &Arc<Wiring>,
    front: Arc<ActorFront>,
    spool: Option<Arc<Spool>>,
) -> Result<Handle<Machine<System>>, StartError> {
    let system = System::new(config, wiring.clone(), front, spool).map_err(StartError::Exchange)?;
    let (told, mut verdict) = tokio::sync::mpsc::channel(4);
    let options =
        Options::default().name("platform").inspector(&wiring.inspector).on_output(move |output: &Output| {
            // Only the first verdict is waited for.
            let _ = told.try_send(output.clone());
        });
    let platform = actor::spawn(Machine::new(system), options);
    wiring.register(platform.reference());
    // A platform has one such machine.
    let _ = wiring.platform.set(platform.clone());
    platform
        .tell(Event::InitDbProvision)
        .await
        .map_err(|error| StartError::Provisioning(error.to_string()))?;
    match verdict.recv().await {
        Some(Output::PlatformReady) => Ok(platform),
        Some(Output::PlatformFailed { reason }) => Err(StartError::Provisioning(reason.to_string())),
        None => Err(StartError::Provisioning("the platform's actor has stopped".to_owned())),
    }
}

impl Running {
    /// Where the API listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What the API asks.
    #[must_use]
    pub fn front(&self) -> Arc<dyn Front> {
        self.front.clone()
    }

    /// The actors as they are now.
    #[must_use]
    pub fn actors(&self) -> Vec<ActorStatus> {
        self.wiring.actors(&self.front.recent())
    }

    /// Where inspection events of every actor can be read.
    #[must_use]
    pub fn inspector(&self) -> &Inspector {
        &self.wiring.inspector
    }

    /// Stops the API, then the actors in the order of the data's way, then closes the database.
    pub async fn stop(self, within: Duration) {
        // The server is gone already when nobody listens.
        let _ = self.stop_server.send(true);
        if tokio::time::timeout(within / 4, self.server).await.is_err() {
            tracing::debug!("a client still holds a connection to the API");
        }
        self.platform.request_stop(Duration::ZERO);
        // Partitions are given back first, so that others read on from where this process has stopped.
        let _ = self.stop_tasks.send(true);
        for task in self.tasks {
            if tokio::time::timeout(within / 4, task).await.is_err() {
                tracing::warn!("leases could not be given back; they run out by themselves");
            }
        }
        self.wiring.stop(DRAIN.min(within / 2)).await;
        if let Err(error) = self.database.checkpoint().await {
            tracing::warn!(%error, "the database was not checkpointed; it recovers at the next start");
        }
    }
}
