//! Words, as the search sees them: compatibility forms (NFKC), case and accents folded, the same on both engines.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{ExtendedPictographic, GeneralCategory, Script},
};

/// Longest word that is kept, in Unicode scalar values: as long as a whole query may be. What is
/// longer is cut, in the index and in the query alike.
const WORD_MAX: usize = 255;

/// `text` with its case folded (Unicode Standard, section 3.13, full default folding): the key of
/// the order by title.
pub fn fold_case(text: &str) -> Cow<'_, str> {
    CaseMapper::new().fold_string(text)
}

/// The words of `text` in their order. A word is a run of letters and digits, one emoji or, in a script that is
/// written without blanks, one character with its marks; anything else separates. Case, accents and
/// compatibility forms are folded, and format characters do not count.
pub fn words(text: &str) -> Vec<String> {
    let mut spaced = String::new();
    let mut last = Kind::Separator;
    for character in fold(text).chars() {
        let kind = Kind::of(character);
        match (kind, last) {
            // A mark belongs to what stands before it.
            (Kind::Mark, Kind::Separator) => continue,
            (Kind::Mark, _) => {
                spaced.push(character);
                continue;
            }
            (Kind::Separator, _) => spaced.push(' '),
            (Kind::Whole, _) | (Kind::Letter, Kind::Whole) => spaced.extend([' ', character]),
            (Kind::Letter, _) => spaced.push(character),
        }
        last = kind;
    }
    spaced.split_whitespace().map(cut).collect()
}

/// The words of a task, as the column `words` holds them: `:milk` where the word occurs, and
/// `.milk` too where it occurs in the title; each once, with blanks between.
pub fn index_text(title: &str, description: Option<&str>) -> String {
    let in_title = words(title);
    let in_description = description.map(words).unwrap_or_default();
    let mut everywhere: Vec<&str> = in_title
        .iter()
        .chain(&in_description)
        .map(|w| w.as_str())
        .collect();
    let mut in_title: Vec<&str> = in_title.iter().map(|w| w.as_str()).collect();
    let mut text = String::new();
    for (kind, found) in [('.', &mut in_title), (':', &mut everywhere)] {
        found.sort_unstable();
        found.dedup();
        for word in found.iter() {
            let blank = if text.is_empty() { "" } else { " " };
            text.extend([blank, kind.encode_utf8(&mut [0; 4]), word]);
        }
    }
    text
}

/// In compatibility decomposition, without accents and what is ignored, case folded, composed again.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let bare: String = DecomposingNormalizerBorrowed::new_nfkd()
        .normalize_iter(text.chars())
        .filter(|character| character.is_ascii() || !is_folded_away(*character))
        .collect();
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(&fold_case(&bare))
        .into_owned()
}

/// Whether it is an accent, a format character or a filler.
fn is_folded_away(character: char) -> bool {
    match CodePointMapData::<GeneralCategory>::new().get(character) {
        GeneralCategory::Format => true,
        GeneralCategory::NonspacingMark => match character {
            // The voicing marks of kana make another letter, not another accent.
            '\u{3099}' | '\u{309a}' => false,
            // Vowels of Khmer that are not to be seen.
            '\u{17b4}' | '\u{17b5}' => true,
            // In these scripts vowels and tones are marks.
            _ => !is_without_blanks(script(character)),
        },
        // The fillers of Hangul.
        _ => matches!(character, '\u{115f}' | '\u{1160}'),
    }
}

fn cut(word: &str) -> String {
    match word.char_indices().nth(WORD_MAX) {
        None => word.to_owned(),
        Some((end, _)) => word.get(..end).unwrap_or(word).to_owned(),
    }
}

/// What a folded character is to a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Part of a run.
    Letter,
    /// A word of its own.
    Whole,
    /// Part of the character before it.
    Mark,
    Separator,
}

