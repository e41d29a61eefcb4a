//! Where a task stands.

use diesel::{deserialize::FromSqlRow, expression::AsExpression, sql_types::Text};

use super::value::{names, stored_by_name};

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

stored_by_name!(Status);
