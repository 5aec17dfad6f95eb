//! The REST side: candle history in the legacy envelope, trade history in the new one, and their errors.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::candles::{Asked, CandleRow, rows};
use super::source::{Position, SimTrade};
use super::{Faults, Shared, count, socket};
use crate::exchange::Side;

const MAX_LIMIT: i64 = 2_000;
const MAX_TRADES: usize = 5_000;

/// How late a slow answer is.
const SLOW: Duration = Duration::from_secs(3);

type Parameters = BTreeMap<String, String>;

/// The paths the exchange serves.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/data/v2/histominute", get(|s, h, q| history(s, h, q, 60, 1_440)))
        .route("/data/v2/histohour", get(|s, h, q| history(s, h, q, 3_600, 168)))
        .route("/data/v2/histoday", get(|s, h, q| history(s, h, q, 86_400, 30)))
        .route("/spot/v2/historical/trades", get(trades))
        .route("/v2", get(socket::upgrade))
        .fallback(|State(shared): State<Arc<Shared>>| async move {
            new_error(
                &shared,
                StatusCode::NOT_FOUND,
                404,
                "This path is not part of the simulated exchange",
                "",
            )
        })
        .with_state(shared)
}

/// Which envelope a path answers in.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    Legacy,
    New,
}

/// What comes before any answer: the key, then the faults.
async fn gate(shared: &Shared, headers: &HeaderMap, query: &Parameters, style: Style) -> Option<Response> {
    count(&shared.counters.rest_calls);
    let key = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !shared.admits(key, query.get("api_key")) {
        let message = "API key required, please refer to the documentation";
        return Some(new_error(shared, StatusCode::UNAUTHORIZED, 2, message, ""));
    }
    let faults = &shared.faults;
    if shared.draw(faults.slow) {
        count(&shared.counters.rest_faults);
        tokio::time::sleep(SLOW).await;
    }
    let response = if shared.draw(faults.rate_limit) {
        match style {
            Style::Legacy => rate_limited(shared),
            Style::New => new_error(
                shared,
                StatusCode::TOO_MANY_REQUESTS,
                99,
                "You are over your rate limit please upgrade your account!",
                "",
            ),
        }
    } else if shared.draw(faults.http_500) {
        (StatusCode::INTERNAL_SERVER_ERROR, "{\"Response\":\"Error\",\"Message\":\"internal\"}")
            .into_response()
    } else if shared.draw(faults.html_errors) {
        let page =
            "<!DOCTYPE html><html><head><title>Bad gateway</title></head><body>Bad gateway</body></html>";
        (StatusCode::BAD_GATEWAY, [(header::CONTENT_TYPE, "text/html")], page).into_response()
    } else {
        return None;
    };
    count(&shared.counters.rest_faults);
    Some(response)
}

