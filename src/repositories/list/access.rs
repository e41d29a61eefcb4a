//! How a range is read.

use super::ranges::{Bound, Range};
use crate::models::{filter::TaskFilter, priority::Priority, sort::SortKey, status::Status};

/// How a range is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// In the order of an index, tested task by task.
    Walk {
        /// The index, for SQLite: its planner has no idea that a page needs few rows, and would rather
        /// sort all that a filter leaves. PostgreSQL knows, and chooses by itself.
        hint: &'static str,
        /// The range is read as one for each of these and merged; empty where the index does not
        /// begin with them.
        statuses: Vec<Status>,
        priorities: Vec<Priority>,
    },
    /// Found by the inverted index, and sorted.
    Find,
    /// Found by the inverted index, which gives them in order of id (SQLite).
    Stream,
    /// PostgreSQL's inverted index has no order: whoever searches for what nearly every task has would
    /// sort them all. So the first tasks of the index in this order are tried, and only where they do
    /// not fill the page all others are found.
    TryThenFind,
}

impl Access {
    /// For a range of the tasks that `filter` leaves.
    pub fn of(range: &Range, filter: &TaskFilter, postgres: bool) -> Self {
        let keys = keys(range);
        if filter.external_id.is_some() {
            return Self::walk("INDEXED BY tasks_external_id_key");
        }
        if filter.search.is_some() || !filter.labels.is_empty() {
            return Self::inverted(range, &keys, postgres);
        }
        if let Some(hint) = by_time(&keys, filter).filter(|_| !postgres) {
            return Self::walk(hint);
        }
        let of_status = !filter.status.is_empty();
        let of_priority = !filter.priority.is_empty();
        match keys.as_slice() {
            [SortKey::CreatedAt, ..] => Self::walk("INDEXED BY tasks_created_idx"),
            [SortKey::UpdatedAt, ..] => Self::walk("INDEXED BY tasks_updated_idx"),
            [SortKey::Title, ..] => Self::walk("INDEXED BY tasks_title_idx"),
            [SortKey::DueAt, ..] if of_priority => {
                Self::merge("INDEXED BY tasks_priority_due_idx", filter, true)
            }
            [SortKey::DueAt, ..] => Self::merge("INDEXED BY tasks_due_idx", filter, false),
            [SortKey::Priority, SortKey::DueAt, ..] => {
                Self::merge("INDEXED BY tasks_priority_due_idx", filter, false)
            }
            [SortKey::Priority, ..] => Self::merge("INDEXED BY tasks_priority_idx", filter, false),
            _ if of_status || of_priority => {
                Self::merge("INDEXED BY tasks_priority_idx", filter, true)
            }
            _ => Self::walk("INDEXED BY tasks_user_id_id_idx"),
        }
    }

    fn inverted(range: &Range, keys: &[SortKey], postgres: bool) -> Self {
        let by_rank = |bound: &Bound| matches!(bound, Bound::Equal(SortKey::Relevance, _));
        let ranked = range.bounds.iter().any(by_rank)
            || range
                .order
                .iter()
                .any(|term| term.key == SortKey::Relevance);
        match (keys, postgres) {
            ([SortKey::Id], false) => Self::Stream,
            ([SortKey::DueAt | SortKey::Priority, ..], true) => Self::Find,
            (_, true) if !ranked => Self::TryThenFind,
            _ => Self::Find,
        }
    }

    fn walk(hint: &'static str) -> Self {
        Self::Walk {
            hint,
            statuses: Vec::new(),
            priorities: Vec::new(),
        }
    }

    fn merge(hint: &'static str, filter: &TaskFilter, by_priority: bool) -> Self {
        let statuses = match filter.status.as_slice() {
            [] => Status::ALL.to_vec(),
            chosen => chosen.to_vec(),
        };
        let priorities = match (by_priority, filter.priority.as_slice()) {
            (false, _) => Vec::new(),
            (true, []) => Priority::ALL.to_vec(),
            (true, chosen) => chosen.to_vec(),
        };
        Self::Walk {
            hint,
            statuses,
            priorities,
        }
    }
}

/// The hint where SQLite is to find the tasks by a time and sort them: a list that is not in the order
/// of that time is taken to ask for few, such as those that have changed since the last look.
fn by_time(keys: &[SortKey], filter: &TaskFilter) -> Option<&'static str> {
    let times = [
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
    let asked = || times.iter().filter(|(_, time, _)| time.is_set());
    let in_order = asked().any(|(key, ..)| keys.first() == Some(key));
    let first = asked().next().filter(|_| !in_order);
    first.map(|(_, _, hint)| *hint)
}

/// The keys that a range is cut and ordered by, the relevance apart.
fn keys(range: &Range) -> Vec<SortKey> {
    let bounds = range.bounds.iter().map(|bound| match bound {
        Bound::Equal(key, _) => *key,
        Bound::Past(term, _) | Bound::PastPair(term, _, _) => term.key,
        Bound::Due => SortKey::DueAt,
    });
    let order = range.order.iter().map(|term| term.key);
    let mut keys: Vec<SortKey> = bounds.chain(order).collect();
    keys.retain(|key| *key != SortKey::Relevance);
    keys.dedup();
    keys
}
