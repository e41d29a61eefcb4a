//! The clauses that say which tasks of which range: the values of a branch, the bounds of a range, the order.

use diesel::sql_types::{BigInt, Text, Timestamp};

use super::{
    dialect::Dialect,
    ranges::{Bound, Range},
    scan::{Branch, Column},
    statement::{Sql, bind, join, sql},
};
use crate::models::{
    filter::TaskFilter,
    sort::{SortKey, SortTerm, SortValue},
};

/// What columns of a branch are compared with: bound values, or columns of the list of branches.
pub type Operands = Vec<(Column, Sql)>;

/// The values of a branch.
pub fn operands(branch: &Branch) -> Operands {
    let values = branch.iter().copied();
    values
        .map(|(column, value)| (column, value.into()))
        .collect()
}

/// ` AND …`: the values of a branch, and those that the filter names of other columns.
pub fn branch(filter: &TaskFilter, operands: Operands) -> Sql {
    let mut sql = Sql::default();
    for column in Column::ALL {
        if !operands.iter().any(|(divided, _)| *divided == column) {
            sql.push(one_of(column.name(), column.named(filter)));
        }
    }
    for (column, operand) in operands {
        sql.push(sql![" AND ", column.name(), " = ", operand]);
    }
    sql
}

/// ` AND …`: nothing where there are no values.
pub fn one_of<V: Into<Sql>>(column: &'static str, values: impl IntoIterator<Item = V>) -> Sql {
    let values = join(values.into_iter().map(V::into), ", ");
    if values.is_empty() {
        return values;
    }
    sql![" AND ", column, " IN (", values, ")"]
}

/// ` AND …`: the bounds of a range. `id` is the column of the id, `in_title` the condition that the title
/// has the words of the search.
pub fn bounds(
    range: &Range,
    id: &'static str,
    dialect: &Dialect,
    in_title: impl Fn() -> Sql,
) -> Sql {
    let column = |key: SortKey| match key {
        SortKey::Position => dialect.order_key,
        other => column(other, id),
    };
    let bound = |bound: &Bound| match bound {
        Bound::Due => sql![" AND due_at IS NOT NULL"],
        Bound::Equal(SortKey::Relevance, rank) => {
            let first = *rank == SortValue::Number(0);
            sql![if first { " AND (" } else { " AND NOT (" }, in_title(), ")"]
        }
        Bound::Equal(key, SortValue::None) => sql![" AND ", column(*key), " IS NULL"],
        Bound::Equal(key, equal) => sql![" AND ", column(*key), " = ", value(equal)],
        Bound::Past(term, past) => sql![" AND ", column(term.key), beyond(*term), value(past)],
        // SQLite does not bound the scan of an index on an expression by a comparison of pairs.
        Bound::PastPair(term, past, last) if term.key == SortKey::Position => {
            let (key, beyond) = (column(term.key), beyond(*term));
            let from = if term.descending { " <= " } else { " >= " };
            let past_key = sql![key, beyond, value(past)];
            let past_id = sql!["id", beyond, value(last)];
            sql![
                " AND ",
                key,
                from,
                value(past),
                " AND (",
                past_key,
                " OR ",
                past_id,
                ")"
            ]
        }
        Bound::PastPair(term, past, last) => {
            let pair = sql![" AND (", column(term.key), ", id)", beyond(*term)];
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
        SortKey::Position => "order_key",
    }
}

fn beyond(term: SortTerm) -> &'static str {
    if term.descending { " < " } else { " > " }
}
