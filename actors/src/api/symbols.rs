//! `GET /v1/symbols`: which instruments there are, and from when to when there is data.

use super::{Api, problem::Problem, query::none_allowed, render::ms};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use statechart_runtime::{
    market::{CoverageState, Source},
    ports::InstrumentStats,
};

/// An instrument as callers see it; times in ms.
#[derive(Serialize)]
struct SymbolBody {
    symbol: String,
    base: String,
    quote: String,
    market: String,
    /// `live` while trades come in, else `idle`.
    status: &'static str,
    /// Earliest time for which there is data.
    first: Option<i64>,
    /// Time of the newest data.
    last: Option<i64>,
}

/// The endpoint.
pub(super) async fn symbols(State(api): State<Api>, uri: Uri) -> Result<Response, Problem> {
    none_allowed(uri.query())?;
    let stats = api.front.store().stats().await?;
    let (now_us, lag_us) = (api.front.now_us(), api.front.live_lag_us());
    let mut rows: Vec<SymbolBody> =
        stats.instruments.into_iter().map(|one| body(one, now_us, lag_us)).collect();
    rows.sort_by(|left, right| left.symbol.cmp(&right.symbol));
    let mut response = Json(rows).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

fn body(stats: InstrumentStats, now_us: i64, lag_us: i64) -> SymbolBody {
    let covered = || stats.coverage.iter().filter(|row| row.state == CoverageState::Covered);
    let live_to_us = covered().filter(|row| row.source == Source::Trades).map(|row| row.range.to_us).max();
    let is_live = now_us > 0 && live_to_us.is_some_and(|to_us| to_us >= now_us.saturating_sub(lag_us));
    let first_us = covered().map(|row| row.range.from_us).chain(stats.first_trade_us).min();
    let last_us = covered().map(|row| row.range.to_us).chain(stats.last_trade.map(|last| last.0)).max();
    let instrument = stats.instrument;
    SymbolBody {
        symbol: instrument.symbol,
        base: instrument.base,
        quote: instrument.quote,
        market: instrument.market,
        status: if is_live { "live" } else { "idle" },
        first: first_us.map(ms),
        last: last_us.map(ms),
    }
}
