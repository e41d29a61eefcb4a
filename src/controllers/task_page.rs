//! The query of the list of tasks.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use super::{
    cursor::{Cursor, Limit, refused},
    describe::{Describe, Description, Reads},
    extract::{
        fields::invalid,
        query::{self, Query},
        request::request,
    },
    pages::NextPage,
    respond::{Listed, X_TOTAL_COUNT},
    task_dto::TaskResponse,
};
use crate::{
    error::{AppError, field::Location},
    models::{
        filter::{CommaList, TaskFilter, TimeRange},
        label::LabelName,
        precondition::IfNoneMatch,
        priority::Priority,
        search::Search,
        sort::{Sort, SortValue},
        status::Status,
        task::Task,
        text::ExternalId,
        time::TimeOrDate,
        violation::Violation,
    },
    services::tasks::{Page, PageRequest},
};

request! {
    /// The page of the tasks that match, in an order.
    pub struct TaskQuery as "TaskQuery" {
        /// How many items a page has.
        limit: Limit = Limit::default(),
        cursor: Option<Cursor>,
        /// Whether X-Total-Count says how many tasks there are on all pages. Counting takes longer than reading a page.
        include_total: bool = false,
        /// Only tasks with any of these statuses.
        status: Option<CommaList<Status>>,
        /// Only tasks with any of these priorities.
        priority: Option<CommaList<Priority>>,
        /// Only tasks with any of these labels (each trimmed).
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
        /// Only the task that another system knows by this name.
        external_id: Option<ExternalId>,
        /// Only tasks with all of these words in title and description, the last one as a beginning; case and accents
        /// do not matter. A word is a run of letters and digits, one emoji or one CJK character; everything else
        /// separates, and without a word nothing is found.
        q: Option<Search>,
        /// The order: keys with commas between, each at most once, whether with `-` (descending) or without. Tasks
        /// without a `due_at` come last either way, `title` goes by its case-folded code points, and ties are broken by
        /// `id` in the direction of the last key. `relevance` (all words in the title first) needs `q`.
        sort: Option<Sort>,
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
        };
        if sort.needs_search() && filter.search.is_none() {
            let violation = Violation::new("choice", "can be relevance only with q");
            return Err(refuse("sort", violation));
        }
        let position = self.cursor.map(|cursor| {
            let position: Vec<SortValue> = cursor.open(&scope(&filter, &sort))?;
            // The checksum is no secret: a position that no task can have may come with a right one.
            Some(position)
                .filter(|position| sort.fits(position))
                .ok_or_else(refused)
        });
        Ok(PageRequest {
            after: position
                .transpose()
                .map_err(|violation| refuse("cursor", violation))?,
            filter,
            sort,
            limit: self.limit.get(),
            total: self.include_total,
        })
    }
}

fn list<T>(given: Option<CommaList<T>>) -> Vec<T> {
    given.map(|list| list.0).unwrap_or_default()
}

/// The list and its order, to which a cursor is bound.
fn scope(filter: &TaskFilter, sort: &Sort) -> String {
    // Text, times and booleans, with nothing in them that could fail.
    let filter = serde_json::to_string(filter).unwrap_or_default();
    format!("tasks {sort} {filter}")
}

/// The page that is asked for. Errors: `Validation`.
pub struct TaskPage {
    pub request: PageRequest,
    known: IfNoneMatch,
    next: NextPage,
}

impl TaskPage {
    /// The answer with `found`.
    pub fn answer(self, found: Page<Task>) -> Result<Listed<TaskResponse>, AppError> {
        let Self {
            request,
            known,
            next,
        } = self;
        Listed::new(found, known, |last| {
            let position = request
                .sort
                .position_of(last, request.filter.search.as_ref());
            next.target(&Cursor::new(
                &scope(&request.filter, &request.sort),
                &position,
            ))
        })
    }
}

impl FromRequest for TaskPage {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let known = IfNoneMatch::from_request(req, payload).into_inner();
        let request = query::parse(req.query_string()).and_then(TaskQuery::into_request);
        ready(request.and_then(|request| {
            Ok(Self {
                request,
                known: known?,
                next: NextPage::of(req),
            })
        }))
    }
}

impl Describe for TaskPage {
    const READS: Reads = Query::<TaskQuery>::READS;

    fn describe(description: &mut Description<'_>) {
        Query::<TaskQuery>::describe(description);
        IfNoneMatch::describe(description);
        description.headers.push(X_TOTAL_COUNT);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(query: &str) -> Result<PageRequest, AppError> {
        query::parse(query).and_then(TaskQuery::into_request)
    }

    /// The source is public, so that anyone can make a checksum; that is no position for it.
    #[test]
    fn a_cursor_to_no_position_is_refused() {
        let sort: Sort = "title".parse().unwrap();
        let list = scope(&TaskFilter::default(), &sort);
        let with = |position: &[SortValue]| {
            let cursor = Cursor::new(&list, &position);
            read(&format!("sort=title&cursor={cursor}"))
        };
        let (text, id) = (SortValue::Text("a".to_owned()), SortValue::Number(1));
        assert!(with(&[text.clone(), id.clone()]).is_ok());
        for wrong in [
            &[][..],
            std::slice::from_ref(&text),
            &[id.clone(), text.clone()],
            &[text.clone(), SortValue::Number(0)],
            &[SortValue::Text("a\0b".to_owned()), id],
        ] {
            let refused = with(wrong).err().map(|error| format!("{error:?}"));
            assert!(
                refused.is_some_and(|error| error.contains("cursor")),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn a_position_that_no_task_can_have_is_refused() {
        let taken = |position: &[SortValue]| {
            let scope = scope(&TaskFilter::default(), &Sort::default());
            let cursor = Cursor::new(&scope, &position);
            read(&format!("cursor={cursor}")).is_ok()
        };
        assert!(taken(&[SortValue::Number(7)]));
        for position in [
            &[][..],
            &[SortValue::Number(0)],
            &[SortValue::Text("7".to_owned())],
            &[SortValue::Number(7), SortValue::Number(7)],
        ] {
            assert!(!taken(position), "{position:?}");
        }
    }

    proptest! {
        #[test]
        fn no_query_makes_it_panic(
            names in proptest::collection::vec(
                "limit|cursor|include_total|status|priority|label|due_after|created_before|overdue|external_id|q|sort|x", 0..6),
            values in proptest::collection::vec("[ -~]{0,20}|[a-z0-9,%_-]{0,30}|todo|true|-id|2026-01-01", 6),
        ) {
            let pairs: Vec<String> = names.iter().zip(&values).map(|(n, v)| format!("{n}={v}")).collect();
            let _ = read(&pairs.join("&"));
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = read(&text);
        }
    }
}
