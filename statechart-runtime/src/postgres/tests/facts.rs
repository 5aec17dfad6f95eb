//! What a server may say about itself, on a server that has no TimescaleDB: the facts are faked, a row of `pg_extension`
//! and a setting of the test's own database. That is all that is looked at before the tables are made.

use super::*;

impl Database {
    /// As if the extension were created in this database.
    async fn pretend(&self, version: &str, license: &str) {
        self.run(&format!(
            "INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
             SELECT 99999, 'timescaledb', 10, oid, false, '{version}' FROM pg_namespace WHERE nspname = 'public';
             ALTER DATABASE {} SET timescaledb.license = '{license}'",
            self.name
        ))
        .await;
    }
}

/// Its Apache licence has no continuous aggregates: tables, as without it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_apache_licence_runs_as_plain_postgres() {
    let database = Database::new().await;
    database.pretend("2.23.0", "apache").await;
    let store = database.store().await;
    let about = store.mode();
    assert_eq!(about.name, "plain");
    assert!(about.why.contains("TimescaleDB 2.23.0 runs with the licence `apache`"), "{}", about.why);
    contract::store(&store, "T").await;
    let one = instrument(&store, "BTCUSD").await;
    store.ingest(batch(&one, 0, 1_000)).await.unwrap();
    store.close().await;
    // The reason of today is still told when the tables are there.
    let store = database.store().await;
    let why = store.mode().why.clone();
    assert!(why.contains("made without TimescaleDB") && why.contains("licence `apache`"), "{why}");
    assert_candles(&store, &one, 1_000).await;
    store.close().await;
    database.remove().await;
}

/// An extension that is too old is a mistake, and nothing is made beside it.
#[tokio::test]
async fn an_old_extension_is_refused() {
    let database = Database::new().await;
    database.pretend("2.9.1", "timescale").await;
    let error = PostgresStore::connect(&PostgresOptions::new(&database.url)).await.unwrap_err();
    assert!(matches!(error, StoreError::Unusable { .. }), "{error:?}");
    let text = error.to_string();
    for words in ["TimescaleDB 2.9.1 is too old", "2.13 is the oldest", "ALTER EXTENSION timescaledb UPDATE"]
    {
        assert!(text.contains(words), "{text}");
    }
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_class WHERE relname = 'trade'")
        .fetch_one(&mut database.admin().await)
        .await
        .unwrap();
    assert_eq!(count, 0, "nothing was made");
    // Plain mode can be asked for.
    let asked =
        PostgresOptions { mode: ModeChoice::Only(Mode::Plain), ..PostgresOptions::new(&database.url) };
    let store = PostgresStore::connect(&asked).await.unwrap();
    assert_eq!(store.mode().name, "plain");
    store.close().await;
    database.remove().await;
}
