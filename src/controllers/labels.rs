//! `/labels`.

use actix_web::{HttpRequest, web::Data};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use super::{
    cursor::Cursor,
    extract::{
        current_user::CurrentUser,
        fields::{Fields, FromFields, RawInput},
        json::JsonBody,
        nothing::{NoBody, NoIfMatch, NoQuery},
        once::Once,
        path::PathLabel,
        query::Query,
    },
    list_query::{PageQuery, next_target},
    respond::{Answer, Changed, Listed, NoContent, Repeatable},
};
use crate::{
    error::AppError,
    models::{
        label::{LabelCount, LabelName},
        precondition::IfNoneMatch,
        time::UtcTime,
    },
    services::{idempotency, labels},
    state::AppState,
};

/// What a cursor of the list is bound to.
const SCOPE: &str = "labels";

/// A label and how many tasks have it.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Label")]
pub struct LabelShape {
    name: String,
    tasks: i64,
}

impl From<LabelCount> for LabelShape {
    fn from(label: LabelCount) -> Self {
        Self {
            name: label.name,
            tasks: label.tasks,
        }
    }
}

/// Body of a renaming.
#[derive(Apiv2Schema)]
pub struct RenameLabel {
    name: LabelName,
}

impl FromFields for RenameLabel {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        let name = fields.required("name");
        Some(Self { name: name? })
    }
}

/// List labels
///
/// Each with the number of tasks that have it, in order of name (by code points). Tasks in the trash
/// do not count.
#[api_v2_operation(operation_id = "listLabels", tags("labels"))]
pub async fn list(
    user: CurrentUser,
    state: Data<AppState>,
    req: HttpRequest,
    query: Query<PageQuery>,
    known: IfNoneMatch,
    _: NoBody,
) -> Result<Listed<LabelShape>, AppError> {
    let (owner, limit) = (user.id, query.0.limit.unwrap_or_default().get());
    let place: Option<String> = query.place(SCOPE)?;
    let target = req.query_string().to_owned();
    let listed = state.db.read(move |conn| {
        let page = labels::list(conn, owner, place.as_deref(), limit)?;
        Listed::new(page, known, |last| {
            next_target("/labels", &target, &Cursor::new(SCOPE, &last.name))
        })
    });
    listed.await
}

/// Rename a label
///
/// On every task that has it; each gets a new version. Where the new name exists already, the two
/// labels become one. Tasks in the trash keep theirs. A label has no `ETag`: `If-Match` is 422.
#[api_v2_operation(operation_id = "renameLabel", tags("labels"))]
pub async fn rename(
    user: CurrentUser,
    state: Data<AppState>,
    label: PathLabel,
    _: NoQuery,
    _: NoIfMatch,
    once: Once,
    body: JsonBody<RenameLabel>,
) -> Result<Repeatable<Changed<LabelShape>>, AppError> {
    let (owner, old, new) = (user.id, label.get()?, body.shape.name);
    let request = once.request(&body.content);
    let work = move |conn: &mut _, renamed| {
        let step = labels::rename(conn, owner, &old, &new, renamed, UtcTime::now())?;
        step.try_map(|label| {
            let body = LabelShape::from(label);
            Changed { body, etag: None }.answer()
        })
    };
    let reply = idempotency::write_in_steps(&state.db, state.idempotency, owner, request, work);
    Ok(reply.await?.into())
}

/// Delete a label
///
/// It is taken away from every task that has it; each gets a new version. The tasks stay. A label has no
/// `ETag`: `If-Match` is 422.
#[api_v2_operation(operation_id = "deleteLabel", tags("labels"))]
pub async fn delete(
    user: CurrentUser,
    state: Data<AppState>,
    label: PathLabel,
    _: NoQuery,
    _: NoIfMatch,
    once: Once,
    _: NoBody,
) -> Result<Repeatable<NoContent>, AppError> {
    let (owner, name) = (user.id, label.get()?);
    let request = once.request(&[]);
    let work = move |conn: &mut _, removed| {
        let step = labels::remove(conn, owner, &name, removed, UtcTime::now())?;
        step.try_map(|()| NoContent.answer())
    };
    let reply = idempotency::write_in_steps(&state.db, state.idempotency, owner, request, work);
    Ok(reply.await?.into())
}
