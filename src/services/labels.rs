//! Labels. There is no label without a task: it comes with the first and goes with the last.

use std::collections::BTreeMap;

use diesel::Connection;

use super::tasks::Page;
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        label::{LabelCount, LabelName, Labels},
        time::UtcTime,
    },
    repositories::{labels, tasks, users},
};

/// One page of the labels of `user_id` in order of name, from the one after `place` on.
pub fn list(
    conn: &mut DbConn,
    user_id: i64,
    place: Option<&str>,
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
        .filter(|(name, _)| place.is_none_or(|place| name.as_str() > place))
        .map(|(name, tasks)| LabelCount { name, tasks })
        .take(limit as usize + 1);
    Ok(Page::cut(found.collect(), limit))
}

/// Renames a label on every task; where `new` exists, the two become one. Errors: `NotFound`.
pub fn rename(
    conn: &mut DbConn,
    user_id: i64,
    old: &LabelName,
    new: &LabelName,
    now: UtcTime,
) -> Result<LabelCount, AppError> {
    conn.transaction(|conn| {
        // To its own name changes nothing, and so no version either.
        if old != new {
            users::lock(conn, user_id)?.ok_or(AppError::InvalidToken)?;
            if replace(conn, user_id, old, Some(new), now)? == 0 {
                return Err(AppError::NotFound);
            }
        }
        match labels::count(conn, user_id, new)? {
            0 => Err(AppError::NotFound),
            tasks => Ok(LabelCount {
                name: new.as_str().to_owned(),
                tasks,
            }),
        }
    })
}

/// Takes a label away from every task. Errors: `NotFound`.
pub fn remove(
    conn: &mut DbConn,
    user_id: i64,
    name: &LabelName,
    now: UtcTime,
) -> Result<(), AppError> {
    conn.transaction(|conn| {
        users::lock(conn, user_id)?.ok_or(AppError::InvalidToken)?;
        match replace(conn, user_id, name, None, now)? {
            0 => Err(AppError::NotFound),
            _ => Ok(()),
        }
    })
}

/// Returns how many tasks had the label.
fn replace(
    conn: &mut DbConn,
    user_id: i64,
    old: &LabelName,
    new: Option<&LabelName>,
    now: UtcTime,
) -> Result<usize, AppError> {
    let mut ids_by_labels: BTreeMap<Labels, Vec<i64>> = BTreeMap::new();
    let mut replaced = 0;
    for (id, set) in labels::lock(conn, user_id, old, i64::MAX)? {
        ids_by_labels.entry(set).or_default().push(id);
    }
    for (set, ids) in ids_by_labels {
        replaced += labels::set(conn, user_id, &ids, &set.replaced(old, new), now)?;
    }
    Ok(replaced)
}
