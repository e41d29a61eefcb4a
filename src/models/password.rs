//! Passwords, in NFC: what one keyboard composes another may not.

use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use validator::ValidateLength;

use super::{
    text::{nfc, refuse_control_characters},
    value::schema,
    violation::Violation,
};

/// Shortest password, in Unicode scalar values of NFC.
const PASSWORD_MIN: u64 = 8;
/// Longest password, in bytes of UTF-8 in NFC: bcrypt reads no more.
pub const PASSWORD_MAX_BYTES: usize = 72;

/// A password that may be set. Never trimmed; `Debug` does not show it.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

/// A password that someone claims to have: any text, since a wrong one has one answer whatever
/// its form. `Debug` does not show it.
#[derive(Debug, Clone)]
pub struct PasswordAttempt(SecretString);

impl Password {
    /// The password itself: for hashing alone.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PasswordAttempt {
    /// The password itself: for hashing alone.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl FromStr for PasswordAttempt {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        Ok(Self(nfc(text, PASSWORD_MAX_BYTES as u64).as_ref().into()))
    }
}

impl FromStr for Password {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        refuse_control_characters(text)?;
        let text = nfc(text, PASSWORD_MAX_BYTES as u64);
        if !text.validate_length(Some(PASSWORD_MIN), None, None) {
            let detail = format!("must have at least {PASSWORD_MIN} characters");
            return Err(Violation::new("length", detail));
        }
        if text.len() > PASSWORD_MAX_BYTES {
            let detail = format!("must have at most {PASSWORD_MAX_BYTES} bytes in UTF-8");
            return Err(Violation::new("length", detail));
        }
        Ok(Self(text.as_ref().into()))
    }
}

schema!(Password, {
    "type": "string",
    "format": "password",
    "minLength": PASSWORD_MIN,
    "maxLength": PASSWORD_MAX_BYTES,
    "description": format!("Normalised to NFC, never trimmed; the length counts after that. At most {PASSWORD_MAX_BYTES} bytes of UTF-8, which is fewer characters where they are not ASCII. No control characters but tab and line breaks."),
});

schema!(PasswordAttempt, { "type": "string", "format": "password" });

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn composed_and_decomposed_are_one_password() {
        let (composed, decomposed) = ("crème brûlée", "cre\u{300}me bru\u{302}le\u{301}e");
        for text in [composed, decomposed] {
            assert_eq!(text.parse::<Password>().unwrap().expose(), composed);
            assert_eq!(text.parse::<PasswordAttempt>().unwrap().expose(), composed);
        }
        assert!("e\u{301}".repeat(4).parse::<Password>().is_err());
        assert!("u\u{308}\u{304}".repeat(36).parse::<Password>().is_ok());
    }

    #[test]
    fn blanks_are_kept_and_nothing_is_shown() {
        let password = "  spaces  ".parse::<Password>().unwrap();
        assert_eq!(password.expose(), "  spaces  ");
        assert!(!format!("{password:?}").contains("spaces"));
    }

    proptest! {
        #[test]
        fn it_is_taken_exactly_when_the_rules_hold(text in "\\PC*|[aé\u{301}\u{0}\t]{4,160}") {
            let clean = !text.chars().any(|c| c.is_control() && !"\t\n\r".contains(c));
            let normal = nfc(&text, 1000);
            let fits = normal.chars().count() >= 8 && normal.len() <= 72;
            prop_assert_eq!(text.parse::<Password>().is_ok(), clean && fits);
        }
    }
}
