//! One page of a list.

use diesel::{
    QueryResult, RunQueryDsl, Selectable, dsl::SqlTypeOf, pg::Pg, query_builder::QueryFragment,
    sql_types::BigInt,
};

use super::{
    postgres::Postgres,
    sqlite::Sqlite,
    statement::{Backend, Statement},
    writer::Writer,
};
use crate::{
    db::DbConn,
    models::{
        filter::TaskFilter,
        sort::{Sort, SortValue},
        task::Task,
        time::UtcTime,
    },
};

/// The count of a page of the default length, with the one task more that says whether there is a next page.
/// Only its statements are kept prepared, since the count is part of the text.
const COMMON_COUNT: i64 = 51;

/// The SQL types of a task's columns.
type TaskRow = SqlTypeOf<<Task as Selectable<Pg>>::SelectExpression>;

/// The list that a page is cut from.
#[derive(Clone, Copy)]
pub struct Listing<'a> {
    pub owner: i64,
    pub filter: &'a TaskFilter,
    pub sort: &'a Sort,
    /// The time by which a task is `overdue`.
    pub now: UtcTime,
}

/// One page of a list.
pub struct Page<'a> {
    pub listing: &'a Listing<'a>,
    /// Where the page before ended; `None` for the first page.
    pub after: Option<&'a [SortValue]>,
    /// Most tasks on it.
    pub count: i64,
    /// Whether each row has the number of tasks on all pages as well.
    pub with_total: bool,
}

impl<'a> Page<'a> {
    fn new(listing: &'a Listing<'a>, after: Option<&'a [SortValue]>, count: i64) -> Self {
        Self {
            listing,
            after,
            count,
            with_total: false,
        }
    }
}

/// The first `count` tasks after a position, or of all.
pub fn page(
    conn: &mut DbConn,
    listing: &Listing<'_>,
    after: Option<&[SortValue]>,
    count: i64,
) -> QueryResult<Vec<Task>> {
    Statement::<TaskRow>::of(conn, Page::new(listing, after, count)).load(conn)
}

/// The same tasks, and the number of tasks on all pages, both of one snapshot of the database.
pub fn page_and_total(
    conn: &mut DbConn,
    listing: &Listing<'_>,
    after: Option<&[SortValue]>,
    count: i64,
) -> QueryResult<(Vec<Task>, i64)> {
    let page = Page {
        with_total: true,
        ..Page::new(listing, after, count)
    };
    let rows: Vec<(Task, i64)> = Statement::<(TaskRow, BigInt)>::of(conn, page).load(conn)?;
    let total = match (rows.first(), after) {
        (Some((_, total)), _) => *total,
        (None, None) => 0,
        // Past the last task there is no row to carry the total, and no task that could contradict it.
        (None, Some(_)) => total(conn, listing)?,
    };
    Ok((rows.into_iter().map(|(task, _)| task).collect(), total))
}

/// The statement that [`page`] runs.
pub fn statement(
    conn: &DbConn,
    listing: &Listing<'_>,
    after: Option<&[SortValue]>,
    count: i64,
) -> impl QueryFragment<Backend> + use<> {
    Statement::<TaskRow>::of(conn, Page::new(listing, after, count))
}

fn total(conn: &mut DbConn, listing: &Listing<'_>) -> QueryResult<i64> {
    let sql = writer(conn, Page::new(listing, None, 0)).total();
    Statement::<BigInt>::new(sql, false).get_result(conn)
}

fn writer<'a>(conn: &DbConn, page: Page<'a>) -> Box<dyn Writer + 'a> {
    match conn {
        DbConn::Postgres(_) => Box::new(Postgres(page)),
        DbConn::Sqlite(_) => Box::new(Sqlite(page)),
    }
}

impl<Row> Statement<Row> {
    fn of(conn: &DbConn, page: Page<'_>) -> Self {
        // Of the orders by one key and the id there are few, and with them few texts.
        let is_common = page.listing.filter.is_simple()
            && page.listing.sort.terms().len() <= 2
            && page.count == COMMON_COUNT;
        let (sql, has_one_plan) = writer(conn, page).statement();
        Self::new(sql, is_common && has_one_plan)
    }
}
