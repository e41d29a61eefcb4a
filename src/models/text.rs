//! Text that people write: normalised, trimmed, bounded in Unicode scalar values, free of control characters.

use std::{borrow::Cow, sync::LazyLock};

use icu_normalizer::ComposingNormalizerBorrowed;
use regex::Regex;
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

/// What text must have at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Least {
    Nothing,
    /// A character after trimming.
    Character,
    /// A character that is seen.
    Visible,
}

/// Text that is more than blanks, as a pattern of a schema. All dialects of regular expressions read it alike, also those
/// that match bytes; what else [`bounded`] refuses, [`description`] says.
pub const NOT_BLANK: &str = r"^[ \t\r\n]*[^ \t\r\n][\s\S]*$";

/// Control characters (Unicode category Cc) but for tab, line feed and carriage return.
const CONTROL: &str = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f";
/// What is trimmed off the ends of text, as far as it is no control character.
const BLANK: &str = r"\t\n\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
/// What shows nothing by itself: format characters, fillers, variation selectors, the blank of Braille, and the
/// combining marks that belong to no script.
const INVISIBLE: &str = r"\u00ad\u0300-\u036f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\u2800\u3164\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\uffa0\ufff0-\ufffb";
/// The same above U+FFFF, for which the dialects of regular expressions have no common notation.
const INVISIBLE_ABOVE: &str =
    r"\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff";

#[expect(clippy::expect_used, reason = "a constant pattern; tests compile it")]
static VISIBLE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = format!("[^{CONTROL}{BLANK}{INVISIBLE}{INVISIBLE_ABOVE}]");
    Regex::new(&pattern).expect("the pattern is valid")
});

/// What no keyword can say of text that is [`bounded`].
pub fn description(least: Least) -> &'static str {
    match least {
        Least::Visible => {
            "With a visible character (no blank, format character or combining accent), and without control characters but tab and line breaks."
        }
        Least::Nothing | Least::Character => "Without control characters but tab and line breaks.",
    }
}

/// `text` in Unicode's normalisation form C, in which equal text is the same, however it was typed. Left as it is where
/// it has more than `max` characters either way: a megabyte would take long.
pub fn nfc(text: &str, max: u64) -> Cow<'_, str> {
    /// A character of NFC stands for at most four, of at most four bytes each.
    const BYTES: u64 = 4 * 4;
    if text.len() as u64 > max.saturating_mul(BYTES) {
        return Cow::Borrowed(text);
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// `text` without a byte order mark at its start, which is part of a file's encoding and not of its text.
pub fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// `text` in NFC, trimmed, where it then has what it must have and at most `max` characters, none of which is refused.
pub fn bounded(text: &str, least: Least, max: u64) -> Result<String, Violation> {
    refuse_control_characters(text)?;
    let trimmed = nfc(text.trim(), max);
    let min = u64::from(least != Least::Nothing);
    if !trimmed.validate_length(Some(min), Some(max), None) {
        let detail = match min {
            0 => format!("must have at most {max} characters"),
            _ => format!("must have {min} to {max} characters"),
        };
        return Err(Violation::new("length", detail));
    }
    if least == Least::Visible && !VISIBLE.is_match(&trimmed) {
        let detail = "must have at least one visible character, not only format characters, fillers and accents";
        return Err(Violation::new("characters", detail));
    }
    Ok(trimmed.into_owned())
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
    use icu_properties::{
        CodePointMapData, CodePointSetData,
        props::{DefaultIgnorableCodePoint, GeneralCategory, PrependedConcatenationMark},
    };
    use proptest::prelude::*;

    use super::*;

    fn title(text: &str) -> Option<String> {
        text.parse::<Title>().ok().map(Title::into_inner)
    }

    #[test]
    fn a_character_is_seen_unless_unicode_says_that_it_shows_nothing() {
        let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
        let prepended = CodePointSetData::new::<PrependedConcatenationMark>();
        let categories = CodePointMapData::<GeneralCategory>::new();
        let documented = Regex::new(NOT_BLANK).unwrap();
        for character in ('\0'..='\u{1ffff}').chain('\u{e0000}'..='\u{e0fff}') {
            let category = categories.get(character);
            let shows_nothing = character.is_whitespace()
                || character.is_control()
                || character == '\u{2800}'
                || ignorable.contains(character)
                || category == GeneralCategory::Format && !prepended.contains(character);
            let text = character.to_string();
            let taken = title(&text).is_some();
            // Of marks, those of no script show nothing either.
            let is_mark = matches!(
                category,
                GeneralCategory::NonspacingMark
                    | GeneralCategory::EnclosingMark
                    | GeneralCategory::Unassigned
            );
            assert!(!(taken && shows_nothing), "{character:?}");
            assert!(taken || shows_nothing || is_mark, "{character:?}");
            // The pattern forbids nothing that is taken, and of blanks the usual ones.
            let is_blank = matches!(character, ' ' | '\t' | '\r' | '\n');
            assert_eq!(documented.is_match(&text), !is_blank, "{character:?}");
            assert!(!(taken && is_blank), "{character:?}");
        }
        assert_eq!(title("\u{301}\u{200d}"), None);
        assert_eq!(title("\u{93f}").as_deref(), Some("\u{93f}"));
        assert_eq!(title("\u{25cc}\u{301}").as_deref(), Some("\u{25cc}\u{301}"));
    }

    #[test]
    fn the_longest_text_is_normalised_and_far_longer_is_refused_at_once() {
        // Four characters that become one.
        let four = "\u{3b1}\u{313}\u{300}\u{345}";
        assert_eq!(title(&four.repeat(200)), Some("\u{1f82}".repeat(200)));
        let long = "\u{1d160}".repeat(250_000);
        assert_eq!(nfc(&long, 200), long.as_str());
        assert_eq!(title(&long), None);
    }

    proptest! {
        #[test]
        fn what_is_kept_is_normal_trimmed_and_kept_as_it_is(text in "\\PC{0,210}|[a\u{308}\u{301}\u{344}\u{958} ]{0,300}") {
            if let Some(kept) = title(&text) {
                prop_assert_eq!(nfc(&kept, u64::MAX), kept.as_str());
                prop_assert_eq!(kept.trim(), kept.as_str());
                prop_assert!((1..=200).contains(&kept.chars().count()));
                prop_assert_eq!(title(&kept), Some(kept));
            }
        }
    }
}
