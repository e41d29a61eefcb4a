//! `/tasks`.

use actix_web::web::{Data, Json};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use super::{
    cursor::{Cursor, Limit},
    extract::{
        current_user::CurrentUser,
        fields::{Fields, FromFields, RawInput},
        json::JsonBody,
        nothing::{NoBody, NoQuery},
        path::PathId,
        query::Query,
    },
    respond::{Created, Listed, NoContent},
};
use crate::{
    error::AppError,
    models::{
        priority::Priority,
        status::Status,
        task::{Task, TaskDraft, TaskPatch},
        text::{Description, Title},
        time::UtcTime,
    },
    services::tasks::{self, PageRequest},
    state::AppState,
};

/// A task, as clients see it.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Task")]
pub struct TaskShape {
    id: i64,
    title: String,
    description: Option<String>,
    status: Status,
    priority: Priority,
    due_at: Option<UtcTime>,
    version: i64,
    completed_at: Option<UtcTime>,
    created_at: UtcTime,
    updated_at: UtcTime,
}

impl From<Task> for TaskShape {
    fn from(task: Task) -> Self {
        Self {
            id: task.id,
            title: task.title,
            description: task.description,
            status: task.status,
            priority: task.priority,
            due_at: task.due_at,
            version: task.version,
            completed_at: task.completed_at,
            created_at: task.created_at,
            updated_at: task.updated_at,
        }
    }
}

/// Body of a creation.
#[derive(Apiv2Schema)]
pub struct CreateTask {
    title: Title,
    description: Option<Description>,
    status: Option<Status>,
    priority: Option<Priority>,
    due_at: Option<UtcTime>,
}

impl FromFields for CreateTask {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        let title = fields.required("title");
        Some(Self {
            description: fields.nullable("description").flatten(),
            status: fields.optional("status"),
            priority: fields.optional("priority"),
            due_at: fields.nullable("due_at").flatten(),
            title: title?,
        })
    }
}

impl From<CreateTask> for TaskDraft {
    fn from(body: CreateTask) -> Self {
        Self {
            title: body.title,
            description: body.description,
            status: body.status.unwrap_or_default(),
            priority: body.priority.unwrap_or_default(),
            due_at: body.due_at,
        }
    }
}

/// Body of a change: a JSON Merge Patch (RFC 7396).
#[derive(Apiv2Schema)]
pub struct UpdateTask {
    title: Option<Title>,
    description: Option<Option<Description>>,
    status: Option<Status>,
    priority: Option<Priority>,
    due_at: Option<Option<UtcTime>>,
}

impl FromFields for UpdateTask {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        Some(Self {
            title: fields.optional("title"),
            description: fields.nullable("description"),
            status: fields.optional("status"),
            priority: fields.optional("priority"),
            due_at: fields.nullable("due_at"),
        })
    }
}

impl From<UpdateTask> for TaskPatch {
    fn from(body: UpdateTask) -> Self {
        Self {
            title: body.title,
            description: body.description,
            status: body.status,
            priority: body.priority,
            due_at: body.due_at,
        }
    }
}

/// Query of a list.
#[derive(Apiv2Schema)]
pub struct ListQuery {
    limit: Option<Limit>,
    cursor: Option<Cursor>,
}

impl FromFields for ListQuery {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        Some(Self {
            limit: fields.optional("limit"),
            cursor: fields.optional("cursor"),
        })
    }
}

/// Create a task
///
/// Only the title is needed. The owner is whoever the access token names.
#[api_v2_operation(operation_id = "createTask", tags("tasks"))]
pub async fn create(
    user: CurrentUser,
    state: Data<AppState>,
    _: NoQuery,
    body: JsonBody<CreateTask>,
) -> Result<Created<TaskShape>, AppError> {
    let (owner, draft) = (user.id, TaskDraft::from(body.0));
    let task = state
        .db
        .write(move |conn| tasks::create(conn, owner, draft, UtcTime::now()))
        .await?;
    Ok(Created {
        location: format!("/tasks/{}", task.id),
        body: task.into(),
    })
}

/// List tasks
///
/// Your tasks, newest first. While there are more, `Link` holds the address of the next page as
/// `rel="next"`: follow it until it is gone. However tasks come and go meanwhile, none is left out
/// or shown twice.
#[api_v2_operation(operation_id = "listTasks", tags("tasks"))]
pub async fn list(
    user: CurrentUser,
    state: Data<AppState>,
    query: Query<ListQuery>,
    _: NoBody,
) -> Result<Listed<TaskShape>, AppError> {
    let owner = user.id;
    let limit = query.0.limit.unwrap_or_default();
    let page = PageRequest {
        before: query.0.cursor.map(|cursor| cursor.before),
        limit: limit.get(),
    };
    let found = state
        .db
        .read(move |conn| tasks::list(conn, owner, page))
        .await?;
    let last = found.tasks.last().filter(|_| found.more);
    let next = last.map(|task| Cursor { before: task.id });
    Ok(Listed {
        next: next.map(|cursor| format!("/tasks?limit={limit}&cursor={cursor}")),
        items: found.tasks.into_iter().map(TaskShape::from).collect(),
    })
}

/// Get a task
#[api_v2_operation(operation_id = "getTask", tags("tasks"))]
pub async fn get(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    _: NoQuery,
    _: NoBody,
) -> Result<Json<TaskShape>, AppError> {
    let (owner, id) = (user.id, id.get()?);
    let task = state
        .db
        .read(move |conn| tasks::get(conn, owner, id))
        .await?;
    Ok(Json(task.into()))
}

/// Change a task
///
/// A JSON Merge Patch (RFC 7396): a member that is absent stays as it is, `null` clears it. Each
/// change makes the version one larger; a patch that changes nothing changes neither `version` nor
/// `updated_at`. `completed_at` follows the status.
#[api_v2_operation(operation_id = "updateTask", tags("tasks"))]
pub async fn update(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    _: NoQuery,
    body: JsonBody<UpdateTask>,
) -> Result<Json<TaskShape>, AppError> {
    let (owner, id, patch) = (user.id, id.get()?, TaskPatch::from(body.0));
    let task = state
        .db
        .write(move |conn| tasks::update(conn, owner, id, &patch, UtcTime::now()))
        .await?;
    Ok(Json(task.into()))
}

/// Delete a task
///
/// The task is gone for good, and its id is never used again.
#[api_v2_operation(operation_id = "deleteTask", tags("tasks"))]
pub async fn delete(
    user: CurrentUser,
    state: Data<AppState>,
    id: PathId,
    _: NoQuery,
    _: NoBody,
) -> Result<NoContent, AppError> {
    let (owner, id) = (user.id, id.get()?);
    state
        .db
        .write(move |conn| tasks::delete(conn, owner, id))
        .await?;
    Ok(NoContent)
}
