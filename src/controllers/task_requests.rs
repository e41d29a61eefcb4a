//! What clients send to make, change, move and delete a task.

use super::extract::{fields::invalid, request::request, values::Distinct};
use crate::{
    error::{AppError, field::Location},
    models::{
        batch::{DeletedBelow, Destination, UpdateOptions, UpdatedSubtasks},
        blockers::BLOCKERS_MAX,
        id::Id,
        label::{LABELS_MAX, LabelName, Labels},
        priority::Priority,
        status::Status,
        task::{TaskDraft, TaskPatch},
        task_ref::TaskRef,
        text::{Description, ExternalId, Title},
        time::UtcTime,
        violation::Violation,
    },
};

type TaskLabels = Distinct<LabelName, 0, LABELS_MAX>;

/// The requests that create and change a task. `$task` is how they name others: a batch may name those that it creates.
macro_rules! task_requests {
    ($task:ty, $create:ident as $create_name:literal, $update:ident as $update_name:literal) => {
        request! {
            /// A new task.
            pub struct $create as $create_name {
                pub title: Title,
                pub description: Option<Option<Description>>,
                pub status: Status = Status::default(),
                pub priority: Priority = Priority::default(),
                pub due_at: Option<Option<UtcTime>>,
                /// Each once, also after normalising and trimming; kept in order of name (by code points).
                pub labels: TaskLabels = TaskLabels::default(),
                /// The name by which another system knows the task. No two of your tasks outside the trash have the same: 409.
                pub external_id: Option<Option<ExternalId>>,
                /// A project of yours. A subtask is in that of its parent.
                pub project_id: Option<Option<Id>>,
                /// The task whose subtask it becomes: a tree has at most 5 levels and 1,000 tasks.
                pub parent_id: Option<Option<$task>>,
                /// The tasks that have to be closed before it is done; kept in order of id.
                pub blocked_by: Distinct<$task, 0, BLOCKERS_MAX> = Distinct::default(),
            }
            example {
                "title": "Buy milk",
                "priority": "high",
                "due_at": "2026-12-01T18:00:00+01:00",
                "labels": ["home"],
            }
        }

        impl From<$create> for TaskDraft {
            fn from(body: $create) -> Self {
                Self {
                    title: body.title,
                    description: body.description.flatten(),
                    status: body.status,
                    priority: body.priority,
                    due_at: body.due_at.flatten(),
                    labels: body.labels.0.into_iter().collect(),
                    external_id: body.external_id.flatten(),
                    project_id: body.project_id.flatten().map(Id::get),
                    parent_id: body.parent_id.flatten().map(<$task>::get),
                    blocked_by: body.blocked_by.0.into_iter().map(<$task>::get).collect(),
                }
            }
        }

        request! {
            /// A JSON Merge Patch (RFC 7396): an absent field stays as it is, null clears it. An array replaces the one that
            /// is there.
            pub struct $update as $update_name {
                pub title: Option<Title>,
                pub description: Option<Option<Description>>,
                pub status: Option<Status>,
                pub priority: Option<Priority>,
                pub due_at: Option<Option<UtcTime>>,
                /// Each once, also after normalising and trimming; kept in order of name (by code points).
                pub labels: Option<TaskLabels>,
                /// The name by which another system knows the task. No two of your tasks outside the trash have the same: 409.
                pub external_id: Option<Option<ExternalId>>,
                /// A project of yours. All below the task moves along. A subtask is in the project of its parent.
                pub project_id: Option<Option<Id>>,
                /// The task whose subtask it becomes, with all below it and into the project of that task.
                pub parent_id: Option<Option<$task>>,
                /// The tasks that have to be closed before it is done; kept in order of id.
                pub blocked_by: Option<Distinct<$task, 0, BLOCKERS_MAX>>,
            }
            example { "status": "done", "description": null }
        }

        impl From<$update> for TaskPatch {
            fn from(body: $update) -> Self {
                let blocked_by = |tasks: Distinct<$task, 0, BLOCKERS_MAX>| {
                    tasks.0.into_iter().map(<$task>::get).collect()
                };
                Self {
                    title: body.title,
                    description: body.description,
                    status: body.status,
                    priority: body.priority,
                    due_at: body.due_at,
                    labels: body.labels.map(|labels| Labels::from_iter(labels.0)),
                    external_id: body.external_id,
                    project_id: body.project_id.map(|id| id.map(Id::get)),
                    parent_id: body.parent_id.map(|id| id.map(<$task>::get)),
                    blocked_by: body.blocked_by.map(blocked_by),
                }
            }
        }
    };
}

