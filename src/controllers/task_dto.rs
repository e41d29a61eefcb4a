//! What a task looks like to clients.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::respond::{Resource, mismatch};
use crate::{
    error::AppError,
    models::{
        blockers::{BLOCKERS_MAX, Blockers},
        epoch::Epoch,
        id::Id,
        label::{LABEL_MAX, LABELS_MAX, Labels},
        order_key::OrderKey,
        precondition::version_tag,
        priority::Priority,
        status::Status,
        task::Task,
        text::{Description, ExternalId, Title},
        time::UtcTime,
    },
    services::{refusal::Refusal, tasks::Shown},
};

/// A task.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Task", extend("example" = example()))]
pub struct TaskResponse {
    #[schemars(with = "Id")]
    id: i64,
    #[schemars(length(min = 1, max = Title::MAX))]
    title: String,
    #[schemars(length(max = Description::MAX))]
    description: Option<String>,
    status: Status,
    priority: Priority,
    due_at: Option<UtcTime>,
    /// In order of name (by code points).
    #[schemars(with = "Vec<String>", length(max = LABELS_MAX), inner(length(min = 1, max = LABEL_MAX)))]
    labels: Labels,
    /// The name by which another system knows the task.
    #[schemars(length(min = 1, max = ExternalId::MAX))]
    external_id: Option<String>,
    #[schemars(with = "Option<Id>")]
    project_id: Option<i64>,
    /// The task whose subtask it is.
    #[schemars(with = "Option<Id>")]
    parent_id: Option<i64>,
    /// The tasks that have to be closed before it is done, in order of id.
    #[schemars(with = "Vec<Id>", length(max = BLOCKERS_MAX))]
    blocked_by: Blockers,
    /// The place in the order by hand, compared byte by byte.
    position: OrderKey,
    /// 1 at first; each change makes it one larger. In quotes, `If-Match` takes it like the ETag.
    #[schemars(with = "Id")]
    version: i64,
    /// When the status became done; null in any other status.
    completed_at: Option<UtcTime>,
    created_at: UtcTime,
    updated_at: UtcTime,
    /// With `include_computed` alone: its direct subtasks outside the trash.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 0))]
    subtasks: Option<i64>,
    /// With `include_computed` alone: those of its subtasks that are `todo` or `in_progress`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64", range(min = 0))]
    open_subtasks: Option<i64>,
    /// With `include_computed` alone: whether it and one of its blockers outside the trash are `todo` or `in_progress`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    blocked: Option<bool>,
    /// Of its entity tag, which it has where it is all of an answer.
    #[serde(skip)]
    epoch: Option<Epoch>,
}

/// The task of all examples.
pub fn example() -> serde_json::Value {
    serde_json::json!({
        "id": 7,
        "title": "Buy milk",
        "description": null,
        "status": "todo",
        "priority": "high",
        "due_at": "2026-12-01T17:00:00.000000Z",
        "labels": ["home"],
        "external_id": null,
        "project_id": 3,
        "parent_id": null,
        "blocked_by": [],
        "position": "a7",
        "version": 1,
        "completed_at": null,
        "created_at": "2026-11-23T09:00:00.000000Z",
        "updated_at": "2026-11-23T09:00:00.000000Z",
    })
}

impl Resource for TaskResponse {
    const IS_TAGGED: bool = true;

    fn tag(&self) -> Option<String> {
        self.epoch.map(|epoch| version_tag(self.version, epoch))
    }
}

impl From<Task> for TaskResponse {
    fn from(task: Task) -> Self {
        Self {
            position: task.order_key(),
            project_id: task.project_id,
            parent_id: task.parent_id,
            blocked_by: task.blocked_by,
            id: task.id,
            title: task.title,
            description: task.description,
            status: task.status,
            priority: task.priority,
            due_at: task.due_at,
            labels: task.labels,
            external_id: task.external_id,
            version: task.version,
            completed_at: task.completed_at,
            created_at: task.created_at,
            updated_at: task.updated_at,
            subtasks: None,
            open_subtasks: None,
            blocked: None,
            epoch: None,
        }
    }
}

impl From<Shown> for TaskResponse {
    fn from((task, computed): Shown) -> Self {
        Self {
            subtasks: computed.map(|computed| computed.subtasks),
            open_subtasks: computed.map(|computed| computed.open_subtasks),
            blocked: computed.map(|computed| computed.blocked),
            ..task.into()
        }
    }
}

impl TaskResponse {
    /// As all of an answer, with an entity tag of `epoch`.
    pub fn tagged(task: Task, epoch: Epoch) -> Self {
        Self {
            epoch: Some(epoch),
            ..task.into()
        }
    }
}

/// A task in the trash.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TrashedTask", extend("example" = trashed_example()))]
pub struct TrashedTaskResponse {
    #[serde(flatten)]
    task: TaskResponse,
    /// When it was deleted.
    deleted_at: UtcTime,
    /// From when on it may be purged: the next run of the purge, which comes once an hour unless the operator chose
    /// otherwise, deletes it for good.
    purge_at: UtcTime,
}

impl Resource for TrashedTaskResponse {}

/// From a task, and how long tasks stay in the trash.
impl From<(Task, Duration)> for TrashedTaskResponse {
    fn from((task, kept): (Task, Duration)) -> Self {
        let deleted_at = task.deleted_at.unwrap_or_default();
        Self {
            task: task.into(),
            deleted_at,
            purge_at: deleted_at.plus(kept),
        }
    }
}

fn trashed_example() -> serde_json::Value {
    let mut task = example();
    let trashed = &mut task;
    trashed["version"] = 2.into();
    trashed["updated_at"] = "2026-11-24T09:00:00.000000Z".into();
    trashed["deleted_at"] = "2026-11-24T09:00:00.000000Z".into();
    trashed["purge_at"] = "2026-12-24T09:00:00.000000Z".into();
    task
}

/// A mismatch shows the task as it is now.
impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Failed(error) => error,
            Refusal::Mismatch(task, unmet) => mismatch(&TaskResponse::from(*task), unmet),
        }
    }
}
