//! The query of the list of tasks.

use super::{
    cursor::{Cursor, Limit, refused},
    describe::{Describe, Description, Reads},
    extract::{
        fields::invalid,
        from_head,
        query::{self, Query},
        request::request,
    },
    pages::PageAddress,
    respond::{Listed, X_TOTAL_COUNT},
    task_dto::TaskResponse,
};
use crate::{
    error::{AppError, field::Location},
    models::{
        filter::{CommaList, OptionalMember, TaskFilter, TimeRange},
        id::Id,
        label::LabelName,
        precondition::IfNoneMatch,
        priority::Priority,
        search::Search,
        sort::{Sort, SortValue},
        status::Status,
        text::ExternalId,
        time::TimeOrDate,
        violation::Violation,
    },
    services::tasks::{Page, PageRequest, Shown},
};

/// Most values of `with` and of `without`.
const MEMBERS_MAX: usize = OptionalMember::ALL.len();

request! {
    /// The page of the tasks that match, in an order.
    pub struct TaskQuery as "TaskQuery" {
        /// How many items a page has.
        limit: Limit = Limit::default(),
        cursor: Option<Cursor>,
        /// Whether X-Total-Count says how many tasks there are on all pages. Counting takes longer than reading a page.
        include_total: bool = false,
        /// Whether each task has the members that follow from other tasks as well: `subtasks`, `open_subtasks`, `blocked`.
        include_computed: bool = false,
        /// Only tasks with any of these statuses.
        status: Option<CommaList<Status>>,
        /// Only tasks with any of these priorities.
        priority: Option<CommaList<Priority>>,
        /// Only tasks with any of these labels (each normalised to NFC and trimmed).
        label: Option<CommaList<LabelName>>,
        /// Only tasks whose `due_at` is at or after this.
        due_after: Option<TimeOrDate>,
        /// Only tasks whose `due_at` is before this.
        due_before: Option<TimeOrDate>,
        /// Only tasks whose `created_at` is at or after this.
        created_after: Option<TimeOrDate>,
        /// Only tasks whose `created_at` is before this.
        created_before: Option<TimeOrDate>,
        /// Only tasks whose `updated_at` is at or after this.
        updated_after: Option<TimeOrDate>,
        /// Only tasks whose `updated_at` is before this.
        updated_before: Option<TimeOrDate>,
        /// `true`: only tasks that are due before now and are `todo` or `in_progress`; `false`: only all others.
        overdue: Option<bool>,
        /// Only tasks whose `completed_at` is at or after this.
        completed_after: Option<TimeOrDate>,
        /// Only tasks whose `completed_at` is before this.
        completed_before: Option<TimeOrDate>,
        /// Only tasks in any of these projects.
        project: Option<CommaList<Id>>,
        /// Only tasks in none of these projects, so too those in none at all.
        project_not: Option<CommaList<Id>>,
        /// Only direct subtasks of any of these tasks.
        parent: Option<CommaList<Id>>,
        /// Only tasks that name any of these in `blocked_by`.
        blocked_by: Option<CommaList<Id>>,
        /// Only tasks with all of these labels.
        label_all: Option<CommaList<LabelName>>,
        /// Only tasks with none of these labels, so too those without labels.
        label_not: Option<CommaList<LabelName>>,
        /// Only tasks in which each of these is null or empty (`due` is `due_at`).
        without: Option<CommaList<OptionalMember, MEMBERS_MAX>>,
        /// Only tasks in which none of these is null or empty.
        with: Option<CommaList<OptionalMember, MEMBERS_MAX>>,
        /// `true`: only open tasks with an open blocker outside the trash; `false`: only all others.
        blocked: Option<bool>,
        /// `true`: only tasks in archived projects; `false`: only all others.
        archived: Option<bool>,
        /// Only the task that another system knows by this name.
        external_id: Option<ExternalId>,
        /// Only tasks with all of these words in title and description, the last one as a beginning; case, accents and
        /// compatibility forms (NFKC) do not matter. A word is a run of letters and digits, one emoji, or one character
        /// with its marks in a script without blanks (CJK, Thai, Lao, Khmer, Burmese). Format characters in a word are
        /// ignored, everything else separates, and without a word nothing is found.
        q: Option<Search>,
        /// The order: keys, in a repeated parameter or with commas between, each at most once, whether with `-` (descending) or without. Tasks
        /// without a `due_at` come last either way, `title` goes by its case-folded code points, and ties are broken by
        /// `id` in the direction of the last key. `relevance` (all words in the title first) needs `q`; `position` is the
        /// order by hand.
        sort: Option<Sort>,
    }
    example {
        "limit": 50,
        "cursor": "",
        "include_total": true,
        "include_computed": true,
        "status": ["todo", "in_progress"],
        "priority": ["high", "urgent"],
        "label": ["home"],
        "due_after": "2026-11-23",
        "due_before": "2026-12-24T18:00:00+01:00",
        "created_after": "2026-01-01",
        "created_before": "2027-01-01",
        "updated_after": "2026-01-01T00:00:00Z",
        "updated_before": "2027-01-01T00:00:00Z",
        "overdue": false,
        "completed_after": "2026-01-01",
        "completed_before": "2027-01-01",
        "project": [3],
        "project_not": [4],
        "parent": [7],
        "blocked_by": [5, 6],
        "label_all": ["home"],
        "label_not": ["work"],
        "without": ["due"],
        "with": ["project_id"],
        "blocked": false,
        "archived": false,
        "external_id": "issue-17",
        "q": "milk",
        "sort": ["-priority", "due_at"],
    }
}

