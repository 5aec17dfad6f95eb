//! The file: one connection that writes, a few that read, and the schema.

use super::{SqliteLog, SqliteStore};
use crate::ports::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, Transaction};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};

/// The schema's steps; step `n` brings `PRAGMA user_version` from `n` to `n + 1`. Never edit a step, add one.
const MIGRATIONS: [&str; 3] = [
    include_str!("../../migrations/0001_start.sql"),
    include_str!("../../migrations/0002_lease.sql"),
    include_str!("../../migrations/0003_identity.sql"),
];
/// Reader connections; each has a thread.
const READERS: u32 = 4;
/// How long a statement waits for another process that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// What an acknowledged write survives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// The death of the process at any moment, `kill -9` included (`synchronous=NORMAL` in WAL mode). A power cut may
    /// take back the last commits, as a whole and in order; the file stays sound.
    #[default]
    ProcessKill,
    /// A power cut, too (`synchronous=FULL`): each commit waits for the disk.
    PowerLoss,
}

/// An open file with the embedded log and store. Cheap to clone; closed when the last clone, log and store are gone.
#[derive(Debug, Clone)]
pub struct Embedded {
    database: Arc<Database>,
}

impl Embedded {
    /// Opens the file, creates it (and its folder) when it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the file cannot be opened or was written by a newer build.
    pub async fn open(path: impl AsRef<Path>, durability: Durability) -> Result<Self, StoreError> {
        let path = path.as_ref();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|source| StoreError::Io {
                doing: "creating the folder of the data file",
                transient: false,
                source: source.into(),
            })?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(match durability {
                Durability::ProcessKill => SqliteSynchronous::Normal,
                Durability::PowerLoss => SqliteSynchronous::Full,
            })
            .busy_timeout(BUSY_TIMEOUT)
            // Statement journals of large inserts stay in memory.
            .pragma("temp_store", "MEMORY")
            .pragma("cache_size", "-32768")
            .pragma("wal_autocheckpoint", "4000")
            .pragma("journal_size_limit", "67108864")
            .disable_statement_logging();
        let mut writer = options.connect().await.map_err(|e| failed("opening the data file", e))?;
        migrate(&mut writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(BUSY_TIMEOUT)
            .connect_lazy_with(options.read_only(true).create_if_missing(false));
        Ok(Self { database: Arc::new(Database { writer: Mutex::new(writer), readers }) })
    }

    /// The log of this file.
    pub fn log(&self) -> SqliteLog {
        SqliteLog::new(Arc::clone(&self.database))
    }

    /// The store of this file.
    pub fn store(&self) -> SqliteStore {
        SqliteStore::new(Arc::clone(&self.database))
    }

    /// Moves the write-ahead log into the file, so that the file alone is a complete copy. Optional before exit.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        let mut writer = self.database.writer().await;
        let run = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *writer).await;
        run.map(|_| ()).map_err(|e| failed("moving the write-ahead log into the data file", e))
    }
}

/// Shared by log and store.
#[derive(Debug)]
pub(super) struct Database {
    writer: Mutex<SqliteConnection>,
    readers: SqlitePool,
}

impl Database {
    /// The writing connection, for one write after another.
    pub(super) async fn writer(&self) -> MutexGuard<'_, SqliteConnection> {
        self.writer.lock().await
    }

    /// A reading connection outside a transaction: each statement sees its own snapshot.
    pub(super) async fn reader(&self) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        self.readers.acquire().await
    }

    /// A transaction whose statements all see one snapshot.
    pub(super) async fn snapshot(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.readers.begin().await
    }
}

/// Begins a transaction that writes; taking the lock at once means it cannot fail half-way for want of it.
pub(super) async fn begin(writer: &mut SqliteConnection) -> Result<Transaction<'_, Sqlite>, sqlx::Error> {
    writer.begin_with("BEGIN IMMEDIATE").await
}

async fn migrate(writer: &mut SqliteConnection) -> Result<(), StoreError> {
    let io = |e| failed("creating the tables", e);
    let mut tx = begin(writer).await.map_err(io)?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *tx).await.map_err(io)?;
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    if done > MIGRATIONS.len() {
        return Err(StoreError::NewerSchema { found: version, known: MIGRATIONS.len() });
    }
    for step in MIGRATIONS.iter().skip(done) {
        sqlx::raw_sql(*step).execute(&mut *tx).await.map_err(io)?;
    }
    // The one pragma whose value cannot be bound.
    let stamp = format!("PRAGMA user_version = {}", MIGRATIONS.len());
    sqlx::raw_sql(sqlx::AssertSqlSafe(stamp)).execute(&mut *tx).await.map_err(io)?;
    tx.commit().await.map_err(io)
}

/// A database error as a port's error.
pub(super) fn failed(doing: &'static str, source: sqlx::Error) -> StoreError {
    StoreError::Io { doing, transient: is_transient(&source), source: source.into() }
}

/// Busy (5), locked (6), interrupted (9), I/O (10) and full disk (13) may pass; damage and misuse do not.
pub(super) fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(e) => {
            let code = e.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or(0);
            matches!(code & 0xff, 5 | 6 | 9 | 10 | 13)
        }
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => true,
        _ => false,
    }
}
