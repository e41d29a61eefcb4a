//! What requests and answers about logging in and accounts look like.

use std::str::FromStr;

use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use super::extract::fields::{Fields, FromFields, RawInput};
use crate::{
    models::{
        email::Email,
        password::{Password, PasswordAttempt},
        session::LogoutScope,
        time::UtcTime,
        user::User,
        violation::Violation,
    },
    services::sessions::TokenPair,
};

/// Body of a registration.
#[derive(Apiv2Schema)]
pub struct Registration {
    pub email: Email,
    pub password: Password,
}

impl FromFields for Registration {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        let email = fields.required("email");
        let password = fields.required("password");
        Some(Self {
            email: email?,
            password: password?,
        })
    }
}

/// `grant_type` of a login: `password`.
#[derive(Debug)]
pub struct PasswordGrantType;

/// `grant_type` of a refresh: `refresh_token`.
#[derive(Debug)]
pub struct RefreshGrantType;

impl FromStr for PasswordGrantType {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        only("password", text).map(|()| Self)
    }
}

impl FromStr for RefreshGrantType {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        only("refresh_token", text).map(|()| Self)
    }
}

fn only(choice: &str, text: &str) -> Result<(), Violation> {
    match text == choice {
        true => Ok(()),
        false => Err(Violation::choice(text, &[choice])),
    }
}

/// The password grant's request (RFC 6749 section 4.3.2).
#[derive(Apiv2Schema)]
#[expect(
    dead_code,
    reason = "grant_type and scope are checked, then of no further use"
)]
pub struct PasswordGrant {
    grant_type: Option<PasswordGrantType>,
    pub username: String,
    pub password: PasswordAttempt,
    scope: Option<String>,
}

impl FromFields for PasswordGrant {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        let username = fields.required("username");
        let password = fields.required("password");
        Some(Self {
            grant_type: fields.optional("grant_type"),
            scope: fields.optional("scope"),
            username: username?,
            password: password?,
        })
    }
}

/// The refresh grant's request (RFC 6749 section 6).
#[derive(Apiv2Schema)]
#[expect(
    dead_code,
    reason = "grant_type and scope are checked, then of no further use"
)]
pub struct RefreshGrant {
    grant_type: RefreshGrantType,
    pub refresh_token: String,
    scope: Option<String>,
}

impl FromFields for RefreshGrant {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        let grant_type = fields.required("grant_type");
        let refresh_token = fields.required("refresh_token");
        Some(Self {
            scope: fields.optional("scope"),
            grant_type: grant_type?,
            refresh_token: refresh_token?,
        })
    }
}

/// The grants' answer (RFC 6749 section 5.1).
#[derive(Serialize, Apiv2Schema)]
pub struct Token {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    refresh_token: String,
}

impl From<TokenPair> for Token {
    fn from(pair: TokenPair) -> Self {
        Self {
            access_token: pair.access.token,
            token_type: "bearer",
            expires_in: pair.access.expires_in,
            refresh_token: pair.refresh.expose().to_owned(),
        }
    }
}

/// Which sessions a logout ends.
#[derive(Apiv2Schema)]
pub struct LogoutQuery {
    pub scope: Option<LogoutScope>,
}

impl FromFields for LogoutQuery {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        Some(Self {
            scope: fields.optional("scope"),
        })
    }
}

/// A user, as clients see it.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "User")]
pub struct UserShape {
    id: i64,
    email: String,
    created_at: UtcTime,
}

impl From<&User> for UserShape {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            email: user.email.clone(),
            created_at: user.created_at,
        }
    }
}

/// Body of a change of password.
#[derive(Apiv2Schema)]
pub struct PasswordChange {
    pub current_password: PasswordAttempt,
    pub new_password: Password,
}

impl FromFields for PasswordChange {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        let current_password = fields.required("current_password");
        let new_password = fields.required("new_password");
        Some(Self {
            current_password: current_password?,
            new_password: new_password?,
        })
    }
}

/// Body of a change of e-mail address.
#[derive(Apiv2Schema)]
pub struct EmailChange {
    pub email: Email,
    pub current_password: PasswordAttempt,
}

impl FromFields for EmailChange {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        let email = fields.required("email");
        let current_password = fields.required("current_password");
        Some(Self {
            email: email?,
            current_password: current_password?,
        })
    }
}

/// Body of a deletion of the account.
#[derive(Apiv2Schema)]
pub struct AccountDeletion {
    pub current_password: PasswordAttempt,
}

impl FromFields for AccountDeletion {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        let current_password = fields.required("current_password");
        Some(Self {
            current_password: current_password?,
        })
    }
}
