//! All rows that a user owns, of any table.

use diesel::prelude::*;

use super::query::delete_some;
use crate::{
    db::DbConn,
    schema::{
        idempotency_keys, personal_tokens, projects, refresh_tokens, security_events, sessions,
        tasks,
    },
};

type Delete = fn(&mut DbConn, i64, i64) -> QueryResult<usize>;

/// Deletes at most `most` rows of the user, and returns how many. All are gone where those are fewer, but the
/// events of the kind `kept`, and the user.
///
/// The tasks go first: a request that has one locked, and still needs the user to be there, is not waited for
/// with the user's row locked. A session goes after its refresh tokens, which it would take along.
pub fn delete(conn: &mut DbConn, user_id: i64, kept: &str, most: usize) -> QueryResult<usize> {
    const TABLES: [Delete; 6] = [
        |conn, user_id, most| delete_some!(conn, tasks::id, user_id, most),
        |conn, user_id, most| delete_some!(conn, projects::id, user_id, most),
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
    let most = (most - deleted) as i64;
    Ok(deleted + delete_some!(conn, security_events::id, user_id, most, kind.ne(kept))?)
}
