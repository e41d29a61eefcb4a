//! The statement of a page.

use diesel::{QueryResult, RunQueryDsl, sql_types::BigInt};

use super::{
    access::Access,
    ranges::{Bound, Range, ranges},
};
use crate::{
    db::DbConn,
    models::{
        filter::{TaskFilter, TimeRange},
        priority::Priority,
        sort::{Sort, SortKey, SortTerm, SortValue},
        status::Status,
        task::Task,
        time::UtcTime,
    },
    repositories::{
        search::Question,
        statement::{Statement, is_postgres},
        tasks::{COLUMNS, TaskColumns},
    },
};

/// The count of a page whose client does not say how long it is to be, with one to see if there are
/// more. Only its statements are kept: the count stands in the text, since SQLite compiles a statement
/// with a bound `LIMIT` anew at every call.
const COMMON_COUNT: i64 = 51;

/// What a page is cut from. Its search, if it has one, has words.
pub struct Listing<'a> {
    pub owner: i64,
    pub filter: &'a TaskFilter,
    pub sort: &'a Sort,
    /// What `overdue` is measured by.
    pub now: UtcTime,
}

/// The first `count` tasks after `place`, or of all.
pub fn page(
    conn: &mut DbConn,
    listing: &Listing<'_>,
    place: Option<&[SortValue]>,
    count: i64,
) -> QueryResult<Vec<Task>> {
    statement(is_postgres(conn), listing, place, count).load(conn)
}

/// How many tasks there are on all pages.
pub fn total(conn: &mut DbConn, listing: &Listing<'_>) -> QueryResult<i64> {
    let mut statement = Statement::<BigInt>::new("SELECT count(*) FROM tasks WHERE user_id = ");
    statement.int(listing.owner).sql(" AND deleted_at IS NULL");
    let postgres = is_postgres(conn);
    push_filter(&mut statement, listing, &Access::default(), postgres);
    statement.get_result(conn)
}

/// The statement that [`page`] runs.
pub fn statement(
    postgres: bool,
    listing: &Listing<'_>,
    place: Option<&[SortValue]>,
    count: i64,
) -> Statement<TaskColumns> {
    let terms = listing.sort.terms();
    let ranges = ranges(terms, place);
    let common = !listing.filter.is_set() && ranges.len() == 1 && count == COMMON_COUNT;
    let mut statement = Statement::new("").cached(common);
    let writer = Writer {
        listing,
        postgres,
        count,
        ranked: terms.iter().any(|term| term.key == SortKey::Relevance),
    };
    match ranges.as_slice() {
        [only] => writer.push_range(&mut statement, only, 0, true),
        several => writer.push_ranges(&mut statement, several),
    }
    statement
}

struct Writer<'a> {
    listing: &'a Listing<'a>,
    postgres: bool,
    count: i64,
    ranked: bool,
}

type Page = Statement<TaskColumns>;

