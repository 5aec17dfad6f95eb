//! Rows of parameters: what they mean, or what is wrong with them.
#![allow(clippy::unwrap_used)]

use super::*;
use axum::http::header;
use statechart_runtime::market::InstrumentId;

/// 2018-01-01T03:00:30Z.
const NOW_US: i64 = 1_514_775_630_000_000;

fn read(query: &str) -> Result<Params, Problem> {
    Params::read(query, &HeaderMap::new())
}

fn bitcoin() -> Instrument {
    Instrument {
        id: InstrumentId(1),
        symbol: "BTCUSD".into(),
        base: "BTC".into(),
        quote: "USD".into(),
        market: "Coinbase".into(),
        partition: 0,
        listed_us: Some(1_420_070_400_000_000),
        version: 1,
    }
}

#[test]
fn what_is_wrong_is_named() {
    let cursor = Cursor {
        symbol: "BTCUSD".into(),
        interval: Interval::M1,
        order: Order::Asc,
        from_us: 5,
        to_us: None,
    };
    let with_cursor = format!("cursor={}&from=0", cursor.encode());
    // (query behind a sound symbol and interval, status, parameter, part of detail or hint)
    for (query, status, parameter, why) in [
        ("from=", 400, "from", "neither"),
        ("from=yesterday", 400, "from", "earliest"),
        ("from=2018-01-01T00:00:00", 400, "from", "offset"),
        ("from=-1", 422, "from", "1970"),
        ("from=1514764800", 422, "from", "seconds"),
        ("from=1514764800000000", 422, "from", "9999"),
        ("to=earliest", 400, "to", "neither"),
        ("to=99999999999999999999", 422, "to", "9999"),
        ("from=1514764800000&to=1514764800000", 422, "from", "not before"),
        ("from=2018-01-02&to=2018-01-01", 422, "from", "half-open"),
        ("limit=", 400, "limit", "whole number"),
        ("limit=ten", 400, "limit", "whole number"),
        ("limit=-1", 400, "limit", "whole number"),
        ("limit=1.5", 400, "limit", "whole number"),
        ("limit=0", 422, "limit", "within 1 to 5000"),
        ("limit=5001", 422, "limit", "within 1 to 5000"),
        ("limit=99999999999999999999999", 422, "limit", "within 1 to 5000"),
        ("cursor=abc", 400, "cursor", "no cursor"),
        (with_cursor.as_str(), 400, "cursor", "exclude"),
        ("order=up", 400, "order", "asc, desc"),
        ("order=ASC", 400, "order", "asc, desc"),
        ("fill=zero", 400, "fill", "none, previous, null"),
        ("format=xml", 400, "format", "json, csv, jsonl"),
        ("wait=", 400, "wait", "duration"),
        ("wait=1m", 400, "wait", "duration"),
        ("wait=1.5s", 400, "wait", "duration"),
        ("wait=31s", 422, "wait", "30 s"),
        ("wait=30001ms", 422, "wait", "30 s"),
        ("wait=99999999999999999999s", 422, "wait", "30 s"),
        ("symbol=ETHUSD", 400, "symbol", "more than once"),
        ("Limit=5", 400, "Limit", "did you mean `limit`"),
        ("limits=5", 400, "limits", "did you mean `limit`"),
        ("start=5", 400, "start", "one of symbol"),
        ("limit=%zz", 400, "limit", "percent"),
        ("fill=%ff", 400, "fill", "percent"),
        ("fill=%00", 400, "fill", "control"),
        ("%ff=1", 400, "%ff", "percent"),
        ("=1", 400, "", "one of symbol"),
    ] {
        let problem = read(&format!("symbol=BTCUSD&interval=1m&{query}")).unwrap_err();
        let said = format!("{} {}", problem.detail, problem.hint.clone().unwrap_or_default());
        assert_eq!(
            (problem.kind.status().as_u16(), problem.parameter.as_deref()),
            (status, Some(parameter)),
            "{query}: {said}"
        );
        assert!(said.contains(why), "{query}: {said}");
        assert!(problem.others.is_empty(), "{query}: {problem:?}");
    }
    for (query, parameter, hint) in [
        ("interval=1m", "symbol", "/v1/symbols"),
        ("symbol=&interval=1m", "symbol", "/v1/symbols"),
        ("symbol=BTCUSD", "interval", "15m"),
        ("symbol=BTCUSD&interval=", "interval", "15m"),
        ("symbol=BTCUSD&interval=60", "interval", "`1m`"),
        ("symbol=BTCUSD&interval=1H", "interval", "`1h`"),
        ("symbol=BTCUSD&interval=60m", "interval", "`1h`"),
        ("symbol=BTCUSD&interval=2m", "interval", "15m"),
    ] {
        let problem = read(query).unwrap_err();
        assert_eq!((problem.kind.status().as_u16(), problem.parameter.as_deref()), (400, Some(parameter)));
        assert!(problem.hint.clone().unwrap().contains(hint), "{query}: {problem:?}");
    }
}

