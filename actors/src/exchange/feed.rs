//! The live socket: connects, subscribes, waits for the subscriptions to be complete, then tells event by event.
//!
//! A feed never reconnects by itself: it ends with one [`FeedEvent::Closed`] and its reason, and the owner decides
//! with [`Backoff`](super::Backoff) when to make the next one, and repairs the gap from trade history.
//!
//! The exchange replays about 20 old trades per subscription, so copies at each connect are normal; they are
//! marked. What happens after `Subscribed{time_us}` is complete; what happened before is not.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as WsError};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, DATE};
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use super::error::{chain, excerpt};
use super::frame::{self, Complaint, Frame};
use super::rest::{NowUs, date_us, wall_clock};
use super::{ApiKey, Endpoints, ExchangeError, Pair, WireTrade, tls};

/// Most subscriptions on one socket.
pub const MAX_SUBSCRIPTIONS: usize = 200;

/// Most events kept while the subscriptions are being completed.
const MAX_PENDING: usize = 100_000;

/// Stale limit that no time scale goes below: a busy test machine may pause that long.
const SHORTEST_STALE: Duration = Duration::from_millis(1_000);

/// A trade dated further ahead of the exchange's clock is a mistake, µs.
const MAX_AHEAD_US: i64 = 5_000_000;
/// The same at any speed, wall time: as exact is what we know of a clock that runs faster.
const LEAST_AHEAD_US: f64 = 2e6;

/// How a feed behaves.
#[derive(Clone)]
pub struct FeedConfig {
    /// The account's key; the simulator needs none unless told to.
    pub key: Option<ApiKey>,
    /// Without any frame for this long the socket is dead, in ms at real speed. Heartbeats come every 30 s.
    pub stale_after_ms: u64,
    /// Longest wait for the connection and the welcome, in ms of wall time.
    pub connect_timeout_ms: u64,
    /// Longest wait for all subscriptions to complete, in ms of wall time.
    pub subscribe_timeout_ms: u64,
    /// Largest frame, in bytes.
    pub max_frame_bytes: usize,
    /// Wall seconds per exchange second: 1.0 at real speed, 0.001 against a simulator at 1000x. Scales
    /// `stale_after_ms` (never below 1 s) and the running of [`Feed::exchange_now_us`].
    pub time_scale: f64,
    /// Local clock for `received_us` where the exchange states none.
    pub clock: NowUs,
}

impl FeedConfig {
    /// How long a span of the exchange's time takes where its clock runs faster; never longer than at real speed.
    pub fn scaled(&self, span: Duration) -> Duration {
        span.mul_f64(self.time_scale.clamp(0.0, 1.0))
    }
}

impl Default for FeedConfig {
    fn default() -> Self {
        Self {
            key: None,
            stale_after_ms: 60_000,
            connect_timeout_ms: 10_000,
            subscribe_timeout_ms: 30_000,
            max_frame_bytes: 1 << 20,
            time_scale: 1.0,
            clock: wall_clock(),
        }
    }
}

