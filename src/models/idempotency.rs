//! Requests that may be sent again (draft-ietf-httpapi-idempotency-key-header).

use std::str::FromStr;

use diesel::prelude::*;

use super::{time::UtcTime, value::schema, violation::Violation};
use crate::schema::idempotency_keys;

/// Longest key, in characters; the shortest has one.
const KEY_MAX: usize = 255;

/// A client's name for one request: 1 to `KEY_MAX` visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// A key and the SHA-256 of the request that it names: its method, path, query and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRequest {
    pub key: IdempotencyKey,
    pub fingerprint: [u8; 32],
}

/// An answer as it is sent, and kept to be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// JSON.
    pub body: Option<String>,
}

/// A row of the table, as far as it is sent again; `headers` is a JSON array of names and values.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
pub struct Answer {
    pub fingerprint: Vec<u8>,
    pub status: i16,
    pub headers: String,
    pub body: Option<String>,
}

/// A row to be inserted.
#[derive(Debug, Insertable)]
#[diesel(table_name = idempotency_keys, treat_none_as_default_value = false)]
pub struct NewAnswer<'a> {
    pub user_id: i64,
    pub key: &'a str,
    pub fingerprint: &'a [u8],
    pub status: i16,
    pub headers: String,
    pub body: Option<&'a str>,
    pub created_at: UtcTime,
}

impl IdempotencyKey {
    /// The key itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if visible && (1..=KEY_MAX).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            let detail = format!("must have 1 to {KEY_MAX} visible ASCII characters");
            Err(Violation::new("format", detail))
        }
    }
}

schema!(IdempotencyKey, {
    "type": "string",
    "maxLength": KEY_MAX,
    "pattern": "^[!-~]+$",
});
