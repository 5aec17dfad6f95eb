//! Batches to the log, in order, several on their way at once.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use statechart_runtime::ports::{Log, LogRecord, MAX_APPEND_BYTES};
use tokio::sync::{Notify, mpsc, oneshot};

use super::TickBatch;

/// Batches that may wait. The feed asks for the next one only while fewer than [`PIPELINE`] are under
/// way, so this is never reached while the machine keeps to its spec.
const QUEUE: usize = 16;
/// Batches under way before the feed waits.
pub(super) const PIPELINE: usize = 4;
/// First and longest wait between two attempts.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

type Outcome = oneshot::Sender<Result<(), String>>;

/// What became of a batch.
pub(super) struct Receipt(Result<oneshot::Receiver<Result<(), String>>, String>);

impl Receipt {
    /// Waits until the batch is durable, or the log first refuses it: it is tried again in that case.
    pub(super) async fn wait(self) -> Result<(), String> {
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
    /// Starts the task; it ends when the last publisher is dropped and the queue is empty.
    pub fn start(log: Arc<dyn Log>) -> Self {
        let (queue, batches) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared {
            depth: AtomicUsize::new(0),
            moved: Notify::new(),
            returned: Mutex::new(Vec::new()),
        });
        tokio::spawn(run(log, batches, shared.clone()));
        Self { queue, shared }
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    /// Queues a batch; the ones before it are published first.
    pub(super) fn submit(&self, topic: &str, batch: TickBatch) -> Receipt {
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

async fn run(
    log: Arc<dyn Log>,
    mut batches: mpsc::Receiver<(String, TickBatch, Outcome)>,
    shared: Arc<Shared>,
) {
    while let Some((topic, batch, receipt)) = batches.recv().await {
        let mut receipt = Some(receipt);
        for (partition, records) in batch.0.iter() {
            for chunk in chunks(records) {
                let mut wait = RETRY.0;
                while let Err(error) = log.append(&topic, *partition, chunk).await {
                    tracing::warn!(%topic, partition, %error, "a batch is not in the log yet, trying again");
                    if let Some(receipt) = receipt.take() {
                        // Whoever waited may have left the state.
                        let _ = receipt.send(Err(error.to_string()));
                    }
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(RETRY.1);
                }
            }
        }
        shared.depth.fetch_sub(1, Ordering::AcqRel);
        shared.moved.notify_one();
        if let Some(receipt) = receipt {
            let _ = receipt.send(Ok(()));
        }
    }
}

/// Slices that one append takes.
fn chunks(records: &[LogRecord]) -> impl Iterator<Item = &[LogRecord]> {
    let mut rest = records;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let count = rest
            .iter()
            .take_while(|record| {
                bytes += record.bytes();
                bytes <= MAX_APPEND_BYTES
            })
            .count()
            .max(1);
        let (chunk, left) = rest.split_at_checked(count)?;
        rest = left;
        Some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_tile_the_records_and_respect_the_limit() {
        let record = |bytes: usize| LogRecord::new("", vec![b'x'; bytes], 0);
        let records: Vec<LogRecord> = (0..100).map(|_| record(60_000)).collect();
        let sizes: Vec<usize> = chunks(&records).map(<[LogRecord]>::len).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 100);
        assert!(
            chunks(&records)
                .all(|chunk| chunk.iter().map(LogRecord::bytes).sum::<usize>() <= MAX_APPEND_BYTES)
        );
        assert_eq!(chunks(&[]).count(), 0);
    }
}
