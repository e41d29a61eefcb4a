//! The user whose request it is.

use std::{
    future::{Ready, ready},
    ops::Deref,
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use paperclip::actix::Apiv2Security;

use crate::{
    error::AppError,
    models::{
        identity::{Actor, Grant, Identity},
        user::User,
    },
};

/// The user that the auth middleware found. A handler that declares it needs credentials, and its
/// operation shows the lock. It must be a handler's first argument: without credentials the answer
/// is 401, whatever else is wrong. Errors: `NotAuthenticated`.
#[derive(Apiv2Security)]
#[openapi(
    oauth2,
    alias = "oauth2",
    description = "Log in with e-mail (as username) and password.",
    token_url = "/auth/login",
    flow = "password"
)]
pub struct CurrentUser(User);

impl Deref for CurrentUser {
    type Target = User;

    fn deref(&self) -> &User {
        &self.0
    }
}

impl FromRequest for CurrentUser {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identity(req).map(|identity| Self(identity.user)))
    }
}

/// The user and the session whose access token came with the request: see [`CurrentUser`]. Errors:
/// `NotAuthenticated`; `InsufficientScope` for a personal access token.
#[derive(Apiv2Security)]
#[openapi(
    oauth2,
    alias = "oauth2",
    description = "Log in with e-mail (as username) and password.",
    token_url = "/auth/login",
    flow = "password"
)]
pub struct CurrentSession {
    pub user: User,
    pub actor: Actor,
}

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
    found.ok_or(AppError::NotAuthenticated)
}
