//! What every request passes through: bounds on its size, on how many run at once, and on how long one may take.
//!
//! The limits are fixed and each has its own answer: 414, 431, or 503 with `Retry-After`. Nothing a caller sends leads
//! to a 500 or to a request that never ends.

use super::{
    Api,
    problem::{Kind, Problem},
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, time::Duration};
use tokio::time::timeout;

/// Longest path and query, bytes.
pub(super) const MAX_URI: usize = 8 * 1024;
/// Longest headers, names and values together, bytes.
const MAX_HEADERS: usize = 32 * 1024;
/// Most requests under way at once; waiting ones count.
pub(super) const MAX_REQUESTS: usize = 512;
/// Most streams of lines under way at once.
pub(super) const MAX_STREAMS: usize = 32;
/// Longest time to the first byte of an answer: the longest `wait`, and time to look and to read.
const MAX_TIME: Duration = Duration::from_secs(60);

/// The middleware.
pub(super) async fn guard(State(api): State<Api>, request: Request, next: Next) -> Response {
    let uri_len = request.uri().path().len() + request.uri().query().map_or(0, str::len);
    if uri_len > MAX_URI {
        let detail = format!("the address has {uri_len} bytes, the limit is {MAX_URI}");
        return Problem::new(Kind::UriTooLong, detail).hint("ask for less at once").into_response();
    }
    let headers_len: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers_len > MAX_HEADERS {
        let detail = format!("the headers have {headers_len} bytes, the limit is {MAX_HEADERS}");
        return Problem::new(Kind::HeadersTooLarge, detail)
            .hint("send fewer or shorter headers")
            .into_response();
    }
    // Whoever watches the platform must get through when it is busy.
    let is_probe = request.uri().path() == "/healthz";
    let permit = api.requests.clone().try_acquire_owned();
    if permit.is_err() && !is_probe {
        let detail = format!("{MAX_REQUESTS} requests are under way, which is the limit");
        return Problem::later(Kind::Overloaded, 1, detail)
            .hint("wait a moment, then try again")
            .into_response();
    }
    match timeout(MAX_TIME, AssertUnwindSafe(next.run(request)).catch_unwind()).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!("a request panicked; this is a bug in the API");
            let detail = "a fault inside the platform kept it from answering this request";
            Problem::later(Kind::Unavailable, 30, detail)
                .hint("the platform's log tells more; please report it")
                .into_response()
        }
        Err(_) => {
            let detail = format!("there was no answer within {} s", MAX_TIME.as_secs());
            Problem::later(Kind::TimedOut, 5, detail).hint("ask for less, or try again").into_response()
        }
    }
}
