//! Operations on tasks that are written together.

use super::{
    precondition::Expected,
    task::{Task, TaskDraft, TaskPatch},
    value::names,
};

/// Most operations in a batch; the fewest is one.
pub const BATCH_MAX: usize = 100;

/// Most tasks that a request may change; one that would change more changes none.
pub const CHANGES_MAX: usize = 10_000;

/// One operation. An id below zero, wherever it stands, is that of a task which an earlier operation creates.
#[derive(Debug, Clone)]
pub enum Operation {
    Create {
        /// By which later operations know the task.
        temporary_id: Option<i64>,
        draft: TaskDraft,
    },
    Update {
        subject: Subject,
        patch: TaskPatch,
        options: UpdateOptions,
    },
    Delete {
        subject: Subject,
        subtasks: DeletedBelow,
    },
    Restore {
        subject: Subject,
    },
    Move {
        subject: Subject,
        destination: Destination,
    },
}

/// The task that an operation is about.
#[derive(Debug, Clone)]
pub struct Subject {
    pub id: i64,
    pub expected: Expected,
}

/// How a change of a task affects others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UpdateOptions {
    /// Whether a blocked task may become done.
    pub force: bool,
    pub subtasks: UpdatedSubtasks,
}

names! {
    /// What becomes of the tasks below one that is changed.
    #[derive(Default)]
    pub enum UpdatedSubtasks in clients "SUBTASKS" {
        #[default]
        Keep = "keep",
        /// Those that are open get its status.
        Close = "close",
    }
}

names! {
    /// What becomes of the tasks below a task or a project that is deleted.
    #[derive(Default)]
    pub enum DeletedBelow in clients "BELOW" {
        /// They go to the trash too.
        #[default]
        Trash = "trash",
        /// They stay, in no project or one level higher.
        Keep = "keep",
    }
}

/// Where a task is moved: next to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    Before(i64),
    After(i64),
}

impl Destination {
    /// The task next to which it is.
    pub fn anchor(self) -> i64 {
        match self {
            Self::Before(id) | Self::After(id) => id,
        }
    }
}

impl Operation {
    /// The task that it is about, unless it creates one.
    pub fn subject(&self) -> Option<&Subject> {
        match self {
            Self::Create { .. } => None,
            Self::Update { subject, .. }
            | Self::Delete { subject, .. }
            | Self::Restore { subject }
            | Self::Move { subject, .. } => Some(subject),
        }
    }

    /// The task that is to be the parent of its task.
    pub fn parent(&self) -> Option<i64> {
        match self {
            Self::Create { draft, .. } => draft.parent_id,
            Self::Update { patch, .. } => patch.parent_id.flatten(),
            _ => None,
        }
    }

    /// The project that is to be that of its task.
    pub fn project(&self) -> Option<i64> {
        match self {
            Self::Create { draft, .. } => draft.project_id,
            Self::Update { patch, .. } => patch.project_id.flatten(),
            _ => None,
        }
    }

    /// The tasks that are to block its task.
    pub fn blockers(&self) -> &[i64] {
        match self {
            Self::Create { draft, .. } => &draft.blocked_by,
            Self::Update { patch, .. } => patch.blocked_by.as_deref().unwrap_or_default(),
            _ => &[],
        }
    }

    /// The external id that its task is to have.
    pub fn external_id(&self) -> Option<&str> {
        let external_id = match self {
            Self::Create { draft, .. } => draft.external_id.as_ref(),
            Self::Update { patch, .. } => patch.external_id.as_ref().and_then(Option::as_ref),
            _ => None,
        };
        external_id.map(|id| id.as_str())
    }

    /// Whether it may change tasks below that which it is about.
    pub fn reaches_below(&self) -> bool {
        match self {
            Self::Update { patch, options, .. } => {
                let is_placed = patch.parent_id.is_some() || patch.project_id.is_some();
                is_placed || options.subtasks == UpdatedSubtasks::Close
            }
            Self::Delete { .. } => true,
            Self::Create { .. } | Self::Restore { .. } | Self::Move { .. } => false,
        }
    }
}

/// What became of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    Created(Task),
    /// Updated, restored or moved.
    Changed(Task),
    Deleted,
}
