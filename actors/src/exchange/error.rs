//! What can go wrong between us and the exchange, as types the Producer can decide on.
//!
//! Every variant says where it happened (`at`: the path or socket) and what to do. `is_transient` is the one
//! question the retry loop asks; everything else goes up to the caller unchanged.

use std::fmt;

/// Longest piece of a foreign body quoted in an error, in bytes.
pub(crate) const EXCERPT_BYTES: usize = 160;

/// A failed call to the exchange.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The exchange counts too many calls for this key (legacy `Type 99`, HTTP 429, frame 429).
    #[error(
        "{at}: the exchange's rate limit is reached ({message}); wait {retry_after_ms} ms, or use a key with a larger plan"
    )]
    RateLimited {
        /// Path of the call or `socket`.
        at: String,
        /// The exchange's own words.
        message: String,
        /// How long to wait before the next call, in ms of wall time.
        retry_after_ms: u64,
    },
    /// No key, or a key without an active subscription.
    #[error(
        "{at}: the exchange refuses the call ({message}); it answers only keys of an active paid subscription: \
         put yours into the environment variable CRYPTOCOMPARE_API_KEY, or use the simulator"
    )]
    Unauthorized {
        /// Path of the call or `socket`.
        at: String,
        /// The exchange's own words.
        message: String,
    },
    /// The market has no such pair.
    #[error(
        "{at}: the exchange has no market {pair} ({message}); check base, quote and market in the instrument table"
    )]
    UnknownPair {
        /// Path of the call or `socket`.
        at: String,
        /// `market~base~quote`.
        pair: String,
        /// The exchange's own words.
        message: String,
    },
    /// The exchange calls one of our parameters wrong: a fault of ours, never retried.
    #[error(
        "{at}: the exchange rejects parameter `{parameter}` ({message}); this is a fault of the client, please report it"
    )]
    BadRequest {
        /// Path of the call or `socket`.
        at: String,
        /// Name of the parameter, empty when the exchange does not say.
        parameter: String,
        /// The exchange's own words.
        message: String,
    },
    /// The body is not what the format promises.
    #[error("{at}: cannot read the exchange's answer: {reason}; it begins `{excerpt}`")]
    BadReply {
        /// Path of the call or `socket`.
        at: String,
        /// What is wrong with it.
        reason: String,
        /// First bytes of the body.
        excerpt: String,
        /// Whether asking again may help (an HTML page of a proxy) or not (a row out of place).
        transient: bool,
    },
    /// An HTTP status that is none of the above; 5xx are transient.
    #[error(
        "{at}: the exchange answers HTTP {status}, beginning `{excerpt}`; 5xx pass by themselves, others need a look at the request"
    )]
    Http {
        /// Path of the call.
        at: String,
        /// Status code.
        status: u16,
        /// First bytes of the body.
        excerpt: String,
    },
    /// A body or frame larger than we are willing to hold.
    #[error("{at}: the answer is larger than the limit of {limit_bytes} bytes; ask for fewer rows")]
    TooLarge {
        /// Path of the call or `socket`.
        at: String,
        /// The limit, in bytes.
        limit_bytes: usize,
    },
    /// No answer in time.
    #[error(
        "{at}: no answer within {after_ms} ms; the exchange or the way to it is slow, the call may be repeated"
    )]
    Timeout {
        /// Path of the call or `socket`.
        at: String,
        /// How long we waited, in ms.
        after_ms: u64,
    },
    /// The connection could not be made or broke.
    #[error("{at}: cannot reach the exchange: {reason}; check the address and the network")]
    Unreachable {
        /// Path of the call or `socket`.
        at: String,
        /// The transport's words.
        reason: String,
    },
    /// Paging does not move: the same oldest row came back twice.
    #[error("{at}: the exchange returns the same page again (oldest row {oldest_us} µs); paging stops here")]
    NoProgress {
        /// Path of the call.
        at: String,
        /// Time of the oldest row, µs.
        oldest_us: i64,
    },
    /// The key's plan does not reach back to what was asked for.
    #[error("{at}: the exchange gives nothing so old for this key ({message}); use a key with a deeper plan")]
    PlanDepth {
        /// Path of the call.
        at: String,
        /// The exchange's own words.
        message: String,
    },
    /// A value in the configuration cannot be used.
    #[error("{at}: `{value}` cannot be used: {reason}")]
    Config {
        /// Name of the setting.
        at: String,
        /// The offending value.
        value: String,
        /// Why, and what is accepted.
        reason: String,
    },
}

impl ExchangeError {
    /// Whether the same call may succeed later without anyone changing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Timeout { .. } | Self::Unreachable { .. } => true,
            Self::Http { status, .. } => *status >= 500,
            Self::BadReply { transient, .. } => *transient,
            _ => false,
        }
    }

    /// The exchange's own wish for the wait before the next call, in ms.
    pub fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_ms, .. } => Some(*retry_after_ms),
            _ => None,
        }
    }
}

/// The first bytes of a foreign text, on one line, cut at a character boundary.
pub(crate) fn excerpt(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if out.len() + c.len_utf8() > EXCERPT_BYTES {
            out.push('…');
            break;
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}

/// Shows an error with its causes: transport crates hide the reason in `source()`.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = String::new();
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    // Causes are a finite list, but a foreign crate built it: eight are enough for any reader.
    for depth in 0..8 {
        let Some(current) = next else { break };
        let part = current.to_string();
        if !text.contains(&part) {
            let glue = if depth == 0 { "" } else { ": " };
            let _ = fmt::Write::write_fmt(&mut text, format_args!("{glue}{part}"));
        }
        next = current.source();
    }
    text
}
