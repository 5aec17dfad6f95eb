//! History jobs: REST pages, newest first, to the job's topic; one page at a time, jobs in turn.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use statechart_runtime::{
    market::{CandlePage, FetchEnd, MAX_PAGE_ROWS, Record, Resolution, RestRow, Source, TimeRange},
    ports::{Fetch, FetchState, FetchUpdate, LogError, LogRecord},
};
use tokio::{sync::Mutex as AsyncMutex, task::JoinHandle};

use crate::{
    coordinator::create_topic,
    datastore::Job,
    exchange::{Client, ExchangeError, FloorReason, HistoryWalk, Page, Pair, Resolution as WireResolution},
    parts::Parts,
};

/// Jobs that may wait; each is also a row of the store, from which it is taken up after a restart.
pub(crate) const JOB_LIMIT: usize = 256;
/// Failures in a row after which a job is given up.
const ATTEMPTS: u32 = 8;
/// How an `end` record says that the plan of the key reaches back no further.
pub const EXCHANGE_LIMIT: &str = "exchange_limit";

/// The Producer's open jobs.
pub struct History {
    parts: Arc<Parts>,
    client: Client,
    jobs: Mutex<VecDeque<Active>>,
    /// Another process does it: what this one still hears of is not taken up.
    stands_by: AtomicBool,
    /// The page under way. Waiting for it can be cancelled, the page itself is not.
    running: AsyncMutex<Option<JoinHandle<Result<(), String>>>>,
}

struct Active {
    fetch: Fetch,
    job: Job,
    res: Resolution,
    walk: HistoryWalk,
    pages: u32,
    failures: u32,
    floor: Option<(FloorReason, i64)>,
}

impl History {
    /// Without jobs.
    pub fn new(parts: Arc<Parts>, client: Client) -> Self {
        let (jobs, stands_by) = (Mutex::default(), AtomicBool::new(false));
        Self { parts, client, jobs, stands_by, running: AsyncMutex::default() }
    }

    /// Takes up jobs from now on, or leaves them all to another process: each is a row of the store, which that one
    /// reads. Asking for a page twice would cost the exchange's calls and nothing else.
    pub(crate) fn stand_by(&self, stands_by: bool) {
        let mut jobs = self.jobs();
        self.stands_by.store(stands_by, Ordering::Release);
        if stands_by && !jobs.is_empty() {
            tracing::info!(jobs = jobs.len(), "history jobs are left to another process");
            jobs.clear();
        }
    }

    fn jobs(&self) -> MutexGuard<'_, VecDeque<Active>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job's fetches; one that is queued already is left as it is.
    pub fn accept(&self, job: Job) {
        let mut jobs = self.jobs();
        for fetch in &job.0.fetches {
            let Source::Rest(res) = fetch.source else { continue };
            if self.stands_by.load(Ordering::Acquire) {
                return;
            }
            if jobs.iter().any(|known| known.fetch.id == fetch.id) {
                continue;
            }
            if jobs.len() >= JOB_LIMIT {
                tracing::warn!(limit = JOB_LIMIT, fetch = %fetch.id, "too many history jobs; this one is handed over again later");
                continue;
            }
            let instrument = &job.0.instrument;
            let pair = Pair::new(&instrument.market, &instrument.base, &instrument.quote);
            let walk = HistoryWalk::new(pair, wire(res), fetch.range.from_us, fetch.range.to_us);
            let (fetch, job) = (fetch.clone(), job.clone());
            jobs.push_back(Active { fetch, job, res, walk, pages: 0, failures: 0, floor: None });
        }
    }

    /// Puts a job back whose page was under way, unless others have taken it over meanwhile.
    fn put_back(&self, active: Active, first: bool) {
        let mut jobs = self.jobs();
        let is_known = jobs.iter().any(|known| known.fetch.id == active.fetch.id);
        if is_known || self.stands_by.load(Ordering::Acquire) {
            return;
        }
        if first {
            jobs.push_front(active);
        } else {
            jobs.push_back(active);
        }
    }

    /// Publishes one page of the oldest job, or waits for the one under way; says whether there is more.
    ///
    /// # Errors
    /// Why the page failed; the job stays and is tried again.
    pub(super) async fn page(self: &Arc<Self>) -> Result<bool, String> {
        let mut running = self.running.lock().await;
        if running.is_none() {
            let Some(active) = self.jobs().pop_front() else { return Ok(false) };
            *running = Some(tokio::spawn(self.clone().step(active)));
        }
        let result = match running.as_mut() {
            Some(task) => task.await.unwrap_or_else(|error| Err(format!("the page ended early: {error}"))),
            None => Ok(()),
        };
        *running = None;
        drop(running);
        result?;
        Ok(!self.jobs().is_empty())
    }

