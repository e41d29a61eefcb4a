//! The name of one request, in its response and in the log.

use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest};

/// The id under which a request is logged and answered.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

impl RequestId {
    /// The id that `req` was given; empty before it was.
    pub fn get(req: &HttpRequest) -> String {
        req.extensions()
            .get::<Self>()
            .map_or_else(String::new, |id| id.0.to_string())
    }
}
