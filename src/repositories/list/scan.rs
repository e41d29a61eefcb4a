//! How a range is read.

use diesel::sql_types::{BigInt, SmallInt, Text};

use super::{
    ranges::Range,
    statement::{Sql, bind},
};
use crate::models::{
    filter::{TaskFilter, TimeRange},
    id::Id,
    priority::Priority,
    sort::SortKey,
    status::Status,
};

/// How a range is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanPlan {
    /// In the order of an index; each row is tested.
    Index {
        name: &'static str,
        /// The parts of the range that are read separately and merged, since the index begins with the
        /// columns by which they differ. There is at least one.
        branches: Vec<Branch>,
    },
    /// Found by the inverted index, and sorted.
    FullText,
}

/// The tasks of a range that have these values.
pub type Branch = Vec<(Column, ColumnValue)>;

/// A column that indexes begin with, of which a filter may name several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Status,
    Priority,
    Project,
    Parent,
}

/// A value of such a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnValue {
    Status(Status),
    Priority(Priority),
    Id(Id),
}

impl Column {
    pub const ALL: [Self; 4] = [Self::Status, Self::Priority, Self::Project, Self::Parent];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Priority => "priority",
            Self::Project => "project_id",
            Self::Parent => "parent_id",
        }
    }

    /// The values that a filter names: any value where it names none.
    pub fn named(self, filter: &TaskFilter) -> Vec<ColumnValue> {
        match self {
            Self::Status => statuses(&filter.status),
            Self::Priority => priorities(&filter.priority),
            Self::Project => ids(&filter.projects),
            Self::Parent => ids(&filter.parents),
        }
    }

    /// The values that a task of a filter may have. A project or a parent is looked for only where some are named.
    fn possible(self, filter: &TaskFilter) -> Vec<ColumnValue> {
        let named = self.named(filter);
        match self {
            Self::Status if named.is_empty() => statuses(Status::ALL),
            Self::Priority if named.is_empty() => priorities(Priority::ALL),
            _ => named,
        }
    }
}

fn statuses(values: &[Status]) -> Vec<ColumnValue> {
    values.iter().copied().map(ColumnValue::Status).collect()
}

fn priorities(values: &[Priority]) -> Vec<ColumnValue> {
    values.iter().copied().map(ColumnValue::Priority).collect()
}

fn ids(values: &[Id]) -> Vec<ColumnValue> {
    values.iter().copied().map(ColumnValue::Id).collect()
}

impl From<ColumnValue> for Sql {
    fn from(value: ColumnValue) -> Self {
        match value {
            ColumnValue::Status(status) => bind::<Text, _>(status),
            ColumnValue::Priority(priority) => bind::<SmallInt, _>(priority),
            ColumnValue::Id(id) => bind::<BigInt, _>(id.get()),
        }
    }
}

impl ScanPlan {
    /// For a range of the tasks that match `filter`.
    pub fn of(range: &Range, filter: &TaskFilter) -> Self {
        if filter.external_id.is_some() {
            return Self::whole("tasks_external_id_key");
        }
        if is_full_text(filter) {
            return Self::FullText;
        }
        let keys = range.keys();
        Self::by_relation(&keys, filter).unwrap_or_else(|| Self::by_order(&keys, filter))
    }

    /// By an index that begins with the parent or the project that the filter names, in its order or to be sorted.
    fn by_relation(keys: &[SortKey], filter: &TaskFilter) -> Option<Self> {
        if !filter.parents.is_empty() {
            let name = "tasks_parent_idx";
            return Some(match keys {
                [SortKey::Id] => Self::divided(name, filter, &[Column::Parent]),
                _ => Self::whole(name),
            });
        }
        if filter.projects.is_empty() {
            return None;
        }
        Some(match keys {
            [SortKey::Id] => Self::divided("tasks_project_idx", filter, &[Column::Project]),
            [SortKey::Position, ..] => {
                Self::divided("tasks_project_position_idx", filter, &[Column::Project])
            }
            _ => Self::whole("tasks_project_idx"),
        })
    }

