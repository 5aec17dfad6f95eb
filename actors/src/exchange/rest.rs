//! The REST client: one bounded call, wrapped in budget, retry and deadline. What the calls ask for stands in
//! `history` and `trades`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use tokio::time::Instant;

use super::envelope::Answer;
use super::error::chain;
use super::pacing::{BudgetState, retry};
use super::{ApiKey, Budget, Endpoints, ExchangeError, RetryPolicy, tls};

/// The local clock, µs UTC: only for `received_us`, never for market logic.
pub type NowUs = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The system's clock as a [`NowUs`].
pub fn wall_clock() -> NowUs {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    })
}

/// How the client asks.
#[derive(Clone)]
pub struct ClientConfig {
    /// The account's key; the simulator needs none unless told to.
    pub key: Option<ApiKey>,
    /// Calls we allow ourselves.
    pub budget: Budget,
    /// What happens after a transient failure.
    pub retry: RetryPolicy,
    /// Longest wait for one answer, body included, in ms.
    pub timeout_ms: u64,
    /// Largest body, in bytes; 2001 rows of candles are about 400 kB, 5000 trades about 2 MB.
    pub max_body_bytes: usize,
    /// Seed of the retry jitter.
    pub seed: u64,
    /// Local clock for `received_us` where the exchange states none.
    pub clock: NowUs,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            key: None,
            budget: Budget::default(),
            retry: RetryPolicy::default(),
            timeout_ms: 20_000,
            max_body_bytes: 8 << 20,
            seed: 0,
            clock: wall_clock(),
        }
    }
}

/// The REST side of the exchange. Cheap to clone; clones share the rate budget.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    endpoints: Endpoints,
    config: ClientConfig,
    authorization: Option<HeaderValue>,
    budget: Mutex<BudgetState>,
    rng: Mutex<ChaCha8Rng>,
}

impl Client {
    /// A client for these addresses.
    ///
    /// # Errors
    /// `Config` when TLS or the key cannot be set up.
    pub fn new(endpoints: Endpoints, config: ClientConfig) -> Result<Self, ExchangeError> {
        let setup = |value: &str, reason: String| ExchangeError::Config {
            at: "exchange client".into(),
            value: value.into(),
            reason,
        };
        let http = reqwest::Client::builder()
            // A redirect would carry the key to a host we did not choose.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_millis(config.timeout_ms.min(10_000)))
            .pool_max_idle_per_host(4)
            .user_agent("statechart-platform")
            .tls_backend_preconfigured(tls::client_config()?.as_ref().clone())
            .build()
            .map_err(|error| setup("HTTP", chain(&error)))?;
        let authorization = match &config.key {
            None => None,
            Some(key) => {
                let mut value = HeaderValue::from_str(&key.header())
                    .map_err(|_| setup("key", "not a header value".into()))?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let budget = Mutex::new(BudgetState::new(config.budget));
        let rng = Mutex::new(ChaCha8Rng::seed_from_u64(config.seed));
        Ok(Self { inner: Arc::new(Inner { http, endpoints, config, authorization, budget, rng }) })
    }

    /// The addresses this client asks.
    pub fn endpoints(&self) -> &Endpoints {
        &self.inner.endpoints
    }

    /// The local clock, µs.
    pub(crate) fn now_us(&self) -> i64 {
        (self.inner.config.clock)()
    }

    /// Asks until there is an answer `read` accepts, within budget, attempts and deadline.
    pub(crate) async fn ask<T>(
        &self,
        base: &str,
        path: &str,
        query: &[(&str, String)],
        read: impl Fn(&Answer) -> Result<T, ExchangeError>,
    ) -> Result<T, ExchangeError> {
        let read = &read;
        retry(self.inner.config.retry, &self.inner.rng, path, |_| async move {
            let answer = self.get(base, path, query).await?;
            read(&answer)
        })
        .await
    }

    /// One GET: waits for the budget, then for the whole body.
    async fn get(&self, base: &str, path: &str, query: &[(&str, String)]) -> Result<Answer, ExchangeError> {
        let start = {
            let mut budget = self.inner.budget.lock().unwrap_or_else(PoisonError::into_inner);
            budget.book(Instant::now())
        };
        tokio::time::sleep_until(start).await;
        let after_ms = self.inner.config.timeout_ms;
        match tokio::time::timeout(Duration::from_millis(after_ms), self.get_now(base, path, query)).await {
            Ok(result) => result,
            Err(_) => Err(ExchangeError::Timeout { at: path.to_owned(), after_ms }),
        }
    }

    async fn get_now(
        &self,
        base: &str,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Answer, ExchangeError> {
        let at = || path.to_owned();
        // The URL is stripped from transport errors: the key never is in it, but a proxy's secrets may be.
        let broken = |error: reqwest::Error| ExchangeError::Unreachable {
            at: at(),
            reason: chain(&error.without_url()),
        };
        let mut request = self.inner.http.get(format!("{base}{path}")).query(query);
        if let Some(value) = &self.inner.authorization {
            request = request.header(AUTHORIZATION, value.clone());
        }
        let mut response = request.send().await.map_err(broken)?;
        let limit_bytes = self.inner.config.max_body_bytes;
        let too_large = || ExchangeError::TooLarge { at: at(), limit_bytes };
        if response.content_length().is_some_and(|n| n > limit_bytes as u64) {
            return Err(too_large());
        }
        let status = response.status().as_u16();
        let header =
            |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let date_us = header("date").and_then(|text| date_us(&text));
        let retry_after_ms =
            header("retry-after").and_then(|s| s.trim().parse::<u64>().ok()).map(|s| s.saturating_mul(1_000));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > limit_bytes {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        let body = String::from_utf8(body).map_err(|_| ExchangeError::BadReply {
            at: at(),
            reason: "the body is not UTF-8".into(),
            excerpt: String::new(),
            transient: true,
        })?;
        Ok(Answer { status, body, date_us, retry_after_ms })
    }
}

/// An HTTP date as µs UTC.
pub(super) fn date_us(text: &str) -> Option<i64> {
    let since = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok()
}
