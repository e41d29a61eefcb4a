//! What requests and answers about logging in and accounts look like.

use schemars::JsonSchema;
use serde::Serialize;

use super::{extract::request::request, respond::Resource};
use crate::{
    models::{
        email::{EMAIL_MAX, Email},
        id::Id,
        identity::{Grant, Identity},
        password::{Password, PasswordAttempt},
        personal_token::TokenName,
        scope::Scope,
        session::LogoutScope,
        time::UtcTime,
        user::User,
        value::names,
    },
    services::sessions::TokenPair,
};

request! {
    /// A new account.
    pub struct RegisterRequest as "Registration" {
        pub email: Email,
        pub password: Password,
    }
    example { "email": "ann@example.com", "password": "correct horse battery staple" }
}

names! {
    /// `grant_type` of a login.
    pub enum PasswordGrantType {
        Password = "password",
    }
}

names! {
    /// `grant_type` of a refresh.
    pub enum RefreshGrantType {
        RefreshToken = "refresh_token",
    }
}

request! {
    /// RFC 6749 section 4.3.2. In a form, a field without a value counts as absent and unknown fields are
    /// ignored; none may be repeated.
    pub struct LoginRequest as "PasswordGrant" {
        pub grant_type: Option<PasswordGrantType>,
        /// The e-mail address.
        pub username: String,
        pub password: PasswordAttempt,
        /// Ignored: an access token may do everything its user may.
        pub scope: Option<String>,
    }
    example {
        "grant_type": "password",
        "username": "ann@example.com",
        "password": "correct horse battery staple",
        "scope": "",
    }
}

request! {
    /// RFC 6749 section 6. In a form, a field without a value counts as absent and unknown fields are
    /// ignored; none may be repeated.
    pub struct RefreshRequest as "RefreshGrant" {
        pub grant_type: RefreshGrantType,
        /// As the last login or refresh gave it. Anything else is 401.
        pub refresh_token: String,
        /// Ignored: an access token may do everything its user may.
        pub scope: Option<String>,
    }
    example {
        "grant_type": "refresh_token",
        "refresh_token": "tmr_AAAAAAAAAQ00000000000000000000000000000000000000000000000000",
        "scope": "",
    }
}

/// RFC 6749 section 5.1.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Token", extend("example" = {
    "access_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl",
    "token_type": "bearer",
    "expires_in": 900,
    "refresh_token": "tmr_AAAAAAAAAQ00000000000000000000000000000000000000000000000000",
}))]
pub struct TokenResponse {
    /// A JSON Web Token (RFC 7519). Opaque to clients.
    access_token: String,
    #[schemars(extend("enum" = ["bearer"]))]
    token_type: &'static str,
    /// Life of the access token in seconds.
    #[schemars(range(min = 1))]
    expires_in: i64,
    /// For the next pair, once. Opaque to clients.
    refresh_token: String,
}

impl Resource for TokenResponse {}

impl From<TokenPair> for TokenResponse {
    fn from(pair: TokenPair) -> Self {
        Self {
            access_token: pair.access.token,
            token_type: "bearer",
            expires_in: pair.access.expires_in,
            refresh_token: pair.refresh.expose().to_owned(),
        }
    }
}

request! {
    /// The sessions that a logout ends.
    pub struct LogoutQuery as "LogoutQuery" {
        /// Which sessions end: this one, all others, or all.
        pub scope: LogoutScope = LogoutScope::default(),
    }
    example { "scope": "local" }
}

/// An account.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "User", extend("example" = {
    "id": 1,
    "email": "ann@example.com",
    "created_at": "2026-11-23T09:00:00.000000Z",
}))]
pub struct UserResponse {
    #[schemars(with = "Id")]
    id: i64,
    #[schemars(length(max = EMAIL_MAX))]
    email: String,
    created_at: UtcTime,
}

impl Resource for UserResponse {}

impl From<User> for UserResponse {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            created_at: user.created_at,
        }
    }
}

/// The user of a token, and which one it is where it is a personal access token.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CurrentUser", extend("example" = {
    "id": 1,
    "email": "ann@example.com",
    "created_at": "2026-11-23T09:00:00.000000Z",
}))]
pub struct CurrentUserResponse {
    #[serde(flatten)]
    user: UserResponse,
    /// Only with a personal access token: what it is and may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "UsedToken")]
    token: Option<UsedToken>,
}

/// The personal access token that came with the request.
#[derive(Serialize, JsonSchema)]
pub struct UsedToken {
    #[schemars(with = "Id")]
    id: i64,
    #[schemars(with = "TokenName")]
    name: String,
    scopes: Vec<Scope>,
    expires_at: UtcTime,
}

impl Resource for CurrentUserResponse {}

impl From<Identity> for CurrentUserResponse {
    fn from(identity: Identity) -> Self {
        let token = match identity.grant {
            Grant::Session { .. } => None,
            Grant::Personal(token) => Some(UsedToken {
                id: token.id,
                name: token.name,
                scopes: token.scopes.as_slice().to_vec(),
                expires_at: token.expires_at,
            }),
        };
        Self {
            user: identity.user.into(),
            token,
        }
    }
}

request! {
    /// The password as it is, and as it is to be.
    pub struct ChangePasswordRequest as "PasswordChange" {
        /// The account's password. A wrong one is 422 and counts as a failed login.
        pub current_password: PasswordAttempt,
        pub new_password: Password,
    }
    example {
        "current_password": "correct horse battery staple",
        "new_password": "a better password than before",
    }
}

request! {
    /// The new address, and the password as proof.
    pub struct ChangeEmailRequest as "EmailChange" {
        pub email: Email,
        /// The account's password. A wrong one is 422 and counts as a failed login.
        pub current_password: PasswordAttempt,
    }
    example { "email": "ann@example.org", "current_password": "correct horse battery staple" }
}

request! {
    /// The password as proof.
    pub struct DeleteAccountRequest as "AccountDeletion" {
        /// The account's password. A wrong one is 422 and counts as a failed login.
        pub current_password: PasswordAttempt,
    }
    example { "current_password": "correct horse battery staple" }
}
