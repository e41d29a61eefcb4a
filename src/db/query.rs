//! Queries of operators' commands, whose text is fixed or made of names in this binary.

use diesel::{
    QueryResult, RunQueryDsl,
    dsl::sql,
    sql_types::{BigInt, Bool, Text},
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

/// The one row of a text and a truth value that `query` returns.
pub fn judgement(conn: &mut DbConn, query: &str) -> QueryResult<(String, bool)> {
    sql::<(Text, Bool)>(query).get_result(conn)
}
