//! `GET /v1/status`, `GET /healthz`, and the index at `GET /`.

use super::{Api, problem::Problem, query::none_allowed};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::timeout;

/// Longest time that the parts may take to say how they are.
const MAX_CHECK: Duration = Duration::from_secs(5);

/// The answer of `GET /healthz`.
#[derive(Serialize)]
struct Health {
    /// `ok`, or `degraded` when at least one check failed.
    status: &'static str,
    /// `ok`, or what is wrong, by part: log, store, cache, exchange.
    checks: BTreeMap<String, String>,
}

/// `GET /healthz`: 503 when log or store are out of order, for then nothing can be served; without the exchange or the
/// cache, what is stored still can, and that is 200 with `degraded`.
pub(super) async fn healthz(State(api): State<Api>) -> Response {
    let mut is_down = false;
    let checks: BTreeMap<String, String> = match timeout(MAX_CHECK, api.front.health()).await {
        Ok(checks) => checks
            .into_iter()
            .map(|(part, result)| match result {
                Ok(()) => (part, "ok".to_owned()),
                Err(why) => {
                    is_down |= part == "log" || part == "store";
                    (part, why)
                }
            })
            .collect(),
        Err(_) => {
            is_down = true;
            let why = format!("no answer within {} s", MAX_CHECK.as_secs());
            [("platform".to_owned(), why)].into()
        }
    };
    let is_ok = checks.values().all(|result| result == "ok");
    let status = if is_down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let health = Health { status: if is_ok { "ok" } else { "degraded" }, checks };
    let mut response = (status, Json(health)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if is_down {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

/// `GET /v1/status`.
pub(super) async fn status(State(api): State<Api>, uri: Uri) -> Result<Response, Problem> {
    none_allowed(uri.query())?;
    let mut response = Json(api.front.status().await).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Address, what it is for, an example.
pub(super) const ENDPOINTS: [(&str, &str, &str); 6] = [
    (
        "/v1/candles",
        "candles of a symbol as JSON, CSV or JSON lines; what is missing is fetched from the exchange",
        "/v1/candles?symbol=BTCUSD&interval=1m&limit=100",
    ),
    ("/v1/symbols", "the instruments, and from when to when there is data", "/v1/symbols"),
    (
        "/v1/fetches/{id}",
        "how far a fetch has come; the id comes with a 202 answer of /v1/candles",
        "/v1/fetches/0b9f6d3e-6d0f-4c2a-9a55-0f6c1a2b3c4d",
    ),
    ("/v1/status", "actors, partitions, coverage and fetches at a glance", "/v1/status"),
    ("/v1/problems/{kind}", "what a problem's `type` means", "/v1/problems/invalid-parameter"),
    ("/healthz", "whether the platform works, for probes", "/healthz"),
];

#[derive(Serialize)]
struct Endpoint {
    path: &'static str,
    what: &'static str,
    example: &'static str,
}

#[derive(Serialize)]
struct Index {
    name: &'static str,
    version: &'static str,
    endpoints: Vec<Endpoint>,
    /// Parameters of `/v1/candles`.
    candles: BTreeMap<&'static str, &'static str>,
}

/// `GET /`.
pub(super) async fn index() -> Response {
    let index = Index {
        name: "market-data platform",
        version: env!("CARGO_PKG_VERSION"),
        endpoints: ENDPOINTS.iter().map(|(path, what, example)| Endpoint { path, what, example }).collect(),
        candles: [
            ("symbol", "required; e.g. BTCUSD, BTC-USD or BTC/USD"),
            ("interval", "required; 1m, 5m, 15m, 1h, 4h or 1d"),
            ("from", "ms since 1970, RFC 3339, or `earliest`; default: `limit` intervals before `to`"),
            ("to", "ms since 1970 or RFC 3339, not included; default: the exchange's now"),
            ("limit", "1 to 5000, default 500; with format=csv or jsonl the default is everything"),
            ("cursor", "goes on where an answer ended; instead of `from`"),
            ("order", "asc (default) or desc"),
            ("fill", "none (default), previous or null: what stands for intervals without trades"),
            ("format", "json (default), csv or jsonl; or the header Accept"),
            ("wait", "0s to 30s, default 10s: how long to wait for data that is being fetched"),
        ]
        .into(),
    };
    // For people: one parameter a line.
    let text = serde_json::to_string_pretty(&index).unwrap_or_default() + "\n";
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
