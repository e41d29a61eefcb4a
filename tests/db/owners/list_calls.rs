//! Runs the lists, whose statements have the most shapes: every order with every filter, from the start
//! and after a position.

use task_api::{
    models::{
        filter::{OptionalMember, TaskFilter, TimeRange},
        id::Id,
        sort::Sort,
        user::User,
    },
    repositories::list::page::Listing,
};

use super::tape::Tape;
use crate::{
    call,
    fixtures::{found, label, time, with_label},
};

const SORTS: &[&str] = &[
    "id",
    "-id",
    "created_at",
    "-updated_at",
    "title",
    "-title",
    "due_at",
    "-due_at",
    "priority",
    "-priority",
    "-priority,due_at",
    "due_at,-priority,title",
    "-due_at,id",
    "relevance",
    "relevance,-due_at",
    "position",
    "-position",
    "priority,-position",
];

/// None, each by itself, and some together.
fn filters() -> Vec<TaskFilter> {
    let none = TaskFilter::default;
    let since = TimeRange {
        after: Some(time("2026-01-01T00:00:00Z")),
        before: Some(time("2099-01-01T00:00:00Z")),
    };
    let status = vec!["todo".parse().unwrap(), "in_progress".parse().unwrap()];
    let priority = vec!["urgent".parse().unwrap(), "medium".parse().unwrap()];
    let ids: Vec<Id> = ["1", "2"].map(|id| id.parse().unwrap()).to_vec();
    vec![
        none(),
        TaskFilter {
            status: status.clone(),
            ..none()
        },
        TaskFilter {
            priority: priority.clone(),
            ..none()
        },
        TaskFilter {
            status: status.clone(),
            priority,
            ..none()
        },
        TaskFilter {
            due: since,
            ..none()
        },
        TaskFilter {
            created: since,
            ..none()
        },
        TaskFilter {
            updated: since,
            status: status.clone(),
            ..none()
        },
        TaskFilter {
            overdue: Some(true),
            ..none()
        },
        TaskFilter {
            overdue: Some(false),
            ..none()
        },
        TaskFilter {
            external_id: Some("x".parse().unwrap()),
            ..none()
        },
        TaskFilter {
            labels: vec![label("home"), label("shop")],
            ..none()
        },
        TaskFilter {
            status,
            ..with_label("home")
        },
        found("buy milk"),
        // No word at all.
        found("!!"),
        TaskFilter {
            labels: vec![label("home")],
            ..found("milk")
        },
        TaskFilter {
            external_id: Some("x".parse().unwrap()),
            ..found("milk")
        },
        TaskFilter {
            projects: ids.clone(),
            not_projects: ids.clone(),
            not_labels: vec![label("a"), label("b")],
            without: OptionalMember::ALL.to_vec(),
            with: OptionalMember::ALL.to_vec(),
            ..none()
        },
        TaskFilter {
            parents: ids.clone(),
            blocked: Some(true),
            archived: Some(false),
            ..none()
        },
        TaskFilter {
            completed: since,
            ..none()
        },
        TaskFilter {
            blockers: ids.clone(),
            ..none()
        },
        TaskFilter {
            blockers: ids,
            all_labels: vec![label("a"), label("b")],
            blocked: Some(false),
            archived: Some(true),
            ..found("milk")
        },
    ]
}

pub fn run(tape: &mut Tape, owner: &User) {
    for sort in SORTS {
        let sort: Sort = sort.parse().unwrap();
        let searched = |filter: &TaskFilter| filter.search.is_some() || !sort.needs_search();
        for filter in filters().iter().filter(|filter| searched(filter)) {
            list(tape, owner, filter, &sort);
        }
    }
}

fn list(tape: &mut Tape, owner: &User, filter: &TaskFilter, sort: &Sort) {
    let listing = Listing {
        owner: owner.id,
        filter,
        sort,
        now: time("2026-11-23T09:00:00Z"),
    };
    call!(tape, list::page::page_and_total(&listing, None, 51));
    let all = call!(tape, list::page::page(&listing, None, 51));
    let [Some(first), Some(last)] = [all.first(), all.last()] else {
        return;
    };
    let [first, last] = [first, last].map(|task| sort.position_of(task, filter.search.as_ref()));
    call!(tape, list::page::page(&listing, Some(&first), 2));
    // Past the last task no row has the total.
    call!(tape, list::page::page_and_total(&listing, Some(&last), 2));
}
