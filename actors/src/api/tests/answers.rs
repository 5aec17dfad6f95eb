//! What callers get: candles, pages, gaps, formats, tags, and the other endpoints.

use super::*;

#[tokio::test]
async fn a_page_has_exactly_the_documented_fields() {
    let api = api().await;
    let uri = format!("/v1/candles?symbol=btc-usd&interval=1m&from={}&to={}", ms(1), ms(4));
    let got = get(&api, &uri).await;
    assert_eq!((got.status.as_u16(), got.header("cache-control")), (200, "no-cache"));
    let text = concat!(
        r#"{"symbol":"BTCUSD","interval":"1m","from":1514764860000,"to":1514765040000,"complete":true,"candles":["#,
        r#"{"time":1514764860000,"open":"10000.1","high":"10002.1","low":"9999.1","close":"10001.1","volume":"1.5","#,
        r#""quote_volume":"15000.1","trades":null,"closed":true,"source":"rest"},"#,
        r#"{"time":1514764920000,"open":"13715.62","high":"13715.62","low":"13715.62","close":"13715.62","#,
        r#""volume":"0.5","quote_volume":"6857.81","trades":1,"closed":true,"source":"trades"},"#,
        r#"{"time":1514764980000,"open":"13715.63","high":"13715.63","low":"13715.63","close":"13715.63","#,
        r#""volume":"0.5","quote_volume":"6857.815","trades":1,"closed":true,"source":"trades"}],"#,
        r#""gaps":[],"cursor":null}"#
    );
    assert_eq!(got.text, text);

    // At the seam a bucket is made of both.
    let uri = format!("/v1/candles?symbol=BTC/USD&interval=5m&from={}&to={}", ms(0), ms(5));
    let candle = get(&api, &uri).await.json()["candles"][0].clone();
    assert_eq!((candle["source"].as_str(), &candle["trades"]), (Some("mixed"), &Value::Null));
    assert_eq!((candle["open"].as_str(), candle["close"].as_str()), (Some("10000.1"), Some("13715.64")));

    // The newest one is open.
    let newest = get(&api, "/v1/candles?symbol=BTCUSD&interval=1m&limit=1").await.json();
    assert_eq!(
        (newest["candles"][0]["closed"].as_bool(), newest["complete"].as_bool()),
        (Some(false), Some(true))
    );
    assert_eq!((newest["candles"][0]["time"].as_i64(), &newest["cursor"]), (Some(ms(180)), &Value::Null));
}

/// All pages of a list, each with at most `limit` candles; returns their candles in the order they came.
async fn walk(api: &Router, query: &str, limit: usize) -> Vec<Value> {
    let mut candles = Vec::new();
    let mut uri = format!("/v1/candles?symbol=BTCUSD&{query}&limit={limit}");
    for _ in 0..500 {
        let got = get(api, &uri).await;
        let page = got.json();
        assert_eq!(got.status, 200, "{uri}: {}", got.text);
        assert_eq!(page["complete"], true, "{uri}: {}", got.text);
        let rows = page["candles"].as_array().unwrap();
        assert!(rows.len() <= limit);
        candles.extend(rows.iter().cloned());
        let Some(cursor) = page["cursor"].as_str() else { return candles };
        let base = query.split('&').filter(|part| !part.starts_with("from=")).collect::<Vec<_>>().join("&");
        uri = format!("/v1/candles?symbol=BTCUSD&{base}&limit={limit}&cursor={cursor}");
    }
    panic!("the list does not end: {uri}")
}

#[tokio::test]
async fn pages_lines_both_orders_and_the_cache_agree() {
    let (api, cached) = (api().await, router(Arc::new(front(Mood::Cache).await)));
    for interval in ["1m", "5m", "1h"] {
        for fill in ["none", "null", "previous"] {
            let query = format!("interval={interval}&from={}&to={}&fill={fill}", ms(-60), ms(150));
            let whole = walk(&api, &query, 5000).await;
            let width = match interval {
                "1m" => 1,
                "5m" => 5,
                _ => 60,
            };
            // -60 … 150 in minutes: 7 of 62 are missing in the exchange's, 20 of 148 in the trades.
            let expected = if fill == "none" && width == 1 { 56 + 127 } else { 210 / width };
            assert!(whole.len().abs_diff(expected) <= 1, "{query}: {} {expected}", whole.len());
            assert_eq!(walk(&cached, &query, 5000).await, whole, "{query}");
            let times: Vec<i64> = whole.iter().map(|one| one["time"].as_i64().unwrap()).collect();
            assert!(times.is_sorted_by(|left, right| left < right));
            for limit in [1, 7, 64] {
                if limit > 1 || width > 1 {
                    assert_eq!(walk(&api, &query, limit).await, whole, "{query} {limit}");
                    let mut backwards = walk(&api, &format!("{query}&order=desc"), limit).await;
                    backwards.reverse();
                    assert_eq!(backwards, whole, "{query} {limit}");
                }
            }
            for order in ["asc", "desc"] {
                let uri = format!("/v1/candles?symbol=BTCUSD&{query}&order={order}&format=jsonl");
                let got = get(&api, &uri).await;
                assert_eq!((got.header("x-complete"), got.header("x-gap-count")), ("true", "0"));
                let mut lines: Vec<Value> =
                    got.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                if order == "desc" {
                    lines.reverse();
                }
                assert_eq!(lines, whole, "{uri}");
            }
        }
    }
}

