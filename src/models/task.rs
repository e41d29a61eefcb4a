//! Tasks: the row, what a client may set, and how a change is worked out.

use diesel::prelude::*;

use super::{
    blockers::Blockers,
    deletion::Deletion,
    label::Labels,
    order_key::OrderKey,
    priority::Priority,
    status::Status,
    text::{Description, ExternalId, Title},
    time::UtcTime,
    words::{fold_case, index_text},
};
use crate::schema::tasks;

/// A row of the table. As a changeset it is all of the row but its key, when it was made, and what is in
/// [`ChangedRelations`](super::shared_change::ChangedRelations).
#[derive(Debug, Clone, Default, PartialEq, Eq, Queryable, Selectable, AsChangeset, Insertable)]
#[diesel(table_name = tasks, primary_key(user_id, id))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
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
    #[diesel(skip_update)]
    pub created_at: UtcTime,
    pub updated_at: UtcTime,
    pub labels: Labels,
    pub external_id: Option<String>,
    /// When it went to the trash; `None` outside it.
    pub deleted_at: Option<UtcTime>,
    #[diesel(skip_update)]
    pub project_id: Option<i64>,
    /// The task whose subtask it is.
    #[diesel(skip_update)]
    pub parent_id: Option<i64>,
    #[diesel(skip_update)]
    pub blocked_by: Blockers,
    /// Its place in the order by hand; `None` until it is moved: see [`Task::order_key`].
    #[diesel(skip_update)]
    pub position: Option<OrderKey>,
    /// With what else it went to the trash.
    #[diesel(skip_update)]
    pub deletion: Option<Deletion>,
}

/// The columns that are made of a task's texts. Nobody reads them, but the indexes do.
#[derive(Debug, Clone, Selectable, AsChangeset, Insertable)]
#[diesel(table_name = tasks, treat_none_as_default_value = false)]
pub struct TaskTexts {
    /// The title with its case folded: the key of the order by title.
    pub title_key: String,
    /// See [`index_text`].
    pub words: String,
}

/// A row to be inserted: the first version of a task. The database gives it its id.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = tasks, treat_none_as_default_value = false)]
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
    pub labels: Labels,
    pub external_id: Option<String>,
    #[diesel(embed)]
    pub texts: TaskTexts,
}

/// A task and its next version.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    pub before: &'a Task,
    pub after: &'a Task,
}

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskState {
    Live,
    /// In the trash.
    Trashed,
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
    pub project_id: Option<i64>,
    pub parent_id: Option<i64>,
    pub blocked_by: Vec<i64>,
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
    pub project_id: Option<Option<i64>>,
    pub parent_id: Option<Option<i64>>,
    pub blocked_by: Option<Vec<i64>>,
}

impl TaskDraft {
    /// The first version of the task, without what it names of other tasks and projects.
    pub fn into_task(self, id: i64, user_id: i64, now: UtcTime) -> Task {
        Task {
            id,
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
            labels: self.labels,
            external_id: self.external_id.map(ExternalId::into_inner),
            ..Task::default()
        }
    }

    /// Whether it names a project or another task.
    pub fn has_references(&self) -> bool {
        self.project_id.is_some() || self.parent_id.is_some() || !self.blocked_by.is_empty()
    }
}

impl NewTask {
    /// The first version of the task, owned by `user_id`. A draft with references takes another way: see
    /// [`TaskDraft::into_task`].
    pub fn new(draft: TaskDraft, user_id: i64, now: UtcTime) -> Self {
        let task = draft.into_task(0, user_id, now);
        Self {
            user_id,
            texts: task.texts(),
            title: task.title,
            description: task.description,
            status: task.status,
            priority: task.priority,
            due_at: task.due_at,
            version: task.version,
            completed_at: task.completed_at,
            created_at: task.created_at,
            updated_at: task.updated_at,
            labels: task.labels,
            external_id: task.external_id,
        }
    }
}

