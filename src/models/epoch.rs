//! The epoch of the database.

use std::fmt;

use diesel::{deserialize::FromSqlRow, expression::AsExpression, sql_types::BigInt};

use super::value::stored;

/// What stands in the entity tag of a task beside its version. A database that is set back to an earlier state gets
/// another one, since it then gives the same versions to other content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct Epoch(i64);

stored!(Epoch as BigInt, |epoch| &epoch.0 => i64, |number: i64| Ok(Self(number)));

impl From<u32> for Epoch {
    fn from(number: u32) -> Self {
        Self(number.into())
    }
}

/// As it stands in a tag.
impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}