#[tokio::test]
async fn empty_buckets_are_filled_as_asked() {
    let api = api().await;
    // Minute 7 has no trade; minute 0 has no row of the exchange.
    for (fill, minute, row) in [
        (
            "null",
            7,
            r#"{"time":T,"open":null,"high":null,"low":null,"close":null,"volume":"0","quote_volume":"0","trades":0,"closed":true,"source":"trades"}"#,
        ),
        (
            "previous",
            7,
            r#"{"time":T,"open":"13715.66","high":"13715.66","low":"13715.66","close":"13715.66","volume":"0","quote_volume":"0","trades":0,"closed":true,"source":"trades"}"#,
        ),
        (
            "previous",
            0,
            r#"{"time":T,"open":"10000.9","high":"10000.9","low":"10000.9","close":"10000.9","volume":"0","quote_volume":"0","trades":null,"closed":true,"source":"rest"}"#,
        ),
        // The close before -60 is not known: that part is missing.
        (
            "previous",
            -60,
            r#"{"time":T,"open":null,"high":null,"low":null,"close":null,"volume":"0","quote_volume":"0","trades":null,"closed":true,"source":"rest"}"#,
        ),
    ] {
        let range = format!("from={}&to={}", ms(minute), ms(minute + 1));
        let got =
            get(&api, &format!("/v1/candles?symbol=BTCUSD&interval=1m&fill={fill}&{range}&format=jsonl"))
                .await;
        assert_eq!(got.text.trim_end(), row.replace('T', &ms(minute).to_string()), "{fill} {minute}");
    }
    let got = get(
        &api,
        &format!("/v1/candles?symbol=BTCUSD&interval=1m&fill=null&from={}&to={}&format=csv", ms(7), ms(9)),
    )
    .await;
    assert_eq!(
        got.text,
        format!(
            "time,open,high,low,close,volume,quote_volume,trades,closed,source\n{},,,,,0,0,0,true,trades\n{},13715.68,13715.68,13715.68,13715.68,0.5,6857.84,1,true,trades\n",
            ms(7),
            ms(8)
        )
    );
}

