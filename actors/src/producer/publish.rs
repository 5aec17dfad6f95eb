//! Batches to the log, in order, several on their way at once.
//!
//! ```text
//! submit ─▶ queue ─▶ log                          while it takes them
//!                └─▶ spool (on disk) ─▶ log       from the first refusal until the spool is empty again
//! ```
//!
//! The order of a partition is kept on both ways: while anything waits in the spool, everything goes through it.

use std::{
    ops::ControlFlow,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use statechart_runtime::{
    embedded::{Spool, SpoolError},
    market::PARTITIONS,
    ports::{Log, LogError, LogRecord, MAX_APPEND_BYTES},
};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::Instant,
};

use super::TickBatch;
use crate::parts::FIXED_TOPIC;

/// Batches that may wait. The feed asks for the next one only while fewer than [`PIPELINE`] are under
/// way, so this is never reached while the machine keeps to its spec.
const QUEUE: usize = 16;
/// Batches under way before the feed waits.
pub(super) const PIPELINE: usize = 4;
/// Partitions that are written to at the same time. Within one, requests follow each other.
const IN_FLIGHT: usize = 4;
/// First and longest wait between two attempts.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How often it is said that what waits on disk cannot be sent, as long as that lasts.
const TELL_EVERY: Duration = Duration::from_secs(60);

type Outcome = oneshot::Sender<Result<(), String>>;

/// What became of a batch.
pub struct Receipt(Result<oneshot::Receiver<Result<(), String>>, String>);

impl Receipt {
    /// Waits until the batch is durable, or the log first refuses it: it is tried again in that case.
    ///
    /// # Errors
    /// Why the log refused it.
    pub async fn wait(self) -> Result<(), String> {
        self.0?.await.unwrap_or_else(|_| Err("the publisher has stopped".to_owned()))
    }
}

/// Hands batches to one task that appends them in order and never gives one up.
#[derive(Clone)]
pub struct Publisher {
    queue: mpsc::Sender<(String, TickBatch, Outcome)>,
    shared: Arc<Shared>,
}

/// What the feed watches.
pub(super) struct Shared {
    depth: AtomicUsize,
    /// A batch has left the pipeline.
    pub(super) moved: Notify,
    /// Batches that found the queue full; the next fetch takes them first.
    returned: Mutex<Vec<TickBatch>>,
}

impl Shared {
    /// Batches under way.
    pub(super) fn depth(&self) -> usize {
        self.depth.load(Ordering::Acquire)
    }

    /// A batch that could not be queued.
    pub(super) fn take_returned(&self) -> Option<TickBatch> {
        let mut returned = self.returned.lock().unwrap_or_else(PoisonError::into_inner);
        (!returned.is_empty()).then(|| returned.remove(0))
    }
}

impl Publisher {
    /// Starts the task; it ends when the last publisher is dropped and the queue is empty. With a spool, a batch is
    /// durable as soon as it is there.
    pub fn start(log: Arc<dyn Log>, spool: Option<Arc<Spool>>) -> Self {
        let (queue, batches) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared {
            depth: AtomicUsize::new(0),
            moved: Notify::new(),
            returned: Mutex::new(Vec::new()),
        });
        let task = Task { log, batches, shared: shared.clone(), drained: 0, told: None };
        match spool {
            Some(spool) => drop(tokio::spawn(task.run_spooled(spool))),
            None => drop(tokio::spawn(task.run())),
        }
        Self { queue, shared }
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    /// Queues a batch; the ones before it are published first.
    pub fn submit(&self, topic: &str, batch: TickBatch) -> Receipt {
        let (sender, outcome) = oneshot::channel();
        // Counted first, so that the task never takes off more than was added.
        self.shared.depth.fetch_add(1, Ordering::AcqRel);
        Receipt(match self.queue.try_send((topic.to_owned(), batch, sender)) {
            Ok(()) => Ok(outcome),
            Err(error) => {
                self.shared.depth.fetch_sub(1, Ordering::AcqRel);
                let (_, batch, _) = error.into_inner();
                self.shared.returned.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
                Err(format!("{QUEUE} batches wait for the log already; it is slow or away"))
            }
        })
    }
}

/// The records of a batch that the log does not have, by partition.
type Rest<'a> = Vec<(u32, &'a [LogRecord])>;

