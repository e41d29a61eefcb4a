//! Where a page begins, and how long it is.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::extract::path::ID_MAX;
use crate::models::violation::Violation;

/// Items on a page when the client does not say.
pub const LIMIT_DEFAULT: u32 = 50;
/// Most items on a page.
pub const LIMIT_MAX: u32 = 200;

/// How many items a page has: 1 to [`LIMIT_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u32);

/// The place after the last item of a page, by its sort key and not by a count, so that it stays
/// right however rows come and go. Opaque to clients: `Display` and `FromStr` are its text form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Only tasks with a lower id follow.
    pub before: i64,
}

/// Names the order in which the cursor was made: a cursor of another one is refused.
const ORDER: &str = "-id:";

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

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = format!("{ORDER}{}", self.before);
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(key))
    }
}

impl FromStr for Cursor {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let decoded = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        decoded
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|key| key.strip_prefix(ORDER)?.parse().ok())
            .filter(|before| (1..=ID_MAX).contains(before))
            .map(|before| Self { before })
            .filter(|cursor| cursor.to_string() == text)
            .ok_or_else(|| {
                Violation::new(
                    "cursor",
                    "must be a cursor that this list gave, with the same filters and order",
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn limits() {
        assert_eq!("200".parse::<Limit>().map(Limit::get), Ok(200));
        for text in [
            "",
            "0",
            "201",
            "-1",
            "+5",
            "5.0",
            "ten",
            "99999999999999999999",
        ] {
            assert!(text.parse::<Limit>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_cursor_reads_back_as_itself(before in 1..=ID_MAX) {
            let cursor = Cursor { before };
            prop_assert_eq!(cursor.to_string().parse::<Cursor>(), Ok(cursor));
        }

        #[test]
        fn what_is_no_cursor_is_refused_without_a_panic(text in any::<String>()) {
            if let Ok(cursor) = text.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }

        #[test]
        fn a_cursor_with_a_byte_changed_is_refused_or_another(
            before in 1..=ID_MAX, at in 0usize..8, with in "[A-Za-z0-9_-]"
        ) {
            let mut text = Cursor { before }.to_string();
            let at = at % text.len();
            text.replace_range(at..=at, &with);
            if let Ok(cursor) = text.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }
    }
}
