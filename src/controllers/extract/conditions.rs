//! Conditional requests (RFC 9110 section 13).

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderName},
};

use crate::{
    error::{
        AppError,
        field::{FieldError, Place},
    },
    models::{
        precondition::{IfMatch, IfNoneMatch, TagList},
        violation::Violation,
    },
};

/// Errors: `Validation`.
impl FromRequest for IfMatch {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(tags(req, &header::IF_MATCH, "If-Match").map(Self))
    }
}

/// Errors: `Validation`.
impl FromRequest for IfNoneMatch {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(tags(req, &header::IF_NONE_MATCH, "If-None-Match").map(Self))
    }
}

/// Several lines of a list are one list (RFC 9110 section 5.3).
fn tags(req: &HttpRequest, name: &HeaderName, shown: &str) -> Result<Option<TagList>, AppError> {
    let lines = req.headers().get_all(name).map(|line| line.to_str());
    let lines: Result<Vec<&str>, _> = lines.collect();
    match lines {
        Ok(lines) if lines.is_empty() => Ok(None),
        Ok(lines) => match lines.join(",").parse() {
            Ok(tags) => Ok(Some(tags)),
            Err(violation) => Err(refused(shown, violation)),
        },
        Err(_) => Err(refused(
            shown,
            Violation::new("format", "must be visible ASCII"),
        )),
    }
}

/// The problem that a header is not as it must be.
pub fn refused(header: &str, violation: Violation) -> AppError {
    AppError::Validation(vec![FieldError {
        place: Place::Header(header.to_owned()),
        code: violation.code,
        detail: violation.detail,
    }])
}
