//! The API over a real store in a file. [`TestFront`] plans directly, as the Datastore would, without actors.
#![allow(clippy::unwrap_used)]

mod answers;
mod bounds;
mod database;

use super::router;
use crate::{
    datastore::{Answer, Front, Reply, Request},
    status::Status,
};
use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request as HttpRequest, StatusCode, header},
};
use serde_json::Value;
use statechart_runtime::{
    embedded::{Durability, Embedded},
    market::*,
    ports::*,
};
use std::{sync::Arc, time::Duration};
use tower::ServiceExt;

/// 2018-01-01T00:00:00Z.
const START_US: i64 = 1_514_764_800_000_000;
const MINUTE_US: i64 = 60_000_000;
/// 2018-01-01T03:00:30Z.
const NOW_US: i64 = START_US + 180 * MINUTE_US + MINUTE_US / 2;

/// What the front does when it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Plan,
    /// As [`Mood::Plan`], with the candles in the answer.
    Cache,
    Fail,
    Hang,
    Panic,
}

struct TestFront {
    store: Arc<dyn Store>,
    mood: Mood,
    now_us: i64,
    health: Vec<(String, Result<(), String>)>,
    _folder: tempfile::TempDir,
}

#[async_trait]
impl Front for TestFront {
    async fn ask(&self, request: Request, _wait: Duration) -> Reply {
        match self.mood {
            Mood::Plan | Mood::Cache => {}
            Mood::Fail => return Reply::Failed { reason: "the exchange refuses the key".into() },
            Mood::Hang => std::future::pending().await,
            Mood::Panic => panic!("on purpose"),
        }
        let id = request.instrument.id;
        let rows = self.store.coverage(id, request.range).await.unwrap();
        let plan = plan(
            &PlanRequest {
                range: request.range,
                interval: request.interval,
                horizon_us: live_horizon(&rows, self.now_us, 5_000_000),
                listed_us: request.instrument.listed_us,
            },
            &rows,
        );
        let wanted = plan.fetches().next();
        if let Some((source, range)) = wanted.filter(|_| plan.ready_until_us() == plan.range.from_us) {
            let id = FetchId::from_random(7);
            let request =
                FetchRequest { id, instrument: request.instrument.id, source, range, now_us: 1_000 };
            return Reply::Pending(self.store.open_fetch(&request).await.unwrap().0);
        }
        let cached = match self.mood {
            Mood::Cache => Some(read_plan(&*self.store, id, &plan, None, MAX_PAGE).await.unwrap().into()),
            _ => None,
        };
        Reply::Ready(Answer { instrument: request.instrument, plan: Arc::new(plan), cached })
    }

    async fn instruments(&self) -> Result<InstrumentTable, StoreError> {
        Ok(InstrumentTable::new(self.store.instruments().await?))
    }

    async fn fetch(&self, id: &FetchId) -> Result<Option<Fetch>, StoreError> {
        self.store.fetch(id).await
    }

    fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    fn now_us(&self) -> i64 {
        self.now_us
    }

    async fn status(&self) -> Status {
        Status {
            exchange_now_ms: Some(self.now_us / 1000),
            uptime_ms: 5,
            exchange: "http://127.0.0.1:1".into(),
            actors: Vec::new(),
            symbols: Vec::new(),
            partitions: Vec::new(),
            fetches: Vec::new(),
            dead_letters: 0,
            refused_writes: 0,
        }
    }

    async fn health(&self) -> Vec<(String, Result<(), String>)> {
        self.health.clone()
    }
}

/// What BTCUSD has, by minutes from [`START_US`]:
///
/// ```text
/// before -120       not listed yet
/// -120 … -60        nobody has asked for it
///  -60 … 2          the exchange's minutes, without each tenth
///    2 … 180.5      trades: one a minute, without each seventh minute
/// ```
/// ETHUSD has 3,000 of the exchange's minutes that end at 0, and is known to be unlisted before them.
async fn front(mood: Mood) -> TestFront {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.db");
    let store = Embedded::open(&file, Durability::ProcessKill).await.unwrap().store();
    front_on(mood, Arc::new(store), folder).await
}

