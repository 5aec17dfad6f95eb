//! Continuous aggregates against TimescaleDB. It serves one session: these tests take turns.

use super::*;
use tokio::sync::Mutex;

static TURN: Mutex<()> = Mutex::const_new(());

async fn open() -> PostgresStore {
    PostgresStore::connect(&PostgresOptions::new(contract::service("timescaledb"))).await.unwrap()
}

/// A prefix for symbols that no other run has used.
fn prefix() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    format!("T{}", now % 10_000_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds_with_aggregates() {
    let _turn = TURN.lock().await;
    let store = open().await;
    assert_eq!(store.mode().name, "timescale", "{}", store.mode().why);
    let prefix = prefix();
    contract::store(&store, &prefix).await;
    csv_equals_rows(&store, &format!("{prefix}CSV")).await;
    store.close().await;
}

/// Candles stay right while the line moves: before, behind and across it, and after the refresh.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_trades_are_seen_before_and_after_a_refresh() {
    let _turn = TURN.lock().await;
    let store = open().await;
    let symbol = format!("{}LATE", prefix());
    let one = instrument(&store, &symbol).await;
    // Three hours and twenty minutes in all, a trade every few seconds.
    let all: Vec<Trade> = (0..36_000).step_by(12).map(|n| trade(&symbol, n)).collect();
    let write = async |trades: &[Trade], step: usize| {
        let place = |one_trade: &Trade| Placed { offset: 0, instrument: one.id, item: one_trade.clone() };
        let trades = trades.iter().step_by(step).map(place).collect();
        store.ingest(Batch { trades, ..Batch::default() }).await.unwrap()
    };
    let check = async |trades: &[Trade]| {
        for interval in Interval::ALL {
            let expected: Vec<_> = fold_trades(interval, trades).unwrap().into_values().collect();
            let read = store.trade_candles(one.id, interval, ALL_TIME, 100_000).await.unwrap();
            assert_eq!(read, expected, "{interval}");
        }
    };
    // Every third trade of the first part, materialized as far as it goes.
    let first_part = &all[..2_500];
    write(first_part, 3).await;
    let first = store.maintain().await.unwrap();
    assert!(first.until_us.is_some_and(|until_us| until_us >= START_US + 2 * 3_600_000_000), "{first:?}");
    // Now the others: almost all of their minutes are behind the line.
    let done = write(first_part, 1).await;
    assert_eq!((done.inserted, done.duplicates), (1_666, 834));
    check(first_part).await;
    for touched in done.touched.iter().step_by(17) {
        let bucket = touched.interval.bucket(touched.candle.bucket_us);
        let read = store.trade_candles(one.id, touched.interval, bucket, 10).await.unwrap();
        assert_eq!(read.as_slice(), std::slice::from_ref(&touched.candle));
    }
    csv_of(&store, &one).await;
    let second = store.maintain().await.unwrap();
    assert!(second.cleaned >= 120, "{second:?}");
    check(first_part).await;
    csv_of(&store, &one).await;
    // With nothing dirty the aggregates alone answer, and a further run finds nothing to clean.
    assert_eq!(store.maintain().await.unwrap().cleaned, 0);
    // On from there, ahead of the line and across it.
    write(&all[2_400..], 1).await;
    check(&all).await;
    store.close().await;
}

async fn csv_of(store: &PostgresStore, one: &Instrument) {
    use crate::{market::Read, ports::CsvPart};
    use futures_util::TryStreamExt;
    for interval in [Interval::M1, Interval::H1] {
        let part = CsvPart { read: Read::Trades, interval, range: ALL_TIME_SECONDS };
        let lines = store.csv(one.id, &part).await.unwrap().unwrap();
        let chunks: Vec<bytes::Bytes> = lines.try_collect().await.unwrap();
        let text = String::from_utf8(chunks.concat()).unwrap();
        let candles = store.trade_candles(one.id, interval, ALL_TIME, 100_000).await.unwrap();
        let volumes: Vec<_> = text.lines().map(|line| line.split(',').nth(5).unwrap().to_owned()).collect();
        assert_eq!(volumes, candles.iter().map(|c| crate::market::canonical(c.volume)).collect::<Vec<_>>());
    }
}

/// Trades are removed by the server's clock, and their candles stay, however old the newest trade is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn candles_outlive_their_trades() {
    let _turn = TURN.lock().await;
    let store = open().await;
    let symbol = format!("{}KEEP", prefix());
    let one = instrument(&store, &symbol).await;
    let write = async |from, to| {
        store.ingest(Batch { trades: placed(one.id, from, to, &symbol), ..Batch::default() }).await.unwrap()
    };
    // An hour and a half, of which the first half is materialized; all of it in 2018.
    write(0, 18_000).await;
    store.maintain().await.unwrap();
    let hour = TimeRange { from_us: START_US, to_us: START_US + 30 * 60_000_000 };
    let before = store.trade_candles(one.id, Interval::M1, hour, 100).await.unwrap();
    assert_eq!(before.len(), 30);
    // What the server's retention does after a month.
    sqlx::query("DELETE FROM trade WHERE instrument_id = $1 AND ts < to_timestamp($2)")
        .bind(one.id.0)
        .bind(hour.to_us as f64 / 1e6)
        .execute(&store.inner().write)
        .await
        .unwrap();
    // One that comes late makes its minute dirty, and the next run looks at it.
    write(17_990, 17_991).await;
    write(10, 11).await;
    let inner = with(store.inner(), Mode::Timescale, Some(Duration::from_secs(30 * 86_400)));
    super::super::maintain::maintain(&inner).await.unwrap();
    assert_eq!(store.trade_candles(one.id, Interval::M1, hour, 100).await.unwrap(), before);
    store.close().await;
}

/// Policies are set, and set again when the store is opened once more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compression_is_set_up_where_it_is_asked_for() {
    let _turn = TURN.lock().await;
    let options = PostgresOptions {
        compress_after: Some(Duration::from_secs(7 * 86_400)),
        ..PostgresOptions::new(contract::service("timescaledb"))
    };
    for _ in 0..2 {
        let store = PostgresStore::connect(&options).await.unwrap();
        let symbol = format!("{}PACK", prefix());
        let one = instrument(&store, &symbol).await;
        store.ingest(batch_of(&one)).await.unwrap();
        let jobs: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM timescaledb_information.jobs WHERE proc_name = 'policy_compression'",
        )
        .fetch_one(&store.inner().read)
        .await
        .unwrap();
        assert_eq!(jobs, 1);
        // What is compressed takes late trades and is read like the rest.
        sqlx::raw_sql("SELECT compress_chunk(c, true) FROM show_chunks('trade') c")
            .execute(&store.inner().read)
            .await
            .unwrap();
        store
            .ingest(Batch { trades: placed(one.id, 500, 1_000, &symbol), ..Batch::default() })
            .await
            .unwrap();
        assert_candles(&store, &one, 1_000).await;
        store.close().await;
    }
}

fn batch_of(one: &Instrument) -> Batch {
    Batch { trades: placed(one.id, 0, 500, &one.symbol), ..Batch::default() }
}
