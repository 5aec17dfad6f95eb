//! The socket side: welcome, subscriptions with their replay, live trades as the clock passes them, heartbeats.
//!
//! Each socket reads the market by itself and never skips a trade: it waits for the client. A client that takes
//! nothing for too long is told FORCE_DISCONNECT and dropped. A heartbeat is sent only after every trade up to its
//! time, so it proves completeness (late trades, a fault, excepted).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use futures_util::SinkExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::frames::Frames;
use super::source::{Position, SimTrade};
use super::{Faults, Shared, count, unit};
use crate::exchange::{MAX_SUBSCRIPTIONS, Pair};

/// Trades sent again at each subscription.
const REPLAYED: usize = 20;
/// Trades read at once per subscription.
const CHUNK: usize = 2_000;
/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(10);
/// Sockets at once.
const MAX_SOCKETS: u64 = 1_000;
/// Pings, and how late a pong may be; two late ones end the socket.
const PING_EVERY: Duration = Duration::from_secs(30);
const PONG_WITHIN: Duration = Duration::from_secs(10);
/// A silent socket is kept this long.
const SILENT_FOR: Duration = Duration::from_secs(600);
/// Subscriptions in one request; more are an error.
const MAX_SUBS_PER_REQUEST: usize = 1_000;
/// Largest request, in bytes.
const MAX_REQUEST_BYTES: usize = 64 << 10;

/// Opens a socket.
pub(super) async fn upgrade(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let key = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let admitted = shared.admits(key, query.get("api_key")) && !query.contains_key("format");
    upgrade.max_message_size(MAX_REQUEST_BYTES).on_upgrade(move |socket| async move {
        let number = count(&shared.counters.sockets_opened);
        let open = count(&shared.counters.sockets_now);
        let session = Session::new(Arc::clone(&shared), socket, number);
        session.run(admitted, open).await;
        shared.counters.sockets_now.fetch_sub(1, Ordering::Relaxed);
    })
}

/// Why a socket ends.
#[derive(Debug, PartialEq)]
enum End {
    /// The client left, or the connection broke.
    Gone,
    /// The client took nothing for too long.
    Slow,
    /// Cut by a fault: no farewell.
    Cut,
    /// Ended politely by us.
    Closed,
}

struct Subscription {
    name: String,
    listing: usize,
    position: Position,
}

struct Session {
    shared: Arc<Shared>,
    socket: WebSocket,
    frames: Frames,
    rng: ChaCha8Rng,
    number: u64,
    subscriptions: Vec<Subscription>,
    /// Every trade up to here has been sent, µs.
    sent_to_us: i64,
    /// Late trades by their new time.
    held: BTreeMap<(i64, u64), String>,
    held_count: u64,
    ping_sent: Option<Instant>,
    late_pongs: u32,
}

#[derive(Deserialize)]
struct Request {
    action: String,
    #[serde(default)]
    subs: Vec<String>,
}

