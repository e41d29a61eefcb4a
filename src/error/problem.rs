//! RFC 9457 problem details.

use actix_web::{
    HttpResponse,
    http::header::{self, HeaderMap, HeaderValue, TryIntoHeaderPair},
};
use actix_web_httpauth::headers::www_authenticate::{
    WwwAuthenticate,
    bearer::{Bearer, Error as BearerError},
};
use serde_json::{Value, json};

use super::{app_error::AppError, code::ErrorCode, field::FieldError};

pub const CONTENT_TYPE: &str = "application/problem+json";

/// Seconds after which a client may try again when the service was unavailable.
pub const RETRY_AFTER_SECONDS: u32 = 1;

/// The body of `error` for the request `request_id`.
pub fn body(error: &AppError, request_id: &str) -> Value {
    let mut problem = envelope(error.code(), &error.to_string(), request_id);
    if let (AppError::Validation(errors), Some(members)) = (error, problem.as_object_mut()) {
        let errors = errors.iter().map(FieldError::to_json).collect();
        members.insert("errors".to_owned(), Value::Array(errors));
    }
    problem
}

/// The body of a failure that the framework found before any code of ours ran.
pub fn framework_body(code: ErrorCode, request_id: &str) -> Value {
    envelope(code, code.entry().meaning, request_id)
}

fn envelope(code: ErrorCode, detail: &str, request_id: &str) -> Value {
    let entry = code.entry();
    json!({
        "type": format!("/docs/problems#{}", entry.code),
        "title": entry.title,
        "status": entry.status.as_u16(),
        "detail": detail,
        "code": entry.code,
        "request_id": request_id,
    })
}

pub fn response(error: &AppError) -> HttpResponse {
    let mut response = HttpResponse::build(error.code().status())
        .content_type(CONTENT_TYPE)
        .body(body(error, "").to_string());
    add_headers(error.code(), response.headers_mut());
    response
}

/// The headers that a code brings along: challenges (RFC 6750 section 3) and `Retry-After`.
pub fn add_headers(code: ErrorCode, headers: &mut HeaderMap) {
    let challenge = match code {
        ErrorCode::NotAuthenticated | ErrorCode::InvalidCredentials => {
            Some(Bearer::build().finish())
        }
        ErrorCode::InvalidToken => Some(Bearer::build().error(BearerError::InvalidToken).finish()),
        ErrorCode::InsufficientScope => Some(
            Bearer::build()
                .error(BearerError::InsufficientScope)
                .finish(),
        ),
        _ => None,
    };
    if let Some(Ok((name, value))) = challenge.map(|c| WwwAuthenticate(c).try_into_pair()) {
        headers.insert(name, value);
    }
    if code == ErrorCode::Unavailable {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    }
}

/// The first broken rule as a sentence, and how many more there are.
pub fn summary(errors: &[FieldError]) -> String {
    match errors {
        [] => "the request is not valid".to_owned(),
        [only] => only.sentence(),
        [first, rest @ ..] => format!("{} (and {} more)", first.sentence(), rest.len()),
    }
}
