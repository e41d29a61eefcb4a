//! `/tasks`.

use actix_web::web::Data;
use paperclip::actix::api_v2_operation;

use super::{
    extract::{
        current_user::CurrentUser, idempotency_key::IdempotencyKeyHeader, json::JsonBody,
        path::PathId, query::Query,
    },
    pages::ComputedQuery,
    respond::{Created, Found, Listed, NoContent, Success},
    task_dto::TaskResponse,
    task_page::TaskPage,
    task_requests::{
        CreateTaskRequest, DeleteTaskQuery, MoveRequest, UpdateTaskQuery, UpdateTaskRequest,
    },
};
use crate::{
    error::AppError,
    models::{
        batch::Subject,
        precondition::{Expected, IfNoneMatch, Preconditions},
        task::{TaskDraft, TaskPatch},
        time::UtcTime,
    },
    services::{idempotency::Reply, tasks},
    state::AppState,
};

/// Create a task
///
/// Only the title is needed. The owner is the user of the access token. With an `Idempotency-Key`
/// the request may be sent again: it makes one task, and gets the same answer.
#[api_v2_operation(operation_id = "createTask", tags("tasks"))]
pub async fn create(
    user: CurrentUser,
    state: Data<AppState>,
    key: IdempotencyKeyHeader,
    body: JsonBody<CreateTaskRequest>,
) -> Result<Reply<Created<TaskResponse>>, AppError> {
    let (owner, draft, epoch) = (user.id(), TaskDraft::from(body.request), user.0.epoch);
    let request = key.request(&body.content);
    let write = move |conn: &mut _| {
        let task = tasks::create(conn, owner, draft, UtcTime::now())?;
        Ok(Created {
            location: format!("/tasks/{}", task.id),
            body: TaskResponse::tagged(task, epoch),
        })
    };
    state.idempotency.write(owner, request, write).await
}

/// List tasks
///
/// Your tasks, newest first unless `sort` says otherwise; all filters must hold. While there are more,
/// `Link` holds the address of the next page as `rel="next"`: follow it until it is gone. However
/// tasks come and go meanwhile, none whose sort keys stay the same is left out or shown twice.
#[api_v2_operation(operation_id = "listTasks", tags("tasks"))]
pub async fn list(
    user: CurrentUser,
    state: Data<AppState>,
    page: TaskPage,
) -> Result<Listed<TaskResponse>, AppError> {
    let owner = user.id();
    let list = move |conn: &mut _| {
        let found = tasks::list(conn, owner, &page.request, UtcTime::now())?;
        page.answer(found)
    };
    state.db.read(list).await
}

/// Get a task
///
/// With `If-None-Match` and the `ETag` of an earlier answer, a task that has not changed since is 304.
#[api_v2_operation(operation_id = "getTask", tags("tasks"))]
pub async fn get(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    query: Query<ComputedQuery>,
    known: IfNoneMatch,
) -> Result<Found<TaskResponse>, AppError> {
    let (owner, id) = (user.id(), id.get()?);
    let body = if query.0.include_computed {
        let get = move |conn: &mut _| tasks::get_computed(conn, owner, id);
        state.db.read(get).await?.into()
    } else {
        let get = move |conn: &mut _| tasks::get(conn, owner, id);
        TaskResponse::tagged(state.db.read(get).await?, user.0.epoch)
    };
    Ok(Found { body, known })
}

/// Change a task
///
/// A JSON Merge Patch (RFC 7396): a field that is absent stays as it is, `null` clears it. Each
/// change makes the version one larger; a patch that changes nothing changes neither `version` nor
/// `updated_at`. `completed_at` follows the status. With `If-Match` and the `ETag` of an earlier answer,
/// a task that has changed since is left alone: 412, with the task as it is now in `current`. An open task does not become
/// `done` while a task that blocks it is open (409 `blocked`), unless `force` is true.
#[api_v2_operation(operation_id = "updateTask", tags("tasks"))]
pub async fn update(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    query: Query<UpdateTaskQuery>,
    preconditions: Preconditions,
    key: IdempotencyKeyHeader,
    body: JsonBody<UpdateTaskRequest>,
) -> Result<Reply<Success<TaskResponse>>, AppError> {
    let patch = TaskPatch::from(body.request);
    let options = query.0.options(&patch)?;
    let (owner, subject) = (user.id(), subject(id, preconditions)?);
    let request = key.request(&body.content);
    let write = move |conn: &mut _| {
        let task = tasks::update(conn, owner, subject, patch, options, UtcTime::now())?;
        Ok(Success(TaskResponse::tagged(task, user.0.epoch)))
    };
    state.idempotency.write(owner, request, write).await
}

/// Delete a task
///
/// The task goes to the trash, and all below it too unless `subtasks` is `keep`. From there it can be restored until it is
/// purged. Everywhere else it is gone. `If-Match` works as in a change.
#[api_v2_operation(operation_id = "deleteTask", tags("tasks"))]
pub async fn delete(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    query: Query<DeleteTaskQuery>,
    preconditions: Preconditions,
    key: IdempotencyKeyHeader,
) -> Result<Reply<NoContent>, AppError> {
    let (owner, request, subtasks) = (user.id(), key.request(&[]), query.0.subtasks);
    let subject = subject(id, preconditions)?;
    let write = move |conn: &mut _| {
        tasks::trash(conn, owner, subject, subtasks, UtcTime::now())?;
        Ok(NoContent)
    };
    state.idempotency.write(owner, request, write).await
}

/// Move a task
///
/// Puts the task right before or right after another one of yours, in the one order that all your tasks have
/// (`sort=position`). What is below the task keeps its own places.
#[api_v2_operation(operation_id = "moveTask", tags("tasks"))]
pub async fn place(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    preconditions: Preconditions,
    key: IdempotencyKeyHeader,
    body: JsonBody<MoveRequest>,
) -> Result<Reply<Success<TaskResponse>>, AppError> {
    let destination = body.request.destination()?;
    let (owner, subject) = (user.id(), subject(id, preconditions)?);
    let request = key.request(&body.content);
    let write = move |conn: &mut _| {
        let task = tasks::place(conn, owner, subject, destination, UtcTime::now())?;
        Ok(Success(TaskResponse::tagged(task, user.0.epoch)))
    };
    state.idempotency.write(owner, request, write).await
}

/// The task of the path, and what the headers expect of it.
pub fn subject(id: PathId, preconditions: Preconditions) -> Result<Subject, AppError> {
    Ok(Subject {
        id: id.get()?,
        expected: Expected::Headers(preconditions),
    })
}
