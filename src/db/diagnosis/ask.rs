//! Questions with one answer.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Text},
};

use crate::db::DbConn;

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Runs `work` where it cannot write. One transaction stays on one server, also behind a pooler.
pub fn observe<T>(
    conn: &mut DbConn,
    work: impl FnOnce(&mut DbConn) -> QueryResult<T>,
) -> QueryResult<T> {
    if let DbConn::Sqlite(_) = conn {
        return work(conn);
    }
    conn.batch_execute("BEGIN READ ONLY")?;
    let outcome = work(conn);
    let ended = conn.batch_execute("ROLLBACK");
    let answer = outcome?;
    ended.map(|()| answer)
}

/// The column `text` of every row.
pub fn texts(conn: &mut DbConn, sql: &str) -> QueryResult<Vec<String>> {
    let rows: Vec<TextRow> = observe(conn, |conn| sql_query(sql).load(conn))?;
    Ok(rows.into_iter().map(|row| row.text).collect())
}

/// The column `number` of the one row.
pub fn number(conn: &mut DbConn, sql: &str) -> QueryResult<i64> {
    observe(conn, |conn| number_within(conn, sql))
}

/// [`number`], within the transaction of an [`observe`].
pub fn number_within(conn: &mut DbConn, sql: &str) -> QueryResult<i64> {
    let row: NumberRow = sql_query(sql).get_result(conn)?;
    Ok(row.number)
}

/// Waits for an answer that needs no table.
pub fn round_trip(conn: &mut DbConn) -> QueryResult<()> {
    conn.batch_execute("SELECT 1")
}
