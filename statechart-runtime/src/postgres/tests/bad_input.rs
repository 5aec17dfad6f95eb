//! Addresses and databases that cannot serve: one sentence, what was tried, why, and what to do.

use super::*;

async fn refused(options: PostgresOptions) -> String {
    let error = PostgresStore::connect(&options).await.unwrap_err();
    assert!(matches!(error, StoreError::Unusable { .. }), "{error:?}");
    assert!(!error.is_transient());
    let text = error.to_string();
    assert!(!text.contains('\n') && !text.contains("secret"), "{text}");
    text
}

#[tokio::test]
async fn what_cannot_be_used_is_said_in_a_sentence() {
    let database = Database::new().await;
    let missing = with_database(&database.url, "no_such_database");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (url, words) in [
        ("mysql://me:secret@h/d".to_owned(), vec!["does not begin with postgres://"]),
        (
            format!("postgres://me:secret@127.0.0.1:{closed}/market"),
            vec!["nothing answers at 127.0.0.1", "start the server"],
        ),
        (missing, vec!["there is no database no_such_database", "createdb"]),
        (contract::service("redis").replacen("redis://", "postgres://me@", 1), vec!["cannot be used"]),
    ] {
        let text = refused(PostgresOptions::new(url)).await;
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
    let asked =
        PostgresOptions { mode: ModeChoice::Only(Mode::Timescale), ..PostgresOptions::new(&database.url) };
    let text = refused(asked).await;
    assert!(
        text.contains("no extension timescaledb") && text.contains("run `CREATE EXTENSION timescaledb`"),
        "{text}"
    );
    let keep = PostgresOptions {
        keep_trades: Some(Duration::from_secs(86_400)),
        ..PostgresOptions::new(&database.url)
    };
    let text = refused(keep).await;
    assert!(text.contains("need TimescaleDB"), "{text}");
    database.remove().await;
}

#[tokio::test]
async fn a_wrong_password_and_a_user_without_rights() {
    let database = Database::new().await;
    let user = unique();
    database.run(&format!("CREATE ROLE {user} LOGIN PASSWORD 'right-secret'")).await;
    let at = database.url.rfind('@').unwrap();
    let with = |password: &str| format!("postgres://{user}:{password}{}", &database.url[at..]);
    // A server that trusts everybody (as a developer's own may) cannot refuse a password.
    if let Err(error) = PgConnection::connect(&with("wrong-secret")).await {
        assert!(error.to_string().contains("password"), "{error}");
        let text = refused(PostgresOptions::new(with("wrong-secret"))).await;
        assert!(text.contains("the password of") && text.contains("correct the password"), "{text}");
    }
    let text = refused(PostgresOptions::new(with("right-secret"))).await;
    assert!(text.contains("grant CREATE on the schema"), "{text}");
    database.run(&format!("DROP ROLE {user}")).await;
    database.remove().await;
}

#[tokio::test]
async fn somebody_elses_tables_are_left_alone() {
    let database = Database::new().await;
    database.run("CREATE TABLE trade (id int); INSERT INTO trade VALUES (7)").await;
    let text = refused(PostgresOptions::new(&database.url)).await;
    assert!(text.contains("has a table public.trade that this platform has not made"), "{text}");
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_class WHERE relname = 'instrument'")
        .fetch_one(&mut database.admin().await)
        .await
        .unwrap();
    assert_eq!(count, 0, "nothing was made beside them");
    // A schema of its own is the way out.
    database.run("CREATE SCHEMA market").await;
    let separator = if database.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{separator}options[search_path]=market", database.url);
    let store = PostgresStore::connect(&PostgresOptions::new(url)).await.unwrap();
    instrument(&store, "BTCUSD").await;
    store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn migrations_complete_what_was_interrupted_and_refuse_what_is_newer() {
    let database = Database::new().await;
    database.store().await.close().await;
    // As if it had stopped between the two.
    database
        .run(
            "DROP TABLE trade_candle_1m, trade_candle_5m, trade_candle_15m, trade_candle_1h, trade_candle_4h,
             trade_candle_1d; DELETE FROM statechart_migrations WHERE version > 1000",
        )
        .await;
    let store = database.store().await;
    let one = instrument(&store, "BTCUSD").await;
    store.ingest(batch(&one, 0, 100)).await.unwrap();
    assert_candles(&store, &one, 100).await;
    store.close().await;
    // Two at once on an empty database.
    let other = Database::new().await;
    let (left, right) = tokio::join!(other.store(), other.store());
    left.close().await;
    right.close().await;
    other.remove().await;

    database.run("INSERT INTO statechart_migrations VALUES (1999, 'later', now(), true, 'x', 0)").await;
    let error = PostgresStore::connect(&PostgresOptions::new(&database.url)).await.unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 1999, .. }), "{error}");
    database.run("DELETE FROM statechart_migrations WHERE version = 1999").await;
    database.run("UPDATE statechart_migrations SET checksum = 'x' WHERE version = 1").await;
    let text = refused(PostgresOptions::new(&database.url)).await;
    assert!(text.contains("migration 1 is not the one of this build"), "{text}");
    database.remove().await;
}
