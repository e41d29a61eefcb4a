//! Where a request comes from.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header::USER_AGENT};

use crate::{
    controllers::describe::Describe,
    error::{AppError, request_id::RequestId},
    models::client::{Client, ClientAddress, user_agent},
};

/// The client, for limits and for the audit trail.
pub struct Origin(pub Client);

impl Describe for Origin {}

impl FromRequest for Origin {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let address = req.extensions().get::<ClientAddress>().copied();
        let sent = req.headers().get(USER_AGENT);
        let sent = sent.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let client = address.map(|address| Client {
            ip: address.0,
            user_agent: sent.and_then(|text| user_agent(&text)),
            request_id: RequestId::get(req),
        });
        let origin = client.map(Self);
        ready(origin.ok_or_else(|| AppError::internal("the request has no peer")))
    }
}
