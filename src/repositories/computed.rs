//! What the tasks of a page have in other tasks.

use diesel::{dsl::count_star, prelude::*};

use super::{query::on_backend, tasks::live};
use crate::{db::DbConn, models::status::Status, schema::tasks};

/// How many direct subtasks of each status these tasks of the owner have outside the trash: the parent, the status, the
/// count.
pub fn count_subtasks(
    conn: &mut DbConn,
    user_id: i64,
    parents: &[i64],
) -> QueryResult<Vec<(i64, Status, i64)>> {
    let subtasks = live(user_id)
        .filter(tasks::parent_id.eq_any(parents))
        .group_by((tasks::parent_id, tasks::status))
        .select((
            tasks::parent_id.assume_not_null(),
            tasks::status,
            count_star(),
        ));
    on_backend!(conn, |c| subtasks.load(c))
}
