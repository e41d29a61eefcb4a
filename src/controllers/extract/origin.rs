//! Where a request comes from.

use actix_web::{HttpMessage, http::header::USER_AGENT};

use super::from_head;
use crate::{
    controllers::describe::Describe,
    error::{AppError, request_id::RequestId},
    models::client::{Client, ClientAddress, user_agent},
};

/// The client, for limits and for the audit trail.
pub struct Origin(pub Client);

impl Describe for Origin {}

from_head!(Origin, |req| {
    let address = req.extensions().get::<ClientAddress>().copied();
    let address = address.ok_or_else(|| AppError::internal("the request has no peer"))?;
    let sent = req.headers().get(USER_AGENT);
    let sent = sent.map(|value| String::from_utf8_lossy(value.as_bytes()));
    Ok(Self(Client {
        ip: address.0,
        user_agent: sent.and_then(|text| user_agent(&text)),
        request_id: RequestId::get(req),
    }))
});
