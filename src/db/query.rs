//! Queries of operators' commands, whose text is fixed or made of names in this binary.

use diesel::{
    QueryResult, RunQueryDsl,
    dsl::sql,
    sql_types::{BigInt, Text},
};

use super::connection::DbConn;

/// The one number that `query` returns.
pub fn number(conn: &mut DbConn, query: &str) -> QueryResult<i64> {
    sql::<BigInt>(query).get_result(conn)
}

/// The column of text that `query` returns.
pub fn texts(conn: &mut DbConn, query: &str) -> QueryResult<Vec<String>> {
    sql::<Text>(query).load(conn)
}
