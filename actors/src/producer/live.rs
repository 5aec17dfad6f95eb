//! The live feed: socket to buffer, buffer to batches with coverage.
//!
//! Coverage is a promise: every trade of `[from, to)` precedes it in the partition. It begins where a
//! subscription is complete, ends two seconds before the newest frame, and is published in the batch
//! that holds the last trade it speaks of.

use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use statechart_runtime::{
    market::{Coverage, Instrument, Record, Side, TimeRange, Trade, TradeOrigin},
    ports::LogRecord,
};
use tokio::{
    sync::{Mutex as AsyncMutex, Notify},
    time::Instant,
};

use super::{
    Publisher, TickBatch,
    publish::{PIPELINE, Shared},
    repair::{Begun, Repairs},
};
use crate::{
    exchange::{
        Backoff, BackoffPolicy, Client, Endpoints, Feed, FeedConfig, FeedEvent, Pair, Side as WireSide,
        WireTrade,
    },
    parts::Parts,
};

/// Trades waiting to be fetched before the socket is no longer read.
const BUFFER_LIMIT: usize = 50_000;
/// Trades of one batch.
const BATCH_LIMIT: usize = 10_000;
/// Frames may overtake each other by this much, µs.
const SETTLE_US: i64 = 2_000_000;
/// Coverage alone is worth a batch when it grows by this much, µs.
const COVER_STEP_US: i64 = 5_000_000;
/// Least time between two requests, so that single trades share a batch.
const LINGER: Duration = Duration::from_millis(25);

/// Longest wait for the store to say which lives of the feed it knows.
const EPOCH_WITHIN: Duration = Duration::from_secs(2);

/// How to reach the exchange.
#[derive(Clone)]
pub struct LiveConfig {
    /// Where it is.
    pub endpoints: Endpoints,
    /// The socket.
    pub feed: FeedConfig,
    /// When to connect again.
    pub backoff: BackoffPolicy,
    /// Seed of the back-off's jitter.
    pub seed: u64,
}

/// The live feed of all instruments.
pub struct Live {
    pub(super) parts: Arc<Parts>,
    pub(super) client: Client,
    pub(super) config: LiveConfig,
    pub(super) pairs: Vec<(Pair, Arc<Instrument>)>,
    publisher: Arc<Shared>,
    feed: AsyncMutex<Option<Feed>>,
    state: Mutex<State>,
    /// Something was taken: there may be room, or a reason to ask again.
    pub(super) taken: Notify,
    /// A subscription has begun.
    pub(super) begun: Notify,
    /// There is a gap to read, or room for its next page.
    pub(super) mending: Notify,
    pace: Mutex<(Backoff, Option<Instant>)>,
}

#[derive(Default)]
pub(super) struct State {
    waiting: VecDeque<(usize, Trade)>,
    /// Newest time on the socket since it was opened, never ahead of the exchange's clock; 0 before the first frame.
    pub(super) frame_us: i64,
    /// For each pair: until where coverage has been handed out, since the socket was opened.
    covered_to_us: Vec<Option<i64>>,
    /// The same over all sockets of this process.
    ever_covered_to_us: Vec<Option<i64>>,
    /// For each pair: when this process first subscribed to it.
    since_us: Vec<Option<i64>>,
    pub(super) repairs: Repairs,
    malformed: Vec<String>,
    /// For each pair: the number of its feed's present life.
    epochs: Vec<i64>,
    /// FETCH_DATA has been asked for and not been answered yet.
    requested: bool,
}

impl State {
    pub(super) fn epoch(&self, pair: usize) -> i64 {
        self.epochs.get(pair).copied().unwrap_or(0)
    }

    /// Begins a pair's next life after this one; says whether it was covered in the one before. What that one has handed
    /// out may be gone.
    pub(super) fn begin_after(&mut self, pair: usize, ended: i64) -> bool {
        if let Some(epoch) = self.epochs.get_mut(pair) {
            *epoch = ended.saturating_add(1);
        }
        if let Some(ever) = self.ever_covered_to_us.get_mut(pair) {
            *ever = None;
        }
        self.repairs.forget(pair);
        self.covered_to_us.get_mut(pair).and_then(Option::take).is_some()
    }

