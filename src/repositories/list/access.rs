//! By which index a range is read.

use super::ranges::{Bound, Range};
use crate::models::{filter::TaskFilter, priority::Priority, sort::SortKey, status::Status};

/// How a range is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The index, for SQLite: its planner has no idea that a page needs few rows, and would rather
    /// sort all that a filter leaves. PostgreSQL knows, and chooses by itself.
    pub hint: &'static str,
    /// The range is split into one for each of these; empty where the index does not begin with them.
    pub statuses: Vec<Status>,
    pub priorities: Vec<Priority>,
}

impl Access {
    /// For a range of the tasks that `filter` leaves.
    pub fn of(range: &Range, filter: &TaskFilter, postgres: bool) -> Self {
        if let Some(hint) = narrow(range, filter, postgres) {
            return Self {
                hint,
                ..Self::default()
            };
        }
        let of_status = !filter.status.is_empty();
        let of_priority = !filter.priority.is_empty();
        match keys(range) {
            (Some(SortKey::CreatedAt), _) => Self::plain("INDEXED BY tasks_created_idx"),
            (Some(SortKey::UpdatedAt), _) => Self::plain("INDEXED BY tasks_updated_idx"),
            (Some(SortKey::Title), _) => Self::plain("INDEXED BY tasks_title_idx"),
            (Some(SortKey::DueAt), _) if of_priority => {
                Self::split("INDEXED BY tasks_priority_due_idx", filter, true)
            }
            (Some(SortKey::DueAt), _) => Self::split("INDEXED BY tasks_due_idx", filter, false),
            (Some(SortKey::Priority), Some(SortKey::DueAt)) => {
                Self::split("INDEXED BY tasks_priority_due_idx", filter, false)
            }
            (Some(SortKey::Priority), _) => {
                Self::split("INDEXED BY tasks_priority_idx", filter, false)
            }
            _ if of_status || of_priority => {
                Self::split("INDEXED BY tasks_priority_idx", filter, true)
            }
            _ => Self::plain("INDEXED BY tasks_user_id_id_idx"),
        }
    }

    fn plain(hint: &'static str) -> Self {
        Self {
            hint,
            ..Self::default()
        }
    }

    fn split(hint: &'static str, filter: &TaskFilter, by_priority: bool) -> Self {
        let statuses = match filter.status.as_slice() {
            [] => Status::ALL.to_vec(),
            chosen => chosen.to_vec(),
        };
        let priorities = match (by_priority, filter.priority.as_slice()) {
            (false, _) => Vec::new(),
            (true, []) => Priority::ALL.to_vec(),
            (true, chosen) => chosen.to_vec(),
        };
        Self {
            hint,
            statuses,
            priorities,
        }
    }
}

/// The hint where a filter is taken to leave so few tasks that they are best found by it, and sorted.
fn narrow(range: &Range, filter: &TaskFilter, postgres: bool) -> Option<&'static str> {
    if filter.external_id.is_some() {
        return Some("INDEXED BY tasks_external_id_key");
    }
    if filter.search.is_some() {
        return Some("NOT INDEXED");
    }
    if postgres {
        return None;
    }
    if !filter.labels.is_empty() {
        return Some("NOT INDEXED");
    }
    let (first, _) = keys(range);
    let by_time = [
        (
            SortKey::UpdatedAt,
            filter.updated,
            "INDEXED BY tasks_updated_idx",
        ),
        (
            SortKey::CreatedAt,
            filter.created,
            "INDEXED BY tasks_created_idx",
        ),
        (SortKey::DueAt, filter.due, "INDEXED BY tasks_due_idx"),
    ];
    if by_time
        .iter()
        .any(|(key, time, _)| time.is_set() && first == Some(*key))
    {
        return None;
    }
    by_time
        .iter()
        .find(|(_, time, _)| time.is_set())
        .map(|(_, _, hint)| *hint)
}

/// The first two keys that a range is cut and ordered by.
fn keys(range: &Range) -> (Option<SortKey>, Option<SortKey>) {
    let bounds = range.bounds.iter().map(|bound| match bound {
        Bound::Equal(key, _) => *key,
        Bound::Past(term, _) | Bound::PastPair(term, _, _) => term.key,
        Bound::Due => SortKey::DueAt,
    });
    let order = range.order.iter().map(|term| term.key);
    let mut keys: Vec<SortKey> = bounds.chain(order).collect();
    keys.retain(|key| *key != SortKey::Relevance);
    keys.dedup();
    (keys.first().copied(), keys.get(1).copied())
}
