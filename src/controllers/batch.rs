//! `/tasks/batch`.

use actix_web::{HttpRequest, web::Data};
use paperclip::actix::api_v2_operation;

use super::{
    batch_shapes::{BatchRequest, BatchResults},
    extract::{current_user::CurrentUser, json::JsonBody, nothing::NoQuery, once::Once},
    respond::{Answer, Changed, Repeatable},
};
use crate::{
    error::{AppError, request_id::RequestId},
    models::time::UtcTime,
    services::{
        batch::{self, Failure},
        idempotency,
    },
    state::AppState,
};

/// Several operations at once
///
/// 1 to 100 operations, in order: `create`, `update`, `delete`, `restore`. With `atomic` (the default)
/// a failure rolls everything back: the answer is the problem of the operation that failed, and its
/// member `index` says which. Without it each operation fails alone, and the results say how each went.
/// A `dry_run` does all of it and keeps nothing; it neither stores nor looks at an `Idempotency-Key`, and
/// an id that it shows is no promise.
#[api_v2_operation(operation_id = "batchTasks", tags("tasks"))]
pub async fn run(
    user: CurrentUser,
    state: Data<AppState>,
    req: HttpRequest,
    _: NoQuery,
    once: Once,
    body: JsonBody<BatchRequest>,
) -> Result<Repeatable<Changed<BatchResults>>, AppError> {
    let (owner, content) = (user.id, body.content);
    let BatchRequest { operations, mode } = body.shape;
    let request = once.request(&content).filter(|_| !mode.dry_run);
    let request_id = RequestId::get(&req);
    let reply =
        idempotency::write_once(&state.db, state.idempotency, owner, request, move |conn| {
            let outcomes = batch::run(conn, owner, operations, mode, UtcTime::now());
            let outcomes = outcomes.map_err(|failure| match failure {
                Failure::Refused { index, refusal } => AppError::InBatch {
                    index,
                    error: Box::new(refusal.into()),
                },
                Failure::Failed(error) => error,
            })?;
            let body = BatchResults::new(outcomes, &request_id)?;
            Changed { body, etag: None }.answer()
        });
    Ok(reply.await?.into())
}