#[tokio::test]
async fn what_is_missing_is_a_gap_or_a_wait() {
    let api = api().await;
    // Nothing is ready at the beginning: 202, and the fetch can be watched.
    let uri = format!("/v1/candles?symbol=BTCUSD&interval=1m&wait=0&from={}&to={}", ms(-90), ms(10));
    let got = get(&api, &uri).await;
    assert_eq!(got.status, 202, "{}", got.text);
    let id = got.json()["fetch"].as_str().unwrap().to_owned();
    assert_eq!(got.text, format!(r#"{{"fetch":"{id}","state":"queued","done_to":null,"progress":0.0}}"#));
    assert_eq!(
        (got.header("location"), got.header("retry-after")),
        (format!("/v1/fetches/{id}").as_str(), "1")
    );
    let fetch = get(&api, got.header("location")).await;
    assert_eq!(
        fetch.text,
        format!(
            r#"{{"fetch":"{id}","state":"queued","done_to":null,"progress":0.0,"symbol":"BTCUSD","source":"rest60","from":{},"to":{},"rows":0,"error":null,"updated":1}}"#,
            ms(-90),
            ms(-60)
        )
    );

    // Before the listing nothing is missing, and it is skipped.
    let uri = format!("/v1/candles?symbol=BTCUSD&interval=1m&from={}&to={}", ms(-200), ms(-120));
    let page = get(&api, &uri).await.json();
    assert_eq!((page["complete"].as_bool(), &page["cursor"]), (Some(true), &Value::Null));
    assert_eq!(
        page["gaps"],
        serde_json::json!([{"from": ms(-200), "to": ms(-120), "reason": "before_listing"}])
    );

    // Newest first: the ready part is the newest, its cursor leads to the gap, and there waits the fetch.
    let uri =
        format!("/v1/candles?symbol=BTCUSD&interval=1m&order=desc&limit=100&from={}&to={}", ms(-90), ms(10));
    let page = get(&api, &uri).await.json();
    assert_eq!(page["complete"], false);
    assert_eq!(page["gaps"], serde_json::json!([{"from": ms(-90), "to": ms(-60), "reason": "not_fetched"}]));
    let candles = page["candles"].as_array().unwrap();
    assert_eq!(
        (candles[0]["time"].as_i64(), candles.last().unwrap()["time"].as_i64()),
        (Some(ms(9)), Some(ms(-59)))
    );
    let uri = format!("/v1/candles?symbol=BTCUSD&interval=1m&cursor={}", page["cursor"].as_str().unwrap());
    assert_eq!(get(&api, &uri).await.status, 202);

    // In lines, the gaps are headers.
    let uri =
        format!("/v1/candles?symbol=BTCUSD&interval=1m&order=desc&format=csv&from={}&to={}", ms(-90), ms(10));
    let got = get(&api, &uri).await;
    assert_eq!((got.header("x-complete"), got.header("x-gap-count")), ("false", "1"));
    assert!(!got.header("x-cursor").is_empty() && got.header("etag").is_empty());
    assert_eq!(got.text.lines().count(), 1 + candles.len());
}

#[tokio::test]
async fn earliest_leads_to_candles_at_once() {
    let api = api().await;
    for query in ["from=earliest&to=2018-01-01", "from=earliest&to=2018-01-01&order=desc"] {
        let page = get(&api, &format!("/v1/candles?symbol=ETHUSD&interval=1m&limit=10&{query}")).await.json();
        assert_eq!(page["candles"].as_array().map(Vec::len), Some(9), "{page}");
    }
    // A stream of several chunks.
    let uri = "/v1/candles?symbol=ETHUSD&interval=1m&from=earliest&to=2018-01-01&format=csv";
    let got = get(&api, uri).await;
    assert_eq!((got.text.lines().count(), got.header("x-complete")), (1 + 2_700, "true"));
    let lines: Vec<&str> = got.text.lines().skip(1).collect();
    assert!(lines.is_sorted());
    let newest_first = get(&api, &format!("{uri}&order=desc")).await;
    assert!(newest_first.text.lines().skip(1).eq(lines.into_iter().rev()));
}

#[tokio::test]
async fn tags_change_with_late_trades_only() {
    let front = Arc::new(front(Mood::Plan).await);
    let api = router(front.clone());
    let uri = format!("/v1/candles?symbol=BTCUSD&interval=1m&from={}&to={}", ms(10), ms(60));
    let first = get(&api, &uri).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.len() == 34 && tag.starts_with('"'), "{tag}");
    for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let again = get_with(&api, &uri, header::IF_NONE_MATCH, &known).await;
        assert_eq!(
            (again.status.as_u16(), again.text.as_str(), again.header("etag")),
            (304, "", tag.as_str())
        );
    }
    let csv = get_with(&api, &uri, header::ACCEPT, "text/csv").await;
    assert!(csv.header("content-type").starts_with("text/csv") && csv.header("etag") != tag);
    // An open candle has no tag.
    assert_eq!(get(&api, "/v1/candles?symbol=BTCUSD&interval=1m&limit=5").await.header("etag"), "");

    let instrument = front.store.instruments().await.unwrap().first().unwrap().id;
    let late = Placed { offset: 0, instrument, item: trade(20, 999) };
    front.store.ingest(Batch { trades: vec![late], ..Batch::default() }).await.unwrap();
    let changed = get_with(&api, &uri, header::IF_NONE_MATCH, &tag).await;
    assert_eq!(changed.status, 200);
    assert!(changed.header("etag") != tag && changed.text != first.text);
}

#[tokio::test]
async fn the_other_endpoints() {
    let mut front = front(Mood::Plan).await;
    front.health[3].1 = Err("no frame for 30 s".into());
    let api = router(Arc::new(front));
    assert_eq!(
        get(&api, "/v1/symbols").await.text,
        format!(
            r#"[{{"symbol":"BTCUSD","base":"BTC","quote":"USD","market":"Coinbase","status":"live","first":{},"last":{}}},{{"symbol":"ETHUSD","base":"ETH","quote":"USD","market":"Coinbase","status":"idle","first":{},"last":{}}}]"#,
            ms(-60),
            NOW_US / 1000,
            ms(-3_000),
            ms(0)
        )
    );
    let health = get(&api, "/healthz?probe=1").await;
    assert_eq!(health.status, 200);
    assert_eq!(
        health.text,
        r#"{"status":"degraded","checks":{"cache":"ok","exchange":"no frame for 30 s","log":"ok","store":"ok"}}"#
    );
    assert_eq!(get(&api, "/v1/status").await.json()["exchange_now_ms"], NOW_US / 1000);
    // Every example of the index leads somewhere.
    let index = get(&api, "/").await.json();
    for endpoint in index["endpoints"].as_array().unwrap() {
        let got = get(&api, endpoint["example"].as_str().unwrap()).await;
        let is_fetch = endpoint["path"].as_str().unwrap().contains("fetches");
        assert_eq!(got.status.as_u16(), if is_fetch { 404 } else { 200 }, "{endpoint}");
    }
}
