//! Several operations on tasks in one request.

use super::task::{Task, TaskDraft, TaskPatch};

/// Most operations in a batch; the fewest is one.
pub const BATCH_MAX: usize = 100;

/// One operation. `if_version` is the version that the task must have.
#[derive(Debug, Clone)]
pub enum Operation {
    Create(TaskDraft),
    Update {
        id: i64,
        if_version: Option<i64>,
        patch: TaskPatch,
    },
    Delete {
        id: i64,
        if_version: Option<i64>,
    },
    Restore {
        id: i64,
    },
}

/// What became of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    Created(Task),
    /// Updated or restored.
    Changed(Task),
    Deleted,
}
