//! Accounts and their tokens.

use serde_json::{Value, json};

use super::text::{TIME, id, no_control};
use crate::models::{
    email::{EMAIL_MAX, EMAIL_PATTERN},
    password::{PASSWORD_MAX_BYTES, PASSWORD_MIN},
};

/// A new account.
pub fn registration() -> Value {
    json!({
        "description": "A new account.",
        "additionalProperties": false,
        "properties": { "email": email(), "password": {
            "format": "password",
            "minLength": PASSWORD_MIN,
            "maxLength": PASSWORD_MAX_BYTES,
            "pattern": no_control(),
            "description": format!("Never trimmed. At most {PASSWORD_MAX_BYTES} bytes of UTF-8, which is fewer characters where they are not ASCII. No control characters."),
        } },
        "example": { "email": "ann@example.com", "password": "correct horse battery staple" },
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
            "password": { "minLength": 1, "format": "password", "example": "correct horse battery staple" },
            "scope": { "description": "Ignored: an access token may do everything its user may.", "example": "" },
        },
        "example": {
            "grant_type": "password",
            "username": "ann@example.com",
            "password": "correct horse battery staple",
        },
    })
}

/// What proves who one is.
pub fn token() -> Value {
    json!({
        "description": "RFC 6749 section 5.1.",
        "properties": {
            "access_token": { "description": "A JSON Web Token (RFC 7519). Opaque to clients." },
            "token_type": { "enum": ["bearer"] },
            "expires_in": { "minimum": 1, "description": "Life in seconds." },
        },
        "example": { "access_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", "token_type": "bearer", "expires_in": 3600 },
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

fn email() -> Value {
    json!({
        "maxLength": EMAIL_MAX,
        "pattern": EMAIL_PATTERN,
        "description": "As an HTML e-mail input takes it. Blanks around it are trimmed away; it is stored in lower case.",
    })
}
