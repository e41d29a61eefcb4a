//! Dependencies: the tasks by which a task is blocked.

use diesel::{deserialize::FromSqlRow, expression::AsExpression, sql_types::Text};
use serde::{Serialize, Serializer};

use super::value::stored;

/// Most tasks that a task may name as blockers.
pub const BLOCKERS_MAX: usize = 20;

/// The ids of the tasks that a task names as blockers, each once, in ascending order. Stored as one text, with commas
/// between.
#[derive(Debug, Clone, Default, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Blockers(String);

impl Blockers {
    /// The ids in their order.
    pub fn ids(&self) -> impl Iterator<Item = i64> {
        // The text is made of ids alone.
        self.0.split(',').filter_map(|id| id.parse().ok())
    }

    /// Whether it names none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<i64> for Blockers {
    fn from_iter<I: IntoIterator<Item = i64>>(ids: I) -> Self {
        let mut ids: Vec<i64> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
        Self(ids.join(","))
    }
}

impl Serialize for Blockers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.ids())
    }
}

stored!(Blockers as Text, |blockers| blockers.0.as_str() => str, |ids: String| Ok(Self(ids)));
