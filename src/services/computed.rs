//! What follows from other tasks, for the tasks of one answer: a statement for each kind, however many tasks there are.

use std::collections::{HashMap, HashSet};

use diesel::Connection;

use crate::{
    db::DbConn,
    error::AppError,
    models::{computed::ComputedTask, task::Task},
    repositories::{computed, integrity, tasks},
};

/// Runs `read` so that all it reads is of one snapshot of the database.
pub fn in_snapshot<T>(
    conn: &mut DbConn,
    read: impl FnOnce(&mut DbConn) -> Result<T, AppError>,
) -> Result<T, AppError> {
    conn.transaction(|conn| {
        integrity::freeze(conn)?;
        read(conn)
    })
}

/// Of each of these tasks of `user_id`, in their order.
pub fn of_tasks(
    conn: &mut DbConn,
    user_id: i64,
    tasks: &[Task],
) -> Result<Vec<ComputedTask>, AppError> {
    let mut subtasks: HashMap<i64, ComputedTask> = HashMap::new();
    let ids: Vec<i64> = tasks.iter().map(|task| task.id).collect();
    for (parent, status, count) in computed::count_subtasks(conn, user_id, &ids)? {
        let of_parent = subtasks.entry(parent).or_default();
        of_parent.subtasks += count;
        of_parent.open_subtasks += if status.is_open() { count } else { 0 };
    }
    let open = open_blockers(conn, user_id, tasks)?;
    let of_task = |task: &Task| ComputedTask {
        blocked: task.status.is_open() && task.blocked_by.ids().any(|id| open.contains(&id)),
        ..subtasks.remove(&task.id).unwrap_or_default()
    };
    Ok(tasks.iter().map(of_task).collect())
}

/// The blockers of these tasks that are open and outside the trash.
fn open_blockers(
    conn: &mut DbConn,
    user_id: i64,
    tasks: &[Task],
) -> Result<HashSet<i64>, AppError> {
    let open = tasks.iter().filter(|task| task.status.is_open());
    let mut named: Vec<i64> = open.flat_map(|task| task.blocked_by.ids()).collect();
    named.sort_unstable();
    named.dedup();
    if named.is_empty() {
        return Ok(HashSet::new());
    }
    Ok(tasks::pending(conn, user_id, &named)?.into_iter().collect())
}