task_requests!(Id, CreateTaskRequest as "CreateTask", UpdateTaskRequest as "UpdateTask");
task_requests!(TaskRef, CreateTaskInBatch as "CreateTaskInBatch", UpdateTaskInBatch as "UpdateTaskInBatch");

request! {
    /// How a change affects other tasks.
    pub struct UpdateTaskQuery as "UpdateTaskQuery" {
        /// Whether a task that others block may become done.
        force: bool = false,
        /// `close`: every open task below gets the `status` of the body, which must be `done` or `cancelled`.
        subtasks: UpdatedSubtasks = UpdatedSubtasks::default(),
    }
    example { "force": false, "subtasks": "keep" }
}

impl UpdateTaskQuery {
    /// Errors: `Validation` where tasks are to be closed by a change that closes nothing.
    pub fn options(self, patch: &TaskPatch) -> Result<UpdateOptions, AppError> {
        let location = Location::parameter("subtasks");
        update_options(self.force, self.subtasks, patch).map_err(|fault| invalid(location, fault))
    }
}

/// Errors: where tasks are to be closed by a change that closes nothing.
pub fn update_options(
    force: bool,
    subtasks: UpdatedSubtasks,
    patch: &TaskPatch,
) -> Result<UpdateOptions, Violation> {
    let closes = patch.status.is_some_and(|status| !status.is_open());
    if subtasks == UpdatedSubtasks::Close && !closes {
        let detail = "close needs the status done or cancelled in the change";
        return Err(Violation::new("choice", detail));
    }
    Ok(UpdateOptions { force, subtasks })
}

request! {
    /// What becomes of the tasks below.
    pub struct DeleteTaskQuery as "DeleteTaskQuery" {
        /// `trash`: all below the task goes to the trash too; `keep`: its subtasks become its parent's.
        pub subtasks: DeletedBelow = DeletedBelow::default(),
    }
    example { "subtasks": "trash" }
}

request! {
    /// Where a task or a project is moved: right before or right after another one. Exactly one of the two is there.
    pub struct MoveRequest as "Move" {
        pub before: Option<Id>,
        pub after: Option<Id>,
    }
    minProperties 1
    maxProperties 1
    example { "after": 5 }
}

impl MoveRequest {
    /// Errors: `Validation` where there is not exactly one.
    pub fn destination(self) -> Result<Destination, AppError> {
        let ids = (self.before.map(Id::get), self.after.map(Id::get));
        destination(ids)
            .map_err(|(name, fault)| invalid(Location::Pointer(format!("/{name}")), fault))
    }
}

/// From the ids before and after which a task is to be. Errors: the member at fault, where there is not exactly one.
pub fn destination(
    ids: (Option<i64>, Option<i64>),
) -> Result<Destination, (&'static str, Violation)> {
    match ids {
        (Some(id), None) => Ok(Destination::Before(id)),
        (None, Some(id)) => Ok(Destination::After(id)),
        (None, None) => Err((
            "after",
            Violation::new("required", "is required, or before"),
        )),
        (Some(_), Some(_)) => {
            let detail = "must not be there beside before";
            Err(("after", Violation::new("unknown", detail)))
        }
    }
}
