//! What sessions of PostgreSQL are set to, whatever the defaults of the role or the database are.

use diesel::{PgConnection, QueryResult, RunQueryDsl, dsl::sql, sql_types::Bool};

/// The isolation that the service is written for: a row that another transaction has changed meanwhile is read anew,
/// where repeatable read would refuse the write.
pub const ISOLATION: &str = "SET default_transaction_isolation = 'read committed'";

/// A transaction with that isolation, for connections whose settings are not their own.
pub const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// Switches off every time-out of the server, of which each version has others: for migrations and commands, which
/// take as long as they take. With `local` until the transaction ends, else for the session.
pub fn without_time_outs(local: bool) -> String {
    format!(
        "SELECT set_config(name, '0', {local}) FROM pg_settings
         WHERE name IN ('statement_timeout', 'lock_timeout', 'transaction_timeout',
                        'idle_in_transaction_session_timeout', 'idle_session_timeout')"
    )
}

/// Whether transactions that do not name their isolation have another one.
pub fn isolates_otherwise(conn: &mut PgConnection) -> QueryResult<bool> {
    let differs = "current_setting('default_transaction_isolation') <> 'read committed'";
    diesel::select(sql::<Bool>(differs)).get_result(conn)
}
