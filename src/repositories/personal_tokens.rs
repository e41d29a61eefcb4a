//! The table of personal access tokens. Their owner leads every statement.

use diesel::{dsl::not, prelude::*};

use crate::{
    db::DbConn,
    models::{
        personal_token::{NewPersonalToken, PersonalToken},
        time::UtcTime,
        user::User,
    },
    schema::{personal_tokens, users},
};

const COLUMNS: (
    personal_tokens::id,
    personal_tokens::name,
    personal_tokens::scopes,
    personal_tokens::expires_at,
    personal_tokens::created_at,
    personal_tokens::last_used_at,
) = (
    personal_tokens::id,
    personal_tokens::name,
    personal_tokens::scopes,
    personal_tokens::expires_at,
    personal_tokens::created_at,
    personal_tokens::last_used_at,
);

/// Returns the token as it is stored.
pub fn insert(conn: &mut DbConn, token: &NewPersonalToken<'_>) -> QueryResult<PersonalToken> {
    diesel::insert_into(personal_tokens::table)
        .values(token)
        .returning(COLUMNS)
        .get_result(conn)
}

/// The token with this hash, expired or not, and whose it is.
pub fn find(
    conn: &mut DbConn,
    user_id: i64,
    hash: &[u8],
) -> QueryResult<Option<(PersonalToken, User)>> {
    personal_tokens::table
        .inner_join(users::table)
        .filter(personal_tokens::user_id.eq(user_id))
        .filter(personal_tokens::hash.eq(hash))
        .select((COLUMNS, (users::id, users::email, users::created_at)))
        .get_result(conn)
        .optional()
}

/// One page, newest first, before the token with the id `before`.
pub fn list(
    conn: &mut DbConn,
    user_id: i64,
    before: Option<i64>,
    most: i64,
) -> QueryResult<Vec<PersonalToken>> {
    personal_tokens::table
        .filter(personal_tokens::user_id.eq(user_id))
        .filter(personal_tokens::id.lt(before.unwrap_or(i64::MAX)))
        .order(personal_tokens::id.desc())
        .limit(most)
        .select(COLUMNS)
        .load(conn)
}

/// Says that the token was used, unless that was said after `since`.
pub fn touch(
    conn: &mut DbConn,
    user_id: i64,
    id: i64,
    now: UtcTime,
    since: UtcTime,
) -> QueryResult<()> {
    let token = personal_tokens::table
        .filter(personal_tokens::user_id.eq(user_id))
        .filter(personal_tokens::id.eq(id))
        .filter(
            personal_tokens::last_used_at
                .is_null()
                .or(not(personal_tokens::last_used_at.gt(since))),
        );
    diesel::update(token)
        .set(personal_tokens::last_used_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// Returns whether there was one.
pub fn delete(conn: &mut DbConn, user_id: i64, id: i64) -> QueryResult<bool> {
    let token = personal_tokens::table
        .filter(personal_tokens::user_id.eq(user_id))
        .filter(personal_tokens::id.eq(id));
    Ok(diesel::delete(token).execute(conn)? > 0)
}
