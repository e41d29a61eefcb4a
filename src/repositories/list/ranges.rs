//! Divides what follows a position in an order into ranges.

use crate::models::{
    priority::Priority,
    sort::{SortKey, SortTerm, SortValue},
};

/// A condition on every task of a range, besides the filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    Equal(SortKey, SortValue),
    /// Past a value, in the direction of its term; tasks without one are not.
    Past(SortTerm, SortValue),
    /// Past a value and, where it is equal, past an id, both in the term's direction.
    PastPair(SortTerm, SortValue, SortValue),
    /// It has a due time.
    Due,
}

/// Consecutive tasks of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    pub bounds: Vec<Bound>,
    /// The terms of the order that its tasks can differ in.
    pub order: Vec<SortTerm>,
}

/// What follows the position `after` in the order of `terms`, or all of it: ranges, in that order.
pub fn ranges(terms: &[SortTerm], after: Option<&[SortValue]>) -> Vec<Range> {
    let mut found = Vec::new();
    collect(&[], terms, after, &mut found);
    found
}

impl Range {
    /// The keys that it is cut and ordered by, the relevance apart.
    pub fn keys(&self) -> Vec<SortKey> {
        let bounds = self.bounds.iter().map(|bound| match bound {
            Bound::Equal(key, _) => *key,
            Bound::Past(term, _) | Bound::PastPair(term, _, _) => term.key,
            Bound::Due => SortKey::DueAt,
        });
        let order = self.order.iter().map(|term| term.key);
        let mut keys: Vec<SortKey> = bounds.chain(order).collect();
        keys.retain(|key| *key != SortKey::Relevance);
        keys.dedup();
        keys
    }
}

fn collect(
    fixed: &[Bound],
    terms: &[SortTerm],
    position: Option<&[SortValue]>,
    found: &mut Vec<Range>,
) {
    let Some((term, rest)) = terms.split_first() else {
        return;
    };
    let at = position.and_then(<[SortValue]>::split_first);
    if let Some(values) = few_values(*term, rest) {
        return one_by_one(fixed, (*term, &values), rest, at, found);
    }
    let range = |bound: Option<Bound>, order: &[SortTerm]| Range {
        bounds: fixed.iter().cloned().chain(bound).collect(),
        order: order.to_vec(),
    };
    let without = || Bound::Equal(term.key, SortValue::None);
    match at {
        // Engines differ in where a descending order puts what has no value.
        None if term.key == SortKey::DueAt && term.descending => {
            found.push(range(Some(Bound::Due), terms));
            found.push(range(Some(without()), rest));
        }
        None => found.push(range(None, terms)),
        Some((SortValue::None, after)) => {
            let fixed = with(fixed, without());
            collect(&fixed, rest, Some(after), found);
        }
        Some((value, after)) => {
            match (rest, after) {
                ([], _) => found.push(range(Some(Bound::Past(*term, value.clone())), terms)),
                ([id], [last]) if id.key == SortKey::Id && id.descending == term.descending => {
                    let pair = Bound::PastPair(*term, value.clone(), last.clone());
                    found.push(range(Some(pair), terms));
                }
                _ => {
                    let equal = with(fixed, Bound::Equal(term.key, value.clone()));
                    collect(&equal, rest, Some(after), found);
                    found.push(range(Some(Bound::Past(*term, value.clone())), terms));
                }
            }
            if term.key == SortKey::DueAt {
                found.push(range(Some(without()), rest));
            }
        }
    }
}

/// A range for each value of a key that has few, from the one at `at` on.
fn one_by_one(
    fixed: &[Bound],
    (term, values): (SortTerm, &[i64]),
    rest: &[SortTerm],
    at: Option<(&SortValue, &[SortValue])>,
    found: &mut Vec<Range>,
) {
    let start =
        at.and_then(|(value, _)| values.iter().position(|v| SortValue::Number(*v) == *value));
    for (number, value) in values.iter().enumerate().skip(start.unwrap_or(0)) {
        let fixed = with(fixed, Bound::Equal(term.key, SortValue::Number(*value)));
        let after = at.map(|(_, after)| after).filter(|_| start == Some(number));
        collect(&fixed, rest, after, found);
    }
}

