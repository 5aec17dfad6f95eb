//! `GET /v1/fetches/{id}`: how far the fetching of missing data has come.

use super::{
    Api,
    candles::POLL_S,
    problem::{Kind, Problem},
    query::none_allowed,
    render::ms,
};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use statechart_runtime::{
    market::{FetchId, Source},
    ports::{Fetch, FetchState},
};

/// A fetch as callers see it; times in ms.
#[derive(Serialize)]
pub(super) struct FetchBody<'a> {
    fetch: &'a str,
    state: &'static str,
    done_to: Option<i64>,
    /// 0 to 1.
    progress: f64,
    #[serde(flatten)]
    more: Option<More<'a>>,
}

#[derive(Serialize)]
struct More<'a> {
    symbol: Option<&'a str>,
    source: &'static str,
    from: i64,
    to: i64,
    rows: u64,
    error: Option<&'a str>,
    /// Wall clock.
    updated: i64,
}

impl<'a> FetchBody<'a> {
    /// What a 202 says.
    pub(super) fn short(fetch: &'a Fetch) -> Self {
        Self {
            fetch: fetch.id.as_str(),
            state: fetch.state.name(),
            done_to: fetch.done_to_us.map(ms),
            progress: progress(fetch),
            more: None,
        }
    }

    fn full(fetch: &'a Fetch, symbol: Option<&'a str>) -> Self {
        let more = More {
            symbol,
            source: fetch.source.name(),
            from: ms(fetch.range.from_us),
            to: ms(fetch.range.to_us),
            rows: fetch.rows,
            error: fetch.error.as_deref(),
            updated: ms(fetch.updated_us),
        };
        Self { more: Some(more), ..Self::short(fetch) }
    }
}

/// The endpoint.
pub(super) async fn fetch(
    State(api): State<Api>,
    uri: Uri,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    none_allowed(uri.query())?;
    let hint = "take the id from `fetch` of a 202 answer, e.g. 0b9f6d3e-6d0f-4c2a-9a55-0f6c1a2b3c4d";
    let Path(text) = path.map_err(|_| {
        Problem::new(Kind::InvalidParameter, "the id is not percent-encoded UTF-8").about("id", "").hint(hint)
    })?;
    let id = FetchId::parse(&text)
        .map_err(|_| Problem::invalid("id", &text, "it is not the id of a fetch").hint(hint))?;
    let Some(fetch) = api.front.fetch(&id).await? else {
        return Err(Problem::new(Kind::UnknownFetch, format!("there is no fetch {id}"))
            .about("id", &text)
            .hint("it may have been removed; ask for the candles again"));
    };
    let table = api.front.instruments().await?;
    let symbol = table.by_id(fetch.instrument).map(|one| one.symbol.as_str());
    let mut response = Json(FetchBody::full(&fetch, symbol)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if fetch.state.is_open() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(POLL_S));
    }
    Ok(response)
}

/// How much of the range is done, 0 to 1 with three digits. Trades are read forwards, candles newest first.
fn progress(fetch: &Fetch) -> f64 {
    let len_us = fetch.range.len_us();
    let done_us = match (fetch.state, fetch.done_to_us, fetch.source) {
        (FetchState::Done, ..) => return 1.0,
        (_, None, _) => 0,
        (_, Some(done_to_us), Source::Trades) => done_to_us.saturating_sub(fetch.range.from_us),
        (_, Some(done_to_us), Source::Rest(_)) => fetch.range.to_us.saturating_sub(done_to_us),
    };
    if len_us <= 0 {
        return 0.0;
    }
    let thousandths = i128::from(done_us.clamp(0, len_us)) * 1000 / i128::from(len_us);
    f64::from(i16::try_from(thousandths).unwrap_or(0)) / 1000.0
}
