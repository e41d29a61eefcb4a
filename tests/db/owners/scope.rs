//! The tables that one SELECT, UPDATE or DELETE reads, and which of their columns are the owner's id.

use std::collections::BTreeMap;

use sqlparser::ast::{
    BinaryOperator, Expr, JoinConstraint, JoinOperator, TableFactor, TableWithJoins, Value,
};

use super::{
    binds::Sent,
    tables::{INDEX, OWNED},
};

/// How a condition says that a column is the owner's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keyed {
    /// `user_id = …`, or joined to one that is.
    Plainly,
    /// `(user_id = …) IS TRUE`, which a planner need not see through.
    Wrapped,
}

/// A table under the name that the statement gives it; none for what is no table of the database.
struct Relation {
    name: String,
    table: Option<String>,
}

/// A column by the place of its scope (0 is the outermost), its relation and its name.
type Column = (usize, String, String);

#[derive(Default)]
pub struct Scope {
    depth: usize,
    relations: Vec<Relation>,
    known: BTreeMap<Column, Keyed>,
    /// A condition that nothing fulfils: no row is read.
    empty: bool,
    /// The inverted index is asked for the owner's entries alone.
    matched: bool,
    /// What this knows nothing of: an outer join of an owned table for one.
    pub faults: Vec<String>,
}

