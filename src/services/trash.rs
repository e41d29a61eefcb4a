//! The trash. See [`super::tasks`] for the way into it and out of it.

use diesel::Connection;

use super::{
    refusal::Refusal,
    steps::{STEP, Step},
    tasks::{Page, Target},
};
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        precondition::Preconditions,
        task::{Task, TaskState},
        time::UtcTime,
    },
    repositories::{projects, tasks, users},
};

/// One page of the trash of `user_id`, last trashed first. `after` is the time and id of the last task
/// of the page before.
pub fn list(
    conn: &mut DbConn,
    user_id: i64,
    after: Option<(UtcTime, i64)>,
    limit: u32,
) -> Result<Page<Task>, AppError> {
    let found = tasks::trash(conn, user_id, after, i64::from(limit) + 1)?;
    Ok(Page::cut(found, limit))
}

/// Deletes a task for good. Errors: `NotFound` where it is not in the trash.
pub fn purge(
    conn: &mut DbConn,
    user_id: i64,
    id: i64,
    preconditions: &Preconditions,
) -> Result<(), Refusal> {
    let state = TaskState::Trashed;
    let target = Target { user_id, id, state };
    loop {
        let (current, epoch) = target.find(conn)?;
        if let Err(unmet) = preconditions.check("task", current.version, epoch) {
            return Err(Refusal::Mismatch(Box::new(current), unmet));
        }
        // Otherwise it was restored or purged meanwhile, which the next round finds.
        if tasks::purge(conn, user_id, id, current.version)? {
            return Ok(());
        }
    }
}

/// When the task or project was trashed that went to the trash last; `None` where the trash is empty.
pub fn last_trashed(conn: &mut DbConn, user_id: i64) -> Result<Option<UtcTime>, AppError> {
    let task = tasks::trash(conn, user_id, None, 1)?.pop();
    let project = projects::trash(conn, user_id, None, 1)?.pop();
    let task = task.and_then(|task| task.deleted_at);
    Ok(task.max(project.and_then(|project| project.deleted_at)))
}

/// Takes a step of deleting for good the tasks and projects that were trashed at `until` or earlier. Errors: `InvalidToken` where the user
/// is gone.
pub fn empty(conn: &mut DbConn, user_id: i64, until: UtcTime) -> Result<Step<()>, AppError> {
    conn.transaction(|conn| {
        users::lock(conn, user_id)?.ok_or(AppError::REVOKED)?;
        let mut rows = tasks::purge_some(conn, user_id, until, STEP)?;
        if rows < STEP as usize {
            let most = STEP - rows as i64;
            rows += projects::purge_some(conn, user_id, until, most)?;
        }
        if rows == STEP as usize {
            Ok(Step::More(rows))
        } else {
            Ok(Step::Done(()))
        }
    })
}
