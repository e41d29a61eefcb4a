//! The table of users. One whose account is being deleted is found by nothing but the deletion.
//!
//! A row that a key makes unique is read with `get_result`: `first` would add a bound `LIMIT`, for
//! which SQLite compiles the statement anew at every call.

use diesel::prelude::*;

use super::query::columns;
use crate::{
    db::DbConn,
    models::{
        time::UtcTime,
        user::{Credentials, NewUser, User},
    },
    schema::users,
};

/// Errors: `UniqueViolation` where the e-mail address is in use.
pub fn insert(conn: &mut DbConn, user: &NewUser<'_>) -> QueryResult<User> {
    diesel::insert_into(users::table)
        .values(user)
        .returning(columns::<User>())
        .get_result(conn)
}

/// `email` in its stored form.
pub fn find_by_email(conn: &mut DbConn, email: &str) -> QueryResult<Option<User>> {
    users::table
        .filter(users::email.eq(email))
        .filter(users::deleted_at.is_null())
        .select(columns::<User>())
        .get_result(conn)
        .optional()
}

/// `email` in its stored form.
pub fn find_credentials(conn: &mut DbConn, email: &str) -> QueryResult<Option<Credentials>> {
    users::table
        .filter(users::email.eq(email))
        .filter(users::deleted_at.is_null())
        .select(columns::<Credentials>())
        .get_result(conn)
        .optional()
}

/// As [`find_credentials`], by id.
pub fn find_credentials_by_id(conn: &mut DbConn, user_id: i64) -> QueryResult<Option<Credentials>> {
    users::table
        .find(user_id)
        .filter(users::deleted_at.is_null())
        .select(columns::<Credentials>())
        .get_result(conn)
        .optional()
}

/// The user, whose row is locked on PostgreSQL until the transaction ends. Work on several rows of an account
/// takes this lock first: no deadlock. On SQLite there is one writer at a time.
pub fn lock(conn: &mut DbConn, user_id: i64) -> QueryResult<Option<Credentials>> {
    let user = users::table
        .find(user_id)
        .filter(users::deleted_at.is_null())
        .select(columns::<Credentials>());
    let found = match conn {
        DbConn::Postgres(c) => user.for_no_key_update().get_result(c),
        DbConn::Sqlite(c) => user.get_result(c),
    };
    found.optional()
}

/// Sets another hash of the same password, unless the hash is not `old` any more. Returns whether it did.
pub fn replace_password_hash(
    conn: &mut DbConn,
    user_id: i64,
    old: &str,
    new: &str,
) -> QueryResult<bool> {
    let user = users::table
        .filter(users::id.eq(user_id))
        .filter(users::password_hash.eq(old));
    let changed = diesel::update(user)
        .set(users::password_hash.eq(new))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Never fails for a missing user.
pub fn set_password_hash(conn: &mut DbConn, user_id: i64, hash: &str) -> QueryResult<usize> {
    diesel::update(users::table.find(user_id))
        .set(users::password_hash.eq(hash))
        .execute(conn)
}

/// `email` in its stored form; access tokens from before `not_before` end. Errors: `UniqueViolation`
/// where the e-mail address is in use.
pub fn set_email(
    conn: &mut DbConn,
    user_id: i64,
    email: &str,
    not_before: i64,
) -> QueryResult<usize> {
    diesel::update(users::table.find(user_id))
        .set((
            users::email.eq(email),
            users::tokens_not_before.eq(not_before),
        ))
        .execute(conn)
}

/// Marks the user as deleted. Never fails for a missing user.
pub fn mark_deleted(conn: &mut DbConn, user_id: i64, now: UtcTime) -> QueryResult<usize> {
    diesel::update(users::table.find(user_id))
        .set(users::deleted_at.eq(now))
        .execute(conn)
}

/// Whether the user is marked as deleted. If so, the row is locked on PostgreSQL until the transaction ends.
pub fn lock_deleted(conn: &mut DbConn, user_id: i64) -> QueryResult<bool> {
    let user = users::table
        .find(user_id)
        .filter(users::deleted_at.is_not_null())
        .select(users::id);
    let found = match conn {
        DbConn::Postgres(c) => user.for_no_key_update().get_result::<i64>(c),
        DbConn::Sqlite(c) => user.get_result::<i64>(c),
    };
    Ok(found.optional()?.is_some())
}

/// A user who is marked as deleted, and whose row no other transaction has locked. On PostgreSQL it is locked
/// until the transaction ends. For background jobs alone.
pub fn lock_next_deleted(conn: &mut DbConn) -> QueryResult<Option<i64>> {
    let user = users::table
        .filter(users::deleted_at.is_not_null())
        .order(users::id)
        .select(users::id)
        .limit(1);
    let found = match conn {
        DbConn::Postgres(c) => user.for_no_key_update().skip_locked().get_result(c),
        DbConn::Sqlite(c) => user.get_result(c),
    };
    found.optional()
}

/// Deletes the user, and rows that belong to the user: few, for they go in the same statement.
pub fn delete(conn: &mut DbConn, user_id: i64) -> QueryResult<usize> {
    diesel::delete(users::table.find(user_id)).execute(conn)
}

/// One page of all users, by id, after the user with the id `after`: for operators alone.
pub fn list(conn: &mut DbConn, after: i64, most: i64) -> QueryResult<Vec<User>> {
    users::table
        .filter(users::id.gt(after))
        .filter(users::deleted_at.is_null())
        .order(users::id)
        .limit(most)
        .select(columns::<User>())
        .load(conn)
}
