//! What an SQLite file tells about itself.

use diesel::QueryResult;

use super::ask;
use crate::db::DbConn;

/// Most complaints that are worth reading.
const MOST: u8 = 5;

/// The version of SQLite in this binary.
pub fn version(conn: &mut DbConn) -> QueryResult<String> {
    let rows = ask::texts(conn, "SELECT sqlite_version() AS text")?;
    Ok(rows.concat())
}

/// What is wrong with the pages of the file: none where all is well. It reads the whole file.
pub fn damages(conn: &mut DbConn) -> QueryResult<Vec<String>> {
    let sql = format!("SELECT quick_check AS text FROM pragma_quick_check LIMIT {MOST}");
    let mut found = ask::texts(conn, &sql)?;
    found.retain(|line| line != "ok");
    Ok(found)
}

/// How many rows refer to rows that are not there.
pub fn orphans(conn: &mut DbConn) -> QueryResult<i64> {
    ask::number(
        conn,
        "SELECT count(*) AS number FROM pragma_foreign_key_check",
    )
}

/// By how many milliseconds the newest account or security event is ahead of this machine's clock;
/// negative where it lies in the past, and where there is none.
pub fn lead_of_data(conn: &mut DbConn) -> QueryResult<i64> {
    ask::number(
        conn,
        "SELECT CAST(coalesce((julianday(max(at)) - julianday('now')) * 86400000, -1) AS INTEGER) AS number
         FROM (SELECT max(created_at) AS at FROM security_events
               UNION ALL SELECT created_at FROM users WHERE id = (SELECT max(id) FROM users))",
    )
}
