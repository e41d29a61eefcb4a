//! Text that people write: trimmed, bounded in Unicode scalar values, free of control characters.

use std::str::FromStr;

use validator::ValidateLength;

use super::violation::Violation;

/// Longest title, in Unicode scalar values after trimming; the shortest has one.
pub const TITLE_MAX: u64 = 200;
/// Longest description, in Unicode scalar values after trimming.
pub const DESCRIPTION_MAX: u64 = 10_000;

/// Longest external id, in Unicode scalar values after trimming; the shortest has one.
pub const EXTERNAL_ID_MAX: u64 = 255;
/// Longest search, in Unicode scalar values after trimming; the shortest has one.
pub const QUERY_MAX: u64 = 255;

/// Title of a task: 1 to [`TITLE_MAX`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title(String);

/// Description of a task: at most [`DESCRIPTION_MAX`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(String);

/// What another system calls a task: 1 to [`EXTERNAL_ID_MAX`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalId(String);

impl ExternalId {
    /// The text, trimmed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, trimmed.
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl FromStr for ExternalId {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        bounded(text, 1, EXTERNAL_ID_MAX).map(Self)
    }
}

impl Title {
    /// The text, trimmed.
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl Description {
    /// The text, trimmed.
    pub fn into_inner(self) -> String {
        self.0
    }
}

impl FromStr for Title {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        bounded(text, 1, TITLE_MAX).map(Self)
    }
}

impl FromStr for Description {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        bounded(text, 0, DESCRIPTION_MAX).map(Self)
    }
}

/// `text`, trimmed, where it then has `min` to `max` characters and none that is refused.
pub fn bounded(text: &str, min: u64, max: u64) -> Result<String, Violation> {
    refuse_control_characters(text)?;
    let trimmed = text.trim();
    if !trimmed.validate_length(Some(min), Some(max), None) {
        let detail = match min {
            0 => format!("must have at most {max} characters"),
            _ => format!("must have {min} to {max} characters"),
        };
        return Err(Violation::new("length", detail));
    }
    Ok(trimmed.to_owned())
}

/// Refuses Unicode category Cc but for tab, line feed and carriage return. It looks at the text
/// before trimming, so that a schema's `pattern` can state the rule without exceptions.
pub fn refuse_control_characters(text: &str) -> Result<(), Violation> {
    let refused = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    match text.chars().find(|c| refused(*c)) {
        None => Ok(()),
        Some(found) => Err(Violation::new(
            "characters",
            format!(
                "must not contain the control character U+{:04X}",
                u32::from(found)
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_is_trimmed_and_counted_in_characters() {
        assert_eq!(
            "\u{3000} Milk \n".parse::<Title>().map(Title::into_inner),
            Ok("Milk".into())
        );
        assert!("🦀".repeat(200).parse::<Title>().is_ok());
        assert_eq!(
            "🦀".repeat(201).parse::<Title>().map_err(|v| v.detail),
            Err("must have 1 to 200 characters".into())
        );
        assert!(" \t\n".parse::<Title>().is_err());
        assert!(
            format!("{:>300}", "x").parse::<Title>().is_ok(),
            "blanks around do not count"
        );
    }

    #[test]
    fn a_description_may_be_empty_and_long() {
        assert!("".parse::<Description>().is_ok());
        assert!("x".repeat(10_000).parse::<Description>().is_ok());
        assert!("x".repeat(10_001).parse::<Description>().is_err());
    }

    #[test]
    fn control_characters_are_named() {
        assert_eq!(
            "a\u{0}b".parse::<Title>().map_err(|v| v.detail),
            Err("must not contain the control character U+0000".into())
        );
        assert!("a\tb\r\nc".parse::<Title>().is_ok());
        assert!(
            "\u{85}a".parse::<Title>().is_err(),
            "a control character at the end is not trimmed away"
        );
    }

    proptest! {
        #[test]
        fn a_title_that_is_taken_holds_every_rule(text in any::<String>()) {
            let taken = text.parse::<Title>();
            let count = text.trim().chars().count();
            let clean = !text.chars().any(|c| c.is_control() && !"\t\n\r".contains(c));
            prop_assert_eq!(taken.is_ok(), clean && (1..=200).contains(&count));
            if let Ok(title) = taken {
                let title = title.into_inner();
                prop_assert_eq!(title.trim(), title.as_str());
                prop_assert_eq!(title.parse::<Title>().map(Title::into_inner), Ok(title));
            }
        }
    }
}
