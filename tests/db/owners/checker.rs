//! Whether a statement names the owner for every owned table in it.
//!
//! It knows few ways to do so, and refuses what it does not know.

use std::{collections::BTreeSet, ops::ControlFlow};

use sqlparser::{
    ast::{
        Delete, Expr, FromTable, Insert, ObjectName, Query, Select, SelectItem, SetExpr, Statement,
        TableFactor, TableObject, TableWithJoins, UpdateTableFromKind, Visit, Visitor,
    },
    dialect::{Dialect, PostgreSqlDialect, SQLiteDialect},
    parser::Parser,
};

use super::{
    binds::Sent,
    scope::{Scope, is_owner},
    tables::{INDEX, NOBODYS, OWNED, USERS},
};
use crate::support::runner::Engine;

/// What a statement is about.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Of the tables in [`super::tables`], those that it reads or writes.
    pub tables: BTreeSet<String>,
    /// Why it may not be sent.
    pub faults: Vec<String>,
}

/// Looks at one statement that was sent on behalf of `owner`.
pub fn check(engine: Engine, sent: &Sent, owner: i64) -> Found {
    let dialect: &dyn Dialect = match engine {
        Engine::Postgres => &PostgreSqlDialect {},
        Engine::Sqlite => &SQLiteDialect {},
    };
    let sql = readable(&sent.sql, engine);
    let statements =
        Parser::parse_sql(dialect, &sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    let mut checker = Checker::new(sent, owner);
    let _: ControlFlow<()> = statements.visit(&mut checker);
    checker.end()
}

/// The statement in words that the parser knows, which mean the same here: it has two of the four strengths
/// of a lock, and no condition behind the CROSS JOIN by which SQLite is told an order.
fn readable(sql: &str, engine: Engine) -> String {
    let sql = sql.replace(" FOR NO KEY UPDATE", " FOR UPDATE");
    let sql = sql.replace(" FOR KEY SHARE", " FOR SHARE");
    match engine {
        Engine::Postgres => sql,
        Engine::Sqlite => sql.replace(" CROSS JOIN ", " JOIN "),
    }
}

struct Checker<'a> {
    sent: &'a Sent,
    owner: i64,
    scopes: Vec<Scope>,
    /// The names that `WITH` gives.
    named: BTreeSet<String>,
    /// The owned tables that the statement names anywhere, and those that a scope has looked at.
    seen: Vec<String>,
    checked: Vec<String>,
    found: Found,
}

impl<'a> Checker<'a> {
    fn new(sent: &'a Sent, owner: i64) -> Self {
        Self {
            sent,
            owner,
            scopes: Vec::new(),
            named: BTreeSet::new(),
            seen: Vec::new(),
            checked: Vec::new(),
            found: Found::default(),
        }
    }

    fn fault(&mut self, what: impl Into<String>) {
        self.found.faults.push(what.into());
    }

    fn enter<'t>(
        &mut self,
        tables: impl IntoIterator<Item = &'t TableWithJoins>,
        condition: Option<&'t Expr>,
    ) {
        let mut scope = Scope::new(tables, condition, &self.scopes, (self.sent, self.owner));
        let faults = std::mem::take(&mut scope.faults);
        self.found.faults.extend(faults);
        for (table, keyed) in scope.owned() {
            self.checked.push(table.to_owned());
            if keyed.is_none() {
                self.found
                    .faults
                    .push(format!("{table} is not keyed by its owner"));
            }
        }
        self.scopes.push(scope);
    }

    fn insert(&mut self, insert: &Insert) {
        let TableObject::TableName(name) = &insert.table else {
            return self.fault("inserts into what is no table");
        };
        let table = plain(name);
        if !OWNED.contains(&table.as_str()) {
            return;
        }
        self.checked.push(table.clone());
        let place = insert
            .columns
            .iter()
            .position(|column| plain(column) == "user_id");
        let Some(place) = place else {
            return self.fault(format!("a row of {table} is inserted without its owner"));
        };
        let given = match insert.source.as_ref().map(|source| &*source.body) {
            Some(SetExpr::Values(values)) => {
                values.rows.iter().all(|row| self.gives(row.get(place)))
            }
            Some(SetExpr::Select(select)) if select.from.is_empty() => {
                matches!(select.projection.get(place), Some(SelectItem::UnnamedExpr(e)) if self.gives(Some(e)))
            }
            // The owner is a column of what it selects.
            Some(SetExpr::Select(_)) => true,
            _ => false,
        };
        if !given {
            self.fault(format!("a row of {table} is inserted for someone else"));
        }
    }

    fn gives(&self, value: Option<&Expr>) -> bool {
        value.is_some_and(|value| is_owner(value, self.sent, self.owner))
    }

    fn delete(&mut self, delete: &Delete) {
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let using = delete.using.iter().flatten();
        self.enter(from.iter().chain(using), delete.selection.as_ref());
    }

    fn end(mut self) -> Found {
        self.seen.sort_unstable();
        self.checked.sort_unstable();
        if self.seen != self.checked {
            let fault = format!(
                "names {:?}, of which {:?} were looked at",
                self.seen, self.checked
            );
            self.fault(fault);
        }
        self.found
    }
}

impl Visitor for Checker<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        match statement {
            Statement::Query(_) => {}
            Statement::Insert(insert) => self.insert(insert),
            Statement::Delete(delete) => self.delete(delete),
            Statement::Update(update) => {
                let from = match &update.from {
                    Some(
                        UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from),
                    ) => from.as_slice(),
                    None => &[],
                };
                self.enter(
                    [&update.table].into_iter().chain(from),
                    update.selection.as_ref(),
                );
            }
            other => self.fault(format!("is of an unknown kind: {other}")),
        }
        ControlFlow::Continue(())
    }

    fn post_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        if matches!(statement, Statement::Update(_) | Statement::Delete(_)) {
            self.scopes.pop();
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let named = query.with.iter().flat_map(|with| &with.cte_tables);
        self.named
            .extend(named.map(|cte| cte.alias.name.value.to_lowercase()));
        let mut parts = vec![&*query.body];
        while let Some(part) = parts.pop() {
            match part {
                SetExpr::SetOperation { left, right, .. } => parts.extend([&**left, &**right]),
                SetExpr::Table(_) | SetExpr::Merge(_) => {
                    self.fault(format!("is of an unknown kind: {part}"))
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.enter(&select.from, select.selection.as_ref());
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &Select) -> ControlFlow<()> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table {
            args: Some(_),
            name,
            ..
        } = factor
        {
            // A function, whose name is visited as a table's.
            self.named.insert(plain(name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        let table = plain(name);
        if OWNED.contains(&table.as_str()) || table == INDEX {
            self.seen.push(table.clone());
        } else if self.named.contains(&table) {
            return ControlFlow::Continue(());
        } else if table != USERS && !NOBODYS.contains(&table.as_str()) {
            self.fault(format!("names {table}, which is unknown here"));
        }
        self.found.tables.insert(table);
        ControlFlow::Continue(())
    }
}

fn plain(name: &ObjectName) -> String {
    name.to_string().replace(['"', '`'], "").to_lowercase()
}