impl Session {
    fn new(shared: Arc<Shared>, socket: WebSocket, number: u64) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(
            shared.seed ^ number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
        );
        let sent_to_us = shared.clock.now_us();
        Self {
            frames: Frames { number_types: shared.faults.number_types, sequence: !shared.faults.no_sequence },
            shared,
            socket,
            rng,
            number,
            subscriptions: Vec::new(),
            sent_to_us,
            held: BTreeMap::new(),
            held_count: 0,
            ping_sent: None,
            late_pongs: 0,
        }
    }

    async fn run(mut self, admitted: bool, open: u64) {
        let end = match self.open(admitted, open).await {
            Ok(()) => self.serve().await,
            Err(end) => end,
        };
        match end {
            End::Closed => drop(timeout(Duration::from_secs(1), SinkExt::close(&mut self.socket)).await),
            End::Slow => {
                count(&self.shared.counters.forced_disconnects);
                let text =
                    self.frames.complaint(500, "FORCE_DISCONNECT", "", "You are too slow to take the data.");
                drop(timeout(Duration::from_secs(1), self.socket.send(Message::text(text))).await);
            }
            End::Gone | End::Cut => {}
        }
        tracing::debug!(socket = self.number, ?end, "simulated socket ended");
    }

    /// The first frame: a refusal or the welcome.
    async fn open(&mut self, admitted: bool, open: u64) -> Result<(), End> {
        let refusal = if !admitted {
            Some((401, "UNAUTHORIZED", "We only support JSON format with a valid api_key."))
        } else if open >= if self.shared.faults.one_socket { 1 } else { MAX_SOCKETS } {
            Some((
                429,
                "TOO_MANY_SOCKETS_MAX_1_PER_CLIENT",
                "You have reached your maximum sockets open for your subscription",
            ))
        } else if self.shared.draw(self.shared.faults.rate_limit) {
            count(&self.shared.counters.socket_faults);
            Some((429, "RATE_LIMIT_OPENING_SOCKETS_TOO_FAST", "You are opening sockets too fast"))
        } else {
            None
        };
        if let Some((code, message, info)) = refusal {
            let text = self.frames.complaint(code, message, "", info);
            self.send(text).await?;
            return Err(End::Closed);
        }
        let left = MAX_SOCKETS.saturating_sub(open + 1);
        let welcome = self.frames.welcome(self.shared.clock.now_us(), self.number, open + 1, left);
        self.send(welcome).await
    }

    /// Serves until the end.
    async fn serve(&mut self) -> End {
        let start = Instant::now();
        let mut stop = self.shared.stop.clone();
        let mut after = |ms: Option<u64>| {
            ms.map(|ms| start + Duration::from_millis(ms).mul_f64(0.5 + unit(&mut self.rng)))
        };
        let cut_at = after(self.shared.faults.drop_ms);
        let silent_at = after(self.shared.faults.half_open_ms);
        let beat = self.shared.clock.heartbeat();
        let (mut next_tick, mut next_beat, mut next_ping) = (start + TICK, start + beat, start + PING_EVERY);
        loop {
            let step = tokio::select! {
                () = stopped(&mut stop) => return End::Closed,
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => self.take(message).await,
                    Some(Err(_)) | None => Err(End::Gone),
                },
                () = sleep_until(next_tick) => {
                    let more = self.pump().await;
                    next_tick = if more == Ok(true) { Instant::now() } else { Instant::now() + TICK };
                    more.map(drop)
                }
            };
            if let Err(end) = step {
                return end;
            }
            let now = Instant::now();
            if cut_at.is_some_and(|at| now >= at) {
                count(&self.shared.counters.socket_faults);
                return End::Cut;
            }
            if silent_at.is_some_and(|at| now >= at) {
                count(&self.shared.counters.socket_faults);
                return self.stay_silent().await;
            }
            if now >= next_beat {
                next_beat = now + beat;
                if let Err(end) = self.heartbeat().await {
                    return end;
                }
            }
            if self.ping_sent.is_some_and(|sent| now >= sent + PONG_WITHIN) {
                self.ping_sent = None;
                self.late_pongs += 1;
                if self.late_pongs >= 2 {
                    return End::Slow;
                }
            }
            if now >= next_ping {
                next_ping = now + PING_EVERY;
                self.ping_sent = Some(now);
                if let Err(end) = self.send_message(Message::Ping(Vec::new().into())).await {
                    return end;
                }
            }
        }
    }

    /// Half open: reads and says nothing.
    async fn stay_silent(&mut self) -> End {
        let mut stop = self.shared.stop.clone();
        let until = Instant::now() + SILENT_FOR;
        loop {
            tokio::select! {
                () = stopped(&mut stop) => return End::Cut,
                () = sleep_until(until) => return End::Cut,
                message = self.socket.recv() => if !matches!(message, Some(Ok(_))) { return End::Gone },
            }
        }
    }

    /// Answers a request.
    async fn take(&mut self, message: Message) -> Result<(), End> {
        let text = match message {
            Message::Text(text) => text,
            Message::Pong(_) => {
                if self.ping_sent.take().is_some_and(|sent| sent.elapsed() < PONG_WITHIN) {
                    self.late_pongs = 0;
                }
                return Ok(());
            }
            Message::Close(_) => return Err(End::Gone),
            Message::Binary(_) | Message::Ping(_) => return Ok(()),
        };
        let Ok(request) = serde_json::from_str::<Request>(text.as_str()) else {
            let text =
                self.frames.complaint(500, "INVALID_JSON", "", "The request is not JSON with an action.");
            return self.send(text).await;
        };
        if request.subs.is_empty() || request.subs.len() > MAX_SUBS_PER_REQUEST {
            let text = self.frames.complaint(500, "INVALID_PARAMETER", "subs", "Give 1 to 1000 subs.");
            return self.send(text).await;
        }
        match request.action.as_str() {
            "SubAdd" => self.sub_add(&request.subs).await,
            "SubRemove" => self.sub_remove(&request.subs).await,
            _ => {
                let text =
                    self.frames.complaint(500, "INVALID_PARAMETER", "action", "Use SubAdd or SubRemove.");
                self.send(text).await
            }
        }
    }

    async fn sub_add(&mut self, subs: &[String]) -> Result<(), End> {
        if self.subscriptions.is_empty() {
            self.sent_to_us = self.shared.clock.now_us();
        }
        for sub in subs {
            let pair = Pair::from_subscription(sub);
            let found = pair.and_then(|pair| self.shared.market.find(&pair.market, &pair.base, &pair.quote));
            let Some(listing) = found else {
                let text = self.frames.complaint(
                    500,
                    "INVALID_SUB",
                    sub,
                    "This market does not exist or is not a trade channel.",
                );
                self.send(text).await?;
                continue;
            };
            if self.subscriptions.iter().any(|s| s.listing == listing) {
                let text = self.frames.complaint(500, "SUBSCRIPTION_ALREADY_ACTIVE", sub, "");
                self.send(text).await?;
                continue;
            }
            if self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
                let text = self.frames.complaint(429, "TOO_MANY_SUBSCRIPTIONS_MAX_200_PER_SOCKET", sub, "");
                self.send(text).await?;
                continue;
            }
            for trade in self.shared.market.trades_before(listing, self.sent_to_us + 1, REPLAYED) {
                let text = self.trade(listing, &trade, trade.time_us);
                self.feed(text).await?;
            }
            let text = self.frames.about(16, "SUBSCRIBECOMPLETE", sub);
            self.send(text).await?;
            let position = Position::after(self.sent_to_us);
            self.subscriptions.push(Subscription { name: sub.clone(), listing, position });
        }
        let text = self.frames.loaded();
        self.send(text).await?;
        if !self.subscriptions.is_empty() {
            self.shared.clock.start();
        }
        Ok(())
    }

    async fn sub_remove(&mut self, subs: &[String]) -> Result<(), End> {
        for sub in subs {
            let index = self.subscriptions.iter().position(|s| s.name.eq_ignore_ascii_case(sub));
            let text = match index {
                Some(index) => {
                    self.subscriptions.remove(index);
                    self.frames.about(17, "UNSUBSCRIBECOMPLETE", sub)
                }
                None => self.frames.complaint(500, "SUBSCRIPTION_UNRECOGNIZED", sub, ""),
            };
            self.send(text).await?;
        }
        Ok(())
    }

    /// Sends the trades up to now, in time order over all subscriptions. Returns whether there are more.
    async fn pump(&mut self) -> Result<bool, End> {
        let now_us = self.shared.clock.now_us();
        let mut to_us = now_us;
        let mut chunks: Vec<VecDeque<SimTrade>> = Vec::with_capacity(self.subscriptions.len());
        for sub in &self.subscriptions {
            let chunk = self.shared.market.trades_after(sub.listing, sub.position, now_us + 1, CHUNK);
            if let (true, Some(last)) = (chunk.len() >= CHUNK, chunk.last()) {
                // There may be more: the others must not run ahead of this one.
                to_us = to_us.min(last.time_us);
            }
            chunks.push(chunk.into());
        }
        let more = to_us < now_us || chunks.iter().any(|chunk| chunk.len() >= CHUNK);
        let mut merged: Vec<(usize, SimTrade)> = Vec::new();
        for (index, chunk) in chunks.into_iter().enumerate() {
            merged.extend(
                chunk.into_iter().take_while(|trade| trade.time_us <= to_us).map(|trade| (index, trade)),
            );
        }
        // Stable, so that trades of one instant keep their sequence.
        merged.sort_by_key(|(_, trade)| trade.time_us);
        for (index, trade) in &merged {
            let Some(sub) = self.subscriptions.get_mut(*index) else { continue };
            sub.position = Position { time_us: trade.time_us, ccseq: trade.ccseq };
            let listing = sub.listing;
            self.live(listing, trade).await?;
        }
        // With a full chunk, trades of the very instant `to_us` may be left.
        self.sent_to_us = self.sent_to_us.max(if more { to_us - 1 } else { to_us });
        while let Some(entry) = self.held.first_entry() {
            if entry.key().0 > to_us {
                break;
            }
            let text = entry.remove();
            self.feed(text).await?;
        }
        self.flush().await?;
        Ok(more)
    }

    /// One live trade, with its faults.
    async fn live(&mut self, listing: usize, trade: &SimTrade) -> Result<(), End> {
        let faults = self.shared.faults;
        count(&self.shared.counters.trades_sent);
        if faults.late > 0.0 && unit(&mut self.rng) < faults.late {
            count(&self.shared.counters.late);
            let late_us = trade.time_us + 500_000 + (unit(&mut self.rng) * 7_500_000.0) as i64;
            let text = self.trade(listing, trade, late_us);
            self.held_count += 1;
            self.held.insert((late_us, self.held_count), text);
            return Ok(());
        }
        if faults.ahead > 0.0 && unit(&mut self.rng) < faults.ahead {
            let text = self.trade(listing, &Faults::dated_ahead(trade), trade.time_us);
            self.feed(text).await?;
        }
        let text = self.trade(listing, trade, trade.time_us);
        if faults.duplicate > 0.0 && unit(&mut self.rng) < faults.duplicate {
            count(&self.shared.counters.duplicates);
            self.feed(text.clone()).await?;
        }
        self.feed(text).await
    }

    async fn heartbeat(&mut self) -> Result<(), End> {
        if self.subscriptions.is_empty() {
            self.sent_to_us = self.shared.clock.now_us();
        }
        let text = self.frames.heartbeat(self.sent_to_us);
        self.send(text).await
    }

    fn trade(&self, listing: usize, trade: &SimTrade, received_us: i64) -> String {
        let Some(listing) = self.shared.market.listings().get(listing) else { return String::new() };
        self.frames.trade(listing, trade, received_us)
    }

    async fn send(&mut self, text: String) -> Result<(), End> {
        self.send_message(Message::text(text)).await
    }

    async fn send_message(&mut self, message: Message) -> Result<(), End> {
        bounded(self.shared.slow_client, self.socket.send(message)).await
    }

    /// Writes without flushing: a batch of trades costs few system calls.
    async fn feed(&mut self, text: String) -> Result<(), End> {
        bounded(self.shared.slow_client, self.socket.feed(Message::text(text))).await
    }

    async fn flush(&mut self) -> Result<(), End> {
        bounded(self.shared.slow_client, self.socket.flush()).await
    }
}

/// Until the simulator stops, or is dropped.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

async fn bounded<T, E>(limit: Duration, work: impl Future<Output = Result<T, E>>) -> Result<(), End> {
    match timeout(limit, work).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Slow),
    }
}
