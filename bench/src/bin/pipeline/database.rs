//! Databases for one measurement each, and the bare COPY that everything is held against.

use std::time::Instant;

use futures_util::StreamExt;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use statechart_runtime::postgres::{PostgresOptions, PostgresStore};

use crate::Outcome;

/// Bytes of a bare COPY that are sent at a time.
const COPY_BYTES: usize = 1 << 20;

/// A database that is removed at the end.
pub(crate) struct Database {
    pub(crate) url: String,
    pub(crate) store: PostgresStore,
    server: String,
    name: String,
}

impl Database {
    pub(crate) async fn new(server: &str, purpose: &str) -> Outcome<Self> {
        let name = format!("bench_{purpose}_{}", stamp()?);
        execute(&mut PgConnection::connect(server).await?, format!("CREATE DATABASE {name}")).await?;
        let (host, _) = server.rsplit_once('/').ok_or("the address of PostgreSQL names no database")?;
        let url = format!("{host}/{name}");
        let store = PostgresStore::connect(&PostgresOptions::new(&url)).await?;
        Ok(Self { url, store, server: server.to_owned(), name })
    }

    pub(crate) async fn admin(&self) -> Outcome<PgConnection> {
        Ok(PgConnection::connect(&self.url).await?)
    }

    pub(crate) async fn remove(self) -> Outcome<()> {
        self.store.close().await;
        let mut admin = PgConnection::connect(&self.server).await?;
        execute(&mut admin, format!("DROP DATABASE {} WITH (FORCE)", self.name)).await
    }
}

/// A number that no earlier run has used.
pub(crate) fn stamp() -> Outcome<u128> {
    Ok(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis())
}

/// Runs statements of our own making.
pub(crate) async fn execute(connection: &mut PgConnection, sql: String) -> Outcome<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// Rows a second by one bare binary COPY of the stored trades that the condition names, into a table with the same keys.
pub(crate) async fn bare_copy(admin: &mut PgConnection, condition: &str, expected: u64) -> Outcome<f64> {
    // In the form that COPY reads, as the database itself writes them.
    let mut data: Vec<u8> = Vec::new();
    let sql =
        format!("COPY (SELECT * FROM trade WHERE {condition} ORDER BY ts, ord) TO STDOUT (FORMAT binary)");
    let mut rows = admin.copy_out_raw(&sql).await?;
    while let Some(chunk) = rows.next().await {
        data.extend_from_slice(&chunk?);
    }
    drop(rows);
    execute(
        admin,
        "DROP TABLE IF EXISTS bench_bare; CREATE TABLE bench_bare (LIKE trade INCLUDING ALL)".to_owned(),
    )
    .await?;
    let start = Instant::now();
    let mut copy = admin.copy_in_raw("COPY bench_bare FROM STDIN (FORMAT binary)").await?;
    for chunk in data.chunks(COPY_BYTES) {
        copy.send(chunk).await?;
    }
    let copied = copy.finish().await?;
    let seconds = start.elapsed().as_secs_f64();
    execute(admin, "DROP TABLE bench_bare".to_owned()).await?;
    if copied != expected {
        return Err(format!("{copied} trades were stored instead of {expected}").into());
    }
    Ok(copied as f64 / seconds)
}
