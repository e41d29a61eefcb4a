//! The table of sessions. Their owner leads every statement.

use diesel::prelude::*;

use super::{epochs, query::columns};
use crate::{
    db::DbConn,
    models::{
        epoch::Epoch,
        session::{NewSession, Session, SessionUse},
        time::UtcTime,
        user::User,
    },
    schema::{sessions, users},
};

/// Returns the new session's id.
pub fn insert(conn: &mut DbConn, session: &NewSession<'_>) -> QueryResult<i64> {
    diesel::insert_into(sessions::table)
        .values(session)
        .returning(sessions::id)
        .get_result(conn)
}

/// The user with the e-mail address `email`, in its stored form, who has the session `id`; with the second
/// before which access tokens are refused, and the epoch.
pub fn find_user(
    conn: &mut DbConn,
    email: &str,
    id: i64,
) -> QueryResult<Option<(User, i64, Epoch)>> {
    users::table
        .inner_join(sessions::table)
        .filter(users::email.eq(email))
        .filter(users::deleted_at.is_null())
        .filter(sessions::id.eq(id))
        .select((
            columns::<User>(),
            users::tokens_not_before,
            epochs::current(),
        ))
        .get_result(conn)
        .optional()
}

/// Whether the user has the session `id`.
pub fn exists(conn: &mut DbConn, user_id: i64, id: i64) -> QueryResult<bool> {
    let session = sessions::table
        .find((user_id, id))
        .select(sessions::id)
        .get_result::<i64>(conn)
        .optional()?;
    Ok(session.is_some())
}

/// One page of the sessions that end after `now`, newest first, before the session with the id
/// `before`.
pub fn list(
    conn: &mut DbConn,
    user_id: i64,
    now: UtcTime,
    before: Option<i64>,
    most: i64,
) -> QueryResult<Vec<Session>> {
    sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::id.lt(before.unwrap_or(i64::MAX)))
        .filter(sessions::expires_at.gt(now))
        .order(sessions::id.desc())
        .limit(most)
        .select(columns::<Session>())
        .load(conn)
}

/// Writes down a use of the session.
pub fn touch(
    conn: &mut DbConn,
    user_id: i64,
    id: i64,
    session_use: &SessionUse<'_>,
) -> QueryResult<usize> {
    diesel::update(sessions::table.find((user_id, id)))
        .set(session_use)
        .execute(conn)
}

/// Ends the session with its refresh tokens. Returns whether there was one.
pub fn delete(conn: &mut DbConn, user_id: i64, id: i64) -> QueryResult<bool> {
    Ok(diesel::delete(sessions::table.find((user_id, id))).execute(conn)? > 0)
}

/// Ends every session but `kept`, if that is one. Returns how many there were, expired ones included.
pub fn delete_all(conn: &mut DbConn, user_id: i64, kept: Option<i64>) -> QueryResult<usize> {
    let others = sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::id.ne(kept.unwrap_or_default()));
    diesel::delete(others).execute(conn)
}