async fn history(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(query): Query<Parameters>,
    width_s: i64,
    default_limit: i64,
) -> Response {
    if let Some(response) = gate(&shared, &headers, &query, Style::Legacy).await {
        return response;
    }
    let asked = match history_asked(&shared, &query, width_s, default_limit) {
        Ok(asked) => asked,
        Err((kind, parameter, message)) => return legacy_error(&shared, kind, parameter, &message),
    };
    // Folding a thousand days takes a while; the sockets must not wait for it.
    let market = shared.market.clone();
    match tokio::task::spawn_blocking(move || rows(&market, asked)).await {
        Ok(rows) => json(asked.now_us, StatusCode::OK, history_body(&rows)),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Reads the parameters; the error is (Type, parameter, message).
fn history_asked(
    shared: &Shared,
    query: &Parameters,
    width_s: i64,
    default_limit: i64,
) -> Result<Asked, (u32, &'static str, String)> {
    let text = |name: &'static str| query.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let need = |name| text(name).ok_or_else(|| (2, name, format!("{name} is a required param.")));
    let number = |name: &'static str, default: i64| match text(name) {
        None => Ok(default),
        Some(value) => {
            value.parse::<i64>().map_err(|_| (2, name, format!("{name} param is not an integer.")))
        }
    };
    let (base, quote) = (need("fsym")?, need("tsym")?);
    let limit = number("limit", default_limit)?;
    if limit > MAX_LIMIT {
        return Err((2, "limit", "limit is larger than max value.".into()));
    }
    if limit < 1 {
        return Err((2, "limit", "limit is smaller than min value.".into()));
    }
    if number("aggregate", 1)? != 1 {
        return Err((2, "aggregate", "aggregate is not part of the simulated exchange.".into()));
    }
    let now_us = shared.clock.now_us();
    let to_s = number("toTs", i64::MAX)?.max(0);
    let market = text("e").unwrap_or("CCCAGG");
    let listing = if market.eq_ignore_ascii_case("CCCAGG") {
        shared.market.listings().iter().position(|l| l.matches(&l.market, base, quote))
    } else {
        shared.market.find(market, base, quote)
    };
    let Some(listing) = listing else {
        let message = format!("cccagg_or_exchange market does not exist for this coin pair ({base}-{quote})");
        return Err((1, "", message));
    };
    if let (60, Some(days)) = (width_s, shared.minute_depth_days)
        && to_s < now_us.div_euclid(1_000_000) - i64::from(days) * 86_400
    {
        return Err((2, "toTs", format!("histominute data is only available for the last {days} days")));
    }
    let open_at_previous_close = shared.faults.open_at_previous_close;
    Ok(Asked { listing, width_s, to_s, limit, now_us, open_at_previous_close })
}

fn history_body(rows: &[CandleRow]) -> String {
    let (first, last) = (rows.first().map_or(0, |row| row.time_s), rows.last().map_or(0, |row| row.time_s));
    let mut body = String::with_capacity(200 + rows.len() * 180);
    let _ = write!(
        body,
        "{{\"Response\":\"Success\",\"Message\":\"\",\"HasWarning\":false,\"Type\":100,\"RateLimit\":{{}},\
         \"Data\":{{\"Aggregated\":false,\"TimeFrom\":{first},\"TimeTo\":{last},\"Data\":["
    );
    for (index, row) in rows.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Decimals are written digit by digit: no float ever holds them.
        let _ = write!(
            body,
            "{comma}{{\"time\":{},\"high\":{},\"low\":{},\"open\":{},\"volumefrom\":{},\"volumeto\":{},\"close\":{},\
             \"conversionType\":\"direct\",\"conversionSymbol\":\"\"}}",
            row.time_s,
            row.high.normalize(),
            row.low.normalize(),
            row.open.normalize(),
            row.volume.normalize(),
            row.quote_volume.normalize(),
            row.close.normalize(),
        );
    }
    body.push_str("]}}");
    body
}

async fn trades(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(query): Query<Parameters>,
) -> Response {
    if let Some(response) = gate(&shared, &headers, &query, Style::New).await {
        return response;
    }
    let bad =
        |parameter: &str, message: &str| new_error(&shared, StatusCode::BAD_REQUEST, 2, message, parameter);
    let number = |name: &str| query.get(name).map(|value| value.parse::<i64>());
    let after_s = match number("after_ts") {
        Some(Ok(after_s)) if (0..253_402_300_800).contains(&after_s) => after_s,
        _ => return bad("after_ts", "after_ts must be a unix timestamp"),
    };
    let last_ccseq = match number("last_ccseq") {
        None => 0,
        Some(Ok(seq)) if seq >= 0 => seq as u64,
        Some(_) => return bad("last_ccseq", "last_ccseq must be zero or above"),
    };
    let limit = match number("limit") {
        None => 100,
        Some(Ok(limit)) if (1..=MAX_TRADES as i64).contains(&limit) => limit as usize,
        Some(_) => return bad("limit", "limit must be from 1 to 5000"),
    };
    let market = query.get("market").map(String::as_str).unwrap_or("");
    let instrument = query.get("instrument").map(String::as_str).unwrap_or("");
    let pair = instrument.split_once('-');
    let Some(listing) = pair.and_then(|(base, quote)| shared.market.find(market, base, quote)) else {
        return new_error(
            &shared,
            StatusCode::NOT_FOUND,
            1,
            "instrument is not mapped on this market",
            "instrument",
        );
    };
    let to_us = shared.clock.now_us() + 1;
    let mut found: Vec<SimTrade> = Vec::new();
    let mut position = Position::after(after_s * 1_000_000 - 1);
    while found.len() < limit {
        let page = shared.market.trades_after(listing, position, to_us, limit);
        let Some(last) = page.last() else { break };
        position = Position { time_us: last.time_us, ccseq: last.ccseq };
        let new = |t: &SimTrade| t.time_us.div_euclid(1_000_000) > after_s || t.ccseq > last_ccseq;
        found.extend(page.into_iter().filter(|t| new(t) && shared.faults.is_filed(t, to_us - 1)));
    }
    found.truncate(limit);
    if found.len() < limit
        && let Some(last) = found.last()
        && shared.draw(shared.faults.ahead)
    {
        found.push(Faults::dated_ahead(last));
    }
    json(to_us - 1, StatusCode::OK, trades_body(&shared, listing, &found))
}

