//! How urgent a task is.

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    serialize::{self, Output, ToSql},
    sql_types::SmallInt,
};

use super::value::names;

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

    /// The priority of that rank.
    pub fn of_rank(rank: i64) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|p| i64::from(p.rank()) == rank)
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
