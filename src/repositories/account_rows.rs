//! All rows that a user owns, of any table.

use diesel::prelude::*;

use crate::{
    db::DbConn,
    schema::{idempotency_keys, personal_tokens, refresh_tokens, security_events, sessions, tasks},
};

/// Deletes at most `$most` of the owner's rows, found by the column `$key`.
macro_rules! delete_some {
    ($conn:expr, $table:ident::$key:ident, $user_id:expr, $most:expr) => {{
        // Diesel tells a table in a subquery apart by an alias.
        let some = diesel::alias!($table as some);
        let keys = some
            .filter(some.field($table::user_id).eq($user_id))
            .select(some.field($table::$key))
            .limit($most);
        let rows = $table::table
            .filter($table::user_id.eq($user_id))
            .filter($table::$key.eq_any(keys));
        diesel::delete(rows).execute($conn)
    }};
}

type Delete = fn(&mut DbConn, i64, i64) -> QueryResult<usize>;

/// Deletes at most `most` rows of the user, and returns how many. All are gone where those are fewer, but the
/// events of the kind `kept`, and the user.
///
/// The tasks go first: a request that has one locked, and still needs the user to be there, is not waited for
/// with the user's row locked. A session goes after its refresh tokens, which it would take along.
pub fn delete(conn: &mut DbConn, user_id: i64, kept: &str, most: usize) -> QueryResult<usize> {
    const TABLES: [Delete; 5] = [
        |conn, user_id, most| delete_some!(conn, tasks::id, user_id, most),
        |conn, user_id, most| delete_some!(conn, refresh_tokens::hash, user_id, most),
        |conn, user_id, most| delete_some!(conn, sessions::id, user_id, most),
        |conn, user_id, most| delete_some!(conn, personal_tokens::id, user_id, most),
        |conn, user_id, most| delete_some!(conn, idempotency_keys::key, user_id, most),
    ];
    let mut deleted = 0;
    for delete in TABLES {
        deleted += delete(conn, user_id, (most - deleted) as i64)?;
        if deleted == most {
            return Ok(deleted);
        }
    }
    Ok(deleted + delete_events(conn, user_id, kept, (most - deleted) as i64)?)
}

fn delete_events(conn: &mut DbConn, user_id: i64, kept: &str, most: i64) -> QueryResult<usize> {
    let some = diesel::alias!(security_events as some);
    let ids = some
        .filter(some.field(security_events::user_id).eq(user_id))
        .filter(some.field(security_events::kind).ne(kept))
        .select(some.field(security_events::id))
        .limit(most);
    let rows = security_events::table
        .filter(security_events::user_id.eq(user_id))
        .filter(security_events::id.eq_any(ids));
    diesel::delete(rows).execute(conn)
}
