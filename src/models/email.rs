//! E-mail addresses.

use std::{str::FromStr, sync::LazyLock};

use regex::Regex;
use validator::{ValidateLength, ValidateRegex};

use super::{text::refuse_control_characters, value::schema, violation::Violation};

/// Longest address in characters (RFC 5321 section 4.5.3.1.3, less the angle brackets).
pub const EMAIL_MAX: u64 = 254;

/// What an `<input type=email>` takes: the WHATWG HTML standard, "valid email address". Quotes, slashes and braces are
/// written so that it can be pasted into the source of any language.
const EMAIL_PATTERN: &str = r"^[a-zA-Z0-9.!#-\x27*+\/=?^-\x60\x7b-\x7e\-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$";

#[expect(clippy::expect_used, reason = "a constant pattern; tests compile it")]
static SYNTAX: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(EMAIL_PATTERN).expect("the pattern is valid"));

/// An address in the form in which it is stored and compared: trimmed, in lower case. It is ASCII, which is in NFC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// The address in its stored form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        refuse_control_characters(text)?;
        let address = text.trim();
        if !address.validate_length(Some(1), Some(EMAIL_MAX), None) {
            let detail = format!("must have 1 to {EMAIL_MAX} characters");
            return Err(Violation::new("length", detail));
        }
        if !address.validate_regex(&*SYNTAX) {
            let detail = "must be an e-mail address such as ann@example.com";
            return Err(Violation::new("format", detail));
        }
        Ok(Self(address.to_ascii_lowercase()))
    }
}

schema!(Email, {
    "type": "string",
    "maxLength": EMAIL_MAX,
    "pattern": EMAIL_PATTERN,
    "description": "As an HTML e-mail input takes it. Blanks around it are trimmed away; it is stored in lower case.",
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Option<String> {
        let email = text.parse::<Email>().ok();
        email.map(|email| email.as_str().to_owned())
    }

    /// NFC would make ASCII of some characters, so that two addresses of other mailboxes would be one account.
    #[test]
    fn what_is_ascii_only_in_nfc_is_refused() {
        for text in ["\u{212a}ate@example.com", "ann\u{1fef}@example.com"] {
            assert!(super::super::text::nfc(text, 100).is_ascii());
            assert_eq!(parsed(text), None);
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_its_own_stored_form(text in "[ -~]{1,20}@[a-zA-Z0-9.-]{1,20}|\\PC*") {
            if let Some(stored) = parsed(&text) {
                prop_assert_eq!(parsed(&stored), Some(stored.clone()));
                prop_assert!(!stored.chars().any(|c| c.is_ascii_uppercase() || c.is_whitespace()));
            }
        }
    }
}
