//! The order of a list.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    order_key::OrderKey,
    search::Search,
    task::Task,
    time::UtcTime,
    value::{names, schema},
    violation::Violation,
    words::fold_case,
};

/// Most keys that a client may name.
pub const SORT_MAX: usize = 3;

names! {
    /// What a list can be ordered by.
    pub enum SortKey {
        Id = "id",
        CreatedAt = "created_at",
        UpdatedAt = "updated_at",
        DueAt = "due_at",
        Priority = "priority",
        Title = "title",
        /// Tasks that have all words of the search in the title come first. It takes no `-` and needs a search.
        Relevance = "relevance",
        /// The order by hand.
        Position = "position",
    }
}

/// A key and its direction. A key that a task does not have comes last in either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortTerm {
    pub key: SortKey,
    pub descending: bool,
}

/// The terms of an order, the last of which is the id: no two tasks are equal in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    terms: Vec<SortTerm>,
    needs_search: bool,
}

/// The value of a task for one term. Cursors name its kind, since a title may read as a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SortValue {
    /// An id, the rank of a priority, or that of the relevance (0 before 1).
    #[serde(rename = "n")]
    Number(i64),
    #[serde(rename = "t")]
    Time(UtcTime),
    /// A title with its case folded, or an order key.
    #[serde(rename = "s")]
    Text(String),
    #[serde(rename = "-")]
    None,
}

impl SortKey {
    fn value(self, task: &Task, search: Option<&Search>) -> SortValue {
        match self {
            Self::Id => SortValue::Number(task.id),
            Self::CreatedAt => SortValue::Time(task.created_at),
            Self::UpdatedAt => SortValue::Time(task.updated_at),
            Self::DueAt => task.due_at.map_or(SortValue::None, SortValue::Time),
            Self::Priority => SortValue::Number(task.priority.rank().into()),
            Self::Title => SortValue::Text(fold_case(&task.title).into_owned()),
            Self::Position => SortValue::Text(task.order_key().as_str().to_owned()),
            Self::Relevance => {
                let first = search.is_some_and(|search| search.is_in(&task.title));
                SortValue::Number(i64::from(!first))
            }
        }
    }

    /// Whether `value` is one that a task can have for this key.
    fn can_be(self, value: &SortValue) -> bool {
        match (self, value) {
            (Self::Id, SortValue::Number(id)) => *id > 0,
            (Self::Priority, SortValue::Number(rank)) => (0..=4).contains(rank),
            (Self::Relevance, SortValue::Number(rank)) => (0..=1).contains(rank),
            (Self::CreatedAt | Self::UpdatedAt | Self::DueAt, SortValue::Time(_)) => true,
            (Self::DueAt, SortValue::None) => true,
            // PostgreSQL has no text with U+0000, not even to compare with.
            (Self::Title, SortValue::Text(title)) => !title.contains('\0'),
            (Self::Position, SortValue::Text(key)) => OrderKey::is_valid(key),
            _ => false,
        }
    }
}

impl Sort {
    /// Every term, with the id as the last.
    pub fn terms(&self) -> &[SortTerm] {
        &self.terms
    }

    /// Whether it names the relevance, which needs a search, even after keys that decide already.
    pub fn needs_search(&self) -> bool {
        self.needs_search
    }

    /// The position of `task`: a value for each term.
    pub fn position_of(&self, task: &Task, search: Option<&Search>) -> Vec<SortValue> {
        let terms = self.terms.iter();
        terms.map(|term| term.key.value(task, search)).collect()
    }

    /// Whether `position` has a value for each term, as a task can have it.
    pub fn fits(&self, position: &[SortValue]) -> bool {
        let mut pairs = self.terms.iter().zip(position);
        position.len() == self.terms.len() && pairs.all(|(term, value)| term.key.can_be(value))
    }

    /// Ties are broken by id, in the direction of the last key.
    fn completed(mut terms: Vec<SortTerm>) -> Self {
        let needs_search = terms.iter().any(|term| term.key == SortKey::Relevance);
        match terms.iter().position(|term| term.key == SortKey::Id) {
            // Keys after the id never decide.
            Some(at) => terms.truncate(at + 1),
            None => terms.push(SortTerm {
                key: SortKey::Id,
                descending: terms.last().is_none_or(|term| term.descending),
            }),
        }
        Self {
            terms,
            needs_search,
        }
    }
}

/// Newest first.
impl Default for Sort {
    fn default() -> Self {
        Self::completed(Vec::new())
    }
}

impl FromStr for Sort {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let mut terms: Vec<SortTerm> = Vec::new();
        for part in text.split(',') {
            let (name, descending) = match part.strip_prefix('-') {
                Some(name) => (name, true),
                None => (part, false),
            };
            let key: SortKey = name.parse()?;
            if key == SortKey::Relevance && descending {
                return Err(Violation::new(
                    "choice",
                    "must not contain -relevance, only relevance",
                ));
            }
            if terms.iter().any(|term| term.key == key) {
                let detail = format!("contains {name} as a duplicate");
                return Err(Violation::new("duplicate", detail));
            }
            terms.push(SortTerm { key, descending });
        }
        if terms.len() > SORT_MAX {
            let detail = format!("must have at most {SORT_MAX} keys");
            return Err(Violation::new("length", detail));
        }
        Ok(Self::completed(terms))
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, term) in self.terms.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            let sign = if term.descending { "-" } else { "" };
            write!(f, "{comma}{sign}{}", term.key.as_str())?;
        }
        Ok(())
    }
}

schema!(list Sort, {
    "type": "array",
    "minItems": 1,
    "maxItems": SORT_MAX,
    "uniqueItems": true,
    "items": {
        "type": "string",
        "enum": directed_keys().map(|(key, sign)| format!("{sign}{}", key.as_str())).collect::<Vec<_>>(),
        "x-enum-varnames": directed_keys().map(|(key, sign)| variant_name(key, sign)).collect::<Vec<_>>(),
    },
    "description": format!("Default: `{}`.", Self::default()),
});

/// Every key, ascending and, where it can be, descending, with its sign.
fn directed_keys() -> impl Iterator<Item = (SortKey, &'static str)> {
    let signs = |key: &SortKey| match key {
        SortKey::Relevance => &[""][..],
        _ => &["", "-"],
    };
    let keys = SortKey::ALL.iter();
    keys.flat_map(move |key| signs(key).iter().map(|sign| (*key, *sign)))
}

/// What generators call it: without the sign, two keys would have one name.
fn variant_name(key: SortKey, sign: &str) -> String {
    let direction = if sign.is_empty() { "" } else { "_DESC" };
    format!("{}{direction}", key.as_str().to_uppercase())
}
