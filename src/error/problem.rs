//! RFC 9457 problem details.

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
};
use actix_web_httpauth::headers::www_authenticate::bearer::{Bearer, Error as BearerError};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    app_error::{AppError, seconds},
    code::ErrorCode,
    field::{FieldError, Location},
};

/// The path of the page that explains the codes.
pub const PAGE: &str = "/docs/problems";

/// The media type of a problem (RFC 9457 section 3).
pub const CONTENT_TYPE: &str = "application/problem+json";

/// The rest of a limit, and when there is more.
pub const RATELIMIT: &str = "ratelimit";
/// The limit itself.
pub const RATELIMIT_POLICY: &str = "ratelimit-policy";

/// Seconds after which a client may try again when the service was unavailable.
pub const RETRY_AFTER_SECONDS: u32 = 1;

/// The body of a failure, with its members in the order in which people read them.
#[derive(Debug, Serialize)]
pub struct Problem<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a [FieldError]>,
    /// The operation that failed, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    /// The resource as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<&'a RawValue>,
    /// The task that has the external id.
    #[serde(skip_serializing_if = "Option::is_none")]
    conflicting_id: Option<i64>,
    /// The open tasks that block the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_by: Option<&'a [i64]>,
    /// For OAuth2 libraries: see [`Problem::of_grant`].
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<String>,
}

/// An extension of a request: it asks for tokens (RFC 6749 sections 4.3.2 and 6).
pub struct GrantRequest;

impl<'a> Problem<'a> {
    /// The problem that `error` is, for the request `request_id`; `page` is the address of [`PAGE`].
    pub fn of(error: &'a AppError, request_id: &'a str, page: &str) -> Self {
        let plain = Self::plain(error.code(), error.to_string(), request_id, page);
        match error {
            AppError::Validation(errors) => Self {
                errors: Some(errors),
                ..plain
            },
            AppError::VersionMismatch { current, .. } => Self {
                current: Some(current),
                ..plain
            },
            AppError::ExternalIdTaken { holder, .. } => Self {
                conflicting_id: *holder,
                ..plain
            },
            AppError::Blocked { blocked_by } => Self {
                blocked_by: Some(blocked_by),
                ..plain
            },
            AppError::InBatch { index, error } => Self {
                index: Some(*index),
                ..Self::of(error, request_id, page)
            },
            _ => plain,
        }
    }

    /// A failure that the framework found before any code of ours ran. As every `detail`, the meaning of the code begins
    /// with a small letter here, and its last sentence has no full stop.
    pub fn of_framework(code: ErrorCode, request_id: &'a str, page: &str) -> Self {
        let (first, rest) = code.entry().meaning.split_at(1);
        let detail = format!("{}{}", first.to_lowercase(), rest.trim_end_matches('.'));
        Self::plain(code, detail, request_id, page)
    }

    fn plain(code: ErrorCode, detail: String, request_id: &'a str, page: &str) -> Self {
        let entry = code.entry();
        Self {
            r#type: format!("{page}#{}", entry.code),
            title: entry.title,
            status: entry.status.as_u16(),
            detail,
            code: entry.code,
            request_id,
            errors: None,
            index: None,
            current: None,
            conflicting_id: None,
            blocked_by: None,
            error: None,
            error_description: None,
        }
    }

    /// The same as the answer to a [`GrantRequest`], with the members that RFC 6749 section 5.2 has for it.
    pub fn of_grant(self, code: ErrorCode) -> Self {
        Self {
            error: Some(grant_error(code, self.errors.unwrap_or_default())),
            error_description: Some(in_quotes(&self.detail)),
            ..self
        }
    }
}

/// Every `error` of a failed request for tokens.
pub const GRANT_ERRORS: [&str; 5] = [
    "invalid_grant",
    "invalid_request",
    "unsupported_grant_type",
    "temporarily_unavailable",
    "server_error",
];

/// One of [`GRANT_ERRORS`], as RFC 6749 defines them: in section 5.2, and in section 4.1.2.1 where the fault is not the client's.
fn grant_error(code: ErrorCode, faults: &[FieldError]) -> &'static str {
    let is_other_grant = |fault: &FieldError| {
        fault.code == "choice" && fault.location == Location::Pointer("/grant_type".to_owned())
    };
    match code {
        ErrorCode::InvalidCredentials | ErrorCode::InvalidToken => "invalid_grant",
        ErrorCode::TooManyRequests | ErrorCode::Unavailable => "temporarily_unavailable",
        ErrorCode::InternalError => "server_error",
        _ if faults.iter().any(is_other_grant) => "unsupported_grant_type",
        _ => "invalid_request",
    }
}

/// `text` in the characters of an `error_description` (RFC 6749 section 5.2, RFC 6750 section 3).
fn in_quotes(text: &str) -> String {
    let allowed = |c| match c {
        '"' => '\'',
        '\\' => '/',
        ' '..='~' => c,
        _ => '?',
    };
    text.chars().map(allowed).collect()
}

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        self.code().status()
    }

    /// The status alone: the `problems` middleware writes the rest, and knows the request's id.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// The headers that a failure brings along: challenges (RFC 6750 section 3), `Retry-After`, those of a limit
/// (draft-ietf-httpapi-ratelimit-headers), and what media types and codings are accepted.
pub fn add_headers(code: ErrorCode, error: Option<&AppError>, headers: &mut HeaderMap) {
    if let Some(challenge) = challenge(code, error) {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if code == ErrorCode::Unavailable {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    }
    if let Some(AppError::TooManyRequests {
        policy,
        quota,
        window,
        wait,
    }) = error
    {
        let (window, wait) = (window.as_secs(), seconds(wait));
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
        let rest = format!("\"{policy}\";r=0;t={wait}");
        let limit = format!("\"{policy}\";q={quota};w={window}");
        for (name, value) in [(RATELIMIT, rest), (RATELIMIT_POLICY, limit)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
    if let Some(AppError::UnsupportedMediaType {
        headers: accepted, ..
    }) = error
    {
        for (name, value) in accepted {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name.clone(), value);
            }
        }
    }
}

/// The challenge of a code, if it has one. `actix-web-httpauth` writes the scheme, the realm and the errors, but leaves out
/// the comma between two parameters (RFC 9110 section 11.6.1).
pub fn challenge(code: ErrorCode, error: Option<&AppError>) -> Option<HeaderValue> {
    let kind = match code {
        ErrorCode::NotAuthenticated | ErrorCode::InvalidCredentials => None,
        ErrorCode::InvalidToken => Some(BearerError::InvalidToken),
        ErrorCode::InsufficientScope => Some(BearerError::InsufficientScope),
        _ => return None,
    };
    let mut challenge = Bearer::build().realm("task-api").finish().to_string();
    if let Some(kind) = kind {
        challenge += &format!(", error=\"{kind}\"");
        if let Some(error) = error {
            let description = in_quotes(&error.to_string());
            challenge += &format!(", error_description=\"{description}\"");
        }
    }
    if let Some(AppError::InsufficientScope { scope: Some(scope) }) = error {
        challenge += &format!(", scope=\"{scope}\"");
    }
    HeaderValue::from_str(&challenge).ok()
}
