//! The PostgreSQL database to which all is carried.

use diesel::{
    QueryResult, RunQueryDsl, connection::SimpleConnection, result::Error, sql_types::Bool,
};

use super::rows::TABLES;
use crate::{
    db::{DbConn, migrations},
    repositories::statement::Statement,
};

/// Applies all migrations to a database that never had any. Returns the versions that are applied, or
/// pending, or unknown to this binary, where it had some. In the transaction that carries the rows.
pub fn prepare(target: &mut DbConn) -> QueryResult<Prepared> {
    if !is_migrated(target)? {
        migrations::run_pending(target).map_err(Error::QueryBuilderError)?;
    }
    let mut differing = migrations::pending(target)?;
    differing.extend(migrations::unknown(target)?);
    Ok(Prepared { differing })
}

/// How the database stands to this binary.
pub struct Prepared {
    /// Migrations that only one of the two knows.
    pub differing: Vec<String>,
}

/// Keeps all others from writing to any table until the transaction ends. Errors: somebody does, for longer
/// than a few seconds.
pub fn lock(target: &mut DbConn) -> QueryResult<()> {
    let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let names = names.join(", ");
    target.batch_execute(&format!(
        "SET LOCAL lock_timeout = '5s'; LOCK TABLE {names} IN EXCLUSIVE MODE"
    ))
}

/// Lets the ids of the table `name` go on after `last`. In the transaction, and so undone with it.
pub fn continue_after(target: &mut DbConn, name: &str, last: i64) -> QueryResult<()> {
    let next = last + 1;
    target.batch_execute(&format!(
        "ALTER TABLE {name} ALTER COLUMN id RESTART WITH {next}"
    ))
}

/// Lets the planner know the new rows before the first query.
pub fn analyze(target: &mut DbConn) -> QueryResult<()> {
    let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    target.batch_execute(&format!("ANALYZE {}", names.join(", ")))
}

fn is_migrated(target: &mut DbConn) -> QueryResult<bool> {
    let sql = "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL";
    Statement::<Bool>::new(sql).get_result(target)
}
