//! The statement of a page on SQLite.

use super::{
    clauses::{self, Operands, operands, range_order},
    dialect::{self, Dialect},
    full_text::{FtsQuery, Texts},
    page::Page,
    ranges::Range,
    scan::{ScanPlan, time_index},
    statement::{Sql, join, sql},
    writer::{Rows, Writer},
};
use crate::models::sort::SortKey;

/// Names the index of every table: SQLite's planner does not consider that a page needs few rows, and would
/// sort all tasks that the filter leaves.
pub struct Sqlite<'a>(pub Page<'a>);

impl Writer for Sqlite<'_> {
    fn page(&self) -> &Page<'_> {
        &self.0
    }

    fn dialect(&self) -> &'static Dialect {
        &dialect::SQLITE
    }

    fn matches(&self, query: FtsQuery) -> Sql {
        query.condition(Texts::on_sqlite)
    }

    fn full_text(&self) -> Sql {
        let matches = |query| sql![" AND ", self.matches(query)];
        self.query().map_or_else(Sql::default, matches)
    }

    fn rows(&self, range: &Range) -> Rows {
        let filter = self.0.listing.filter;
        let by_time = time_index(range, filter).map(ScanPlan::whole);
        match by_time.unwrap_or_else(|| ScanPlan::of(range, filter)) {
            ScanPlan::Index { name, branches } => {
                let source = Source::Index(name);
                match branches.as_slice() {
                    [only] => Rows::page(self.ordered(range, &source, operands(only))),
                    // SQLite merges them itself, and reads no more of them than the page needs.
                    several => {
                        let branches = several.iter();
                        let branches = branches.map(|b| self.branch(range, &source, operands(b)));
                        Rows::unordered(Vec::new(), join(branches, " UNION ALL "))
                    }
                }
            }
            ScanPlan::FullText => {
                let by_id = range.keys() == [SortKey::Id];
                let source = if by_id {
                    Source::FullTextById
                } else {
                    Source::FullText
                };
                Rows::page(self.ordered(range, &source, Operands::default()))
            }
        }
    }

    /// The parts of a `UNION ALL` run in their order, and stop once there are enough rows.
    fn several_ranges(&self, ranges: &[Range]) -> Sql {
        let parts = ranges.iter().enumerate().map(|(number, range)| {
            let Rows {
                mut select,
                is_page,
                ..
            } = self.rows(range);
            if !is_page {
                let order = range_order(range, "id");
                select = sql!["SELECT * FROM (", select, ") AS range", order, self.limit()];
            }
            sql!["SELECT * FROM (", select, format!(") AS range_{number}")]
        });
        let rows = sql![join(parts, " UNION ALL "), self.limit()];
        self.cut(Vec::new(), rows, self.order())
    }

    /// The index is part of the text.
    fn has_one_plan(&self, _: &[Range]) -> bool {
        true
    }
}

/// Where tasks are read from.
enum Source {
    /// In the order of the index of this name.
    Index(&'static str),
    /// Found by the inverted index, and sorted.
    FullText,
    /// Found by the inverted index, which gives them in the order of its own id, the task's.
    FullTextById,
}

impl Sqlite<'_> {
    fn query(&self) -> Option<FtsQuery> {
        FtsQuery::with_blockers(self.0.listing.owner, self.0.listing.filter)
    }

    /// A page of the tasks of a range.
    fn ordered(&self, range: &Range, source: &Source, operands: Operands) -> Sql {
        let order = range_order(range, source.id());
        sql![self.branch(range, source, operands), order, self.limit()]
    }

    /// All tasks of a branch.
    fn branch(&self, range: &Range, source: &Source, operands: Operands) -> Sql {
        let listing = self.0.listing;
        let full_text = match (source, self.query()) {
            (Source::FullTextById, Some(query)) => {
                sql![" AND ", query.condition(Texts::on_task_search)]
            }
            _ => self.full_text(),
        };
        sql![
            "SELECT ",
            self.task_columns(),
            " FROM ",
            source.tables(),
            " WHERE user_id = ",
            self.owner(),
            " AND deleted_at IS NULL",
            clauses::branch(listing.filter, operands),
            self.bounds(range, source.id()),
            full_text,
            self.conditions(),
        ]
    }
}

impl Source {
    fn tables(&self) -> Sql {
        match self {
            Self::Index(name) => format!("tasks INDEXED BY {name}").into(),
            Self::FullText => "tasks NOT INDEXED".into(),
            Self::FullTextById => {
                "task_search CROSS JOIN tasks NOT INDEXED ON tasks.id = task_search.rowid".into()
            }
        }
    }

    /// The column of the id by which the rows are in order.
    fn id(&self) -> &'static str {
        match self {
            Self::FullTextById => "task_search.rowid",
            Self::Index(_) | Self::FullText => "id",
        }
    }
}
