//! `/trash`: deleted tasks, until they are purged.

use actix_web::{HttpRequest, web::Data};
use paperclip::actix::api_v2_operation;

use super::{
    cursor::Cursor,
    extract::{
        current_user::CurrentUser,
        nothing::{NoBody, NoIfMatch, NoQuery},
        once::Once,
        path::PathId,
        query::Query,
    },
    list_query::{PageQuery, next_target},
    respond::{Answer, Changed, Listed, NoContent, Repeatable},
    task_shapes::TaskShape,
};
use crate::{
    error::AppError,
    models::{
        precondition::{IfMatch, IfNoneMatch},
        time::UtcTime,
    },
    services::{idempotency, tasks, trash},
    state::AppState,
};

/// What a cursor of the list is bound to.
const SCOPE: &str = "trash";

/// List the trash
///
/// Deleted tasks, last deleted first; `updated_at` is when that was. They are purged after some time,
/// 30 days unless the operator chose otherwise.
#[api_v2_operation(operation_id = "listTrash", tags("trash"))]
pub async fn list(
    user: CurrentUser,
    state: Data<AppState>,
    req: HttpRequest,
    query: Query<PageQuery>,
    known: IfNoneMatch,
    _: NoBody,
) -> Result<Listed<TaskShape>, AppError> {
    let (owner, limit) = (user.id, query.0.limit.unwrap_or_default().get());
    let place: Option<(UtcTime, i64)> = query.place(SCOPE)?;
    let target = req.query_string().to_owned();
    let listed = state.db.read(move |conn| {
        let page = trash::list(conn, owner, place, limit)?;
        Listed::new(page, known, |last| {
            let cursor = Cursor::new(SCOPE, &(last.deleted_at, last.id));
            next_target("/trash", &target, &cursor)
        })
    });
    listed.await
}

/// Restore a task
///
/// The task leaves the trash as it went there, with a new version. 409 where another task has its
/// `external_id` by now. `If-Match` works as in a change.
#[api_v2_operation(operation_id = "restoreTask", tags("trash"))]
pub async fn restore(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    _: NoQuery,
    if_match: IfMatch,
    once: Once,
    _: NoBody,
) -> Result<Repeatable<Changed<TaskShape>>, AppError> {
    let (owner, id) = (user.id, id.get()?);
    let reply = idempotency::write_once(
        &state.db,
        state.idempotency,
        owner,
        once.request(&[]),
        move |conn| {
            let task = tasks::restore(conn, owner, id, &if_match, UtcTime::now())?;
            Changed::from(task).answer()
        },
    );
    Ok(reply.await?.into())
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
            trash::purge(conn, owner, id, &if_match)?;
            NoContent.answer()
        },
    );
    Ok(reply.await?.into())
}

/// Empty the trash
///
/// All that is in the trash is gone for good. The trash as a whole has no `ETag`: `If-Match` is 422.
#[api_v2_operation(operation_id = "emptyTrash", tags("trash"))]
pub async fn empty(
    user: CurrentUser,
    state: Data<AppState>,
    _: NoQuery,
    _: NoIfMatch,
    once: Once,
    _: NoBody,
) -> Result<Repeatable<NoContent>, AppError> {
    let owner = user.id;
    let request = once.request(&[]);
    // What goes there meanwhile stays.
    let last = state.db.read(move |conn| trash::last_trashed(conn, owner));
    let until = last.await?.unwrap_or_default();
    let work =
        move |conn: &mut _, _| trash::empty(conn, owner, until)?.try_map(|()| NoContent.answer());
    let reply = idempotency::write_in_steps(&state.db, state.idempotency, owner, request, work);
    Ok(reply.await?.into())
}
