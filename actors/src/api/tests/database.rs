//! The same answers from PostgreSQL, which writes long parts of CSV itself.

use super::*;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use statechart_runtime::postgres::{PostgresOptions, PostgresStore};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn csv_is_the_same_whoever_writes_it() {
    let server = contract::service("postgres");
    let name = format!("api_{}_{}", std::process::id(), FetchId::from_random(1).as_str().len());
    let mut admin = PgConnection::connect(&server).await.unwrap();
    let make = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut admin).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await.unwrap();
    let at = server.rfind('/').unwrap();
    let url = format!("{}/{name}", &server[..at]);
    let store = PostgresStore::connect(&PostgresOptions::new(url)).await.unwrap();

    let embedded = front(Mood::Plan).await;
    let database = front_on(Mood::Plan, Arc::new(store.clone()), tempfile::tempdir().unwrap()).await;
    for front in [&embedded, &database] {
        many_trades(&front.store).await;
    }
    let (embedded, database) = (router(Arc::new(embedded)), router(Arc::new(database)));
    // symbol, interval, range, more lines than
    for (symbol, interval, range, least) in [
        ("SOLUSD", "1m", "from=earliest", 2_000),
        ("SOLUSD", "5m", "from=earliest", 400),
        ("ETHUSD", "1m", "from=earliest&to=2018-01-01", 2_500),
        ("ETHUSD", "5m", "from=earliest&to=2018-01-01", 500),
        ("BTCUSD", "1m", "from=2017-12-31T23:00:00Z", 200),
    ] {
        for order in ["asc", "desc"] {
            let uri =
                format!("/v1/candles?symbol={symbol}&interval={interval}&format=csv&order={order}&{range}");
            let (left, right) = (get(&embedded, &uri).await, get(&database, &uri).await);
            assert_eq!(
                (left.status, right.status),
                (StatusCode::OK, StatusCode::OK),
                "{uri}: {}",
                right.text
            );
            assert!(left.text.lines().count() > least, "{symbol} {interval}: {}", left.text.lines().count());
            assert!(left.text == right.text, "{symbol} {interval} {order} differs");
        }
    }
    store.close().await;
    sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)")))
        .execute(&mut admin)
        .await
        .unwrap();
}

/// SOLUSD: 2,500 minutes of trades up to now, the last of them open.
async fn many_trades(store: &Arc<dyn Store>) {
    let listed_us = Some(START_US - 2_320 * MINUTE_US);
    let new = NewInstrument { listed_us, ..NewInstrument::pair("SOL", "USD") };
    let one = store.ensure_instrument(&new).await.unwrap().id;
    let mut batch = Batch::default();
    for minute in -2_320..=180 {
        let trade = Trade { symbol: "SOLUSD".into(), ..trade(minute, minute + 10_000) };
        batch.trades.push(Placed { offset: 0, instrument: one, item: trade });
    }
    let range = TimeRange { from_us: START_US - 2_320 * MINUTE_US, to_us: NOW_US };
    mark(&mut batch, one, Source::Trades, range, CoverageState::Covered);
    store.ingest(batch).await.unwrap();
}
