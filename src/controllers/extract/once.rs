//! `Idempotency-Key`.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::HeaderName};
use sha2::{Digest, Sha256};

use super::conditions::refused;
use crate::{
    error::AppError,
    models::{
        idempotency::{IdempotencyKey, KeyedRequest},
        violation::Violation,
    },
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The key under which the request has its effect once, if it has one. Errors: `Validation`.
pub struct Once(Option<(IdempotencyKey, Sha256)>);

impl Once {
    /// The key and the request that it names, whose content is `content`.
    pub fn request(self, content: &[u8]) -> Option<KeyedRequest> {
        self.0.map(|(key, target)| KeyedRequest {
            key,
            fingerprint: target.chain_update(content).finalize().into(),
        })
    }
}

impl FromRequest for Once {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(key(req).map(|key| Self(key.map(|key| (key, target(req))))))
    }
}

fn key(req: &HttpRequest) -> Result<Option<IdempotencyKey>, AppError> {
    let mut lines = req.headers().get_all(&IDEMPOTENCY_KEY);
    let key = match (lines.next(), lines.next()) {
        (None, _) => return Ok(None),
        (Some(line), None) => line.to_str().unwrap_or_default().parse(),
        (Some(_), Some(_)) => Err(Violation::new("duplicate", "must be given only once")),
    };
    key.map(Some)
        .map_err(|violation| refused("Idempotency-Key", violation))
}

/// Neither a method nor a path nor a query has a line feed, so that no two requests look the same.
fn target(req: &HttpRequest) -> Sha256 {
    let target = format!("{}\n{}\n{}\n", req.method(), req.path(), req.query_string());
    Sha256::new_with_prefix(target)
}
