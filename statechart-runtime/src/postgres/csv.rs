//! Candles as CSV, written by the database itself and passed through.

use super::connect::Inner;
use super::error::failed;
use super::maintain::literal;
use super::mode::Mode;
use super::reads::candles_sql;
use crate::market::{InstrumentId, Read, TimeRange};
use crate::ports::{CsvPart, StoreError};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Chunks that wait for the reader.
const CHUNKS: usize = 4;
/// Bytes of a chunk; the database sends line by line.
const CHUNK_BYTES: usize = 64 * 1024;
/// A reader that takes nothing for this long is given up: it holds a connection.
const MAX_STALL: Duration = Duration::from_secs(60);
/// A whole answer takes as long as its reader, within reason.
const SETUP: &str = "BEGIN READ ONLY; SET LOCAL statement_timeout = '30min'";

type Lines = BoxStream<'static, Result<Bytes, StoreError>>;

/// The lines of a part; `None` when it is no plain scan, or when all connections for streams are in use.
pub(super) async fn csv(
    inner: &Arc<Inner>,
    instrument: InstrumentId,
    part: &CsvPart,
) -> Result<Option<Lines>, StoreError> {
    let Some(query) = sql(inner.mode, instrument, part) else { return Ok(None) };
    let io = |e| failed("reading candles as CSV", e);
    let busy = inner.stream.size() as usize >= inner.stream.options().get_max_connections() as usize;
    let connection = match inner.stream.try_acquire() {
        Some(connection) => connection,
        None if busy => return Ok(None),
        None => inner.stream.acquire().await.map_err(io)?,
    };
    let (send, receive) = mpsc::channel(CHUNKS);
    tokio::spawn(async move {
        let mut connection = connection;
        let failure = match copy(&mut connection, &query, &send).await {
            Ok(true) => return,
            Ok(false) => None,
            Err(error) => Some(io(error)),
        };
        // In the middle of a COPY: nobody else may use it.
        connection.close_on_drop();
        if let Some(error) = failure {
            // The reader may have gone.
            let _ = send.send(Err(error)).await;
        }
    });
    Ok(Some(
        stream::unfold(receive, |mut receive| async { receive.recv().await.map(|one| (one, receive)) })
            .boxed(),
    ))
}

/// Copies everything; false when the reader has gone.
async fn copy(
    connection: &mut sqlx::PgConnection,
    query: &str,
    send: &mpsc::Sender<Result<Bytes, StoreError>>,
) -> Result<bool, sqlx::Error> {
    sqlx::raw_sql(SETUP).execute(&mut *connection).await?;
    let mut lines = connection.copy_out_raw(query).await?;
    let mut chunk = BytesMut::with_capacity(CHUNK_BYTES + 1024);
    let pass = async |chunk: Bytes| {
        matches!(tokio::time::timeout(MAX_STALL, send.send(Ok(chunk))).await, Ok(Ok(())))
    };
    while let Some(line) = lines.next().await {
        chunk.extend_from_slice(&line?);
        if chunk.len() >= CHUNK_BYTES {
            let full = std::mem::replace(&mut chunk, BytesMut::with_capacity(CHUNK_BYTES + 1024));
            if !pass(full.freeze()).await {
                return Ok(false);
            }
        }
    }
    drop(lines);
    sqlx::raw_sql("COMMIT").execute(connection).await?;
    Ok(chunk.is_empty() || pass(chunk.freeze()).await)
}

/// COPY takes no parameters: only numbers of ours are written into the text.
fn sql(mode: Mode, instrument: InstrumentId, part: &CsvPart) -> Option<String> {
    let CsvPart { read, interval, range } = part;
    let bounds = TimeRange { from_us: interval.ceil_us(range.from_us), to_us: interval.ceil_us(range.to_us) };
    // Sums of the aggregates keep the widest scale they met.
    let trim = |column: &str| match mode {
        Mode::Plain => column.to_owned(),
        Mode::Timescale => format!("trim_scale({column})"),
    };
    let (columns, source) = match read {
        Read::Trades => {
            let dirty_to = literal(bounds.to_us.saturating_add(interval.width_us()));
            let rows = candles_sql(mode, *interval)
                .replace("$1", &instrument.0.to_string())
                .replace("$2", &literal(bounds.from_us))
                .replace("$3", &literal(bounds.to_us))
                .replace("$4", &dirty_to);
            (format!("{}, {}, trades, 'true', 'trades'", trim("volume"), trim("quote_volume")), rows)
        }
        Read::Rest(res) if res.interval() == *interval => {
            let rows = format!(
                "SELECT * FROM rest_candle WHERE instrument_id = {} AND res = {} AND bucket >= {} AND bucket < {}",
                instrument.0,
                res.seconds(),
                literal(bounds.from_us),
                literal(bounds.to_us)
            );
            ("volume, quote_volume, NULL, 'true', 'rest'".to_owned(), rows)
        }
        Read::Rest(_) | Read::Minutes(_) => return None,
    };
    Some(format!(
        "COPY (SELECT (extract(epoch FROM bucket) * 1000)::int8, open, high, low, close, {columns}
               FROM ({source}) c ORDER BY bucket) TO STDOUT (FORMAT csv)"
    ))
}
