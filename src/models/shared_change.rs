//! Changes that many tasks have in common, so that one statement writes them.

use std::collections::BTreeMap;

use diesel::AsChangeset;

use super::{
    blockers::Blockers,
    deletion::Deletion,
    order_key::OrderKey,
    status::Status,
    task::{Change, Task},
    time::UtcTime,
};
use crate::schema::tasks;

/// What changes in a task when another one does: where it belongs, its status, and whether it is in the trash. `None`
/// leaves a column as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, AsChangeset)]
#[diesel(table_name = tasks)]
pub struct SharedChange {
    pub project_id: Option<Option<i64>>,
    pub parent_id: Option<Option<i64>>,
    pub status: Option<Status>,
    pub completed_at: Option<Option<UtcTime>>,
    pub deleted_at: Option<Option<UtcTime>>,
    pub deletion: Option<Option<Deletion>>,
    pub updated_at: UtcTime,
}

/// What few changes of a task set. `None` leaves a column as it is: of one that is set, SQLite writes the entries in its
/// indexes anew even where it has the same value.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = tasks)]
pub struct ChangedRelations {
    pub project_id: Option<Option<i64>>,
    pub parent_id: Option<Option<i64>>,
    pub blocked_by: Option<Blockers>,
    pub position: Option<Option<OrderKey>>,
    pub deletion: Option<Option<Deletion>>,
}

impl Change<'_> {
    /// Those of its columns that few changes set.
    pub fn relations(&self) -> ChangedRelations {
        let Self { before, after } = self;
        ChangedRelations {
            project_id: changed(&before.project_id, &after.project_id),
            parent_id: changed(&before.parent_id, &after.parent_id),
            blocked_by: changed(&before.blocked_by, &after.blocked_by),
            position: changed(&before.position, &after.position),
            deletion: changed(&before.deletion, &after.deletion),
        }
    }
}

/// Changes, by how they are written.
pub struct Changes<'a> {
    /// Each the change of several tasks and by how much their versions grow, with their ids.
    pub shared: BTreeMap<(SharedChange, i64), Vec<i64>>,
    pub single: Vec<Change<'a>>,
}

impl<'a> Changes<'a> {
    pub fn of(changes: impl IntoIterator<Item = Change<'a>>) -> Self {
        let mut sorted = Self {
            shared: BTreeMap::new(),
            single: Vec::new(),
        };
        for change in changes {
            let Change { before, after } = change;
            match SharedChange::of(before, after) {
                Some(shared) => {
                    let key = (shared, after.version - before.version);
                    sorted.shared.entry(key).or_default().push(before.id);
                }
                None => sorted.single.push(change),
            }
        }
        sorted
    }
}

impl SharedChange {
    /// `None` where more changes than its columns.
    fn of(before: &Task, after: &Task) -> Option<Self> {
        let same = Task {
            project_id: after.project_id,
            parent_id: after.parent_id,
            status: after.status,
            completed_at: after.completed_at,
            deleted_at: after.deleted_at,
            deletion: after.deletion.clone(),
            updated_at: after.updated_at,
            version: after.version,
            ..before.clone()
        };
        (same == *after).then(|| Self {
            project_id: changed(&before.project_id, &after.project_id),
            parent_id: changed(&before.parent_id, &after.parent_id),
            status: changed(&before.status, &after.status),
            completed_at: changed(&before.completed_at, &after.completed_at),
            deleted_at: changed(&before.deleted_at, &after.deleted_at),
            deletion: changed(&before.deletion, &after.deletion),
            updated_at: after.updated_at,
        })
    }
}

fn changed<T: Clone + PartialEq>(before: &T, after: &T) -> Option<T> {
    (before != after).then(|| after.clone())
}
