//! Tasks: the row, what a client may set, and how a change is worked out.

use diesel::prelude::*;

use super::{
    priority::Priority,
    status::Status,
    text::{Description, Title},
    time::UtcTime,
};
use crate::schema::tasks;

/// A task as it is stored. The fields stand in the order of the table's columns.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, AsChangeset)]
#[diesel(table_name = tasks, primary_key(user_id, id), treat_none_as_null = true)]
pub struct Task {
    pub id: i64,
    pub user_id: i64,
    pub title: String,
    pub description: Option<String>,
    pub status: Status,
    pub priority: Priority,
    pub due_at: Option<UtcTime>,
    pub version: i64,
    pub completed_at: Option<UtcTime>,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
}

/// What a client sets when it creates a task.
#[derive(Debug, Clone)]
pub struct TaskDraft {
    pub title: Title,
    pub description: Option<Description>,
    pub status: Status,
    pub priority: Priority,
    pub due_at: Option<UtcTime>,
}

/// What a client changes (RFC 7396): `None` leaves a member as it is, `Some(None)` clears it.
#[derive(Debug, Clone, Default)]
pub struct TaskPatch {
    pub title: Option<Title>,
    pub description: Option<Option<Description>>,
    pub status: Option<Status>,
    pub priority: Option<Priority>,
    pub due_at: Option<Option<UtcTime>>,
}

/// A row to be inserted; the database gives it its id.
#[derive(Debug, Insertable)]
#[diesel(table_name = tasks)]
pub struct NewTask {
    pub user_id: i64,
    pub title: String,
    pub description: Option<String>,
    pub status: Status,
    pub priority: Priority,
    pub due_at: Option<UtcTime>,
    pub version: i64,
    pub completed_at: Option<UtcTime>,
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
}

impl TaskDraft {
    /// The first version of the task, owned by `user_id`.
    pub fn into_row(self, user_id: i64, now: UtcTime) -> NewTask {
        NewTask {
            user_id,
            title: self.title.into_inner(),
            description: self.description.map(Description::into_inner),
            status: self.status,
            priority: self.priority,
            due_at: self.due_at,
            version: 1,
            completed_at: (self.status == Status::Done).then_some(now),
            created_at: now,
            updated_at: now,
        }
    }
}

impl Task {
    /// The next version of the task under `patch`, or `None` where the patch changes nothing.
    pub fn patched(&self, patch: &TaskPatch, now: UtcTime) -> Option<Self> {
        let mut next = self.clone();
        if let Some(title) = &patch.title {
            next.title = title.clone().into_inner();
        }
        if let Some(description) = &patch.description {
            next.description = description.clone().map(Description::into_inner);
        }
        if let Some(due_at) = patch.due_at {
            next.due_at = due_at;
        }
        next.status = patch.status.unwrap_or(self.status);
        next.priority = patch.priority.unwrap_or(self.priority);
        next.completed_at = match (self.status, next.status) {
            (Status::Done, Status::Done) => self.completed_at,
            (_, Status::Done) => Some(now),
            _ => None,
        };
        if next == *self {
            return None;
        }
        next.version += 1;
        next.updated_at = now;
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(status: Status) -> Task {
        let draft = TaskDraft {
            title: "Milk".parse().unwrap(),
            description: None,
            status,
            priority: Priority::Medium,
            due_at: None,
        };
        let row = draft.into_row(1, UtcTime::default());
        Task {
            id: 7,
            user_id: row.user_id,
            title: row.title,
            description: row.description,
            status: row.status,
            priority: row.priority,
            due_at: row.due_at,
            version: row.version,
            completed_at: row.completed_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }

    fn to(status: Status) -> TaskPatch {
        TaskPatch {
            status: Some(status),
            ..TaskPatch::default()
        }
    }

    #[test]
    fn completion_follows_the_status() {
        let now = UtcTime::now();
        let done = task(Status::Todo).patched(&to(Status::Done), now).unwrap();
        assert_eq!(
            (done.completed_at, done.version, done.updated_at),
            (Some(now), 2, now)
        );
        let reopened = done.patched(&to(Status::Todo), now).unwrap();
        assert_eq!((reopened.completed_at, reopened.version), (None, 3));
        assert_eq!(
            task(Status::Done).completed_at,
            Some(UtcTime::default()),
            "created as done"
        );
    }

    #[test]
    fn a_done_task_that_is_retitled_keeps_its_completion() {
        let patch = TaskPatch {
            title: Some("Oat milk".parse().unwrap()),
            status: Some(Status::Done),
            ..TaskPatch::default()
        };
        let changed = task(Status::Done).patched(&patch, UtcTime::now()).unwrap();
        assert_eq!(changed.completed_at, Some(UtcTime::default()));
    }

    #[test]
    fn a_patch_that_changes_nothing_makes_no_version() {
        let now = UtcTime::now();
        assert_eq!(task(Status::Todo).patched(&TaskPatch::default(), now), None);
        assert_eq!(task(Status::Done).patched(&to(Status::Done), now), None);
        let same = TaskPatch {
            title: Some(" Milk ".parse().unwrap()),
            description: Some(None),
            ..TaskPatch::default()
        };
        assert_eq!(task(Status::Todo).patched(&same, now), None);
    }
}
