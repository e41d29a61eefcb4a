//! The table of refresh tokens. Their owner leads every statement.

use diesel::prelude::*;

use super::query::columns;
use crate::{
    db::DbConn,
    models::{
        session::{NewRefreshToken, RefreshToken},
        time::UtcTime,
    },
    schema::{refresh_tokens, sessions},
};

/// Stores a token that was not used yet.
pub fn insert(conn: &mut DbConn, token: &NewRefreshToken<'_>) -> QueryResult<()> {
    diesel::insert_into(refresh_tokens::table)
        .values(token)
        .execute(conn)?;
    Ok(())
}

/// The token with this hash, used or not, and its session.
pub fn find(conn: &mut DbConn, user_id: i64, hash: &[u8]) -> QueryResult<Option<RefreshToken>> {
    refresh_tokens::table
        .inner_join(
            sessions::table.on(sessions::user_id
                .eq(refresh_tokens::user_id)
                .and(sessions::id.eq(refresh_tokens::session_id))),
        )
        .filter(refresh_tokens::user_id.eq(user_id))
        .filter(refresh_tokens::hash.eq(hash))
        .select(columns::<RefreshToken>())
        .get_result(conn)
        .optional()
}

/// Says when the token was used, and for which other.
pub fn mark_used(
    conn: &mut DbConn,
    user_id: i64,
    hash: &[u8],
    now: UtcTime,
    child_hash: &[u8],
) -> QueryResult<usize> {
    diesel::update(refresh_tokens::table.find((user_id, hash)))
        .set((
            refresh_tokens::used_at.eq(now),
            refresh_tokens::child_hash.eq(child_hash),
        ))
        .execute(conn)
}
