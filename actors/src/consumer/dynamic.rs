//! The services of the dynamic-topic consumer.

use std::{
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use statechart_runtime::{market::FetchId, ports::Lease, value::Text};

use super::{LogBatch, Reader, Records, Touched, cache::Update, store};
use crate::{
    coordinator::DYNAMIC_GROUP,
    machines::consumer_dynamic::{
        Externs, InteractOutcome, NextBatchOutcome, ProcessOutcome, SubscribeOutcome, UpdateCacheOutcome,
        WriteOutcome,
    },
    parts::Parts,
};

/// One topic's subscription: what its consumer shares with whoever starts and stops it.
pub struct Subscription {
    parts: Arc<Parts>,
    reader: Reader,
    /// A topic that carries nothing for so long is given up.
    idle: Duration,
    ended: AtomicBool,
    /// Fetches that the current batch moved on.
    touched: Mutex<Vec<FetchId>>,
}

/// A topic's consumer.
pub struct Dynamic(Arc<Subscription>);

impl Dynamic {
    /// The consumer of a topic, which is given up after carrying nothing for `idle`.
    pub fn new(parts: Arc<Parts>, topic: &str, idle: Duration, lease: Option<Lease>) -> Self {
        let reader = Reader::new(parts.clone(), DYNAMIC_GROUP, topic, 0, lease);
        Self(Arc::new(Subscription {
            parts,
            reader,
            idle,
            ended: AtomicBool::new(false),
            touched: Mutex::default(),
        }))
    }
}

impl Subscription {
    fn remember(&self, fetches: Vec<FetchId>) {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).extend(fetches);
    }
}

impl Externs for Dynamic {
    fn subscribe(&mut self, topic: Text) -> impl Future<Output = SubscribeOutcome> + Send + 'static {
        let shared = self.0.clone();
        async move {
            shared.ended.store(false, Ordering::Release);
            match shared.reader.find().await {
                Ok(()) => SubscribeOutcome::SubscribeSuccess { topic },
                Err(reason) => SubscribeOutcome::SubscribeFailure { topic, reason: Text::from(reason) },
            }
        }
    }

    fn next_batch(&mut self, _topic: Text) -> impl Future<Output = NextBatchOutcome> + Send + 'static {
        let shared = self.0.clone();
        async move {
            loop {
                if let Some(batch) = shared.reader.next(Some(shared.idle)).await {
                    return NextBatchOutcome::MessageReceived { batch };
                }
                // An empty batch carries the end through the machine. Nobody reads its position.
                shared.ended.store(true, Ordering::Release);
                if let Some(batch) = shared.reader.nothing().await {
                    return NextBatchOutcome::MessageReceived { batch };
                }
            }
        }
    }

    fn process(&mut self, batch: LogBatch) -> impl Future<Output = ProcessOutcome> + Send + 'static {
        let shared = self.0.clone();
        async move {
            let record = match store::process(&shared.parts, &batch).await {
                Ok(record) => record,
                Err(reason) => return ProcessOutcome::ProcessFailure { reason: Text::from(reason) },
            };
            let stored = store::is_stored(&record);
            if stored {
                // Only the position moves.
                match store::write(&shared.parts, &shared.reader, &record).await {
                    Ok(touched) => shared.remember(touched.0.fetches.clone()),
                    Err(reason) => return ProcessOutcome::ProcessFailure { reason: Text::from(reason) },
                }
            }
            ProcessOutcome::ProcessSuccess { record, stored }
        }
    }

    fn write(&mut self, record: Records) -> impl Future<Output = WriteOutcome> + Send + 'static {
        let shared = self.0.clone();
        async move {
            match store::write(&shared.parts, &shared.reader, &record).await {
                Ok(touched) => WriteOutcome::WriteSuccess { touched },
                Err(reason) => WriteOutcome::WriteFailure { reason: Text::from(reason) },
            }
        }
    }

    fn update_cache(
        &mut self,
        touched: Touched,
    ) -> impl Future<Output = UpdateCacheOutcome> + Send + 'static {
        let shared = self.0.clone();
        async move {
            Update::new(&shared.parts, &touched).put(&shared.parts).await;
            shared.remember(touched.0.fetches.clone());
            UpdateCacheOutcome::UpdateCacheSuccess { attached: !touched.0.fetches.is_empty() }
        }
    }

    fn interact(&mut self) -> impl Future<Output = InteractOutcome> + Send + 'static {
        let shared = self.0.clone();
        async move {
            let fetches = std::mem::take(&mut *shared.touched.lock().unwrap_or_else(PoisonError::into_inner));
            store::wake(&shared.parts, &fetches).await;
            InteractOutcome::InteractSuccess { ended: shared.ended.load(Ordering::Acquire) }
        }
    }
}
