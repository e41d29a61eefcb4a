//! Words, as the search sees them: case and accents folded, the same on both engines.

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

/// The words of `text` in their order. A word is a run of letters and digits, one emoji or one CJK
/// character; anything else separates. Case and accents are folded.
pub fn words(text: &str) -> Vec<String> {
    let mut spaced = String::new();
    for character in fold(text).chars() {
        match Kind::of(character) {
            Kind::Letter => spaced.push(character),
            Kind::Whole => spaced.extend([' ', character, ' ']),
            Kind::Separator => spaced.push(' '),
        }
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

/// Decomposed, without nonspacing marks, case folded, composed again.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_accent = |character: &char| {
        categories.get(*character) == GeneralCategory::NonspacingMark
            // The voicing marks of kana make another letter, not another accent.
            && !matches!(character, '\u{3099}' | '\u{309a}')
    };
    let bare: String = DecomposingNormalizerBorrowed::new_nfd()
        .normalize_iter(text.chars())
        .filter(|character| !is_accent(character))
        .collect();
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(&fold_case(&bare))
        .into_owned()
}

fn cut(word: &str) -> String {
    match word.char_indices().nth(WORD_MAX) {
        None => word.to_owned(),
        Some((end, _)) => word.get(..end).unwrap_or(word).to_owned(),
    }
}

enum Kind {
    /// Part of a run.
    Letter,
    /// A word of its own.
    Whole,
    Separator,
}

impl Kind {
    fn of(character: char) -> Self {
        // The properties of ASCII characters need no lookup.
        let is_ascii = character.is_ascii();
        if !is_ascii && (is_cjk(character) || is_emoji(character)) {
            return Self::Whole;
        }
        let category = || CodePointMapData::<GeneralCategory>::new().get(character);
        let is_mark = !is_ascii && category() == GeneralCategory::SpacingMark;
        if character.is_alphanumeric() || is_mark {
            Self::Letter
        } else {
            Self::Separator
        }
    }
}

fn is_cjk(character: char) -> bool {
    let script = CodePointMapData::<Script>::new().get(character);
    let cjk = [
        Script::Han,
        Script::Hiragana,
        Script::Katakana,
        Script::Hangul,
        Script::Bopomofo,
    ];
    // The mark of a long vowel belongs to both kana.
    character.is_alphanumeric() && (cjk.contains(&script) || character == '\u{30fc}')
}

fn is_emoji(character: char) -> bool {
    // Tones of skin and the letters of flags are emoji as well, though no pictographs.
    matches!(character, '\u{1f1e6}'..='\u{1f1ff}' | '\u{1f3fb}'..='\u{1f3ff}')
        || CodePointSetData::new::<ExtendedPictographic>().contains(character)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_index_says_what_is_in_the_title() {
        let text = index_text("Buy milk", Some("milk, oat"));
        assert_eq!(text, ".buy .milk :buy :milk :oat");
        assert_eq!(index_text("--", None), "");
    }

    proptest! {
        #[test]
        fn words_are_their_own_words(text in any::<String>()) {
            for word in words(&text) {
                prop_assert!(!word.is_empty() && word.chars().count() <= WORD_MAX);
                prop_assert_eq!(words(&word), [word.clone()]);
            }
        }
    }
}
