//! Statements of the background job. They are the only ones across owners: each takes a bounded
//! number of rows, and passes by rows that another copy of the service has in hand.

use diesel::{
    QueryResult, RunQueryDsl,
    sql_types::{BigInt, Bool},
};

use super::{
    statement::{Statement, is_postgres},
    tasks::{COLUMNS, TaskColumns},
};
use crate::{
    db::DbConn,
    models::{task::Task, time::UtcTime, words},
};

/// Names the advisory lock under which one copy of the service does the chores: "chores" in ASCII.
const ADVISORY_LOCK: i64 = 0x6368_6f72_6573;

/// Takes the lock of the chores for the transaction; `false` where another copy of the service has it. On
/// SQLite the writer is alone in any case.
pub fn try_lock(conn: &mut DbConn) -> QueryResult<bool> {
    if !is_postgres(conn) {
        return Ok(true);
    }
    let mut statement = Statement::<Bool>::new("SELECT pg_try_advisory_xact_lock(");
    statement.int(ADVISORY_LOCK).sql(")");
    statement.get_result(conn)
}

/// For PostgreSQL: leaves out rows that someone else has in hand, so that nobody waits for anyone.
const SKIP_LOCKED: &str = " FOR UPDATE SKIP LOCKED";

/// What is deleted once a time in it has come: a table, its key, and the column with the time.
#[derive(Debug, Clone, Copy)]
pub struct Perishable {
    table: &'static str,
    key: &'static str,
    column: &'static str,
}

impl Perishable {
    /// Tasks in the trash, by when they went there.
    pub const TRASH: Self = Self::new("tasks", "user_id, id", "deleted_at");
    /// Answers under keys, by when they were stored.
    pub const KEYS: Self = Self::new("idempotency_keys", "user_id, key", "created_at");
    /// Sessions, by when they end.
    pub const SESSIONS: Self = Self::new("sessions", "user_id, id", "expires_at");
    /// Refresh tokens that were used, by when.
    pub const REFRESH_TOKENS: Self = Self::new("refresh_tokens", "user_id, hash", "used_at");
    /// Personal access tokens, by when they end.
    pub const PERSONAL_TOKENS: Self = Self::new("personal_tokens", "user_id, id", "expires_at");
    /// The audit trail, by when it happened.
    pub const EVENTS: Self = Self::new("security_events", "user_id, id", "created_at");
    /// Counters, by when they are over.
    pub const THROTTLES: Self = Self::new("throttles", "bucket", "ends_at");

    const fn new(table: &'static str, key: &'static str, column: &'static str) -> Self {
        Self { table, key, column }
    }
}

/// Deletes at most `most` rows whose time is `until` or earlier, the oldest first. Returns how many.
pub fn purge(conn: &mut DbConn, what: Perishable, until: UtcTime, most: i64) -> QueryResult<usize> {
    let Perishable { table, key, column } = what;
    let mut statement = Statement::<()>::new(format!(
        "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {column} <= "
    ));
    statement.time(until);
    statement
        .sql(format!(" ORDER BY {column} LIMIT "))
        .int(most);
    if is_postgres(conn) {
        statement.sql(SKIP_LOCKED);
    }
    statement.sql(")");
    statement.execute(conn)
}

/// Deletes at most `most` refresh tokens of sessions that ended at `until` or earlier: a session may have
/// thousands, which would all go with it at once. Returns how many.
pub fn purge_refresh_tokens(conn: &mut DbConn, until: UtcTime, most: i64) -> QueryResult<usize> {
    let mut statement = Statement::<()>::new(
        "DELETE FROM refresh_tokens WHERE (user_id, hash) IN (SELECT t.user_id, t.hash \
         FROM sessions s JOIN refresh_tokens t ON t.user_id = s.user_id AND t.session_id = s.id \
         WHERE s.expires_at <= ",
    );
    statement.time(until).sql(" LIMIT ").int(most);
    if is_postgres(conn) {
        statement.sql(" FOR UPDATE OF t SKIP LOCKED");
    }
    statement.sql(")");
    statement.execute(conn)
}

/// Makes the words and the title's key of at most `most` tasks whose own are of another version: those
/// from before the columns, and those that an older copy of the service writes. Returns how many. In a transaction.
pub fn index_tasks(conn: &mut DbConn, most: i64) -> QueryResult<usize> {
    let mut select = Statement::<TaskColumns>::new(format!(
        "SELECT {COLUMNS} FROM tasks WHERE indexed_version <> version"
    ));
    select.sql(" LIMIT ").int(most);
    if is_postgres(conn) {
        select.sql(SKIP_LOCKED);
    }
    let found: Vec<Task> = select.load(conn)?;
    if found.is_empty() {
        return Ok(0);
    }
    let mut update = Statement::<BigInt>::new(
        "UPDATE tasks SET title_key = v.column3, words = v.column4, indexed_version = version FROM (VALUES ",
    );
    update.list(&found, |update, task| {
        update.sql("(").int(task.user_id).sql(", ").int(task.id);
        update.sql(", ").text(words::fold_case(&task.title));
        let index = words::index_text(&task.title, task.description.as_deref());
        update.sql(", ").text(index).sql(")");
    });
    update.sql(
        ") AS v WHERE tasks.user_id = v.column1 AND tasks.id = v.column2 \
         RETURNING id",
    );
    update.load::<i64>(conn)?;
    Ok(found.len())
}
