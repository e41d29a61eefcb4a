//! The table of users.
//!
//! A row that a key makes unique is read with `get_result`: `first` would add a bound `LIMIT`, for
//! which SQLite compiles the statement anew at every call.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text, Timestamp},
};

use super::statement::{Statement, is_postgres};
use crate::{
    db::DbConn,
    models::user::{Account, Credentials, NewUser, User},
    schema::{tasks, users},
};

/// Errors: `UniqueViolation` where the e-mail address is in use.
pub fn insert(conn: &mut DbConn, user: &NewUser<'_>) -> QueryResult<User> {
    diesel::insert_into(users::table)
        .values(user)
        .returning((users::id, users::email, users::created_at))
        .get_result(conn)
}

/// `email` in its stored form.
pub fn find_by_email(conn: &mut DbConn, email: &str) -> QueryResult<Option<User>> {
    users::table
        .filter(users::email.eq(email))
        .select((users::id, users::email, users::created_at))
        .get_result(conn)
        .optional()
}

/// `email` in its stored form.
pub fn find_credentials(conn: &mut DbConn, email: &str) -> QueryResult<Option<Credentials>> {
    users::table
        .filter(users::email.eq(email))
        .select((
            (users::id, users::email, users::created_at),
            users::password_hash,
        ))
        .get_result(conn)
        .optional()
}

/// As [`find_credentials`], by id.
pub fn find_credentials_by_id(conn: &mut DbConn, user_id: i64) -> QueryResult<Option<Credentials>> {
    users::table
        .filter(users::id.eq(user_id))
        .select((
            (users::id, users::email, users::created_at),
            users::password_hash,
        ))
        .get_result(conn)
        .optional()
}

/// The user as nobody else changes it until the transaction ends: whoever else asks waits. On SQLite
/// whoever may write is alone.
pub fn lock(conn: &mut DbConn, user_id: i64) -> QueryResult<Option<Account>> {
    let mut statement = Statement::<((BigInt, Text, Timestamp), Text, BigInt)>::new(
        "SELECT id, email, created_at, password_hash, tokens_not_before FROM users WHERE id = ",
    )
    .cached(true);
    statement.int(user_id);
    if is_postgres(conn) {
        statement.sql(" FOR NO KEY UPDATE");
    }
    Ok(statement.load(conn)?.pop())
}

/// Errors: none of its own; nothing happens where there is no such user.
pub fn set_password_hash(conn: &mut DbConn, user_id: i64, hash: &str) -> QueryResult<()> {
    diesel::update(users::table.filter(users::id.eq(user_id)))
        .set(users::password_hash.eq(hash))
        .execute(conn)?;
    Ok(())
}

/// `email` in its stored form; access tokens from before `not_before` end. Errors: `UniqueViolation`
/// where the e-mail address is in use.
pub fn set_email(conn: &mut DbConn, user_id: i64, email: &str, not_before: i64) -> QueryResult<()> {
    diesel::update(users::table.filter(users::id.eq(user_id)))
        .set((
            users::email.eq(email),
            users::tokens_not_before.eq(not_before),
        ))
        .execute(conn)?;
    Ok(())
}

/// Deletes the user and all rows that belong to the user. In a transaction that has the user's [`lock`].
///
/// The tasks go first: a request that has one in hand, and still needs the user to be there, is not waited
/// for with the user's row taken away.
pub fn delete(conn: &mut DbConn, user_id: i64) -> QueryResult<()> {
    diesel::delete(tasks::table.filter(tasks::user_id.eq(user_id))).execute(conn)?;
    diesel::delete(users::table.filter(users::id.eq(user_id))).execute(conn)?;
    Ok(())
}

/// One page of all users, by id, after the user with the id `after`: for operators alone.
pub fn list(conn: &mut DbConn, after: i64, most: i64) -> QueryResult<Vec<User>> {
    users::table
        .filter(users::id.gt(after))
        .order(users::id)
        .limit(most)
        .select((users::id, users::email, users::created_at))
        .load(conn)
}

/// Until the transaction ends, whoever else asks for the user's turn waits. Changes of several tasks
/// take it on PostgreSQL, so that two of them never wait for each other in a circle; on SQLite whoever
/// may write is alone.
pub fn take_turn(conn: &mut DbConn, user_id: i64) -> QueryResult<()> {
    if is_postgres(conn) {
        let mut statement =
            Statement::<BigInt>::new("SELECT id FROM users WHERE id = ").cached(true);
        statement.int(user_id).sql(" FOR NO KEY UPDATE");
        statement.load::<i64>(conn)?;
    }
    Ok(())
}
