//! Asks a platform's own HTTP API, as any application would.

use std::{error::Error as _, sync::Arc, time::Duration};

use reqwest::{StatusCode, Url};
use serde::{Deserialize, de::DeserializeOwned};

use super::error::CliError;

/// Longest body that is read, in bytes: 5000 candles have less than 2 MB.
const MAX_BODY_BYTES: usize = 8 << 20;

/// Longest call, above the 30 s that the API itself may be told to wait.
const TIMEOUT: Duration = Duration::from_secs(35);

/// A platform, reached over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct ApiClient {
    http: reqwest::Client,
    base: String,
}

/// What came back: the status and the body as text.
#[derive(Debug)]
pub(crate) struct Raw {
    /// The path and query that were asked.
    pub(crate) asked: String,
    pub(crate) status: StatusCode,
    pub(crate) body: String,
}

/// Body of `GET /v1/candles`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Candles {
    pub(crate) complete: bool,
    pub(crate) candles: Vec<CandleRow>,
    #[serde(default)]
    pub(crate) cursor: Option<String>,
}

/// One candle of it; prices and sizes are decimal texts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct CandleRow {
    pub(crate) time: i64,
    pub(crate) open: String,
    pub(crate) high: String,
    pub(crate) low: String,
    pub(crate) close: String,
    pub(crate) volume: String,
    #[serde(default)]
    pub(crate) trades: Option<u64>,
    #[serde(default)]
    pub(crate) closed: bool,
    #[serde(default)]
    pub(crate) source: String,
}

/// Body of a 202 and of `GET /v1/fetches/{id}`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct FetchRow {
    #[serde(default)]
    pub(crate) fetch: String,
    #[serde(default)]
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) progress: Option<f64>,
    #[serde(default)]
    pub(crate) rows: Option<u64>,
    #[serde(default)]
    pub(crate) error: Option<String>,
}

/// Body of an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: String,
    detail: String,
}

impl ApiClient {
    /// A client of the platform at `http://HOST:PORT`.
    ///
    /// # Errors
    /// A sentence that says which addresses are accepted.
    pub(crate) fn new(base: &str) -> Result<Self, String> {
        let base = base.trim().trim_end_matches('/');
        let url = Url::parse(base).ok().filter(|url| url.scheme() == "http" && url.has_host());
        if url.is_none_or(|url| url.query().is_some() || url.fragment().is_some()) {
            return Err("the platform serves plain HTTP; give an address like http://127.0.0.1:8080".into());
        }
        let http = reqwest::Client::builder()
            // The platform is nearby; a proxy of the environment would not find 127.0.0.1.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .connect_timeout(Duration::from_secs(5))
            .tls_backend_preconfigured(no_tls()?)
            .build()
            .map_err(|error| format!("the HTTP client cannot be set up: {error}"))?;
        Ok(Self { http, base: base.to_owned() })
    }

    /// The base URL.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// `GET` of a path with its query.
    ///
    /// # Errors
    /// `Unreachable` when nothing answers, `Answer` when the body is too long or breaks off.
    pub(crate) async fn get(&self, path: &str) -> Result<Raw, CliError> {
        let url = format!("{}{path}", self.base);
        let unreachable = |error: reqwest::Error| CliError::Unreachable {
            url: self.base.clone(),
            reason: if error.is_timeout() { "it took too long".into() } else { root(&error) },
        };
        let mut response = self.http.get(&url).send().await.map_err(unreachable)?;
        let status = response.status();
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_BODY_BYTES => {
                    body.extend_from_slice(&chunk)
                }
                Ok(Some(_)) => {
                    return Err(CliError::Answer {
                        url,
                        reason: format!("more than {MAX_BODY_BYTES} bytes"),
                    });
                }
                Ok(None) => break,
                Err(error) => return Err(CliError::Answer { url, reason: root(&error) }),
            }
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Raw { asked: path.to_owned(), status, body })
    }

    /// Reads an answer's body.
    ///
    /// # Errors
    /// `Answer` when it is not of this shape.
    pub(crate) fn read<T: DeserializeOwned>(&self, raw: &Raw) -> Result<T, CliError> {
        serde_json::from_str(&raw.body).map_err(|error| CliError::Answer {
            url: format!("{}{}", self.base, raw.asked),
            reason: if raw.status.is_success() { error.to_string() } else { raw.problem() },
        })
    }
}

impl Raw {
    /// An error's own words, as short as they come.
    pub(crate) fn problem(&self) -> String {
        let problem: Problem = serde_json::from_str(&self.body).unwrap_or_default();
        let status = self.status.as_u16();
        match (problem.detail.is_empty(), problem.title.is_empty()) {
            (false, _) => format!("HTTP {status}: {}", problem.detail),
            (true, false) => format!("HTTP {status}: {}", problem.title),
            _ => format!("HTTP {status}"),
        }
    }
}

impl CandleRow {
    /// Decimal texts as numbers, for drawing and colours only.
    pub(crate) fn number(text: &str) -> f64 {
        text.parse().unwrap_or(0.0)
    }

    /// Whether it closes at or above its open.
    pub(crate) fn is_up(&self) -> bool {
        Self::number(&self.close) >= Self::number(&self.open)
    }
}

/// The innermost reason: the outer ones only repeat the address.
fn root(error: &reqwest::Error) -> String {
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        reason = inner.to_string();
        source = inner.source();
    }
    reason
}

/// A TLS side that trusts nobody: only plain HTTP is spoken, but the client will not be built without one.
fn no_tls() -> Result<rustls::ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("the HTTP client cannot be set up: {error}"))?;
    Ok(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}
