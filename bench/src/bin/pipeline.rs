//! What ingest costs: batches through the store, beside one bare binary COPY of the same rows with the same keys; and
//! candles as CSV, beside `psql`'s `\copy`. Ratios of one run, for times depend on the machine.
//!
//! Usage: `pipeline NAME=URL…`, as `cargo xtask bench pipeline` calls it.

use std::{
    error::Error,
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use futures_util::StreamExt;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use statechart_runtime::{
    market::{Decimal, Interval, NewInstrument, Read, Side, TimeRange, Trade, TradeOrigin},
    ports::{Batch, CsvPart, Placed, Position, PositionKey, Store},
    postgres::{PostgresOptions, PostgresStore},
};

/// Trades of a run.
const TRADES: i64 = 300_000;
/// Trades of a batch, as consumers aim at.
const BATCH: i64 = 10_000;
/// Runs; the median of their ratios counts.
const ROUNDS: usize = 5;
/// Candles of the CSV run.
const CANDLES: i64 = 1_000_000;
/// The least part of a bare COPY's speed, on PostgreSQL with plain tables.
const INGEST_GATE: f64 = 0.7;
/// The least part of `\copy`'s speed.
const CSV_GATE: f64 = 0.5;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let mut missed = false;
    for argument in std::env::args().skip(1) {
        let result = match argument.split_once('=') {
            Some((name, url)) => measure(name, url).await,
            None => Err(format!("`{argument}` is not NAME=URL").into()),
        };
        match result {
            Ok(passed) => missed |= !passed,
            Err(error) => {
                eprintln!("error: {error}");
                missed = true;
            }
        }
    }
    ExitCode::from(u8::from(missed))
}

async fn measure(name: &str, url: &str) -> Outcome<bool> {
    let store = PostgresStore::connect(&PostgresOptions::new(url)).await?;
    let is_plain = store.mode().name == "plain";
    let mut admin = PgConnection::connect(url).await?;
    let mut ratios = [0.0; ROUNDS];
    for (round, ratio) in ratios.iter_mut().enumerate() {
        let (ingest, bare) = ingest(&store, &mut admin, round).await?;
        println!(
            "{name} ({}): {:.0} trades/s through the store, {:.0} rows/s by a bare COPY: {:.2}",
            store.mode().name,
            ingest,
            bare,
            ingest / bare
        );
        *ratio = ingest / bare;
    }
    let mut passed = true;
    if is_plain {
        passed &= gate(name, "ingest", median(ratios), INGEST_GATE);
        let ratio = csv(&store, &mut admin, url).await?;
        passed &= gate(name, "CSV", ratio, CSV_GATE);
    }
    store.close().await;
    Ok(passed)
}

fn gate(name: &str, what: &str, ratio: f64, least: f64) -> bool {
    let passed = ratio >= least;
    println!("{name}: {what} {ratio:.2}, gate {least}: {}", if passed { "passed" } else { "MISSED" });
    passed
}

