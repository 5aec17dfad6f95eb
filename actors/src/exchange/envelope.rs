//! The two reply envelopes and what their errors mean.
//!
//! Legacy calls answer HTTP 200 with `Response`, `Type` and `Message` even when they fail; the data API answers
//! `Data` and `Err` with a real status; a proxy in between answers HTML. [`open`] turns all three into data or
//! one [`ExchangeError`].

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::{ExchangeError, excerpt};
use super::wire::unquoted;

/// An HTTP answer, body whole and within its bound.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    /// The server's `Date`, µs UTC: the exchange's clock to the second.
    pub(crate) date_us: Option<i64>,
    /// `Retry-After` in ms, where sent.
    pub(crate) retry_after_ms: Option<u64>,
}

/// An answer that is not an error.
#[derive(Debug)]
pub(crate) enum Opened<'a> {
    /// The `Data` member, and the warning that came with it.
    Data { data: &'a RawValue, warning: Option<String> },
    /// The key's plan does not reach back that far: the floor of history, not a fault.
    PlanDepth { message: String },
}

/// What is asked, for the words of an error.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) at: &'a str,
    pub(crate) pair: &'a dyn std::fmt::Display,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "Response", borrow)]
    response: Option<&'a RawValue>,
    #[serde(rename = "Message", borrow)]
    message: Option<&'a RawValue>,
    #[serde(rename = "HasWarning")]
    has_warning: Option<bool>,
    #[serde(rename = "Type", borrow)]
    kind: Option<&'a RawValue>,
    #[serde(rename = "ParamWithError", borrow)]
    parameter: Option<&'a RawValue>,
    #[serde(rename = "RateLimit", borrow)]
    rate_limit: Option<&'a RawValue>,
    #[serde(rename = "Data", borrow)]
    data: Option<&'a RawValue>,
    #[serde(rename = "Err", borrow)]
    err: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NewError {
    #[serde(rename = "type")]
    kind: Option<i64>,
    message: Option<String>,
    http_status_code: Option<u16>,
    other_info: Option<OtherInfo>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OtherInfo {
    param: Option<String>,
}

/// Wait after a rate limit that names no window.
const RATE_LIMIT_WAIT_MS: u64 = 10_000;

/// Reads the envelope of `answer`.
pub(crate) fn open<'a>(asked: Asked<'_>, answer: &'a Answer) -> Result<Opened<'a>, ExchangeError> {
    let at = || asked.at.to_owned();
    let body = answer.body.trim_start();
    let parsed = if body.starts_with('<') { None } else { serde_json::from_str::<Envelope<'_>>(body).ok() };
    let Some(envelope) = parsed else {
        if !(200..300).contains(&answer.status) {
            return Err(by_status(asked, answer, answer.status, excerpt(body), String::new()));
        }
        let reason = if body.starts_with('<') { "an HTML page instead of JSON" } else { "broken JSON" };
        return Err(ExchangeError::BadReply {
            at: at(),
            reason: reason.into(),
            excerpt: excerpt(body),
            transient: true,
        });
    };
    let text = |raw: Option<&RawValue>| {
        raw.map(|raw| unquoted(raw.get())).filter(|t| t != "null").unwrap_or_default()
    };

    let error =
        envelope.err.and_then(|raw| serde_json::from_str::<NewError>(raw.get()).ok()).unwrap_or_default();
    if error.message.is_some() || error.kind.is_some() {
        let status = error.http_status_code.unwrap_or(answer.status);
        let parameter = error.other_info.and_then(|info| info.param).unwrap_or_default();
        return Err(by_status(asked, answer, status, error.message.unwrap_or_default(), parameter));
    }

    let message = text(envelope.message);
    if text(envelope.response).eq_ignore_ascii_case("error") {
        let kind: i64 = text(envelope.kind).parse().unwrap_or(0);
        let lower = message.to_ascii_lowercase();
        return match kind {
            _ if speaks_of_depth(&message) => Ok(Opened::PlanDepth { message }),
            99 => Err(ExchangeError::RateLimited {
                at: at(),
                message,
                retry_after_ms: answer.retry_after_ms.unwrap_or_else(|| window_ms(envelope.rate_limit)),
            }),
            // A server in trouble may still fill in the envelope: its status tells more than the words.
            _ if answer.status >= 500 => Err(by_status(asked, answer, answer.status, message, String::new())),
            _ if lower.contains("api key") || lower.contains("api_key") || lower.contains("apikey") => {
                Err(ExchangeError::Unauthorized { at: at(), message })
            }
            1 => Err(ExchangeError::UnknownPair { at: at(), pair: asked.pair.to_string(), message }),
            2 if lower.contains("market does not exist") => {
                Err(ExchangeError::UnknownPair { at: at(), pair: asked.pair.to_string(), message })
            }
            _ => Err(ExchangeError::BadRequest { at: at(), parameter: text(envelope.parameter), message }),
        };
    }
    if !(200..300).contains(&answer.status) {
        return Err(by_status(asked, answer, answer.status, excerpt(body), String::new()));
    }
    let Some(data) = envelope.data else {
        return Err(ExchangeError::BadReply {
            at: at(),
            reason: "there is no `Data` member".into(),
            excerpt: excerpt(body),
            transient: true,
        });
    };
    let warning = (envelope.has_warning == Some(true) || text(envelope.kind) == "101").then_some(message);
    Ok(Opened::Data { data, warning })
}

/// Whether these words of the exchange say that the key's plan ends there.
pub(crate) fn speaks_of_depth(message: &str) -> bool {
    message.to_ascii_lowercase().contains("only available for the last")
}

fn by_status(
    asked: Asked<'_>,
    answer: &Answer,
    status: u16,
    message: String,
    parameter: String,
) -> ExchangeError {
    let at = asked.at.to_owned();
    match status {
        401 | 403 => ExchangeError::Unauthorized { at, message },
        429 => ExchangeError::RateLimited {
            at,
            message,
            retry_after_ms: answer.retry_after_ms.unwrap_or(RATE_LIMIT_WAIT_MS),
        },
        404 => ExchangeError::UnknownPair { at, pair: asked.pair.to_string(), message },
        400 if message.to_ascii_lowercase().contains("instrument")
            || message.to_ascii_lowercase().contains("market") =>
        {
            ExchangeError::UnknownPair { at, pair: asked.pair.to_string(), message }
        }
        400 => ExchangeError::BadRequest { at, parameter, message },
        _ => ExchangeError::Http { at, status, excerpt: message },
    }
}

/// The longest window whose calls are used up, in ms.
fn window_ms(rate_limit: Option<&RawValue>) -> u64 {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Limits {
        calls_made: BTreeMap<String, i64>,
        max_calls: BTreeMap<String, i64>,
    }
    let limits: Limits = rate_limit.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let windows =
        [("month", 86_400_000), ("day", 3_600_000), ("hour", 600_000), ("minute", 60_000), ("second", 1_000)];
    windows
        .into_iter()
        .find(|(name, _)| match (limits.calls_made.get(*name), limits.max_calls.get(*name)) {
            (Some(made), Some(most)) => made > most,
            _ => false,
        })
        .map_or(RATE_LIMIT_WAIT_MS, |(_, ms)| ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, body: &str) -> String {
        let answer = Answer { status, body: body.into(), date_us: None, retry_after_ms: None };
        match open(Asked { at: "/x", pair: &"Coinbase~BTC~USD" }, &answer) {
            Ok(Opened::Data { data, warning }) => format!("data {} {warning:?}", data.get()),
            Ok(Opened::PlanDepth { .. }) => "depth".into(),
            Err(ExchangeError::RateLimited { retry_after_ms, .. }) => format!("limited {retry_after_ms}"),
            Err(ExchangeError::Unauthorized { .. }) => "unauthorized".into(),
            Err(ExchangeError::UnknownPair { .. }) => "unknown".into(),
            Err(ExchangeError::BadRequest { parameter, .. }) => format!("parameter {parameter}"),
            Err(error @ ExchangeError::Http { status, .. }) => {
                format!("http {status} {}", error.is_transient())
            }
            Err(error @ ExchangeError::BadReply { .. }) => format!("bad {}", error.is_transient()),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn both_envelopes() {
        let limited = r#"{"Response":"Error","Message":"You are over your rate limit","Type":99,"RateLimit":{"calls_made":{"second":1,"minute":301},"max_calls":{"second":20,"minute":300}},"Data":{}}"#;
        let rows: &[(u16, &str, &str)] = &[
            (
                200,
                r#"{"Response":"Success","Message":"","HasWarning":false,"Type":100,"Data":[1]}"#,
                "data [1] None",
            ),
            (
                200,
                r#"{"Response":"Success","Message":"stale","HasWarning":true,"Type":101,"Data":[]}"#,
                "data [] Some(\"stale\")",
            ),
            (200, r#"{"Data":[],"Err":{}}"#, "data [] None"),
            (200, limited, "limited 60000"),
            (200, r#"{"Response":"Error","Message":"limit","Type":99,"Data":{}}"#, "limited 10000"),
            (
                200,
                r#"{"Response":"Error","Message":"market does not exist for this coin pair (A-B)","Type":1,"Data":{}}"#,
                "unknown",
            ),
            (
                200,
                r#"{"Response":"Error","Message":"e param is not valid the market does not exist for this coin pair","Type":2,"Data":{},"ParamWithError":"e"}"#,
                "unknown",
            ),
            (
                200,
                r#"{"Response":"Error","Message":"limit is larger than max value.","Type":2,"Data":{},"ParamWithError":"limit"}"#,
                "parameter limit",
            ),
            (
                200,
                r#"{"Response":"Error","Message":"histominute data is only available for the last 7 days","Type":2,"Data":{}}"#,
                "depth",
            ),
            (
                200,
                r#"{"Response":"Error","Message":"You need a valid auth key or api key","Type":2,"Data":{}}"#,
                "unauthorized",
            ),
            (
                401,
                r#"{"Data":{},"Err":{"type":2,"message":"API key required","http_status_code":401}}"#,
                "unauthorized",
            ),
            (
                429,
                r#"{"Data":{},"Err":{"type":99,"message":"too many","http_status_code":429}}"#,
                "limited 10000",
            ),
            (
                400,
                r#"{"Data":{},"Err":{"type":2,"message":"limit must be below","http_status_code":400,"other_info":{"param":"limit"}}}"#,
                "parameter limit",
            ),
            (404, r#"{"Data":{},"Err":{"type":1,"message":"no instrument"}}"#, "unknown"),
            (200, "<html>maintenance</html>", "bad true"),
            (502, "<html>bad gateway</html>", "http 502 true"),
            (500, "{}", "http 500 true"),
            (500, r#"{"Response":"Error","Message":"internal"}"#, "http 500 true"),
            (418, "tea", "http 418 false"),
            (200, "{\"Response\":", "bad true"),
            (200, "{}", "bad true"),
            (401, "no", "unauthorized"),
        ];
        for (status, body, expected) in rows {
            assert_eq!(kind(*status, body), *expected, "{status} {body}");
        }
    }
}