impl Kind {
    fn of(character: char) -> Self {
        // The properties of ASCII characters need no lookup.
        if character.is_ascii() {
            return Self::letter_if(character.is_ascii_alphanumeric());
        }
        let script = script(character);
        match CodePointMapData::<GeneralCategory>::new().get(character) {
            GeneralCategory::NonspacingMark => Self::Mark,
            GeneralCategory::SpacingMark if is_without_blanks(script) => Self::Mark,
            GeneralCategory::SpacingMark => Self::Letter,
            _ if is_without_blanks(script) && character.is_alphabetic() => Self::Whole,
            // The mark of a long vowel belongs to both kana.
            _ if character == '\u{30fc}' || is_emoji(character) => Self::Whole,
            _ => Self::letter_if(character.is_alphanumeric()),
        }
    }

    fn letter_if(is_letter: bool) -> Self {
        if is_letter {
            Self::Letter
        } else {
            Self::Separator
        }
    }
}

fn script(character: char) -> Script {
    CodePointMapData::<Script>::new().get(character)
}

/// Whether no blanks stand between the words of its language.
fn is_without_blanks(script: Script) -> bool {
    matches!(
        script,
        Script::Han
            | Script::Hiragana
            | Script::Katakana
            | Script::Hangul
            | Script::Bopomofo
            | Script::Thai
            | Script::Lao
            | Script::Khmer
            | Script::Myanmar
    )
}

fn is_emoji(character: char) -> bool {
    // Tones of skin and the letters of flags are emoji as well, though no pictographs.
    matches!(character, '\u{1f1e6}'..='\u{1f1ff}' | '\u{1f3fb}'..='\u{1f3ff}')
        || CodePointSetData::new::<ExtendedPictographic>().contains(character)
}

#[cfg(test)]
mod tests {
    use icu_properties::props::DefaultIgnorableCodePoint;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_index_says_what_is_in_the_title() {
        let text = index_text("Buy milk", Some("milk, oat"));
        assert_eq!(text, ".buy .milk :buy :milk :oat");
        assert_eq!(index_text("--", None), "");
    }

    fn nfkc(text: &str) -> String {
        ComposingNormalizerBorrowed::new_nfkc()
            .normalize(text)
            .into_owned()
    }

    #[test]
    fn a_character_folds_like_its_compatibility_form_and_once() {
        let categories = CodePointMapData::<GeneralCategory>::new();
        let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
        // All but ideographs, syllables of Hangul, and what is not assigned.
        let ranges = [
            '\0'..='\u{33ff}',
            '\u{a000}'..='\u{abff}',
            '\u{d7b0}'..='\u{1ffff}',
            '\u{e0000}'..='\u{e01ff}',
        ];
        for character in ranges.into_iter().flatten() {
            let category = categories.get(character);
            if category == GeneralCategory::Unassigned {
                continue;
            }
            let text = character.to_string();
            let folded = fold(&text);
            assert_eq!(fold(&folded), folded, "{text:?}");
            assert_eq!(fold(&nfkc(&text)), folded, "{text:?}");
            if ignorable.contains(character) || category == GeneralCategory::Format {
                assert_eq!(words(&format!("a{text}b")), ["ab"], "{text:?}");
            }
        }
    }

    #[test]
    fn a_character_of_a_script_without_blanks_keeps_its_marks() {
        for (text, expected) in [
            ("ซื้อนม", "ซื้ อ น ม"),
            ("น้ำ", "น้ํ า"),
            ("ພາສາລາວ", "ພ າ ສ າ ລ າ ວ"),
            ("ខ្មែរ", "ខ្ មែ រ"),
            ("မြန်မာစာ", "မြ န် မာ စာ"),
            ("ห้อง๑๒ A4", "ห้ อ ง ๑๒ a4"),
            ("か\u{3099}ば\u{309a}ー", "が ば\u{309a} ー"),
            ("\u{e35}ก", "ก"),
            ("हिन्दी", "हिनदी"),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn words_are_their_own_words(text in any::<String>()) {
            for word in words(&text) {
                prop_assert!(!word.is_empty() && word.chars().count() <= WORD_MAX);
                prop_assert_eq!(words(&word), [word.clone()]);
            }
        }

        #[test]
        fn forms_of_one_text_have_the_same_words(text in any::<String>()) {
            let expected = words(&text);
            prop_assert_eq!(&words(&nfkc(&text)), &expected);
            let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(&text);
            prop_assert_eq!(&words(&decomposed), &expected);
        }
    }
}