struct Task {
    log: Arc<dyn Log>,
    batches: mpsc::Receiver<(String, TickBatch, Outcome)>,
    shared: Arc<Shared>,
    /// Records of the spool's oldest group that are in the log already: the one behind them was refused.
    drained: usize,
    /// When it was last said that the log refuses for good.
    told: Option<Instant>,
}

impl Task {
    async fn run(mut self) {
        while let Some((topic, batch, receipt)) = self.batches.recv().await {
            let mut receipt = Some(receipt);
            let mut wait = RETRY.0;
            let mut rest = whole(&batch);
            loop {
                let Err(error) = self.append(&topic, &mut rest).await else { break };
                tracing::warn!(%topic, %error, "a batch is not in the log yet, trying again");
                if let Some(receipt) = receipt.take() {
                    // Whoever waited may have left the state.
                    let _ = receipt.send(Err(error.to_string()));
                }
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(RETRY.1);
            }
            self.done(receipt);
        }
    }

    async fn run_spooled(mut self, spool: Arc<Spool>) {
        // After a restart of the Producer the task before may still be at work.
        let _owner = spool.own().await;
        let mut wait = RETRY.0;
        let mut next_try = Instant::now();
        // Some thousand records take their time to be let go: that is done while the log is busy with the next ones.
        let mut done_with = None;
        loop {
            tokio::select! {
                next = self.batches.recv() => {
                    let Some((topic, batch, receipt)) = next else { return };
                    let mut rest = whole(&batch);
                    if spool.is_empty() {
                        let let_go = async { drop(done_with.take()) };
                        let (appended, ()) = tokio::join!(self.append(&topic, &mut rest), let_go);
                        match appended {
                            Ok(()) => {
                                self.done(Some(receipt));
                                done_with = Some(batch);
                                continue;
                            }
                            Err(error) => {
                                self.make_again(&error).await;
                                tracing::warn!(%topic, %error, "the log is away; records wait on disk until it is back");
                                (wait, next_try) = (RETRY.0, Instant::now() + RETRY.0);
                            }
                        }
                    }
                    let put = self.put_aside(&spool, &topic, &rest, receipt, &mut wait).await;
                    // Coverage in a later batch speaks of trades in this one: without it none may go out.
                    let ControlFlow::Continue(receipt) = put else { return };
                    self.done(receipt);
                }
                () = tokio::time::sleep_until(next_try), if !spool.is_empty() => {
                    wait = self.drain_one(&spool, wait).await;
                    next_try = if wait > RETRY.0 { Instant::now() + wait } else { Instant::now() };
                }
            }
        }
    }

    fn done(&self, receipt: Option<Outcome>) {
        self.shared.depth.fetch_sub(1, Ordering::AcqRel);
        self.shared.moved.notify_one();
        if let Some(receipt) = receipt {
            let _ = receipt.send(Ok(()));
        }
    }

    /// Appends what is left of a batch; partitions side by side. What is in the log is taken off `rest`.
    async fn append(&self, topic: &str, rest: &mut Rest<'_>) -> Result<(), LogError> {
        let mut first = None;
        let partitions = std::mem::take(rest);
        for group in partitions.chunks(IN_FLIGHT) {
            let appends =
                group.iter().map(|(partition, records)| self.append_partition(topic, *partition, records));
            for appended in join_all(appends).await {
                if let Err((partition, records, error)) = appended {
                    rest.push((partition, records));
                    first = first.or(Some(error));
                }
            }
        }
        first.map_or(Ok(()), Err)
    }

