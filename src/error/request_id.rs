//! The name of one request, in its answer and in the log.

use actix_web::{HttpMessage, HttpRequest};

/// The id under which a request is logged and answered.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

impl RequestId {
    /// The id that `req` was given; empty before it was.
    pub fn get(req: &HttpRequest) -> String {
        req.extensions()
            .get::<Self>()
            .map_or_else(String::new, |id| id.0.clone())
    }
}
