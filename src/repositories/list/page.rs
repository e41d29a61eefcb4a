//! The statement of a page.

use diesel::{QueryResult, RunQueryDsl, sql_types::BigInt};

use super::{
    access::Access,
    arms::{Arm, Told, arms, push_values},
    conditions::{push_bound, push_filter, push_in_title, push_order, push_range_order, question},
    ranges::{Range, ranges},
};
use crate::{
    db::DbConn,
    models::{
        filter::TaskFilter,
        sort::{Sort, SortKey, SortValue},
        task::Task,
        time::UtcTime,
    },
    repositories::{
        statement::{Statement, is_postgres},
        tasks::{COLUMNS, TaskColumns},
    },
};

/// The count of a page whose client does not say how long it is to be, with one to see if there are
/// more. Only its statements are kept: the count stands in the text, since SQLite compiles a statement
/// with a bound `LIMIT` anew at every call.
const COMMON_COUNT: i64 = 51;

/// How many tasks [`Access::TryThenFind`] tries: what a twentieth of all tasks has fills a page.
const TRIED: i64 = 1000;

/// What a page is cut from.
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
    if let Some(question) = question(listing) {
        statement.sql(" AND ");
        question.push(&mut statement, is_postgres(conn));
    }
    push_filter(&mut statement, listing, (true, true));
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
    // One key and the id: of these there are few.
    let common = !listing.filter.is_set() && terms.len() <= 2 && count == COMMON_COUNT;
    // PostgreSQL may keep a plan for users of middling size, which need not be one for a large account
    // where statuses are merged.
    let steady = !postgres || matches!(ranges.as_slice(), [only] if !is_merged(only, listing));
    let mut statement = Statement::new("").cached(common && steady);
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
        match self.postgres {
            true => self.push_ranges_one_by_one(statement, ranges),
            false => self.push_ranges_in_turn(statement, ranges),
        }
        push_order(statement, self.listing.sort.terms(), false, "id");
        statement.sql(format!(" LIMIT {}", self.count));
    }

    /// SQLite runs the parts of a `UNION ALL` in their order, and none of them once it has enough.
    fn push_ranges_in_turn(&self, statement: &mut Page, ranges: &[Range]) {
        statement.sql(format!("SELECT {COLUMNS} FROM ("));
        for (number, range) in ranges.iter().enumerate() {
            statement.sql(if number == 0 { "" } else { " UNION ALL " });
            statement.sql("SELECT * FROM (");
            self.push_range(statement, range, 0, false);
            statement.sql(format!(") AS range_{number}"));
        }
        statement.sql(format!(" LIMIT {}) AS page", self.count));
    }

    /// On PostgreSQL each range is told what those before it have found.
    fn push_ranges_one_by_one(&self, statement: &mut Page, ranges: &[Range]) {
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
    }

    /// The tasks of a range in their order, as many as those before it, of which there are `number`,
    /// leave room for: where there is none, it is not read at all.
    fn push_range(&self, statement: &mut Page, range: &Range, number: usize, alone: bool) {
        let access = Access::of(range, self.listing.filter, self.postgres);
        let arms = arms(&access);
        let simple = alone && !self.ranked && access != Access::TryThenFind;
        if let ([arm], true) = (arms.as_slice(), simple) {
            return self.push_arm(statement, range, &access, arm, true);
        }
        if access == Access::TryThenFind {
            self.push_try(statement, range);
        }
        let columns = if alone { COLUMNS } else { "*" };
        statement.sql(format!("SELECT {columns} FROM ("));
        match access {
            Access::TryThenFind => {
                statement.sql("SELECT * FROM tried WHERE (SELECT count(*) FROM tried) = ");
                statement
                    .sql(self.count.to_string())
                    .sql(" UNION ALL SELECT * FROM found");
            }
            _ => self.push_arms(statement, range, &access, &arms),
        }
        statement.sql(") AS arms");
        push_range_order(statement, range, "id");
        statement.sql(format!(" LIMIT {}", self.count));
        for before in 0..number {
            statement.sql(format!(" - (SELECT count(*) FROM range_{before})"));
        }
    }

    /// SQLite merges arms by itself, reading no more than it needs. PostgreSQL reads a page of each,
    /// in one form for all, which it plans once.
    fn push_arms(&self, statement: &mut Page, range: &Range, access: &Access, arms: &[Arm]) {
        match arms {
            [only] => {
                statement.sql("SELECT * FROM (");
                self.push_arm(statement, range, access, only, false);
                statement.sql(") AS arm");
            }
            [first, ..] if self.postgres => {
                statement.sql("SELECT found.* FROM (VALUES ");
                statement.list(arms, push_values);
                statement.sql(") AS arm (arm_status, arm_priority) CROSS JOIN LATERAL (");
                let any = (first.0.map(|_| Told::ByArm), first.1.map(|_| Told::ByArm));
                self.push_arm(statement, range, access, &any, false);
                statement.sql(") AS found");
            }
            several => {
                for (number, arm) in several.iter().enumerate() {
                    statement.sql(if number == 0 { "" } else { " UNION ALL " });
                    self.push_unordered(statement, range, access, arm, false);
                }
            }
        }
    }

    /// `tried`, what the first tasks of the range hold, and `found`, all of it where that is no page.
    fn push_try(&self, statement: &mut Page, range: &Range) {
        let none = (None, None);
        statement.sql("WITH tried AS MATERIALIZED (");
        self.push_columns(statement, false);
        statement.sql(format!(
            " FROM (SELECT {COLUMNS}, search FROM tasks WHERE user_id = "
        ));
        statement
            .int(self.listing.owner)
            .sql(" AND deleted_at IS NULL");
        self.push_bounds(statement, range, "id");
        push_range_order(statement, range, "id");
        statement.sql(format!(" LIMIT {TRIED}) AS first WHERE true"));
        self.push_question(statement);
        push_filter(statement, self.listing, (true, true));
        push_range_order(statement, range, "id");
        statement.sql(format!(
            " LIMIT {count}), found AS MATERIALIZED (SELECT * FROM (",
            count = self.count
        ));
        self.push_arm(statement, range, &Access::Find, &none, false);
        statement.sql(format!(
            ") AS all_found LIMIT CASE WHEN (SELECT count(*) FROM tried) = {count} THEN 0 ELSE {count} END) ",
            count = self.count
        ));
    }

    /// One range of an index, no more than a page of it.
    fn push_arm(
        &self,
        statement: &mut Page,
        range: &Range,
        access: &Access,
        arm: &Arm,
        alone: bool,
    ) {
        self.push_unordered(statement, range, access, arm, alone);
        push_range_order(statement, range, id_column(access));
        statement.sql(format!(" LIMIT {}", self.count));
    }

    fn push_unordered(
        &self,
        statement: &mut Page,
        range: &Range,
        access: &Access,
        (status, priority): &Arm,
        alone: bool,
    ) {
        self.push_columns(statement, alone);
        self.push_from(statement, access);
        statement.sql(" AND deleted_at IS NULL");
        match status {
            None => {}
            Some(Told::ByArm) => {
                statement.sql(" AND status = arm_status");
            }
            Some(Told::Value(status)) => {
                statement.sql(" AND status = ").text(status.as_str());
            }
        }
        match priority {
            None => {}
            Some(Told::ByArm) => {
                statement.sql(" AND priority = arm_priority");
            }
            Some(Told::Value(priority)) => {
                statement.sql(" AND priority = ").small(priority.rank());
            }
        }
        self.push_bounds(statement, range, id_column(access));
        match access {
            Access::Stream => self.push_match(statement),
            _ => self.push_question(statement),
        }
        push_filter(
            statement,
            self.listing,
            (status.is_none(), priority.is_none()),
        );
    }

    /// The tables, and whose tasks.
    fn push_from(&self, statement: &mut Page, access: &Access) {
        match access {
            Access::Walk { hint, .. } if !self.postgres => {
                statement.sql(format!(" FROM tasks {hint} WHERE user_id = "));
                statement.int(self.listing.owner);
            }
            Access::Stream => {
                statement.sql(" FROM task_search CROSS JOIN tasks NOT INDEXED");
                statement.sql(" ON tasks.id = task_search.rowid WHERE user_id = ");
                statement.int(self.listing.owner);
            }
            Access::Find | Access::TryThenFind if !self.postgres => {
                statement.sql(" FROM tasks NOT INDEXED WHERE user_id = ");
                statement.int(self.listing.owner);
            }
            Access::Find | Access::TryThenFind => {
                // In this form the owner's own index is left out: the planner does not know that the
                // entries are the owner's already, and would read all of it besides.
                statement.sql(" FROM tasks WHERE (user_id = ");
                statement.int(self.listing.owner).sql(") IS TRUE");
            }
            Access::Walk { .. } => {
                statement
                    .sql(" FROM tasks WHERE user_id = ")
                    .int(self.listing.owner);
            }
        }
    }

    fn push_columns(&self, statement: &mut Page, alone: bool) {
        statement.sql(format!("SELECT {COLUMNS}"));
        // What an order across arms names must be among their columns.
        if self.ranked && !alone {
            statement.sql(", CASE WHEN ");
            push_in_title(statement, self.listing, self.postgres);
            statement.sql(" THEN 0 ELSE 1 END AS relevance");
        }
    }

    fn push_bounds(&self, statement: &mut Page, range: &Range, id: &'static str) {
        for bound in &range.bounds {
            push_bound(statement, self.listing, bound, (id, self.postgres));
        }
    }

    fn push_question(&self, statement: &mut Page) {
        if let Some(question) = question(self.listing) {
            statement.sql(" AND ");
            question.push(statement, self.postgres);
        }
    }

    fn push_match(&self, statement: &mut Page) {
        if let Some(question) = question(self.listing) {
            statement.sql(" AND ");
            question.push_match(statement);
        }
    }
}

/// FTS5 gives its rows in order of its own id, which is the task's.
fn id_column(access: &Access) -> &'static str {
    match access {
        Access::Stream => "task_search.rowid",
        _ => "id",
    }
}

fn is_merged(range: &Range, listing: &Listing<'_>) -> bool {
    arms(&Access::of(range, listing.filter, true)).len() > 1
}