impl TaskPatch {
    /// Whether it may change what the task names of projects and other tasks.
    pub fn has_references(&self) -> bool {
        self.project_id.is_some() || self.parent_id.is_some() || self.blocked_by.is_some()
    }

    /// Applies it to a task, but for projects and other tasks.
    pub fn apply(&self, task: &mut Task, now: UtcTime) {
        if let Some(title) = self.title.clone() {
            task.title = title.into_inner();
        }
        if let Some(description) = &self.description {
            task.description = description.clone().map(Description::into_inner);
        }
        if let Some(due_at) = self.due_at {
            task.due_at = due_at;
        }
        if let Some(labels) = &self.labels {
            task.labels = labels.clone();
        }
        if let Some(external_id) = &self.external_id {
            task.external_id = external_id.clone().map(ExternalId::into_inner);
        }
        if let Some(priority) = self.priority {
            task.priority = priority;
        }
        if let Some(status) = self.status {
            task.set_status(status, now);
        }
    }
}

impl TaskTexts {
    pub fn of(title: &str, description: Option<&str>) -> Self {
        Self {
            title_key: fold_case(title).into_owned(),
            words: index_text(title, description),
        }
    }
}

impl Change<'_> {
    /// Those of the next version, where they may be others.
    pub fn texts(&self) -> Option<TaskTexts> {
        let Self { before, after } = self;
        let is_rewritten = before.title != after.title || before.description != after.description;
        is_rewritten.then(|| after.texts())
    }
}

impl Task {
    pub fn state(&self) -> TaskState {
        if self.deleted_at.is_some() {
            TaskState::Trashed
        } else {
            TaskState::Live
        }
    }

    /// Its place in the order by hand.
    pub fn order_key(&self) -> OrderKey {
        let of_id = || OrderKey::of_id(self.id);
        self.position.clone().unwrap_or_else(of_id)
    }

    pub fn texts(&self) -> TaskTexts {
        TaskTexts::of(&self.title, self.description.as_deref())
    }

    /// The next version of the task, changed by `edit`, or `None` where that changes nothing.
    pub fn changed(&self, now: UtcTime, edit: impl FnOnce(&mut Self)) -> Option<Self> {
        let mut next = self.clone();
        edit(&mut next);
        (next != *self).then(|| next.versioned(now))
    }

    /// Sets the status, and with it when the task was completed.
    pub fn set_status(&mut self, status: Status, now: UtcTime) {
        self.completed_at = match (self.status, status) {
            (Status::Done, Status::Done) => self.completed_at,
            (_, Status::Done) => Some(self.not_before(now)),
            _ => None,
        };
        self.status = status;
    }

    /// The next version, in the trash; `deletion` is with what else it goes.
    pub fn trashed(&self, deletion: Option<Deletion>, now: UtcTime) -> Self {
        let mut next = self.clone();
        next.deleted_at = Some(self.not_before(now));
        next.deletion = deletion;
        next.versioned(now)
    }

    /// The next version, out of the trash.
    pub fn restored(&self, parent_id: Option<i64>, project_id: Option<i64>, now: UtcTime) -> Self {
        let mut next = self.clone();
        next.deleted_at = None;
        next.deletion = None;
        next.parent_id = parent_id;
        next.project_id = project_id;
        next.versioned(now)
    }

    /// Whether it is to be done, and outside the trash: only then it blocks others.
    pub fn is_pending(&self) -> bool {
        self.status.is_open() && self.deleted_at.is_none()
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

    #[test]
    fn time_does_not_run_backwards() {
        let now = UtcTime::now();
        let past = UtcTime::default();
        let trashed = Task::default().trashed(None, now);
        assert_eq!((trashed.deleted_at, trashed.updated_at), (Some(now), now));
        let restored = trashed.restored(None, None, past);
        assert_eq!((restored.deleted_at, restored.updated_at), (None, now));
        let done = restored.changed(past, |task| task.set_status(Status::Done, past));
        let done = done.unwrap();
        assert_eq!((done.completed_at, done.updated_at), (Some(now), now));
    }
}