impl TaskQuery {
    /// Errors: `Validation` where the order needs a search, or the cursor is of another list.
    fn into_request(self) -> Result<PageRequest, AppError> {
        let refuse = |name, violation| invalid(Location::parameter(name), violation);
        let sort = self.sort.unwrap_or_default();
        let filter = TaskFilter {
            status: list(self.status),
            priority: list(self.priority),
            labels: list(self.label),
            due: TimeRange::new(self.due_after, self.due_before),
            created: TimeRange::new(self.created_after, self.created_before),
            updated: TimeRange::new(self.updated_after, self.updated_before),
            overdue: self.overdue,
            external_id: self.external_id,
            search: self.q,
            completed: TimeRange::new(self.completed_after, self.completed_before),
            projects: list(self.project),
            parents: list(self.parent),
            blockers: list(self.blocked_by),
            not_projects: list(self.project_not),
            not_labels: list(self.label_not),
            all_labels: list(self.label_all),
            without: list(self.without),
            with: list(self.with),
            blocked: self.blocked,
            archived: self.archived,
        };
        if sort.needs_search() && filter.search.is_none() {
            let violation = Violation::new("choice", "must not contain relevance without q");
            return Err(refuse("sort", violation));
        }
        let position = self.cursor.map(|cursor| {
            let position: Option<Vec<SortValue>> = cursor.open(&scope(&filter, &sort))?;
            // The checksum is no secret: a position that no task can have may come with a right one.
            let fits = position.as_ref().is_none_or(|position| sort.fits(position));
            fits.then_some(position).ok_or_else(refused)
        });
        Ok(PageRequest {
            after: position
                .transpose()
                .map_err(|violation| refuse("cursor", violation))?
                .flatten(),
            filter,
            sort,
            limit: self.limit.get(),
            total: self.include_total,
            computed: self.include_computed,
        })
    }
}

fn list<T, const MAX: usize>(given: Option<CommaList<T, MAX>>) -> Vec<T> {
    given.map(|list| list.0).unwrap_or_default()
}

/// The list and its order, to which a cursor is bound.
fn scope(filter: &TaskFilter, sort: &Sort) -> String {
    // Text, times and booleans, with nothing in them that could fail.
    let filter = serde_json::to_string(filter).unwrap_or_default();
    format!("tasks {sort} {filter}")
}

/// The page that is asked for.
pub struct TaskPage {
    pub request: PageRequest,
    address: PageAddress,
}

impl TaskPage {
    /// The answer with `found`.
    pub fn answer(self, found: Page<Shown>) -> Result<Listed<TaskResponse>, AppError> {
        let PageRequest { sort, filter, .. } = &self.request;
        let position = |(last, _): &Shown| sort.position_of(last, filter.search.as_ref());
        self.address.answer(found, &scope(filter, sort), position)
    }
}

// Errors: `Validation`.
from_head!(TaskPage, |req| Ok(Self {
    request: query::parse(req.query_string()).and_then(TaskQuery::into_request)?,
    address: PageAddress::of(req)?,
}));

impl Describe for TaskPage {
    const READS: Reads = Query::<TaskQuery>::READS.union(IfNoneMatch::READS);

    fn describe(description: &mut Description<'_>) {
        Query::<TaskQuery>::describe(description);
        IfNoneMatch::describe(description);
        description.headers.push(X_TOTAL_COUNT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<PageRequest, AppError> {
        query::parse(query).and_then(TaskQuery::into_request)
    }

    /// What a release adds to the filter is no part of the scope where it is no condition.
    #[test]
    fn a_cursor_of_the_release_before_stays_good() {
        let none = r#"{"after":null,"before":null}"#;
        let lists = r#""status":[],"priority":[],"labels":[]"#;
        let times = format!(r#""due":{none},"created":{none},"updated":{none}"#);
        let others = r#""overdue":null,"external_id":null,"search":null"#;
        assert_eq!(
            scope(&TaskFilter::default(), &Sort::default()),
            format!("tasks -id {{{lists},{times},{others}}}")
        );
    }

    /// The source is public, so that anyone can make a checksum; that is no position for it.
    #[test]
    fn a_cursor_to_a_position_that_no_task_can_have_is_refused() {
        use SortValue::{Number, Text};
        let text = |text: &str| Text(text.to_owned());
        let by_title = [text("a"), Number(1)];
        let by_id = [Number(7)];
        let by_hand = [text("a7"), Number(7)];
        for (order, right, wrong) in [
            ("title", &by_title[..], &[][..]),
            ("title", &by_title, &[text("a")]),
            ("title", &by_title, &[Number(1), text("a")]),
            ("title", &by_title, &[text("a"), Number(0)]),
            ("title", &by_title, &[text("a\0b"), Number(1)]),
            ("position", &by_hand, &[text("a7")]),
            ("position", &by_hand, &[text(""), Number(7)]),
            ("position", &by_hand, &[text("a-7"), Number(7)]),
            ("-id", &by_id, &[]),
            ("-id", &by_id, &[Number(0)]),
            ("-id", &by_id, &[text("7")]),
            ("-id", &by_id, &[Number(7), Number(7)]),
        ] {
            let list = scope(&TaskFilter::default(), &order.parse().unwrap());
            let with = |position: &[SortValue]| {
                let cursor = Cursor::new(&list, &position);
                read(&format!("sort={order}&cursor={cursor}"))
            };
            assert!(with(right).is_ok());
            let refused = with(wrong).err().map(|error| format!("{error:?}"));
            assert!(
                refused.is_some_and(|error| error.contains("cursor")),
                "{wrong:?}"
            );
        }
    }
}
