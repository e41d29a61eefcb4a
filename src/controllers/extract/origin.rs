//! Where a request comes from.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};

use crate::{error::AppError, models::client::Client};

/// The client as the middleware saw it.
pub struct Origin(pub Client);

impl FromRequest for Origin {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let client = req.extensions().get::<Client>().cloned();
        ready(
            client
                .map(Self)
                .ok_or_else(|| AppError::internal("the request has no peer")),
        )
    }
}
