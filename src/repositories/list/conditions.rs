//! What the statement of a page demands of a task, and how it orders them.

use super::{
    page::Listing,
    ranges::{Bound, Range},
};
use crate::{
    models::{
        filter::TimeRange,
        sort::{SortKey, SortTerm, SortValue},
    },
    repositories::{search::Question, statement::Statement},
};

/// Adds what the filter asks for: status and priority, unless the index is told them, and the rest but
/// for what the inverted index answers.
pub fn push_filter<Row>(
    statement: &mut Statement<Row>,
    listing: &Listing<'_>,
    (by_status, by_priority): (bool, bool),
) {
    let filter = listing.filter;
    if by_status && !filter.status.is_empty() {
        statement.sql(" AND status IN (");
        statement.list(&filter.status, |statement, status| {
            statement.text(status.as_str());
        });
        statement.sql(")");
    }
    if by_priority && !filter.priority.is_empty() {
        statement.sql(" AND priority IN (");
        statement.list(&filter.priority, |statement, priority| {
            statement.small(priority.rank());
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
}

fn push_time<Row>(statement: &mut Statement<Row>, column: &'static str, range: TimeRange) {
    if let Some(after) = range.after {
        statement.sql(" AND ").sql(column).sql(" >= ").time(after);
    }
    if let Some(before) = range.before {
        statement.sql(" AND ").sql(column).sql(" < ").time(before);
    }
}

/// What the inverted index is asked for; `None` where nothing, and a question without an answer where
/// the search has no word.
pub fn question(listing: &Listing<'_>) -> Option<Question> {
    let filter = listing.filter;
    let labels =
        (!filter.labels.is_empty()).then(|| Question::labels(listing.owner, &filter.labels));
    let words = filter
        .search
        .as_ref()
        .map(|search| Question::words(listing.owner, search));
    match (labels, words) {
        (Some(labels), Some(words)) => Some(labels.and(words)),
        (labels, words) => labels.or(words),
    }
}

/// Adds a bound of a range; `id` is the column of the id.
pub fn push_bound<Row>(
    statement: &mut Statement<Row>,
    listing: &Listing<'_>,
    bound: &Bound,
    (id, postgres): (&'static str, bool),
) {
    statement.sql(" AND ");
    match bound {
        Bound::Due => {
            statement.sql("due_at IS NOT NULL");
        }
        Bound::Equal(SortKey::Relevance, rank) => {
            if *rank == SortValue::Number(1) {
                statement.sql("NOT ");
            }
            push_in_title(statement, listing, postgres);
        }
        Bound::Equal(key, SortValue::None) => {
            statement.sql(column(*key, id)).sql(" IS NULL");
        }
        Bound::Equal(key, value) => {
            statement.sql(column(*key, id)).sql(" = ");
            push_value(statement, value);
        }
        Bound::Past(term, value) => {
            statement.sql(column(term.key, id)).sql(past(*term));
            push_value(statement, value);
        }
        Bound::PastPair(term, value, last) => {
            statement.sql("(").sql(column(term.key, id)).sql(", id)");
            statement.sql(past(*term)).sql("(");
            push_value(statement, value);
            statement.sql(", ");
            push_value(statement, last);
            statement.sql(")");
        }
    }
}

/// Adds whether all words of the search are in the title.
pub fn push_in_title<Row>(statement: &mut Statement<Row>, listing: &Listing<'_>, postgres: bool) {
    let search = listing.filter.search.as_ref();
    let question = search.map(|search| Question::title(listing.owner, search));
    statement.sql("(");
    question.unwrap_or_default().push(statement, postgres);
    statement.sql(")");
}

/// Adds the order of a range. PostgreSQL reads an index backwards only for an order that does not speak
/// of nulls, and does not see that a column that is null everywhere orders nothing.
pub fn push_range_order<Row>(statement: &mut Statement<Row>, range: &Range, id: &'static str) {
    let on_due = |bound: &Bound| match bound {
        Bound::Due => true,
        Bound::Equal(key, _) => *key == SortKey::DueAt,
        Bound::Past(term, _) | Bound::PastPair(term, _, _) => term.key == SortKey::DueAt,
    };
    let undated = Bound::Equal(SortKey::DueAt, SortValue::None);
    let mut order = range.order.clone();
    if let (Some(first), true) = (range.order.first(), range.bounds.contains(&undated)) {
        let key = SortKey::DueAt;
        order.insert(0, SortTerm { key, ..*first });
    }
    let uniform = range.bounds.iter().any(on_due);
    push_order(statement, &order, uniform, id);
}

/// Adds an order; `uniform` says that all of them have a due time, or none of them.
pub fn push_order<Row>(
    statement: &mut Statement<Row>,
    order: &[SortTerm],
    uniform: bool,
    id: &'static str,
) {
    statement.sql(" ORDER BY ");
    statement.list(order, |statement, term| {
        statement.sql(column(term.key, id));
        statement.sql(match (term.descending, term.key) {
            (false, SortKey::DueAt) => " ASC NULLS LAST",
            (true, SortKey::DueAt) if !uniform => " DESC NULLS LAST",
            (false, _) => " ASC",
            (true, _) => " DESC",
        });
    });
}

fn push_value<Row>(statement: &mut Statement<Row>, value: &SortValue) {
    match value {
        SortValue::Number(number) => statement.int(*number),
        SortValue::Time(time) => statement.time(*time),
        SortValue::Text(text) => statement.text(text.as_str()),
        SortValue::None => statement.sql("NULL"),
    };
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

fn past(term: SortTerm) -> &'static str {
    if term.descending { " < " } else { " > " }
}
