//! The table of personal access tokens. Their owner leads every statement.

use diesel::{dsl::not, prelude::*};

use super::{epochs, query::columns};
use crate::{
    db::DbConn,
    models::{
        epoch::Epoch,
        personal_token::{NewPersonalToken, PersonalToken},
        time::UtcTime,
        user::User,
    },
    schema::{personal_tokens, users},
};

/// Returns the token as it is stored.
pub fn insert(conn: &mut DbConn, token: &NewPersonalToken<'_>) -> QueryResult<PersonalToken> {
    diesel::insert_into(personal_tokens::table)
        .values(token)
        .returning(columns::<PersonalToken>())
        .get_result(conn)
}

/// The token with this hash, expired or not, its user, and the epoch.
pub fn find(
    conn: &mut DbConn,
    user_id: i64,
    hash: &[u8],
) -> QueryResult<Option<(PersonalToken, User, Epoch)>> {
    personal_tokens::table
        .inner_join(users::table)
        .filter(personal_tokens::user_id.eq(user_id))
        .filter(personal_tokens::hash.eq(hash))
        .filter(users::deleted_at.is_null())
        .select((
            columns::<PersonalToken>(),
            columns::<User>(),
            epochs::current(),
        ))
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
        .select(columns::<PersonalToken>())
        .load(conn)
}

/// Says that the token was used, unless that was said after `since`.
pub fn touch(
    conn: &mut DbConn,
    user_id: i64,
    id: i64,
    now: UtcTime,
    since: UtcTime,
) -> QueryResult<usize> {
    let token = personal_tokens::table.find((user_id, id)).filter(
        personal_tokens::last_used_at
            .is_null()
            .or(not(personal_tokens::last_used_at.gt(since))),
    );
    diesel::update(token)
        .set(personal_tokens::last_used_at.eq(now))
        .execute(conn)
}

/// Returns whether there was one.
pub fn delete(conn: &mut DbConn, user_id: i64, id: i64) -> QueryResult<bool> {
    Ok(diesel::delete(personal_tokens::table.find((user_id, id))).execute(conn)? > 0)
}
