//! Conditional requests (RFC 9110 section 13).

use actix_web::{HttpRequest, http::header::HeaderValue};

use super::{fields::invalid, from_head};
use crate::{
    controllers::describe::{Current, Describe, Description, Reads},
    error::{AppError, code::ErrorCode, field::Location},
    models::{
        precondition::{IfMatch, IfNoneMatch, Preconditions, TagList},
        violation::Violation,
    },
};

const IF_NONE_MATCH: &str = "Only if what is there has none of these ETags now (RFC 9110 section 13.1.2), such as `\"3.1f0c9a7e\"`; else a GET is 304, and a write 412, also for a version alone. `*` stands for any.";

/// What nothing has as its tag: versions begin at 1, and the tag of a list is longer.
const NO_TAG: &str = "\"0\"";

/// What a write demands of a project.
pub struct ProjectPreconditions(pub Preconditions);

impl Describe for Preconditions {
    const READS: Reads = Reads::IF_MATCH.union(Reads::IF_NONE_MATCH);

    fn describe(description: &mut Description<'_>) {
        description.header::<TagList>("If-Match", "Only if what is there has one of these ETags now (RFC 9110 section 13.1.1), such as `\"3.1f0c9a7e\"`, or any with `*`; else 412. The version alone, `\"3\"`, is taken too. A weak tag (`W/\"3.1f0c9a7e\"`) never holds.", "*");
        description.header::<TagList>("If-None-Match", IF_NONE_MATCH, NO_TAG);
        description.errors.push(ErrorCode::VersionMismatch);
    }
}

impl Describe for ProjectPreconditions {
    const READS: Reads = Preconditions::READS;

    fn describe(description: &mut Description<'_>) {
        Preconditions::describe(description);
        description.current = Current::Project;
    }
}

impl Describe for IfNoneMatch {
    const READS: Reads = Reads::IF_NONE_MATCH;

    fn describe(description: &mut Description<'_>) {
        description.header::<TagList>("If-None-Match", IF_NONE_MATCH, NO_TAG);
        description.is_conditional = true;
    }
}

from_head!(Preconditions, |req| {
    Ok(Self {
        if_match: IfMatch(tags(req, "If-Match")?),
        if_none_match: if_none_match(req)?,
    })
});
from_head!(ProjectPreconditions, |req| {
    Preconditions::extract(req).into_inner().map(Self)
});
from_head!(IfNoneMatch, if_none_match);

fn if_none_match(req: &HttpRequest) -> Result<IfNoneMatch, AppError> {
    tags(req, "If-None-Match").map(IfNoneMatch)
}

/// The tags in the header `name`; several lines of a list are one list (RFC 9110 section 5.3). Errors: `Validation`.
fn tags(req: &HttpRequest, name: &str) -> Result<Option<TagList>, AppError> {
    let lines = req.headers().get_all(name).map(HeaderValue::to_str);
    let tags = match lines.collect::<Result<Vec<_>, _>>() {
        Ok(lines) if lines.is_empty() => return Ok(None),
        Ok(lines) => lines.join(",").parse(),
        Err(_) => Err(Violation::new("format", "must be visible ASCII")),
    };
    tags.map(Some).map_err(|violation| refused(name, violation))
}

/// The problem that a header is not as it must be.
pub fn refused(header: &str, violation: Violation) -> AppError {
    invalid(Location::Header(header.to_owned()), violation)
}
