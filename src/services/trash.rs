//! The trash. See [`super::tasks`] for the way into it and out of it.

use diesel::Connection;

use super::{
    refusal::Refusal,
    tasks::{Page, Target},
};
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        precondition::IfMatch,
        task::{Task, TaskState},
        time::UtcTime,
    },
    repositories::{tasks, users},
};

/// One page of the trash of `user_id`, last trashed first. `place` is the time and id of the last task
/// of the page before.
pub fn list(
    conn: &mut DbConn,
    user_id: i64,
    place: Option<(UtcTime, i64)>,
    limit: u32,
) -> Result<Page<Task>, AppError> {
    let found = tasks::trash(conn, user_id, place, i64::from(limit) + 1)?;
    Ok(Page::cut(found, limit))
}

/// Deletes a task for good. Errors: `NotFound` where it is not in the trash.
pub fn purge(conn: &mut DbConn, user_id: i64, id: i64, if_match: &IfMatch) -> Result<(), Refusal> {
    let state = TaskState::Trashed;
    let target = Target { user_id, id, state };
    loop {
        let current = target.find(conn)?;
        if !if_match.allows(current.version) {
            return Err(Refusal::Mismatch(Box::new(current)));
        }
        // Otherwise it was restored or purged meanwhile, which the next round finds.
        if tasks::purge(conn, user_id, id, current.version)? {
            return Ok(());
        }
    }
}

/// Deletes all of the trash for good.
pub fn empty(conn: &mut DbConn, user_id: i64) -> Result<(), AppError> {
    conn.transaction(|conn| {
        users::lock(conn, user_id)?.ok_or(AppError::InvalidToken)?;
        tasks::purge_all(conn, user_id)?;
        Ok(())
    })
}
