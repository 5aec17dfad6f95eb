//! What `specs/producer.sc` leaves to Rust.
//!
//! ```text
//! socket, trade history ─▶ Live (buffer, coverage, gaps) ─fetch_data─▶ TickBatch ─publish_fixed─▶ Publisher ─▶ tick-data
//! Job ─accept_job─▶ History ─publish_dynamic, a page at a time─▶ <SYMBOL>
//! ```
//!
//! Leaving a state cancels the service that waits, never the work: a batch handed to the [`Publisher`]
//! and a page under way in [`History`] go on, which is what lets FETCH_DATA interrupt publishing. Handing
//! over is an action of the transition, not a service: a deferred FETCH_DATA may leave publishingFixed
//! before its service has begun.

mod gap;
mod history;
mod live;
#[cfg(test)]
mod live_tests;
mod publish;
mod repair;

use std::{collections::BTreeMap, fmt, future::Future, sync::Arc};

use statechart_runtime::{chart::Report, ports::LogRecord, value::Text};

pub use history::{EXCHANGE_LIMIT, History};
pub use live::{Live, LiveConfig};
pub use publish::{Publisher, Receipt};

pub(crate) use history::JOB_LIMIT;

use crate::{
    datastore::Job,
    machines::producer::{
        ConnectFeedOutcome, Event, Externs, FetchDataOutcome, PublishDynamicOutcome, PublishFixedOutcome,
        ReadFeedOutcome,
    },
};

/// Records for the fixed topic, by partition, encoded.
#[derive(Clone, Default)]
pub struct TickBatch(pub Arc<BTreeMap<u32, Vec<LogRecord>>>);

// State snapshots print contexts, so this stays short.
impl fmt::Debug for TickBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TickBatch({} records)", self.0.values().map(Vec::len).sum::<usize>())
    }
}

/// The Producer's services.
pub struct Producer {
    live: Arc<Live>,
    publisher: Publisher,
    history: Arc<History>,
    /// Of the batch handed over last.
    receipt: Option<Receipt>,
}

impl Producer {
    /// From its parts.
    pub fn new(live: Arc<Live>, publisher: Publisher, history: Arc<History>) -> Self {
        Self { live, publisher, history, receipt: None }
    }
}

impl Externs for Producer {
    fn accept_job(&mut self, job: Job) {
        self.history.accept(job);
    }

    fn fetch_data(&mut self) -> impl Future<Output = FetchDataOutcome> + Send + 'static {
        let live = self.live.clone();
        async move {
            // Whatever was fetched is in memory by now; what the exchange refuses is asked for again beside the socket.
            FetchDataOutcome::DataReady { batch: live.take() }
        }
    }

    fn hand_over(&mut self, topic: Text, batch: TickBatch) {
        self.receipt = Some(self.publisher.submit(&topic, batch));
    }

    fn publish_fixed(&mut self) -> impl Future<Output = PublishFixedOutcome> + Send + 'static {
        let receipt = self.receipt.take();
        async move {
            let published = match receipt {
                Some(receipt) => receipt.wait().await,
                None => Ok(()),
            };
            match published {
                Ok(()) => PublishFixedOutcome::PublishSuccess { more: false },
                Err(reason) => PublishFixedOutcome::PublishFailure { reason: Text::from(reason) },
            }
        }
    }

    fn publish_dynamic(&mut self) -> impl Future<Output = PublishDynamicOutcome> + Send + 'static {
        let history = self.history.clone();
        async move {
            match history.page().await {
                Ok(more) => PublishDynamicOutcome::PublishSuccess { more },
                Err(reason) => PublishDynamicOutcome::PublishFailure { reason: Text::from(reason) },
            }
        }
    }

    fn connect_feed(&mut self) -> impl Future<Output = ConnectFeedOutcome> + Send + 'static {
        let live = self.live.clone();
        async move {
            match live.connect().await {
                Ok(()) => ConnectFeedOutcome::FeedOpen,
                Err(reason) => ConnectFeedOutcome::FeedLost { reason: Text::from(reason) },
            }
        }
    }

    fn read_feed<R: Report<Event>>(
        &mut self,
        report: R,
    ) -> impl Future<Output = ReadFeedOutcome> + Send + 'static {
        let live = self.live.clone();
        async move {
            let reason = live.read(|| {
                let report = report.clone();
                async move { report.report(Event::FetchData).await }
            });
            ReadFeedOutcome::FeedLost { reason: Text::from(reason.await) }
        }
    }
}
