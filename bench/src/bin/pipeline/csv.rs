//! A million stored candles as CSV over HTTP, from a real process, beside `psql`'s `\copy` of the same columns.

use std::{
    net::TcpListener,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use statechart_runtime::{market::NewInstrument, ports::Store};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    Outcome, ROUNDS, compare,
    database::{Database, execute},
    setup::{Process, Setup},
    trades::START_US,
};

const CANDLES: i64 = 1_000_000;
/// How long the API may take until it answers.
const START_WITHIN: Duration = Duration::from_secs(30);

pub(crate) async fn measure(setup: &Setup) -> Outcome<()> {
    let database = Database::new(setup.get("postgres")?, "csv").await?;
    let one = database.store.ensure_instrument(&NewInstrument::pair("BTC", "USD")).await?;
    let (start, end) = (START_US / 1_000_000, START_US / 1_000_000 + CANDLES * 60);
    let mut admin = database.admin().await?;
    execute(
        &mut admin,
        format!(
            "INSERT INTO trade_candle_1m SELECT {id}, to_timestamp({start} + n * 60), 13715.65, 13720.1, 13700 + n % 7,
                 13716.5, 1.5 + n * 0.00000001, 20573.475 + n * 0.01, 3, '\\x01', '\\x02'
             FROM generate_series(0, {CANDLES} - 1) n;
             INSERT INTO coverage VALUES ({id}, 1, to_timestamp({start}), to_timestamp({end}), 1, NULL)",
            id = one.id.0
        ),
    )
    .await?;
    execute(&mut admin, "VACUUM ANALYZE trade_candle_1m".to_owned()).await?;
    drop(admin);

    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut api = setup.start("api", &database.url, &["--listen", &format!("127.0.0.1:{port}")])?;
    ready(&mut api, port).await?;
    let path = format!(
        "/v1/candles?symbol=BTCUSD&interval=1m&from={}&to={}&format=csv&wait=0s",
        start * 1_000,
        end * 1_000
    );
    let query = format!(
        "\\copy (SELECT (extract(epoch FROM bucket) * 1000)::int8, open, high, low, close, volume, quote_volume, trades, \
         'true', 'trades' FROM trade_candle_1m WHERE instrument_id = {} ORDER BY bucket) to stdout csv",
        one.id.0
    );
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let (status, lines) = get(port, &path).await?;
        let ours = begun.elapsed().as_secs_f64();
        if status != 200 || lines != CANDLES + 1 {
            return Err(format!(
                "the API answered {status} with {lines} lines instead of {CANDLES} and a head"
            )
            .into());
        }
        let begun = Instant::now();
        let psql =
            Command::new("psql").args([&database.url, "-qc", &query]).stdout(Stdio::null()).status()?;
        let theirs = begun.elapsed().as_secs_f64();
        if !psql.success() {
            return Err("psql failed".into());
        }
        eprintln!(
            "{CANDLES} candles as CSV: {ours:.2} s over HTTP, psql {theirs:.2} s: {:.2}",
            theirs / ours
        );
        rounds.push((CANDLES as f64 / ours, CANDLES as f64 / theirs));
    }
    compare("psql \\copy", "candles as CSV", &rounds);
    drop(api);
    database.remove().await
}

async fn ready(api: &mut Process, port: u16) -> Outcome<()> {
    let begun = Instant::now();
    while begun.elapsed() < START_WITHIN {
        api.check()?;
        if matches!(get(port, "/healthz").await, Ok((200, _))) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(format!("the API does not answer within {START_WITHIN:?}").into())
}

/// The status and the lines of an answer. HTTP/1.0: it ends with the connection and comes as it is.
async fn get(port: u16, path: &str) -> Outcome<(u16, i64)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").as_bytes()).await?;
    let mut head = Vec::new();
    let (mut lines, mut in_body) = (0, false);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = stream.read(&mut buffer).await?;
        let mut part = buffer.get(..read).unwrap_or_default();
        if part.is_empty() {
            break;
        }
        if !in_body {
            head.extend_from_slice(part);
            let Some(at) = head.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let body = head.split_off(at + 4);
            lines += count(&body);
            in_body = true;
            part = &[];
        }
        lines += count(part);
    }
    let status = String::from_utf8_lossy(&head);
    let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.ok_or("the API answered without a status")?, lines))
}

fn count(part: &[u8]) -> i64 {
    part.iter().filter(|byte| **byte == b'\n').count() as i64
}