/// What happens on the socket.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedEvent {
    /// A trade. `replayed` when it belongs to the copies sent at subscription.
    Trade {
        /// The trade, its pair spelled as in the subscription.
        trade: WireTrade,
        /// Whether it came before its subscription was complete.
        replayed: bool,
        /// The exchange's clock when it came, µs UTC.
        now_us: i64,
    },
    /// The exchange is alive; every trade it sends before this frame is older.
    Heartbeat {
        /// The exchange's clock, µs UTC.
        time_us: i64,
    },
    /// A subscription is complete: from `time_us` on, no trade is missing while the socket lives.
    Subscribed {
        /// The pair.
        pair: Pair,
        /// The exchange's clock, as far as known, µs UTC.
        time_us: i64,
    },
    /// A subscription has ended as asked.
    Unsubscribed {
        /// The pair.
        pair: Pair,
    },
    /// All subscriptions are complete.
    Loaded,
    /// A subscription was refused; the others go on.
    Rejected {
        /// The pair.
        pair: Pair,
        /// The exchange's own words.
        message: String,
    },
    /// A frame that could not be read, to be kept as a dead letter.
    Malformed {
        /// The frame, cut to its first bytes.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The feed has ended. Every further call returns this again.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}

/// Why a feed has ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// No frame for too long: the other end is gone without saying so.
    #[error("no frame from the exchange for {after_ms} ms, the socket counts as dead; connect again")]
    Stale {
        /// How long, in ms of wall time.
        after_ms: u64,
    },
    /// The exchange closed the socket (it does at each of its deployments); connect again.
    #[error("the exchange closed the socket (code {code}, `{reason}`); connect again")]
    ByPeer {
        /// WebSocket close code, 1006 when there was none.
        code: u16,
        /// The exchange's own words.
        reason: String,
    },
    /// The exchange wants us gone: bad key, too many sockets, too slow.
    #[error("the exchange ended the socket: {0}")]
    Refused(ExchangeError),
    /// The connection broke.
    #[error("the socket broke: {reason}; connect again")]
    Broken {
        /// The transport's words.
        reason: String,
    },
    /// [`Feed::close`] was called.
    #[error("closed by us")]
    Local,
}

struct Subscription {
    pair: Pair,
    complete: bool,
}

/// One socket of the exchange with its subscriptions.
pub struct Feed {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    config: FeedConfig,
    subscriptions: Vec<Subscription>,
    rejected: Vec<(Pair, String)>,
    pending: VecDeque<FeedEvent>,
    last_frame: Instant,
    /// The time the exchange stated that was the shortest on its way, and when. A trade states none.
    stated: (i64, Instant),
    /// The clock of the answer to the handshake, µs.
    date_us: Option<i64>,
    closed: Option<CloseReason>,
}

const AT: &str = "socket";

impl Feed {
    /// Connects and subscribes to the trades of `pairs`; returns when each subscription is complete or refused.
    /// What came in meanwhile is told by [`Feed::next`].
    ///
    /// # Errors
    /// [`ExchangeError`]: unreachable, key refused, too many sockets, no subscription accepted, not in time.
    pub async fn connect(
        endpoints: &Endpoints,
        config: FeedConfig,
        pairs: &[Pair],
    ) -> Result<Self, ExchangeError> {
        check_count(pairs.len())?;
        let connecting = connect_socket(endpoints, &config);
        let after_ms = config.connect_timeout_ms;
        let (socket, date_us) = timeout(Duration::from_millis(after_ms), connecting)
            .await
            .map_err(|_| ExchangeError::Timeout { at: AT.into(), after_ms })??;
        let now = Instant::now();
        let mut feed = Self {
            socket,
            config,
            subscriptions: Vec::new(),
            rejected: Vec::new(),
            pending: VecDeque::new(),
            last_frame: now,
            stated: (0, now),
            date_us,
            closed: None,
        };
        feed.until(after_ms, |feed| feed.stated.0 > 0).await?;
        feed.add(pairs).await?;
        let after_ms = feed.config.subscribe_timeout_ms;
        feed.until(after_ms, |feed| feed.subscriptions.iter().all(|sub| sub.complete)).await?;
        if let (true, Some((pair, message))) = (feed.subscriptions.is_empty(), feed.rejected.first()) {
            return Err(ExchangeError::UnknownPair {
                at: AT.into(),
                pair: pair.to_string(),
                message: message.clone(),
            });
        }
        Ok(feed)
    }

