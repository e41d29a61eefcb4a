//! Labels. There is no label without a task: it comes with the first and goes with the last.

use std::collections::BTreeMap;

use diesel::Connection;

use super::{
    steps::{STEP, Step},
    tasks::Page,
};
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        label::{LabelCount, LabelName, Labels},
        time::UtcTime,
    },
    repositories::{labels, tasks, users},
};

/// One page of the labels of `user_id` in order of name, after the name `after`.
pub fn list(
    conn: &mut DbConn,
    user_id: i64,
    after: Option<&str>,
    limit: u32,
) -> Result<Page<LabelCount>, AppError> {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for (set, tasks) in tasks::count_label_sets(conn, user_id)? {
        for name in set.names() {
            *counts.entry(name.to_owned()).or_default() += tasks;
        }
    }
    let found = counts
        .into_iter()
        .filter(|(name, _)| after.is_none_or(|after| name.as_str() > after))
        .map(|(name, tasks)| LabelCount { name, tasks })
        .take(limit as usize + 1);
    Ok(Page::cut(found.collect(), limit))
}

/// Takes a step of renaming a label on every task; where `new` exists, the two become one. `renamed`: how many
/// tasks the steps before have taken. Errors: `NotFound`; `InvalidToken` where the user is gone.
pub fn rename(
    conn: &mut DbConn,
    user_id: i64,
    old: &LabelName,
    new: &LabelName,
    renamed: usize,
    now: UtcTime,
) -> Result<Step<LabelCount>, AppError> {
    conn.transaction(|conn| {
        // To its own name changes nothing, and so no version either.
        if old != new {
            let rows = replace(conn, user_id, old, Some(new), now)?;
            if rows == STEP as usize {
                return Ok(Step::More(rows));
            }
            if renamed + rows == 0 {
                return Err(AppError::NotFound);
            }
        }
        let tasks = labels::count(conn, user_id, new)?;
        if tasks == 0 {
            return Err(AppError::NotFound);
        }
        let name = new.as_str().to_owned();
        Ok(Step::Done(LabelCount { name, tasks }))
    })
}

/// Takes a step of taking a label away from every task. `removed`: from how many the steps before have. Errors:
/// `NotFound`; `InvalidToken` where the user is gone.
pub fn remove(
    conn: &mut DbConn,
    user_id: i64,
    name: &LabelName,
    removed: usize,
    now: UtcTime,
) -> Result<Step<()>, AppError> {
    conn.transaction(|conn| {
        let rows = replace(conn, user_id, name, None, now)?;
        if rows == STEP as usize {
            return Ok(Step::More(rows));
        }
        if removed + rows == 0 {
            return Err(AppError::NotFound);
        }
        Ok(Step::Done(()))
    })
}

/// Replaces the label on a step's tasks. Returns how many they were.
fn replace(
    conn: &mut DbConn,
    user_id: i64,
    old: &LabelName,
    new: Option<&LabelName>,
    now: UtcTime,
) -> Result<usize, AppError> {
    users::lock(conn, user_id)?.ok_or(AppError::REVOKED)?;
    // Many tasks have the same labels: those are written in one statement.
    let mut ids_by_labels: BTreeMap<Labels, Vec<i64>> = BTreeMap::new();
    for (id, set) in labels::lock(conn, user_id, old, STEP)? {
        ids_by_labels.entry(set).or_default().push(id);
    }
    let mut rows = 0;
    for (set, ids) in ids_by_labels {
        rows += labels::set(conn, user_id, &ids, &set.replaced(old, new), now)?;
    }
    Ok(rows)
}
