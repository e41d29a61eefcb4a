//! Where a page begins, and how long it is.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::models::{value::schema, violation::Violation};

/// Items on a page when the client does not say.
const LIMIT_DEFAULT: u32 = 50;
/// Most items on a page.
const LIMIT_MAX: u32 = 200;

/// How many items a page has: 1 to `LIMIT_MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limit(u32);

/// The position of the last item of a page, by its sort keys and not by a count, so that it stays
/// right however rows come and go. Opaque to clients: unpadded base64url of a checksum and the position
/// as JSON. The checksum covers the scope too, a text that says which list in which order it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(Vec<u8>);

const CHECKSUM_BYTES: usize = 9;

impl Limit {
    /// The number itself.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(LIMIT_DEFAULT)
    }
}

impl FromStr for Limit {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(limit) if plain && (1..=LIMIT_MAX).contains(&limit) => Ok(Self(limit)),
            _ => Err(Violation::new(
                "range",
                format!("must be a whole number from 1 to {LIMIT_MAX}"),
            )),
        }
    }
}

impl Cursor {
    /// A cursor to `position` in the list `scope`.
    pub fn new(scope: &str, position: &impl Serialize) -> Self {
        // Numbers, times and text, with nothing in them that could fail.
        let position = serde_json::to_vec(position).unwrap_or_default();
        Self([checksum(scope, &position).as_slice(), &position].concat())
    }

    /// The position, if the cursor is one of the list `scope`; `None` of an empty one, at which the list begins.
    pub fn open<T: DeserializeOwned>(&self, scope: &str) -> Result<Option<T>, Violation> {
        if self.0.is_empty() {
            return Ok(None);
        }
        self.0
            .split_at_checked(CHECKSUM_BYTES)
            .filter(|(sum, position)| *sum == checksum(scope, position))
            .and_then(|(_, position)| serde_json::from_slice(position).ok())
            .map(Some)
            .ok_or_else(refused)
    }
}

schema!(Limit, {
    "type": "integer",
    "minimum": 1,
    "maximum": LIMIT_MAX,
});

schema!(Cursor, {
    "type": "string",
    "pattern": "^[A-Za-z0-9_-]*$",
    "description": "Where the page begins: opaque, from the Link of the page before; the first page where it is empty. One that this list did not give, with the same filters and order, is 422.",
});

fn checksum(scope: &str, position: &[u8]) -> Vec<u8> {
    let hash = Sha256::new_with_prefix(scope)
        .chain_update([0])
        .chain_update(position);
    hash.finalize()
        .iter()
        .take(CHECKSUM_BYTES)
        .copied()
        .collect()
}

/// The violation of a cursor that the list did not give.
pub fn refused() -> Violation {
    Violation::new(
        "cursor",
        "must be a cursor from a page of this list, with the same filters and sort",
    )
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl FromStr for Cursor {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        match BASE64_URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) if bytes.is_empty() || bytes.len() > CHECKSUM_BYTES => Ok(Self(bytes)),
            _ => Err(refused()),
        }
    }
}
