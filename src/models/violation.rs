//! Why a value is refused.

use std::convert::Infallible;

/// One broken rule: a stable `code` for programs and a sentence part for people, without the
/// name of the location ("must have 1 to 200 characters").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub code: &'static str,
    pub detail: String,
}

/// Every code of a rule, with what it means.
pub const RULES: [(&str, &str); 12] = [
    ("required", "It is missing and has to be there."),
    (
        "unknown",
        "The operation has no such field, parameter or header, or does not support it. Where a known name is near, the detail suggests it.",
    ),
    (
        "duplicate",
        "It is given more than once, or a list has an item more than once.",
    ),
    ("null", "It is null, and must not be."),
    (
        "type",
        "It has another JSON type, or a parameter is not a number, or neither true nor false.",
    ),
    (
        "length",
        "A text or a list is too short or too long. The length of a text counts Unicode characters after trimming; the longest password is measured in bytes.",
    ),
    ("range", "A number or a time is too small or too large."),
    (
        "choice",
        "It is not one of the allowed values, which the detail lists.",
    ),
    (
        "format",
        "The text does not have the required form: that of an e-mail address, a time or an ETag, for example.",
    ),
    (
        "characters",
        "A text has a character that is not allowed, or no visible character.",
    ),
    (
        "cursor",
        "It is not a cursor of this list, or is one for other filters or another sort. Begin again without it.",
    ),
    ("incorrect", "It is not the password of the account."),
];

/// The codes of [`RULES`].
pub fn codes() -> [&'static str; 12] {
    RULES.map(|(code, _)| code)
}

impl Violation {
    /// A violation of the rule `code`.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }

    /// A value outside a closed list of names, with the nearest name as a suggestion.
    pub fn choice(given: &str, choices: &[&str]) -> Self {
        let mut detail = match choices {
            [only] => format!("must be {only}"),
            several => format!("must be one of {}", several.join(", ")),
        };
        if let Some(near) = nearest(given, choices) {
            detail.push_str(&format!("; did you mean {near}?"));
        }
        Self::new("choice", detail)
    }
}

impl From<Infallible> for Violation {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// The known name that `given` most likely meant, if one is near enough to suggest.
pub fn nearest<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    // Past this length no known name is near, and the distance would cost quadratic time.
    if given.len() > 64 {
        return None;
    }
    let given = given.to_lowercase();
    known
        .iter()
        .map(|name| (strsim::jaro_winkler(&given, &name.to_lowercase()), *name))
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_a_name_that_is_near_and_none_that_is_far() {
        let known = ["title", "description", "status"];
        assert_eq!(nearest("titel", &known), Some("title"));
        assert_eq!(nearest("DESCRIPTON", &known), Some("description"));
        assert_eq!(nearest("owner", &known), None);
        assert_eq!(nearest(&"t".repeat(1_000_000), &known), None);
        let detail = Violation::choice("in-progress", &["todo", "in_progress"]).detail;
        let expected = "must be one of todo, in_progress; did you mean in_progress?";
        assert_eq!(detail, expected);
    }
}
