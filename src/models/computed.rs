//! What follows from other rows: it is part of no version, and is worked out where it is asked for.

/// Of a task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ComputedTask {
    /// Its direct subtasks outside the trash.
    pub subtasks: i64,
    /// Those of them that are open.
    pub open_subtasks: i64,
    /// Whether the task is open, and one of its blockers is open and outside the trash.
    pub blocked: bool,
}
