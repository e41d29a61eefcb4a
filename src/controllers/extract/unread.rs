//! Parts of a request that an operation does not read: they are refused, unless an argument of its handler says that
//! it reads them ([`Reads`]).

use actix_web::{HttpRequest, http::header};

use super::{
    body, conditions,
    fields::{Fields, FromFields, RawInput},
    from_head, query,
};
use crate::{
    controllers::describe::{Describe, Reads},
    error::AppError,
    models::violation::Violation,
};

/// No parameter at all.
pub struct NoParameters;

impl FromFields for NoParameters {
    fn from_fields<V: RawInput>(_: &mut Fields<V>) -> Option<Self> {
        Some(Self)
    }
}

/// Refuses what is there and not read. Errors: `Validation` for a query parameter, and for a precondition, since a
/// client would believe to be guarded by it; `UnsupportedMediaType` for content.
pub fn refuse(req: &HttpRequest, reads: Reads) -> Result<(), AppError> {
    if !reads.contains(Reads::QUERY) {
        query::parse::<NoParameters>(req.query_string())?;
    }
    if !reads.contains(Reads::IF_MATCH) && req.headers().contains_key(header::IF_MATCH) {
        let detail = "is no header of this operation, for there is no ETag";
        return Err(conditions::refused(
            "If-Match",
            Violation::new("unknown", detail),
        ));
    }
    if !reads.contains(Reads::BODY) && body::has_content(req) {
        let detail = "this operation takes no body".to_owned();
        return Err(AppError::UnsupportedMediaType(detail));
    }
    Ok(())
}

/// The operation ignores what else is in a request, as pages for people do.
pub struct AnyInput;

impl Describe for AnyInput {
    const READS: Reads = Reads::all();
}

from_head!(AnyInput, |_| Ok(Self));
