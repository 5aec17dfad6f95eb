//! Connecting, with one clear sentence for everything that can be wrong with an address.

use super::error::{code, failed};
use super::mode::{Mode, ModeChoice, choose};
use super::schema;
use crate::ports::{StoreError, StoreMode};
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use std::str::FromStr;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Connections that write.
const WRITERS: u32 = 4;
/// Connections that read.
const READERS: u32 = 8;
/// Connections that stream; each lasts as long as its caller reads.
const STREAMS: u32 = 4;
/// How long the first connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a call waits for a free or a new connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a process may stand still in the middle of a transaction; after that its locks are taken from it.
pub(super) const STANDSTILL: Duration = Duration::from_secs(10);
/// What every session is told: no statement runs for ever, no lock is waited for longer than a lease lasts, and a
/// process that stops in the middle of a transaction does not keep its locks.
const SESSION: &str = "SET statement_timeout = '30s'; SET lock_timeout = '5s';
    SET idle_in_transaction_session_timeout =";

/// How to reach the database, and how to use it.
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    pub url: String,
    /// Which mode.
    pub mode: ModeChoice,
    /// Compress trades that are older than this, by the server's clock. TimescaleDB only.
    pub compress_after: Option<Duration>,
    /// Remove trades that are older than this, by the server's clock; their candles stay. TimescaleDB only.
    pub keep_trades: Option<Duration>,
}

// Without the password.
impl std::fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PostgresOptions({:?} mode)", self.mode)
    }
}

impl PostgresOptions {
    /// The database at `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, in whatever mode it allows.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), mode: ModeChoice::Automatic, compress_after: None, keep_trades: None }
    }
}

/// Shared by all clones of a store.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) write: PgPool,
    pub(super) read: PgPool,
    pub(super) stream: PgPool,
    pub(super) connect: PgConnectOptions,
    pub(super) mode: Mode,
    pub(super) about: StoreMode,
    /// Whether the last batch had trades that were there already: then the next one is staged at once.
    pub(super) expect_duplicates: AtomicBool,
}

/// Connects, looks at what is there, and makes or completes the tables.
pub(super) async fn open(options: &PostgresOptions) -> Result<Inner, StoreError> {
    let connect = parse(&options.url)?;
    let at = address(&connect);
    let unusable =
        |why: String, hint: &str| StoreError::Unusable { at: at.clone(), why, hint: hint.to_owned() };
    let mut first = match tokio::time::timeout(CONNECT_TIMEOUT, connect.connect()).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return Err(explain(&at, &connect, error)),
        Err(_) => {
            let why = format!("nothing answered within {} s", CONNECT_TIMEOUT.as_secs());
            return Err(unusable(why, "check host and port, and that no firewall is in between"));
        }
    };
    let facts = schema::facts(&mut first).await?;
    let (mode, why) = choose(options.mode, &facts).map_err(|(why, hint)| StoreError::Unusable {
        at: at.clone(),
        why,
        hint,
    })?;
    if let Some(table) = schema::foreign(&mut first).await? {
        let why = format!("it has a table {table} that this platform has not made");
        return Err(unusable(
            why,
            "name an empty database, or an empty schema with `?options[search_path]=NAME`",
        ));
    }
    schema::migrate(&mut first, mode).await.map_err(|error| migration(&at, mode, error))?;
    if mode == Mode::Timescale {
        super::maintain::policies(&mut first, options).await?;
    } else if options.compress_after.is_some() || options.keep_trades.is_some() {
        let why = "compression and retention need TimescaleDB, and this is plain mode".to_owned();
        return Err(unusable(why, "leave them out, or use TimescaleDB"));
    }
    // What it has learned about types is not needed any more.
    let _ = first.close().await;
    let pool = |size| {
        PgPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(|connection, _| Box::pin(async move { session(connection).await }))
            .connect_lazy_with(connect.clone())
    };
    Ok(Inner {
        write: pool(WRITERS),
        read: pool(READERS),
        stream: pool(STREAMS),
        mode,
        about: StoreMode { name: mode.name(), why },
        expect_duplicates: AtomicBool::new(false),
        connect,
    })
}

/// The limits of a session.
pub(super) async fn session(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let limits = format!("{SESSION} {}", STANDSTILL.as_millis());
    connection.execute(sqlx::raw_sql(AssertSqlSafe(limits))).await.map(|_| ())
}

