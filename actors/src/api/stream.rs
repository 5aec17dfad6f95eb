//! Any number of candles as lines: read, written and sent chunk by chunk, no faster than the caller reads.

use super::{
    format::Format,
    guard::MAX_STREAMS,
    problem::{Kind, Problem},
    render::{CSV_HEADER, csv_line, json_line},
    rows::{Piece, Row, Rows},
};
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Semaphore, mpsc},
    time::timeout,
};

/// Chunks that wait for the caller.
const MAX_WAITING_CHUNKS: usize = 2;
/// A caller that takes nothing for this long is given up. (Tests do not wait for it.)
const MAX_STALL: Duration = if cfg!(test) { Duration::from_millis(300) } else { Duration::from_secs(30) };
/// Longest time to read one chunk.
const MAX_READ: Duration = Duration::from_secs(30);
/// Attempts to read a chunk while the store's fault may pass.
const MAX_ATTEMPTS: u32 = 3;

/// Rows as text.
pub(super) fn lines(rows: &[Row], format: Format, out: &mut String) {
    for row in rows {
        match format {
            Format::Csv => csv_line(row, out),
            Format::Json | Format::JsonLines => json_line(row, out),
        }
    }
}

/// What stands before the first row.
pub(super) const fn head(format: Format) -> &'static str {
    match format {
        Format::Csv => CSV_HEADER,
        Format::Json | Format::JsonLines => "",
    }
}

/// A body of all rows. The first chunk is read before this returns, so that a broken store is still a clean error; one
/// that breaks later cuts the connection, which callers see as a truncated answer.
///
/// # Errors
/// 503 when the store fails or too many streams are under way.
pub(super) async fn body(mut rows: Rows, format: Format, streams: &Arc<Semaphore>) -> Result<Body, Problem> {
    let permit = streams.clone().try_acquire_owned().map_err(|_| {
        let detail = format!("{MAX_STREAMS} streams are under way, which is the limit");
        Problem::later(Kind::Overloaded, 5, detail).hint("wait a moment, or ask for pages with `limit`")
    })?;
    let mut text = head(format).to_owned();
    let (mut piece, mut more) = (Bytes::new(), true);
    match rows.next_piece(format).await? {
        Some(Piece::Rows(first)) => lines(&first, format, &mut text),
        Some(Piece::Written(first)) => piece = first,
        None => more = false,
    }
    let (send, receive) = mpsc::channel::<Bytes>(MAX_WAITING_CHUNKS);
    let is_whole = Arc::new(AtomicBool::new(false));
    let whole = is_whole.clone();
    tokio::spawn(async move {
        let _permit = permit;
        loop {
            let chunks = [Bytes::from(std::mem::take(&mut text)), std::mem::take(&mut piece)];
            for chunk in chunks.into_iter().filter(|chunk| !chunk.is_empty()) {
                match timeout(MAX_STALL, send.send(chunk)).await {
                    Ok(Ok(())) => {}
                    // The caller has gone.
                    Ok(Err(_)) => return,
                    Err(_) => {
                        tracing::warn!(
                            "a caller took nothing for {} s; its stream is cut",
                            MAX_STALL.as_secs()
                        );
                        return;
                    }
                }
            }
            if !more {
                whole.store(true, Ordering::Release);
                return;
            }
            match read(&mut rows, format).await {
                Ok(Some(Piece::Rows(next))) => lines(&next, format, &mut text),
                Ok(Some(Piece::Written(next))) => piece = next,
                Ok(None) => more = false,
                Err(why) => {
                    tracing::error!(why, "a stream of candles is cut");
                    return;
                }
            }
        }
    });
    Ok(Body::from_stream(stream::unfold(Some(receive), move |receive| {
        let is_whole = is_whole.clone();
        async move {
            let mut receive = receive?;
            match receive.recv().await {
                Some(chunk) => Some((Ok(chunk), Some(receive))),
                None if is_whole.load(Ordering::Acquire) => None,
                // An error instead of an end: the connection is cut, and the caller notices.
                None => Some((Err(io::Error::other("the stream of candles was cut")), None)),
            }
        }
    })))
}

/// The next rows, tried again while the store's fault may pass.
async fn read(rows: &mut Rows, format: Format) -> Result<Option<Piece>, String> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match timeout(MAX_READ, rows.next_piece(format)).await {
            Ok(Ok(next)) => return Ok(next),
            Ok(Err(error)) if error.is_transient() && attempt < MAX_ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err(format!("the store did not answer within {} s", MAX_READ.as_secs())),
        }
    }
}
