//! The query of the request's target.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use super::{
    fields::{Fields, FromFields},
    urlencoded::{self, NotUtf8},
};
use crate::error::{
    AppError,
    field::{FieldError, Place},
};

/// The shape `T`, read from the query. Errors: `Validation`.
pub struct Query<T>(pub T);

impl<T: FromFields> FromRequest for Query<T> {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(req.query_string()).map(Self))
    }
}

/// Reads the shape `T` from a query string.
pub fn parse<T: FromFields>(query: &str) -> Result<T, AppError> {
    let entries = urlencoded::pairs(query).map_err(|NotUtf8(name)| {
        AppError::Validation(vec![FieldError {
            place: Place::Parameter(name),
            code: "format",
            detail: "must be UTF-8 once it is percent-decoded".to_owned(),
        }])
    })?;
    let mut fields = Fields::parameters(entries);
    let shape = T::from_fields(&mut fields);
    fields.finish(shape)
}
