//! How urgent a task is.

use diesel::{deserialize::FromSqlRow, expression::AsExpression, sql_types::SmallInt};

use super::value::{names, stored};

names! {
    /// From the least to the most urgent. Stored as its rank, so that an index can order by it.
    #[derive(Default, AsExpression, FromSqlRow)]
    #[diesel(sql_type = SmallInt)]
    pub enum Priority {
        None = "none",
        Low = "low",
        #[default]
        Medium = "medium",
        High = "high",
        Urgent = "urgent",
    }
}

impl Priority {
    /// 0 for `none` to 4 for `urgent`: what the table holds.
    pub fn rank(self) -> i16 {
        *self.stored()
    }

    /// A reference to a constant, which Diesel can write without a copy.
    fn stored(self) -> &'static i16 {
        match self {
            Self::None => &0,
            Self::Low => &1,
            Self::Medium => &2,
            Self::High => &3,
            Self::Urgent => &4,
        }
    }
}

stored!(
    Priority as SmallInt,
    |priority| priority.stored() => i16,
    |rank: i16| {
        let found = Self::ALL.iter().find(|priority| priority.rank() == rank);
        found.copied().ok_or_else(|| format!("{rank} is no priority").into())
    }
);