/// [`front`] on a store that is empty.
async fn front_on(mood: Mood, store: Arc<dyn Store>, folder: tempfile::TempDir) -> TestFront {
    let listed = |base, minutes: i64| NewInstrument {
        listed_us: Some(START_US + minutes * MINUTE_US),
        ..NewInstrument::pair(base, "USD")
    };
    let bitcoin = store.ensure_instrument(&listed("BTC", -120)).await.unwrap().id;
    let ether = store.ensure_instrument(&NewInstrument::pair("ETH", "USD")).await.unwrap().id;
    let mut batch = Batch::default();
    rest(&mut batch, bitcoin, -60, 2);
    for minute in (2..=180).filter(|minute| minute % 7 != 0) {
        batch.trades.push(Placed { offset: 0, instrument: bitcoin, item: trade(minute, minute) });
    }
    let range = TimeRange { from_us: START_US + 2 * MINUTE_US, to_us: NOW_US };
    mark(&mut batch, bitcoin, Source::Trades, range, CoverageState::Covered);
    rest(&mut batch, ether, -3_000, 0);
    let range = TimeRange { from_us: 0, to_us: START_US - 3_000 * MINUTE_US };
    let state = CoverageState::Unavailable(GapReason::BeforeListing);
    mark(&mut batch, ether, Source::Rest(Resolution::Minute), range, state);
    store.ingest(batch).await.unwrap();
    let health = ["log", "store", "cache", "exchange"].map(|part| (part.to_owned(), Ok(()))).to_vec();
    TestFront { store, mood, now_us: NOW_US, health, _folder: folder }
}

fn trade(minute: i64, id: i64) -> Trade {
    Trade {
        symbol: "BTCUSD".into(),
        time_us: START_US + minute * MINUTE_US + 1_000_000,
        id: id.to_string().into(),
        price: Decimal::new(1_371_560 + minute, 2),
        size: Decimal::new(5_000, 4),
        side: Side::Buy,
        received_us: 0,
        origin: TradeOrigin::Socket,
    }
}

fn rest(batch: &mut Batch, instrument: InstrumentId, from: i64, to: i64) {
    let rows = (from..to).filter(|minute| minute % 10 != 0).map(|minute| RestRow {
        bucket_us: START_US + minute * MINUTE_US,
        open: Decimal::new(minute + 100_000, 1),
        high: Decimal::new(minute + 100_020, 1),
        low: Decimal::new(minute + 99_990, 1),
        close: Decimal::new(minute + 100_010, 1),
        volume: Decimal::new(15, 1),
        quote_volume: Decimal::new(minute + 150_000, 1),
    });
    let item = RestRows { res: Resolution::Minute, fetched_ms: 1_514_775_000_000, rows: rows.collect() };
    batch.rest.push(Placed { offset: 0, instrument, item });
    let range = TimeRange { from_us: START_US + from * MINUTE_US, to_us: START_US + to * MINUTE_US };
    mark(batch, instrument, Source::Rest(Resolution::Minute), range, CoverageState::Covered);
}

fn mark(batch: &mut Batch, instrument: InstrumentId, source: Source, range: TimeRange, state: CoverageState) {
    let item = CoverageMark { source, range, state, epoch: None };
    batch.coverage.push(Placed { offset: 0, instrument, item });
}

fn ms(minute: i64) -> i64 {
    (START_US + minute * MINUTE_US) / 1000
}

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks what every error answer has, and returns its JSON.
    fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let json = self.json();
        assert_eq!(json["status"], status);
        for field in ["type", "title", "detail", "hint"] {
            assert!(json[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {}", self.text);
        }
        assert!(json.get("parameter").is_some() && json.get("value").is_some());
        json
    }
}

async fn send(router: &Router, request: HttpRequest<Body>) -> Got {
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = axum::body::to_bytes(body, 64 << 20).await.unwrap();
    Got { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

async fn get(router: &Router, uri: &str) -> Got {
    send(router, HttpRequest::get(uri).body(Body::empty()).unwrap()).await
}

async fn get_with(router: &Router, uri: &str, name: header::HeaderName, value: &str) -> Got {
    send(router, HttpRequest::get(uri).header(name, value).body(Body::empty()).unwrap()).await
}

async fn api() -> Router {
    router(Arc::new(front(Mood::Plan).await))
}
