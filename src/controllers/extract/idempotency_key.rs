//! `Idempotency-Key`.

use actix_web::HttpRequest;
use sha2::{Digest, Sha256};

use super::{conditions::refused, from_head};
use crate::{
    controllers::{
        describe::{Describe, Description, Reads},
        respond::IDEMPOTENCY_REPLAYED,
    },
    error::{AppError, code::ErrorCode},
    models::{
        idempotency::{IdempotencyKey, KeyedRequest},
        violation::Violation,
    },
};

/// The name of the header.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The key under which the request has its effect once, if it has one. Errors: `Validation`.
pub struct IdempotencyKeyHeader(Option<(IdempotencyKey, Sha256)>);

impl IdempotencyKeyHeader {
    /// The key and the request that it names, whose content is `content`.
    pub fn request(self, content: &[u8]) -> Option<KeyedRequest> {
        self.0.map(|(key, target)| KeyedRequest {
            key,
            fingerprint: target.chain_update(content).finalize().into(),
        })
    }
}

impl Describe for IdempotencyKeyHeader {
    const READS: Reads = Reads::IDEMPOTENCY_KEY;

    fn describe(description: &mut Description<'_>) {
        // Two operations with one key would be 422.
        let example = format!("{}-1", description.id);
        description.header::<IdempotencyKey>(IDEMPOTENCY_KEY, "A name of your own for this request. Sent again with it within 24 hours (unless the operator chose otherwise), the request has no second effect and gets the first answer; another one with it is 422.", &example);
        description.headers.push(IDEMPOTENCY_REPLAYED);
        description.errors.extend([
            ErrorCode::RequestInProgress,
            ErrorCode::IdempotencyKeyReused,
        ]);
    }
}

from_head!(IdempotencyKeyHeader, |req| {
    Ok(Self(key(req)?.map(|key| (key, target(req)))))
});

fn key(req: &HttpRequest) -> Result<Option<IdempotencyKey>, AppError> {
    let mut lines = req.headers().get_all(IDEMPOTENCY_KEY);
    let key = match (lines.next(), lines.next()) {
        (None, _) => return Ok(None),
        (Some(line), None) => line.to_str().unwrap_or_default().parse(),
        (Some(_), Some(_)) => Err(Violation::new(
            "duplicate",
            "is a duplicate; it may be given only once",
        )),
    };
    key.map(Some)
        .map_err(|violation| refused(IDEMPOTENCY_KEY, violation))
}

/// Neither a method nor a path nor a query has a line feed, so that no two requests look the same.
fn target(req: &HttpRequest) -> Sha256 {
    let target = format!("{}\n{}\n{}\n", req.method(), req.path(), req.query_string());
    Sha256::new_with_prefix(target)
}
