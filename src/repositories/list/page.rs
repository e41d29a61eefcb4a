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

/// The count of a page whose client does not say how long it is to be, with one more to see whether there
/// are others. Only its statements are kept prepared: the count stands in the text.
const COMMON_COUNT: i64 = 51;

/// The SQL types of a task's columns.
type TaskRow = SqlTypeOf<<Task as Selectable<Pg>>::SelectExpression>;

/// What a page is cut from.
#[derive(Clone, Copy)]
pub struct Listing<'a> {
    pub owner: i64,
    pub filter: &'a TaskFilter,
    pub sort: &'a Sort,
    /// What `overdue` is measured by.
    pub now: UtcTime,
}

/// Which page.
pub struct Page<'a> {
    pub listing: &'a Listing<'a>,
    /// Where the page before ended; `None` for the first page.
    pub after: Option<&'a [SortValue]>,
    /// Most tasks on it.
    pub count: i64,
    /// Whether each row has the number of tasks on all pages as well.
    pub with_total: bool,
}

/// The first `count` tasks after a position, or of all.
pub fn page(
    conn: &mut DbConn,
    listing: &Listing<'_>,
    after: Option<&[SortValue]>,
    count: i64,
) -> QueryResult<Vec<Task>> {
    let page = Page {
        listing,
        after,
        count,
        with_total: false,
    };
    Statement::<TaskRow>::of(conn, page).load(conn)
}

/// The same tasks, and how many there are on all pages: both of one state of the database.
pub fn page_and_total(
    conn: &mut DbConn,
    listing: &Listing<'_>,
    after: Option<&[SortValue]>,
    count: i64,
) -> QueryResult<(Vec<Task>, i64)> {
    let page = Page {
        listing,
        after,
        count,
        with_total: true,
    };
    let rows: Vec<(Task, i64)> = Statement::<(TaskRow, BigInt)>::of(conn, page).load(conn)?;
    let total = match (rows.first(), after) {
        (Some((_, total)), _) => *total,
        (None, None) => 0,
        // No row carries the total past the last task, where any total goes with the page.
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
    let page = Page {
        listing,
        after,
        count,
        with_total: false,
    };
    Statement::<TaskRow>::of(conn, page)
}

fn total(conn: &mut DbConn, listing: &Listing<'_>) -> QueryResult<i64> {
    let page = Page {
        listing,
        after: None,
        count: 0,
        with_total: false,
    };
    let sql = writer(conn, page).total();
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
        let is_common = !page.listing.filter.is_set()
            && page.listing.sort.terms().len() <= 2
            && page.count == COMMON_COUNT
            && !page.with_total;
        let (sql, has_one_plan) = writer(conn, page).statement();
        Self::new(sql, is_common && has_one_plan)
    }
}
