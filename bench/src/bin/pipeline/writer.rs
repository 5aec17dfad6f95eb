//! Trades that are in memory into the database: the store's way, and cryptofeed's own PostgreSQL writer with its own table.
//! Ours keeps every trade once by its key, and candles of six widths and the position beside them; cryptofeed's keeps rows.

use std::{process::Command, time::Instant};

use sqlx::Connection;
use statechart_runtime::{
    market::NewInstrument,
    ports::{Batch, Placed, Position, PositionKey, Store},
};

use crate::{
    Outcome, compare,
    database::{Database, stamp},
    setup::Setup,
    trades,
};

/// Trades of a round, and of a batch of either writer.
const TRADES: i64 = 60_000;
const BATCH: i64 = 10_000;
/// Fewer than elsewhere: the other side is slow, and the gap is wide.
const ROUNDS: usize = 3;
/// Feeds the same trades to `TradePostgres`.
const SCRIPT: &str = "bench/pipeline/cryptofeed_writer.py";

pub(crate) async fn measure(setup: &Setup) -> Outcome<()> {
    let database = Database::new(setup.get("postgres")?, "writer").await?;
    let mut admin = sqlx::PgConnection::connect(&database.url).await?;
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let ours = ours(&database, round).await?;
        let mut python = Command::new(setup.get("python")?);
        let output =
            python.args([SCRIPT, &database.url, &TRADES.to_string(), &BATCH.to_string()]).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("cryptofeed's writer failed: {}", said.lines().last().unwrap_or("")).into());
        }
        let seconds: f64 = String::from_utf8_lossy(&output.stdout).trim().parse()?;
        let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM trades").fetch_one(&mut admin).await?;
        if stored != TRADES {
            return Err(format!("cryptofeed's writer has stored {stored} of {TRADES} trades").into());
        }
        let theirs = TRADES as f64 / seconds;
        eprintln!("into PostgreSQL: {ours:.0} trades/s, cryptofeed {theirs:.0}: {:.2}", ours / theirs);
        rounds.push((ours, theirs));
    }
    compare("cryptofeed", "trades into PostgreSQL", &rounds);
    drop(admin);
    database.remove().await
}

async fn ours(database: &Database, round: usize) -> Outcome<f64> {
    let symbol = format!("B{}R{round}", stamp()?);
    let new = NewInstrument { symbol: symbol.clone(), ..NewInstrument::pair("BTC", "USD") };
    let one = database.store.ensure_instrument(&new).await?;
    let key = PositionKey { group: symbol.clone(), topic: "bench".into(), incarnation: 1, partition: 0 };
    let batches: Vec<Batch> = (0..TRADES / BATCH)
        .map(|n| {
            let (from, to) = (n * BATCH, (n + 1) * BATCH);
            let place = |n| Placed { offset: n, instrument: one.id, item: trades::trade(&symbol, n) };
            Batch {
                position: Some(Position { key: key.clone(), expected: from, next: to }),
                trades: (from..to).map(place).collect(),
                ..Batch::default()
            }
        })
        .collect();
    let start = Instant::now();
    let mut inserted = 0;
    for batch in batches {
        inserted += database.store.ingest(batch).await?.inserted;
    }
    let seconds = start.elapsed().as_secs_f64();
    if i64::try_from(inserted)? != TRADES {
        return Err(format!("{inserted} of {TRADES} trades were new").into());
    }
    Ok(TRADES as f64 / seconds)
}
