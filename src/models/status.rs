//! Where a task stands.

use diesel::{deserialize::FromSqlRow, expression::AsExpression, sql_types::Text};

use super::value::{names, stored};

names! {
    /// Stored as its name.
    #[derive(Default, AsExpression, FromSqlRow)]
    #[diesel(sql_type = Text)]
    pub enum Status {
        #[default]
        Todo = "todo",
        InProgress = "in_progress",
        Done = "done",
        Cancelled = "cancelled",
    }
}

impl Status {
    /// Whether the task is still to be done.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Todo | Self::InProgress)
    }
}

stored!(
    Status as Text,
    |status| status.as_str() => str,
    |name: String| name.parse().map_err(|_| format!("{name:?} is no status").into())
);
