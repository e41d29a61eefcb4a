//! `/labels`.

use actix_web::web::Data;
use paperclip::actix::api_v2_operation;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    extract::{
        current_user::CurrentUser, idempotency_key::IdempotencyKeyHeader, json::JsonBody,
        path::PathLabel, request::request,
    },
    pages::ListPage,
    respond::{Listed, NoContent, Resource, Success},
};
use crate::{
    error::AppError,
    models::{
        label::{LABEL_MAX, LabelCount, LabelName},
        time::UtcTime,
    },
    services::{idempotency::Reply, labels},
    state::AppState,
};

/// A label and how many tasks have it, those in the trash not counted. There is no label without a task.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Label", extend("example" = { "name": "home", "tasks": 3 }))]
pub struct LabelResponse {
    #[schemars(length(min = 1, max = LABEL_MAX))]
    name: String,
    #[schemars(range(min = 1))]
    tasks: i64,
}

impl Resource for LabelResponse {}

impl From<LabelCount> for LabelResponse {
    fn from(label: LabelCount) -> Self {
        Self {
            name: label.name,
            tasks: label.tasks,
        }
    }
}

request! {
    /// The label's new name.
    pub struct RenameLabelRequest as "RenameLabel" {
        name: LabelName,
    }
    example { "name": "house" }
}

/// List labels
///
/// Each with the number of tasks that have it, in order of name (by code points). Tasks in the trash
/// do not count.
#[api_v2_operation(operation_id = "listLabels", tags("labels"))]
pub async fn list(
    user: CurrentUser,
    state: Data<AppState>,
    page: ListPage<String>,
) -> Result<Listed<LabelResponse>, AppError> {
    let owner = user.id();
    let list = move |conn: &mut _| {
        let found = labels::list(conn, owner, page.after.as_deref(), page.limit)?;
        page.answer(found, |last| last.name.clone())
    };
    state.db.read(list).await
}

/// Rename a label
///
/// On every task that has it; each gets a new version. Where the new name exists already, the two
/// labels become one. Tasks in the trash keep theirs. A label has no `ETag`: a precondition is 422.
#[api_v2_operation(operation_id = "renameLabel", tags("labels"))]
pub async fn rename(
    user: CurrentUser,
    state: Data<AppState>,
    label: PathLabel,
    key: IdempotencyKeyHeader,
    body: JsonBody<RenameLabelRequest>,
) -> Result<Reply<Success<LabelResponse>>, AppError> {
    let (owner, old, new) = (user.id(), label.get()?, body.request.name);
    let request = key.request(&body.content);
    let work = move |conn: &mut _, renamed| {
        let step = labels::rename(conn, owner, &old, &new, renamed, UtcTime::now())?;
        Ok(step.map(|label| Success(label.into())))
    };
    state.idempotency.write_in_steps(owner, request, work).await
}

/// Delete a label
///
/// It is taken away from every task that has it; each gets a new version. The tasks stay. A label has no
/// `ETag`: a precondition is 422.
#[api_v2_operation(operation_id = "deleteLabel", tags("labels"))]
pub async fn delete(
    user: CurrentUser,
    state: Data<AppState>,
    label: PathLabel,
    key: IdempotencyKeyHeader,
) -> Result<Reply<NoContent>, AppError> {
    let (owner, name) = (user.id(), label.get()?);
    let request = key.request(&[]);
    let work = move |conn: &mut _, removed| {
        let step = labels::remove(conn, owner, &name, removed, UtcTime::now())?;
        Ok(step.map(|()| NoContent))
    };
    state.idempotency.write_in_steps(owner, request, work).await
}
