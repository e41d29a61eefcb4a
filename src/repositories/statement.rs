//! SQL that Diesel's query language has no words for on both engines at once: row comparisons,
//! merged ranges, multi-row statements, full-text search.

use std::{borrow::Cow, marker::PhantomData};

use diesel::{
    Connection, QueryResult, RunQueryDsl,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Binary, Nullable, SmallInt, Text, Timestamp},
};

use crate::{db::DbConn, models::time::UtcTime};

type Backend = <DbConn as Connection>::Backend;

/// Whether the connection leads to PostgreSQL; otherwise it is SQLite.
pub fn is_postgres(conn: &DbConn) -> bool {
    matches!(conn, DbConn::Postgres(_))
}

/// A statement under construction: text of ours, and values, which always travel apart from it.
/// `Row` is the SQL type of what it returns.
pub struct Statement<Row> {
    parts: Vec<Part>,
    cached: bool,
    row: PhantomData<Row>,
}

enum Part {
    Sql(Cow<'static, str>),
    Int(i64),
    Small(i16),
    Text(String),
    NullableText(Option<String>),
    Time(UtcTime),
    NullableTime(Option<UtcTime>),
    Bytes(Vec<u8>),
}

impl<Row> Statement<Row> {
    /// One that the connection prepares anew at every call: for texts of many shapes, which would
    /// fill its cache, and whose best plan depends on the values.
    pub fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self {
            parts: vec![Part::Sql(sql.into())],
            cached: false,
            row: PhantomData,
        }
    }

    /// Keeps the prepared statement: for texts of which there are few.
    pub fn cached(mut self, cached: bool) -> Self {
        self.cached = cached;
        self
    }

    pub fn sql(&mut self, sql: impl Into<Cow<'static, str>>) -> &mut Self {
        self.push(Part::Sql(sql.into()))
    }

    pub fn int(&mut self, value: i64) -> &mut Self {
        self.push(Part::Int(value))
    }

    pub fn small(&mut self, value: i16) -> &mut Self {
        self.push(Part::Small(value))
    }

    pub fn text(&mut self, value: impl Into<String>) -> &mut Self {
        self.push(Part::Text(value.into()))
    }

    pub fn nullable_text(&mut self, value: Option<String>) -> &mut Self {
        self.push(Part::NullableText(value))
    }

    pub fn time(&mut self, value: UtcTime) -> &mut Self {
        self.push(Part::Time(value))
    }

    pub fn nullable_time(&mut self, value: Option<UtcTime>) -> &mut Self {
        self.push(Part::NullableTime(value))
    }

    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.push(Part::Bytes(value.to_vec()))
    }

    /// `each(0), each(1) …` with commas between.
    pub fn list<T>(
        &mut self,
        values: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (number, value) in values.into_iter().enumerate() {
            if number > 0 {
                self.sql(", ");
            }
            each(self, value);
        }
        self
    }

    fn push(&mut self, part: Part) -> &mut Self {
        self.parts.push(part);
        self
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
        if !self.cached {
            out.unsafe_to_cache_prepared();
        }
        for part in &self.parts {
            match part {
                Part::Sql(sql) => out.push_sql(sql),
                Part::Int(value) => out.push_bind_param::<BigInt, _>(value)?,
                Part::Small(value) => out.push_bind_param::<SmallInt, _>(value)?,
                Part::Text(value) => out.push_bind_param::<Text, _>(value)?,
                Part::NullableText(value) => {
                    out.push_bind_param::<Nullable<Text>, _>(value)?;
                }
                Part::Time(value) => out.push_bind_param::<Timestamp, _>(value)?,
                Part::NullableTime(value) => {
                    out.push_bind_param::<Nullable<Timestamp>, _>(value)?;
                }
                Part::Bytes(value) => out.push_bind_param::<Binary, _>(value)?,
            }
        }
        Ok(())
    }
}