/// Trades a second through the store, and rows a second by a bare COPY of what came of them.
async fn ingest(store: &PostgresStore, admin: &mut PgConnection, round: usize) -> Outcome<(f64, f64)> {
    let stamp = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
    let symbol = format!("B{stamp}R{round}");
    let new = NewInstrument { symbol: symbol.clone(), ..NewInstrument::pair("BTC", "USD") };
    let one = store.ensure_instrument(&new).await?;
    let key = PositionKey { group: symbol.clone(), topic: "bench".into(), incarnation: 1, partition: 0 };
    let batches: Vec<Batch> = (0..TRADES / BATCH)
        .map(|n| {
            let (from, to) = (n * BATCH, (n + 1) * BATCH);
            Batch {
                position: Some(Position { key: key.clone(), expected: from, next: to }),
                trades: (from..to)
                    .map(|n| Placed { offset: n, instrument: one.id, item: trade(&symbol, n) })
                    .collect(),
                ..Batch::default()
            }
        })
        .collect();
    let start = Instant::now();
    for batch in batches {
        store.ingest(batch).await?;
    }
    let through = TRADES as f64 / start.elapsed().as_secs_f64();

    // The same rows in the form that COPY reads, as the database itself writes them.
    let mut data: Vec<u8> = Vec::new();
    let sql = format!(
        "COPY (SELECT * FROM trade WHERE instrument_id = {} ORDER BY ts, ord) TO STDOUT (FORMAT binary)",
        one.id.0
    );
    let mut rows = admin.copy_out_raw(&sql).await?;
    while let Some(chunk) = rows.next().await {
        data.extend_from_slice(&chunk?);
    }
    drop(rows);
    let sql = "DROP TABLE IF EXISTS bench_bare; CREATE TABLE bench_bare (LIKE trade INCLUDING ALL)";
    sqlx::raw_sql(sql).execute(&mut *admin).await?;
    let start = Instant::now();
    let mut copy = admin.copy_in_raw("COPY bench_bare FROM STDIN (FORMAT binary)").await?;
    for chunk in data.chunks(1 << 20) {
        copy.send(chunk).await?;
    }
    let copied = copy.finish().await?;
    let bare = copied as f64 / start.elapsed().as_secs_f64();
    sqlx::raw_sql("DROP TABLE bench_bare").execute(&mut *admin).await?;
    if copied != TRADES as u64 {
        return Err(format!("{copied} rows were stored instead of {TRADES}").into());
    }
    Ok((through, bare))
}

/// A few trades a second, as on a busy market.
fn trade(symbol: &str, n: i64) -> Trade {
    Trade {
        symbol: symbol.to_owned(),
        time_us: 1_514_764_800_000_000 + n * 123_457,
        id: n.to_string(),
        price: Decimal::new(1_371_565 + n * 7_919 % 9_973, 2).normalize(),
        size: Decimal::new(1 + n * 104_729 % 99_991, 8).normalize(),
        side: if n % 2 == 0 { Side::Buy } else { Side::Sell },
        received_us: 0,
        origin: TradeOrigin::Socket,
    }
}

/// The speed of a million stored candles as CSV through the store, as a part of `psql`'s.
async fn csv(store: &PostgresStore, admin: &mut PgConnection, url: &str) -> Outcome<f64> {
    let one = store.ensure_instrument(&NewInstrument::pair("BENCHCSV", "USD")).await?;
    let sql = format!(
        "INSERT INTO trade_candle_1m SELECT {}, to_timestamp(1514764800 + n * 60), 13715.65, 13720.1, 13700 + n % 7,
             13716.5, 1.5 + n * 0.00000001, 20573.475 + n * 0.01, 3, '\\x01', '\\x02'
         FROM generate_series(0, {}) n ON CONFLICT DO NOTHING",
        one.id.0,
        CANDLES - 1
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *admin).await?;
    sqlx::raw_sql("VACUUM ANALYZE trade_candle_1m").execute(&mut *admin).await?;
    let range = TimeRange { from_us: 0, to_us: 4_000_000_000_000_000 };
    let part = CsvPart { read: Read::Trades, interval: Interval::M1, range };
    let query = format!(
        "\\copy (SELECT extract(epoch FROM bucket)::int8 * 1000, open, high, low, close, volume, quote_volume, trades
         FROM trade_candle_1m WHERE instrument_id = {} ORDER BY bucket) to stdout csv",
        one.id.0
    )
    .replace('\n', " ");
    let mut ratios = [0.0; ROUNDS];
    for ratio in &mut ratios {
        let start = Instant::now();
        let mut lines = store.csv(one.id, &part).await?.ok_or("no connection for a stream")?;
        let mut bytes = 0;
        while let Some(chunk) = lines.next().await {
            bytes += chunk?.len();
        }
        let ours = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let status = Command::new("psql").args([url, "-qc", &query]).stdout(Stdio::null()).status()?;
        let theirs = start.elapsed().as_secs_f64();
        if !status.success() {
            return Err("psql failed".into());
        }
        println!(
            "{CANDLES} candles as CSV: {ours:.2} s ({bytes} bytes), psql {theirs:.2} s: {:.2}",
            theirs / ours
        );
        *ratio = theirs / ours;
    }
    Ok(median(ratios))
}

fn median(mut ratios: [f64; ROUNDS]) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios[ROUNDS / 2]
}
