//! What a task looks like to clients, and what they send to make and change one.

use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use super::{
    extract::fields::{Fields, FromFields, RawInput},
    respond::{Changed, Created},
};
use crate::{
    error::AppError,
    models::{
        label::{LABELS_MAX, LabelName, Labels},
        precondition::version_tag,
        priority::Priority,
        status::Status,
        task::{Task, TaskDraft, TaskPatch},
        text::{Description, ExternalId, Title},
        time::UtcTime,
    },
    services::refusal::Refusal,
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
    labels: Vec<String>,
    external_id: Option<String>,
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
            labels: task.labels.into_names(),
            external_id: task.external_id,
            version: task.version,
            completed_at: task.completed_at,
            created_at: task.created_at,
            updated_at: task.updated_at,
        }
    }
}

impl From<Task> for Created<TaskShape> {
    fn from(task: Task) -> Self {
        Self {
            location: format!("/tasks/{}", task.id),
            etag: Some(version_tag(task.version)),
            body: task.into(),
        }
    }
}

impl From<Task> for Changed<TaskShape> {
    fn from(task: Task) -> Self {
        Self {
            etag: Some(version_tag(task.version)),
            body: task.into(),
        }
    }
}

/// A mismatch shows the task as it is now.
impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Failed(error) => error,
            Refusal::Mismatch(task) => {
                match serde_json::value::to_raw_value(&TaskShape::from(*task)) {
                    Ok(current) => Self::VersionMismatch { current },
                    Err(error) => Self::internal(error),
                }
            }
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
    labels: Option<Vec<LabelName>>,
    external_id: Option<ExternalId>,
}

impl FromFields for CreateTask {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        let title = fields.required("title");
        Some(Self {
            description: fields.nullable("description").flatten(),
            status: fields.optional("status"),
            priority: fields.optional("priority"),
            due_at: fields.nullable("due_at").flatten(),
            labels: fields.distinct("labels", (0, LABELS_MAX)),
            external_id: fields.nullable("external_id").flatten(),
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
            labels: body.labels.into_iter().flatten().collect(),
            external_id: body.external_id,
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
    labels: Option<Vec<LabelName>>,
    external_id: Option<Option<ExternalId>>,
}

impl FromFields for UpdateTask {
    fn from_fields<V: RawInput>(fields: &mut Fields<V>) -> Option<Self> {
        Some(Self {
            title: fields.optional("title"),
            description: fields.nullable("description"),
            status: fields.optional("status"),
            priority: fields.optional("priority"),
            due_at: fields.nullable("due_at"),
            labels: fields.distinct("labels", (0, LABELS_MAX)),
            external_id: fields.nullable("external_id"),
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
            labels: body.labels.map(Labels::from_iter),
            external_id: body.external_id,
        }
    }
}
