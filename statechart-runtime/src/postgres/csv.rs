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
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
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
const DOING: &str = "reading candles as CSV";

type Lines = BoxStream<'static, Result<Bytes, StoreError>>;

/// The lines of a part; `None` when it is no plain scan, or when all connections for streams are in use.
pub(super) async fn csv(
    inner: &Arc<Inner>,
    instrument: InstrumentId,
    part: &CsvPart,
) -> Result<Option<Lines>, StoreError> {
    let Some(query) = sql(inner.mode, instrument, part) else { return Ok(None) };
    let io = |e| failed(DOING, e);
    let busy = inner.stream.size() as usize >= inner.stream.options().get_max_connections() as usize;
    let connection = match inner.stream.try_acquire() {
        Some(connection) => connection,
        None if busy => return Ok(None),
        None => inner.stream.acquire().await.map_err(io)?,
    };
    Ok(Some(lines(connection, query, MAX_STALL)))
}

/// What the query copies out, read by a task of its own.
pub(super) fn lines(connection: PoolConnection<Postgres>, query: String, stall: Duration) -> Lines {
    let (send, receive) = mpsc::channel(CHUNKS);
    tokio::spawn(async move {
        let mut connection = connection;
        let Err(end) = copy(&mut connection, &query, &send, stall).await else { return };
        // In the middle of a COPY: nobody else may use it. It goes before the error is told, since a reader that has
        // stalled may take that late or never.
        connection.close_on_drop();
        drop(connection);
        let error = match end {
            End::Gone => return,
            End::Stalled => StoreError::Io {
                doing: DOING,
                transient: true,
                source: format!("nothing was taken for {stall:?}; read faster, or ask for less at a time")
                    .into(),
            },
            End::Failed(error) => failed(DOING, error),
        };
        // The reader may have gone meanwhile.
        let _ = send.send(Err(error)).await;
    });
    stream::unfold(receive, |mut receive| async { receive.recv().await.map(|one| (one, receive)) }).boxed()
}

/// Why not everything was copied.
enum End {
    /// There is no reader any more.
    Gone,
    /// The reader takes nothing.
    Stalled,
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for End {
    fn from(error: sqlx::Error) -> Self {
        End::Failed(error)
    }
}

async fn copy(
    connection: &mut sqlx::PgConnection,
    query: &str,
    send: &mpsc::Sender<Result<Bytes, StoreError>>,
    stall: Duration,
) -> Result<(), End> {
    sqlx::raw_sql(SETUP).execute(&mut *connection).await?;
    let mut lines = connection.copy_out_raw(query).await?;
    let mut chunk = BytesMut::with_capacity(CHUNK_BYTES + 1024);
    let pass = async |chunk: Bytes| match tokio::time::timeout(stall, send.send(Ok(chunk))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Stalled),
    };
    while let Some(line) = lines.next().await {
        chunk.extend_from_slice(&line?);
        if chunk.len() >= CHUNK_BYTES {
            let full = std::mem::replace(&mut chunk, BytesMut::with_capacity(CHUNK_BYTES + 1024));
            pass(full.freeze()).await?;
        }
    }
    drop(lines);
    sqlx::raw_sql("COMMIT").execute(connection).await?;
    if chunk.is_empty() { Ok(()) } else { pass(chunk.freeze()).await }
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
