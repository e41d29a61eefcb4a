//! `/tasks/batch`.

use actix_web::{HttpRequest, web::Data};
use paperclip::actix::api_v2_operation;

use super::{
    batch_dto::{BatchRequest, BatchResponse},
    extract::{current_user::CurrentUser, idempotency_key::IdempotencyKeyHeader, json::JsonBody},
    respond::Success,
};
use crate::{
    error::{AppError, problem, request_id::RequestId},
    models::time::UtcTime,
    services::{
        batch::{self, Failure, Mode},
        idempotency::Reply,
    },
    state::AppState,
};

/// Several operations at once
///
/// 1 to 100 operations, in order: `create`, `update`, `delete`, `restore`, `move`. With `atomic` (the default)
/// a failure rolls everything back: the answer is the problem of the operation that failed, and its
/// field `index` says which. Without it each operation fails alone, and the results say how each went.
/// A `dry_run` does all of it and keeps nothing; it neither stores nor looks at an `Idempotency-Key`, and
/// an id that it shows is no promise. A `create` may have a temporary `id` from -1 to -100, by which later operations
/// name its task: so one batch makes a tree.
#[api_v2_operation(operation_id = "batchTasks", tags("tasks"))]
pub async fn run(
    user: CurrentUser,
    state: Data<AppState>,
    req: HttpRequest,
    key: IdempotencyKeyHeader,
    body: JsonBody<BatchRequest>,
) -> Result<Reply<Success<BatchResponse>>, AppError> {
    let owner = user.id();
    let BatchRequest {
        atomic,
        dry_run,
        operations,
    } = body.request;
    let request = key.request(&body.content).filter(|_| !dry_run);
    let mode = Mode { atomic, dry_run };
    let request_id = RequestId::get(&req);
    let page = state.server.public_url.at(problem::PAGE);
    let write = move |conn: &mut _| {
        let outcomes = batch::run(conn, owner, operations.0, mode, UtcTime::now());
        let outcomes = outcomes.map_err(|failure| match failure {
            Failure::Refused { index, refusal } => AppError::InBatch {
                index,
                error: Box::new(refusal.into()),
            },
            Failure::Failed(error) => error,
        })?;
        Ok(Success(BatchResponse::new(outcomes, &request_id, &page)?))
    };
    state.idempotency.write(owner, request, write).await
}