    /// Appends one partition's records, one request after the other; what is left comes back with the error.
    async fn append_partition<'a>(
        &self,
        topic: &str,
        partition: u32,
        records: &'a [LogRecord],
    ) -> Result<(), (u32, &'a [LogRecord], LogError)> {
        let mut done = 0;
        for piece in LogRecord::pieces(records, MAX_APPEND_BYTES) {
            if let Err(error) = self.log.append(topic, partition, piece).await {
                done += appended(&error);
                return Err((partition, records.get(done..).unwrap_or_default(), error));
            }
            done += piece.len();
        }
        Ok(())
    }

    /// Puts records into the spool; gives up only when nobody is left to wait for it. While it is full the feed waits,
    /// and what the exchange then does not deliver is a gap in the coverage, read again from the exchange's history.
    async fn put_aside(
        &mut self,
        spool: &Spool,
        topic: &str,
        rest: &Rest<'_>,
        receipt: Outcome,
        wait: &mut Duration,
    ) -> ControlFlow<(), Option<Outcome>> {
        let groups: Vec<(&str, u32, &[LogRecord])> = rest
            .iter()
            .flat_map(|(partition, records)| {
                LogRecord::pieces(records, MAX_APPEND_BYTES).map(|piece| (topic, *partition, piece))
            })
            .collect();
        let mut receipt = Some(receipt);
        loop {
            let Err(error) = spool.push(&groups).await else { return ControlFlow::Continue(receipt) };
            match &error {
                SpoolError::Full { .. } => {
                    tracing::error!(%error, "records no longer find room on disk; the feed waits, and there will be a gap");
                }
                SpoolError::Store(_) => tracing::error!(%error, "records cannot be kept on disk"),
            }
            if let Some(receipt) = receipt.take() {
                let _ = receipt.send(Err(error.to_string()));
            }
            if self.batches.is_closed() {
                return ControlFlow::Break(());
            }
            *wait = self.drain_one(spool, *wait).await;
            tokio::time::sleep(*wait).await;
        }
    }

    /// Makes the fixed topic anew when somebody has deleted it. What it held and nobody had read is a hole in the
    /// coverage then, which is read again from the exchange.
    async fn make_again(&self, error: &LogError) {
        let LogError::UnknownTopic { topic } = error else { return };
        if topic != FIXED_TOPIC {
            return;
        }
        match self.log.create_topic(topic, PARTITIONS).await {
            Ok(made) => tracing::error!(
                topic,
                incarnation = made.incarnation,
                "the topic was deleted by somebody else and is made anew; records that were not stored yet are gone"
            ),
            Err(error) => tracing::error!(topic, %error, "the topic was deleted by somebody else"),
        }
    }

    /// Moves the oldest group from the spool into the log; returns how long to wait before the next attempt.
    async fn drain_one(&mut self, spool: &Spool, wait: Duration) -> Duration {
        let group = match spool.first().await {
            Ok(Some(group)) => group,
            Ok(None) => return RETRY.0,
            Err(error) => {
                tracing::error!(%error, "the spool cannot be read");
                return (wait * 2).min(RETRY.1);
            }
        };
        let rest = group.records.get(self.drained..).unwrap_or_default();
        if let Err(error) = self.log.append(&group.topic, group.partition, rest).await {
            self.drained += appended(&error);
            self.make_again(&error).await;
            if !error.is_transient() {
                // It does not pass by itself, so one line of long ago is not enough.
                if self.told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                    self.told = Some(Instant::now());
                    let topic = group.topic;
                    tracing::error!(topic, %error, bytes = spool.bytes(), "what waits on disk cannot be sent");
                }
            } else {
                tracing::debug!(topic = group.topic, %error, bytes = spool.bytes(), "the log is still away");
            }
            return (wait * 2).min(RETRY.1);
        }
        self.told = None;
        self.drained = group.records.len();
        if let Err(error) = spool.remove(&group).await {
            tracing::warn!(%error, "a group that the log has stays in the spool and will be sent again");
            return (wait * 2).min(RETRY.1);
        }
        self.drained = 0;
        if spool.is_empty() {
            tracing::warn!("the log is back and has everything that waited on disk");
        }
        RETRY.0
    }
}

/// Records that are in the log although the append has failed, for sure.
fn appended(error: &LogError) -> usize {
    match error {
        LogError::RecordRefused { appended, .. } => *appended,
        _ => 0,
    }
}

