//! Labels. There is no label without a task: it comes with the first and goes with the last.

use std::collections::BTreeMap;

use diesel::Connection;

use super::tasks::Page;
use crate::{
    db::DbConn,
    error::AppError,
    models::{
        label::{LabelCount, LabelName},
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
            *counts.entry(name.clone()).or_default() += tasks;
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
            users::take_turn(conn, user_id)?;
            if labels::replace(conn, user_id, old, Some(new), now)? == 0 {
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
        users::take_turn(conn, user_id)?;
        match labels::replace(conn, user_id, name, None, now)? {
            0 => Err(AppError::NotFound),
            _ => Ok(()),
        }
    })
}