    async fn step(self: Arc<Self>, mut active: Active) -> Result<(), String> {
        let now_us = self.parts.clock.stated_now_us();
        match active.walk.next(&self.client, now_us).await {
            Ok(Some(page)) => {
                active.failures = 0;
                let records = self.records(&mut active, &page);
                self.publish(&active, records).await?;
                self.put_back(active, false);
                Ok(())
            }
            Ok(None) => {
                let error = active
                    .floor
                    .filter(|(reason, _)| *reason == FloorReason::PlanDepth)
                    .map(|_| EXCHANGE_LIMIT.to_owned());
                self.end(active, true, error).await
            }
            Err(error) => self.failed(active, &error).await,
        }
    }

    async fn failed(&self, mut active: Active, error: &ExchangeError) -> Result<(), String> {
        active.failures += 1;
        if error.is_transient() && active.failures < ATTEMPTS {
            self.put_back(active, true);
            return Err(error.to_string());
        }
        tracing::warn!(fetch = %active.fetch.id, %error, "a history job is given up");
        self.end(active, false, Some(error.to_string())).await
    }

    /// A page as records of at most [`MAX_PAGE_ROWS`] rows. Carried rows are not stored: coverage says it.
    fn records(&self, active: &mut Active, page: &Page) -> Vec<Record> {
        if let Some(warning) = &page.warning {
            tracing::warn!(fetch = %active.fetch.id, warning, "the exchange warns about this page");
        }
        if let (Some(reason), Some(absent_to_us)) = (page.floor, page.absent_to_us) {
            active.floor = Some((reason, absent_to_us));
        }
        let Some((from_us, to_us)) = page.covered else { return Vec::new() };
        // The exchange may answer with more than was asked for; coverage is only claimed for the request.
        let whole = TimeRange { from_us, to_us };
        let mut records = Vec::new();
        let mut start_us = whole.from_us;
        let chunks: Vec<_> = page.rows.chunks(MAX_PAGE_ROWS).collect();
        for (at, rows) in chunks.iter().enumerate() {
            let end_us = match chunks.get(at + 1).and_then(|next| next.first()) {
                Some(next) => next.time_us,
                None => whole.to_us,
            };
            active.pages += 1;
            records.push(Record::Candles(CandlePage {
                symbol: active.job.0.instrument.symbol.clone(),
                res: active.res,
                range: TimeRange { from_us: start_us, to_us: end_us },
                fetch: active.fetch.id.clone(),
                page: active.pages,
                rows: rows
                    .iter()
                    .filter(|row| !row.is_carried())
                    .map(|row| RestRow {
                        bucket_us: row.time_us,
                        open: row.open,
                        high: row.high,
                        low: row.low,
                        close: row.close,
                        volume: row.volume,
                        quote_volume: row.quote_volume,
                    })
                    .collect(),
            }));
            start_us = end_us;
        }
        records
    }

    async fn end(&self, active: Active, ok: bool, error: Option<String>) -> Result<(), String> {
        let end = FetchEnd {
            fetch: active.fetch.id.clone(),
            ok,
            pages: active.pages,
            floor_us: active.floor.map(|(_, floor_us)| floor_us),
            error,
        };
        self.publish(&active, vec![Record::End(end)]).await
    }

    /// Appends records. While the log cannot take them the job starts over, for as long as it takes; a topic that is gone
    /// is made anew first. What the log will never take ends the fetch.
    async fn publish(&self, active: &Active, records: Vec<Record>) -> Result<(), String> {
        let records: Vec<LogRecord> = records
            .iter()
            .map(|record| LogRecord::new(record.key().to_owned(), record.encode(), (self.parts.wall)()))
            .collect();
        let topic = &active.job.0.topic;
        let Err(error) = self.parts.log.append(topic, 0, &records).await else { return Ok(()) };
        if matches!(error, LogError::UnknownTopic { .. }) {
            tracing::warn!(topic, fetch = %active.fetch.id, "the topic of a history job is gone; it is made anew");
            if let Err(error) = create_topic(&self.parts, topic, 1).await {
                tracing::warn!(topic, error, "the topic could not be made; it is tried again");
            }
        } else if !error.is_transient() {
            return self.refused(active, &error).await;
        }
        // The walk has moved past this page, so the whole fetch starts over; storing it twice has no effect.
        self.accept(active.job.clone());
        Err(error.to_string())
    }

