//! Sessions, personal access tokens and the audit trail.

use std::time::Duration;

use serde_json::{Value, json};

use super::text::{TIME, TRIMMED, id, not_blank};
use crate::{
    models::{
        client::USER_AGENT_MAX,
        event::EventKind,
        opaque_token,
        personal_token::{TOKEN_DAYS_MAX, TOKEN_NAME_MAX},
        scope::Scope,
        time::UtcTime,
    },
    openapi::json::merge,
};

/// A session, as its user sees it.
pub fn session() -> Value {
    json!({
        "description": "Where one is logged in.",
        "required": ["id", "created_at", "last_used_at", "ip", "user_agent", "current"],
        "properties": {
            "id": id(),
            "last_used_at": { "description": "The login, or the last refresh." },
            "ip": { "description": "Address of the client." },
            "user_agent": { "nullable": true, "maxLength": USER_AGENT_MAX, "description": "As the client called itself." },
            "current": { "description": "Whether the request's own token belongs to it." },
        },
        "example": {
            "id": 7,
            "created_at": TIME,
            "last_used_at": TIME,
            "ip": "192.0.2.7",
            "user_agent": "curl/8.5.0",
            "current": true,
        },
    })
}

/// Body of a creation.
pub fn create_token() -> Value {
    // It must lie ahead when someone tries the example out, though the document is made at the start.
    let expires_at = UtcTime::now()
        .plus(Duration::from_secs(360 * 24 * 3600))
        .to_string();
    let (date, _) = expires_at.split_at(10);
    json!({
        "description": "A new personal access token.",
        "additionalProperties": false,
        "properties": {
            "name": { "minLength": 1, "maxLength": TOKEN_NAME_MAX, "pattern": not_blank(), "description": TRIMMED },
            "scopes": {
                "minItems": 1,
                "maxItems": Scope::NAMES.len(),
                "uniqueItems": true,
                "items": { "enum": Scope::NAMES },
                "description": "What it may do. Neither scope implies the other.",
            },
            "expires_at": { "description": format!("When it ends: ahead, by at most {TOKEN_DAYS_MAX} days.") },
        },
        "example": { "name": "calendar sync", "scopes": ["tasks:read"], "expires_at": format!("{date}T00:00:00Z") },
    })
}

/// A token, as its user sees it later.
pub fn personal_token() -> Value {
    json!({
        "description": "A personal access token, without what proves it.",
        "required": REQUIRED,
        "properties": properties(),
        "example": example(),
    })
}

const REQUIRED: [&str; 6] = [
    "id",
    "name",
    "scopes",
    "expires_at",
    "created_at",
    "last_used_at",
];

/// A token, as its user sees it once.
pub fn created_token() -> Value {
    let mut schema = personal_token();
    let required = [REQUIRED.as_slice(), &["token"]].concat();
    let token = json!({
        "description": "A new personal access token, with what proves it.",
        "required": required,
        "properties": { "token": {
            "pattern": "^tma_[A-Za-z0-9_-]+$",
            "minLength": opaque_token::LENGTH,
            "maxLength": opaque_token::LENGTH,
            "description": "Shown only here. Send it as `Authorization: Bearer`.",
        } },
        "example": { "token": "tma_AAAAAAAAAQ00000000000000000000000000000000000000000000000000" },
    });
    merge(&mut schema, token);
    schema
}

fn properties() -> Value {
    json!({
        "id": id(),
        "name": { "minLength": 1, "maxLength": TOKEN_NAME_MAX },
        "scopes": {
            "uniqueItems": true,
            "items": { "enum": Scope::NAMES },
        },
        "last_used_at": { "nullable": true, "description": "To the minute; null before its first use." },
    })
}

fn example() -> Value {
    json!({
        "id": 7,
        "name": "calendar sync",
        "scopes": ["tasks:read"],
        "expires_at": "2027-02-21T00:00:00.000000Z",
        "created_at": TIME,
        "last_used_at": null,
    })
}

/// What happened to an account.
pub fn event() -> Value {
    json!({
        "description": "What happened to the account.",
        "required": ["id", "type", "created_at", "ip", "request_id"],
        "properties": {
            "id": id(),
            "type": { "enum": EventKind::NAMES },
            "ip": { "nullable": true, "description": "Address of the client; null where it was an operator." },
            "request_id": { "nullable": true, "description": "`X-Request-Id` of the request; null where it was an operator." },
        },
        "example": {
            "id": 7,
            "type": "login_succeeded",
            "created_at": TIME,
            "ip": "192.0.2.7",
            "request_id": "0193b1f0-7f2a-7c3e-8a4b-1d2e3f405162",
        },
    })
}
