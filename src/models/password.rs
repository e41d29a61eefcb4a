//! Passwords, as they are chosen.

use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use validator::ValidateLength;

use super::{
    text::{self, refuse_control_characters},
    value::schema,
    violation::Violation,
};

/// Shortest password, in Unicode scalar values.
const PASSWORD_MIN: u64 = 8;
/// Longest password, in bytes of UTF-8: bcrypt reads no more.
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
        Ok(Self(text.into()))
    }
}

impl FromStr for Password {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        refuse_control_characters(text)?;
        if !text.validate_length(Some(PASSWORD_MIN), None, None) {
            let detail = format!("must have at least {PASSWORD_MIN} characters");
            return Err(Violation::new("length", detail));
        }
        if text.len() > PASSWORD_MAX_BYTES {
            let detail = format!("must have at most {PASSWORD_MAX_BYTES} bytes in UTF-8");
            return Err(Violation::new("length", detail));
        }
        Ok(Self(text.into()))
    }
}

schema!(Password, {
    "type": "string",
    "format": "password",
    "minLength": PASSWORD_MIN,
    "maxLength": PASSWORD_MAX_BYTES,
    "pattern": text::pattern(false, ""),
    "description": format!("Never trimmed. At most {PASSWORD_MAX_BYTES} bytes of UTF-8, which is fewer characters where they are not ASCII. No control characters but tab and line breaks."),
});

schema!(PasswordAttempt, { "type": "string", "format": "password" });

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blanks_are_kept_and_nothing_is_shown() {
        let password = "  spaces  ".parse::<Password>().unwrap();
        assert_eq!(password.expose(), "  spaces  ");
        assert!(!format!("{password:?}").contains("spaces"));
    }

    proptest! {
        #[test]
        fn it_is_taken_exactly_when_the_rules_hold(text in "\\PC*|[aé\u{0}\t]{4,80}") {
            let clean = !text.chars().any(|c| c.is_control() && !"\t\n\r".contains(c));
            let fits = text.chars().count() >= 8 && text.len() <= 72;
            prop_assert_eq!(text.parse::<Password>().is_ok(), clean && fits);
        }
    }
}
