//! Requests that may be sent again (draft-ietf-httpapi-idempotency-key-header).

use std::str::FromStr;

use super::violation::Violation;

/// Longest key, in characters; the shortest has one.
pub const KEY_MAX: usize = 255;

/// A client's name for one request: 1 to [`KEY_MAX`] visible ASCII characters.
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
        match visible && (1..=KEY_MAX).contains(&text.len()) {
            true => Ok(Self(text.to_owned())),
            false => Err(Violation::new(
                "format",
                format!("must have 1 to {KEY_MAX} visible ASCII characters"),
            )),
        }
    }
}
