//! Parts of a request that an operation does not read: they are refused, unless an argument of its handler says that
//! it reads them ([`Reads`]).

use actix_web::{
    HttpMessage,
    dev::ServiceRequest,
    http::header::{self, HeaderMap},
};

use super::{
    body,
    fields::{Fields, FromFields, RawInput},
    from_head,
    idempotency_key::IDEMPOTENCY_KEY,
    query,
};
use crate::{
    controllers::describe::{Describe, Reads},
    error::{
        AppError,
        field::{FieldError, Location},
    },
};

/// No parameter at all.
pub struct NoParameters;

impl FromFields for NoParameters {
    fn from_fields<V: RawInput>(_: &mut Fields<V>) -> Option<Self> {
        Some(Self)
    }
}

/// Refuses what is there and not read. Errors: `Validation` for a query parameter, and for a precondition or a key,
/// since a client would believe to be guarded by it; those of [`body::refuse`] for content.
pub async fn refuse(req: &mut ServiceRequest, reads: Reads) -> Result<(), AppError> {
    if !reads.contains(Reads::QUERY) {
        query::parse::<NoParameters>(req.query_string())?;
    }
    let faults = unread_headers(req.headers(), reads);
    if !faults.is_empty() {
        return Err(AppError::Validation(faults));
    }
    if !reads.contains(Reads::BODY) && body::is_announced(req.request()) {
        let payload = req.take_payload();
        body::refuse(req.request(), payload).await?;
    }
    Ok(())
}

/// Of the preconditions of RFC 9110 section 13.1, `If-Modified-Since` and `If-Range` are ignored, as that section says
/// for resources without a modification date and without ranges: the answer is complete then.
fn unread_headers(headers: &HeaderMap, reads: Reads) -> Vec<FieldError> {
    let unread = |flag, name: &'static str| {
        let is_unread = !reads.contains(flag) && headers.contains_key(name);
        is_unread.then_some((name, "is not supported by this operation"))
    };
    // What is guarded by If-Match needs no date (RFC 9110 section 13.1.4).
    let is_guarded = reads.contains(Reads::IF_MATCH) && headers.contains_key(header::IF_MATCH);
    let undated = (!is_guarded && headers.contains_key(header::IF_UNMODIFIED_SINCE)).then_some((
        "If-Unmodified-Since",
        "is not supported, since nothing has a modification date; send If-Match with an ETag instead",
    ));
    let faults = [
        unread(Reads::IF_MATCH, "If-Match"),
        unread(Reads::IF_NONE_MATCH, "If-None-Match"),
        undated,
        unread(Reads::IDEMPOTENCY_KEY, IDEMPOTENCY_KEY),
    ];
    let fault = |(name, detail): (&str, &str)| FieldError {
        location: Location::Header(name.to_owned()),
        code: "unknown",
        detail: detail.to_owned(),
    };
    faults.into_iter().flatten().map(fault).collect()
}

/// The operation ignores what else is in a request, as pages for people do, but for what would guard a write.
pub struct AnyInput;

impl Describe for AnyInput {
    const READS: Reads = Reads::QUERY.union(Reads::BODY).union(Reads::IF_NONE_MATCH);
}

from_head!(AnyInput, |_| Ok(Self));