impl Scope {
    /// From the tables and the condition behind `WHERE`. `outer` are the scopes around it.
    pub fn new<'a>(
        tables: impl IntoIterator<Item = &'a TableWithJoins>,
        condition: Option<&'a Expr>,
        outer: &[Scope],
        (sent, owner): (&Sent, i64),
    ) -> Self {
        let mut scope = Self {
            depth: outer.len(),
            ..Self::default()
        };
        let mut conditions: Vec<&Expr> = condition.into_iter().collect();
        for table in tables {
            scope.add_joined(table, &mut conditions);
        }
        scope.learn(&conditions, outer, (sent, owner));
        scope
    }

    /// Tables that are joined, and the conditions of the joins.
    fn add_joined<'a>(&mut self, table: &'a TableWithJoins, conditions: &mut Vec<&'a Expr>) {
        self.add(&table.relation, conditions);
        for join in &table.joins {
            self.add(&join.relation, conditions);
            match &join.join_operator {
                JoinOperator::Join(on) | JoinOperator::Inner(on) | JoinOperator::CrossJoin(on) => {
                    if let JoinConstraint::On(condition) = on {
                        conditions.push(condition);
                    }
                }
                _ => self
                    .faults
                    .push("has a join that is no inner one".to_owned()),
            }
        }
    }

    fn add<'a>(&mut self, factor: &'a TableFactor, conditions: &mut Vec<&'a Expr>) {
        if let TableFactor::NestedJoin {
            table_with_joins,
            alias: None,
        } = factor
        {
            return self.add_joined(table_with_joins, conditions);
        }
        let relation = match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            } => {
                let table = name.to_string().replace(['"', '`'], "").to_lowercase();
                let name = alias
                    .as_ref()
                    .map_or(table.clone(), |alias| alias.name.value.clone());
                Relation {
                    name,
                    table: Some(table),
                }
            }
            TableFactor::Table { alias, .. }
            | TableFactor::Derived { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::UNNEST { alias, .. } => {
                let name = alias
                    .as_ref()
                    .map_or_else(String::new, |alias| alias.name.value.clone());
                Relation { name, table: None }
            }
            // Its tables are seen elsewhere, and found unchecked.
            _ => Relation {
                name: String::new(),
                table: None,
            },
        };
        self.relations.push(relation);
    }

    /// Follows the conditions that all hold, until nothing new comes of them.
    fn learn(&mut self, conditions: &[&Expr], outer: &[Scope], (sent, owner): (&Sent, i64)) {
        let mut equal = Vec::new();
        for condition in conditions {
            self.conjuncts(condition, Keyed::Plainly, sent, owner, &mut equal);
        }
        loop {
            let before = self.known.len();
            for (left, right, how) in &equal {
                for (this, other) in [(left, right), (right, left)] {
                    let given = if is_owner(other, sent, owner) {
                        Some(Keyed::Plainly)
                    } else {
                        self.column(other, outer)
                            .and_then(|column| self.find(&column, outer))
                    };
                    let column = self.column(this, outer);
                    if let (Some(given), Some(column)) = (given, column) {
                        let how = given.max(*how);
                        let known = self.known.entry(column).or_insert(how);
                        *known = how.min(*known);
                    }
                }
            }
            if self.known.len() == before {
                return;
            }
        }
    }

    /// Collects the equalities among the parts of a conjunction; what else is in it says nothing here.
    fn conjuncts<'a>(
        &mut self,
        condition: &'a Expr,
        how: Keyed,
        sent: &Sent,
        owner: i64,
        equal: &mut Vec<(&'a Expr, &'a Expr, Keyed)>,
    ) {
        match condition {
            Expr::Nested(inner) => self.conjuncts(inner, how, sent, owner, equal),
            Expr::IsTrue(inner) => self.conjuncts(inner, Keyed::Wrapped, sent, owner, equal),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::And,
                right,
            } => {
                self.conjuncts(left, how, sent, owner, equal);
                self.conjuncts(right, how, sent, owner, equal);
            }
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Eq,
                right,
            } => {
                self.empty |= matches!((number(left), number(right)), (Some(a), Some(b)) if a != b);
                equal.push((left, right, how));
            }
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Match,
                right,
            } => {
                let question = placeholder(right).and_then(|name| sent.value(name));
                self.matched |= left.to_string() == INDEX
                    && question.is_some_and(|question| asks_for(question, owner));
            }
            _ => {}
        }
    }

    /// The column that an expression is, if it is one and there is no doubt which.
    fn column(&self, expression: &Expr, outer: &[Scope]) -> Option<Column> {
        match expression {
            Expr::Nested(inner) => self.column(inner, outer),
            Expr::Identifier(name) => self.unqualified(&name.value, outer),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [relation, column] => self.qualified(&relation.value, &column.value, outer),
                _ => None,
            },
            _ => None,
        }
    }

    fn qualified(&self, relation: &str, column: &str, outer: &[Scope]) -> Option<Column> {
        if self.relations.iter().any(|known| known.name == relation) {
            Some((self.depth, relation.to_owned(), column.to_owned()))
        } else {
            let (last, rest) = outer.split_last()?;
            last.qualified(relation, column, rest)
        }
    }

    /// A column without its table: that of the only table which has such a column.
    fn unqualified(&self, column: &str, outer: &[Scope]) -> Option<Column> {
        let certain = |relation: &&Relation| match (&relation.table, self.relations.len()) {
            (Some(_), 1) => true,
            (Some(table), _) => column == "user_id" && OWNED.contains(&table.as_str()),
            (None, _) => false,
        };
        let mut found = self.relations.iter().filter(certain);
        match (found.next(), found.next()) {
            (Some(only), None) => Some((self.depth, only.name.clone(), column.to_owned())),
            (None, _) if self.relations.is_empty() => {
                let (last, rest) = outer.split_last()?;
                last.unqualified(column, rest)
            }
            _ => None,
        }
    }

    fn find(&self, column: &Column, outer: &[Scope]) -> Option<Keyed> {
        let scope = if column.0 == self.depth {
            Some(self)
        } else {
            outer.get(column.0)
        };
        scope.and_then(|scope| scope.known.get(column).copied())
    }

    /// Each owned table that is read here, and how it is keyed, if it is.
    pub fn owned(&self) -> impl Iterator<Item = (&str, Option<Keyed>)> {
        self.relations.iter().filter_map(|relation| {
            let table = relation.table.as_deref()?;
            let keyed = match table {
                INDEX => (self.matched || self.empty).then_some(Keyed::Plainly),
                table if OWNED.contains(&table) => {
                    let column = (self.depth, relation.name.clone(), "user_id".to_owned());
                    let empty = self.empty.then_some(Keyed::Plainly);
                    self.known.get(&column).copied().or(empty)
                }
                _ => return None,
            };
            Some((table, keyed))
        })
    }
}

/// Whether the expression is a placeholder whose value is the owner's id.
pub fn is_owner(expression: &Expr, sent: &Sent, owner: i64) -> bool {
    let value = placeholder(expression).and_then(|name| sent.value(name));
    value == Some(owner.to_string().as_str())
}

fn placeholder(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Nested(inner) => placeholder(inner),
        Expr::Value(value) => match &value.value {
            Value::Placeholder(name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

fn number(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => Some(digits),
            _ => None,
        },
        _ => None,
    }
}

/// Whether every phrase of a question to FTS5, as `Debug` shows it, begins with the owner.
fn asks_for(question: &str, owner: i64) -> bool {
    let question = question.trim_matches('"').replace("\\\"", "\"");
    let mut phrases = question.split('"').skip(1).step_by(2).peekable();
    let own = |phrase: &str| {
        let rest = phrase.strip_prefix(&owner.to_string());
        rest.is_some_and(|rest| rest.starts_with([':', '.', '#']))
    };
    phrases.peek().is_some() && phrases.all(own)
}
