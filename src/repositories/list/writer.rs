//! The statement of a page, as far as both engines write it alike.

use std::sync::LazyLock;

use diesel::sql_types::BigInt;

use super::{
    clauses::{self, Operands},
    conditions::conditions,
    dialect::Dialect,
    full_text::FtsQuery,
    page::Page,
    ranges::{Range, ranges},
    statement::{Sql, bind, join, sql},
};
use crate::{
    models::{sort::SortKey, task::Task},
    repositories::query::column_names,
};

/// The columns of a task: `"id", "user_id", …`, without their table, since they are selected from subqueries as well.
/// They are written once and not for each branch of each statement.
static COLUMNS: LazyLock<String> =
    LazyLock::new(|| format!("\"{}\"", column_names::<Task>().join("\", \"")));

/// The tasks of a range.
pub struct Rows {
    /// The queries that `select` reads from: `name AS MATERIALIZED (…)` each.
    pub with: Vec<Sql>,
    pub select: Sql,
    /// Whether they are in their order already, and no more than a page takes.
    pub is_page: bool,
}

impl Rows {
    /// From a query that orders and cuts them itself.
    pub fn page(select: Sql) -> Self {
        Self {
            with: Vec::new(),
            select,
            is_page: true,
        }
    }

    /// From a query that may give more than a page, in no order.
    pub fn unordered(with: Vec<Sql>, select: Sql) -> Self {
        Self {
            with,
            select,
            is_page: false,
        }
    }
}

/// Writes the statement of a page for one engine.
pub trait Writer {
    /// The page that the statement is for.
    fn page(&self) -> &Page<'_>;

    /// What the engine has other words for.
    fn dialect(&self) -> &'static Dialect;

    /// The condition that a row of `tasks` matches `query`.
    fn matches(&self, query: FtsQuery) -> Sql;

    /// ` AND …`: what an inverted index answers of the filter.
    fn full_text(&self) -> Sql;

    /// A query for the tasks of one range.
    fn rows(&self, range: &Range) -> Rows;

    /// The statement of a page that is cut from several ranges, one after the other.
    fn several_ranges(&self, ranges: &[Range]) -> Sql;

    /// Whether one plan is good for all values, so that it may be kept.
    fn has_one_plan(&self, ranges: &[Range]) -> bool;

    /// The statement, and whether one plan of it is good for all values.
    fn statement(&self) -> (Sql, bool) {
        let ranges = ranges(self.page().listing.sort.terms(), self.page().after);
        let sql = match ranges.as_slice() {
            [only] => self.one_range(only),
            several => self.several_ranges(several),
        };
        (sql, self.has_one_plan(&ranges))
    }

    /// The statement of a page that is cut from one range.
    fn one_range(&self, range: &Range) -> Sql {
        let rows = self.rows(range);
        if rows.is_page && !self.is_by(SortKey::Relevance) && !self.page().with_total {
            return rows.select;
        }
        self.cut(rows.with, rows.select, clauses::range_order(range, "id"))
    }

    /// The statement of a page that is cut from `rows` in this order.
    fn cut(&self, mut with_queries: Vec<Sql>, rows: Sql, order: Sql) -> Sql {
        let mut columns = sql![COLUMNS.as_str()];
        if self.page().with_total {
            with_queries.push(sql!["counted AS (", self.total(), ")"]);
            columns.push(", (SELECT total FROM counted) AS total");
        }
        let page = sql!["SELECT ", columns, " FROM (", rows, ") AS page"];
        with(with_queries, sql![page, order, self.limit()])
    }

    /// A query for the number of tasks on all pages.
    fn total(&self) -> Sql {
        sql![
            "SELECT count(*) AS total FROM tasks WHERE user_id = ",
            self.owner(),
            " AND deleted_at IS NULL",
            clauses::branch(self.page().listing.filter, Operands::default()),
            self.full_text(),
            self.conditions(),
        ]
    }

    /// The columns of a task, with the key of its title or its order key where the list is ordered by it: branches and
    /// ranges are merged by what is among their columns.
    fn columns(&self) -> Sql {
        let mut columns = sql![COLUMNS.as_str()];
        if self.is_by(SortKey::Title) {
            columns.push(", title_key");
        }
        if self.is_by(SortKey::Position) {
            columns.push(", order_key");
        }
        columns
    }

    /// These columns in `tasks`, with the relevance where the list is ordered by it.
    fn task_columns(&self) -> Sql {
        let mut columns = sql![COLUMNS.as_str()];
        if self.is_by(SortKey::Title) {
            columns.push(", title_key");
        }
        if self.is_by(SortKey::Position) {
            columns.push(sql![", ", self.dialect().order_key, " AS order_key"]);
        }
        if self.is_by(SortKey::Relevance) {
            let rank = sql!["CASE WHEN ", self.in_title(), " THEN 0 ELSE 1 END"];
            columns.push(sql![", ", rank, " AS relevance"]);
        }
        columns
    }

    fn is_by(&self, key: SortKey) -> bool {
        let terms = self.page().listing.sort.terms();
        terms.iter().any(|term| term.key == key)
    }

    /// The condition that all words of the search are in the title.
    fn in_title(&self) -> Sql {
        let listing = self.page().listing;
        let search = listing.filter.search.as_ref();
        let query = search.map(|search| FtsQuery::title(listing.owner, search));
        self.matches(query.unwrap_or_default())
    }

    /// ` AND …`: the bounds of a range.
    fn bounds(&self, range: &Range, id: &'static str) -> Sql {
        clauses::bounds(range, id, self.dialect(), || self.in_title())
    }

    /// ` AND …`: what is tested task by task.
    fn conditions(&self) -> Sql {
        conditions(self.page().listing, self.dialect())
    }

    /// The order of the whole list.
    fn order(&self) -> Sql {
        clauses::order(self.page().listing.sort.terms(), false, "id")
    }

    fn owner(&self) -> Sql {
        bind::<BigInt, _>(self.page().listing.owner)
    }

    /// In the text, since SQLite compiles a statement with a bound `LIMIT` anew at every call.
    fn limit(&self) -> Sql {
        format!(" LIMIT {}", self.page().count).into()
    }
}

/// `select` with the queries that it reads from before it.
pub fn with(queries: Vec<Sql>, select: Sql) -> Sql {
    if queries.is_empty() {
        return select;
    }
    sql!["WITH ", join(queries, ", "), " ", select]
}