fn trades_body(shared: &Shared, listing: usize, trades: &[SimTrade]) -> String {
    let Some(listing) = shared.market.listings().get(listing) else {
        return "{\"Data\":[],\"Err\":{}}".into();
    };
    let (base, quote) = (&listing.base, &listing.quote);
    let market = listing.market.to_ascii_lowercase();
    let mut body = String::with_capacity(50 + trades.len() * 380);
    body.push_str("{\"Data\":[");
    for (index, trade) in trades.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let side = match trade.side {
            Side::Buy => "BUY",
            Side::Sell => "SELL",
            Side::Unknown => "UNKNOWN",
        };
        let id = serde_json::Value::from(trade.id.to_string());
        let (seconds, nanos) =
            (trade.time_us.div_euclid(1_000_000), trade.time_us.rem_euclid(1_000_000) * 1_000);
        let _ = write!(
            body,
            "{comma}{{\"TYPE\":\"952\",\"MARKET\":\"{market}\",\"INSTRUMENT\":\"{base}-{quote}\",\"MAPPED_INSTRUMENT\":\"{base}-{quote}\",\
             \"BASE\":\"{base}\",\"QUOTE\":\"{quote}\",\"SIDE\":\"{side}\",\"ID\":{id},\"TIMESTAMP\":{seconds},"
        );
        if !shared.faults.no_sequence {
            let _ = write!(body, "\"TIMESTAMP_NS\":{nanos},");
        }
        let _ = write!(
            body,
            "\"RECEIVED_TIMESTAMP\":{seconds},\"RECEIVED_TIMESTAMP_NS\":{nanos},\"QUANTITY\":{},\"PRICE\":{},\"QUOTE_QUANTITY\":{},\
             \"SOURCE\":\"POLLING\",\"CCSEQ\":{}}}",
            trade.size,
            trade.price,
            (trade.price * trade.size).normalize(),
            trade.ccseq,
        );
    }
    body.push_str("],\"Err\":{}}");
    body
}

/// A reply as of `now_us`, which is its `Date`: what the body leaves out must not seem to lie before it.
fn json(now_us: i64, status: StatusCode, body: String) -> Response {
    let since = Duration::from_micros(u64::try_from(now_us).unwrap_or(0));
    let date = httpdate::fmt_http_date(UNIX_EPOCH + since);
    let mut response = (
        status,
        [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=10")],
        body,
    )
        .into_response();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

fn legacy_error(shared: &Shared, kind: u32, parameter: &str, message: &str) -> Response {
    let mut value = serde_json::json!({
        "Response": "Error", "Message": message, "HasWarning": false, "Type": kind, "RateLimit": {}, "Data": {},
    });
    if let (Some(object), false) = (value.as_object_mut(), parameter.is_empty()) {
        object.insert("ParamWithError".into(), parameter.into());
    }
    json(shared.clock.now_us(), StatusCode::OK, value.to_string())
}

fn rate_limited(shared: &Shared) -> Response {
    let value = serde_json::json!({
        "Response": "Error", "Message": "You are over your rate limit please upgrade your account!", "HasWarning": false,
        "Type": 99, "Data": {},
        "RateLimit": {
            "calls_made": {"second": 21, "minute": 25, "hour": 25, "day": 25, "month": 25, "total_calls": 25},
            "max_calls": {"second": 20, "minute": 300, "hour": 3000, "day": 7500, "month": 50000},
        },
    });
    json(shared.clock.now_us(), StatusCode::OK, value.to_string())
}

fn new_error(shared: &Shared, status: StatusCode, kind: u32, message: &str, parameter: &str) -> Response {
    let mut error =
        serde_json::json!({ "type": kind, "message": message, "http_status_code": status.as_u16() });
    if let (Some(object), false) = (error.as_object_mut(), parameter.is_empty()) {
        object.insert("other_info".into(), serde_json::json!({ "param": parameter }));
    }
    json(shared.clock.now_us(), status, serde_json::json!({ "Data": {}, "Err": error }).to_string())
}
