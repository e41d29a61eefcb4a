//! Whether a database is sound, and one of this service.

use diesel::Connection;

use crate::{
    db::{
        DbConn,
        migrations::{self, State, versions},
        tables::TABLES,
    },
    error::AppError,
    models::{blockers::in_cycles, integrity::IntegrityResult, tree::LEVELS_MAX},
    repositories::integrity::{self, Checked},
};

/// Checks the whole database in one snapshot; it writes nothing. A check that cannot be made is a fault. Errors: the
/// database cannot be reached.
pub fn check(conn: &mut DbConn) -> Result<Vec<IntegrityResult>, AppError> {
    let mut results = Vec::new();
    let outcome = conn.transaction(|conn| {
        integrity::freeze(conn)?;
        results = check_all(conn);
        Ok(())
    });
    match outcome {
        // A broken file may not even end a transaction; the faults found in it say more.
        Err(error) if results.iter().all(|result| result.faults.is_empty()) => Err(error),
        _ => Ok(results),
    }
}

/// How many users and tasks there are.
pub fn counts(conn: &mut DbConn) -> Result<(i64, i64), AppError> {
    let users = integrity::count(conn, "users")?;
    Ok((users, integrity::count(conn, "tasks")?))
}

fn check_all(conn: &mut DbConn) -> Vec<IntegrityResult> {
    let is_sqlite = matches!(conn, DbConn::Sqlite(_));
    let migrations = check_migrations(conn);
    let is_current = migrations.faults.is_empty() && migrations.note.is_none();
    let mut results = vec![migrations];
    if is_sqlite {
        results.push(run(conn, "pages", integrity::pages));
    }
    if !is_current {
        return results;
    }
    if is_sqlite {
        results.push(run(conn, "foreign keys", integrity::foreign_keys));
        results.push(run(conn, "search index", integrity::search_index));
    } else {
        results.push(run(conn, "indexes", integrity::indexes));
    }
    results.push(run(conn, "references", integrity::references));
    let subtasks = |conn: &mut DbConn| integrity::subtasks(conn, LEVELS_MAX);
    results.push(run(conn, "subtasks", subtasks));
    results.push(run(conn, "blockers", check_blockers));
    results.push(run(conn, "ids", integrity::ids));
    results.push(run(conn, "epoch", integrity::epoch));
    if !is_sqlite {
        // SQLite's own check compares indexes with their tables.
        results.push(run(conn, "unique keys", integrity::unique_keys));
    }
    for table in TABLES {
        let count = |conn: &mut DbConn| Ok((integrity::count(conn, table)?, Vec::new()));
        results.push(run(conn, table, count));
    }
    results
}

/// Runs a check in a savepoint: on PostgreSQL a statement that fails would end the transaction for all checks.
fn run(
    conn: &mut DbConn,
    name: &'static str,
    check: impl FnOnce(&mut DbConn) -> Checked,
) -> IntegrityResult {
    match conn.transaction(check) {
        Ok((count, faults)) => IntegrityResult::new(name, count, faults),
        Err(error) => IntegrityResult::new(name, 0, vec![format!("cannot be read: {error}")]),
    }
}

fn check_blockers(conn: &mut DbConn) -> Checked {
    let tasks = integrity::blockers(conn)?;
    let faults = in_cycles(&tasks).into_iter();
    let faults = faults.map(|id| format!("task {id} is in a cycle of blockers, or blocked by one"));
    Ok((tasks.len() as i64, faults.collect()))
}

fn check_migrations(conn: &mut DbConn) -> IntegrityResult {
    let result = |count, faults| IntegrityResult::new("migrations", count, faults);
    let foreign = |cause: &str| {
        let fault = format!("it is not a database of this service: {cause}");
        result(0, vec![fault])
    };
    let all = match conn.transaction(migrations::status) {
        Ok(all) => all,
        Err(error) => return foreign(&error.to_string()),
    };
    let pending = versions(&all, State::Pending);
    let unknown = versions(&all, State::Unknown).join(", ");
    let applied = all.len() - pending.len();
    if applied == 0 {
        return foreign("no migration is applied");
    }
    let unknown = (!unknown.is_empty()).then(|| format!("unknown to this binary: {unknown}"));
    let rest = "rows are checked once they are applied";
    let note = (!pending.is_empty()).then(|| format!("pending: {}; {rest}", pending.join(", ")));
    IntegrityResult {
        note,
        ..result(applied as i64, unknown.into_iter().collect())
    }
}