fn parse(url: &str) -> Result<PgConnectOptions, StoreError> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    let unusable = |why: String| StoreError::Unusable {
        // Whatever it is, it may hold a password.
        at: format!("{}://…", scheme.filter(|scheme| scheme.len() < 20).unwrap_or("?")),
        why,
        hint: "give postgres://USER:PASSWORD@HOST:PORT/DATABASE".to_owned(),
    };
    if !matches!(scheme, Some("postgres" | "postgresql")) {
        return Err(unusable("its address does not begin with postgres://".to_owned()));
    }
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| unusable(format!("its address cannot be read ({error})")))?;
    Ok(options.application_name("statechart-platform").disable_statement_logging())
}

/// Without the password.
fn address(options: &PgConnectOptions) -> String {
    let (user, host, port) = (options.get_username(), options.get_host(), options.get_port());
    format!("postgres://{user}@{host}:{port}/{}", options.get_database().unwrap_or(user))
}

fn explain(at: &str, options: &PgConnectOptions, error: sqlx::Error) -> StoreError {
    let (user, host, port) = (options.get_username(), options.get_host(), options.get_port());
    let database = options.get_database().unwrap_or(user);
    let (why, hint) = match (code(&error).as_deref(), &error) {
        (Some("28P01"), _) => {
            (format!("the password of {user} is wrong"), "correct the password in the address".to_owned())
        }
        (Some("28000"), _) => {
            (format!("{user} may not log in ({error})"), "check the user and pg_hba.conf".to_owned())
        }
        (Some("3D000"), _) => (
            format!("there is no database {database}"),
            format!("create it with `createdb -h {host} -p {port} -U {user} {database}`"),
        ),
        (Some("42501"), _) => {
            (format!("{user} may not use {database}"), "grant CONNECT, and CREATE on its schema".to_owned())
        }
        (Some(code), _) if super::error::is_transient(&error) => (
            format!("the server is not ready ({code}: {error})"),
            "wait until it is up, then start again".to_owned(),
        ),
        (_, sqlx::Error::Io(error)) => (
            format!("nothing answers at {host}:{port} ({error})"),
            "start the server, or correct host and port".to_owned(),
        ),
        (_, sqlx::Error::Tls(error)) => (
            format!("no encrypted connection can be made ({error})"),
            "check `sslmode` and the certificates".to_owned(),
        ),
        _ => (format!("{error}"), "check the address; it must be a PostgreSQL server".to_owned()),
    };
    StoreError::Unusable { at: at.to_owned(), why, hint }
}

fn migration(at: &str, mode: Mode, error: MigrateError) -> StoreError {
    let unusable =
        |why: String, hint: &str| StoreError::Unusable { at: at.to_owned(), why, hint: hint.to_owned() };
    match error {
        MigrateError::VersionMissing(found) => StoreError::NewerSchema { found, known: schema::known(mode) },
        MigrateError::VersionMismatch(version) => unusable(
            format!("its migration {version} is not the one of this build"),
            "use the build that made the tables, or an empty database",
        ),
        MigrateError::ExecuteMigration(error, version) if code(&error).as_deref() == Some("42501") => {
            unusable(
                format!("migration {version} is not permitted ({error})"),
                "grant CREATE on the schema to this user",
            )
        }
        MigrateError::Execute(error) if code(&error).as_deref() == Some("42501") => {
            unusable(format!("tables may not be made ({error})"), "grant CREATE on the schema to this user")
        }
        MigrateError::ExecuteMigration(error, _) | MigrateError::Execute(error) => {
            failed("making the tables", error)
        }
        MigrateError::Dirty(version) => unusable(
            format!("its migration {version} is said to have ended in the middle"),
            "look at the tables, then remove the row from statechart_migrations, or use an empty database",
        ),
        other => unusable(other.to_string(), "look at the table statechart_migrations"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_are_shown_without_their_password() {
        let options = parse("postgres://me:secret@db.example:6543/market?sslmode=disable").unwrap();
        assert_eq!(address(&options), "postgres://me@db.example:6543/market");
        for bad in ["mysql://me:secret@h/d", "postgres://me:secret@h:port/d", "secret", ""] {
            let text = parse(bad).unwrap_err().to_string();
            assert!(
                text.contains("postgres://USER:PASSWORD@HOST:PORT/DATABASE") && !text.contains("secret"),
                "{text}"
            );
        }
    }
}
