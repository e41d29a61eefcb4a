//! `/trash`: deleted tasks, until they are purged.

use actix_web::web::Data;
use paperclip::actix::api_v2_operation;

use super::{
    extract::{current_user::CurrentUser, idempotency_key::IdempotencyKeyHeader, path::PathId},
    pages::ListPage,
    respond::{Listed, NoContent, Success},
    task_dto::{TaskResponse, TrashedTaskResponse},
    tasks::subject,
};
use crate::{
    error::AppError,
    models::{precondition::Preconditions, time::UtcTime},
    services::{idempotency::Reply, tasks, trash},
    state::AppState,
};

/// List the trash
///
/// Deleted tasks, last deleted first, with the time from which each may be purged: 30 days later, unless the operator
/// chose otherwise.
#[api_v2_operation(operation_id = "listTrash", tags("trash"))]
pub async fn list(
    user: CurrentUser,
    state: Data<AppState>,
    page: ListPage<(UtcTime, i64)>,
) -> Result<Listed<TrashedTaskResponse>, AppError> {
    let (owner, kept) = (user.id(), state.trash);
    let list = move |conn: &mut _| {
        let found = trash::list(conn, owner, page.after, page.limit)?;
        let found = found.map(|task| (task, kept));
        page.answer(found, |(last, _)| {
            (last.deleted_at.unwrap_or_default(), last.id)
        })
    };
    state.db.read(list).await
}

/// Restore a task
///
/// The task leaves the trash with all below it that went there in the same deletion, each with a new version. It loses a
/// parent or project that is not there any more. 409 where another task has one of their external ids by now.
/// `If-Match` works as in a change.
#[api_v2_operation(operation_id = "restoreTask", tags("trash"))]
pub async fn restore(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    preconditions: Preconditions,
    key: IdempotencyKeyHeader,
) -> Result<Reply<Success<TaskResponse>>, AppError> {
    let (owner, request) = (user.id(), key.request(&[]));
    let subject = subject(id, preconditions)?;
    let write = move |conn: &mut _| {
        let task = tasks::restore(conn, owner, subject, UtcTime::now())?;
        Ok(Success(TaskResponse::tagged(task, user.0.epoch)))
    };
    state.idempotency.write(owner, request, write).await
}

/// Purge a task
///
/// The task is gone for good; its id is never used again. With `If-Match`, only if the task still has
/// that version.
#[api_v2_operation(operation_id = "purgeTask", tags("trash"))]
pub async fn purge(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    preconditions: Preconditions,
    key: IdempotencyKeyHeader,
) -> Result<Reply<NoContent>, AppError> {
    let (owner, id, request) = (user.id(), id.get()?, key.request(&[]));
    let write = move |conn: &mut _| {
        trash::purge(conn, owner, id, &preconditions)?;
        Ok(NoContent)
    };
    state.idempotency.write(owner, request, write).await
}

/// Empty the trash
///
/// All tasks and projects in the trash are gone for good. The trash as a whole takes no precondition.
#[api_v2_operation(operation_id = "emptyTrash", tags("trash"))]
pub async fn empty(
    user: CurrentUser,
    state: Data<AppState>,
    key: IdempotencyKeyHeader,
) -> Result<Reply<NoContent>, AppError> {
    let owner = user.id();
    let request = key.request(&[]);
    // What goes there meanwhile stays.
    let last = state.db.read(move |conn| trash::last_trashed(conn, owner));
    let until = last.await?.unwrap_or_default();
    let work = move |conn: &mut _, _| Ok(trash::empty(conn, owner, until)?.map(|()| NoContent));
    state.idempotency.write_in_steps(owner, request, work).await
}
