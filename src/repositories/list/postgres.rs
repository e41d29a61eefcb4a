//! The statement of a page on PostgreSQL.

use diesel::sql_types::Text;

use super::{
    clauses::{self, Operands, operands, range_order},
    dialect::{self, Dialect},
    full_text::{FtsQuery, Texts},
    page::Page,
    ranges::Range,
    scan::{Branch, Column, ScanPlan},
    statement::{Sql, bind, join, sql},
    writer::{Rows, Writer, with},
};
use crate::models::sort::SortKey;

/// How many tasks of an order are tested before the inverted index is asked: enough for a page of what one
/// task in twenty has.
const TRIED: i64 = 1000;

/// Names no index: PostgreSQL's planner considers that a page needs few rows.
pub struct Postgres<'a>(pub Page<'a>);

impl Writer for Postgres<'_> {
    fn page(&self) -> &Page<'_> {
        &self.0
    }

    fn dialect(&self) -> &'static Dialect {
        &dialect::POSTGRES
    }

    fn matches(&self, query: FtsQuery) -> Sql {
        query.condition(Texts::on_postgres)
    }

    /// Words and labels have one index, blockers another.
    fn full_text(&self) -> Sql {
        let filter = self.0.listing.filter;
        let query = FtsQuery::of(self.0.listing.owner, filter);
        let mut sql = query.map_or_else(Sql::default, |q| sql![" AND ", self.matches(q)]);
        if !filter.blockers.is_empty() {
            let ids: Vec<String> = filter
                .blockers
                .iter()
                .map(|b| b.get().to_string())
                .collect();
            sql.push(
                " AND blocked_by <> '' AND string_to_array(blocked_by, ',') && string_to_array(",
            );
            sql.push(sql![bind::<Text, _>(ids.join(",")), ", ',')"]);
        }
        sql
    }

    fn rows(&self, range: &Range) -> Rows {
        match ScanPlan::of(range, self.0.listing.filter) {
            ScanPlan::Index { branches, .. } => match branches.as_slice() {
                [only] => Rows::page(self.branch(range, operands(only))),
                several => Rows::unordered(Vec::new(), self.merged(range, several)),
            },
            ScanPlan::FullText if self.is_tried(range) => self.tried_or_found(range),
            ScanPlan::FullText => Rows::page(self.found(range)),
        }
    }

    /// Each range is limited to the rows that those before it leave to the page. At zero it is not read.
    fn several_ranges(&self, ranges: &[Range]) -> Sql {
        let queries = ranges.iter().enumerate().map(|(number, range)| {
            let rows = self.rows(range);
            let before = (0..number).map(|n| format!(" - (SELECT count(*) FROM range_{n})").into());
            let limit = sql![self.limit(), join(before, "")];
            let select = sql!["SELECT * FROM (", rows.select, ") AS range"];
            let select = with(rows.with, sql![select, range_order(range, "id"), limit]);
            sql![format!("range_{number} AS MATERIALIZED ("), select, ")"]
        });
        let rows = (0..ranges.len()).map(|number| format!("SELECT * FROM range_{number}").into());
        self.cut(queries.collect(), join(rows, " UNION ALL "), self.order())
    }

    /// PostgreSQL may keep a plan that suits accounts of average size. Where branches are merged or all tasks
    /// are counted, such a plan can be slow for a large account.
    fn has_one_plan(&self, ranges: &[Range]) -> bool {
        let [range] = ranges else {
            return false;
        };
        let filter = self.0.listing.filter;
        let plan = ScanPlan::of(range, filter);
        let is_one_scan = matches!(plan, ScanPlan::Index { branches, .. } if branches.len() == 1);
        // A project of average size is sorted, which a large one must not be.
        is_one_scan && !filter.is_set() && !self.0.with_total
    }
}

impl Postgres<'_> {
    /// A page of each branch, by one subquery for all of them, which is planned once.
    fn merged(&self, range: &Range, branches: &[Branch]) -> Sql {
        let columns = branches.iter().take(1).flatten().map(|(column, _)| *column);
        let named = |column: Column| format!("branch_{}", column.name());
        let names = columns.clone().map(|column| named(column).into());
        let of_branch = columns
            .map(|column| (column, named(column).into()))
            .collect();
        let values = branches.iter().map(|branch| {
            let values = branch.iter().map(|(_, value)| (*value).into());
            sql!["(", join(values, ", "), ")"]
        });
        sql![
            "SELECT found.* FROM (VALUES ",
            join(values, ", "),
            ") AS branch (",
            join(names, ", "),
            ") CROSS JOIN LATERAL (",
            self.branch(range, of_branch),
            ") AS found",
        ]
    }

    /// A page of what an index holds in the order of the range.
    fn branch(&self, range: &Range, operands: Operands) -> Sql {
        self.select(range, sql!["user_id = ", self.owner()], operands)
    }

    /// A page of what the inverted index finds. The owner is compared in a form that leaves the index of
    /// owners out: the planner does not know that all entries found are the owner's, and would read that
    /// index as well.
    fn found(&self, range: &Range) -> Sql {
        let owned = sql!["(user_id = ", self.owner(), ") IS TRUE"];
        self.select(range, owned, Operands::default())
    }

    fn select(&self, range: &Range, owned: Sql, operands: Operands) -> Sql {
        let listing = self.0.listing;
        sql![
            "SELECT ",
            self.task_columns(),
            " FROM tasks WHERE ",
            owned,
            " AND deleted_at IS NULL",
            clauses::branch(listing.filter, operands),
            self.bounds(range, "id"),
            self.full_text(),
            self.conditions(),
            range_order(range, "id"),
            self.limit(),
        ]
    }

    /// Whether the first tasks of the range are tried: an index has its order, and is not merged. Few tasks name the same
    /// blockers.
    fn is_tried(&self, range: &Range) -> bool {
        let keys = range.keys();
        !self.is_by(SortKey::Relevance)
            && self.0.listing.filter.blockers.is_empty()
            && !matches!(keys.as_slice(), [SortKey::DueAt | SortKey::Priority, ..])
    }

    /// The inverted index has no order: a search for what nearly every task has would sort them all. So the
    /// first tasks in the order of the range are tried, and only where they do not fill the page are all
    /// others found.
    fn tried_or_found(&self, range: &Range) -> Rows {
        let (count, listing) = (self.0.count, self.0.listing);
        let first = sql![
            "SELECT ",
            self.task_columns(),
            ", search FROM tasks WHERE user_id = ",
            self.owner(),
            " AND deleted_at IS NULL",
            self.bounds(range, "id"),
            range_order(range, "id"),
            format!(" LIMIT {TRIED}"),
        ];
        let tried = sql![
            "tried AS MATERIALIZED (SELECT ",
            self.columns(),
            " FROM (",
            first,
            // As the conditions name it.
            ") AS tasks WHERE true",
            clauses::branch(listing.filter, Operands::default()),
            self.full_text(),
            self.conditions(),
            range_order(range, "id"),
            self.limit(),
            ")",
        ];
        let found = sql![
            "found AS MATERIALIZED (SELECT * FROM (",
            self.found(range),
            ") AS found LIMIT CASE WHEN (SELECT count(*) FROM tried) = ",
            format!("{count} THEN 0 ELSE {count} END)"),
        ];
        let select = format!(
            "SELECT * FROM tried WHERE (SELECT count(*) FROM tried) = {count} \
             UNION ALL SELECT * FROM found"
        );
        Rows::unordered(vec![tried, found], select.into())
    }
}
