//! Text that people write: trimmed, bounded in Unicode scalar values, free of control characters.

use serde::Serialize;
use validator::ValidateLength;

use super::{value::text, violation::Violation};

text! {
    /// Title of a task.
    pub struct Title(1..=200);
}

text! {
    /// Description of a task.
    pub struct Description(..=10_000);
}

text! {
    /// The name by which another system knows a task.
    #[derive(Serialize)]
    pub struct ExternalId(1..=255);
}

/// Control characters (Unicode category Cc) but for tab, line feed and carriage return.
const CONTROL: &str = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f";
/// What is trimmed off the ends of text, as far as it is no control character.
const BLANK: &str = r"\t\n\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";

/// What no keyword can say of trimmed text.
pub const TRIMMED: &str =
    "Trimmed; the length counts after that. No control characters but tab and line breaks.";

/// What [`refuse_control_characters`] takes, as a regular expression. With `needed` the text must not be blank;
/// `refused` are further characters that it must not have, as in a character class.
pub fn pattern(needed: bool, refused: &str) -> String {
    let allowed = format!("[^{CONTROL}{refused}]*");
    if needed {
        format!("^{allowed}[^{CONTROL}{BLANK}{refused}]{allowed}$")
    } else {
        format!("^{allowed}$")
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
