//! What text may hold, as patterns. They state what the models check.

use serde_json::{Value, json};

use crate::{controllers::extract::path::ID_MAX, models::text::EXTERNAL_ID_MAX};

/// Control characters (Unicode category Cc) but for tab, line feed and carriage return.
const CONTROL: &str = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f";
/// What is trimmed off the ends of text, as far as it is no control character.
const BLANK: &str = r"\t\n\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";

/// How a time is sent.
pub const TIME: &str = "2026-11-23T09:00:00.000000Z";

/// What no keyword can say of trimmed text.
pub const TRIMMED: &str =
    "Trimmed; the length counts after that. No control characters but tab and line breaks.";

/// Text that may be blank.
pub fn no_control() -> String {
    format!("^[^{CONTROL}]*$")
}

/// Text that is not blank.
pub fn not_blank() -> String {
    not_blank_without("")
}

/// Text that is not blank and has none of `refused`, which stand as in a character class.
pub fn not_blank_without(refused: &str) -> String {
    format!("^[^{CONTROL}{refused}]*[^{CONTROL}{BLANK}{refused}][^{CONTROL}{refused}]*$")
}

/// An integer that is an id.
pub fn id() -> Value {
    json!({ "type": "integer", "format": "int64", "minimum": 1, "maximum": ID_MAX })
}

/// What another system calls a task, where it is sent.
pub fn external_id() -> Value {
    json!({
        "type": "string",
        "minLength": 1,
        "maxLength": EXTERNAL_ID_MAX,
        "pattern": not_blank(),
    })
}
