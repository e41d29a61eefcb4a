//! `/tasks`.

use actix_web::{HttpRequest, web::Data};
use paperclip::actix::api_v2_operation;

use super::{
    cursor::Cursor,
    extract::{
        current_user::CurrentUser,
        json::JsonBody,
        nothing::{NoBody, NoQuery},
        once::Once,
        path::PathId,
        query::Query,
    },
    list_query::{TaskQuery, next_target, scope},
    respond::{Answer, Changed, Created, Found, Listed, NoContent, Repeatable},
    task_shapes::{CreateTask, TaskShape, UpdateTask},
};
use crate::{
    error::AppError,
    models::{
        precondition::{IfMatch, IfNoneMatch, version_tag},
        task::{TaskDraft, TaskPatch},
        time::UtcTime,
    },
    services::{idempotency, tasks},
    state::AppState,
};

/// Create a task
///
/// Only the title is needed. The owner is whoever the access token names. With an `Idempotency-Key`
/// the request may be sent again: it makes one task, and gets the same answer.
#[api_v2_operation(operation_id = "createTask", tags("tasks"))]
pub async fn create(
    user: CurrentUser,
    state: Data<AppState>,
    _: NoQuery,
    once: Once,
    body: JsonBody<CreateTask>,
) -> Result<Repeatable<Created<TaskShape>>, AppError> {
    let (owner, draft) = (user.id, TaskDraft::from(body.shape));
    let request = once.request(&body.content);
    let reply =
        idempotency::write_once(&state.db, state.idempotency, owner, request, move |conn| {
            let task = tasks::create(conn, owner, draft, UtcTime::now())?;
            Created::from(task).answer()
        });
    Ok(reply.await?.into())
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
    req: HttpRequest,
    query: Query<TaskQuery>,
    known: IfNoneMatch,
    _: NoBody,
) -> Result<Listed<TaskShape>, AppError> {
    let (owner, request) = (user.id, query.0.0);
    let target = req.query_string().to_owned();
    let listed = state.db.read(move |conn| {
        let page = tasks::list(conn, owner, &request, UtcTime::now())?;
        Listed::new(page, known, |last| {
            let place = request.sort.place_of(last, request.filter.search.as_ref());
            let cursor = Cursor::new(&scope(&request.filter, &request.sort), &place);
            next_target("/tasks", &target, &cursor)
        })
    });
    listed.await
}

/// Get a task
///
/// With `If-None-Match` and the `ETag` of an earlier answer, a task that has not changed since is 304.
#[api_v2_operation(operation_id = "getTask", tags("tasks"))]
pub async fn get(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    _: NoQuery,
    known: IfNoneMatch,
    _: NoBody,
) -> Result<Found<TaskShape>, AppError> {
    let (owner, id) = (user.id, id.get()?);
    let task = state
        .db
        .read(move |conn| tasks::get(conn, owner, id))
        .await?;
    Ok(Found {
        etag: version_tag(task.version),
        body: task.into(),
        known,
    })
}

/// Change a task
///
/// A JSON Merge Patch (RFC 7396): a member that is absent stays as it is, `null` clears it. Each
/// change makes the version one larger; a patch that changes nothing changes neither `version` nor
/// `updated_at`. `completed_at` follows the status. With `If-Match` and the `ETag` of an earlier answer,
/// a task that has changed since is left alone: 412, with the task as it is now in `current`.
#[api_v2_operation(operation_id = "updateTask", tags("tasks"))]
pub async fn update(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    _: NoQuery,
    if_match: IfMatch,
    once: Once,
    body: JsonBody<UpdateTask>,
) -> Result<Repeatable<Changed<TaskShape>>, AppError> {
    let (owner, id, patch) = (user.id, id.get()?, TaskPatch::from(body.shape));
    let request = once.request(&body.content);
    let reply =
        idempotency::write_once(&state.db, state.idempotency, owner, request, move |conn| {
            let task = tasks::update(conn, owner, id, &if_match, &patch, UtcTime::now())?;
            Changed::from(task).answer()
        });
    Ok(reply.await?.into())
}

/// Delete a task
///
/// The task goes to the trash, from which it can be restored until it is purged. Everywhere else it
/// is gone. `If-Match` works as in a change.
#[api_v2_operation(operation_id = "deleteTask", tags("tasks"))]
pub async fn delete(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    _: NoQuery,
    if_match: IfMatch,
    once: Once,
    _: NoBody,
) -> Result<Repeatable<NoContent>, AppError> {
    let (owner, id) = (user.id, id.get()?);
    let reply = idempotency::write_once(
        &state.db,
        state.idempotency,
        owner,
        once.request(&[]),
        move |conn| {
            tasks::trash(conn, owner, id, &if_match, UtcTime::now())?;
            NoContent.answer()
        },
    );
    Ok(reply.await?.into())
}
