//! The HTTP API: candles, symbols, fetches and status for applications that know nothing of actors, topics or databases.
//!
//! ```text
//! request ─▶ guard ─▶ candles ─▶ params ─▶ page ──ask──▶ Datastore (one machine a request)
//!             │         │                   └─▶ rows ──read──▶ store, page by page
//!             │         └──────────────── render, stream ─▶ response
//!             └─▶ symbols, fetches, status
//! ```
//!
//! Reads only: every endpoint is GET (and HEAD). Times are milliseconds, prices and volumes are strings. Everything that
//! is not a success is a problem document that says which parameter is wrong, why, and what to do.
//!
//! # Layout
//! - `guard`: size, number and duration of requests. `problem`: error answers.
//! - `query`, `params`, `time`, `format`, `cursor`: from text to what is asked for.
//! - `candles`, `page`, `rows`, `render`, `stream`: from there to candles.
//! - `fetches`, `symbols`, `status`: the other endpoints. `fnv`: the hash of tags and cursors.

mod candles;
mod cursor;
mod fetches;
mod fnv;
mod format;
mod guard;
mod page;
mod params;
mod problem;
mod query;
mod render;
mod rows;
mod status;
mod stream;
mod symbols;
mod time;

#[cfg(test)]
mod tests;

use crate::datastore::Front;
use axum::{Router, http::Uri, middleware, routing::get};
use problem::{Kind, Problem};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The API over a Datastore. To be served with `axum::serve`; at most 512 requests and 32 streams run at once.
pub fn router(front: Arc<dyn Front>) -> Router {
    let api = Api {
        front,
        requests: Arc::new(Semaphore::new(guard::MAX_REQUESTS)),
        streams: Arc::new(Semaphore::new(guard::MAX_STREAMS)),
    };
    Router::new()
        .route("/", get(status::index))
        .route("/healthz", get(status::healthz))
        .route("/v1/candles", get(candles::candles))
        .route("/v1/fetches/{id}", get(fetches::fetch))
        .route("/v1/symbols", get(symbols::symbols))
        .route("/v1/status", get(status::status))
        .route("/v1/problems/{kind}", get(problem::explain))
        .fallback(unknown_path)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(api.clone(), guard::guard))
        .with_state(api)
}

/// What endpoints share.
#[derive(Clone)]
struct Api {
    front: Arc<dyn Front>,
    /// One permit a request.
    requests: Arc<Semaphore>,
    /// One permit a stream of lines, beyond the request's own.
    streams: Arc<Semaphore>,
}

async fn unknown_path(uri: Uri) -> Problem {
    let known: Vec<&str> = status::ENDPOINTS.iter().map(|endpoint| endpoint.0).collect();
    let asked = uri.path();
    let trimmed = asked.trim_end_matches('/');
    let problem = Problem::new(Kind::UnknownPath, format!("there is nothing at `{}`", problem::cut(asked)));
    match known.iter().find(|path| !trimmed.is_empty() && path.ends_with(trimmed)) {
        Some(path) => problem.hint(format!("did you mean `{path}`?")),
        None => problem.hint(format!("one of {}; `GET /` tells more", known.join(", "))),
    }
}

async fn method_not_allowed(method: axum::http::Method) -> Problem {
    let detail = format!("{} is not supported: this API only reads", problem::cut(method.as_str()));
    Problem::new(Kind::MethodNotAllowed, detail).hint("use GET or HEAD")
}
