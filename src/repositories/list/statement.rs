//! SQL text with typed fragments of Diesel's query language in it.

use std::{borrow::Cow, marker::PhantomData};

use diesel::{
    Connection, QueryResult, RunQueryDsl,
    expression::{AsExpression, TypedExpressionType},
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::SqlType,
};

use crate::db::DbConn;

pub type Backend = <DbConn as Connection>::Backend;

/// Text and fragments, one after the other. Values are fragments, which Diesel sends apart from the text.
#[derive(Default)]
pub struct Sql(Vec<Part>);

enum Part {
    Text(Cow<'static, str>),
    Fragment(Box<dyn QueryFragment<Backend>>),
}

/// The parts, one after the other: texts and other [`Sql`].
macro_rules! sql {
    ($($part:expr),* $(,)?) => {{
        let mut sql = $crate::repositories::list::statement::Sql::default();
        $(sql.push($part);)*
        sql
    }};
}
pub(super) use sql;

/// A bound value of the SQL type `T`.
pub fn bind<T, V>(value: V) -> Sql
where
    T: SqlType + TypedExpressionType,
    V: AsExpression<T>,
    V::Expression: QueryFragment<Backend> + 'static,
{
    fragment(value.as_expression())
}

/// An expression of Diesel's query language.
pub fn fragment(fragment: impl QueryFragment<Backend> + 'static) -> Sql {
    Sql(vec![Part::Fragment(Box::new(fragment))])
}

/// The parts with `separator` between them.
pub fn join(parts: impl IntoIterator<Item = Sql>, separator: &'static str) -> Sql {
    let mut joined = Sql::default();
    for part in parts {
        if !joined.is_empty() {
            joined.push(separator);
        }
        joined.push(part);
    }
    joined
}

impl Sql {
    pub fn push(&mut self, part: impl Into<Self>) {
        self.0.extend(part.into().0);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self(vec![Part::Text(text.into())])
    }
}

impl From<String> for Sql {
    fn from(text: String) -> Self {
        Self(vec![Part::Text(text.into())])
    }
}

/// A statement whose rows have the SQL type `Row`.
pub struct Statement<Row> {
    sql: Sql,
    /// Whether the connection keeps it prepared. Texts of which there are many would fill the connection's
    /// cache, and their best plan depends on the values: they are planned at every call.
    cached: bool,
    row: PhantomData<Row>,
}

impl<Row> Statement<Row> {
    pub fn new(sql: Sql, cached: bool) -> Self {
        Self {
            sql,
            cached,
            row: PhantomData,
        }
    }
}

impl<Row> Query for Statement<Row> {
    type SqlType = Row;
}

impl<Row> QueryId for Statement<Row> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Row> RunQueryDsl<DbConn> for Statement<Row> {}

impl<Row> QueryFragment<Backend> for Statement<Row> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        for part in &self.sql.0 {
            match part {
                Part::Text(text) => out.push_sql(text),
                Part::Fragment(fragment) => fragment.walk_ast(out.reborrow())?,
            }
        }
        if !self.cached {
            out.unsafe_to_cache_prepared();
        }
        Ok(())
    }
}
