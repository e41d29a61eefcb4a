//! The order by hand.

use diesel::{deserialize::FromSqlRow, expression::AsExpression, sql_types::Text};
use serde::Serialize;

use super::value::{schema, stored};

/// A place in an order, compared byte by byte: 1 to [`Self::MAX`] of `0-9A-Za-z`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct OrderKey(String);

impl OrderKey {
    /// Most characters.
    pub const MAX: usize = 255;

    /// The key of what was never moved: it sorts as its id does. Statements make the same of the id.
    pub fn of_id(id: i64) -> Self {
        let digits = id.to_string();
        let length = "_abcdefghijklmnopqrstuvwxyz".get(digits.len()..=digits.len());
        Self(format!("{}{digits}", length.unwrap_or_default()))
    }
}

schema!(number OrderKey, {
    "type": "string",
    "minLength": 1,
    "maxLength": Self::MAX,
    "pattern": "^[0-9A-Za-z]+$",
});

stored!(OrderKey as Text, |key| key.0.as_str() => str, |key: String| Ok(Self(key)));
