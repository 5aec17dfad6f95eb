//! Servers of a test's own: Apache Kafka, PostgreSQL and Redis, killed and started again on the same data and port.

use std::{
    fs::File,
    io::Write as _,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::Connection as _;
use statechart_runtime::{
    embedded::{Durability, Embedded},
    kafka::KafkaLog,
};

/// A JVM on a busy machine takes its time.
const START_WITHIN: Duration = Duration::from_secs(120);
const PASSWORD: &str = "secret";

/// A server that runs, or has been killed.
pub struct Server {
    name: &'static str,
    dir: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl Server {
    /// Starts a new one: `kafka`, `postgres` or `redis`.
    pub async fn start(name: &'static str, within: &Path) -> Self {
        let mut server = Self { name, dir: within.join(name), port: port(), child: None };
        server.again().await;
        server
    }

    /// SIGKILL: connections break, nothing is said. What was acknowledged is in the system's memory of files.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Adds a line to a broker's settings, for its next start.
    pub fn set(&self, line: &str) {
        let mut file = File::options().append(true).open(self.dir.join("server.properties")).unwrap();
        writeln!(file, "{line}").unwrap();
    }

    /// Starts it on what it had, and waits until it answers.
    pub async fn again(&mut self) {
        let begun = Instant::now();
        let mut child = self.spawn();
        while !self.answers().await {
            if let Some(status) = child.try_wait().unwrap() {
                // What is left of the one before may still end.
                assert!(begun.elapsed() < START_WITHIN, "{}: {status}\n{}", self.name, self.said());
                tokio::time::sleep(Duration::from_millis(500)).await;
                child = self.spawn();
            }
            assert!(begun.elapsed() < START_WITHIN, "{} does not answer\n{}", self.name, self.said());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.child = Some(child);
    }

    fn spawn(&self) -> Child {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        Command::new(xtask())
            .args(["services", "exec", self.name, "--port", &self.port.to_string(), "--data"])
            .arg(&self.dir)
            .args(if self.name == "kafka" { vec![] } else { vec!["--password", PASSWORD] })
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    async fn answers(&self) -> bool {
        if TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            return false;
        }
        match self.name {
            "kafka" => KafkaLog::connect(&self.url().parse().unwrap(), own_store().await.1).await.is_ok(),
            "postgres" => sqlx::PgConnection::connect(&self.url()).await.is_ok(),
            _ => true,
        }
    }

    fn log(&self) -> PathBuf {
        self.dir.with_extension("log")
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// As the platform takes it.
    pub fn url(&self) -> String {
        let port = self.port;
        match self.name {
            "kafka" => format!("kafka://127.0.0.1:{port}"),
            "postgres" => format!("postgres://postgres:{PASSWORD}@127.0.0.1:{port}/postgres"),
            _ => format!("redis://:{PASSWORD}@127.0.0.1:{port}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where servers keep their data: PostgreSQL does not run as root, so others may look in.
pub fn place() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let open = std::fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().prefix("processes-").permissions(open).tempdir().unwrap()
}

/// A broker and a cache of a test's own, and the place where they are.
pub async fn log_and_cache() -> (tempfile::TempDir, Server, Server) {
    let dir = place();
    let (log, cache) = tokio::join!(Server::start("kafka", dir.path()), Server::start("redis", dir.path()));
    (dir, log, cache)
}

/// A port below those that outgoing connections get: whoever is killed finds it free again.
pub fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 10_000).unwrap();
    for _ in 0..10_000 {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port of 20000 to 29999 is free");
}

/// The project's own commands, which know how to start servers.
fn xtask() -> PathBuf {
    let beside = Path::new(env!("CARGO_BIN_EXE_platform")).with_file_name("xtask");
    let path = std::env::var_os("XTASK").map_or(beside, PathBuf::from);
    assert!(path.is_file(), "{} is missing; `cargo xtask services up` builds it", path.display());
    path
}

/// A store that nobody else uses: what is asked of a broker with it leaves no trace in the platform's.
async fn own_store() -> (tempfile::TempDir, Arc<dyn statechart_runtime::ports::Store>) {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(dir.path().join("x.sqlite"), Durability::ProcessKill).await.unwrap();
    (dir, Arc::new(store.store()))
}

/// A broker as somebody else sees it.
pub async fn broker(url: &str) -> (tempfile::TempDir, KafkaLog) {
    let (dir, store) = own_store().await;
    (dir, KafkaLog::connect(&url.parse().unwrap(), store).await.unwrap())
}
