//! Errors of the API as `application/problem+json` (RFC 9457): what is wrong, with which parameter, and what to do.
//!
//! Every answer that is not a success goes through [`Problem`]; there is no other way to make one. Kinds are listed in
//! [`Kind::ALL`], and the `type` of a problem is an address of this API that explains it.

use axum::{
    Json,
    extract::{Path, rejection::PathRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use statechart_runtime::ports::StoreError;

/// Most characters of the caller's own text that an answer repeats.
const MAX_ECHO: usize = 200;

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) kind: Kind,
    /// What is wrong in this case.
    pub(super) detail: String,
    /// The parameter it is about.
    pub(super) parameter: Option<Box<str>>,
    /// Its value as it was received, cut to 200 characters.
    pub(super) value: Option<Box<str>>,
    /// What to do about it.
    pub(super) hint: Option<String>,
    /// Seconds after which the same request may succeed.
    pub(super) retry_after_s: Option<u32>,
    /// Further problems of the same request: all parameters are checked before anything is answered.
    pub(super) others: Vec<Problem>,
}

/// What kind of error it is; decides status, title and `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// 400: a parameter is missing, malformed, repeated or unknown.
    InvalidParameter,
    /// 404: no such symbol.
    UnknownSymbol,
    /// 404: no such fetch.
    UnknownFetch,
    /// 404: no such path.
    UnknownPath,
    /// 405: only GET and HEAD.
    MethodNotAllowed,
    /// 406: no format that the caller accepts.
    NotAcceptable,
    /// 414: the address is too long.
    UriTooLong,
    /// 422: well-formed but impossible.
    ImpossibleParameter,
    /// 431: the headers are too long.
    HeadersTooLarge,
    /// 503: the data cannot be had at the moment.
    Unavailable,
    /// 503: too many requests are under way.
    Overloaded,
    /// 503: the answer took too long.
    TimedOut,
}

impl Kind {
    pub(super) const ALL: [Kind; 12] = [
        Kind::InvalidParameter,
        Kind::UnknownSymbol,
        Kind::UnknownFetch,
        Kind::UnknownPath,
        Kind::MethodNotAllowed,
        Kind::NotAcceptable,
        Kind::UriTooLong,
        Kind::ImpossibleParameter,
        Kind::HeadersTooLarge,
        Kind::Unavailable,
        Kind::Overloaded,
        Kind::TimedOut,
    ];

    /// Status, last part of the `type`, title.
    const fn row(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Kind::InvalidParameter => {
                (StatusCode::BAD_REQUEST, "invalid-parameter", "A parameter is malformed")
            }
            Kind::UnknownSymbol => (StatusCode::NOT_FOUND, "unknown-symbol", "There is no such symbol"),
            Kind::UnknownFetch => (StatusCode::NOT_FOUND, "unknown-fetch", "There is no such fetch"),
            Kind::UnknownPath => (StatusCode::NOT_FOUND, "unknown-path", "There is nothing at this address"),
            Kind::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This method is not supported here")
            }
            Kind::NotAcceptable => {
                (StatusCode::NOT_ACCEPTABLE, "not-acceptable", "No accepted format can be served")
            }
            Kind::UriTooLong => (StatusCode::URI_TOO_LONG, "uri-too-long", "The address is too long"),
            Kind::ImpossibleParameter => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "impossible-parameter",
                "A parameter is well-formed but impossible",
            ),
            Kind::HeadersTooLarge => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "headers-too-large",
                "The request's headers are too large",
            ),
            Kind::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The data cannot be had at the moment")
            }
            Kind::Overloaded => {
                (StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too many requests are under way")
            }
            Kind::TimedOut => (StatusCode::SERVICE_UNAVAILABLE, "timed-out", "The answer took too long"),
        }
    }

    pub(super) const fn status(self) -> StatusCode {
        self.row().0
    }

    pub(super) const fn slug(self) -> &'static str {
        self.row().1
    }

    const fn title(self) -> &'static str {
        self.row().2
    }
}

impl Problem {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            parameter: None,
            value: None,
            hint: None,
            retry_after_s: None,
            others: Vec::new(),
        }
    }

    /// A parameter that is malformed.
    pub(super) fn invalid(parameter: &str, value: &str, detail: impl Into<String>) -> Self {
        Self::new(Kind::InvalidParameter, detail).about(parameter, value)
    }

    /// A parameter that is well-formed but asks for something impossible.
    pub(super) fn impossible(parameter: &str, value: &str, detail: impl Into<String>) -> Self {
        Self::new(Kind::ImpossibleParameter, detail).about(parameter, value)
    }

    /// Something that may work later.
    pub(super) fn later(kind: Kind, retry_after_s: u32, detail: impl Into<String>) -> Self {
        Self { retry_after_s: Some(retry_after_s), ..Self::new(kind, detail) }
    }

    pub(super) fn about(self, parameter: &str, value: &str) -> Self {
        Self { parameter: Some(cut(parameter).into()), value: Some(cut(value).into()), ..self }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// One problem out of several; the first one leads.
    pub(super) fn join(problems: Vec<Problem>) -> Option<Problem> {
        let mut rest = problems.into_iter();
        let first = rest.next()?;
        Some(Problem { others: rest.collect(), ..first })
    }

    fn body(&self) -> Body<'_> {
        let (status, slug, title) = self.kind.row();
        Body {
            kind: format!("/v1/problems/{slug}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            parameter: self.parameter.as_deref(),
            value: self.value.as_deref(),
            hint: self.hint.as_deref(),
            errors: self.others.iter().map(Problem::body).collect(),
        }
    }
}

/// A store that does not answer is a matter of time, never the caller's fault.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed during a request");
        Problem::later(
            Kind::Unavailable,
            if error.is_transient() { 1 } else { 30 },
            format!("the store does not answer: {error}"),
        )
        .hint("try again; `GET /healthz` tells how the store is")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.kind.status(), Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// `GET /v1/problems/{kind}`: what a problem's `type` leads to.
pub(super) async fn explain(path: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let slug = path.map(|Path(slug)| slug).unwrap_or_default();
    match Kind::ALL.into_iter().find(|kind| kind.slug() == slug) {
        Some(kind) => Ok(Json(Explanation {
            kind: format!("/v1/problems/{slug}"),
            title: kind.title(),
            status: kind.status().as_u16(),
        })
        .into_response()),
        None => {
            let known: Vec<&str> = Kind::ALL.into_iter().map(Kind::slug).collect();
            Err(Problem::new(Kind::UnknownPath, "there is no problem of this kind")
                .about("kind", &slug)
                .hint(format!("one of {}", known.join(", "))))
        }
    }
}

/// A text of the caller, short enough to repeat.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_ECHO) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    parameter: Option<&'a str>,
    value: Option<&'a str>,
    hint: Option<&'a str>,
    /// Absent when there is only one problem.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Body<'a>>,
}

#[derive(Serialize)]
struct Explanation {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
}
