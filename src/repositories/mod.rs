//! What the database does: plain functions on a connection, which know no rules. Every statement
//! on a table that users own names the owner, but for those of the background job ([`maintenance`]) and of
//! operators, which are about all owners ([`integrity`], [`transfer`]).

use diesel::{Selectable, pg::Pg};

/// A model's columns in the order of its fields. `as_select()` does not compile on a connection that may
/// lead to either engine; these columns are the same for both.
pub fn columns<M: Selectable<Pg>>() -> M::SelectExpression {
    M::construct_selection()
}

/// One typed query, compiled once for each engine: for what [`crate::db::DbConn`] cannot say, but both engines
/// can (`ON CONFLICT`, several rows).
macro_rules! on_backend {
    ($conn:expr, |$c:ident| $query:expr) => {
        match $conn {
            crate::db::DbConn::Postgres($c) => $query,
            crate::db::DbConn::Sqlite($c) => $query,
        }
    };
}

pub mod account_rows;
pub mod advisory_lock;
pub mod events;
pub mod health;
pub mod idempotency;
pub mod integrity;
pub mod labels;
pub mod list;
pub mod maintenance;
pub mod personal_tokens;
pub mod prepared;
pub mod refresh_tokens;
pub mod sessions;
pub mod tasks;
pub mod throttles;
pub mod transfer;
pub mod users;
