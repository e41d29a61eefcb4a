//! Tasks. The owner is always an argument, and always the current user.

use crate::{
    db::DbConn,
    error::AppError,
    models::{
        task::{Task, TaskDraft, TaskPatch},
        time::UtcTime,
    },
    repositories::tasks,
};

/// Where a page begins and how long it is.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest {
    /// Only tasks with a lower id; `None` for the first page.
    pub before: Option<i64>,
    /// 1 or more.
    pub limit: u32,
}

/// Tasks, newest first, and whether there are more.
pub struct Page {
    pub tasks: Vec<Task>,
    pub more: bool,
}

/// Makes a task of `user_id`.
pub fn create(
    conn: &mut DbConn,
    user_id: i64,
    draft: TaskDraft,
    now: UtcTime,
) -> Result<Task, AppError> {
    Ok(tasks::insert(conn, &draft.into_row(user_id, now))?)
}

/// Errors: `NotFound`, also where the task is someone else's.
pub fn get(conn: &mut DbConn, user_id: i64, id: i64) -> Result<Task, AppError> {
    tasks::find(conn, user_id, id)?.ok_or(AppError::NotFound)
}

/// One page of the tasks of `user_id`.
pub fn list(conn: &mut DbConn, user_id: i64, page: PageRequest) -> Result<Page, AppError> {
    let limit = page.limit as usize;
    // One row more than asked for says whether there is a next page, without a count.
    let count = i64::from(page.limit) + 1;
    let mut found = tasks::newest_before(conn, user_id, page.before.unwrap_or(i64::MAX), count)?;
    let more = found.len() > limit;
    found.truncate(limit);
    Ok(Page { tasks: found, more })
}

/// Applies `patch`. A patch that changes nothing writes nothing. Errors: `NotFound`.
///
/// The row is written only if it still is what the patch was worked out from; otherwise another
/// writer was first, and the patch is worked out anew. Each round that fails is one in which
/// someone else succeeded, so writers never wait for each other in a circle.
pub fn update(
    conn: &mut DbConn,
    user_id: i64,
    id: i64,
    patch: &TaskPatch,
    now: UtcTime,
) -> Result<Task, AppError> {
    loop {
        let current = get(conn, user_id, id)?;
        // Whoever was first may have a later clock; time must not run backwards for the reader.
        let Some(next) = current.patched(patch, now.max(current.updated_at)) else {
            return Ok(current);
        };
        if tasks::replace(conn, &next, current.version)? {
            return Ok(next);
        }
    }
}

/// Errors: `NotFound`.
pub fn delete(conn: &mut DbConn, user_id: i64, id: i64) -> Result<(), AppError> {
    match tasks::delete(conn, user_id, id)? {
        true => Ok(()),
        false => Err(AppError::NotFound),
    }
}
