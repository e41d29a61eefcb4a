//! Tasks: the row, what a client may set, and how a change is worked out.

use diesel::prelude::*;

use super::{
    label::Labels,
    priority::Priority,
    status::Status,
    text::{Description, ExternalId, Title},
    time::UtcTime,
    words::fold_case,
};
use crate::schema::tasks;

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = tasks)]
pub struct Task {
    /// 0 until the database gives it one.
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
    pub labels: Labels,
    pub external_id: Option<String>,
    /// When it went to the trash; `None` outside it.
    pub deleted_at: Option<UtcTime>,
    /// What the table orders it by among the titles: the title with its case folded, or what an
    /// older version of it left there until it is indexed anew.
    pub title_key: String,
}

/// What a client sets when it creates a task.
#[derive(Debug, Clone)]
pub struct TaskDraft {
    pub title: Title,
    pub description: Option<Description>,
    pub status: Status,
    pub priority: Priority,
    pub due_at: Option<UtcTime>,
    pub labels: Labels,
    pub external_id: Option<ExternalId>,
}

/// What a client changes (RFC 7396): `None` leaves a member as it is, `Some(None)` clears it.
#[derive(Debug, Clone, Default)]
pub struct TaskPatch {
    pub title: Option<Title>,
    pub description: Option<Option<Description>>,
    pub status: Option<Status>,
    pub priority: Option<Priority>,
    pub due_at: Option<Option<UtcTime>>,
    pub labels: Option<Labels>,
    pub external_id: Option<Option<ExternalId>>,
}

impl TaskDraft {
    /// The first version of the task, owned by `user_id`, not stored yet.
    pub fn into_task(self, user_id: i64, now: UtcTime) -> Task {
        let title = self.title.into_inner();
        Task {
            id: 0,
            user_id,
            title_key: fold_case(&title).into_owned(),
            title,
            description: self.description.map(Description::into_inner),
            status: self.status,
            priority: self.priority,
            due_at: self.due_at,
            version: 1,
            completed_at: (self.status == Status::Done).then_some(now),
            created_at: now,
            updated_at: now,
            labels: self.labels,
            external_id: self.external_id.map(ExternalId::into_inner),
            deleted_at: None,
        }
    }
}

impl Task {
    /// The next version of the task under `patch`, or `None` where the patch changes nothing.
    pub fn patched(&self, patch: &TaskPatch, now: UtcTime) -> Option<Self> {
        let mut next = self.clone();
        // Under the same title the key stays what the table has: that alone is no change.
        let title = patch.title.clone().map(Title::into_inner);
        if let Some(title) = title.filter(|title| *title != self.title) {
            next.title_key = fold_case(&title).into_owned();
            next.title = title;
        }
        if let Some(description) = &patch.description {
            next.description = description.clone().map(Description::into_inner);
        }
        if let Some(due_at) = patch.due_at {
            next.due_at = due_at;
        }
        if let Some(labels) = &patch.labels {
            next.labels = labels.clone();
        }
        if let Some(external_id) = &patch.external_id {
            next.external_id = external_id.clone().map(ExternalId::into_inner);
        }
        next.status = patch.status.unwrap_or(self.status);
        next.priority = patch.priority.unwrap_or(self.priority);
        next.completed_at = match (self.status, next.status) {
            (Status::Done, Status::Done) => self.completed_at,
            (_, Status::Done) => Some(self.not_before(now)),
            _ => None,
        };
        (next != *self).then(|| next.versioned(now))
    }

    /// The next version, in the trash.
    pub fn trashed(&self, now: UtcTime) -> Self {
        let deleted_at = Some(self.not_before(now));
        Self {
            deleted_at,
            ..self.clone()
        }
        .versioned(now)
    }

    /// The next version, out of the trash.
    pub fn restored(&self, now: UtcTime) -> Self {
        Self {
            deleted_at: None,
            ..self.clone()
        }
        .versioned(now)
    }

    fn versioned(mut self, now: UtcTime) -> Self {
        self.version += 1;
        self.updated_at = self.not_before(now);
        self
    }

    /// `now`, unless the last change came from a clock that was ahead: for a reader, time does not
    /// run backwards.
    fn not_before(&self, now: UtcTime) -> UtcTime {
        now.max(self.updated_at)
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
            labels: Labels::default(),
            external_id: None,
        };
        Task {
            id: 7,
            ..draft.into_task(1, UtcTime::default())
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

    #[test]
    fn the_trash_is_a_change_and_time_does_not_run_backwards() {
        let now = UtcTime::now();
        let trashed = task(Status::Todo).trashed(now);
        assert_eq!(
            (trashed.version, trashed.deleted_at, trashed.updated_at),
            (2, Some(now), now)
        );
        let restored = trashed.restored(UtcTime::default());
        assert_eq!(
            (restored.version, restored.deleted_at, restored.updated_at),
            (3, None, now)
        );
    }
}
