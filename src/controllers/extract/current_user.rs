//! The user whose request it is.

use std::{
    future::{Ready, ready},
    ops::Deref,
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};

use crate::{
    controllers::describe::Describe,
    error::AppError,
    models::{
        identity::{Actor, Grant, Identity},
        user::User,
    },
};

/// The user whose token came with the request. The route has asked for it before any argument is read.
pub struct CurrentUser(User);

impl Deref for CurrentUser {
    type Target = User;

    fn deref(&self) -> &User {
        &self.0
    }
}

impl Describe for CurrentUser {}

impl FromRequest for CurrentUser {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identity(req).map(|identity| Self(identity.user)))
    }
}

/// The user and the session whose access token came with the request: see [`CurrentUser`].
pub struct CurrentSession {
    pub user: User,
    pub actor: Actor,
}

impl Describe for CurrentSession {}

impl FromRequest for CurrentSession {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identity(req).and_then(|identity| match identity.grant {
            Grant::Session {
                id,
                tokens_not_before,
            } => Ok(Self {
                actor: Actor {
                    user_id: identity.user.id,
                    session_id: id,
                    tokens_not_before,
                },
                user: identity.user,
            }),
            Grant::Personal { .. } => Err(AppError::InsufficientScope),
        }))
    }
}

fn identity(req: &HttpRequest) -> Result<Identity, AppError> {
    let found = req.extensions().get::<Identity>().cloned();
    found.ok_or_else(|| AppError::internal("a public route has no user"))
}
