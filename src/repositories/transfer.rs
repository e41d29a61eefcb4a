//! All rows of an SQLite database, carried into a PostgreSQL one as JSON: the columns come from the catalog, so that
//! no list of them stands here.

use diesel::{
    QueryResult, RunQueryDsl,
    connection::SimpleConnection,
    dsl::sql,
    result::Error,
    sql_query,
    sql_types::{BigInt, Nullable, Text},
};

use crate::db::{
    DbConn,
    migrations::{self, State},
    query::{number, texts},
    tables::TABLES,
};

/// Rows in one step, which are held in memory: an answer that is kept for an idempotency key may have a MiB.
const STEP: i64 = 100;

/// A step: SQLite's rowid of the last row, and how many rows there were.
#[derive(Debug, Clone, Copy)]
pub struct Carried {
    pub last: i64,
    pub rows: i64,
}

/// Carries the next rows of `table` after SQLite's row `after`; `None` where there are none.
pub fn carry(
    source: &mut DbConn,
    target: &mut DbConn,
    table: &str,
    after: i64,
) -> QueryResult<Option<Carried>> {
    let columns = texts(
        source,
        &format!("SELECT name FROM pragma_table_info('{table}')"),
    )?;
    let members: Vec<String> = columns.iter().map(|name| member(name)).collect();
    let query = format!(
        "SELECT max(row_id), count(*), json_group_array(json_object({})) \
         FROM (SELECT rowid AS row_id, * FROM {table} WHERE rowid > {after} ORDER BY rowid LIMIT {STEP})",
        members.join(", ")
    );
    let (last, rows, json) =
        sql::<(Nullable<BigInt>, BigInt, Text)>(&query)
            .get_result::<(Option<i64>, i64, String)>(source)?;
    let Some(last) = last else {
        return Ok(None);
    };
    let columns = columns.join(", ");
    sql_query(format!(
        "INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, $1::json)"
    ))
    .bind::<Text, _>(json)
    .execute(target)?;
    Ok(Some(Carried { last, rows }))
}

/// A column as a member of a JSON object, bytes in the form that PostgreSQL reads.
fn member(column: &str) -> String {
    format!(
        "'{column}', CASE typeof({column}) WHEN 'blob' THEN '\\x' || hex({column}) ELSE {column} END"
    )
}

/// The highest id that SQLite has given out in `table`, even if its row is gone; 0: none.
pub fn last_given(source: &mut DbConn, table: &str) -> QueryResult<i64> {
    let query = format!(
        "SELECT MAX(COALESCE((SELECT MAX(id) FROM {table}), 0), \
         COALESCE((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0))"
    );
    number(source, &query)
}

/// Applies all migrations to a database that never had any. Returns the versions that only one of database and
/// binary knows.
pub fn prepare(target: &mut DbConn) -> QueryResult<Vec<String>> {
    if !migrations::was_migrated(target)? {
        migrations::run_pending(target).map_err(Error::QueryBuilderError)?;
    }
    let mut all = migrations::status(target)?;
    all.retain(|migration| migration.state != State::Applied);
    Ok(all.into_iter().map(|migration| migration.version).collect())
}

/// Keeps all others from writing to any table until the transaction ends. Errors: another transaction writes for
/// longer than 5 s.
pub fn lock(target: &mut DbConn) -> QueryResult<()> {
    let names = TABLES.join(", ");
    target.batch_execute(&format!(
        "SET LOCAL lock_timeout = '5s'; LOCK TABLE {names} IN EXCLUSIVE MODE"
    ))
}

/// Lets the ids of `table` go on after `last`. A rollback undoes it.
pub fn continue_after(target: &mut DbConn, table: &str, last: i64) -> QueryResult<()> {
    let next = last + 1;
    target.batch_execute(&format!(
        "ALTER TABLE {table} ALTER COLUMN id RESTART WITH {next}"
    ))
}

/// Lets the planner know the new rows before the first query.
pub fn analyze(target: &mut DbConn) -> QueryResult<()> {
    target.batch_execute(&format!("ANALYZE {}", TABLES.join(", ")))
}
