//! Conditional requests (RFC 9110 section 13).

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderName},
};

use super::fields::invalid;
use crate::{
    controllers::describe::{Describe, Description, Reads},
    error::{AppError, code::ErrorCode, field::Location},
    models::{
        precondition::{IfMatch, IfNoneMatch, TagList},
        violation::Violation,
    },
};

impl Describe for IfMatch {
    const READS: Reads = Reads {
        if_match: true,
        ..Reads::NOTHING
    };

    fn describe(description: &mut Description<'_>) {
        description.header::<TagList>("If-Match", "Only if the task has one of these ETags now (RFC 9110 section 13.1.1), such as `\"3\"`, or any with `*`; else 412.");
        description.errors.push(ErrorCode::VersionMismatch);
    }
}

impl Describe for IfNoneMatch {
    fn describe(description: &mut Description<'_>) {
        description.header::<TagList>("If-None-Match", "Only if the answer has none of these ETags now (RFC 9110 section 13.1.2), such as `\"3\"`; else 304. `*` stands for any.");
        description.is_conditional = true;
    }
}

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
    invalid(Location::Header(header.to_owned()), violation)
}
