//! How urgent a task is.

use std::str::FromStr;

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    serialize::{self, Output, ToSql},
    sql_types::SmallInt,
};

use serde::{Serialize, Serializer};

use super::violation::Violation;

/// Stored as its rank, `none` = 0 to `urgent` = 4, so that an index can order by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = SmallInt)]
pub enum Priority {
    None,
    Low,
    #[default]
    Medium,
    High,
    Urgent,
}

impl Priority {
    /// What clients may write, from the least to the most urgent.
    pub const NAMES: [&'static str; 5] = ["none", "low", "medium", "high", "urgent"];
    /// Every priority, in the order of their ranks.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Urgent,
    ];

    /// The name that clients see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    /// 0 for `none` to 4 for `urgent`: what the table holds.
    pub fn rank(self) -> i16 {
        *self.stored()
    }

    /// The priority of that rank.
    pub fn of_rank(rank: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|p| i64::from(p.rank()) == rank)
    }

    /// A reference to a constant, which is what [`ToSql`] can hand over without a copy.
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

impl Serialize for Priority {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl FromStr for Priority {
    type Err = Violation;

    fn from_str(name: &str) -> Result<Self, Violation> {
        Self::ALL
            .into_iter()
            .find(|priority| priority.as_str() == name)
            .ok_or_else(|| Violation::choice(name, &Self::NAMES))
    }
}

impl<DB> ToSql<SmallInt, DB> for Priority
where
    DB: Backend,
    i16: ToSql<SmallInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.stored().to_sql(out)
    }
}

impl<DB> FromSql<SmallInt, DB> for Priority
where
    DB: Backend,
    i16: FromSql<SmallInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let rank = i16::from_sql(bytes)?;
        Self::of_rank(rank.into()).ok_or_else(|| format!("priority {rank} is out of range").into())
    }
}
