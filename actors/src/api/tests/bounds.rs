//! What callers cannot do: get a 500, wait for ever, or take everything.

use super::*;
use crate::api::guard::{MAX_REQUESTS, MAX_URI};

#[tokio::test]
async fn every_mistake_is_a_problem_document() {
    let api = api().await;
    let sound = "symbol=BTCUSD&interval=1m";
    for (uri, status, parameter) in [
        ("/v1/candles", 400, "symbol"),
        ("/v1/candles?symbol=BTCUSD", 400, "interval"),
        (&format!("/v1/candles?{sound}&limit=0"), 422, "limit"),
        (&format!("/v1/candles?{sound}&from=2018-01-02&to=2018-01-01"), 422, "from"),
        (&format!("/v1/candles?{sound}&from=2050-01-01"), 422, "from"),
        (&format!("/v1/candles?{sound}&symbol=ETHUSD"), 400, "symbol"),
        (&format!("/v1/candles?{sound}&frm=1"), 400, "frm"),
        ("/v1/candles?symbol=BTCUSDT&interval=1m", 404, "symbol"),
        ("/v1/candles?symbol=%F0%9F%92%A9&interval=1m", 404, "symbol"),
        ("/v1/fetches/1", 400, "id"),
        ("/v1/fetches/%ff", 400, "id"),
        ("/v1/fetches/00000000-0000-4000-8000-0000000000aa", 404, "id"),
        ("/v1/symbols?symbol=BTCUSD", 400, "symbol"),
        ("/v1/status?x", 400, "x"),
        ("/v1/problems/none", 404, "kind"),
    ] {
        assert_eq!(get(&api, uri).await.problem(status)["parameter"], parameter, "{uri}");
    }
    let unknown = get(&api, "/v1/candles?symbol=BTCUSDT&interval=1m").await.problem(404);
    assert!(unknown["hint"].as_str().unwrap().contains("did you mean BTCUSD"), "{unknown}");
    // The `type` of a problem explains it.
    assert_eq!(get(&api, unknown["type"].as_str().unwrap()).await.json()["status"], 404);
    let several = get(&api, "/v1/candles?symbol=BTCUSD&interval=2m&limit=0").await.problem(400);
    assert_eq!(several["errors"][0]["parameter"], "limit");

    for uri in ["/v1/candle", "/v1/candles/", "/favicon.ico", "//", "/v1"] {
        get(&api, uri).await.problem(404);
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let request =
            HttpRequest::builder().method(method).uri("/v1/candles").body(Body::from("{}")).unwrap();
        let got = send(&api, request).await;
        got.problem(405);
        assert_eq!(got.header("allow"), "GET,HEAD");
    }
    get(&api, &format!("/v1/candles?symbol={}", "x".repeat(MAX_URI))).await.problem(414);
    get_with(&api, "/", header::COOKIE, &"x".repeat(40_000)).await.problem(431);
    let got = get_with(&api, &format!("/v1/candles?{sound}"), header::ACCEPT, "text/html").await;
    assert_eq!(got.problem(406)["parameter"], "Accept");
}

#[tokio::test]
async fn faults_behind_the_api_are_503() {
    let uri = "/v1/candles?symbol=BTCUSD&interval=1m";
    for (mood, why) in [(Mood::Fail, "refuses the key"), (Mood::Panic, "fault inside")] {
        let got = get(&router(Arc::new(front(mood).await)), uri).await;
        assert!(got.problem(503)["detail"].as_str().unwrap().contains(why));
        assert!(!got.header("retry-after").is_empty());
    }
    // What is stored is served all the same, up to what is missing.
    let api = router(Arc::new(front(Mood::Fail).await));
    let page = get(&api, &format!("{uri}&from={}&order=desc", ms(-90))).await.json();
    assert_eq!((page["complete"].as_bool(), page["gaps"][0]["from"].as_i64()), (Some(false), Some(ms(-90))));
    assert_eq!(page["candles"].as_array().unwrap().last().unwrap()["time"], ms(-59));
    let rest = format!("{uri}&cursor={}", page["cursor"].as_str().unwrap());
    get(&api, &rest).await.problem(503);

    let mut young = front(Mood::Plan).await;
    young.now_us = 0;
    young.health[1].1 = Err("the disk is full".into());
    let api = router(Arc::new(young));
    assert!(get(&api, uri).await.problem(503)["detail"].as_str().unwrap().contains("clock"));
    let health = get(&api, "/healthz").await;
    assert_eq!((health.status.as_u16(), health.json()["status"].as_str()), (503, Some("degraded")));
}