fn whole(batch: &TickBatch) -> Rest<'_> {
    batch.0.iter().map(|(partition, records)| (*partition, records.as_slice())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::parts::testing::Tampered;
    use statechart_runtime::embedded::{Durability, Embedded};
    use std::collections::BTreeMap;

    #[tokio::test]
    async fn while_the_log_is_away_records_wait_on_disk_and_keep_their_order() {
        let dir = tempfile::tempdir().unwrap();
        let file = Embedded::open(dir.path().join("log.sqlite"), Durability::ProcessKill).await.unwrap();
        let log = Arc::new(Tampered::new(Arc::new(file.log())));
        log.create_topic("t", 2).await.unwrap();
        let spool = Arc::new(Spool::open(dir.path().join("spool.sqlite"), 1 << 20).await.unwrap());
        let batch = |n: usize| {
            let records = |partition: u32| vec![LogRecord::new("", format!("{partition}/{n}"), 0)];
            TickBatch(Arc::new(BTreeMap::from([(0, records(0)), (1, records(1))])))
        };
        let publisher = Publisher::start(log.clone(), Some(spool.clone()));
        publisher.submit("t", batch(0)).wait().await.unwrap();
        assert!(spool.is_empty());
        log.is_there.store(false, Ordering::Release);
        for n in 1..10 {
            publisher.submit("t", batch(n)).wait().await.unwrap();
        }
        assert!(!spool.is_empty());
        // The process ends and another one begins, with the log still away.
        drop(publisher);
        let publisher = Publisher::start(log.clone(), Some(spool.clone()));
        publisher.submit("t", batch(10)).wait().await.unwrap();
        log.is_there.store(true, Ordering::Release);
        for n in 11..20 {
            publisher.submit("t", batch(n)).wait().await.unwrap();
        }
        while !spool.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        publisher.submit("t", batch(20)).wait().await.unwrap();
        for partition in 0..2 {
            let all = log.fetch("t", partition, 0, 100, usize::MAX, Duration::ZERO).await.unwrap();
            let texts: Vec<String> = all
                .records
                .iter()
                .map(|one| String::from_utf8_lossy(&one.record.value).into_owned())
                .collect();
            let expected: Vec<String> = (0..=20).map(|n| format!("{partition}/{n}")).collect();
            assert_eq!(texts, expected);
        }
    }

    #[tokio::test]
    async fn what_was_sent_before_a_refused_record_is_not_sent_again() {
        let dir = tempfile::tempdir().unwrap();
        let file = Embedded::open(dir.path().join("log.sqlite"), Durability::ProcessKill).await.unwrap();
        let log = Arc::new(Tampered::new(Arc::new(file.log())));
        let spool = Arc::new(Spool::open(dir.path().join("spool.sqlite"), 1 << 20).await.unwrap());
        for (topic, spool) in [("direct", None), ("spooled", Some(spool))] {
            log.create_topic(topic, 1).await.unwrap();
            log.largest.store(10, Ordering::Release);
            let publisher = Publisher::start(log.clone(), spool);
            let texts = ["one", "two", "too long for it", "three", "four"];
            let records: Vec<LogRecord> = texts.iter().map(|text| LogRecord::new("", *text, 0)).collect();
            let batch = TickBatch(Arc::new(BTreeMap::from([(0, records)])));
            // Refused at first, or kept on disk.
            let _ = publisher.submit(topic, batch).wait().await;
            // Some attempts later somebody has told the broker to take more.
            tokio::time::sleep(RETRY.0 * 4).await;
            log.largest.store(100, Ordering::Release);
            while log.watermarks(topic, 0).await.unwrap().high < 5 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let all = log.fetch(topic, 0, 0, 100, usize::MAX, Duration::ZERO).await.unwrap();
            let found: Vec<&[u8]> = all.records.iter().map(|one| &one.record.value[..]).collect();
            assert_eq!(found, texts.map(str::as_bytes), "{topic}");
        }
    }

    #[derive(Clone, Default)]
    struct Said(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Said {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn that_the_log_refuses_for_good_is_said_again() {
        let said = Said::default();
        let writer = said.clone();
        let lines = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
        let _guard = tracing::subscriber::set_default(lines);
        let errors = || {
            let text = String::from_utf8(said.0.lock().unwrap().clone()).unwrap();
            text.lines().filter(|line| line.contains("ERROR") && line.contains("cannot be sent")).count()
        };
        let dir = tempfile::tempdir().unwrap();
        let file = Embedded::open(dir.path().join("log.sqlite"), Durability::ProcessKill).await.unwrap();
        // No topic of this name: nobody makes it, and no waiting helps.
        let spool = Spool::open(dir.path().join("spool.sqlite"), 1 << 20).await.unwrap();
        spool.push(&[("absent", 0, &[LogRecord::new("", "one", 0)])]).await.unwrap();
        let (_queue, batches) = mpsc::channel(1);
        let shared = Arc::new(Shared {
            depth: AtomicUsize::new(0),
            moved: Notify::new(),
            returned: Mutex::new(Vec::new()),
        });
        let mut task = Task { log: Arc::new(file.log()), batches, shared, drained: 0, told: None };
        for _ in 0..3 {
            task.drain_one(&spool, RETRY.0).await;
        }
        assert_eq!(errors(), 1, "not at each attempt");
        task.told = task.told.and_then(|told| told.checked_sub(TELL_EVERY));
        task.drain_one(&spool, RETRY.0).await;
        assert_eq!(errors(), 2);
    }
}
