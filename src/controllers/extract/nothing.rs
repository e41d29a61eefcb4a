//! Parts of a request that an operation does not take.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};

use super::{
    body, conditions,
    fields::{Fields, FromFields, RawInput},
    query,
};
use crate::{error::AppError, models::violation::Violation};

/// The operation takes no query parameter. Errors: `Validation`.
pub struct NoQuery;

/// The operation takes no content. Errors: `UnsupportedMediaType`.
pub struct NoBody;

/// The operation takes no precondition: what it is about has no entity tag, so that whoever believes
/// to be guarded by one is told. Errors: `Validation`.
pub struct NoIfMatch;

impl FromFields for NoQuery {
    fn from_fields<V: RawInput>(_: &mut Fields<V>) -> Option<Self> {
        Some(Self)
    }
}

impl FromRequest for NoQuery {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(query::parse(req.query_string()))
    }
}

impl FromRequest for NoIfMatch {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match req.headers().contains_key(header::IF_MATCH) {
            false => Ok(Self),
            true => Err(conditions::refused(
                "If-Match",
                Violation::new(
                    "unknown",
                    "is no header of this operation, for there is no ETag",
                ),
            )),
        })
    }
}

impl FromRequest for NoBody {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match body::has_content(req) {
            false => Ok(Self),
            true => Err(AppError::UnsupportedMediaType(
                "this operation takes no body".to_owned(),
            )),
        })
    }
}
