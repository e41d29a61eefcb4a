//! What the engines themselves know of their soundness.

use diesel::{
    QueryResult, RunQueryDsl,
    connection::SimpleConnection,
    sql_types::{BigInt, Text},
};

use crate::{
    db::{DbConn, blueprint, migrations},
    models::finding::FAULTS_MAX,
    repositories::statement::{Statement, is_postgres},
};

/// The tables whose ids the database gives out.
pub const COUNTED: [&str; 5] = [
    "users",
    "tasks",
    "sessions",
    "personal_tokens",
    "security_events",
];

/// Makes a transaction of PostgreSQL see one state of the database to its end, and write nothing: to be
/// called first in it. SQLite's do so by themselves.
pub fn freeze(conn: &mut DbConn) -> QueryResult<()> {
    match is_postgres(conn) {
        true => conn.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"),
        false => Ok(()),
    }
}

/// Migrations that are applied, pending, and unknown to this binary. Errors: the database never had any.
pub fn migrations(conn: &mut DbConn) -> QueryResult<(Vec<String>, Vec<String>, Vec<String>)> {
    let applied = migrations::applied(conn)?.into_iter().collect();
    Ok((
        applied,
        migrations::pending(conn)?,
        migrations::unknown(conn)?,
    ))
}

/// Tables, indexes and triggers there are, as SQLite names them.
pub fn sqlite_objects(conn: &mut DbConn) -> QueryResult<Vec<String>> {
    texts(conn, blueprint::OBJECTS)
}

/// How many pages an SQLite file has, and what its own check of them finds: structure, indexes against
/// tables, constraints, the inverted index.
pub fn pages(conn: &mut DbConn) -> QueryResult<(i64, Vec<String>)> {
    let count = number(conn, "PRAGMA page_count")?;
    let mut faults = texts(conn, format!("PRAGMA integrity_check({FAULTS_MAX})"))?;
    faults.retain(|line| line != "ok");
    let lines = faults.iter().flat_map(|fault| fault.lines());
    let lines = lines.filter(|line| !line.is_empty());
    Ok((count, lines.map(str::to_owned).collect()))
}

/// How many foreign keys an SQLite file has, and the rows that break them.
pub fn foreign_keys(conn: &mut DbConn) -> QueryResult<(i64, Vec<String>)> {
    let count = number(
        conn,
        "SELECT COUNT(*) FROM sqlite_master m, pragma_foreign_key_list(m.name) WHERE m.type = 'table'",
    )?;
    let faults = texts(
        conn,
        format!(
            "SELECT \"table\" || ' (row ' || COALESCE(rowid, '?') || ') points to no row of ' || parent \
             FROM pragma_foreign_key_check LIMIT {FAULTS_MAX}"
        ),
    )?;
    Ok((count, faults))
}

/// How many indexes PostgreSQL has for the service, and those that it does not keep or use.
pub fn indexes(conn: &mut DbConn) -> QueryResult<(i64, Vec<String>)> {
    const FROM: &str = "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
         WHERE c.relnamespace = current_schema()::regnamespace";
    let count = number(conn, format!("SELECT COUNT(*) {FROM}"))?;
    let faults = texts(
        conn,
        format!(
            "SELECT 'the index ' || c.relname || ' is not valid' {FROM} \
             AND NOT (i.indisvalid AND i.indisready) ORDER BY 1 LIMIT {FAULTS_MAX}"
        ),
    )?;
    Ok((count, faults))
}

/// How many tables give out ids, and those that would give one out again.
pub fn sequences(conn: &mut DbConn) -> QueryResult<(i64, Vec<String>)> {
    let postgres = is_postgres(conn);
    let mut faults = Vec::new();
    for table in COUNTED {
        let given = match postgres {
            true => format!(
                "SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM {table}_id_seq"
            ),
            false => format!("SELECT seq FROM sqlite_sequence WHERE name = '{table}'"),
        };
        let sql = format!(
            "SELECT '{table}: the next id was given out already' \
             WHERE COALESCE((SELECT MAX(id) FROM {table}), 0) > COALESCE(({given}), 0)"
        );
        faults.extend(texts(conn, sql)?);
    }
    Ok((COUNTED.len() as i64, faults))
}

/// The answer to a query for one number.
pub fn number(
    conn: &mut DbConn,
    sql: impl Into<std::borrow::Cow<'static, str>>,
) -> QueryResult<i64> {
    Statement::<BigInt>::new(sql).get_result(conn)
}

/// The answer to a query for one column of text.
pub fn texts(
    conn: &mut DbConn,
    sql: impl Into<std::borrow::Cow<'static, str>>,
) -> QueryResult<Vec<String>> {
    Statement::<Text>::new(sql).load(conn)
}
