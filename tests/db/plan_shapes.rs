//! The kinds of pages whose plans are looked at.

use task_api::models::{filter::TaskFilter, id::Id};

use crate::fixtures::time;

pub struct Shape {
    pub query: &'static str,
    pub sort: &'static str,
    /// What must be read; several where the engines differ.
    pub indexes: &'static [&'static str],
    pub filter: fn(&mut TaskFilter),
}

pub const SHAPES: &[Shape] = &[
    Shape {
        query: "",
        sort: "-id",
        indexes: &["tasks_pkey", "tasks_user_id_id_idx"],
        filter: |_| {},
    },
    Shape {
        query: "",
        sort: "created_at",
        indexes: &["tasks_created_idx"],
        filter: |_| {},
    },
    Shape {
        query: "",
        sort: "-updated_at",
        indexes: &["tasks_updated_idx"],
        filter: |_| {},
    },
    Shape {
        query: "",
        sort: "title",
        indexes: &["tasks_title_idx"],
        filter: |_| {},
    },
    Shape {
        query: "",
        sort: "due_at",
        indexes: &["tasks_due_idx"],
        filter: |_| {},
    },
    Shape {
        query: "",
        sort: "-due_at",
        indexes: &["tasks_due_idx"],
        filter: |_| {},
    },
    Shape {
        query: "",
        sort: "-priority",
        indexes: &["tasks_priority_idx"],
        filter: |_| {},
    },
    Shape {
        query: "status=todo,in_progress",
        sort: "-due_at",
        indexes: &["tasks_due_idx"],
        filter: |filter| {
            filter.status = vec!["todo".parse().unwrap(), "in_progress".parse().unwrap()]
        },
    },
    Shape {
        query: "status=todo",
        sort: "-priority,due_at",
        indexes: &["tasks_priority_due_idx"],
        filter: |filter| filter.status = vec!["todo".parse().unwrap()],
    },
    Shape {
        query: "status=cancelled",
        sort: "-id",
        indexes: &["tasks_priority_idx"],
        filter: |filter| filter.status = vec!["cancelled".parse().unwrap()],
    },
    Shape {
        query: "priority=urgent",
        sort: "due_at",
        indexes: &["tasks_priority_due_idx"],
        filter: |filter| filter.priority = vec!["urgent".parse().unwrap()],
    },
    Shape {
        query: "external_id=x",
        sort: "-id",
        indexes: &["tasks_external_id_key"],
        filter: |filter| filter.external_id = Some("x".parse().unwrap()),
    },
    Shape {
        query: "q=rare words",
        sort: "-id",
        indexes: &["tasks_search_idx", "task_search"],
        filter: |filter| filter.search = Some("rare words".parse().unwrap()),
    },
    Shape {
        query: "",
        sort: "position",
        indexes: &["tasks_position_idx"],
        filter: |_| {},
    },
    Shape {
        query: "",
        sort: "-position",
        indexes: &["tasks_position_idx"],
        filter: |_| {},
    },
    Shape {
        query: "project=3",
        sort: "-id",
        indexes: &["tasks_project_idx"],
        filter: |filter| filter.projects = ids(&[3]),
    },
    Shape {
        query: "project=3,4",
        sort: "id",
        indexes: &["tasks_project_idx"],
        filter: |filter| filter.projects = ids(&[3, 4]),
    },
    Shape {
        query: "project=3",
        sort: "position",
        indexes: &["tasks_project_position_idx"],
        filter: |filter| filter.projects = ids(&[3]),
    },
    Shape {
        query: "project=3,4",
        sort: "-position",
        indexes: &["tasks_project_position_idx"],
        filter: |filter| filter.projects = ids(&[3, 4]),
    },
    Shape {
        query: "parent=7",
        sort: "-id",
        indexes: &["tasks_parent_idx"],
        filter: |filter| filter.parents = ids(&[7]),
    },
    Shape {
        query: "parent=7,8",
        sort: "-id",
        indexes: &["tasks_parent_idx"],
        filter: |filter| filter.parents = ids(&[7, 8]),
    },
    Shape {
        query: "blocked_by=9",
        sort: "-id",
        indexes: &["tasks_blocked_by_idx", "task_search"],
        filter: |filter| filter.blockers = ids(&[9]),
    },
    Shape {
        query: "q=rare&label_all=l,m",
        sort: "-id",
        indexes: &["tasks_search_idx", "task_search"],
        filter: |filter| {
            filter.search = Some("rare".parse().unwrap());
            filter.all_labels = vec!["l".parse().unwrap(), "m".parse().unwrap()];
        },
    },
];

/// Pages in an order that the index of their filter does not have: it leaves few tasks, which are sorted.
pub const SORTED_SHAPES: &[Shape] = &[
    Shape {
        query: "parent=7",
        sort: "position",
        indexes: &["tasks_parent_idx"],
        filter: |filter| filter.parents = ids(&[7]),
    },
    Shape {
        query: "parent=7",
        sort: "-updated_at",
        indexes: &["tasks_parent_idx"],
        filter: |filter| filter.parents = ids(&[7]),
    },
    Shape {
        query: "parent=7",
        sort: "-priority",
        indexes: &["tasks_parent_idx"],
        filter: |filter| filter.parents = ids(&[7]),
    },
    Shape {
        query: "project=3",
        sort: "due_at",
        indexes: &["tasks_project_idx"],
        filter: |filter| filter.projects = ids(&[3]),
    },
    Shape {
        query: "project=3",
        sort: "-title",
        indexes: &["tasks_project_idx"],
        filter: |filter| filter.projects = ids(&[3]),
    },
    Shape {
        query: "project=3",
        sort: "-created_at",
        indexes: &["tasks_project_idx"],
        filter: |filter| filter.projects = ids(&[3]),
    },
    Shape {
        query: "completed_after=2026-10-01",
        sort: "-id",
        indexes: &["tasks_completed_idx"],
        filter: |filter| filter.completed.after = Some(time("2026-10-01T00:00:00Z")),
    },
    Shape {
        query: "completed_after=2026-10-01",
        sort: "position",
        indexes: &["tasks_completed_idx"],
        filter: |filter| filter.completed.after = Some(time("2026-10-01T00:00:00Z")),
    },
];

fn ids(ids: &[i64]) -> Vec<Id> {
    ids.iter().map(|id| Id::new(*id).unwrap()).collect()
}