impl Writer<'_> {
    /// As many ranges as a page needs, in their order.
    fn push_ranges(&self, statement: &mut Page, ranges: &[Range]) {
        statement.sql("WITH ");
        statement.list(ranges.iter().enumerate(), |statement, (number, range)| {
            statement.sql(format!("range_{number} AS MATERIALIZED ("));
            self.push_range(statement, range, number, false);
            statement.sql(")");
        });
        statement.sql(format!(" SELECT {COLUMNS} FROM (SELECT * FROM range_0"));
        for number in 1..ranges.len() {
            statement.sql(format!(" UNION ALL SELECT * FROM range_{number}"));
        }
        statement.sql(") AS page");
        self.push_order(statement, self.listing.sort.terms(), false);
        statement.sql(format!(" LIMIT {}", self.count));
    }

    /// The tasks of a range in their order, as many as those before it, of which there are `number`,
    /// leave room for: where there is none, it is not read at all.
    fn push_range(&self, statement: &mut Page, range: &Range, number: usize, alone: bool) {
        let access = Access::of(range, self.listing.filter, self.postgres);
        let arms = arms(&access);
        if let ([arm], true, false) = (arms.as_slice(), alone, self.ranked) {
            return self.push_arm(statement, range, &access, arm, true);
        }
        let columns = if alone { COLUMNS } else { "*" };
        statement.sql(format!("SELECT {columns} FROM ("));
        for (arm_number, arm) in arms.iter().enumerate() {
            let union = if arm_number == 0 { "" } else { " UNION ALL " };
            statement.sql(format!("{union}SELECT * FROM ("));
            self.push_arm(statement, range, &access, arm, false);
            statement.sql(format!(") AS arm_{arm_number}"));
        }
        statement.sql(") AS arms");
        self.push_order(statement, &range.order, has_due(range));
        statement.sql(format!(" LIMIT {}", self.count));
        for before in 0..number {
            statement.sql(format!(" - (SELECT count(*) FROM range_{before})"));
        }
    }

    /// One range of an index, no more than a page of it.
    fn push_arm(
        &self,
        statement: &mut Page,
        range: &Range,
        access: &Access,
        (status, priority): &Arm,
        alone: bool,
    ) {
        statement.sql(format!("SELECT {COLUMNS}"));
        // What an order across arms names must be among their columns.
        if !alone {
            statement.sql(", title_key");
            if self.ranked {
                statement.sql(", ");
                self.push_rank(statement);
                statement.sql(" AS relevance");
            }
        }
        statement.sql(" FROM tasks");
        if !self.postgres {
            statement.sql(format!(" {}", access.hint));
        }
        statement.sql(" WHERE user_id = ").int(self.listing.owner);
        statement.sql(" AND deleted_at IS NULL");
        if let Some(status) = status {
            statement.sql(" AND status = ").text(status.as_str());
        }
        if let Some(priority) = priority {
            statement.sql(" AND priority = ").small(priority.rank());
        }
        for bound in &range.bounds {
            self.push_bound(statement, bound);
        }
        push_filter(statement, self.listing, access, self.postgres);
        self.push_order(statement, &range.order, has_due(range));
        statement.sql(format!(" LIMIT {}", self.count));
    }

    fn push_bound(&self, statement: &mut Page, bound: &Bound) {
        statement.sql(" AND ");
        match bound {
            Bound::Due => {
                statement.sql("due_at IS NOT NULL");
            }
            Bound::Equal(SortKey::Relevance, SortValue::Number(rank)) => {
                if *rank == 1 {
                    statement.sql("NOT ");
                }
                statement.sql("(");
                self.push_title_question(statement);
                statement.sql(")");
            }
            Bound::Equal(key, SortValue::None) => {
                statement.sql(column(*key)).sql(" IS NULL");
            }
            Bound::Equal(key, value) => {
                statement.sql(column(*key)).sql(" = ");
                push_value(statement, value);
            }
            Bound::Past(term, value) => {
                statement.sql(column(term.key)).sql(past(*term));
                push_value(statement, value);
            }
            Bound::PastPair(term, value, id) => {
                statement.sql("(").sql(column(term.key)).sql(", id)");
                statement.sql(past(*term)).sql("(");
                push_value(statement, value);
                statement.sql(", ");
                push_value(statement, id);
                statement.sql(")");
            }
        }
    }

    /// `due` says that all of them have a due time. PostgreSQL reads an index backwards only for an
    /// order that does not speak of nulls.
    fn push_order(&self, statement: &mut Page, order: &[SortTerm], due: bool) {
        statement.sql(" ORDER BY ");
        statement.list(order, |statement, term| {
            statement.sql(column(term.key));
            statement.sql(match (term.descending, term.key) {
                (false, SortKey::DueAt) => " ASC NULLS LAST",
                (true, SortKey::DueAt) if !due => " DESC NULLS LAST",
                (false, _) => " ASC",
                (true, _) => " DESC",
            });
        });
    }

    /// 0 where all words are in the title, else 1.
    fn push_rank(&self, statement: &mut Page) {
        statement.sql("CASE WHEN ");
        self.push_title_question(statement);
        statement.sql(" THEN 0 ELSE 1 END");
    }

    fn push_title_question(&self, statement: &mut Page) {
        let search = self.listing.filter.search.as_ref();
        match search.and_then(|search| Question::title(self.listing.owner, search)) {
            Some(question) => question.push(statement, self.postgres),
            None => {
                statement.sql("1 = 0");
            }
        }
    }
}

