//! Accounts and their tokens.

use serde_json::{Value, json};

use super::text::{TIME, id, no_control};
use crate::models::{
    email::{EMAIL_MAX, EMAIL_PATTERN},
    password::{PASSWORD_MAX_BYTES, PASSWORD_MIN},
};

/// In the form of one; no token.
const REFRESH_TOKEN: &str = "tmr_AAAAAAAAAQ00000000000000000000000000000000000000000000000000";

const PASSWORD: &str = "correct horse battery staple";

/// A new account.
pub fn registration() -> Value {
    json!({
        "description": "A new account.",
        "additionalProperties": false,
        "properties": { "email": email(), "password": password() },
        "example": { "email": "ann@example.com", "password": PASSWORD },
    })
}

/// Another password.
pub fn password_change() -> Value {
    json!({
        "description": "The password as it is, and as it is to be.",
        "additionalProperties": false,
        "properties": { "current_password": current_password(), "new_password": password() },
        "example": { "current_password": PASSWORD, "new_password": "a better password than before" },
    })
}

/// Another e-mail address.
pub fn email_change() -> Value {
    json!({
        "description": "The new address, and the password as proof.",
        "additionalProperties": false,
        "properties": { "email": email(), "current_password": current_password() },
        "example": { "email": "ann@example.org", "current_password": PASSWORD },
    })
}

/// The end of an account.
pub fn account_deletion() -> Value {
    json!({
        "description": "The password as proof.",
        "additionalProperties": false,
        "properties": { "current_password": current_password() },
        "example": { "current_password": PASSWORD },
    })
}

/// What logs in.
pub fn password_grant() -> Value {
    json!({
        "description": "RFC 6749 section 4.3.2. A member without a value counts as absent; unknown members are ignored; none may be repeated.",
        "properties": {
            "grant_type": {
                "pattern": "^(password)?$",
                "description": "`password`, or absent.",
                "example": "password",
            },
            "username": { "minLength": 1, "description": "The e-mail address.", "example": "ann@example.com" },
            "password": { "minLength": 1, "format": "password", "example": PASSWORD },
            "scope": { "description": "Ignored: an access token may do everything its user may.", "example": "" },
        },
        "example": {
            "grant_type": "password",
            "username": "ann@example.com",
            "password": PASSWORD,
        },
    })
}

/// What goes on.
pub fn refresh_grant() -> Value {
    json!({
        "description": "RFC 6749 section 6. A member without a value counts as absent; unknown members are ignored; none may be repeated.",
        "properties": {
            "grant_type": { "enum": ["refresh_token"] },
            "refresh_token": { "minLength": 1, "description": "As the last login or refresh gave it. Anything else is 401." },
            "scope": { "description": "Ignored: an access token may do everything its user may.", "example": "" },
        },
        "example": { "grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN },
    })
}

/// What proves who one is.
pub fn token() -> Value {
    json!({
        "description": "RFC 6749 section 5.1.",
        "properties": {
            "access_token": { "description": "A JSON Web Token (RFC 7519). Opaque to clients." },
            "token_type": { "enum": ["bearer"] },
            "expires_in": { "minimum": 1, "description": "Life of the access token in seconds." },
            "refresh_token": { "description": "For the next pair, once. Opaque to clients." },
        },
        "example": {
            "access_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl",
            "token_type": "bearer",
            "expires_in": 900,
            "refresh_token": REFRESH_TOKEN,
        },
    })
}

/// An account, as its user sees it.
pub fn user() -> Value {
    json!({
        "description": "An account.",
        "properties": { "id": id(), "email": { "maxLength": EMAIL_MAX } },
        "example": { "id": 1, "email": "ann@example.com", "created_at": TIME },
    })
}

fn password() -> Value {
    json!({
        "format": "password",
        "minLength": PASSWORD_MIN,
        "maxLength": PASSWORD_MAX_BYTES,
        "pattern": no_control(),
        "description": format!("Never trimmed. At most {PASSWORD_MAX_BYTES} bytes of UTF-8, which is fewer characters where they are not ASCII. No control characters."),
    })
}

fn current_password() -> Value {
    json!({
        "format": "password",
        "description": "The account's password. A wrong one is 422 and counts as a failed login.",
    })
}

fn email() -> Value {
    json!({
        "maxLength": EMAIL_MAX,
        "pattern": EMAIL_PATTERN,
        "description": "As an HTML e-mail input takes it. Blanks around it are trimmed away; it is stored in lower case.",
    })
}
