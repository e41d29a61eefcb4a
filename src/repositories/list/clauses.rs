//! The clauses that are the same on both engines: the conditions of the filter, the bounds of a range, the
//! order.

use diesel::sql_types::{BigInt, SmallInt, Text, Timestamp};

use super::{
    page::Listing,
    ranges::{Bound, Range},
    scan::Branch,
    statement::{Sql, bind, join, sql},
};
use crate::models::{
    filter::{TaskFilter, TimeRange},
    sort::{SortKey, SortTerm, SortValue},
    time::UtcTime,
};

/// What status and priority are compared with in a branch: a bound value, or a column of the list of
/// branches. Where it is `None`, the filter's condition applies.
#[derive(Default)]
pub struct Operands {
    pub status: Option<Sql>,
    pub priority: Option<Sql>,
}

impl From<&Branch> for Operands {
    fn from(branch: &Branch) -> Self {
        Self {
            status: branch.status.map(bind::<Text, _>),
            priority: branch.priority.map(bind::<SmallInt, _>),
        }
    }
}

/// ` AND …`: status and priority of a branch.
pub fn branch(filter: &TaskFilter, operands: Operands) -> Sql {
    let status = match operands.status {
        Some(operand) => sql![" AND status = ", operand],
        None => one_of("status", filter.status.iter().copied().map(bind::<Text, _>)),
    };
    let priority = match operands.priority {
        Some(operand) => sql![" AND priority = ", operand],
        None => one_of(
            "priority",
            filter.priority.iter().copied().map(bind::<SmallInt, _>),
        ),
    };
    sql![status, priority]
}

fn one_of(column: &'static str, values: impl Iterator<Item = Sql>) -> Sql {
    let values = join(values, ", ");
    if values.is_empty() {
        return values;
    }
    sql![" AND ", column, " IN (", values, ")"]
}

/// ` AND …`: the conditions of the filter, without those of [`branch`] and of the inverted index.
pub fn filter(listing: &Listing<'_>) -> Sql {
    let filter = listing.filter;
    let mut sql = sql![
        time("due_at", filter.due),
        time("created_at", filter.created),
        time("updated_at", filter.updated),
    ];
    if let Some(overdue) = filter.overdue {
        sql.push(if overdue { " AND (" } else { " AND NOT (" });
        sql.push("status IN ('todo', 'in_progress') AND due_at IS NOT NULL AND due_at < ");
        sql.push(bind::<Timestamp, _>(listing.now));
        sql.push(")");
    }
    if let Some(external_id) = &filter.external_id {
        sql.push(" AND external_id = ");
        sql.push(bind::<Text, _>(external_id.as_str().to_owned()));
    }
    sql
}

fn time(column: &'static str, range: TimeRange) -> Sql {
    let compared = |operator: &'static str, time: UtcTime| {
        sql![" AND ", column, operator, bind::<Timestamp, _>(time)]
    };
    let after = range.after.map(|after| compared(" >= ", after));
    let before = range.before.map(|before| compared(" < ", before));
    join(after.into_iter().chain(before), "")
}

/// ` AND …`: the bounds of a range. `id` is the column of the id, `in_title` the condition that the title
/// has the words of the search.
pub fn bounds(range: &Range, id: &'static str, in_title: impl Fn() -> Sql) -> Sql {
    let bound = |bound: &Bound| match bound {
        Bound::Due => sql![" AND due_at IS NOT NULL"],
        Bound::Equal(SortKey::Relevance, rank) => {
            let first = *rank == SortValue::Number(0);
            sql![if first { " AND (" } else { " AND NOT (" }, in_title(), ")"]
        }
        Bound::Equal(key, SortValue::None) => sql![" AND ", column(*key, id), " IS NULL"],
        Bound::Equal(key, equal) => sql![" AND ", column(*key, id), " = ", value(equal)],
        Bound::Past(term, past) => {
            sql![" AND ", column(term.key, id), beyond(*term), value(past)]
        }
        Bound::PastPair(term, past, last) => {
            let pair = sql![" AND (", column(term.key, id), ", id)", beyond(*term)];
            sql![pair, "(", value(past), ", ", value(last), ")"]
        }
    };
    join(range.bounds.iter().map(bound), "")
}

/// ` ORDER BY …`: the order of a range. PostgreSQL reads an index backwards only for an order that does not
/// speak of nulls, and does not see that a column that is null everywhere orders nothing.
pub fn range_order(range: &Range, id: &'static str) -> Sql {
    let on_due = |bound: &Bound| match bound {
        Bound::Due => true,
        Bound::Equal(key, _) => *key == SortKey::DueAt,
        Bound::Past(term, _) | Bound::PastPair(term, _, _) => term.key == SortKey::DueAt,
    };
    let undated = Bound::Equal(SortKey::DueAt, SortValue::None);
    let mut terms = range.order.clone();
    if let (Some(first), true) = (range.order.first(), range.bounds.contains(&undated)) {
        let key = SortKey::DueAt;
        terms.insert(0, SortTerm { key, ..*first });
    }
    let uniform = range.bounds.iter().any(on_due);
    order(&terms, uniform, id)
}

/// ` ORDER BY …`; `uniform` says that all tasks have a due time, or none of them.
pub fn order(terms: &[SortTerm], uniform: bool, id: &'static str) -> Sql {
    let terms = terms.iter().map(|term| {
        let direction = match (term.descending, term.key) {
            (false, SortKey::DueAt) => " ASC NULLS LAST",
            (true, SortKey::DueAt) if !uniform => " DESC NULLS LAST",
            (false, _) => " ASC",
            (true, _) => " DESC",
        };
        sql![column(term.key, id), direction]
    });
    sql![" ORDER BY ", join(terms, ", ")]
}

fn value(value: &SortValue) -> Sql {
    match value {
        SortValue::Number(number) => bind::<BigInt, _>(*number),
        SortValue::Time(time) => bind::<Timestamp, _>(*time),
        SortValue::Text(text) => bind::<Text, _>(text.clone()),
        SortValue::None => "NULL".into(),
    }
}

fn column(key: SortKey, id: &'static str) -> &'static str {
    match key {
        SortKey::Id => id,
        SortKey::CreatedAt => "created_at",
        SortKey::UpdatedAt => "updated_at",
        SortKey::DueAt => "due_at",
        SortKey::Priority => "priority",
        SortKey::Title => "title_key",
        SortKey::Relevance => "relevance",
    }
}

fn beyond(term: SortTerm) -> &'static str {
    if term.descending { " < " } else { " > " }
}
