//! Parts of a request that an operation does not take.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use super::{
    body,
    fields::{Fields, FromFields, RawInput},
    query,
};
use crate::error::AppError;

/// The operation takes no query parameter. Errors: `Validation`.
pub struct NoQuery;

/// The operation takes no content. Errors: `UnsupportedMediaType`.
pub struct NoBody;

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