    /// By an index that has the order.
    fn by_order(keys: &[SortKey], filter: &TaskFilter) -> Self {
        let by_status = |name| Self::divided(name, filter, &[Column::Status]);
        let by_status_and_priority =
            |name| Self::divided(name, filter, &[Column::Status, Column::Priority]);
        let of_status = !filter.status.is_empty();
        let of_priority = !filter.priority.is_empty();
        match keys {
            [SortKey::CreatedAt, ..] => Self::whole("tasks_created_idx"),
            [SortKey::UpdatedAt, ..] => Self::whole("tasks_updated_idx"),
            [SortKey::Title, ..] => Self::whole("tasks_title_idx"),
            [SortKey::Position, ..] => Self::whole("tasks_position_idx"),
            [SortKey::DueAt, ..] if of_priority => by_status_and_priority("tasks_priority_due_idx"),
            [SortKey::DueAt, ..] => by_status("tasks_due_idx"),
            [SortKey::Priority, SortKey::DueAt, ..] => by_status("tasks_priority_due_idx"),
            [SortKey::Priority, ..] => by_status("tasks_priority_idx"),
            _ if of_status || of_priority => by_status_and_priority("tasks_priority_idx"),
            _ => Self::whole("tasks_user_id_id_idx"),
        }
    }

    /// The range as one branch.
    pub fn whole(name: &'static str) -> Self {
        let branches = vec![Branch::new()];
        Self::Index { name, branches }
    }

    /// A branch for each combination of values of `columns`.
    fn divided(name: &'static str, filter: &TaskFilter, columns: &[Column]) -> Self {
        let mut branches = vec![Branch::new()];
        for column in columns {
            let values = column.possible(filter);
            let with = |branch: &Branch, value| {
                let value = (*column, value);
                branch.iter().copied().chain([value]).collect::<Branch>()
            };
            let of_branch = |branch: Branch| {
                let values = values.iter();
                values
                    .map(|value| with(&branch, *value))
                    .collect::<Vec<_>>()
            };
            branches = branches.into_iter().flat_map(of_branch).collect();
        }
        Self::Index { name, branches }
    }
}

/// Whether the inverted index answers a part of the filter.
fn is_full_text(filter: &TaskFilter) -> bool {
    let TaskFilter {
        labels,
        all_labels,
        blockers,
        ..
    } = filter;
    filter.search.is_some() || !(labels.is_empty() && all_labels.is_empty() && blockers.is_empty())
}

/// The index by which tasks are found by a time of the filter, to be sorted then: a list in another order is
/// expected to match few tasks, such as those that have changed since the last request. `None` where the
/// filter has no time, where the range has the order of that time, and where another filter leaves fewer.
pub fn time_index(range: &Range, filter: &TaskFilter) -> Option<&'static str> {
    let leaves_fewer = !(filter.projects.is_empty() && filter.parents.is_empty());
    if filter.external_id.is_some() || is_full_text(filter) || leaves_fewer {
        return None;
    }
    let times = [
        (
            Some(SortKey::UpdatedAt),
            filter.updated,
            "tasks_updated_idx",
        ),
        (None, filter.completed, "tasks_completed_idx"),
        (
            Some(SortKey::CreatedAt),
            filter.created,
            "tasks_created_idx",
        ),
        (Some(SortKey::DueAt), filter.due, "tasks_due_idx"),
    ];
    let keys = range.keys();
    let first = keys.first().copied();
    let is_set = |(_, time, _): &(Option<SortKey>, TimeRange, &'static str)| time.is_set();
    let set: Vec<_> = times.into_iter().filter(is_set).collect();
    if set.iter().any(|(key, ..)| key.is_some() && *key == first) {
        return None;
    }
    set.first().map(|(.., index)| *index)
}
