//! The user whose request it is.

use actix_web::{HttpMessage, HttpRequest};

use super::from_head;
use crate::{
    controllers::describe::Describe,
    error::AppError,
    models::{
        identity::{Actor, Grant, Identity},
        user::User,
    },
};

/// The user whose token came with the request. The route has asked for it before any argument is read.
pub struct CurrentUser(pub User);

/// The user and the session whose access token came with the request: see [`CurrentUser`].
pub struct CurrentSession {
    pub user: User,
    pub actor: Actor,
}

impl Describe for CurrentUser {}
impl Describe for CurrentSession {}

from_head!(CurrentUser, |req| Ok(Self(identity(req)?.user)));

from_head!(CurrentSession, |req| {
    let Identity { user, grant } = identity(req)?;
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
        }),
        Grant::Personal { .. } => Err(AppError::InsufficientScope),
    }
});

fn identity(req: &HttpRequest) -> Result<Identity, AppError> {
    let found = req.extensions().get::<Identity>().cloned();
    found.ok_or_else(|| AppError::internal("a public route has no user"))
}
