//! Continuous aggregates against TimescaleDB. It serves one session: these tests take turns.

use super::super::number::Ts;
use super::*;
use tokio::sync::Mutex;

static TURN: Mutex<()> = Mutex::const_new(());

/// Without what another test may have left: retention is for the whole table.
async fn open() -> PostgresStore {
    let store =
        PostgresStore::connect(&PostgresOptions::new(contract::service("timescaledb"))).await.unwrap();
    let forget = "UPDATE refreshed SET keep = NULL, kept = '-infinity'";
    sqlx::raw_sql(forget).execute(&store.inner().write).await.unwrap();
    store
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

/// Trades are removed by the server's clock, but never before their candles are materialized, which stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn candles_outlive_their_trades() {
    let _turn = TURN.lock().await;
    let options = PostgresOptions {
        keep_trades: Some(Duration::from_secs(30 * 86_400)),
        ..PostgresOptions::new(contract::service("timescaledb"))
    };
    // Twice: what is set up is set up again.
    PostgresStore::connect(&options).await.unwrap().close().await;
    let store = PostgresStore::connect(&options).await.unwrap();
    let symbol = format!("{}KEEP", prefix());
    let one = instrument(&store, &symbol).await;
    let start_us = behind_everything(&store).await;
    let later = |n: i64| Placed {
        offset: 0,
        instrument: one.id,
        item: Trade { time_us: start_us + n * 60_000_000, ..trade(&symbol, n) },
    };
    let write = async |store: &PostgresStore, from: i64, to: i64| {
        let trades = (from..to).map(later).collect();
        store.ingest(Batch { trades, ..Batch::default() }).await.unwrap()
    };
    let left = async |store: &PostgresStore| -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM trade WHERE instrument_id = $1")
            .bind(one.id.0)
            .fetch_one(&store.inner().read)
            .await
            .unwrap()
    };
    // A trade a minute, for a day and a half, all of it older than is kept.
    let day = 1_440;
    write(&store, 0, day - 2).await;
    store.maintain().await.unwrap();
    assert_eq!(left(&store).await, day - 2, "the day is not over, so its candle is not whole");
    write(&store, day - 2, day + day / 2).await;
    let first_day = TimeRange { from_us: start_us, to_us: start_us + Interval::D1.width_us() };
    let mut before = Vec::new();
    for interval in Interval::ALL {
        before.push((interval, store.trade_candles(one.id, interval, first_day, 2_000).await.unwrap()));
    }
    assert_eq!(before.iter().map(|(_, all)| all.len()).collect::<Vec<_>>(), [1_440, 288, 96, 24, 6, 1]);
    store.maintain().await.unwrap();
    assert_eq!(left(&store).await, day / 2, "the first day is removed, and nothing else");
    store.close().await;

    // Trades that come late make their minutes dirty, and runs look at them: one in a process that was not told how long
    // trades are kept, and one after nothing is removed any more.
    let store = PostgresStore::connect(&PostgresOptions::new(&options.url)).await.unwrap();
    for change in ["SELECT 1", "UPDATE refreshed SET keep = NULL"] {
        for (interval, expected) in &before {
            let read = store.trade_candles(one.id, *interval, first_day, 2_000).await.unwrap();
            assert_eq!(&read, expected, "{interval} before {change}");
        }
        sqlx::raw_sql(change).execute(&store.inner().write).await.unwrap();
        write(&store, 10, 11).await;
        store.maintain().await.unwrap();
        for (interval, expected) in &before {
            let read = store.trade_candles(one.id, *interval, first_day, 2_000).await.unwrap();
            assert_eq!(&read, expected, "{interval} after {change}");
        }
    }
    store.close().await;
    // For whoever comes next.
    open().await.close().await;
}

/// The start of a day behind all that is stored and refreshed.
async fn behind_everything(store: &PostgresStore) -> i64 {
    let Ts(line_us) = sqlx::query_scalar(
        "SELECT greatest((SELECT until FROM refreshed), (SELECT max(ts) FROM trade), to_timestamp(1514764800))",
    )
    .fetch_one(&store.inner().read)
    .await
    .unwrap();
    Interval::D1.ceil_us(line_us) + Interval::D1.width_us()
}

/// A run that ended between moving the line and refreshing is made up for: no candle is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_cut_short_is_made_up_for() {
    let _turn = TURN.lock().await;
    let store = open().await;
    let symbol = format!("{}CUT", prefix());
    let one = instrument(&store, &symbol).await;
    // Ahead of everything that other tests have written.
    let start_us = behind_everything(&store).await;
    let later = |n: i64| {
        let one = trade(&symbol, n);
        Trade { time_us: one.time_us - START_US + start_us, ..one }
    };
    // Two days and seven hours, a trade every twenty seconds, in three parts.
    let all: Vec<Trade> = (0..10_000).map(|n| later(n * 60)).collect();
    let write = async |trades: &[Trade]| {
        let place = |item: &Trade| Placed { offset: 0, instrument: one.id, item: item.clone() };
        let trades = trades.iter().map(place).collect();
        store.ingest(Batch { trades, ..Batch::default() }).await.unwrap()
    };
    write(&all[..3_000]).await;
    store.maintain().await.unwrap();
    write(&all[3_000..6_000]).await;
    // The line is moved, and nothing else done.
    let cut_us = Interval::M1.floor_us(all[5_900].time_us);
    sqlx::query("UPDATE refreshed SET until = $1")
        .bind(Ts(cut_us))
        .execute(&store.inner().write)
        .await
        .unwrap();
    write(&all[6_000..]).await;
    for run in ["before", "after", "after another"] {
        for interval in Interval::ALL {
            let expected: Vec<_> = fold_trades(interval, &all).unwrap().into_values().collect();
            let read = store.trade_candles(one.id, interval, ALL_TIME, 100_000).await.unwrap();
            assert_eq!(read.len(), expected.len(), "{interval} {run} the next run");
            assert_eq!(read, expected, "{interval} {run} the next run");
        }
        store.maintain().await.unwrap();
    }
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
    open().await.close().await;
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
