//! Full-text searches.

use std::str::FromStr;

use serde::Serialize;

use super::{
    text::{self, Least, bounded},
    value::schema,
    violation::Violation,
    words::words,
};

/// Longest search, in Unicode scalar values after trimming; the shortest has one.
const QUERY_MAX: u64 = 255;

/// A full-text search: every word must occur, the last one as a prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Search(Vec<String>);

impl Search {
    /// The folded words in their order. A query without a word finds nothing.
    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// Whether all words occur in `title`.
    pub fn is_in(&self, title: &str) -> bool {
        let title = words(title);
        let Some((prefix, whole)) = self.0.split_last() else {
            return false;
        };
        whole.iter().all(|word| title.contains(word))
            && title.iter().any(|word| word.starts_with(prefix))
    }
}

impl FromStr for Search {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        bounded(text, Least::Character, QUERY_MAX).map(|text| Self(words(&text)))
    }
}

schema!(Search, {
    "type": "string",
    "minLength": 1,
    "maxLength": QUERY_MAX,
    "pattern": text::NOT_BLANK,
    "description": text::description(Least::Character),
});