    /// The next event. Dropping the future loses nothing.
    pub async fn next(&mut self) -> FeedEvent {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return event;
            }
            if let Some(reason) = &self.closed {
                return FeedEvent::Closed { reason: reason.clone() };
            }
            self.read().await;
        }
    }

    /// The exchange's clock, µs UTC: a time that it stated, and what has passed since.
    pub fn exchange_now_us(&self) -> i64 {
        let (time_us, at) = self.stated;
        time_us.saturating_add((at.elapsed().as_micros() as f64 / self.scale()) as i64)
    }

    fn scale(&self) -> f64 {
        if self.config.time_scale > 0.0 { self.config.time_scale } else { 1.0 }
    }

    /// How far ahead a trade may be dated, µs.
    fn most_ahead_us(&self) -> i64 {
        MAX_AHEAD_US.max((LEAST_AHEAD_US / self.scale()) as i64)
    }

    /// The pairs the exchange refused so far, with its words.
    pub fn rejected(&self) -> &[(Pair, String)] {
        &self.rejected
    }

    /// Subscribes to more pairs; [`FeedEvent::Subscribed`] or [`FeedEvent::Rejected`] follows for each. Pairs
    /// already subscribed are skipped.
    ///
    /// # Errors
    /// `Config` when the socket would carry more than 200 subscriptions; `Unreachable` when it is gone.
    pub async fn add(&mut self, pairs: &[Pair]) -> Result<(), ExchangeError> {
        let mut new: Vec<Pair> = Vec::new();
        for pair in pairs {
            if !self.subscriptions.iter().any(|sub| sub.pair == *pair) && !new.contains(pair) {
                new.push(pair.clone());
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        check_count(self.subscriptions.len() + new.len())?;
        self.send("SubAdd", &new).await?;
        self.subscriptions.extend(new.into_iter().map(|pair| Subscription { pair, complete: false }));
        Ok(())
    }

    /// Ends subscriptions; [`FeedEvent::Unsubscribed`] follows for each.
    ///
    /// # Errors
    /// `Unreachable` when the socket is gone.
    pub async fn remove(&mut self, pairs: &[Pair]) -> Result<(), ExchangeError> {
        self.send("SubRemove", pairs).await
    }

    /// Closes the socket, politely but within a second.
    pub async fn close(&mut self) {
        // The far end may be gone: closing is a courtesy, its failure means nothing.
        let _ = timeout(Duration::from_secs(1), self.socket.close(None)).await;
        self.closed.get_or_insert(CloseReason::Local);
    }

    async fn send(&mut self, action: &str, pairs: &[Pair]) -> Result<(), ExchangeError> {
        let subs: Vec<String> = pairs.iter().map(Pair::subscription).collect();
        let text = serde_json::json!({ "action": action, "subs": subs }).to_string();
        let after_ms = self.config.connect_timeout_ms;
        match timeout(Duration::from_millis(after_ms), self.socket.send(Message::text(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(ExchangeError::Unreachable { at: AT.into(), reason: chain(&error) }),
            Err(_) => Err(ExchangeError::Timeout { at: AT.into(), after_ms }),
        }
    }

    /// Reads until `reached`, the end of the socket, or the end of patience.
    async fn until(&mut self, after_ms: u64, reached: impl Fn(&Self) -> bool) -> Result<(), ExchangeError> {
        let deadline = Instant::now() + Duration::from_millis(after_ms);
        while !reached(self) {
            if let Some(reason) = &self.closed {
                return Err(match reason {
                    CloseReason::Refused(error) => error.clone(),
                    other => ExchangeError::Unreachable { at: AT.into(), reason: other.to_string() },
                });
            }
            if self.pending.len() > MAX_PENDING {
                return Err(ExchangeError::TooLarge { at: AT.into(), limit_bytes: MAX_PENDING });
            }
            timeout_at(deadline, self.read())
                .await
                .map_err(|_| ExchangeError::Timeout { at: AT.into(), after_ms })?;
        }
        Ok(())
    }

    /// Reads one message into `pending` or `closed`.
    async fn read(&mut self) {
        let stale = self.stale_after();
        // Pings are answered by the library while we read; only frames of the exchange count as signs of life,
        // a half-open socket may still answer at the transport's level.
        let message = match timeout_at(self.last_frame + stale, self.socket.next()).await {
            Err(_) => {
                let after_ms = u64::try_from(stale.as_millis()).unwrap_or(u64::MAX);
                self.closed = Some(CloseReason::Stale { after_ms });
                return;
            }
            Ok(message) => message,
        };
        match message {
            Some(Ok(Message::Text(text))) => self.take(text.as_str()),
            Some(Ok(Message::Binary(bytes))) => match std::str::from_utf8(&bytes) {
                Ok(text) => self.take(text),
                Err(_) => self.malformed("(binary)", "a binary frame that is not UTF-8".into()),
            },
            Some(Ok(Message::Close(frame))) => {
                let (code, reason) =
                    frame.map_or((1006, String::new()), |f| (u16::from(f.code), f.reason.to_string()));
                self.closed.get_or_insert(CloseReason::ByPeer { code, reason });
            }
            Some(Ok(_)) => {}
            Some(Err(WsError::ConnectionClosed | WsError::AlreadyClosed)) | None => {
                self.closed.get_or_insert(CloseReason::ByPeer { code: 1006, reason: String::new() });
            }
            Some(Err(error)) => {
                let reason = chain(&error);
                self.closed.get_or_insert(CloseReason::Broken { reason });
            }
        }
    }

    fn take(&mut self, text: &str) {
        self.last_frame = Instant::now();
        match frame::read(text, (self.config.clock)()) {
            Frame::Trade(trade) => self.take_trade(*trade, text),
            Frame::Heartbeat { time_us } => {
                // One that waited to be read tells of an earlier moment than its arrival.
                if time_us > self.exchange_now_us() {
                    self.stated = (time_us, self.last_frame);
                }
                self.pending.push_back(FeedEvent::Heartbeat { time_us });
            }
            Frame::Welcome { time_us } => {
                // A welcome without a time still counts as one; heartbeats correct the clock.
                let time_us = time_us.or(self.date_us).unwrap_or_else(|| (self.config.clock)());
                self.stated = (time_us, self.last_frame);
            }
            Frame::Subscribed { sub } => {
                let time_us = self.exchange_now_us();
                if let Some(subscription) = self.find(&sub) {
                    subscription.complete = true;
                    let pair = subscription.pair.clone();
                    self.pending.push_back(FeedEvent::Subscribed { pair, time_us });
                }
            }
            Frame::Unsubscribed { sub } => {
                if let Some(pair) = self.forget(&sub) {
                    self.pending.push_back(FeedEvent::Unsubscribed { pair });
                }
            }
            Frame::Loaded => self.pending.push_back(FeedEvent::Loaded),
            Frame::Complaint(complaint) => self.take_complaint(complaint),
            Frame::Other => {}
            Frame::Malformed { reason } => self.malformed(text, reason),
        }
    }

    fn take_trade(&mut self, mut trade: WireTrade, text: &str) {
        let now_us = self.exchange_now_us();
        if trade.time_us > now_us.saturating_add(self.most_ahead_us()) {
            // Stored, it would be the newest for good, and everything up to it would count as read.
            let ahead_s = (trade.time_us - now_us) / 1_000_000;
            self.malformed(text, format!("the trade is dated {ahead_s} s ahead of the exchange's clock"));
            return;
        }
        let known =
            self.subscriptions.iter().find(|sub| sub.pair.matches(&trade.market, &trade.base, &trade.quote));
        // The exchange may answer in its own spelling; the trade keeps the one that was subscribed.
        let replayed = known.is_some_and(|sub| !sub.complete);
        if let Some(sub) = known.filter(|sub| {
            sub.pair.market != trade.market || sub.pair.base != trade.base || sub.pair.quote != trade.quote
        }) {
            trade.market.clone_from(&sub.pair.market);
            trade.base.clone_from(&sub.pair.base);
            trade.quote.clone_from(&sub.pair.quote);
        }
        self.pending.push_back(FeedEvent::Trade { trade, replayed, now_us });
    }

    fn take_complaint(&mut self, complaint: Complaint) {
        let Complaint { code, message, parameter, info } = complaint;
        let words = if info.is_empty() { message.clone() } else { format!("{message}: {info}") };
        let at = AT.to_owned();
        if message == "SUBSCRIPTION_ALREADY_ACTIVE" {
            return;
        }
        // About one subscription: the others live on.
        let about_one = matches!(code, 500) || message.starts_with("TOO_MANY_SUBSCRIPTIONS");
        if about_one && let Some(pair) = self.forget(&parameter) {
            self.rejected.push((pair.clone(), words.clone()));
            self.pending.push_back(FeedEvent::Rejected { pair, message: words });
            return;
        }
        let error = match code {
            401 | 403 => ExchangeError::Unauthorized { at, message: words },
            429 => {
                // "Opening too fast" is counted per minute; a second socket stays refused until the first is gone.
                let wait_ms = if message.starts_with("RATE_LIMIT") { 60_000.0 } else { 30_000.0 };
                let retry_after_ms = (wait_ms * self.config.time_scale.clamp(0.0, 1.0)) as u64;
                ExchangeError::RateLimited { at, message: words, retry_after_ms }
            }
            _ if message == "FORCE_DISCONNECT" => ExchangeError::Unreachable { at, reason: words },
            _ => ExchangeError::BadRequest { at, parameter, message: words },
        };
        self.closed.get_or_insert(CloseReason::Refused(error));
    }

    fn malformed(&mut self, text: &str, reason: String) {
        self.pending.push_back(FeedEvent::Malformed { text: excerpt(text), reason });
    }

    fn find(&mut self, sub: &str) -> Option<&mut Subscription> {
        let pair = Pair::from_subscription(sub)?;
        self.subscriptions.iter_mut().find(|s| s.pair.matches(&pair.market, &pair.base, &pair.quote))
    }

    fn forget(&mut self, sub: &str) -> Option<Pair> {
        let pair = Pair::from_subscription(sub)?;
        let index =
            self.subscriptions.iter().position(|s| s.pair.matches(&pair.market, &pair.base, &pair.quote))?;
        Some(self.subscriptions.remove(index).pair)
    }

    fn stale_after(&self) -> Duration {
        self.config.scaled(Duration::from_millis(self.config.stale_after_ms)).max(SHORTEST_STALE)
    }
}

fn check_count(count: usize) -> Result<(), ExchangeError> {
    if (1..=MAX_SUBSCRIPTIONS).contains(&count) {
        return Ok(());
    }
    Err(ExchangeError::Config {
        at: "subscriptions".into(),
        value: count.to_string(),
        reason: format!("one socket carries 1 to {MAX_SUBSCRIPTIONS} pairs; open a second feed for more"),
    })
}

async fn connect_socket(
    endpoints: &Endpoints,
    config: &FeedConfig,
) -> Result<(WebSocketStream<MaybeTlsStream<TcpStream>>, Option<i64>), ExchangeError> {
    let url = format!("{}/v2", endpoints.streamer);
    let unusable =
        |reason: String| ExchangeError::Config { at: "streamer address".into(), value: url.clone(), reason };
    let mut request = url.as_str().into_client_request().map_err(|error| unusable(chain(&error)))?;
    if let Some(key) = &config.key {
        let mut value = HeaderValue::from_str(&key.header())
            .map_err(|_| unusable("the key is no header value".into()))?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    let limits = WebSocketConfig::default()
        .max_message_size(Some(config.max_frame_bytes))
        .max_frame_size(Some(config.max_frame_bytes));
    let connector = Connector::Rustls(tls::client_config()?);
    match connect_async_tls_with_config(request, Some(limits), true, Some(connector)).await {
        Ok((socket, response)) => {
            let date = response.headers().get(DATE).and_then(|value| value.to_str().ok());
            Ok((socket, date.and_then(date_us)))
        }
        Err(WsError::Http(response)) => {
            let status = response.status().as_u16();
            let body = response.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
            let message = excerpt(&body);
            Err(match status {
                401 | 403 => ExchangeError::Unauthorized { at: AT.into(), message },
                429 => ExchangeError::RateLimited { at: AT.into(), message, retry_after_ms: 60_000 },
                _ => ExchangeError::Http { at: AT.into(), status, excerpt: message },
            })
        }
        Err(WsError::Capacity(CapacityError::MessageTooLong { max_size, .. })) => {
            Err(ExchangeError::TooLarge { at: AT.into(), limit_bytes: max_size })
        }
        Err(error) => Err(ExchangeError::Unreachable { at: AT.into(), reason: chain(&error) }),
    }
}
