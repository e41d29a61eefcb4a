//! Deletions of several rows: what went to the trash together comes back together.

use diesel::{deserialize::FromSqlRow, expression::AsExpression, sql_types::Text};

use super::value::stored;

/// The deletion in which a row went to the trash, by what was deleted: `task 7` or `project 3`. A row that went alone
/// has none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Deletion(String);

impl Deletion {
    pub fn of_task(id: i64) -> Self {
        Self(format!("task {id}"))
    }

    pub fn of_project(id: i64) -> Self {
        Self(format!("project {id}"))
    }
}

stored!(Deletion as Text, |deletion| deletion.0.as_str() => str, |name: String| Ok(Self(name)));
