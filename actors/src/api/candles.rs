//! `GET /v1/candles`: checks the parameters, asks for a page, and answers in the format wished for.
//!
//! ```text
//! query, headers ──Params::read──▶ Params ──range──▶ page::find ──▶ Page ──Rows──▶ render ──▶ 200, 304
//!        └─▶ 400, 422, 406             └─▶ 404, 422       ├─▶ 202 + Location: under way
//!                                                         └─▶ 503 + Retry-After
//! ```

use super::{
    Api,
    fetches::FetchBody,
    fnv::Fnv,
    format::Format,
    page::{self, Found, Page},
    params::Params,
    problem::{Kind, Problem},
    render::JsonPage,
    rows::Rows,
    stream,
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use statechart_runtime::{market::UnknownSymbol, ports::Fetch};
use std::{fmt::Write, sync::Arc};

/// `true` when nothing is missing in the range: for formats that have lines only.
const X_COMPLETE: HeaderName = HeaderName::from_static("x-complete");
/// Number of gaps.
const X_GAP_COUNT: HeaderName = HeaderName::from_static("x-gap-count");
/// `cache` or `store`: where the candles were read.
const X_READ_FROM: HeaderName = HeaderName::from_static("x-read-from");
/// Where the next page begins.
const X_CURSOR: HeaderName = HeaderName::from_static("x-cursor");
/// Seconds between questions for data that is under way.
pub(super) const POLL_S: u32 = 1;

/// The endpoint.
pub(super) async fn candles(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let params = Params::read(uri.query().unwrap_or_default(), &headers)?;
    let table = api.front.instruments().await?;
    let instrument = Arc::new(table.resolve(&params.symbol).map_err(unknown_symbol)?.clone());
    let now_us = api.front.now_for(instrument.id).await?;
    if now_us <= 0 {
        let detail =
            "the exchange's clock is not known yet: nothing has been received from it since the start";
        return Err(Problem::later(Kind::Unavailable, 2, detail).hint("try again in a moment"));
    }
    let asked = params.range(&instrument, now_us)?;
    let page = match page::find(&*api.front, &params, instrument, asked, now_us).await? {
        Found::Page(page) => page,
        Found::Pending(fetch) => return Ok(pending(&fetch)),
    };

    let mut out = HeaderMap::new();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    out.insert(header::VARY, HeaderValue::from_static("Accept"));
    if let Some(tag) = etag(&page, &params) {
        let is_known = knows(&headers, &tag);
        if let Ok(value) = HeaderValue::from_str(&tag) {
            out.insert(header::ETAG, value);
        }
        if is_known {
            return Ok((StatusCode::NOT_MODIFIED, out).into_response());
        }
    }
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(params.format.content_type()));
    let read_from = if page.cached.is_some() { "cache" } else { "store" };
    out.insert(X_READ_FROM, HeaderValue::from_static(read_from));
    if page.is_waiting() {
        out.insert(header::RETRY_AFTER, HeaderValue::from(POLL_S));
    }
    if params.format.has_lines() {
        let complete = if page.is_complete() { "true" } else { "false" };
        out.insert(X_COMPLETE, HeaderValue::from_static(complete));
        out.insert(X_GAP_COUNT, HeaderValue::from(page.plan.gaps.len()));
        let cursor = page.cursor.as_ref().and_then(|cursor| HeaderValue::from_str(&cursor.encode()).ok());
        if let Some(cursor) = cursor {
            out.insert(X_CURSOR, cursor);
        }
    }

    let page = Arc::new(page);
    let rows = Rows::new(api.front.store().clone(), page.clone(), params.order, params.fill);
    let body = match (params.format, params.limit) {
        (Format::Csv | Format::JsonLines, None) => stream::body(rows, params.format, &api.streams).await?,
        (Format::Csv | Format::JsonLines, Some(_)) => {
            let mut text = stream::head(params.format).to_owned();
            stream::lines(&rows.all().await?, params.format, &mut text);
            Body::from(text)
        }
        (Format::Json, _) => {
            let rows = rows.all().await?;
            let body = serde_json::to_vec(&JsonPage::new(&page, &rows)).map_err(|error| {
                Problem::later(Kind::Unavailable, 30, format!("the answer has no JSON text: {error}"))
            })?;
            Body::from(body)
        }
    };
    Ok((out, body).into_response())
}

/// 202: nothing is ready yet, and where to see how it goes.
fn pending(fetch: &Fetch) -> Response {
    let mut response = (StatusCode::ACCEPTED, Json(FetchBody::short(fetch))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(POLL_S));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/fetches/{}", fetch.id)) {
        headers.insert(header::LOCATION, location);
    }
    response
}

fn unknown_symbol(error: UnknownSymbol) -> Problem {
    let hint = match error.near.as_slice() {
        [] => "`GET /v1/symbols` lists all symbols".to_owned(),
        near => format!("did you mean {}? `GET /v1/symbols` lists all symbols", near.join(", ")),
    };
    Problem::new(Kind::UnknownSymbol, format!("there is no instrument `{}`", error.asked))
        .about("symbol", &error.asked)
        .hint(hint)
}

/// The tag of a page that is whole and closed: a late trade raises the instrument's version and so changes it.
fn etag(page: &Page, params: &Params) -> Option<String> {
    if !page.is_final() {
        return None;
    }
    let mut hash = Fnv::new();
    let cursor = page.cursor.as_ref().map(super::cursor::Cursor::encode);
    // Not the plan's horizon: it moves, and what lies before it does not change by that. Writing cannot fail.
    let _ = write!(
        hash,
        "1|{}|{}|{}|{}|{}|{}|{:?}|{:?}|{:?}|{cursor:?}",
        page.instrument.symbol,
        page.instrument.version,
        page.plan.interval,
        params.format.name(),
        params.order.name(),
        params.fill.name(),
        page.plan.range,
        page.plan.segments,
        page.plan.gaps,
    );
    Some(format!("\"{:032x}\"", hash.finish()))
}

/// Whether `If-None-Match` names this tag. Weak and strong tags compare alike here (RFC 9110, 13.1.2).
fn knows(headers: &HeaderMap, tag: &str) -> bool {
    headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        let text = String::from_utf8_lossy(value.as_bytes());
        text.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
    })
}
