//! Statements of the background jobs. They are the only ones across owners: each takes a bounded number of
//! rows, and skips those that another transaction has locked.

use diesel::{
    QueryResult, RunQueryDsl, sql_query,
    sql_types::{BigInt, Timestamp},
};

use super::advisory_lock;
use crate::{db::DbConn, models::time::UtcTime};

/// Names the advisory lock under which one replica runs the background jobs: any number that nothing else uses.
const JOBS: i64 = 0x6368_6f72_6573;

/// Takes the lock of the background jobs for the transaction; `false` where another replica has it.
pub fn try_lock(conn: &mut DbConn) -> QueryResult<bool> {
    advisory_lock::try_lock(conn, JOBS)
}

/// Rows that are deleted once a time in them has come: a table, its key, and the column with the time.
#[derive(Debug, Clone, Copy)]
pub struct PurgeTarget {
    table: &'static str,
    key: &'static str,
    column: &'static str,
}

impl PurgeTarget {
    /// Tasks in the trash, by when they went there.
    pub const TRASHED_TASKS: Self = Self::new("tasks", "user_id, id", "deleted_at");
    /// Projects in the trash, by when they went there.
    pub const TRASHED_PROJECTS: Self = Self::new("projects", "user_id, id", "deleted_at");
    /// Answers under idempotency keys, by when they were stored.
    pub const KEYS: Self = Self::new("idempotency_keys", "user_id, key", "created_at");
    /// Sessions, by when they expire.
    pub const SESSIONS: Self = Self::new("sessions", "user_id, id", "expires_at");
    /// Refresh tokens that were used, by when.
    pub const REFRESH_TOKENS: Self = Self::new("refresh_tokens", "user_id, hash", "used_at");
    /// Personal access tokens, by when they expire.
    pub const PERSONAL_TOKENS: Self = Self::new("personal_tokens", "user_id, id", "expires_at");
    /// The audit trail, by when it happened.
    pub const EVENTS: Self = Self::new("security_events", "user_id, id", "created_at");
    /// Counters, by when they end.
    pub const THROTTLES: Self = Self::new("throttles", "bucket", "ends_at");

    const fn new(table: &'static str, key: &'static str, column: &'static str) -> Self {
        Self { table, key, column }
    }
}

/// Deletes at most `most` rows whose time is `until` or earlier, the oldest first. Returns how many.
pub fn purge(
    conn: &mut DbConn,
    target: PurgeTarget,
    until: UtcTime,
    most: i64,
) -> QueryResult<usize> {
    let PurgeTarget { table, key, column } = target;
    let lock = match conn {
        DbConn::Postgres(_) => "FOR UPDATE SKIP LOCKED",
        DbConn::Sqlite(_) => "",
    };
    sql_query(format!(
        "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {column} <= $1 \
         ORDER BY {column} LIMIT $2 {lock})"
    ))
    .bind::<Timestamp, _>(until)
    .bind::<BigInt, _>(most)
    .execute(conn)
}

/// Deletes at most `most` refresh tokens of sessions that expired at `until` or earlier: a session may have
/// thousands, which would all go with it at once. Returns how many.
pub fn purge_refresh_tokens(conn: &mut DbConn, until: UtcTime, most: i64) -> QueryResult<usize> {
    let lock = match conn {
        DbConn::Postgres(_) => "FOR UPDATE OF t SKIP LOCKED",
        DbConn::Sqlite(_) => "",
    };
    sql_query(format!(
        "DELETE FROM refresh_tokens WHERE (user_id, hash) IN (SELECT t.user_id, t.hash \
         FROM sessions s JOIN refresh_tokens t ON t.user_id = s.user_id AND t.session_id = s.id \
         WHERE s.expires_at <= $1 LIMIT $2 {lock})"
    ))
    .bind::<Timestamp, _>(until)
    .bind::<BigInt, _>(most)
    .execute(conn)
}
