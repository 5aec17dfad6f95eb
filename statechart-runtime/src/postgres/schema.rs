//! The tables, made and completed by migrations.

use super::error::failed;
use super::mode::{Facts, Mode};
use crate::ports::StoreError;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{PgConnection, SqlSafeStr};

/// Where the applied migrations are listed. Not the default name: another program in the database may use that.
const APPLIED: &str = "statechart_migrations";

/// Migrations of both modes, below 1000. Never edit one that was released, add one.
const SHARED: [(i64, &str, &str); 2] = [
    (1, "tables", include_str!("../../migrations/postgres/0001_tables.sql")),
    (2, "identity", include_str!("../../migrations/postgres/0002_identity.sql")),
];
/// Migrations of plain mode, 1001 to 1999.
const PLAIN: [(i64, &str, &str); 1] =
    [(1001, "plain", include_str!("../../migrations/postgres/1001_plain.sql"))];
/// Migrations with TimescaleDB, from 2001 on.
const TIMESCALE: [(i64, &str, &str); 2] = [
    (2001, "timescale", include_str!("../../migrations/postgres/2001_timescale.sql")),
    (2002, "keep", include_str!("../../migrations/postgres/2002_keep.sql")),
];

/// Tables by which a schema of somebody else is told.
const OURS: [&str; 18] = [
    "consumer_offset",
    "coverage",
    "dead_letter",
    "dirty",
    "fetch_job",
    "identity",
    "instrument",
    "lease",
    "refreshed",
    "rest_candle",
    "topic",
    "trade",
    "trade_candle_15m",
    "trade_candle_1d",
    "trade_candle_1h",
    "trade_candle_1m",
    "trade_candle_4h",
    "trade_candle_5m",
];

/// What is there before anything is made.
pub(super) async fn facts(connection: &mut PgConnection) -> Result<Facts, StoreError> {
    let io = |e| failed("asking the database what it is", e);
    let (server, extension, available, license): (String, Option<String>, bool, Option<String>) =
        sqlx::query_as(
            "SELECT current_setting('server_version_num'),
                (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'),
                EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'),
                current_setting('timescaledb.license', true)",
        )
        .fetch_one(&mut *connection)
        .await
        .map_err(io)?;
    let is_made: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(APPLIED)
        .fetch_one(&mut *connection)
        .await
        .map_err(io)?;
    let made_as = if is_made {
        let highest: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM statechart_migrations")
            .fetch_one(&mut *connection)
            .await
            .map_err(io)?;
        match highest {
            Some(2000..) => Some(Mode::Timescale),
            Some(1000..) => Some(Mode::Plain),
            _ => None,
        }
    } else {
        None
    };
    Ok(Facts { server: server.parse().unwrap_or(0), extension, available, license, made_as })
}

/// A table of ours in a schema that we have not made.
pub(super) async fn foreign(connection: &mut PgConnection) -> Result<Option<String>, StoreError> {
    sqlx::query_scalar(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = current_schema() AND c.relname = ANY ($1) AND to_regclass($2) IS NULL
         ORDER BY c.relname LIMIT 1",
    )
    .bind(OURS.as_slice())
    .bind(APPLIED)
    .fetch_optional(connection)
    .await
    .map_err(|e| failed("looking at the tables", e))
}

/// Applies what is missing. Each migration is a transaction; one that was interrupted is begun again.
pub(super) async fn migrate(connection: &mut PgConnection, mode: Mode) -> Result<(), MigrateError> {
    let own = match mode {
        Mode::Plain => PLAIN.as_slice(),
        Mode::Timescale => TIMESCALE.as_slice(),
    };
    let migrations = (SHARED.iter().chain(own))
        .map(|(version, name, sql)| {
            Migration::new(
                *version,
                (*name).into(),
                MigrationType::Simple,
                SqlSafeStr::into_sql_str(*sql),
                false,
            )
        })
        .collect();
    let mut migrator = Migrator::with_migrations(migrations);
    migrator.dangerous_set_table_name(APPLIED);
    migrator.run(connection).await
}

/// How many migrations this build knows.
pub(super) fn known(mode: Mode) -> usize {
    SHARED.len() + if mode == Mode::Plain { PLAIN.len() } else { TIMESCALE.len() }
}