    /// A subscription is whole from here on; what lies between and the last covered moment is found out beside the socket.
    pub(super) fn subscribed(&mut self, pair: usize, time_us: i64) {
        let before_us = self.ever_covered_to_us.get(pair).copied().flatten();
        if let Some(covered) = self.covered_to_us.get_mut(pair) {
            *covered = Some(time_us);
        }
        let since_us = self.since_us.get_mut(pair).map_or(time_us, |since| *since.get_or_insert(time_us));
        self.repairs.begin(pair, Begun { first_us: time_us, time_us, before_us, since_us });
    }
}

impl Live {
    /// A feed that is not connected yet.
    pub fn new(
        parts: Arc<Parts>,
        client: Client,
        config: LiveConfig,
        instruments: Vec<Arc<Instrument>>,
        publisher: &Publisher,
    ) -> Self {
        let pairs: Vec<_> =
            instruments.into_iter().map(|one| (Pair::new(&one.market, &one.base, &one.quote), one)).collect();
        let state = State {
            covered_to_us: vec![None; pairs.len()],
            ever_covered_to_us: vec![None; pairs.len()],
            since_us: vec![None; pairs.len()],
            epochs: vec![0; pairs.len()],
            ..State::default()
        };
        Self {
            parts,
            client,
            pace: Mutex::new((Backoff::new(config.backoff, config.seed), None)),
            config,
            pairs,
            publisher: publisher.shared(),
            feed: AsyncMutex::new(None),
            state: Mutex::new(state),
            taken: Notify::new(),
            begun: Notify::new(),
            mending: Notify::new(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lost(&self) {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let wait = pace.0.failed(now);
        pace.1 = Some(now + wait);
    }

    /// Connects and subscribes, no sooner than the exchange's rules allow.
    ///
    /// # Errors
    /// Why there is no socket, for people.
    pub async fn connect(&self) -> Result<(), String> {
        let not_before = self.pace.lock().unwrap_or_else(PoisonError::into_inner).1;
        if let Some(not_before) = not_before {
            tokio::time::sleep_until(not_before).await;
        }
        // Before there is a socket: while the store is asked, nobody would read it.
        let stored = tokio::time::timeout(EPOCH_WITHIN, self.stored_epochs()).await.unwrap_or_default();
        let pairs: Vec<Pair> = self.pairs.iter().map(|(pair, _)| pair.clone()).collect();
        match Feed::connect(&self.config.endpoints, self.config.feed.clone(), &pairs).await {
            Ok(feed) => {
                for (pair, why) in feed.rejected() {
                    tracing::warn!(%pair, why, "the exchange refuses this subscription");
                }
                self.pace.lock().unwrap_or_else(PoisonError::into_inner).0.succeeded();
                self.parts.clock.heard(feed.exchange_now_us());
                {
                    let mut state = self.state();
                    for (at, stored) in stored.into_iter().enumerate() {
                        if stored > state.epoch(at) {
                            // Ended by a consumer, and not seen since.
                            state.begin_after(at, stored);
                        }
                    }
                    // Coverage never reaches across two sockets.
                    state.frame_us = 0;
                    state.covered_to_us.iter_mut().for_each(|covered| *covered = None);
                    let newest = state.epochs.iter().copied().fold((self.parts.wall)() / 1_000, i64::max);
                    state.epochs.fill(newest.saturating_add(1));
                    state.requested = false;
                    state.repairs.restart();
                }
                *self.feed.lock().await = Some(feed);
                Ok(())
            }
            Err(error) => {
                self.lost();
                Err(error.to_string())
            }
        }
    }

    /// The newest lives of the feeds that the store knows: a clock that was set back must not make these older.
    async fn stored_epochs(&self) -> Vec<i64> {
        let mut epochs = Vec::with_capacity(self.pairs.len());
        for (_, instrument) in &self.pairs {
            match self.parts.store.feed_epoch(instrument.id).await {
                Ok(epoch) => epochs.push(epoch),
                Err(error) => {
                    tracing::warn!(symbol = instrument.symbol, %error, "cannot tell which life of the feed this is; the clock decides");
                    break;
                }
            }
        }
        epochs
    }

    /// Reads the socket until it is lost; says why. `request` asks the machine for a FETCH_DATA.
    pub(super) async fn read<F: Future<Output = bool>>(&self, request: impl Fn() -> F) -> String {
        let Some(mut feed) = self.feed.lock().await.take() else {
            return "there is no socket to read".to_owned();
        };
        let mut not_before = Instant::now();
        let mut beside = pin!(self.keep_whole());
        loop {
            let room = self.state().waiting.len() < BUFFER_LIMIT;
            let pending = self.wants_fetch();
            tokio::select! {
                biased;
                never = &mut beside => match never {},
                () = tokio::time::sleep_until(not_before), if pending => {
                    self.state().requested = true;
                    not_before = Instant::now() + LINGER;
                    if !request().await {
                        return "the Producer has stopped".to_owned();
                    }
                }
                event = feed.next(), if room => {
                    if let Some(reason) = self.handle(event) {
                        self.lost();
                        return reason;
                    }
                }
                () = self.taken.notified() => {}
                () = self.publisher.moved.notified() => {}
            }
        }
    }

    /// Whether there is something to fetch and nobody has been asked for it.
    fn wants_fetch(&self) -> bool {
        let state = self.state();
        if state.requested || self.publisher.depth() >= PIPELINE {
            return false;
        }
        let grown = state
            .covered_to_us
            .iter()
            .flatten()
            .any(|covered| state.frame_us.saturating_sub(SETTLE_US) - covered >= COVER_STEP_US);
        !state.waiting.is_empty() || state.repairs.has_page() || grown
    }

    /// Takes one event of the socket, without waiting for anybody; a reason when it is the last.
    fn handle(&self, event: FeedEvent) -> Option<String> {
        match event {
            FeedEvent::Trade { trade, now_us, .. } => {
                if let Some(at) = self.index(&trade.market, &trade.base, &trade.quote) {
                    // Only the exchange's clock says how late it is; one trade may be dated ahead.
                    let time_us = trade.time_us.min(now_us);
                    let trade = self.trade(at, trade, TradeOrigin::Socket);
                    let mut state = self.state();
                    state.frame_us = state.frame_us.max(time_us);
                    state.waiting.push_back((at, trade));
                }
            }
            FeedEvent::Heartbeat { time_us } => {
                self.parts.clock.heard(time_us);
                let mut state = self.state();
                state.frame_us = state.frame_us.max(time_us);
            }
            FeedEvent::Subscribed { pair, time_us } => {
                self.parts.clock.heard(time_us);
                if let Some(at) = self.index(&pair.market, &pair.base, &pair.quote) {
                    self.state().subscribed(at, time_us);
                    self.begun.notify_one();
                }
            }
            FeedEvent::Malformed { text, reason } => {
                tracing::warn!(reason, "a frame cannot be read; it goes to the dead letters");
                let mut state = self.state();
                if state.malformed.len() < BATCH_LIMIT {
                    state.malformed.push(text);
                }
            }
            FeedEvent::Rejected { pair, message } => {
                tracing::warn!(%pair, message, "the exchange refuses this subscription");
            }
            FeedEvent::Unsubscribed { .. } | FeedEvent::Loaded => {}
            FeedEvent::Closed { reason } => {
                tracing::info!(%reason, "the feed is lost");
                return Some(reason.to_string());
            }
        }
        None
    }

    fn index(&self, market: &str, base: &str, quote: &str) -> Option<usize> {
        self.pairs.iter().position(|(pair, _)| pair.matches(market, base, quote))
    }

    fn trade(&self, at: usize, wire: WireTrade, origin: TradeOrigin) -> Trade {
        Trade {
            symbol: self.pairs.get(at).map(|(_, one)| one.symbol.as_str().into()).unwrap_or_default(),
            time_us: wire.time_us,
            id: wire.id.into(),
            price: wire.price,
            size: wire.size,
            side: match wire.side {
                WireSide::Buy => Side::Buy,
                WireSide::Sell => Side::Sell,
                WireSide::Unknown => Side::Unknown,
            },
            received_us: wire.received_us,
            origin,
        }
    }

    /// The next batch: a page of a gap, then what waits, then coverage. All of it is in memory already.
    pub(super) fn take(&self) -> TickBatch {
        self.state().requested = false;
        if let Some(returned) = self.publisher.take_returned() {
            return returned;
        }
        let mut records = Records { parts: &self.parts, by_partition: BTreeMap::new() };
        self.take_page(&mut records);
        self.take_live(&mut records);
        self.taken.notify_one();
        TickBatch(Arc::new(records.by_partition))
    }

    fn take_page(&self, records: &mut Records<'_>) {
        let (page, is_gap, epoch) = {
            let mut state = self.state();
            let Some((page, is_gap)) = state.repairs.take_page() else { return };
            let epoch = state.epoch(page.pair);
            (page, is_gap, epoch)
        };
        self.mending.notify_one();
        let Some((_, instrument)) = self.pairs.get(page.pair) else { return };
        for text in page.malformed {
            records.raw(instrument.partition, &instrument.symbol, text.into_bytes());
        }
        for trade in page.trades {
            let trade = self.trade(page.pair, trade, TradeOrigin::History);
            records.add(instrument.partition, &Record::Trade(trade));
        }
        // Page by page, so that a mark speaks of trades that are not far before it in the log.
        if is_gap && !page.covered.is_empty() {
            let covered = Coverage { symbol: instrument.symbol.clone(), range: page.covered, epoch };
            records.add(instrument.partition, &Record::Coverage(covered));
        }
    }

    fn take_live(&self, records: &mut Records<'_>) {
        let mut guard = self.state();
        let state = &mut *guard;
        let count = state.waiting.len().min(BATCH_LIMIT);
        let emptied = count == state.waiting.len();
        let mut newest_us = 0;
        for (at, trade) in state.waiting.drain(..count) {
            newest_us = newest_us.max(trade.time_us);
            if let Some((_, instrument)) = self.pairs.get(at) {
                records.add(instrument.partition, &Record::Trade(trade));
            }
        }
        for text in state.malformed.drain(..) {
            records.raw(0, "", text.into_bytes());
        }
        // While trades are left behind, coverage reaches only as far as the ones that were taken.
        let reached_us = if emptied { state.frame_us } else { newest_us.min(state.frame_us) };
        let reached_us = reached_us.saturating_sub(SETTLE_US);
        for (at, (_, instrument)) in self.pairs.iter().enumerate() {
            let Some(Some(covered)) = state.covered_to_us.get_mut(at) else { continue };
            // It does not wait for a gap before it: a trade history that refuses must not keep back what is whole.
            if reached_us <= *covered {
                continue;
            }
            let range = TimeRange { from_us: *covered, to_us: reached_us };
            let epoch = state.epochs.get(at).copied().unwrap_or(0);
            let mark = Coverage { symbol: instrument.symbol.clone(), range, epoch };
            records.add(instrument.partition, &Record::Coverage(mark));
            *covered = reached_us;
            if let Some(ever) = state.ever_covered_to_us.get_mut(at) {
                *ever = Some(reached_us);
            }
        }
    }
}

/// Encoded records by partition.
struct Records<'a> {
    parts: &'a Parts,
    by_partition: BTreeMap<u32, Vec<LogRecord>>,
}

impl Records<'_> {
    fn add(&mut self, partition: u32, record: &Record) {
        let value = record.encode();
        self.raw(partition, record.key(), value);
    }

    fn raw(&mut self, partition: u32, key: &str, value: Vec<u8>) {
        let record = LogRecord::new(key.to_owned(), value, (self.parts.wall)());
        self.by_partition.entry(partition).or_default().push(record);
    }
}