/// The part of a range that has one status and one priority, where the index begins with them.
type Arm = (Option<Status>, Option<Priority>);

fn arms(access: &Access) -> Vec<Arm> {
    let statuses = each(&access.statuses).into_iter();
    statuses
        .flat_map(|status| {
            let priorities = each(&access.priorities).into_iter();
            priorities.map(move |priority| (status, priority))
        })
        .collect()
}

/// Each value, or none of them once.
fn each<T: Copy>(values: &[T]) -> Vec<Option<T>> {
    match values {
        [] => vec![None],
        values => values.iter().copied().map(Some).collect(),
    }
}

/// Adds what the filter asks for, but for what the arms say already.
fn push_filter<Row>(
    statement: &mut Statement<Row>,
    listing: &Listing<'_>,
    access: &Access,
    postgres: bool,
) {
    let filter = listing.filter;
    if access.statuses.is_empty() && !filter.status.is_empty() {
        statement.sql(" AND status IN (");
        statement.list(&filter.status, |s, status| {
            s.text(status.as_str());
        });
        statement.sql(")");
    }
    if access.priorities.is_empty() && !filter.priority.is_empty() {
        statement.sql(" AND priority IN (");
        statement.list(&filter.priority, |s, priority| {
            s.small(priority.rank());
        });
        statement.sql(")");
    }
    push_time(statement, "due_at", filter.due);
    push_time(statement, "created_at", filter.created);
    push_time(statement, "updated_at", filter.updated);
    if let Some(overdue) = filter.overdue {
        statement.sql(if overdue { " AND (" } else { " AND NOT (" });
        statement.sql("status IN ('todo', 'in_progress') AND due_at IS NOT NULL AND due_at < ");
        statement.time(listing.now).sql(")");
    }
    if let Some(external_id) = &filter.external_id {
        statement
            .sql(" AND external_id = ")
            .text(external_id.as_str());
    }
    if !filter.labels.is_empty() {
        statement.sql(" AND ");
        Question::labels(listing.owner, &filter.labels).push(statement, postgres);
    }
    if let Some(search) = &filter.search {
        statement.sql(" AND ");
        match Question::words(listing.owner, search) {
            Some(question) => question.push(statement, postgres),
            None => {
                statement.sql("1 = 0");
            }
        }
    }
}

fn push_time<Row>(statement: &mut Statement<Row>, column: &'static str, range: TimeRange) {
    if let Some(after) = range.after {
        statement.sql(" AND ").sql(column).sql(" >= ").time(after);
    }
    if let Some(before) = range.before {
        statement.sql(" AND ").sql(column).sql(" < ").time(before);
    }
}

fn push_value<Row>(statement: &mut Statement<Row>, value: &SortValue) {
    match value {
        SortValue::Number(number) => statement.int(*number),
        SortValue::Time(time) => statement.time(*time),
        SortValue::Text(text) => statement.text(text.as_str()),
        SortValue::None => statement.sql("NULL"),
    };
}

fn has_due(range: &Range) -> bool {
    range.bounds.iter().any(|bound| match bound {
        Bound::Due => true,
        Bound::Equal(key, value) => *key == SortKey::DueAt && *value != SortValue::None,
        Bound::Past(term, _) | Bound::PastPair(term, _, _) => term.key == SortKey::DueAt,
    })
}

fn column(key: SortKey) -> &'static str {
    match key {
        SortKey::Id => "id",
        SortKey::CreatedAt => "created_at",
        SortKey::UpdatedAt => "updated_at",
        SortKey::DueAt => "due_at",
        SortKey::Priority => "priority",
        SortKey::Title => "title_key",
        SortKey::Relevance => "relevance",
    }
}

fn past(term: SortTerm) -> &'static str {
    if term.descending { " < " } else { " > " }
}
