//! The table of tasks. Its first key column is the owner, and so is every statement's.
//!
//! A row that a key makes unique is read with `get_result`: `first` would add a bound `LIMIT`, for
//! which SQLite compiles the statement anew at every call.

use diesel::prelude::*;

use crate::{
    db::DbConn,
    models::task::{NewTask, Task},
    schema::tasks,
};

/// The task as it was written, with its id.
pub fn insert(conn: &mut DbConn, task: &NewTask) -> QueryResult<Task> {
    diesel::insert_into(tasks::table)
        .values(task)
        .returning(tasks::all_columns)
        .get_result(conn)
}

/// The owner's task with this id.
pub fn find(conn: &mut DbConn, user_id: i64, id: i64) -> QueryResult<Option<Task>> {
    tasks::table
        .filter(tasks::user_id.eq(user_id).and(tasks::id.eq(id)))
        .get_result(conn)
        .optional()
}

/// At most `count` tasks with an id below `before`, newest first.
pub fn newest_before(
    conn: &mut DbConn,
    user_id: i64,
    before: i64,
    count: i64,
) -> QueryResult<Vec<Task>> {
    tasks::table
        .filter(tasks::user_id.eq(user_id).and(tasks::id.lt(before)))
        .order(tasks::id.desc())
        .limit(count)
        .load(conn)
}

/// Writes `next` over the row, provided that the row still has `version`; false where it has not.
/// The check and the write are one statement.
pub fn replace(conn: &mut DbConn, next: &Task, version: i64) -> QueryResult<bool> {
    let current = tasks::user_id
        .eq(next.user_id)
        .and(tasks::id.eq(next.id))
        .and(tasks::version.eq(version));
    let written = diesel::update(tasks::table.filter(current))
        .set(next)
        .execute(conn)?;
    Ok(written == 1)
}

/// False where there is no such task.
pub fn delete(conn: &mut DbConn, user_id: i64, id: i64) -> QueryResult<bool> {
    let owned = tasks::user_id.eq(user_id).and(tasks::id.eq(id));
    let deleted = diesel::delete(tasks::table.filter(owned)).execute(conn)?;
    Ok(deleted == 1)
}