#[tokio::test]
async fn nothing_waits_for_ever_and_too_many_are_turned_away() {
    let api = router(Arc::new(front(Mood::Hang).await));
    let uri = "/v1/candles?symbol=BTCUSD&interval=1m&wait=1s&format=csv&from=earliest&to=2018-01-01";
    let waiting: Vec<_> = (0..MAX_REQUESTS)
        .map(|_| {
            let api = api.clone();
            tokio::spawn(async move { get(&api, uri).await })
        })
        .collect();
    // One task after another: each has taken its permit when all have had a turn.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let got = get(&api, "/v1/symbols").await;
    assert!(got.problem(503)["type"].as_str().unwrap().ends_with("overloaded"));
    assert_eq!(get(&api, "/healthz").await.status, 200);
    for one in waiting.iter().skip(1) {
        one.abort();
    }
    let first = waiting.into_iter().next().unwrap().await.unwrap();
    assert!(first.problem(503)["type"].as_str().unwrap().ends_with("timed-out"));
    assert_eq!(get(&api, "/v1/symbols").await.status, 200);
}

/// Queries put together at random from good and bad pieces: an answer each time, and never a 500.
#[tokio::test]
async fn no_query_leads_to_a_500() {
    let api = api().await;
    let names =
        ["symbol", "interval", "from", "to", "limit", "cursor", "order", "fill", "format", "wait", "x", ""];
    let values = [
        "BTCUSD",
        "ETHUSD",
        "1m",
        "4h",
        "1d",
        "0",
        "-1",
        "1",
        "5000",
        "5001",
        "1514764800000",
        "1514775630000",
        "9223372036854775807",
        "-9223372036854775808",
        "253402300799999",
        "2018-01-01",
        "2018-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "earliest",
        "asc",
        "desc",
        "previous",
        "null",
        "csv",
        "jsonl",
        "%",
        "%00",
        "%ff",
        "",
        "1s",
        "30s",
        "0ms",
        "317c",
        "a%20b",
    ];
    let mut seed: u64 = 1;
    let mut draw = move |count: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % count
    };
    let (mut good, mut bad) = (0, 0);
    for round in 0..1_500 {
        let mut query = if round % 4 > 0 { "symbol=BTCUSD&interval=1m".to_owned() } else { String::new() };
        for _ in 0..draw(4) {
            query = format!("{query}&{}={}", names[2 + draw(names.len() - 2)], values[draw(values.len())]);
        }
        let uri = format!("/v1/candles?{query}");
        let got = tokio::time::timeout(Duration::from_secs(20), get(&api, &uri)).await.expect(&uri);
        match got.status.as_u16() {
            200 | 202 => good += 1,
            status @ (400 | 404 | 422) => {
                got.problem(status);
                bad += 1;
            }
            other => panic!("{uri}: {other} {}", got.text),
        }
    }
    assert!(good > 100 && bad > 100, "{good} {bad}");
}

/// A stream that nobody reads is given up, and its reader notices that the end is missing.
#[tokio::test]
async fn a_stalled_stream_is_cut() {
    let api = api().await;
    let uri =
        "/v1/candles?symbol=ETHUSD&interval=1m&from=earliest&to=2018-01-01&fill=null&format=csv&order=desc";
    for (pause_ms, is_whole) in [(0, true), (1_000, false)] {
        let response = api.clone().oneshot(HttpRequest::get(uri).body(Body::empty()).unwrap()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        assert_eq!(
            axum::body::to_bytes(response.into_body(), 64 << 20).await.is_ok(),
            is_whole,
            "{pause_ms}"
        );
    }
}

/// Over a socket: what a client really receives, and that a caller who leaves frees its place.
#[tokio::test]
async fn served_over_a_socket() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let api = api().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, api).await });
    let exchange = async |request: &str| {
        let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        socket.read_to_end(&mut bytes).await.unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let uri = "/v1/candles?symbol=ETHUSD&interval=1m&from=earliest&to=2018-01-01&format=csv";
    let text = exchange(&format!("GET {uri} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await;
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("transfer-encoding: chunked"), "{text:.300}");
    assert!(text.ends_with("0\r\n\r\n"));
    let head = exchange(&format!("HEAD {uri} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await;
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n") && !head.contains("time,open"));
    let bad = exchange("GET /v1/candles?symbol=\" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(bad.starts_with("HTTP/1.1 400"), "{bad}");
    server.abort();
}
