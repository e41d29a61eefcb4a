//! Whose request it is, and where it comes from.

use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest, http::header::USER_AGENT};

use super::from_head;
use crate::{
    controllers::describe::Describe,
    error::{AppError, request_id::RequestId},
    models::{
        client::{Client, ClientAddress, user_agent},
        identity::{Actor, Grant, Identity},
    },
    services::auth::Owner,
};

/// The user whose token came with the request. The route has asked for it before any argument is read.
pub struct CurrentUser(pub Arc<Identity>);

/// The client, for limits and for the audit trail.
pub struct Origin(pub Client);

impl CurrentUser {
    pub fn id(&self) -> i64 {
        self.0.user.id
    }
}

impl Describe for CurrentUser {}
impl Describe for Origin {}
impl Describe for Owner {}

from_head!(CurrentUser, |req| identity(req).map(Self));
from_head!(Origin, |req| client(req).map(Self));

from_head!(Owner, |req| {
    let Identity { user, grant, .. } = Arc::unwrap_or_clone(identity(req)?);
    match grant {
        Grant::Session {
            id,
            tokens_not_before,
        } => Ok(Self {
            actor: Actor {
                user_id: user.id,
                session_id: id,
                tokens_not_before,
            },
            user,
            client: client(req)?,
        }),
        Grant::Personal(_) => Err(AppError::InsufficientScope { scope: None }),
    }
});

fn identity(req: &HttpRequest) -> Result<Arc<Identity>, AppError> {
    let found = req.extensions().get::<Arc<Identity>>().cloned();
    found.ok_or_else(|| AppError::internal("a public route has no user"))
}

fn client(req: &HttpRequest) -> Result<Client, AppError> {
    let address = req.extensions().get::<ClientAddress>().copied();
    let address = address.ok_or_else(|| AppError::internal("the request has no peer"))?;
    let sent = req.headers().get(USER_AGENT);
    let sent = sent.map(|value| String::from_utf8_lossy(value.as_bytes()));
    Ok(Client {
        ip: address.0,
        user_agent: sent.and_then(|text| user_agent(&text)),
        request_id: RequestId::get(req),
    })
}
