//! How a range is read.

use super::ranges::Range;
use crate::models::{
    filter::{TaskFilter, TimeRange},
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

/// The tasks of a range that have this status and this priority; any where it is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Branch {
    pub status: Option<Status>,
    pub priority: Option<Priority>,
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
        let of_status = !filter.status.is_empty();
        let of_priority = !filter.priority.is_empty();
        match range.keys().as_slice() {
            [SortKey::CreatedAt, ..] => Self::whole("tasks_created_idx"),
            [SortKey::UpdatedAt, ..] => Self::whole("tasks_updated_idx"),
            [SortKey::Title, ..] => Self::whole("tasks_title_idx"),
            [SortKey::DueAt, ..] if of_priority => {
                Self::by_status_and_priority("tasks_priority_due_idx", filter)
            }
            [SortKey::DueAt, ..] => Self::by_status("tasks_due_idx", filter),
            [SortKey::Priority, SortKey::DueAt, ..] => {
                Self::by_status("tasks_priority_due_idx", filter)
            }
            [SortKey::Priority, ..] => Self::by_status("tasks_priority_idx", filter),
            _ if of_status || of_priority => {
                Self::by_status_and_priority("tasks_priority_idx", filter)
            }
            _ => Self::whole("tasks_user_id_id_idx"),
        }
    }

    /// The range as one branch.
    pub fn whole(name: &'static str) -> Self {
        let branches = vec![Branch::default()];
        Self::Index { name, branches }
    }

    fn by_status(name: &'static str, filter: &TaskFilter) -> Self {
        Self::branches(name, filter, &[None])
    }

    fn by_status_and_priority(name: &'static str, filter: &TaskFilter) -> Self {
        let priorities = chosen(&filter.priority, Priority::ALL).iter().copied();
        Self::branches(name, filter, &priorities.map(Some).collect::<Vec<_>>())
    }

    fn branches(name: &'static str, filter: &TaskFilter, priorities: &[Option<Priority>]) -> Self {
        let of_status = |status: &Status| {
            let status = Some(*status);
            priorities
                .iter()
                .map(move |&priority| Branch { status, priority })
        };
        let statuses = chosen(&filter.status, Status::ALL);
        let branches = statuses.iter().flat_map(of_status).collect();
        Self::Index { name, branches }
    }
}

/// The values that a filter names, or all where it names none.
fn chosen<'a, T>(named: &'a [T], all: &'a [T]) -> &'a [T] {
    if named.is_empty() { all } else { named }
}

/// Whether the inverted index answers a part of the filter.
fn is_full_text(filter: &TaskFilter) -> bool {
    filter.search.is_some() || !filter.labels.is_empty()
}

/// The index by which tasks are found by a time of the filter, to be sorted then: a list in another order is
/// expected to match few tasks, such as those that have changed since the last request. `None` where the
/// filter has no time, where the range has the order of that time, and where another filter leaves fewer.
pub fn time_index(range: &Range, filter: &TaskFilter) -> Option<&'static str> {
    if filter.external_id.is_some() || is_full_text(filter) {
        return None;
    }
    let times = [
        (SortKey::UpdatedAt, filter.updated, "tasks_updated_idx"),
        (SortKey::CreatedAt, filter.created, "tasks_created_idx"),
        (SortKey::DueAt, filter.due, "tasks_due_idx"),
    ];
    let keys = range.keys();
    let is_set = |(_, time, _): &(SortKey, TimeRange, &'static str)| time.is_set();
    let set: Vec<_> = times.into_iter().filter(is_set).collect();
    if set.iter().any(|(key, ..)| keys.first() == Some(key)) {
        return None;
    }
    set.first().map(|(.., index)| *index)
}