#[test]
fn all_faults_are_reported_at_once_and_the_malformed_lead() {
    let problem = read("limit=0&interval=2m&fill=x&wait=99s&zz=1").unwrap_err();
    let mut named: Vec<&str> = problem.others.iter().filter_map(|one| one.parameter.as_deref()).collect();
    named.push(problem.parameter.as_deref().unwrap());
    named.sort_unstable();
    assert_eq!(named, ["fill", "interval", "limit", "symbol", "wait", "zz"]);
    assert_eq!(problem.kind, Kind::InvalidParameter);
    let many = (0..100).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
    assert!(read(&many).unwrap_err().others.len() < 40);
}

#[test]
fn defaults_and_choices() {
    let plain = read("symbol=btc-usd&interval=5m").unwrap();
    assert_eq!(
        plain,
        Params {
            symbol: "btc-usd".into(),
            interval: Interval::M5,
            from: From::Default,
            to_us: None,
            limit: Some(500),
            cursor: None,
            order: Order::Asc,
            fill: Fill::None,
            format: Format::Json,
            wait: Duration::from_secs(10),
        }
    );
    let csv = read("symbol=BTC%2FUSD&interval=1m&format=csv&wait=500ms&order=desc&from=earliest&").unwrap();
    assert_eq!((csv.limit, csv.wait, csv.order), (None, Duration::from_millis(500), Order::Desc));
    assert_eq!((csv.symbol.as_str(), csv.from), ("BTC/USD", From::Earliest));
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, "text/csv".parse().unwrap());
    let accepted = Params::read("symbol=BTCUSD&interval=1m&limit=7&wait=3", &headers).unwrap();
    assert_eq!((accepted.format, accepted.limit, accepted.wait.as_secs()), (Format::Csv, Some(7), 3));
    headers.insert(header::ACCEPT, "image/png".parse().unwrap());
    assert_eq!(Params::read("symbol=X&interval=1m", &headers).unwrap_err().kind, Kind::NotAcceptable);
    let explicit = Params::read("symbol=X&interval=1m&format=jsonl", &headers).unwrap();
    assert_eq!(explicit.format, Format::JsonLines);
}

#[test]
fn ranges_are_whole_buckets_up_to_now() {
    // (query, from and to as seconds relative to 2018-01-01, open end)
    for (query, from_s, to_s, open_end) in [
        ("interval=1m&limit=10", 10_860 - 600, 10_860, true),
        ("interval=1m&limit=10&to=2018-01-01T01:00:00Z", 3_000, 3_600, false),
        ("interval=1m&from=2018-01-01T00:00:30Z&to=2018-01-01T00:02:30Z", 60, 180, false),
        ("interval=1h&from=2018-01-01&to=2030-01-01", 0, 4 * 3600, false),
        ("interval=1h&from=2018-01-01", 0, 4 * 3600, true),
        ("interval=1d&from=earliest&to=2018-01-01", -94_694_400, 0, false),
        ("interval=1d&from=0&to=2018-01-01", EARLIEST_US / 1_000_000 - 1_514_764_800, 0, false),
        // No bucket begins inside.
        ("interval=1m&from=2018-01-01T00:00:10Z&to=2018-01-01T00:00:50Z", 60, 60, false),
    ] {
        let asked = read(&format!("symbol=BTCUSD&{query}")).unwrap().range(&bitcoin(), NOW_US).unwrap();
        let seconds = |time_us: i64| time_us / 1_000_000 - 1_514_764_800;
        assert_eq!((seconds(asked.range.from_us), seconds(asked.range.to_us)), (from_s, to_s), "{query}");
        assert_eq!(asked.open_end, open_end, "{query}");
    }
    for (query, parameter) in [
        ("from=2018-01-01T03:00:30Z", "from"),
        ("from=2040-01-01", "from"),
        ("to=0", "to"),
        ("from=earliest&to=2010-07-18", "to"),
    ] {
        let params = read(&format!("symbol=BTCUSD&interval=1m&{query}")).unwrap();
        let problem = params.range(&bitcoin(), NOW_US).unwrap_err();
        assert_eq!(problem.kind, Kind::ImpossibleParameter, "{query}");
        assert_eq!(problem.parameter.as_deref(), Some(parameter), "{query}: {problem:?}");
    }
}

#[test]
fn cursors_continue_their_own_list_only() {
    let hour_us = 3_600_000_000;
    let start_us = 1_514_764_800_000_000;
    let cursor = Cursor {
        symbol: "BTCUSD".into(),
        interval: Interval::M1,
        order: Order::Desc,
        from_us: start_us,
        to_us: Some(start_us + hour_us),
    };
    let text = cursor.encode();
    let range = |query: &str| {
        read(&format!("symbol=BTCUSD&cursor={text}&{query}")).unwrap().range(&bitcoin(), NOW_US)
    };
    // The order is the cursor's, and a repeated `to` changes nothing.
    let whole = TimeRange { from_us: start_us, to_us: start_us + hour_us };
    assert_eq!(range("interval=1m").unwrap().range, whole);
    assert_eq!(range("interval=1m&order=desc&to=2018-01-01T02:00:00Z").unwrap().range, whole);
    assert_eq!(range("interval=1m&to=2018-01-01T00:30:00Z").unwrap().range.len_us(), hour_us / 2);
    assert_eq!(range("interval=1m&to=2018-01-01T00:00:00Z").unwrap_err().parameter.as_deref(), Some("to"));
    for query in ["interval=5m", "interval=1m&order=asc"] {
        assert_eq!(range(query).unwrap_err().parameter.as_deref(), Some("cursor"), "{query}");
    }
}