    /// The log takes no record of this fetch, not its end either, so the store is told.
    async fn refused(&self, active: &Active, error: &LogError) -> Result<(), String> {
        tracing::error!(fetch = %active.fetch.id, %error, "a history job is given up");
        let update = FetchUpdate {
            state: FetchState::Failed,
            done_to_us: None,
            rows_added: 0,
            error: Some(error.to_string()),
            now_us: (self.parts.wall)(),
        };
        if let Err(away) = self.parts.store.update_fetch(&active.fetch.id, &update).await {
            self.accept(active.job.clone());
            return Err(away.to_string());
        }
        Err(error.to_string())
    }
}

fn wire(res: Resolution) -> WireResolution {
    match res {
        Resolution::Minute => WireResolution::Minute,
        Resolution::Hour => WireResolution::Hour,
        Resolution::Day => WireResolution::Day,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        datastore::JobInfo,
        exchange::{ClientConfig, Endpoints},
        parts::testing::embedded,
    };
    use statechart_runtime::{market::FetchId, ports::FetchRequest};

    /// A history of BTCUSD with nobody to ask, and one job for it.
    async fn one_job() -> (tempfile::TempDir, Arc<History>, Job) {
        let (dir, parts) = embedded().await;
        let endpoints = Endpoints::single("http://127.0.0.1:1").unwrap();
        let client = Client::new(endpoints, ClientConfig::default()).unwrap();
        let instrument = Arc::new(parts.instruments.get().get("BTCUSD").unwrap().clone());
        let request = FetchRequest {
            id: FetchId::from_random(1),
            instrument: instrument.id,
            source: Source::Rest(Resolution::Minute),
            range: TimeRange { from_us: 0, to_us: 60_000_000 },
            now_us: 0,
        };
        let (fetch, _) = parts.store.open_fetch(&request).await.unwrap();
        let job = Job(Arc::new(JobInfo { fetches: vec![fetch], instrument, topic: "BTCUSD".to_owned() }));
        (dir, Arc::new(History::new(parts, client)), job)
    }

    #[tokio::test]
    async fn who_stands_by_fetches_nothing() {
        let (_dir, history, job) = one_job().await;
        history.accept(job.clone());
        // A page is under way when the lease goes.
        let active = history.jobs().pop_front().unwrap();
        history.accept(job.clone());
        history.stand_by(true);
        history.put_back(active, true);
        history.accept(job.clone());
        assert_eq!(history.page().await, Ok(false));
        assert!(history.jobs().is_empty(), "its new holder fetches the same");
        // The lease is back, and the open fetches are handed over again.
        history.stand_by(false);
        history.accept(job.clone());
        let active = history.jobs().pop_front().unwrap();
        history.accept(job);
        history.put_back(active, false);
        assert_eq!(history.jobs().len(), 1, "it was handed over while its page was under way");
    }

    /// What the log does not take now is tried again; what it never takes is told to whoever waits.
    #[tokio::test]
    async fn a_record_that_the_log_refuses_ends_the_fetch() {
        let (_dir, history, job) = one_job().await;
        let (parts, id) = (history.parts.clone(), job.0.fetches[0].id.clone());
        history.accept(job);
        let end = |error: &str| {
            let error = Some(error.to_owned());
            vec![Record::End(FetchEnd { fetch: id.clone(), ok: false, pages: 0, floor_us: None, error })]
        };
        let active = history.jobs().pop_front().unwrap();
        let error = history.publish(&active, end("why")).await.unwrap_err();
        assert!(error.contains("has no topic `BTCUSD`"), "{error}");
        let active = history.jobs().pop_front().unwrap();
        history.publish(&active, end("why")).await.unwrap();

        let error = history.publish(&active, end(&"x".repeat(70_000))).await.unwrap_err();
        assert!(error.contains("bytes are too many"), "{error}");
        assert!(history.jobs().is_empty(), "it would be asked for again and again");
        let fetch = parts.store.fetch(&id).await.unwrap().unwrap();
        assert_eq!(fetch.state, FetchState::Failed);
        assert!(fetch.error.as_ref().unwrap().contains("bytes are too many"), "{:?}", fetch.error);
    }
}
