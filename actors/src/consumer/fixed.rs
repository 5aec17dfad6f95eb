//! The services of the fixed-topic consumer.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use statechart_runtime::{ports::Lease, value::Text};

use super::{LogBatch, Reader, Records, Touched, store};
use crate::{
    machines::consumer_fixed::{Externs, NextBatchOutcome, ProcessOutcome, UpdateCacheOutcome, WriteOutcome},
    parts::{FIXED_TOPIC, Parts},
};

/// Batches between two trims of the log: records below the stored position are no longer needed.
const TRIM_EVERY: u32 = 64;

/// One partition's consumer.
pub struct Fixed {
    parts: Arc<Parts>,
    reader: Arc<Reader>,
    partition: u32,
    written: Arc<AtomicU32>,
}

impl Fixed {
    /// The consumer of a partition, which writes under a lease where several processes share the partitions.
    pub fn new(parts: Arc<Parts>, partition: u32, lease: Option<Lease>) -> Self {
        let reader = Arc::new(Reader::new(parts.clone(), "fixed", FIXED_TOPIC, partition, lease));
        Self { parts, reader, partition, written: Arc::default() }
    }
}

impl Externs for Fixed {
    fn next_batch(&mut self, _topic: Text) -> impl Future<Output = NextBatchOutcome> + Send + 'static {
        let reader = self.reader.clone();
        async move {
            loop {
                if let Some(batch) = reader.next(None).await {
                    return NextBatchOutcome::MessageReceived { batch };
                }
            }
        }
    }

    fn process(&mut self, batch: LogBatch) -> impl Future<Output = ProcessOutcome> + Send + 'static {
        let parts = self.parts.clone();
        async move {
            match store::process(&parts, &batch).await {
                Ok(record) => ProcessOutcome::ProcessSuccess { record },
                Err(reason) => ProcessOutcome::ProcessFailure { reason: Text::from(reason) },
            }
        }
    }

    fn write(&mut self, record: Records) -> impl Future<Output = WriteOutcome> + Send + 'static {
        let (parts, reader, partition, written) =
            (self.parts.clone(), self.reader.clone(), self.partition, self.written.clone());
        async move {
            match store::write(&parts, &reader, &record).await {
                Ok(touched) => {
                    if written.fetch_add(1, Ordering::Relaxed) % TRIM_EVERY == TRIM_EVERY - 1 {
                        let below = touched.0.ingested.next_offset;
                        if let Err(error) = parts.log.trim(FIXED_TOPIC, partition, below).await {
                            tracing::warn!(partition, %error, "the log could not be trimmed");
                        }
                    }
                    WriteOutcome::WriteSuccess { touched }
                }
                Err(reason) => WriteOutcome::WriteFailure { reason: Text::from(reason) },
            }
        }
    }

    fn update_cache(
        &mut self,
        touched: Touched,
    ) -> impl Future<Output = UpdateCacheOutcome> + Send + 'static {
        let reader = self.reader.clone();
        async move {
            reader.teller().tell(&touched).await;
            UpdateCacheOutcome::UpdateCacheSuccess
        }
    }
}