/// The values of a key that has few, in their order. No index holds the relevance, and only the
/// index by priority and id holds priorities, so what follows either is read value by value.
fn few_values(term: SortTerm, rest: &[SortTerm]) -> Option<Vec<i64>> {
    let only_the_id_follows =
        matches!(rest, [id] if id.key == SortKey::Id && id.descending == term.descending);
    let mut values: Vec<i64> = match term.key {
        SortKey::Relevance => vec![0, 1],
        SortKey::Priority if !only_the_id_follows => {
            Priority::ALL.iter().map(|p| p.rank().into()).collect()
        }
        _ => return None,
    };
    if term.descending {
        values.reverse();
    }
    Some(values)
}

fn with(bounds: &[Bound], bound: Bound) -> Vec<Bound> {
    bounds.iter().cloned().chain([bound]).collect()
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;

    use super::*;
    use crate::models::sort::Sort;

    /// What a task has for each term; times are numbers here.
    type Row = Vec<SortValue>;

    fn number(value: &SortValue) -> Option<i64> {
        match value {
            SortValue::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// By one term; what has no value comes last.
    fn compare(term: SortTerm, a: &SortValue, b: &SortValue) -> Ordering {
        match (number(a), number(b)) {
            (Some(a), Some(b)) if term.descending => b.cmp(&a),
            (Some(a), Some(b)) => a.cmp(&b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        }
    }

    fn by(terms: &[SortTerm], all: &[SortTerm], a: &Row, b: &Row) -> Ordering {
        let order = terms.iter().map(|term| {
            let at = all.iter().position(|t| t == term).unwrap();
            compare(*term, &a[at], &b[at])
        });
        order.fold(Ordering::Equal, Ordering::then)
    }

    fn holds(bound: &Bound, all: &[SortTerm], row: &Row) -> bool {
        let value = |key: SortKey| &row[all.iter().position(|term| term.key == key).unwrap()];
        match bound {
            Bound::Due => *value(SortKey::DueAt) != SortValue::None,
            Bound::Equal(key, expected) => value(*key) == expected,
            Bound::Past(term, past) => {
                let own = value(term.key);
                *own != SortValue::None && compare(*term, own, past) == Ordering::Greater
            }
            Bound::PastPair(term, past, id) => {
                let own = value(term.key);
                let order = compare(*term, own, past);
                let id = compare(*term, value(SortKey::Id), id);
                *own != SortValue::None && order.then(id) == Ordering::Greater
            }
        }
    }

    fn row(terms: &[SortTerm], id: i64, seed: &[i64]) -> Row {
        let value = |(term, seed): (&SortTerm, &i64)| match term.key {
            SortKey::Id => SortValue::Number(id),
            SortKey::DueAt if *seed == 0 => SortValue::None,
            SortKey::Relevance => SortValue::Number(seed % 2),
            _ => SortValue::Number(*seed),
        };
        terms.iter().zip(seed).map(value).collect()
    }

    proptest! {
        #[test]
        fn ranges_hold_what_follows_in_order_and_nothing_twice(
            sort in "-?(id|created_at|due_at|priority|title|position)(,-?(updated_at|due_at|priority|id)){0,2}|relevance(,-?due_at)?(,-?priority)?",
            seeds in proptest::collection::vec(proptest::collection::vec(0i64..5, 4), 1..30),
            at in proptest::option::of(0usize..30),
        ) {
            let Ok(sort) = sort.parse::<Sort>() else { return Ok(()) };
            let terms = sort.terms();
            let mut rows: Vec<Row> = seeds.iter().zip(1..).map(|(s, id)| row(terms, id, s)).collect();
            rows.sort_by(|a, b| by(terms, terms, a, b));
            let at = at.map(|at| at % rows.len());
            let after = at.map(|at| rows[at].clone());
            let expected = at.map_or(rows.as_slice(), |at| &rows[at + 1..]);

            let mut found: Vec<Row> = Vec::new();
            for range in ranges(terms, after.as_deref()) {
                let holds_all = |row: &&Row| range.bounds.iter().all(|b| holds(b, terms, row));
                let mut part: Vec<Row> = rows.iter().filter(holds_all).cloned().collect();
                part.sort_by(|a, b| by(&range.order, terms, a, b));
                found.extend(part);
            }
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn one_range_is_enough_for_the_first_page_of_most_orders() {
        let orders = "-id created_at -title due_at -priority position due_at,-title";
        for sort in orders.split(' ') {
            let sort: Sort = sort.parse().unwrap();
            assert_eq!(ranges(sort.terms(), None).len(), 1, "{sort}");
        }
        let sort: Sort = "-priority,due_at".parse().unwrap();
        assert_eq!(ranges(sort.terms(), None).len(), 5, "one for each priority");
    }
}
