//! Labels: names that a user gives to tasks.

use std::str::FromStr;

use diesel::{deserialize::FromSqlRow, expression::AsExpression, sql_types::Text};
use serde::{Serialize, Serializer};

use super::{
    text::{self, Least, bounded},
    value::{schema, stored},
    violation::Violation,
};

/// Longest name, in Unicode scalar values after trimming; the shortest has one.
pub const LABEL_MAX: u64 = 50;
/// Most labels that a task may have.
pub const LABELS_MAX: usize = 20;

/// What stands between names, in the table and in queries, and so never in a name.
pub const SEPARATOR: char = ',';

/// As [`text::NOT_BLANK`], without a comma.
const LABEL_PATTERN: &str = r"^[ \t\r\n]*[^ \t\r\n,][^,]*$";

/// Name of a label: 1 to [`LABEL_MAX`] characters, no comma. Case distinguishes names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LabelName(String);

/// The labels of a task, each once, in order of name (by code points). Stored as one text, with
/// commas between.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Labels(String);

/// A label and how many tasks have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelCount {
    pub name: String,
    pub tasks: i64,
}

impl LabelName {
    /// The name, in NFC and trimmed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LabelName {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        if text.contains(SEPARATOR) {
            return Err(Violation::new("characters", "must not contain a comma"));
        }
        bounded(text, Least::Visible, LABEL_MAX).map(Self)
    }
}

schema!(LabelName, {
    "type": "string",
    "minLength": 1,
    "maxLength": LABEL_MAX,
    "pattern": LABEL_PATTERN,
    "description": format!("{} No comma. Case is kept and counts.", text::description(Least::Visible)),
});

impl Labels {
    /// The names in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split(SEPARATOR).filter(|name| !name.is_empty())
    }

    /// The same labels with `new` instead of `old`, or just without it.
    pub fn replaced(&self, old: &LabelName, new: Option<&LabelName>) -> Self {
        let kept = self.names().filter(|name| *name != old.as_str());
        Self::of(kept.chain(new.map(LabelName::as_str)).collect())
    }

    fn of(mut names: Vec<&str>) -> Self {
        names.sort_unstable();
        names.dedup();
        Self(names.join(","))
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

impl FromIterator<LabelName> for Labels {
    fn from_iter<I: IntoIterator<Item = LabelName>>(names: I) -> Self {
        let names: Vec<LabelName> = names.into_iter().collect();
        Self::of(names.iter().map(LabelName::as_str).collect())
    }
}

stored!(Labels as Text, |labels| labels.0.as_str() => str, |names: String| Ok(Self(names)));
